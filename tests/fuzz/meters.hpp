// Emulated meters on a bench that does what it is told, for the targets that talk to their ports.
#pragma once

#include "calibration/bench_model.hpp"
#include "dut/meter_emulator.hpp"
#include "dut/modbus_frame.hpp"
#include "instruments/io/loop.hpp"
#include "tests/fuzz/conversation.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace fuzz {

inline const dut::MeterType& meter_type() {
    static const dut::MeterType type = [] {
        const auto text = dut::meter_type_text("countis-e48");
        return dut::parse_meter_type(text.text, text.name);
    }();
    return type;
}

// Meters of one type with the units 5, 6, ..., all under load.
struct Meters {
    explicit Meters(std::size_t count)
        : bench(1, steady_source(), {}, std::vector(count, traits())) {
        bench.set_output(
            loop->clock().now(),
            calibration::LoadPoint::balanced(
                calibration::Volt{230}, calibration::Ampere{5}, calibration::PowerFactor::unity()));
        for (std::size_t i = 0; i < count; ++i) {
            meters.push_back(std::make_unique<dut::MeterEmulator>(
                loop->clock(),
                bench,
                i,
                meter_type(),
                dut::MeterEmulatorOptions{.unit = 5 + static_cast<int>(i)}));
        }
    }

    static calibration::MeterTraits traits() {
        calibration::MeterTraits traits;
        traits.ratings = meter_type().ratings;
        return traits;
    }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    calibration::BenchModel bench;
    std::vector<std::unique_ptr<dut::MeterEmulator>> meters;
};

// Reads the maker block, which every meter of the family has.
inline Bytes read_request(std::uint16_t address, std::uint16_t count) {
    Bytes pdu{3};
    dut::append_word(pdu, address);
    dut::append_word(pdu, count);
    return pdu;
}
inline Bytes maker_request() {
    const auto* row = dut::find_identification(meter_type().registers, "maker");
    return read_request(row->address, static_cast<std::uint16_t>(row->words));
}

// What a request may be answered: in kind, or with an exception of the protocol.
inline void check_answer(BytesView asked, BytesView answer) {
    property(answer.size() >= 2 && answer.size() <= 253, "an answer is a PDU");
    const std::uint8_t function = answer[0] & 0x7F;
    property(function == (asked[0] & 0x7F), "an answer is about what was asked");
    if ((answer[0] & dut::exception_flag) != 0) {
        property(answer.size() == 2, "an exception is its code");
    } else if (function == 3) {
        property(answer.size() == 2U + answer[1] && answer[1] == 2 * dut::word_at(asked, 3),
                 "as many words as were asked for");
    } else {
        property(std::ranges::equal(answer, asked.first(5)), "a write is echoed");
    }
}

inline void check_alive(dut::MeterEmulator& meter) {
    const Bytes request = maker_request();
    const auto answer = meter.answer_pdu(static_cast<std::uint8_t>(meter.unit()), request);
    property(answer && (*answer)[0] == 3, "whatever came before, a meter tells its maker");
}

}  // namespace fuzz
