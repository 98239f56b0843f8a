// A serial line with several meters on it: Modbus RTU, one request at a time, in the order in which
// the callers came.
#pragma once

#include "dut/meter_port.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/link_address.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dut {

// How the line runs. Characters have 11 bits with parity or two stop bits, 10 with neither.
struct LineSettings {
    int baud = 9600;  // 4800, 9600, 19200 or 38400
    instruments::io::Parity parity = instruments::io::Parity::none;
    int stop_bits = 1;
    bool echoes = false;  // the adapter hears what it sends
};

// "9600,8E1". Throws calibration::DataError, naming what was expected, for a rate or a framing the
// meters do not have: libmodbus would silently take another.
LineSettings parse_line_settings(std::string_view text);
std::string line_settings_text(const LineSettings& settings);  // "9600,8E1"

// The silence that ends a frame: 3.5 characters, and 1.75 ms above 19200 baud (Modbus over serial
// line 1.02, 2.5.1.1).
calibration::Duration frame_gap(const LineSettings& settings);
calibration::Duration character_time(const LineSettings& settings);

class ModbusBus {
  public:
    using Connect = std::function<Task<std::unique_ptr<instruments::io::ByteLink>>()>;

    // Nothing is opened before the first request. `name` as in faults: "bus A".
    static std::shared_ptr<ModbusBus> make(boost::asio::io_context& context,
                                           instruments::io::Clock& clock,
                                           LineSettings settings,
                                           std::string name,
                                           Connect connect);
    virtual ~ModbusBus() = default;
    virtual const std::string& name() const = 0;
    virtual const LineSettings& settings() const = 0;
};

// A meter's port on a bus; many may share it, and their calls take turns. Throws
// calibration::DataError for a unit outside 1 to 247, or a type without a Modbus port.
std::unique_ptr<MeterPort> open_modbus_rtu(std::shared_ptr<ModbusBus> bus,
                                           MeterType type,
                                           int unit);

// -- the search for meters whose settings nobody knows
// ---------------------------------------------------------------------------

struct FoundMeter {
    int unit = 0;
    LineSettings settings;
    // The extended name it states: "COUNTIS E43". Empty: answers Modbus, and is not of the family
    // or does not say.
    std::string name;
    std::string serial;  // as MeterIdentity::serial
    // Two or more meters answered at once: nothing else is known.
    bool collision = false;
};

struct SearchOptions {
    std::vector<LineSettings> settings;  // tried in this order
    std::vector<int> units;              // tried in this order
    calibration::Duration patience{};    // for an answer, the time of its characters not counted
    // Told before every probe; may throw to end the search.
    std::function<void(const LineSettings&, int unit)> progress;
    std::function<void(const FoundMeter&)> found{};  // told of each at once
};

// 9600, 19200, 38400, 4800 baud, each with 8N1, 8E1, 8O1, 8N2; units 5, 1, 2 to 247.
SearchOptions usual_search();

// Probes the constant words of the maker block (a reply that cannot be mistaken), then reads the
// identity of who answered. `reopen` opens the link with other settings: a real port changes its
// line, an emulated one is told.
using Reopen = std::function<Task<std::unique_ptr<instruments::io::ByteLink>>(const LineSettings&)>;
Task<std::vector<FoundMeter>> search_meters(boost::asio::io_context& context,
                                            instruments::io::Clock& clock,
                                            MeterType type,
                                            Reopen reopen,
                                            SearchOptions options);

}  // namespace dut
