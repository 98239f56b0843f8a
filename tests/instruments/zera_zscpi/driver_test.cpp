// The driver against the emulated instrument in virtual time: ranges, constants, readings, and
// everything that fails.
#include "instruments/zera_zscpi/driver.hpp"

#include "calibration/document.hpp"
#include "instruments/fault.hpp"
#include "tests/instruments/zera_zscpi/bench.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>

using namespace calibration;
using namespace zera_zscpi_test;
using instruments::DeviceFault;
using instruments::PulseConstant;
using instruments::Reference;
using instruments::ReferenceReading;

namespace {

LoadPoint at(double amperes, std::string_view power_factor = "1") {
    return LoadPoint::balanced(Volt{230}, Ampere{amperes}, PowerFactor::parse(power_factor));
}

// What the fault says, or an empty text when there is none. A dead link is none of the driver's
// words.
template <class T>
std::string fault_of(Bench& bench, io::Task<T> task) {
    try {
        bench.loop->run(std::move(task));
    } catch (const DeviceFault& fault) {
        return fault.what();
    }
    return {};
}

double difference(Degree a, Degree b) {
    const double turned = normalised(a - b).value();
    return std::min(turned, 360 - turned);
}

double volts_of(const PulseConstant& constant) { return std::stod(constant.voltage_range); }
double amperes_of(const PulseConstant& constant) {
    const double number = std::stod(constant.current_range);
    return constant.current_range.ends_with("mA") ? number / 1000 : number;
}

void check_reading(const ReferenceReading& reading,
                   const SeenLoad& seen,
                   const PulseConstant& ranges) {
    const double noise = 5.1e-6;
    const double volts = volts_of(ranges), amperes = amperes_of(ranges);
    for (std::size_t i = 0; i < phase_count; ++i) {
        INFO("phase " << i + 1);
        const SeenPhase& got = reading.load.phases[i];
        const SeenPhase& true_phase = seen.phases[i];
        CHECK(std::abs(got.voltage.value() - true_phase.voltage.value()) < noise * volts);
        CHECK(std::abs(got.current.value() - true_phase.current.value()) < noise * amperes);
        CHECK(std::abs(got.active.value() - true_phase.active.value()) < noise * volts * amperes);
        CHECK(std::abs(got.reactive.value() - true_phase.reactive.value()) <
              noise * volts * amperes);
        CHECK(std::abs(got.apparent.value() - true_phase.apparent.value()) <
              3 * noise * volts * amperes);
        const bool has_voltage = true_phase.voltage > Volt{0};
        const bool has_current = has_voltage && true_phase.current > Ampere{0};
        CHECK(difference(got.voltage_angle, has_voltage ? true_phase.voltage_angle : Degree{0}) <
              1e-5);
        CHECK(difference(got.displacement, has_current ? true_phase.displacement : Degree{0}) <
              1e-5);
    }
    CHECK(reading.load.frequency.value() == Approx(seen.frequency.value()).epsilon(noise));
    CHECK_FALSE(reading.overload);
}

}  // namespace

TEST_CASE("the driver knows the instrument by its name") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    const auto identity = bench.loop->run(reference->identify());
    CHECK(identity.maker == "ZERA GmbH Koenigswinter");
    CHECK(identity.model == "COM5003");
    CHECK(identity.serial == "050059467");
    CHECK(identity.firmware == "release-1.4");
}

TEST_CASE("another model than the bench file says is a fault") {
    Bench bench{at(5), {.model = "MT310s2"}};
    auto reference = bench.driver();
    CHECK(fault_of(bench, reference->identify())
              .starts_with(
                  "reference zera-zscpi at twin reference: identify: is not a ZERA COM5003 (ZERA"));
}

TEST_CASE("options outside the instrument's are refused before anything is sent") {
    Bench bench{at(5)};
    CHECK_THROWS_AS(bench.driver({.model = "COM3003"}), DataError);
    CHECK_THROWS_AS(bench.driver({.nominal_frequency = Hertz{5000}}), DataError);
    CHECK_THROWS_AS(bench.driver({.integration = 1500ms}), DataError);
    CHECK_THROWS_AS(bench.driver({.integration = 0s}), DataError);
    CHECK(bench.traffic.sent.empty());
}

TEST_CASE("a reading is what the reference sees, within the noise of its ranges") {
    const LoadPoint load =
        GENERATE(at(5),
                 at(5, "0.5 ind"),
                 at(0.25, "0.8 cap"),
                 at(0.001),
                 at(80, "-0.5 ind"),
                 LoadPoint::voltage_only(Volt{230}),
                 LoadPoint::balanced(
                     Volt{57.7}, Ampere{1}, PowerFactor::unity(), Hertz{60}, PhaseSequence::l132),
                 LoadPoint::single_phase(0, Volt{230}, Ampere{10}, PowerFactor::parse("0.5 ind")),
                 LoadPoint::single_phase(2, Volt{230}, Ampere{10}, PowerFactor::parse("0.8 cap")));
    Bench bench{load};
    auto reference = bench.driver();
    const auto ranges = bench.loop->run(reference->select_ranges(load));
    const auto reading = bench.loop->run(reference->read());
    check_reading(reading, bench.model.seen(reading.at), ranges);
    CHECK(reading.sequence == load.sequence);
}

TEST_CASE("with L1 dead the other phases keep their places") {
    LoadPoint load = at(5, "0.5 ind");
    load.phases[0].voltage = Volt{0};
    load.phases[0].current = Ampere{0};
    Bench bench{load};
    auto reference = bench.driver();
    const auto ranges = bench.loop->run(reference->select_ranges(load));
    const auto reading = bench.loop->run(reference->read());
    check_reading(reading, bench.model.seen(reading.at), ranges);
}

TEST_CASE("a reading is one exchange and says its window") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(5)));
    const std::size_t before = bench.traffic.sent.size();
    for (const Duration wait : {0ms, 1ms, 370ms, 500ms, 999ms}) {
        bench.pass(wait);
        const Instant asked = bench.now();
        const auto reading = bench.loop->run(reference->read());
        CHECK(reading.at == bench.now());
        CHECK(reading.at - asked <= 1s);
        CHECK(reading.at - reading.integration == asked - 1s);
    }
    CHECK(bench.traffic.sent.size() == before + 5);
}

TEST_CASE("a reading whose window begins after a change of load shows nothing of the load before") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(10)));
    for (int i = 0; i < 20; ++i) {
        const double amperes = i % 2 == 0 ? 10 : 5;
        bench.pass(137ms);
        const Instant changed = bench.now();
        bench.model.set_output(changed, at(amperes));
        for (;;) {
            const auto reading = bench.loop->run(reference->read());
            if (reading.at - reading.integration < changed) continue;
            CHECK(reading.load.phases[0].current.value() == Approx(amperes).margin(0.01));
            break;
        }
    }
}

TEST_CASE(
    "every current of the COUNTIS meters gets the narrowest range with room, and the output stays "
    "below 200 kHz") {
    struct Row {
        double amperes;
        const char* range;
    };
    const Row row = GENERATE(Row{0.001, "5mA"},
                             Row{0.002, "5mA"},
                             Row{0.01, "25mA"},
                             Row{0.02, "25mA"},
                             Row{0.05, "100mA"},
                             Row{0.1, "250mA"},
                             Row{0.25, "500mA"},
                             Row{0.5, "1.0A"},
                             Row{1, "2.5A"},
                             Row{5, "10A"},
                             Row{6, "10A"},
                             Row{10, "25A"},
                             Row{20, "25A"},
                             Row{60, "100A"},
                             Row{80, "100A"});
    CAPTURE(row.amperes);
    Bench bench{at(row.amperes)};
    auto reference = bench.driver();
    const auto constant = bench.loop->run(reference->select_ranges(at(row.amperes)));
    CHECK(constant.current_range == row.range);
    CHECK(constant.voltage_range == "480V");  // 240 V leaves 230 V only 4.3 %
    CHECK(constant.value == bench.model.reference_constant(bench.now()));

    const auto before = bench.model.reference_phase(bench.now());
    bench.pass(10s);
    const auto after = bench.model.reference_phase(bench.now());
    const double hertz = static_cast<double>(after.count - before.count) / 10;
    const double full = 200000 * (230 / volts_of(constant)) * (row.amperes / amperes_of(constant));
    CHECK(hertz == Approx(full).epsilon(1e-3));
    CHECK(hertz < 200000);
    CHECK(hertz > 200000 * (230.0 / 480) * 0.19);
}

TEST_CASE(
    "the smallest ranges that hold the load with 5 % to spare are taken, per quantity over all "
    "phases") {
    Bench bench{LoadPoint::off()};
    auto reference = bench.driver();
    const auto ranges = [&](const LoadPoint& load) {
        const auto constant = bench.loop->run(reference->select_ranges(load));
        return constant.voltage_range + " " + constant.current_range;
    };
    CHECK(ranges(LoadPoint::balanced(Volt{240 / 1.05}, Ampere{5 / 1.05}, PowerFactor::unity())) ==
          "240V 5A");
    CHECK(ranges(LoadPoint::balanced(Volt{228.6}, Ampere{4.763}, PowerFactor::unity())) ==
          "480V 10A");
    CHECK(ranges(LoadPoint::voltage_only(Volt{57.7})) == "120V 5mA");
    CHECK(ranges(LoadPoint::off()) == "5V 5mA");
    LoadPoint uneven = at(1);
    uneven.phases[1].current = Ampere{30};
    CHECK(ranges(uneven) == "480V 50A");
    LoadPoint harmonics = at(2.3);
    harmonics.phases[2].current_harmonics = {{5, Percent{40}, Degree{0}}};
    CHECK(ranges(harmonics) == "480V 5A");  // 2.477 A rms
}

TEST_CASE("what a meter test needs fits the capabilities, and more is refused by name") {
    Bench bench{LoadPoint::off()};
    auto reference = bench.driver();
    const auto capabilities = reference->capabilities();
    CHECK(capabilities.most_impulse_frequency == Hertz{200000});
    const auto most = LoadPoint::balanced(
        capabilities.most_voltage, capabilities.most_current, PowerFactor::unity());
    CHECK(bench.loop->run(reference->select_ranges(most)).current_range == "200A");
    CHECK(fault_of(bench, reference->select_ranges(at(191)))
              .find("has no range for 191 A with 5 % to spare") != std::string::npos);
    CHECK(bench.loop->run(reference->pulse_constant()).current_range == "200A");
}

TEST_CASE("the second model is data") {
    Bench bench{at(5), {.model = "MT310s2"}};
    auto reference = bench.driver({.model = "MT310s2", .nominal_frequency = Hertz{60000}});
    const auto constant = bench.loop->run(reference->select_ranges(at(5)));
    CHECK(constant.voltage_range == "250V");
    CHECK(constant.current_range == "10A");
    CHECK(constant.value.value() == Approx(28.8e6));
}

TEST_CASE("the epoch grows exactly when ranges or constant change") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    const auto epoch = [&](const LoadPoint& load) {
        return bench.loop->run(reference->select_ranges(load)).epoch;
    };
    const auto first = epoch(at(5));
    CHECK(first > 0);
    CHECK(epoch(at(5)) == first);
    CHECK(epoch(at(6)) == first);  // the same ranges
    CHECK(bench.loop->run(reference->pulse_constant()).epoch == first);
    bench.loop->run(reference->read());
    CHECK(epoch(at(20)) == first + 1);
    CHECK(epoch(at(5)) == first + 2);  // back again is a change too
    auto other = bench.driver();
    bench.loop->run(other->select_ranges(at(1)));
    CHECK(bench.loop->run(reference->pulse_constant()).epoch == first + 3);
    CHECK(bench.loop->run(reference->pulse_constant()).epoch == first + 3);
}

TEST_CASE("a latched overload is reported, and selecting ranges clears it") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(1)));
    CHECK(bench.loop->run(reference->read()).overload);
    bench.loop->run(reference->select_ranges(at(5)));
    CHECK_FALSE(bench.loop->run(reference->read()).overload);
}

TEST_CASE("answers may be cut at every byte") {
    std::size_t length = 1;
    for (std::size_t cut = 0; cut < length; ++cut) {
        Bench bench{at(5)};
        bench.traffic.disturbance.cut_at = cut;
        auto reference = bench.driver();
        const auto constant = bench.loop->run(reference->select_ranges(at(5)));
        const auto reading = bench.loop->run(reference->read());
        if (cut == 0) length = bench.traffic.received;
        INFO("cut at " << cut << " of " << length);
        REQUIRE(constant.value == bench.model.reference_constant(bench.now()));
        REQUIRE(reading.load.phases[2].current.value() == Approx(5).epsilon(1e-3));
    }
    CHECK(length > 500);
}

TEST_CASE("answers that break off at any byte are a fault, never a value") {
    std::size_t length = 1;
    for (std::size_t lost = 0; lost < length; ++lost) {
        Bench bench{at(5)};
        if (lost > 0) bench.traffic.disturbance.lost_from = lost - 1;
        auto reference = bench.driver();
        const auto both = [](Reference& of) -> io::Task<void> {
            co_await of.select_ranges(at(5));
            co_await of.read();
        };
        const std::string fault = fault_of(bench, both(*reference));
        if (lost == 0) length = bench.traffic.received;
        INFO("lost from " << lost << " of " << length);
        REQUIRE(fault.empty() == (lost == 0));
    }
}

TEST_CASE("a wrong bit anywhere never yields a wrong constant") {
    std::size_t length = 1;
    std::size_t detected = 0, harmless = 0;
    for (std::size_t byte = 0; byte < length; ++byte) {
        for (int bit = 0; bit < 8; ++bit) {
            Bench bench{at(5)};
            if (byte > 0) bench.traffic.disturbance = {.flip_byte = byte - 1, .flip_bit = bit};
            auto reference = bench.driver();
            std::optional<PulseConstant> constant;
            try {
                constant = bench.loop->run(reference->select_ranges(at(5)));
            } catch (const DeviceFault&) {
                ++detected;
            }
            if (byte == 0) length = bench.traffic.received + 1;
            if (!constant) continue;
            ++harmless;
            INFO("bit " << bit << " of byte " << byte << " of " << length);
            REQUIRE(constant->value == bench.model.reference_constant(bench.now()));
        }
    }
    CHECK(detected > harmless);
}

TEST_CASE("after a fault the driver finds its way back, even through late answers") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    const auto constant = bench.loop->run(reference->select_ranges(at(5)));
    for (const Duration delay : {Duration{3100ms}, Duration{4s}, Duration{5s}, Duration{20s}}) {
        INFO("late by " << delay.count());
        bench.traffic.disturbance.delay = delay;
        CHECK(fault_of(bench, reference->read()).find("answered 0 of 7 queries") !=
              std::string::npos);
        bench.pass(20s);
        const auto reading = bench.loop->run(reference->read());
        check_reading(reading, bench.model.seen(reading.at), constant);
        CHECK(bench.loop->run(reference->pulse_constant()).value == constant.value);
    }
}

TEST_CASE("service requests between the answers are skipped") {
    Bench bench{at(5), {.faults = {.srq_noise_from = start}}};
    auto reference = bench.driver();
    const auto constant = bench.loop->run(reference->select_ranges(at(5)));
    const auto reading = bench.loop->run(reference->read());
    check_reading(reading, bench.model.seen(reading.at), constant);
}

TEST_CASE("an instrument that falls silent is a fault of that name") {
    Bench bench{at(5), {.faults = {.silent_from = start + 100s}}};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(5)));
    bench.loop->run(reference->read());
    bench.pass(100s);
    CHECK(
        fault_of(bench, reference->read())
            .starts_with("reference zera-zscpi at twin reference: read: answered 0 of 7 queries"));
    CHECK(fault_of(bench, reference->read()) ==
          "reference zera-zscpi at twin reference: read: does not answer");
    CHECK(fault_of(bench, reference->pulse_constant()).ends_with("does not answer"));
    CHECK(fault_of(bench, reference->identify()).ends_with("does not answer"));
}

TEST_CASE("a refused command is a fault that carries the instrument's own words") {
    // A wrong bit in the catalogue makes the driver ask for a range that does not exist.
    Bench bench{at(5)};
    auto reference = bench.driver();
    bench.loop->run(reference->identify());
    bench.loop->run(reference->read());
    bench.traffic.disturbance = {.flip_byte = bench.traffic.received,
                                 .flip_bit = 0};  // 480V -> 580V
    const LoadPoint load = LoadPoint::balanced(Volt{440}, Ampere{5}, PowerFactor::unity());
    CHECK(fault_of(bench, reference->select_ranges(load)) ==
          "reference zera-zscpi at twin reference: select ranges: refused the command "
          "(-220,Parameter error)");
}

TEST_CASE("somebody turns the knob: the constant has a new epoch, and the count changes its pace") {
    Bench bench{at(5), {.faults = {.range_change_at = start + 100s}}};
    auto reference = bench.driver();
    const auto before = bench.loop->run(reference->select_ranges(at(5)));
    bench.pass(start + 99s - bench.now());
    CHECK(bench.loop->run(reference->pulse_constant()).epoch == before.epoch);
    bench.pass(10s);
    CHECK(bench.model.reference_constant(start + 100s - 1ns) == before.value);
    CHECK(bench.model.reference_constant(start + 100s) == before.value * 0.4);  // 10 A -> 25 A
    const auto after = bench.loop->run(reference->pulse_constant());
    CHECK(after.epoch == before.epoch + 1);
    CHECK(after.current_range == "25A");
    CHECK(after.value.value() == Approx(before.value.value() * 0.4));
}

TEST_CASE("an overload is in the next reading") {
    Bench bench{at(5), {.faults = {.overload_at = start + 100s}}};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(5)));
    CHECK_FALSE(bench.loop->run(reference->read()).overload);
    bench.pass(100s);
    CHECK(bench.loop->run(reference->read()).overload);
}

TEST_CASE("a garbled answer is a fault, and the next one is right again") {
    Bench bench{at(5), {.faults = {.garbled_at = start + 100s}}};
    auto reference = bench.driver();
    const auto constant = bench.loop->run(reference->select_ranges(at(5)));
    bench.pass(100s);
    CHECK(fault_of(bench, reference->read()).ends_with("read: RMS1 is garbled"));
    const auto reading = bench.loop->run(reference->read());
    check_reading(reading, bench.model.seen(reading.at), constant);
}

TEST_CASE("a constant that contradicts the ranges is a fault") {
    Bench bench{at(5), {.faults = {.wrong_constant_from = start + 100s}}};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(5)));
    bench.pass(100s);
    const std::string fault = fault_of(bench, reference->pulse_constant());
    CHECK(fault ==
          "reference zera-zscpi at twin reference: read pulse constant: states a pulse constant of "
          "150000000 imp/kWh, its ranges 480V and 10A make it 50000000 (150000000)");
    CHECK_FALSE(fault_of(bench, reference->select_ranges(at(5))).empty());
}

TEST_CASE("phases in different ranges have no common constant") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(5)));
    auto link = bench.connect();
    bench.loop->run(
        link->write(io::bytes_of("CONFIGURATION:RNG1:GROUPING 0;|SENSE:RNG1:IL2:RANGE 5A;\n")));
    bench.pass(1s);
    CHECK(fault_of(bench, reference->pulse_constant())
              .find("phases are not in one range (10A, 5A, 10A)") != std::string::npos);
    CHECK(bench.loop->run(reference->select_ranges(at(5))).current_range == "10A");
}

TEST_CASE("automatic ranging is switched off again whenever ranges are selected") {
    Bench bench{at(5)};
    auto reference = bench.driver();
    bench.loop->run(reference->select_ranges(at(5)));
    auto link = bench.connect();
    bench.loop->run(link->write(io::bytes_of("CONFIGURATION:RNG1:RNGAUTO 1;\n")));
    bench.pass(1s);
    CHECK(bench.loop->run(reference->select_ranges(at(50))).current_range == "100A");
    bench.pass(60s);
    CHECK(bench.loop->run(reference->pulse_constant()).current_range == "100A");
}
