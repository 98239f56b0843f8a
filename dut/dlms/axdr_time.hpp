// COSEM dates and times: every field may be unspecified, and the deviation has its sign reversed.
#pragma once

#include "dut/dlms/bytes.hpp"

#include <chrono>
#include <optional>

namespace dut::dlms {

inline constexpr std::uint8_t not_specified = 0xFF;
inline constexpr std::uint16_t year_not_specified = 0xFFFF;
inline constexpr std::int16_t deviation_not_specified = INT16_MIN;  // 0x8000

// The fields as on the wire. Months 0xFD and 0xFE are the ends of daylight saving, days 0xFD and
// 0xFE the last but one and the last of a month (from memory of the Blue Book, 4.1.6).
struct Date {
    std::uint16_t year = year_not_specified;
    std::uint8_t month = not_specified, day = not_specified;
    std::uint8_t weekday = not_specified;  // Monday is 1
    friend bool operator==(const Date&, const Date&) = default;
};
struct Time {
    std::uint8_t hour = not_specified, minute = not_specified, second = not_specified;
    std::uint8_t hundredths = not_specified;
    friend bool operator==(const Time&, const Time&) = default;
};
struct DateTime {
    Date date;
    Time time;
    // Minutes from local time to UTC: UTC+1 is -60.
    std::int16_t deviation = deviation_not_specified;
    std::uint8_t status = not_specified;
    friend bool operator==(const DateTime&, const DateTime&) = default;
};

// Bits of the clock status.
enum class ClockStatus : std::uint8_t {
    invalid = 0x01,
    doubtful = 0x02,
    different_base = 0x04,
    invalid_status = 0x08,
    daylight_saving = 0x80,
};
bool has(const DateTime& time, ClockStatus bit);  // never when the status is not specified

inline constexpr std::size_t date_size = 5, time_size = 4, date_time_size = 12;

void append_date(Bytes& to, const Date& date);
void append_time(Bytes& to, const Time& time);
void append_date_time(Bytes& to, const DateTime& time);
// Of exactly that many bytes.
Date read_date(BytesView bytes);
Time read_time(BytesView bytes);
DateTime read_date_time(BytesView bytes);

using CivilTime = std::chrono::sys_time<std::chrono::milliseconds>;

// The local time, and UTC, as points in a calendar; nothing when a field is not specified (seconds
// and hundredths count as zero then) or is no date. Some meters write the deviation with the sign
// of the time zone; what a meter does is a fact of its type.
enum class DeviationSign { of_the_standard, of_the_zone };
std::optional<CivilTime> in_local_time(const DateTime& time);
std::optional<CivilTime> in_utc(const DateTime& time,
                                DeviationSign sign = DeviationSign::of_the_standard);

// UTC and an offset east of it as the meter writes it, weekday included.
DateTime date_time_at(CivilTime utc,
                      std::chrono::minutes east_of_utc,
                      std::uint8_t status = 0,
                      DeviationSign sign = DeviationSign::of_the_standard);

}  // namespace dut::dlms
