#include "dut/dlms/axdr_time.hpp"

#include "calibration/check.hpp"

namespace dut::dlms {
namespace {

using namespace std::chrono;

// A field that may be left open, within its range.
std::optional<int> field(std::uint8_t value, int most) {
    if (value == not_specified) return 0;
    if (value > most) return std::nullopt;
    return value;
}

std::optional<milliseconds> time_of_day(const Time& time) {
    if (time.hour == not_specified || time.minute == not_specified) return std::nullopt;
    const auto hour = field(time.hour, 23), minute = field(time.minute, 59);
    const auto second = field(time.second, 59), hundredths = field(time.hundredths, 99);
    if (!hour || !minute || !second || !hundredths) return std::nullopt;
    return hours{*hour} + minutes{*minute} + seconds{*second} + milliseconds{10 * *hundredths};
}

}  // namespace

bool has(const DateTime& time, ClockStatus bit) {
    return time.status != not_specified && (time.status & static_cast<std::uint8_t>(bit)) != 0;
}

void append_date(Bytes& to, const Date& date) {
    append_number(to, date.year);
    to.insert(to.end(), {date.month, date.day, date.weekday});
}

void append_time(Bytes& to, const Time& time) {
    to.insert(to.end(), {time.hour, time.minute, time.second, time.hundredths});
}

void append_date_time(Bytes& to, const DateTime& time) {
    append_date(to, time.date);
    append_time(to, time.time);
    append_number(to, static_cast<std::uint16_t>(time.deviation));
    to.push_back(time.status);
}

Date read_date(BytesView bytes) {
    calibration::check(bytes.size() == date_size, "a COSEM date has five bytes");
    return {static_cast<std::uint16_t>(number_of(bytes.first(2))), bytes[2], bytes[3], bytes[4]};
}

Time read_time(BytesView bytes) {
    calibration::check(bytes.size() == time_size, "a COSEM time has four bytes");
    return {bytes[0], bytes[1], bytes[2], bytes[3]};
}

DateTime read_date_time(BytesView bytes) {
    calibration::check(bytes.size() == date_time_size, "a COSEM date-time has twelve bytes");
    return {.date = read_date(bytes.first(date_size)),
            .time = read_time(bytes.subspan(date_size, time_size)),
            .deviation = static_cast<std::int16_t>(number_of(bytes.subspan(9, 2))),
            .status = bytes[11]};
}

std::optional<CivilTime> in_local_time(const DateTime& time) {
    if (time.date.year == year_not_specified) return std::nullopt;
    const year_month_day date{year{time.date.year}, month{time.date.month}, day{time.date.day}};
    const auto within = time_of_day(time.time);
    if (!date.ok() || !within) return std::nullopt;
    return sys_days{date} + *within;
}

std::optional<CivilTime> in_utc(const DateTime& time, DeviationSign sign) {
    const auto local = in_local_time(time);
    if (!local || time.deviation == deviation_not_specified) return std::nullopt;
    const minutes deviation{time.deviation};
    return sign == DeviationSign::of_the_standard ? *local + deviation : *local - deviation;
}

DateTime date_time_at(CivilTime utc, minutes east_of_utc, std::uint8_t status, DeviationSign sign) {
    const CivilTime local = utc + east_of_utc;
    const auto midnight = floor<days>(local);
    const year_month_day date{midnight};
    const hh_mm_ss within{local - midnight};
    const auto minutes_written =
        sign == DeviationSign::of_the_standard ? -east_of_utc.count() : east_of_utc.count();
    const auto byte = [](auto value) { return static_cast<std::uint8_t>(value); };
    return {.date = {.year = static_cast<std::uint16_t>(static_cast<int>(date.year())),
                     .month = byte(static_cast<unsigned>(date.month())),
                     .day = byte(static_cast<unsigned>(date.day())),
                     .weekday = byte(weekday{midnight}.iso_encoding())},
            .time = {.hour = byte(within.hours().count()),
                     .minute = byte(within.minutes().count()),
                     .second = byte(within.seconds().count()),
                     .hundredths = byte(within.subseconds().count() / 10)},
            .deviation = static_cast<std::int16_t>(minutes_written),
            .status = status};
}

}  // namespace dut::dlms
