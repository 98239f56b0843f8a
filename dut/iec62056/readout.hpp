// The data of a readout: lines of address(value*unit), and the block around them.
#pragma once

#include "dut/iec62056/fault.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace dut::iec62056 {

struct DataSet {
    std::string address;  // "1-0:1.8.0"; empty: belongs to the set before
    std::string value;    // "000123.45"
    std::string unit;     // "kWh"
    friend bool operator==(const DataSet&, const DataSet&) = default;
};
using DataLine = std::vector<DataSet>;

// One line without its end.
std::expected<DataLine, Error> decode_data_line(std::string_view line);
std::string encode_data_line(const DataLine& line);

// STX, lines, "!", ETX, BCC.
std::string encode_readout(const std::vector<DataLine>& lines);
std::expected<std::vector<DataLine>, Error> decode_readout(std::string_view block);

// The set with this address, as it stands or without medium and channel ("1.8.0" for "1-0:1.8.0").
const DataSet* find(const std::vector<DataLine>& lines, std::string_view address);

}  // namespace dut::iec62056
