// What is told of wrong data, whatever the data was.
#include "calibration/document.hpp"

#include <fmt/format.h>

namespace calibration {

namespace {

std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            line += fmt::format("\\x{:02X}", byte);
        } else {
            line += c;
        }
    }
    return line;
}

}  // namespace

DataError::DataError(std::string_view message) : std::runtime_error(one_line(message)) {}

}  // namespace calibration
