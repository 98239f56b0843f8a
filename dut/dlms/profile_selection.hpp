// Selective access to the buffer of a profile: by the range of a column, or by entry.
#pragma once

#include "dut/dlms/apdu.hpp"
#include "dut/dlms/axdr_value.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace dut::dlms {

// A captured attribute: class, object, attribute, and 0 for all of it or the number of an element.
struct CaptureObject {
    CosemRef ref;
    std::uint16_t element = 0;
    friend bool operator==(const CaptureObject&, const CaptureObject&) = default;
};
Value value_of(const CaptureObject& object);
std::optional<CaptureObject> capture_object_of(const Value& value);
std::optional<std::vector<CaptureObject>> capture_objects_of(const Value& value);

// Selector 1. `from` and `to` are values as the column has them: for the clock an octet string with
// the twelve bytes of a date-time.
struct RangeSelection {
    CaptureObject column;
    Value from, to;
    std::vector<CaptureObject> columns;  // none: all
    friend bool operator==(const RangeSelection&, const RangeSelection&) = default;
};
// Selector 2. Entries and columns count from 1; 0 as the end is the last.
struct EntrySelection {
    std::uint32_t from_entry = 1, to_entry = 0;
    std::uint16_t from_column = 1, to_column = 0;
    friend bool operator==(const EntrySelection&, const EntrySelection&) = default;
};

Selection selection(const RangeSelection& range);
Selection selection(const EntrySelection& entries);
Selection clock_range(const DateTime& from, const DateTime& to);  // by 0.0.1.0.0.255

// Nothing when the selector or its parameters are of another kind.
std::optional<RangeSelection> range_of(const Selection& selection);
std::optional<EntrySelection> entries_of(const Selection& selection);

inline constexpr CosemRef clock_time{8, Obis{{0, 0, 1, 0, 0, 255}}, 2};

}  // namespace dut::dlms
