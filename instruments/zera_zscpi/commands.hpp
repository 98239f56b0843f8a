// The instrument's side of a command line: cutting it up and matching headers in long or short
// form.
#pragma once

#include <string>
#include <string_view>

namespace instruments::zera_zscpi {

struct Command {
    std::string_view header;     // "SENSE:RNG1:UL1:RANGE", without the question mark
    std::string_view parameter;  // "240V", without the semicolon
    bool query = false;
    bool terminated = false;  // ended with ';', as a command with a parameter must
};

// One command; a line holds several, separated by '|'. The views point into `text`.
Command parse_command(std::string_view text);

// The short form of one node: its first four letters, or three when the fourth is a vowel, and a
// number behind them. Nodes with other characters in them (UL1-UL2, NOMINAL_FREQ, M0CONSTANT) have
// no short form.
std::string short_form(std::string_view node);

// Whether `given` is the long or the short form of `node`, in any case.
bool node_matches(std::string_view node, std::string_view given);
// The same for whole paths, node by node. There is no path memory; a leading ':' changes nothing.
bool header_matches(std::string_view path, std::string_view given);

}  // namespace instruments::zera_zscpi
