// What find-meters is asked: which link, which units, which settings of the line.
#pragma once

#include "dut/modbus_bus.hpp"
#include "scripts/cli/commands.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace scripts {

// "5", "1-247", "1-10,20": each once, in this order. Throws calibration::DataError.
std::vector<int> parse_units(std::string_view text);

// A link without the settings of its line: "serial:/dev/ttyUSB0", "pty:PATH", "tcp:HOST:PORT".
class SearchLink {
  public:
    // Throws calibration::DataError for an address that makes no sense, or that fixes the line.
    explicit SearchLink(std::string address);
    // On a pty or a socket nobody here can change the line.
    bool has_settings() const;
    std::string address(const dut::LineSettings& settings) const;

  private:
    std::string address_;
};

// Throws calibration::DataError.
dut::SearchOptions search_options(const FindOptions& options);

}  // namespace scripts
