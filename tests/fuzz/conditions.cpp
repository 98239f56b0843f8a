// Fuzz target: reference conditions. What is accepted are bounds that a load may lie in, and a load
// that is what was asked for lies in all of them.
#include "calibration/conditions.hpp"

#include "tests/fuzz/documents.hpp"

namespace {

using namespace calibration;
using fuzz::property;

SeenLoad exactly(const LoadPoint& load) {
    SeenLoad seen;
    for (std::size_t i = 0; i < phase_count; ++i) {
        seen.phases[i].voltage = load.phases[i].voltage;
        seen.phases[i].current = load.phases[i].current;
        seen.phases[i].voltage_angle = load.phases[i].voltage_angle;
        seen.phases[i].displacement = load.phases[i].displacement;
    }
    seen.frequency = load.frequency;
    return seen;
}

void check(const ReferenceConditions& conditions) {
    for (const double bound : {conditions.voltage_percent,
                               conditions.voltage_symmetry_percent,
                               conditions.current_percent,
                               conditions.current_symmetry_percent,
                               conditions.frequency_percent,
                               conditions.angle_deg,
                               conditions.off_voltage_v,
                               conditions.off_current_a}) {
        property(std::isfinite(bound) && bound >= 0, "a bound is a number from zero on");
    }
    const auto load =
        LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("0.5 ind"), Hertz{50});
    property(deviations(load, exactly(load), PhaseSequence::l123, conditions).empty(),
             "what was asked for is inside");
    auto off = exactly(load);
    off.phases[1].voltage = Volt{std::numeric_limits<double>::quiet_NaN()};
    property(!deviations(load, off, PhaseSequence::l123, conditions).empty(),
             "what is no number is outside");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of({data, size});
    const auto conditions =
        fuzz::loaded([&] { return ReferenceConditions::parse(text, fuzz::document_name); });
    if (conditions) check(*conditions);
    return 0;
}
