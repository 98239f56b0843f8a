#include "scripts/cli/fault_meanings.hpp"

#include <algorithm>
#include <array>

namespace scripts {

namespace {

struct Meaning {
    std::string_view kind, text;
};

constexpr std::array meanings{
    Meaning{"source-nak", "set points are refused from then on"},
    Meaning{"source-silent", "the source neither hears nor answers; its output stays"},
    Meaning{"source-trip", "the outputs drop, the status comes unasked"},
    Meaning{"source-garbled", "one answer with a wrong bit"},
    Meaning{"source-late", "one answer comes late"},
    Meaning{"source-drift", "voltages leave their set point until new ones come"},
    Meaning{"swapped-phases", "L2 and L3 exchange until new set points come"},
    Meaning{"reference-silent", "the reference answers nothing"},
    Meaning{"reference-garbled", "one garbled answer"},
    Meaning{"reference-range-change", "someone turns the range knob"},
    Meaning{"reference-overload", "the overload flag latches"},
    Meaning{"reference-wrong-constant", "the reference states another constant than it emits"},
    Meaning{"flipped-bit", "a wrong bit on the capture's line, once"},
    Meaning{"lost-frame", "a frame of the capture's line is lost, once"},
    Meaning{"lost-edge", "an edge missing in the stream, counted by the device"},
    Meaning{"missed-edge", "a pulse the head did not see"},
    Meaning{"extra-edge", "a pulse too many"},
    Meaning{"bounce", "every pulse twice from then on"},
    Meaning{"flicker", "a lamp at 100 Hz shines into the head"},
    Meaning{"dead-head", "nothing comes from the head any more"},
    Meaning{"swapped-heads", "two heads exchange their meters"},
    Meaning{"overflow", "the capture loses edges and says so"},
    Meaning{"capture-restart", "the capture starts anew"},
    Meaning{"capture-silent", "the capture sends nothing any more"},
    Meaning{"clock-step", "the capture's clock jumps"},
    Meaning{"dead-output", "nothing comes from the pulse output any more"},
    Meaning{"wrong-output-weight", "an impulse of the pulse output is worth another energy"},
    Meaning{"meter-silent", "the meter's port is dead"},
    Meaning{"meter-exception", "a Modbus exception on its energies"},
    Meaning{"meter-late", "one answer of the meter comes late"},
    Meaning{"meter-wrong-unit", "the meter answers with another address"},
    Meaning{"meter-not-available", "its energies read as not available"},
    Meaning{"wrong-constant", "the LED has another constant than its type, from the start"},
    Meaning{"register-scale", "registers advance by another energy than was registered"},
    Meaning{"stuck-register", "the energy register stands still"},
    Meaning{"wrong-reactive", "reactive registers advance by another energy"},
    Meaning{"stuck-tariff", "the meter takes a tariff and goes on in the old one"},
    Meaning{"lost-write", "settings are acknowledged and not taken"},
    Meaning{"wrong-checksum", "the meter states another checksum of its firmware"},
    Meaning{"wrong-firmware", "the meter states another firmware version"},
    Meaning{"wrong-sequence", "the meter states the other phase sequence"},
    Meaning{"wrong-load-curve", "recorded averages differ from what was registered"},
    Meaning{"swapped-ports", "two ports exchange their meters"},
    Meaning{"unit-conflict", "a second meter of the line has the same address"},
    Meaning{"line-echo", "the line's adapter hears itself"},
    Meaning{"line-drop-byte", "a byte is lost on the line"},
    Meaning{"line-double-byte", "a byte comes twice on the line"},
    Meaning{"line-noise", "wrong bits on the line"},
    Meaning{"stuck-relay", "a relay of the position switch does not move"},
    Meaning{"switch-silent", "the position switch answers nothing"},
};

}  // namespace

std::string_view meaning_of_fault(std::string_view kind) {
    const auto* const found = std::ranges::find(meanings, kind, &Meaning::kind);
    return found == meanings.end() ? std::string_view{} : found->text;
}

}  // namespace scripts
