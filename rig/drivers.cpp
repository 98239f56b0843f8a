#include "rig/drivers.hpp"

#include "calibration/document.hpp"
#include "instruments/ctag/driver.hpp"
#include "instruments/scpi_switch/driver.hpp"
#include "instruments/zera_mt/driver.hpp"
#include "instruments/zera_zscpi/driver.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace rig {

namespace {

constexpr std::string_view none = "no hardware yet: follows public documents";

constexpr std::array table{
    DriverEntry{
        "source", "zera-mt", "ZERA MT78x three-phase source, ASCII over serial or TCP", none},
    DriverEntry{"reference",
                "zera-zscpi",
                "ZERA COM5003 and MT310s2 reference standard, zSCPI over TCP",
                none},
    DriverEntry{"capture", "ctag", "CTAG/1 edge time stamps over serial, USB-CDC or TCP", none},
    DriverEntry{"meter port",
                "modbus-tcp",
                "Modbus TCP meters through libmodbus (COUNTIS E47, E48, E27, E28)",
                none},
    DriverEntry{"meter port",
                "modbus-rtu",
                "Modbus RTU meters on a shared line through libmodbus (COUNTIS E43)",
                none},
    DriverEntry{"position switch",
                "scpi-switch",
                "relay multiplexers that speak SCPI ROUTe:CLOSe and ROUTe:OPEN",
                none},
};

}  // namespace

std::span<const DriverEntry> drivers() { return table; }

void check_driver(std::string_view kind, std::string_view name) {
    std::vector<std::string_view> known;
    for (const DriverEntry& entry : table) {
        if (entry.kind == kind) {
            known.push_back(entry.name);
        }
    }
    if (std::ranges::find(known, name) == known.end()) {
        std::string table_name(kind);
        std::ranges::replace(table_name, ' ', '_');
        throw calibration::DataError(fmt::format(
            "{}.driver: expected one of {}, got '{}'", table_name, fmt::join(known, ", "), name));
    }
}

std::unique_ptr<instruments::Source> open_source(std::string_view driver,
                                                 const std::string& model,
                                                 Clock& clock,
                                                 std::unique_ptr<ByteLink> link) {
    check_driver("source", driver);
    instruments::zera_mt::Options options;
    if (!model.empty()) {
        options.model = model;
    }
    return instruments::zera_mt::open(clock, std::move(link), options);
}

std::unique_ptr<instruments::Reference> open_reference(std::string_view driver,
                                                       const std::string& model,
                                                       Clock& clock,
                                                       std::unique_ptr<ByteLink> link) {
    check_driver("reference", driver);
    instruments::zera_zscpi::Options options;
    if (!model.empty()) {
        options.model = model;
    }
    return instruments::zera_zscpi::open(clock, std::move(link), options);
}

std::unique_ptr<instruments::EdgeCapture> open_capture(std::string_view driver,
                                                       int reference_channel,
                                                       calibration::Duration silence_limit,
                                                       Clock& clock,
                                                       std::unique_ptr<ByteLink> link) {
    check_driver("capture", driver);
    return instruments::ctag::open(
        clock,
        std::move(link),
        {.reference_channel = reference_channel, .silence_limit = silence_limit});
}

std::unique_ptr<instruments::PositionSwitch> open_position_switch(std::string_view driver,
                                                                  std::vector<int> channels,
                                                                  Clock& clock,
                                                                  std::unique_ptr<ByteLink> link) {
    check_driver("position switch", driver);
    instruments::scpi_switch::Options options;
    options.channels = std::move(channels);
    return instruments::scpi_switch::open(clock, std::move(link), options);
}

}  // namespace rig
