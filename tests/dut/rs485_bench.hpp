// Several emulated meters on one emulated RS485 line, a bus on the other end, in virtual time.
#pragma once

#include "dut/rs485_line.hpp"
#include "instruments/io/all.hpp"
#include "tests/dut/emulated_bench.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace dut_test {

using instruments::io::ByteLink;
using instruments::io::Bytes;
using instruments::io::Task;

inline std::string serial_of(int unit) { return fmt::format("2448{:04X}", unit); }

struct Rs485Bench {
    explicit Rs485Bench(std::vector<int> its_units,
                        dut::LineSettings line_settings = {},
                        std::string_view type_id = "countis-e43")
        : units(std::move(its_units)),
          settings(line_settings),
          loop(instruments::io::Loop::with_virtual_time()),
          type(meter_type(type_id)),
          model(units.size(),
                ideal_source(),
                {},
                std::vector<calibration::MeterTraits>(units.size(), ideal_meter(type, 12340))) {
        std::vector<dut::MeterEmulator*> on_line;
        for (std::size_t position = 0; position < units.size(); ++position) {
            dut::MeterEmulatorOptions options;
            options.unit = units[position];
            options.serial = serial_of(units[position] + 0x100 * static_cast<int>(position));
            meters.push_back(std::make_unique<dut::MeterEmulator>(
                loop->clock(), model, position, type, options));
            on_line.push_back(meters.back().get());
        }
        line = std::make_unique<dut::Rs485Line>(loop->clock(), settings, on_line);
    }

    // The host's end of a new connection to the line.
    std::unique_ptr<ByteLink> connect() {
        auto [near, far] = instruments::io::memory_links(loop->clock(), "line A");
        far_links.push_back(std::move(far));
        loop->spawn(line->serve(*far_links.back()));
        return std::move(near);
    }
    Task<std::unique_ptr<ByteLink>> connecting() { co_return connect(); }

    std::shared_ptr<dut::ModbusBus> bus(bool echoes = false) {
        dut::LineSettings own = settings;
        own.echoes = echoes;
        return dut::ModbusBus::make(
            loop->context(), loop->clock(), own, "bus A", [this] { return connecting(); });
    }
    // A port for every meter, on one bus.
    std::vector<std::unique_ptr<dut::MeterPort>> ports(std::shared_ptr<dut::ModbusBus> shared) {
        std::vector<std::unique_ptr<dut::MeterPort>> all;
        for (const int unit : units) all.push_back(dut::open_modbus_rtu(shared, type, unit));
        return all;
    }
    double now() const { return calibration::seconds(loop->clock().now()); }

    std::vector<int> units;
    dut::LineSettings settings;
    std::vector<std::unique_ptr<ByteLink>> far_links;
    std::unique_ptr<instruments::io::Loop> loop;
    dut::MeterType type;
    calibration::BenchModel model;
    std::vector<std::unique_ptr<dut::MeterEmulator>> meters;
    std::unique_ptr<dut::Rs485Line> line;
};

}  // namespace dut_test
