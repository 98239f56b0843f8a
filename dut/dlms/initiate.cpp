#include "dut/dlms/initiate.hpp"

#include <fmt/format.h>

#include <array>

namespace dut::dlms {
namespace {

constexpr std::uint8_t request_tag = 0x01, response_tag = 0x08, error_tag = 0x0E;

void append_optional(Bytes& to, std::optional<std::uint8_t> value) {
    to.push_back(value ? 1 : 0);
    if (value) to.push_back(*value);
}

std::optional<std::uint8_t> read_optional(FieldReader& reader) {
    if (!reader.flag()) return std::nullopt;
    return reader.byte();
}

// [APPLICATION 31] BIT STRING of 24 bits, in BER in the middle of A-XDR.
void append_conformance(Bytes& to, Conformance conformance) {
    append(to, std::array<std::uint8_t, 4>{0x5F, 0x1F, 0x04, 0x00});
    const std::uint32_t bits = conformance.bits();
    for (const int shift : {16, 8, 0}) to.push_back(static_cast<std::uint8_t>(bits >> shift));
}

void expect_byte(FieldReader& reader, std::uint8_t expected, CodecFault fault) {
    const std::size_t at = reader.offset();
    if (reader.byte() != expected) reader.fail_at(fault, at);
}

Conformance read_conformance(FieldReader& reader) {
    for (const std::uint8_t expected : std::array<std::uint8_t, 4>{0x5F, 0x1F, 0x04, 0x00})
        expect_byte(reader, expected, CodecFault::value);
    return Conformance{static_cast<std::uint32_t>(number_of(reader.take(3)))};
}

std::string_view initiate_error(std::uint8_t error) {
    switch (error) {
        case 0:
            return "other reason";
        case 1:
            return "DLMS version too low";
        case 2:
            return "incompatible conformance";
        case 3:
            return "PDU size too short";
        case 4:
            return "refused by the VDE handler";
        default:
            return "";
    }
}

// Green Book, ServiceError (from memory).
constexpr std::array<std::string_view, 11> kinds{"application reference",
                                                 "hardware resource",
                                                 "VDE state",
                                                 "service",
                                                 "definition",
                                                 "access",
                                                 "initiate",
                                                 "load data set",
                                                 "change scope",
                                                 "task",
                                                 "other"};

}  // namespace

Bytes encode_initiate(const InitiateRequest& request) {
    Bytes bytes{request_tag};
    bytes.push_back(request.dedicated_key ? 1 : 0);
    if (request.dedicated_key) append_string(bytes, request.dedicated_key->revealed());
    // TRUE is the default, and a default is not sent.
    if (request.response_allowed)
        bytes.push_back(0);
    else
        bytes.insert(bytes.end(), {1, 0});
    append_optional(bytes, request.quality_of_service);
    bytes.push_back(request.version);
    append_conformance(bytes, request.conformance);
    append_number(bytes, request.longest_apdu);
    return bytes;
}

Decoded<InitiateRequest> decode_initiate_request(BytesView bytes) {
    FieldReader reader{bytes};
    InitiateRequest request;
    expect_byte(reader, request_tag, CodecFault::unknown_apdu);
    if (reader.flag()) request.dedicated_key = Secret{reader.string()};
    if (reader.flag()) request.response_allowed = reader.flag();
    request.quality_of_service = read_optional(reader);
    request.version = reader.byte();
    request.conformance = read_conformance(reader);
    request.longest_apdu = reader.number<std::uint16_t>();
    return reader.finished(std::move(request));
}

Bytes encode_initiate(const InitiateResponse& response) {
    Bytes bytes{response_tag};
    append_optional(bytes, response.quality_of_service);
    bytes.push_back(response.version);
    append_conformance(bytes, response.conformance);
    append_number(bytes, response.longest_apdu);
    append_number(bytes, response.vaa_name);
    return bytes;
}

Decoded<InitiateResponse> decode_initiate_response(BytesView bytes) {
    FieldReader reader{bytes};
    InitiateResponse response;
    expect_byte(reader, response_tag, CodecFault::unknown_apdu);
    response.quality_of_service = read_optional(reader);
    response.version = reader.byte();
    response.conformance = read_conformance(reader);
    response.longest_apdu = reader.number<std::uint16_t>();
    response.vaa_name = reader.number<std::uint16_t>();
    return reader.finished(response);
}

Bytes encode_service_error(const ConfirmedServiceError& error) {
    return {error_tag, error.service, error.kind, error.error};
}

Decoded<ConfirmedServiceError> decode_service_error(BytesView bytes) {
    FieldReader reader{bytes};
    expect_byte(reader, error_tag, CodecFault::unknown_apdu);
    ConfirmedServiceError error;
    error.service = reader.byte();
    error.kind = reader.byte();
    error.error = reader.byte();
    return reader.finished(error);
}

std::string described(const ConfirmedServiceError& error) {
    if (error.kind == 6 && !initiate_error(error.error).empty())
        return fmt::format("initiate: {}", initiate_error(error.error));
    if (error.kind < kinds.size())
        return fmt::format("{} error {}", kinds[error.kind], error.error);
    return fmt::format("service error {} of kind {}", error.error, error.kind);
}

}  // namespace dut::dlms
