// A-XDR data to trees of values and back.
#pragma once

#include "dut/dlms/axdr_tokens.hpp"
#include "dut/dlms/axdr_value.hpp"
#include "dut/dlms/codec.hpp"

namespace dut::dlms {

void append_value(Bytes& to, const Value& value);
Bytes encode_value(const Value& value);

// One value that fills the bytes.
Decoded<Value> decode_value(BytesView bytes, DataLimits limits = {});
// One value at the front of the bytes: how many of them it takes.
Decoded<std::size_t> value_size(BytesView bytes, DataLimits limits = {});
// The bytes of one value, from where the reader stands; a fault is left in the reader.
BytesView read_value(FieldReader& reader);

// The elements of a compact array with their tags.
Decoded<Array> expand(const CompactArray& array, DataLimits limits = {});

}  // namespace dut::dlms
