// Fuzz target: limits. What is accepted has a class for every row, and any load finds finite
// limits, none, or one line that says what the ratings lack.
#include "calibration/limits.hpp"

#include "tests/fuzz/documents.hpp"

#include <array>
#include <cmath>
#include <string>

namespace {

using namespace calibration;
using fuzz::property;

Ratings ratings_of(Connection connection) {
    return {.connection = connection,
            .starting = Ampere{0.01},
            .minimum = Ampere{0.25},
            .transitional = Ampere{0.5},
            .reference = Ampere{5},
            .maximum = Ampere{60},
            .constant = ImpulsesPerKilowattHour{500}};
}

void check_found(const Limits& limits) {
    property(std::isfinite(limits.lower.value()) && std::isfinite(limits.upper.value()) &&
                 limits.lower <= limits.upper,
             "limits are two numbers in order");
    property(!limits.row.empty(), "limits name their row");
}

void check(const LimitTable& table) {
    property(!table.id().empty() && !table.classes().empty(), "an edition has an id and classes");
    const std::array factors{PowerFactor::unity(),
                             PowerFactor::parse("0.5 ind"),
                             PowerFactor::parse("-0.8 cap"),
                             PowerFactor::parse("0.25 ind")};
    for (const auto& accuracy_class : table.classes()) {
        for (const double current : {0.01, 0.25, 0.5, 5.0, 60.0}) {
            for (const PowerFactor& factor : factors) {
                const LimitQuery query{
                    .accuracy_class = accuracy_class,
                    .load = current == 5 ? LoadKind::single_phase : LoadKind::balanced,
                    .current = Ampere{current},
                    .power_factor = factor};
                const Ratings ratings =
                    ratings_of(current < 0.5 ? Connection::direct : Connection::transformer);
                fuzz::refused_or_done([&] {
                    if (const auto limits = table.find(query, ratings)) check_found(*limits);
                });
            }
        }
    }
    const bool knows_other =
        table.find({.accuracy_class = "none such", .current = Ampere{1}}, ratings_of({}))
            .has_value();
    property(!knows_other, "a class that is not there has no limits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of({data, size});
    const auto table = fuzz::loaded([&] { return LimitTable::parse(text, fuzz::document_name); });
    if (table) check(*table);
    return 0;
}
