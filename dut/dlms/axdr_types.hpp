// The type descriptions of compact arrays.
#pragma once

#include "dut/dlms/axdr_value.hpp"
#include "dut/dlms/codec.hpp"

namespace dut::dlms {

bool is_known(Tag tag);
// Both leave a fault in the reader when the description is none.
void skip_type(FieldReader& reader, std::size_t deepest);
TypeDescription read_type(FieldReader& reader, std::size_t deepest);
void append_type(Bytes& to, const TypeDescription& type);
// The least bytes an element has on the wire; the fault of lists that hold nothing at all.
bool takes_room(const TypeDescription& type);

}  // namespace dut::dlms
