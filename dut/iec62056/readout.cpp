#include "dut/iec62056/readout.hpp"

#include "dut/iec62056/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace dut::iec62056 {
namespace {

std::unexpected<Error> wrong(Fault fault, std::string detail) {
    return std::unexpected(Error{fault, std::move(detail)});
}

bool is_clean(std::string_view text) {
    return std::ranges::all_of(text, [](char character) {
        return character >= 0x20 && character < 0x7F && character != '!' && character != '/';
    });
}

// The set at the front of `rest`, which is shortened by it.
std::optional<DataSet> take_set(std::string_view& rest) {
    const std::size_t open = rest.find('(');
    if (open == std::string_view::npos) return std::nullopt;
    const std::size_t close = rest.find(')', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view address = rest.substr(0, open);
    const std::string_view content = rest.substr(open + 1, close - open - 1);
    const std::size_t star = std::min(content.find('*'), content.size());
    rest.remove_prefix(close + 1);
    if (!is_clean(address) || address.contains(')') || content.contains('(')) return std::nullopt;
    return DataSet{std::string(address),
                   std::string(content.substr(0, star)),
                   std::string(star < content.size() ? content.substr(star + 1) : "")};
}

// "1-0:1.8.0" without "1-0:".
std::string_view short_address(std::string_view address) {
    const std::size_t colon = address.find(':');
    return colon == std::string_view::npos ? address : address.substr(colon + 1);
}

}  // namespace

std::expected<DataLine, Error> decode_data_line(std::string_view line) {
    DataLine sets;
    std::string_view rest = line;
    while (!rest.empty()) {
        auto set = take_set(rest);
        if (!set)
            return wrong(Fault::data_line,
                         fmt::format("\"{}\", expected address(value*unit)", line));
        sets.push_back(std::move(*set));
    }
    return sets;
}

std::string encode_data_line(const DataLine& line) {
    std::string text;
    for (const DataSet& set : line) {
        text += set.address + "(" + set.value;
        if (!set.unit.empty()) text += "*" + set.unit;
        text += ")";
    }
    return text;
}

std::string encode_readout(const std::vector<DataLine>& lines) {
    std::string covered;
    for (const DataLine& line : lines) covered += encode_data_line(line) + std::string(line_end);
    covered += "!" + std::string(line_end) + etx;
    return std::string{stx} + covered + block_check(covered);
}

std::expected<std::vector<DataLine>, Error> decode_readout(std::string_view block) {
    if (block.size() < 3 || block.front() != stx || block[block.size() - 2] != etx)
        return wrong(Fault::block, "expected STX, data, ETX and a check character");
    if (block_check(block.substr(1, block.size() - 2)) != block.back())
        return wrong(Fault::check, fmt::format("block of {} characters", block.size()));
    std::string_view rest = block.substr(1, block.size() - 3);
    std::vector<DataLine> lines;
    while (!rest.starts_with('!')) {
        const std::size_t end = rest.find(line_end);
        if (end == std::string_view::npos) return wrong(Fault::block, "expected ! after the data");
        auto line = decode_data_line(rest.substr(0, end));
        if (!line) return std::unexpected(line.error());
        if (!line->empty()) lines.push_back(std::move(*line));
        rest.remove_prefix(end + line_end.size());
    }
    return lines;
}

const DataSet* find(const std::vector<DataLine>& lines, std::string_view address) {
    for (const DataLine& line : lines)
        for (const DataSet& set : line)
            if (set.address == address || short_address(set.address) == address) return &set;
    return nullptr;
}

}  // namespace dut::iec62056
