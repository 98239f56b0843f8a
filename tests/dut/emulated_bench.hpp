// A bench with one emulated meter in virtual time, for the tests of meters and their ports.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_emulator.hpp"
#include "dut/modbus_frame.hpp"
#include "instruments/io/loop.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace dut_test {

inline dut::MeterType meter_type(std::string_view id) {
    const auto text = dut::meter_type_text(id);
    return dut::parse_meter_type(text.text, text.name);
}

// A source that does exactly what it is told, at once.
inline calibration::SourceTraits ideal_source() {
    calibration::SourceTraits traits;
    traits.settling_time_constant = std::chrono::milliseconds{1};
    traits.stability_percent = 0;
    return traits;
}

inline calibration::MeterTraits ideal_meter(const dut::MeterType& type, double import_wh = 0) {
    calibration::MeterTraits traits;
    traits.ratings = type.ratings;
    traits.initial_import_wh = import_wh;
    return traits;
}

struct EmulatedBench {
    explicit EmulatedBench(std::string_view id,
                           dut::MeterEmulatorOptions options = {},
                           double import_wh = 0)
        : EmulatedBench(meter_type(id), std::move(options), import_wh) {}
    explicit EmulatedBench(dut::MeterType its_type,
                           dut::MeterEmulatorOptions options = {},
                           double import_wh = 0)
        : loop(instruments::io::Loop::with_virtual_time()),
          type(std::move(its_type)),
          model(1, ideal_source(), {}, {ideal_meter(type, import_wh)}),
          emulator(loop->clock(), model, 0, type, std::move(options)) {}

    void apply(const calibration::LoadPoint& load) { model.set_output(loop->clock().now(), load); }
    void wait(double seconds) {
        loop->run(loop->clock().sleep_for(calibration::from_seconds(seconds)));
    }
    // The PDU of the answer; empty when the meter stays silent.
    dut::Bytes ask(dut::Bytes pdu, std::uint8_t unit = 5) {
        const auto reply = emulator.answer(dut::encode_frame({0x1234, unit, std::move(pdu)}));
        if (reply.empty()) return {};
        return {reply.begin() + 7, reply.end()};
    }
    dut::Words read(std::uint16_t address, int count) {
        dut::Bytes pdu{3};
        dut::append_word(pdu, address);
        dut::append_word(pdu, static_cast<std::uint16_t>(count));
        const auto reply = ask(pdu);
        dut::Words words;
        for (std::size_t at = 2; at + 1 < reply.size(); at += 2) {
            words.push_back(dut::word_at(reply, at));
        }
        return words;
    }
    dut::Bytes write(std::uint16_t address, std::uint16_t value, std::uint8_t unit = 5) {
        dut::Bytes pdu{6};
        dut::append_word(pdu, address);
        dut::append_word(pdu, value);
        return ask(pdu, unit);
    }
    // A quantity as a reader of the map sees it.
    std::optional<double> value(const dut::Register& row) {
        const auto words = read(row.address, row.words);
        return dut::decode(row, words.data());
    }
    std::optional<double> value(std::string_view quantity) {
        return value(*dut::find_register(type.registers, quantity));
    }

    // Writes a setting as a client would; what is answered comes back.
    dut::Bytes set(std::string_view quantity, std::uint16_t value, std::uint8_t unit = 5) {
        return write(dut::find_register(type.registers, quantity)->address, value, unit);
    }

    std::unique_ptr<instruments::io::Loop> loop;
    dut::MeterType type;
    calibration::BenchModel model;
    dut::MeterEmulator emulator;
};

inline calibration::LoadPoint balanced(double voltage, double current, std::string_view factor) {
    return calibration::LoadPoint::balanced(calibration::Volt{voltage},
                                            calibration::Ampere{current},
                                            calibration::PowerFactor::parse(factor));
}

}  // namespace dut_test
