// Structures of the services to bytes.
#include "calibration/check.hpp"
#include "dut/dlms/apdu_fields.hpp"

namespace dut::dlms {
namespace {

using calibration::check;

Bytes head(std::uint8_t tag, std::uint8_t kind, InvokeId invoke) { return {tag, kind, invoke}; }

void append_result(Bytes& to, AccessResult result) {
    to.push_back(static_cast<std::uint8_t>(result));
}

Bytes encode(const GetRequest& get) {
    Bytes bytes = head(get_request_tag, 1, get.invoke);
    append_attribute(bytes, get.attribute);
    return bytes;
}
Bytes encode(const GetNext& next) {
    Bytes bytes = head(get_request_tag, 2, next.invoke);
    append_number(bytes, next.number);
    return bytes;
}
Bytes encode(const GetListRequest& get) {
    Bytes bytes = head(get_request_tag, 3, get.invoke);
    append_list(bytes, get.attributes, append_attribute);
    return bytes;
}
Bytes encode(const GetResponse& response) {
    Bytes bytes = head(get_response_tag, 1, response.invoke);
    append_data_or_result(bytes, response.result);
    return bytes;
}
Bytes encode(const GetBlock& block) {
    Bytes bytes = head(get_response_tag, 2, block.invoke);
    bytes.push_back(block.is_last ? 1 : 0);
    append_number(bytes, block.number);
    bytes.push_back(block.raw ? 0 : 1);
    if (block.raw)
        append_string(bytes, *block.raw);
    else
        append_result(bytes, block.raw.error());
    return bytes;
}
Bytes encode(const GetListResponse& response) {
    Bytes bytes = head(get_response_tag, 3, response.invoke);
    append_list(bytes, response.results, append_data_or_result);
    return bytes;
}

Bytes encode(const SetRequest& set) {
    Bytes bytes = head(set_request_tag, 1, set.invoke);
    append_attribute(bytes, set.attribute);
    append(bytes, set.data);
    return bytes;
}
Bytes encode(const SetFirstBlock& set) {
    Bytes bytes = head(set_request_tag, 2, set.invoke);
    append_attribute(bytes, set.attribute);
    append_block(bytes, set.block);
    return bytes;
}
Bytes encode(const SetBlock& set) {
    Bytes bytes = head(set_request_tag, 3, set.invoke);
    append_block(bytes, set.block);
    return bytes;
}
Bytes encode(const SetListRequest& set) {
    check(set.attributes.size() == set.data.size(), "a SET list has as many data as attributes");
    Bytes bytes = head(set_request_tag, 4, set.invoke);
    append_list(bytes, set.attributes, append_attribute);
    append_list(bytes, set.data, append);
    return bytes;
}
Bytes encode(const SetListFirstBlock& set) {
    Bytes bytes = head(set_request_tag, 5, set.invoke);
    append_list(bytes, set.attributes, append_attribute);
    append_block(bytes, set.block);
    return bytes;
}
Bytes encode(const SetResponse& response) {
    Bytes bytes = head(set_response_tag, 1, response.invoke);
    append_result(bytes, response.result);
    return bytes;
}
Bytes encode(const SetBlockTaken& taken) {
    Bytes bytes = head(set_response_tag, 2, taken.invoke);
    append_number(bytes, taken.number);
    return bytes;
}
Bytes encode(const SetLastBlockTaken& taken) {
    Bytes bytes = head(set_response_tag, 3, taken.invoke);
    append_result(bytes, taken.result);
    append_number(bytes, taken.number);
    return bytes;
}
Bytes encode(const SetListLastBlockTaken& taken) {
    Bytes bytes = head(set_response_tag, 4, taken.invoke);
    append_list(bytes, taken.results, append_result);
    append_number(bytes, taken.number);
    return bytes;
}
Bytes encode(const SetListResponse& response) {
    Bytes bytes = head(set_response_tag, 5, response.invoke);
    append_list(bytes, response.results, append_result);
    return bytes;
}

Bytes encode(const ActionRequest& action) {
    Bytes bytes = head(action_request_tag, 1, action.invoke);
    append_ref(bytes, action.method);
    bytes.push_back(action.parameters ? 1 : 0);
    if (action.parameters) append(bytes, *action.parameters);
    return bytes;
}
Bytes encode(const ActionNext& next) {
    Bytes bytes = head(action_request_tag, 2, next.invoke);
    append_number(bytes, next.number);
    return bytes;
}
Bytes encode(const ActionListRequest& action) {
    check(action.methods.size() == action.parameters.size(),
          "an ACTION list has as many parameters as methods");
    Bytes bytes = head(action_request_tag, 3, action.invoke);
    append_list(bytes, action.methods, append_ref);
    append_list(bytes, action.parameters, append);
    return bytes;
}
Bytes encode(const ActionFirstBlock& action) {
    Bytes bytes = head(action_request_tag, 4, action.invoke);
    append_ref(bytes, action.method);
    append_block(bytes, action.block);
    return bytes;
}
Bytes encode(const ActionListFirstBlock& action) {
    Bytes bytes = head(action_request_tag, 5, action.invoke);
    append_list(bytes, action.methods, append_ref);
    append_block(bytes, action.block);
    return bytes;
}
Bytes encode(const ActionBlock& action) {
    Bytes bytes = head(action_request_tag, 6, action.invoke);
    append_block(bytes, action.block);
    return bytes;
}
Bytes encode(const ActionResponse& response) {
    Bytes bytes = head(action_response_tag, 1, response.invoke);
    append_outcome(bytes, response.outcome);
    return bytes;
}
Bytes encode(const ActionResponseBlock& response) {
    Bytes bytes = head(action_response_tag, 2, response.invoke);
    append_block(bytes, response.block);
    return bytes;
}
Bytes encode(const ActionListResponse& response) {
    Bytes bytes = head(action_response_tag, 3, response.invoke);
    append_list(bytes, response.outcomes, append_outcome);
    return bytes;
}
Bytes encode(const ActionBlockTaken& taken) {
    Bytes bytes = head(action_response_tag, 4, taken.invoke);
    append_number(bytes, taken.number);
    return bytes;
}

Bytes encode(const ExceptionResponse& exception) {
    Bytes bytes{exception_tag, exception.state, exception.service};
    if (exception.expected_counter) append_number(bytes, *exception.expected_counter);
    return bytes;
}
Bytes encode(const DataNotification& notification) {
    Bytes bytes{notification_tag};
    append_number(bytes, notification.invoke);
    append_string(bytes, notification.date_time);
    append(bytes, notification.body);
    return bytes;
}

}  // namespace

Bytes encode_apdu(const Apdu& apdu) {
    return std::visit([](const auto& service) { return encode(service); }, apdu);
}

}  // namespace dut::dlms
