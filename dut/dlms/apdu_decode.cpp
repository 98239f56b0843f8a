// Bytes to structures of the services.
#include "dut/dlms/apdu_fields.hpp"

namespace dut::dlms {
namespace {

AccessResult read_result(FieldReader& reader) { return static_cast<AccessResult>(reader.byte()); }

std::uint32_t read_number(FieldReader& reader) { return reader.number<std::uint32_t>(); }

GetBlock read_get_block(FieldReader& reader, InvokeId invoke) {
    GetBlock block{
        .invoke = invoke, .is_last = reader.flag(), .number = read_number(reader), .raw = {}};
    if (read_choice(reader, 1) == 0) {
        const BytesView raw = reader.string();
        block.raw = Bytes(raw.begin(), raw.end());
    } else {
        block.raw = std::unexpected(read_result(reader));
    }
    return block;
}

// Two lists that belong together.
void check_pairs(FieldReader& reader, std::size_t first, std::size_t second) {
    if (first != second) reader.fail(CodecFault::value);
}

Apdu unknown_kind(FieldReader& reader, InvokeId invoke) {
    reader.fail_at(CodecFault::choice, 1);
    return GetRequest{.invoke = invoke, .attribute = {}};
}

Apdu read_get_request(FieldReader& reader, std::uint8_t kind, InvokeId invoke) {
    switch (kind) {
        case 1:
            return GetRequest{invoke, read_attribute(reader)};
        case 2:
            return GetNext{invoke, read_number(reader)};
        case 3:
            return GetListRequest{invoke, read_list(reader, attribute_least, read_attribute)};
        default:
            return unknown_kind(reader, invoke);
    }
}

Apdu read_get_response(FieldReader& reader, std::uint8_t kind, InvokeId invoke) {
    switch (kind) {
        case 1:
            return GetResponse{invoke, read_data_or_result(reader)};
        case 2:
            return read_get_block(reader, invoke);
        case 3:
            return GetListResponse{invoke, read_list(reader, 2, read_data_or_result)};
        default:
            return unknown_kind(reader, invoke);
    }
}

SetListRequest read_set_list(FieldReader& reader, InvokeId invoke) {
    SetListRequest set{.invoke = invoke,
                       .attributes = read_list(reader, attribute_least, read_attribute),
                       .data = read_list(reader, 1, read_data)};
    check_pairs(reader, set.attributes.size(), set.data.size());
    return set;
}

Apdu read_set_request(FieldReader& reader, std::uint8_t kind, InvokeId invoke) {
    switch (kind) {
        case 1:
            return SetRequest{invoke, read_attribute(reader), read_data(reader)};
        case 2:
            return SetFirstBlock{invoke, read_attribute(reader), read_block(reader)};
        case 3:
            return SetBlock{invoke, read_block(reader)};
        case 4:
            return read_set_list(reader, invoke);
        case 5:
            return SetListFirstBlock{
                invoke, read_list(reader, attribute_least, read_attribute), read_block(reader)};
        default:
            return unknown_kind(reader, invoke);
    }
}

Apdu read_set_response(FieldReader& reader, std::uint8_t kind, InvokeId invoke) {
    switch (kind) {
        case 1:
            return SetResponse{invoke, read_result(reader)};
        case 2:
            return SetBlockTaken{invoke, read_number(reader)};
        case 3:
            return SetLastBlockTaken{invoke, read_result(reader), read_number(reader)};
        case 4:
            return SetListLastBlockTaken{
                invoke, read_list(reader, 1, read_result), read_number(reader)};
        case 5:
            return SetListResponse{invoke, read_list(reader, 1, read_result)};
        default:
            return unknown_kind(reader, invoke);
    }
}

ActionRequest read_action(FieldReader& reader, InvokeId invoke) {
    ActionRequest action{.invoke = invoke, .method = read_ref(reader), .parameters = {}};
    if (read_choice(reader, 1) == 1) action.parameters = read_data(reader);
    return action;
}

ActionListRequest read_action_list(FieldReader& reader, InvokeId invoke) {
    ActionListRequest action{.invoke = invoke,
                             .methods = read_list(reader, ref_size, read_ref),
                             .parameters = read_list(reader, 1, read_data)};
    check_pairs(reader, action.methods.size(), action.parameters.size());
    return action;
}

Apdu read_action_request(FieldReader& reader, std::uint8_t kind, InvokeId invoke) {
    switch (kind) {
        case 1:
            return read_action(reader, invoke);
        case 2:
            return ActionNext{invoke, read_number(reader)};
        case 3:
            return read_action_list(reader, invoke);
        case 4:
            return ActionFirstBlock{invoke, read_ref(reader), read_block(reader)};
        case 5:
            return ActionListFirstBlock{
                invoke, read_list(reader, ref_size, read_ref), read_block(reader)};
        case 6:
            return ActionBlock{invoke, read_block(reader)};
        default:
            return unknown_kind(reader, invoke);
    }
}

Apdu read_action_response(FieldReader& reader, std::uint8_t kind, InvokeId invoke) {
    switch (kind) {
        case 1:
            return ActionResponse{invoke, read_outcome(reader)};
        case 2:
            return ActionResponseBlock{invoke, read_block(reader)};
        case 3:
            return ActionListResponse{invoke, read_list(reader, 2, read_outcome)};
        case 4:
            return ActionBlockTaken{invoke, read_number(reader)};
        default:
            return unknown_kind(reader, invoke);
    }
}

ExceptionResponse read_exception(FieldReader& reader) {
    ExceptionResponse exception{
        .state = reader.byte(), .service = reader.byte(), .expected_counter = {}};
    if (reader.left() != 0) exception.expected_counter = read_number(reader);
    return exception;
}

DataNotification read_notification(FieldReader& reader) {
    DataNotification notification{.invoke = read_number(reader), .date_time = {}, .body = {}};
    const BytesView time = reader.string();
    notification.date_time.assign(time.begin(), time.end());
    notification.body = read_data(reader);
    return notification;
}

using ReadKind = Apdu (*)(FieldReader&, std::uint8_t, InvokeId);

ReadKind reader_of(std::uint8_t tag) {
    switch (tag) {
        case get_request_tag:
            return read_get_request;
        case get_response_tag:
            return read_get_response;
        case set_request_tag:
            return read_set_request;
        case set_response_tag:
            return read_set_response;
        case action_request_tag:
            return read_action_request;
        case action_response_tag:
            return read_action_response;
        default:
            return nullptr;
    }
}

}  // namespace

Decoded<Apdu> decode_apdu(BytesView bytes) {
    FieldReader reader{bytes};
    const std::uint8_t tag = reader.byte();
    if (bytes.empty()) return std::unexpected(CodecError{CodecFault::truncated, 0});
    if (tag == exception_tag) return reader.finished<Apdu>(read_exception(reader));
    if (tag == notification_tag) return reader.finished<Apdu>(read_notification(reader));
    const ReadKind read = reader_of(tag);
    if (read == nullptr) return std::unexpected(CodecError{CodecFault::unknown_apdu, 0});
    const std::uint8_t kind = reader.byte();
    const InvokeId invoke = reader.byte();
    if (!reader.is_good()) return std::unexpected(*reader.error());
    return reader.finished(read(reader, kind, invoke));
}

}  // namespace dut::dlms
