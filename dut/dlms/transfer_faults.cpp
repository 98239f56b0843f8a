#include "dut/dlms/transfer_faults.hpp"

#include <fmt/format.h>

namespace dut::dlms {
namespace {

// Every service but the exception and the notification has one.
std::optional<InvokeId> invoke_of(const Apdu& apdu) {
    return std::visit(
        [](const auto& service) -> std::optional<InvokeId> {
            if constexpr (requires { requires std::is_same_v<decltype(service.invoke), InvokeId>; })
                return service.invoke;
            return std::nullopt;
        },
        apdu);
}

constexpr unsigned id_bits = 0x0F;  // the others are priority and class, which meters mend

}  // namespace

std::string_view name(ServiceFault fault) {
    switch (fault) {
        case ServiceFault::not_granted:
            return "service not granted";
        case ServiceFault::undecodable:
            return "answer cannot be decoded";
        case ServiceFault::exception:
            return "exception";
        case ServiceFault::wrong_kind:
            return "answer to another kind of request";
        case ServiceFault::wrong_invoke:
            return "answer to another request";
        case ServiceFault::block_number:
            return "block out of order";
        case ServiceFault::too_long:
            return "blocks do not end";
        case ServiceFault::list_size:
            return "wrong number of results";
        case ServiceFault::refused:
            return "refused";
    }
    return "unknown fault";
}

std::string described(const ServiceError& error) {
    if (error.detail.empty()) return std::string(name(error.fault));
    return fmt::format("{}: {}", name(error.fault), error.detail);
}

std::optional<ServiceError> missing(const Granted& granted, std::initializer_list<Grant> needed) {
    for (const Grant grant : needed) {
        if (!granted.conformance.has(grant))
            return ServiceError{ServiceFault::not_granted, std::string(name(grant))};
    }
    return std::nullopt;
}

std::expected<Apdu, ServiceError> answer_to(BytesView bytes, InvokeId invoke) {
    auto apdu = decode_apdu(bytes);
    if (!apdu) return undecodable(apdu.error());
    if (const auto* exception = std::get_if<ExceptionResponse>(&*apdu))
        return Refusal{{.fault = ServiceFault::exception,
                        .detail = described(*exception),
                        .exception = *exception}};
    const auto found = invoke_of(*apdu);
    if (!found) return wrong_kind("a response");
    if (((*found ^ invoke) & id_bits) != 0)
        return Refusal{{.fault = ServiceFault::wrong_invoke,
                        .detail = fmt::format(
                            "invoke-id {} instead of {}", *found & id_bits, invoke & id_bits)}};
    return std::move(*apdu);
}

Refusal wrong_kind(std::string_view expected) {
    return Refusal{
        {.fault = ServiceFault::wrong_kind, .detail = fmt::format("expected {}", expected)}};
}

Refusal wrong_number(std::uint32_t expected, std::uint32_t found) {
    return Refusal{{.fault = ServiceFault::block_number,
                    .detail = fmt::format("block {} instead of {}", found, expected)}};
}

Refusal list_size(std::size_t expected, std::size_t found) {
    return Refusal{{.fault = ServiceFault::list_size,
                    .detail = fmt::format("{} instead of {}", found, expected)}};
}

Refusal refused(AccessResult result) {
    return Refusal{{.fault = ServiceFault::refused, .detail = described(result), .access = result}};
}

Refusal undecodable(const CodecError& error) {
    return Refusal{{.fault = ServiceFault::undecodable, .detail = described(error)}};
}

Refusal service_refusal(BlockFault fault, std::uint32_t expected, std::uint32_t found) {
    if (fault == BlockFault::number) return wrong_number(expected, found);
    if (fault == BlockFault::empty)
        return Refusal{{.fault = ServiceFault::too_long,
                        .detail = fmt::format("block {} is empty and not the last", found)}};
    return Refusal{{.fault = ServiceFault::too_long,
                    .detail = fmt::format("no last block up to block {}", found)}};
}

std::size_t block_room(std::size_t longest, std::size_t used) {
    constexpr std::size_t any = 1U << 16;
    constexpr std::size_t length_bytes = 3;  // of the raw bytes, beyond the one of an empty block
    if (longest == 0) return any;
    return longest > used + length_bytes ? longest - used - length_bytes : 1;
}

bool fits(std::size_t size, std::size_t longest) { return longest == 0 || size <= longest; }

}  // namespace dut::dlms
