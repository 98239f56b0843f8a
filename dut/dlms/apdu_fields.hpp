// The parts APDUs are made of, read and written; for the APDU codec and the transfers only.
#pragma once

#include "dut/dlms/apdu.hpp"

namespace dut::dlms {

void append_ref(Bytes& to, const CosemRef& ref);
void append_attribute(Bytes& to, const Attribute& attribute);
void append_data_or_result(Bytes& to, const DataOrResult& data);
void append_block(Bytes& to, const Block& block);
void append_outcome(Bytes& to, const ActionOutcome& outcome);

CosemRef read_ref(FieldReader& reader);
Attribute read_attribute(FieldReader& reader);
Bytes read_data(FieldReader& reader);  // one A-XDR value
DataOrResult read_data_or_result(FieldReader& reader);
Block read_block(FieldReader& reader);
ActionOutcome read_outcome(FieldReader& reader);
std::uint8_t read_choice(FieldReader& reader, std::uint8_t most);  // 0 to most

// A count, then each element by `read_one`; an element has at least `least_size` bytes.
template <class ReadOne>
auto read_list(FieldReader& reader, std::size_t least_size, ReadOne read_one) {
    std::vector<decltype(read_one(reader))> list;
    for (std::size_t left = reader.count(least_size); left-- > 0 && reader.is_good();)
        list.push_back(read_one(reader));
    return list;
}

template <class List, class AppendOne>
void append_list(Bytes& to, const List& list, AppendOne append_one) {
    append_length(to, list.size());
    for (const auto& element : list) append_one(to, element);
}

inline constexpr std::size_t ref_size = 9, attribute_least = 10;

}  // namespace dut::dlms
