#include "instruments/zera_mt/models.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <array>

namespace instruments::zera_mt {
namespace {

using calibration::Ampere;
using calibration::Hertz;
using calibration::Volt;

// Source: capability table in the maker's own driver. Where an amplifier set reaches beyond the
// dialect's synthetic band of 40 to 69.99 Hz the band is what counts; of two current amplifiers in
// one row the smaller maximum counts.
constexpr std::array models{
    ModelLimits{"MT786", Volt{20}, Volt{500}, Ampere{0.001}, Ampere{120}, Hertz{45}, Hertz{65}},
    ModelLimits{"VU211", Volt{30}, Volt{480}, Ampere{0.0005}, Ampere{120}, Hertz{40}, Hertz{69.99}},
    ModelLimits{"VU220", Volt{30}, Volt{320}, Ampere{0.0005}, Ampere{120}, Hertz{40}, Hertz{69.99}},
    ModelLimits{"VUI302", Volt{30}, Volt{320}, Ampere{0.012}, Ampere{120}, Hertz{40}, Hertz{69.99}},
    ModelLimits{
        "SVG3020", Volt{30}, Volt{500}, Ampere{0.0005}, Ampere{160}, Hertz{40}, Hertz{69.99}},
};

}  // namespace

const ModelLimits& model_limits(std::string_view model) {
    std::string known;
    for (const auto& limits : models) {
        if (limits.model == model) return limits;
        known += fmt::format("{}{}", known.empty() ? "" : ", ", limits.model);
    }
    throw calibration::DataError(
        fmt::format("zera-mt: model: expected one of {}, got \"{}\"", known, model));
}

}  // namespace instruments::zera_mt
