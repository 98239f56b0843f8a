// The services with logical names: GET, SET, ACTION in all their kinds, as structures and as bytes.
#pragma once

#include "dut/dlms/codec.hpp"
#include "dut/dlms/results.hpp"

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dut::dlms {

// Invoke-id and priority: 0xC1 is id 1, confirmed, high priority. A response repeats it.
using InvokeId = std::uint8_t;
inline constexpr InvokeId usual_invoke_id = 0xC1;

struct Obis {
    std::array<std::uint8_t, 6> groups{};
    friend auto operator<=>(const Obis&, const Obis&) = default;
};
std::string described(const Obis& obis);               // "1.0.1.8.0.255"
std::optional<Obis> obis_from(std::string_view text);  // six numbers with points

// An attribute or, with a method's number, a method of an object.
struct CosemRef {
    std::uint16_t class_id = 0;
    Obis object;
    std::int8_t index = 0;
    friend bool operator==(const CosemRef&, const CosemRef&) = default;
};
std::string described(const CosemRef& ref);  // "1.0.1.8.0.255 attribute 2 (class 3)"

struct Selection {
    std::uint8_t selector = 0;
    Bytes parameters;  // A-XDR; see profile_selection.hpp
    friend bool operator==(const Selection&, const Selection&) = default;
};
struct Attribute {
    CosemRef ref;
    std::optional<Selection> selection;
    friend bool operator==(const Attribute&, const Attribute&) = default;
};

// All data are A-XDR values as bytes: whoever needs them decodes them, once, the way it likes.
using DataOrResult = std::expected<Bytes, AccessResult>;

struct Block {
    bool is_last = false;
    std::uint32_t number = 0;  // from 1
    Bytes raw;
    friend bool operator==(const Block&, const Block&) = default;
};

struct GetRequest {
    InvokeId invoke = usual_invoke_id;
    Attribute attribute;
    friend bool operator==(const GetRequest&, const GetRequest&) = default;
};
struct GetNext {
    InvokeId invoke = usual_invoke_id;
    std::uint32_t number = 0;  // of the block that has arrived
    friend bool operator==(const GetNext&, const GetNext&) = default;
};
struct GetListRequest {
    InvokeId invoke = usual_invoke_id;
    std::vector<Attribute> attributes;
    friend bool operator==(const GetListRequest&, const GetListRequest&) = default;
};
struct GetResponse {
    InvokeId invoke = usual_invoke_id;
    DataOrResult result;
    friend bool operator==(const GetResponse&, const GetResponse&) = default;
};
struct GetBlock {
    InvokeId invoke = usual_invoke_id;
    bool is_last = false;
    std::uint32_t number = 0;
    DataOrResult raw;
    friend bool operator==(const GetBlock&, const GetBlock&) = default;
};
struct GetListResponse {
    InvokeId invoke = usual_invoke_id;
    std::vector<DataOrResult> results;
    friend bool operator==(const GetListResponse&, const GetListResponse&) = default;
};

struct SetRequest {
    InvokeId invoke = usual_invoke_id;
    Attribute attribute;
    Bytes data;
    friend bool operator==(const SetRequest&, const SetRequest&) = default;
};
struct SetFirstBlock {
    InvokeId invoke = usual_invoke_id;
    Attribute attribute;
    Block block;
    friend bool operator==(const SetFirstBlock&, const SetFirstBlock&) = default;
};
struct SetBlock {
    InvokeId invoke = usual_invoke_id;
    Block block;
    friend bool operator==(const SetBlock&, const SetBlock&) = default;
};
struct SetListRequest {
    InvokeId invoke = usual_invoke_id;
    std::vector<Attribute> attributes;
    std::vector<Bytes> data;  // as many
    friend bool operator==(const SetListRequest&, const SetListRequest&) = default;
};
struct SetListFirstBlock {
    InvokeId invoke = usual_invoke_id;
    std::vector<Attribute> attributes;
    Block block;
    friend bool operator==(const SetListFirstBlock&, const SetListFirstBlock&) = default;
};
struct SetResponse {
    InvokeId invoke = usual_invoke_id;
    AccessResult result = AccessResult::success;
    friend bool operator==(const SetResponse&, const SetResponse&) = default;
};
struct SetBlockTaken {
    InvokeId invoke = usual_invoke_id;
    std::uint32_t number = 0;
    friend bool operator==(const SetBlockTaken&, const SetBlockTaken&) = default;
};
struct SetLastBlockTaken {
    InvokeId invoke = usual_invoke_id;
    AccessResult result = AccessResult::success;
    std::uint32_t number = 0;
    friend bool operator==(const SetLastBlockTaken&, const SetLastBlockTaken&) = default;
};
struct SetListLastBlockTaken {
    InvokeId invoke = usual_invoke_id;
    std::vector<AccessResult> results;
    std::uint32_t number = 0;
    friend bool operator==(const SetListLastBlockTaken&, const SetListLastBlockTaken&) = default;
};
struct SetListResponse {
    InvokeId invoke = usual_invoke_id;
    std::vector<AccessResult> results;
    friend bool operator==(const SetListResponse&, const SetListResponse&) = default;
};

struct ActionRequest {
    InvokeId invoke = usual_invoke_id;
    CosemRef method;
    std::optional<Bytes> parameters;
    friend bool operator==(const ActionRequest&, const ActionRequest&) = default;
};
struct ActionNext {
    InvokeId invoke = usual_invoke_id;
    std::uint32_t number = 0;
    friend bool operator==(const ActionNext&, const ActionNext&) = default;
};
struct ActionListRequest {
    InvokeId invoke = usual_invoke_id;
    std::vector<CosemRef> methods;
    std::vector<Bytes> parameters;  // as many; null data where a method has none
    friend bool operator==(const ActionListRequest&, const ActionListRequest&) = default;
};
struct ActionFirstBlock {
    InvokeId invoke = usual_invoke_id;
    CosemRef method;
    Block block;
    friend bool operator==(const ActionFirstBlock&, const ActionFirstBlock&) = default;
};
struct ActionListFirstBlock {
    InvokeId invoke = usual_invoke_id;
    std::vector<CosemRef> methods;
    Block block;
    friend bool operator==(const ActionListFirstBlock&, const ActionListFirstBlock&) = default;
};
struct ActionBlock {
    InvokeId invoke = usual_invoke_id;
    Block block;
    friend bool operator==(const ActionBlock&, const ActionBlock&) = default;
};
struct ActionOutcome {
    ActionResult result = ActionResult::success;
    std::optional<DataOrResult> returned;
    friend bool operator==(const ActionOutcome&, const ActionOutcome&) = default;
};
struct ActionResponse {
    InvokeId invoke = usual_invoke_id;
    ActionOutcome outcome;
    friend bool operator==(const ActionResponse&, const ActionResponse&) = default;
};
struct ActionResponseBlock {
    InvokeId invoke = usual_invoke_id;
    Block block;
    friend bool operator==(const ActionResponseBlock&, const ActionResponseBlock&) = default;
};
struct ActionListResponse {
    InvokeId invoke = usual_invoke_id;
    std::vector<ActionOutcome> outcomes;
    friend bool operator==(const ActionListResponse&, const ActionListResponse&) = default;
};
struct ActionBlockTaken {
    InvokeId invoke = usual_invoke_id;
    std::uint32_t number = 0;
    friend bool operator==(const ActionBlockTaken&, const ActionBlockTaken&) = default;
};

struct DataNotification {
    std::uint32_t invoke = 0;  // long invoke-id and priority
    Bytes date_time;           // twelve bytes or none
    Bytes body;
    friend bool operator==(const DataNotification&, const DataNotification&) = default;
};

using Apdu = std::variant<GetRequest,
                          GetNext,
                          GetListRequest,
                          GetResponse,
                          GetBlock,
                          GetListResponse,
                          SetRequest,
                          SetFirstBlock,
                          SetBlock,
                          SetListRequest,
                          SetListFirstBlock,
                          SetResponse,
                          SetBlockTaken,
                          SetLastBlockTaken,
                          SetListLastBlockTaken,
                          SetListResponse,
                          ActionRequest,
                          ActionNext,
                          ActionListRequest,
                          ActionFirstBlock,
                          ActionListFirstBlock,
                          ActionBlock,
                          ActionResponse,
                          ActionResponseBlock,
                          ActionListResponse,
                          ActionBlockTaken,
                          ExceptionResponse,
                          DataNotification>;

Bytes encode_apdu(const Apdu& apdu);
Decoded<Apdu> decode_apdu(BytesView bytes);

inline constexpr std::uint8_t get_request_tag = 0xC0, set_request_tag = 0xC1;
inline constexpr std::uint8_t action_request_tag = 0xC3, get_response_tag = 0xC4;
inline constexpr std::uint8_t set_response_tag = 0xC5, action_response_tag = 0xC7;
inline constexpr std::uint8_t exception_tag = 0xD8, notification_tag = 0x0F;

}  // namespace dut::dlms
