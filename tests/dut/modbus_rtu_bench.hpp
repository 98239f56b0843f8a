// A serial bus in virtual time whose other end is a scripted meter, or several.
#pragma once

#include "dut/modbus_bus.hpp"
#include "dut/modbus_client.hpp"
#include "dut/modbus_frame.hpp"
#include "instruments/io/loop.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dut_test {

using dut::Bytes;
using dut::Words;
using instruments::io::ByteLink;
using instruments::io::Clock;
using instruments::io::Task;

// What the far end makes of the right answer: the pieces it sends, with a pause before each.
struct RtuPiece {
    double pause_s;
    Bytes bytes;
};
using RtuTamper = std::function<std::vector<RtuPiece>(const Bytes& request, Bytes reply)>;

inline const Words soco{0x53, 0x4F, 0x43, 0x4F};
inline constexpr std::uint16_t maker_address = 0xC350;

// Every register of every unit holds its own address plus the unit, unless it was written.
struct FarEnd {
    std::set<int> units{5};
    std::map<std::pair<int, std::uint16_t>, std::uint16_t> written;
    std::deque<RtuTamper> tampers;  // of the next answers; later ones pass
    std::vector<std::pair<double, Bytes>> requests;
    std::vector<double> answered;
    double turn_around_s = 0.02;

    std::uint16_t word(int unit, std::uint16_t address) const {
        if (address >= maker_address && address < maker_address + 4) {
            return soco[static_cast<std::size_t>(address - maker_address)];
        }
        const auto found = written.find({unit, address});
        return found != written.end() ? found->second : static_cast<std::uint16_t>(address + unit);
    }
    Bytes pdu_for(int unit, const Bytes& pdu) {
        const std::uint16_t address = dut::word_at(pdu, 1), count = dut::word_at(pdu, 3);
        if (pdu[0] == 3) {
            Bytes reply{3, static_cast<std::uint8_t>(2 * count)};
            for (int i = 0; i < count; ++i) {
                dut::append_word(reply, word(unit, static_cast<std::uint16_t>(address + i)));
            }
            return reply;
        }
        if (pdu[0] == 6) {
            written[{unit, address}] = count;
            return pdu;
        }
        for (std::uint16_t i = 0; i < count; ++i) {
            written[{unit, static_cast<std::uint16_t>(address + i)}] =
                dut::word_at(pdu, 6 + 2 * std::size_t{i});
        }
        return {pdu.begin(), pdu.begin() + 5};
    }
};

inline Task<void> answer_over(FarEnd& far, Clock& clock, ByteLink& link) try {
    while (true) {
        const Bytes request = co_await link.read(instruments::io::never);
        far.requests.emplace_back(calibration::seconds(clock.now()), request);
        const auto frame = dut::decode_rtu(request);
        Bytes reply;
        if (frame && far.units.contains(frame->unit)) {
            reply = dut::encode_rtu({frame->unit, far.pdu_for(frame->unit, frame->pdu)});
        }
        std::vector<RtuPiece> pieces{{0, reply}};
        if (!far.tampers.empty()) {
            pieces = far.tampers.front()(request, reply);
            far.tampers.pop_front();
        }
        co_await clock.sleep_for(calibration::from_seconds(far.turn_around_s));
        for (const RtuPiece& piece : pieces) {
            co_await clock.sleep_for(calibration::from_seconds(piece.pause_s));
            if (!piece.bytes.empty()) co_await link.write(piece.bytes);
        }
        far.answered.push_back(calibration::seconds(clock.now()));
    }
} catch (const instruments::io::LinkError&) {
}

struct RtuBench {
    explicit RtuBench(dut::LineSettings line_settings = {})
        : loop(instruments::io::Loop::with_virtual_time()), settings(line_settings) {
        bus = dut::ModbusBus::make(
            loop->context(), loop->clock(), settings, "bus A", [this] { return connect(); });
    }

    // A far end of its own for each connection: the old one's belongs to the line that was lost.
    Task<std::unique_ptr<ByteLink>> connect() {
        ++connections;
        auto [near, far_link] = instruments::io::memory_links(loop->clock(), "line A");
        far_links.push_back(std::move(far_link));
        loop->spawn(answer_over(far, loop->clock(), *far_links.back()));
        co_return std::move(near);
    }
    std::unique_ptr<dut::ModbusClient> client(int unit = 5) {
        dut::ModbusTarget target;
        target.name = "bus A, unit " + std::to_string(unit);
        target.unit = unit;
        target.probe = {maker_address, soco, "SOCO"};
        target.bus = bus;
        return std::make_unique<dut::ModbusClient>(loop->clock(), std::move(target));
    }
    Words read(dut::ModbusClient& meter, std::uint16_t address = 0xC702, int count = 8) {
        return loop->run(meter.read(address, count));
    }
    // The fault of a read; "no fault" when there is none.
    std::string fault(dut::ModbusClient& meter, std::uint16_t address = 0xC702, int count = 8) {
        try {
            read(meter, address, count);
        } catch (const instruments::DeviceFault& error) {
            return error.what();
        }
        return "no fault";
    }
    double now() const { return calibration::seconds(loop->clock().now()); }

    FarEnd far;
    std::vector<std::unique_ptr<ByteLink>> far_links;
    int connections = 0;
    std::unique_ptr<instruments::io::Loop> loop;
    dut::LineSettings settings;
    std::shared_ptr<dut::ModbusBus> bus;
};

// What FarEnd's registers hold.
inline Words right(int unit = 5, std::uint16_t address = 0xC702, int count = 8) {
    Words words;
    for (int i = 0; i < count; ++i) words.push_back(static_cast<std::uint16_t>(address + i + unit));
    return words;
}

inline RtuTamper unchanged() {
    return [](const Bytes&, Bytes reply) { return std::vector<RtuPiece>{{0, std::move(reply)}}; };
}
inline RtuTamper answers_with(Bytes bytes) {
    return [bytes](const Bytes&, Bytes) { return std::vector<RtuPiece>{{0, bytes}}; };
}
inline RtuTamper with(std::function<void(Bytes&)> change) {
    return [change](const Bytes&, Bytes reply) {
        change(reply);
        return std::vector<RtuPiece>{{0, std::move(reply)}};
    };
}
inline RtuTamper late_by(double pause_s) {
    return [=](const Bytes&, Bytes reply) {
        return std::vector<RtuPiece>{{pause_s, std::move(reply)}};
    };
}
// The right answer with its own checksum, as another frame.
inline RtuTamper reframed(std::function<void(dut::RtuFrame&)> change) {
    return with([change](Bytes& reply) {
        dut::RtuFrame frame = dut::decode_rtu(reply).value();
        change(frame);
        reply = dut::encode_rtu(frame);
    });
}

}  // namespace dut_test
