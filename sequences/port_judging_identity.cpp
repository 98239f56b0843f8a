// What a meter says of itself against the type, the bench file and its own display.
#include "dut/meter_port.hpp"
#include "sequences/port_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace sequences {

namespace {

using calibration::Verdict;

bool same_text(std::string_view a, std::string_view b) {
    const auto folded = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::ranges::equal(a, b, {}, folded, folded);
}

const PortIdentityRecord* identity_of(const StepView& view) {
    const auto found =
        std::ranges::find(view.step.identities, view.position, &PortIdentityRecord::position);
    return found == view.step.identities.end() ? nullptr : &*found;
}

std::string text_of(const PortIdentityRecord& identity, std::string_view name) {
    const auto found =
        std::ranges::find(identity.texts, name, &std::pair<std::string, std::string>::first);
    return found == identity.texts.end() ? "" : found->second;
}

// A text and where it is from; empty: nobody says.
struct Said {
    std::string text, origin;
};

Said said_by_port(const StepView& view,
                  const PortIdentityRecord& identity,
                  const std::string& name) {
    if (std::string text = text_of(identity, name); !text.empty()) {
        return {std::move(text), "port"};
    }
    const PortReadingRecord* values = view.reading("identity");
    if (const auto value = values == nullptr ? std::nullopt : value_of(*values, name)) {
        return {fmt::format("{}", *value), "port"};  // with all its digits
    }
    return {};
}

// The port's word goes before the display's.
Said said_of(const StepView& view, const PortIdentityRecord& identity, const std::string& name) {
    if (Said by_port = said_by_port(view, identity, name); !by_port.text.empty()) {
        return by_port;
    }
    for (const auto& [field, text] : view.story.bench.positions[view.position].displayed) {
        if (field == name) {
            return {text, "display"};
        }
    }
    return {};
}

// What the operator read off the display and what the port says are of one meter. Where the port
// says nothing the display's word stands, and the line says so.
void judge_displayed(const Said& by_port,
                     const std::string& name,
                     const std::string& displayed,
                     Checks& checks) {
    CheckLine line{.what = fmt::format("{}, port and display", name), .verdict = Verdict::pass};
    if (by_port.text.empty()) {
        line.text = fmt::format("\"{}\" by display, the port does not say", displayed);
        return checks.add(std::move(line));
    }
    line.text = fmt::format("\"{}\" by port, \"{}\" by display", by_port.text, displayed);
    if (!same_text(by_port.text, displayed)) {
        line.verdict = Verdict::suspect;
    }
    checks.add(
        std::move(line),
        fmt::format(
            "{} is \"{}\" by its port, \"{}\" by its display", name, by_port.text, displayed));
}

void judge_expected(const Said& said,
                    const std::string& name,
                    const std::string& expected,
                    Checks& checks) {
    if (said.text.empty()) {
        return checks.add(
            {.what = name,
             .text = fmt::format("expected \"{}\"", expected),
             .verdict = Verdict::inconclusive},
            fmt::format("neither the port nor the bench file's displayed values give {}", name));
    }
    const bool same = same_text(said.text, expected);
    checks.add(
        {.what = name,
         .text = fmt::format("\"{}\" by {}, expected \"{}\"", said.text, said.origin, expected),
         .verdict = same ? Verdict::pass : Verdict::suspect},
        fmt::format(
            "{} is \"{}\" by its {}, expected \"{}\"", name, said.text, said.origin, expected));
}

void judge_type(const StepView& view, const PortIdentityRecord& identity, Checks& checks) {
    const dut::MeterIdentity told{.maker = text_of(identity, "maker"),
                                  .extended_name = text_of(identity, "extended_name")};
    const std::string wrong = dut::mismatch(told, view.story.plan.meter).value_or("");
    checks.add({.what = "type",
                .text = wrong.empty() ? told.extended_name : wrong,
                .verdict = wrong.empty() ? Verdict::pass : Verdict::suspect},
               wrong);
}

void judge_serial(const StepView& view, const PortIdentityRecord& identity, Checks& checks) {
    const std::string& expected = view.story.bench.positions[view.position].serial;
    const std::string said = text_of(identity, "serial");
    if (said.empty()) {
        return checks.add({.what = "serial",
                           .text = expected.empty() ? "" : fmt::format("expected \"{}\"", expected),
                           .verdict = expected.empty() ? Verdict::inconclusive : Verdict::suspect},
                          "does not state its serial");
    }
    const bool same = expected.empty() || same_text(said, expected);
    checks.add(
        {.what = "serial",
         .text = expected.empty() ? fmt::format("{} (the bench file gives none)", said)
                                  : fmt::format("\"{}\" by port, expected \"{}\"", said, expected),
         .verdict = same ? Verdict::pass : Verdict::suspect},
        fmt::format("states serial {}, the bench file gives {}", said, expected));
}

// Whoever reads the meter must know in which part of a hertz it counts; the value itself shows it.
void judge_frequency(const StepView& view, Checks& checks) {
    if (dut::find_register(view.story.plan.meter.registers, "frequency") == nullptr) {
        return;
    }
    const PortReadingRecord* reading = view.reading("frequency");
    const auto value = reading == nullptr ? std::nullopt : value_of(*reading, "frequency");
    if (!value) {
        return checks.unknown("frequency", "the meter does not say its frequency");
    }
    constexpr double most_apart_hz = 0.5;
    const double nominal_hz = view.story.plan.ratings.nominal_frequency.value();
    checks.within({.what = "frequency",
                   .value = *value,
                   .unit = "Hz",
                   .least = nominal_hz - most_apart_hz,
                   .most = nominal_hz + most_apart_hz,
                   .text = fmt::format("one count is {:g} Hz", step_of(*reading, "frequency"))},
                  fmt::format("sees {:g} Hz, the source makes {:g} Hz", *value, nominal_hz));
}

}  // namespace

void judge_identify(const StepView& view, Checks& checks) {
    const PortIdentityRecord* identity = identity_of(view);
    if (identity == nullptr) {
        return checks.missing("what the meter says of itself");
    }
    judge_type(view, *identity, checks);
    judge_serial(view, *identity, checks);
    judge_frequency(view, checks);
    for (const auto& [name, expected] : view.asked().expect) {
        judge_expected(said_of(view, *identity, name), name, expected, checks);
    }
    for (const auto& [name, displayed] : view.story.bench.positions[view.position].displayed) {
        judge_displayed(said_by_port(view, *identity, name), name, displayed, checks);
    }
}

}  // namespace sequences
