// The search for meters of unknown address on a line of unknown settings.
#include "calibration/document.hpp"
#include "dut/modbus_rtu.hpp"
#include "instruments/fault.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dut {
namespace {

using calibration::DataError;
using calibration::Duration;
using instruments::DeviceFault;
using instruments::io::Clock;

constexpr int tries = 3;              // a garbled reply may be noise; three are two meters
constexpr int garbled_are_many = 2;   // of them
constexpr int probe_characters = 13;  // of the reply
constexpr int more_patience = 4;      // for who was heard late

struct Heard {
    enum class Who { nobody, somebody, several } who = Who::nobody;
    Words words;            // empty when somebody refused
    std::vector<int> late;  // units that answered instead
};

struct Range {
    std::uint16_t address = 0;
    int words = 0;
};

// What the whole search knows.
struct Search {
    Clock& clock;
    MeterType type;
    Reopen reopen;
    SearchOptions options;
    Words expected;  // the constant words
    Range probe, identity;
    std::vector<FoundMeter> found;
};

// The meter's patience is for the meter alone: the characters of its answer take their own time.
Duration patience_for(const LineSettings& settings, Duration wanted) {
    return wanted + frame_gap(settings) + probe_characters * character_time(settings);
}

[[noreturn]] void give_up(const std::string& name, const ModbusFailure& failure) {
    throw DeviceFault({name, "search", failure.text, failure.code});
}

// Several tries, because noise and two meters at once look alike the first time.
Task<Heard> ask(std::shared_ptr<ModbusChannel> channel, std::string name, Range range) {
    Heard heard;
    int garbled = 0;
    for (int attempt = 0; attempt < tries; ++attempt) {
        co_await channel->open();
        const auto function = ModbusFunction::read_holding_registers;
        ModbusReply reply = co_await channel->exchange({function, range.address, range.words, {}});
        heard.who = Heard::Who::somebody;
        if (reply) heard.words = *std::move(reply);
        if (reply || reply.error().fault == ModbusFault::exception) co_return heard;
        heard.who = Heard::Who::nobody;
        switch (reply.error().fault) {
            case ModbusFault::silent:
                co_return heard;
            case ModbusFault::wrong_unit:
                heard.late.push_back(reply.error().unit);
                break;
            case ModbusFault::not_modbus:
            case ModbusFault::bad_reply:
                ++garbled;
                break;
            default:  // nobody can be searched for on a line that is gone or never silent
                give_up(name, reply.error());
        }
    }
    if (garbled >= garbled_are_many) heard.who = Heard::Who::several;
    co_return heard;
}

// Two meters whose maker blocks fell onto each other bit by bit differ in their serial numbers.
Task<FoundMeter> get_to_know(const Search& search, std::shared_ptr<ModbusBus> bus, int unit) {
    FoundMeter meter{unit, bus->settings(), {}, {}, false};
    const auto port = open_modbus_rtu(bus, search.type, unit);
    const auto channel = rtu_channel(bus, unit, port->name());
    const Heard heard = co_await ask(channel, port->name(), search.identity);
    meter.collision = heard.who == Heard::Who::several;
    if (heard.words.empty()) co_return meter;
    try {
        const MeterIdentity identity = co_await port->identify();
        meter.name = identity.extended_name;
        meter.serial = identity.serial;
    } catch (const DeviceFault&) {  // it is there, and does not say who it is
    }
    co_return meter;
}

std::shared_ptr<ModbusBus> bus_with(const Search& search,
                                    const LineSettings& settings,
                                    Duration patience) {
    const auto connect = [&search, settings] { return search.reopen(settings); };
    const RtuOptions options{patience_for(settings, patience), false};
    auto name = fmt::format("line at {}", line_settings_text(settings));
    return make_rtu_bus(search.clock, settings, std::move(name), connect, options);
}

bool is_found(const Search& search, const LineSettings& settings, int unit) {
    return std::ranges::any_of(search.found, [&](const FoundMeter& meter) {
        return meter.unit == unit &&
               line_settings_text(meter.settings) == line_settings_text(settings);
    });
}

// Returns the units that were heard after their own time.
Task<std::vector<int>> search_units(Search& search,
                                    std::shared_ptr<ModbusBus> bus,
                                    std::vector<int> units) {
    std::vector<int> late;
    for (const int unit : units) {
        if (is_found(search, bus->settings(), unit)) continue;
        if (search.options.progress) search.options.progress(bus->settings(), unit);
        const std::string name = fmt::format("{}, unit {}", bus->name(), unit);
        const Heard heard = co_await ask(rtu_channel(bus, unit, name), name, search.probe);
        late.insert(late.end(), heard.late.begin(), heard.late.end());
        if (heard.who == Heard::Who::nobody) continue;
        FoundMeter meter{unit, bus->settings(), {}, {}, heard.who == Heard::Who::several};
        if (heard.words == search.expected) meter = co_await get_to_know(search, bus, unit);
        search.found.push_back(std::move(meter));
        if (search.options.found) search.options.found(search.found.back());
    }
    co_return late;
}

// The rows of the block that holds the probe: one request.
Range identity_of(const RegisterMap& map) {
    int first = 0x10000, last = 0;
    for (const auto& row : map.identification) {
        if (row.block != find_probe(map)->block) continue;
        first = std::min<int>(first, row.address);
        last = std::max<int>(last, row.address + row.words);
    }
    return {static_cast<std::uint16_t>(first), last - first};
}

void check_options(const MeterType& type, const SearchOptions& options) {
    if (!type.modbus) throw DataError(fmt::format("{} has no Modbus port", type.name));
    if (!find_probe(type.registers)) {
        throw DataError(fmt::format("{} has no constant words to search by", type.name));
    }
    for (const LineSettings& settings : options.settings) {
        parse_line_settings(line_settings_text(settings));
    }
    for (const int unit : options.units) {
        if (unit >= 1 && unit <= 247) continue;
        throw DataError(fmt::format("search: expected units from 1 to 247, got {}", unit));
    }
}

}  // namespace

Task<std::vector<FoundMeter>> search_meters(
    boost::asio::io_context&, Clock& clock, MeterType type, Reopen reopen, SearchOptions options) {
    check_options(type, options);
    const auto* row = find_probe(type.registers);
    Search search{clock, type, std::move(reopen), std::move(options), {}, {}, {}, {}};
    search.expected = encode_text(*row, row->expected);
    search.probe = {row->address, row->words};
    search.identity = identity_of(type.registers);
    const Duration patience = search.options.patience;
    for (const LineSettings& settings : search.options.settings) {
        auto bus = bus_with(search, settings, patience);
        const std::vector<int> late =
            co_await search_units(search, std::exchange(bus, nullptr), search.options.units);
        if (late.empty()) continue;
        bus = bus_with(search, settings, more_patience * patience);
        co_await search_units(search, std::exchange(bus, nullptr), late);
    }
    co_return std::move(search.found);
}

}  // namespace dut
