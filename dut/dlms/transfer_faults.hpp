// What the three transfers check alike; for them only.
#pragma once

#include "dut/dlms/transfers.hpp"

namespace dut::dlms {

using Refusal = std::unexpected<ServiceError>;

// The first grant of the list that is missing.
std::optional<ServiceError> missing(const Granted& granted, std::initializer_list<Grant> needed);
// An APDU that is no exception and carries this invoke-id.
std::expected<Apdu, ServiceError> answer_to(BytesView bytes, InvokeId invoke);
Refusal wrong_kind(std::string_view expected);
Refusal wrong_number(std::uint32_t expected, std::uint32_t found);
Refusal list_size(std::size_t expected, std::size_t found);
Refusal refused(AccessResult result);
Refusal undecodable(const CodecError& error);
Refusal service_refusal(BlockFault fault, std::uint32_t expected, std::uint32_t found);

// Room for raw bytes in an APDU of `longest` bytes (0: any) that has `used` bytes beside them.
std::size_t block_room(std::size_t longest, std::size_t used);
bool fits(std::size_t size, std::size_t longest);

}  // namespace dut::dlms
