// The emulated instrument's settings as one table: dispatch, checks and DEVICE:IFACE? are made from
// it.
#pragma once

#include "instruments/zera_zscpi/instrument.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace instruments::zera_zscpi {

struct Parameter {
    std::string path;       // long form: "SENSE:RNG1:UL1:RANGE"
    std::string_view type;  // "boolean", "number", "choice" or "text"
    std::string_view unit;
    double least = 0, most = 0;  // of a number
    std::size_t index = 0;       // what the functions are asked about: a channel, a module
    bool watched = false;        // tells of the present signals, so a query looks at them first
    // Appends the answer to the query.
    void (*read)(const Instrument&, std::size_t index, std::string& out);
    // What a parameter's text means as a number, or nothing when it is not allowed; null: read
    // only.
    std::optional<double> (*accept)(const Instrument&, std::size_t index, std::string_view text);
    void (*apply)(Instrument&, std::size_t index, double value, calibration::Instant now);
};

std::span<const Parameter> parameters();

// By its long form or any short form; null when there is none.
const Parameter* find_parameter(std::string_view header);

// The whole command tree, what it measures included, as lines of XML. The element names are
// calrig's own.
std::string interface_description(const Instrument& instrument);

}  // namespace instruments::zera_zscpi
