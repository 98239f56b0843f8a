#include "instruments/fault.hpp"

#include <fmt/format.h>

#include <utility>

namespace instruments {

namespace {

// A garbled answer is quoted, and still makes one line of text that every file can hold.
std::string printable(const std::string& text) {
    std::string line;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        line += byte >= 0x20 && byte < 0x7F ? std::string(1, c) : fmt::format("\\x{:02X}", byte);
    }
    return line;
}

std::string in_brackets(const std::string& code) {
    return code.empty() ? "" : fmt::format(" ({})", printable(code));
}

}  // namespace

DeviceFault::DeviceFault(FaultReport report)
    : std::runtime_error(fmt::format("{}: {}: {}{}",
                                     report.device,
                                     report.operation,
                                     printable(report.problem),
                                     in_brackets(report.code))),
      report_(std::move(report)) {}

}  // namespace instruments
