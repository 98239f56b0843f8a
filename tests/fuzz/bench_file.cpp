// Fuzz target: bench files. What is accepted has positions and faults that its own checks accept
// again, and hidden errors a twin can be made from.
#include "rig/bench_file.hpp"

#include "rig/twin_options.hpp"
#include "tests/fuzz/documents.hpp"

#include <cmath>
#include <set>
#include <string>

namespace {

using namespace rig;
using fuzz::property;

void check_positions(const BenchFile& bench) {
    property(!bench.positions.empty(), "a bench has a position");
    std::set<std::string> names;
    std::set<int> channels{bench.reference_channel};
    for (const PositionEntry& position : bench.positions) {
        property(names.insert(position.name).second, "a position has a name of its own");
        property(channels.insert(position.led_channel).second, "a head has a channel of its own");
        property(position.led_channel >= 0 && position.led_channel <= 126,
                 "a channel is one the capture has");
        property(position.twin.phase_gain_error_percent.empty() ||
                     position.twin.phase_gain_error_percent.size() == 3,
                 "a meter has three elements");
    }
}

void check_twin(const BenchFile& bench) {
    static const dut::MeterType type = [] {
        const auto text = dut::meter_type_text("countis-e28");
        return dut::parse_meter_type(text.text, text.name);
    }();
    const auto traits = all_traits(bench, type, 1);
    property(traits.size() == bench.positions.size(), "every position has its meter");
    for (const calibration::MeterTraits& meter : traits) {
        property(std::isfinite(meter.gain_error_percent) &&
                     std::isfinite(meter.phase_error_minutes) && meter.starts_at_a >= 0 &&
                     meter.ratings.constant.value() > 0,
                 "a meter's errors are numbers");
    }
    reference_traits(bench, 1);
    source_options(bench);
    reference_options(bench, 1);
    capture_options(bench);
}

void check(const BenchFile& bench) {
    property(!bench.virtual_clock || bench.all_simulated(), "virtual time is for the twin alone");
    property(!bench.any_on_twin() || bench.any_simulated(), "what is on the twin is simulated");
    check_positions(bench);
    check_faults(bench);  // a fault that was accepted is accepted again
    fuzz::refused_or_done([&] { check_twin(bench); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of({data, size});
    const auto bench = fuzz::loaded([&] { return parse_bench_file(text, fuzz::document_name); });
    if (bench) check(*bench);
    return 0;
}
