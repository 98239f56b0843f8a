// Serves one emulated meter on a TCP port of 127.0.0.1 for ten minutes: something for other
// people's clients to read. emulated_meter_server TYPE VOLTAGE_V CURRENT_A POWER_FACTOR IMPORT_WH;
// prints the port on standard output.
#include "dut/meter_emulator.hpp"
#include "instruments/io/loop.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

using instruments::io::ByteLink;
using instruments::io::Listener;
using instruments::io::Loop;
using instruments::io::Task;

struct Served {
    calibration::LoadPoint load;
    double import_wh;
};

Task<void> serve_connections(Loop& loop,
                             Listener& listener,
                             dut::MeterEmulator& meter,
                             std::vector<std::unique_ptr<ByteLink>>& links) {
    while (true) {
        links.push_back(co_await listener.accept());
        loop.spawn(meter.serve(*links.back()));
    }
}

// The load is on for a second before anybody can ask, so that the source has settled.
void serve(const dut::MeterType& type, const Served& served) {
    const auto loop = Loop::with_real_time();
    auto& clock = loop->clock();
    calibration::SourceTraits source;
    source.settling_time_constant = std::chrono::milliseconds{1};
    source.stability_percent = 0;
    calibration::MeterTraits traits;
    traits.ratings = type.ratings;
    traits.initial_import_wh = served.import_wh;
    calibration::BenchModel model{1, source, {}, {traits}};
    dut::MeterEmulator meter{clock, model, 0, type};
    model.set_output(clock.now(), served.load);
    loop->run(clock.sleep_for(std::chrono::seconds{1}));

    std::vector<std::unique_ptr<ByteLink>> links;
    const auto listener = instruments::io::listen_tcp(loop->context(), clock, 0);
    const std::string address = listener->address();
    fmt::print("{}\n", address.substr(address.rfind(':') + 1));
    std::fflush(stdout);
    loop->spawn(serve_connections(*loop, *listener, meter, links));
    loop->run(clock.sleep_for(std::chrono::minutes{10}));
}

}  // namespace

int main(int count, char** arguments) try {
    if (count != 6) {
        fmt::print(
            stderr,
            "usage: emulated_meter_server TYPE VOLTAGE_V CURRENT_A POWER_FACTOR IMPORT_WH\n");
        return 2;
    }
    const auto text = dut::meter_type_text(arguments[1]);
    const auto load =
        calibration::LoadPoint::balanced(calibration::Volt{std::stod(arguments[2])},
                                         calibration::Ampere{std::stod(arguments[3])},
                                         calibration::PowerFactor::parse(arguments[4]));
    serve(dut::parse_meter_type(text.text, text.name), {load, std::stod(arguments[5])});
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "emulated_meter_server: {}\n", error.what());
    return 3;
}
