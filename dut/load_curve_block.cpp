// Head and records of a load curve's block.
#include "dut/load_curve_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dut {
namespace {

constexpr std::uint16_t no_value = 0xFFFF;
constexpr std::uint16_t unit_watt = 0, unit_watt_too = 1, unit_kilowatt = 20;

std::uint16_t word(double value) {
    return static_cast<std::uint16_t>(std::clamp(value, 0.0, 65534.0));
}

std::size_t index_of(std::size_t record) {
    return static_cast<std::size_t>(curve_head_words) +
           record * static_cast<std::size_t>(curve_record_words);
}

// Watts per unit; 0 when the unit is none of power.
double watts_per(std::uint16_t unit) {
    if (unit == unit_kilowatt) return 1000;
    return unit == unit_watt || unit == unit_watt_too ? 1 : 0;
}

std::string head_fault(const LoadCurve& curve, const Words& words) {
    if (words[0] > curve.records) {
        return fmt::format("says it has {} records, expected at most {}", words[0], curve.records);
    }
    if (words[1] != curve_record_words) {
        return fmt::format("says a record has {} words, expected {}", words[1], curve_record_words);
    }
    if (words[2] == 0 || words[2] > 1440) {
        return fmt::format("says its period is {} minutes", words[2]);
    }
    if (watts_per(words[3]) == 0)
        return fmt::format("has unit {}, which is none of power", words[3]);
    if (words[4] == 0 || words[5] == 0) {
        return fmt::format("says its values count {}/{}", words[4], words[5]);
    }
    return {};
}

}  // namespace

int curve_block_words(const LoadCurve& curve) {
    return curve_head_words + curve.records * curve_record_words;
}

Words encode_curve_block(const LoadCurve& curve,
                         int period_s,
                         const std::vector<LoadCurveRecord>& records) {
    Words words(static_cast<std::size_t>(curve_block_words(curve)), no_value);
    const Words head{static_cast<std::uint16_t>(records.size()),
                     curve_record_words,
                     static_cast<std::uint16_t>(period_s / 60),
                     unit_watt,
                     1,
                     1};
    std::copy(head.begin(), head.end(), words.begin());
    for (std::size_t index = 0; index < records.size(); ++index) {
        const auto begin = static_cast<std::uint32_t>(std::max(0.0, records[index].start_s));
        const std::size_t at = index_of(index);
        words[at] = static_cast<std::uint16_t>(begin >> 16);
        words[at + 1] = static_cast<std::uint16_t>(begin);
        words[at + 2] = records[index].incomplete ? 1 : 0;
        words[at + 3] = word(records[index].value_w);
    }
    return words;
}

CurveBlock decode_curve_block(const LoadCurve& curve, const Words& words) {
    CurveBlock block;
    block.fault = head_fault(curve, words);
    if (!block.fault.empty()) return block;
    const double watts = watts_per(words[3]) * words[4] / words[5];
    for (std::size_t index = 0; index < words[0]; ++index) {
        const std::size_t at = index_of(index);
        LoadCurveRecord record;
        record.start_s = words[at] * 65536.0 + words[at + 1];
        record.period_s = words[2] * 60.0;
        record.incomplete = words[at + 2] != 0;
        record.value_w = words[at + 3] * watts;
        // A value that is not available was not measured.
        if (words[at + 3] == no_value) {
            record.value_w = 0;
            record.incomplete = true;
        }
        block.records.push_back(record);
    }
    return block;
}

}  // namespace dut
