// The xDLMS part of an association: InitiateRequest, InitiateResponse and its refusal.
#pragma once

#include "dut/dlms/codec.hpp"
#include "dut/dlms/conformance.hpp"
#include "dut/dlms/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dut::dlms {

inline constexpr std::uint8_t dlms_version = 6;
inline constexpr std::uint16_t logical_names = 0x0007;  // the VAA name of LN referencing
inline constexpr std::uint16_t short_names = 0xFA00;

struct InitiateRequest {
    std::optional<Secret> dedicated_key;
    bool response_allowed = true;
    std::optional<std::uint8_t> quality_of_service;
    std::uint8_t version = dlms_version;
    Conformance conformance = client_conformance;
    std::uint16_t longest_apdu = 0xFFFF;  // the client takes; 0 and 0xFFFF: as long as it may be
    friend bool operator==(const InitiateRequest&, const InitiateRequest&) = default;
};
Bytes encode_initiate(const InitiateRequest& request);
Decoded<InitiateRequest> decode_initiate_request(BytesView bytes);

struct InitiateResponse {
    std::optional<std::uint8_t> quality_of_service;
    std::uint8_t version = dlms_version;
    Conformance conformance;              // what is granted
    std::uint16_t longest_apdu = 0xFFFF;  // the server takes
    std::uint16_t vaa_name = logical_names;
    friend bool operator==(const InitiateResponse&, const InitiateResponse&) = default;
};
Bytes encode_initiate(const InitiateResponse& response);
Decoded<InitiateResponse> decode_initiate_response(BytesView bytes);

// Numbers as on the wire: the service that failed, the kind of error, the error.
struct ConfirmedServiceError {
    std::uint8_t service = 1;  // 1 initiate, 5 read, 6 write
    std::uint8_t kind = 6;     // 6: initiate error
    std::uint8_t error = 0;
    friend bool operator==(const ConfirmedServiceError&, const ConfirmedServiceError&) = default;
};
Bytes encode_service_error(const ConfirmedServiceError& error);
Decoded<ConfirmedServiceError> decode_service_error(BytesView bytes);
std::string described(const ConfirmedServiceError& error);  // "initiate: DLMS version too low"

}  // namespace dut::dlms
