#include "rig/load_limits.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <cmath>

namespace rig {

namespace {

using calibration::LoadPoint;
using calibration::PhaseLoad;

struct Bound {
    double value;
    const char* owner;
};

Bound lower_of(Bound a, Bound b) { return b.value < a.value ? b : a; }
Bound higher_of(Bound a, Bound b) { return b.value > a.value ? b : a; }

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
    throw calibration::DataError(fmt::format("load point '{}': {}", what, why));
}

// `quantity` is its name and channel: "L2 voltage". Written so that a value that is no number is
// refused too.
void check_most(const std::string& what,
                const std::string& quantity,
                const char* unit,
                double asked,
                Bound most) {
    if (!(asked <= most.value)) {
        refuse(what,
               fmt::format("{} {:g} {} is above the {}'s limit of {:g} {}",
                           quantity,
                           asked,
                           unit,
                           most.owner,
                           most.value,
                           unit));
    }
}

void check_least(const std::string& what,
                 const std::string& quantity,
                 const char* unit,
                 double asked,
                 Bound least) {
    if (!(asked >= least.value)) {
        refuse(what,
               fmt::format("{} {:g} {} is below the {}'s limit of {:g} {}",
                           quantity,
                           asked,
                           unit,
                           least.owner,
                           least.value,
                           unit));
    }
}

void check_harmonics(const std::string& what,
                     const std::string& quantity,
                     const std::vector<calibration::Harmonic>& harmonics,
                     int highest) {
    for (const calibration::Harmonic& harmonic : harmonics) {
        if (harmonic.order > highest) {
            refuse(what,
                   fmt::format("{} harmonic {} is above the source's highest, {}",
                               quantity,
                               harmonic.order,
                               highest));
        }
    }
}

struct Limits {
    Bound most_volts, least_volts, most_amperes, least_amperes, most_hertz, least_hertz;
    int highest_harmonic;
    bool phantom_current;
};

Limits intersection(const instruments::SourceCapabilities& source,
                    const instruments::ReferenceCapabilities& reference,
                    const dut::NeverExceed& meter) {
    return {.most_volts = lower_of({meter.voltage.value(), "meter"},
                                   lower_of({source.most_voltage.value(), "source"},
                                            {reference.most_voltage.value(), "reference"})),
            .least_volts = {source.least_voltage.value(), "source"},
            .most_amperes = lower_of({meter.current.value(), "meter"},
                                     lower_of({source.most_current.value(), "source"},
                                              {reference.most_current.value(), "reference"})),
            .least_amperes = {source.least_current.value(), "source"},
            .most_hertz = lower_of({meter.most_frequency.value(), "meter"},
                                   {source.most_frequency.value(), "source"}),
            .least_hertz = higher_of({meter.least_frequency.value(), "meter"},
                                     {source.least_frequency.value(), "source"}),
            .highest_harmonic = source.highest_harmonic,
            .phantom_current = source.phantom_current};
}

bool makes_sense(const PhaseLoad& phase) {
    return phase.voltage.value() >= 0 && phase.current.value() >= 0 &&
           std::isfinite(phase.displacement.value()) && std::isfinite(phase.voltage_angle.value());
}

void check_phase(const PhaseLoad& phase,
                 std::size_t number,
                 const std::string& what,
                 const Limits& limits) {
    if (!makes_sense(phase)) {
        refuse(
            what,
            fmt::format(
                "L{}: expected a voltage and a current of 0 or more, and angles that are numbers",
                number));
    }
    const std::string voltage = fmt::format("L{} voltage", number);
    const std::string current = fmt::format("L{} current", number);
    const double volts = calibration::rms_voltage(phase).value();
    const double amperes = calibration::rms_current(phase).value();
    check_most(what, voltage, "V", volts, limits.most_volts);
    check_most(what, current, "A", amperes, limits.most_amperes);
    if (volts > 0) {
        check_least(what, voltage, "V", volts, limits.least_volts);
    }
    if (amperes > 0 && !limits.phantom_current) {
        refuse(what, "the source cannot drive a current: its current setting is a trip limit");
    }
    if (amperes > 0) {
        check_least(what, current, "A", amperes, limits.least_amperes);
    }
    check_harmonics(what, voltage, phase.voltage_harmonics, limits.highest_harmonic);
    check_harmonics(what, current, phase.current_harmonics, limits.highest_harmonic);
}

}  // namespace

void check_load(const LoadPoint& load,
                const std::string& what,
                const instruments::SourceCapabilities& source,
                const instruments::ReferenceCapabilities& reference,
                const dut::NeverExceed& meter) {
    const Limits limits = intersection(source, reference, meter);
    for (std::size_t i = 0; i < calibration::phase_count; ++i) {
        check_phase(load.phases[i], i + 1, what, limits);
    }
    check_least(what, "frequency", "Hz", load.frequency.value(), limits.least_hertz);
    check_most(what, "frequency", "Hz", load.frequency.value(), limits.most_hertz);
}

}  // namespace rig
