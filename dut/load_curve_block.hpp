// One block of a load curve as register words, for both sides.
#pragma once

#include "dut/meter_port.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dut {

inline constexpr int curve_head_words = 6, curve_record_words = 4;
// What fits into one request.
inline constexpr int most_curve_records = (125 - curve_head_words) / curve_record_words;

int curve_block_words(const LoadCurve& curve);

// The words of a block, watts as they are; what lies behind the last record is "not available".
Words encode_curve_block(const LoadCurve& curve,
                         int period_s,
                         const std::vector<LoadCurveRecord>& records);

// The records of a block, in watts whatever its unit; an explanation when it cannot be one.
struct CurveBlock {
    std::vector<LoadCurveRecord> records;
    std::string fault;  // "says it has 30 records, expected at most 29"
};
CurveBlock decode_curve_block(const LoadCurve& curve, const Words& words);

}  // namespace dut
