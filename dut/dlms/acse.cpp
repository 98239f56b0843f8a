#include "dut/dlms/acse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dut::dlms {
namespace {

// 2.16.756.5.8: the arcs under which DLMS registers contexts (1) and mechanisms (2).
constexpr std::array<std::uint8_t, 5> dlms_arcs{0x60, 0x85, 0x74, 0x05, 0x08};
constexpr std::uint8_t context_arc = 1, mechanism_arc = 2;
constexpr std::uint8_t object_identifier = 0x06, octet_string = 0x04, integer = 0x02;
constexpr std::uint8_t character_string = 0x80;
// Context tags of the fields; AARQ and AARE share some.
constexpr std::uint8_t context_tag = 0xA1, user_information_tag = 0xBE;
constexpr std::uint8_t calling_title_tag = 0xA6, responding_title_tag = 0xA4;
constexpr std::uint8_t aarq_requirements = 0x8A, aarq_mechanism = 0x8B, aarq_value = 0xAC;
constexpr std::uint8_t result_tag = 0xA2, diagnostic_tag = 0xA3;
constexpr std::uint8_t by_user = 0xA1, by_provider = 0xA2;
constexpr std::uint8_t aare_requirements = 0x88, aare_mechanism = 0x89, aare_value = 0xAA;
constexpr std::uint8_t release_reason = 0x80;

void append_field(Bytes& to, std::uint8_t tag, BytesView content) {
    to.push_back(tag);
    append_string(to, content);
}

Bytes field(std::uint8_t tag, BytesView content) {
    Bytes bytes;
    append_field(bytes, tag, content);
    return bytes;
}

Bytes identifier(std::uint8_t arc, std::uint8_t number) {
    Bytes bytes(dlms_arcs.begin(), dlms_arcs.end());
    bytes.insert(bytes.end(), {arc, number});
    return bytes;
}

void append_mechanism(Bytes& to,
                      std::uint8_t requirements_tag,
                      std::uint8_t mechanism_tag,
                      Mechanism mechanism) {
    constexpr std::array<std::uint8_t, 2> authentication{0x07, 0x80};  // one bit of eight: set
    append_field(to, requirements_tag, authentication);
    append_field(
        to, mechanism_tag, identifier(mechanism_arc, static_cast<std::uint8_t>(mechanism)));
}

void append_user_information(Bytes& to, BytesView information) {
    if (information.empty()) return;
    append_field(to, user_information_tag, field(octet_string, information));
}

Bytes small_integer(std::uint8_t value) { return field(integer, std::array{value}); }

// -- decoding: each field is tag, length, content

// The content of the only field inside `content`, which must have that tag.
BytesView inner(FieldReader& outer, BytesView content, std::uint8_t tag) {
    FieldReader reader{content};
    const std::uint8_t found = reader.byte();
    const BytesView bytes = reader.string();
    if (!reader.is_good() || reader.left() != 0 || found != tag) {
        outer.fail(CodecFault::value);
        return {};
    }
    return bytes;
}

std::uint8_t last_arc(FieldReader& reader, BytesView content, std::uint8_t arc, int most) {
    const bool is_ours = content.size() == dlms_arcs.size() + 2 &&
                         std::ranges::equal(content.first(dlms_arcs.size()), dlms_arcs) &&
                         content[dlms_arcs.size()] == arc;
    if (is_ours && content.back() <= most) return content.back();
    reader.fail(CodecFault::value);
    return 0;
}

Context context_of(FieldReader& reader, BytesView content) {
    const std::uint8_t number =
        last_arc(reader, inner(reader, content, object_identifier), context_arc, 4);
    if (number == 0) reader.fail(CodecFault::value);
    return static_cast<Context>(number);
}

Mechanism mechanism_of(FieldReader& reader, BytesView content) {
    return static_cast<Mechanism>(last_arc(reader, content, mechanism_arc, 7));
}

std::uint8_t small_integer_of(FieldReader& reader, BytesView content) {
    const BytesView bytes = inner(reader, content, integer);
    if (bytes.size() == 1) return bytes[0];
    reader.fail(CodecFault::value);
    return 0;
}

Diagnostic diagnostic_of(FieldReader& reader, BytesView content) {
    if (content.empty() || (content[0] != by_user && content[0] != by_provider)) {
        reader.fail(CodecFault::value);
        return {};
    }
    const BytesView number = inner(reader, content, content[0]);
    return {content[0] == by_provider, small_integer_of(reader, number)};
}

AssociationResult result_of(FieldReader& reader, BytesView content) {
    const std::uint8_t number = small_integer_of(reader, content);
    if (number > 2) reader.fail(CodecFault::value);
    return static_cast<AssociationResult>(number);
}

Bytes copied(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

// Reads `tag` and its length, then hands each field to `take(tag, content)`.
template <class Take>
void read_fields(FieldReader& reader, std::uint8_t expected, Take take) {
    if (reader.byte() != expected) return reader.fail_at(CodecFault::unknown_apdu, 0);
    const std::size_t begin = reader.offset();
    if (reader.count(1) != reader.left()) return reader.fail_at(CodecFault::length, begin);
    while (reader.is_good() && reader.left() != 0) {
        const std::uint8_t tag = reader.byte();
        const BytesView content = reader.string();
        if (reader.is_good()) take(tag, content);
    }
}

// A meter with short names is known whose AARE is one byte longer than it says. What is too much is
// left alone, so that such a meter is refused for its context and not for its arithmetic.
BytesView without_surplus(BytesView bytes) {
    FieldReader reader{bytes};
    reader.byte();
    const std::size_t size = reader.count(1);
    return reader.is_good() ? bytes.first(reader.offset() + size) : bytes;
}

template <class Release>
Bytes encode_release_as(std::uint8_t tag, const Release& release) {
    Bytes content;
    if (release.reason) append_field(content, release_reason, std::array{*release.reason});
    append_user_information(content, release.user_information);
    return field(tag, content);
}

template <class Release>
Decoded<Release> decode_release_as(std::uint8_t expected, BytesView bytes) {
    FieldReader reader{bytes};
    Release release{.reason = std::nullopt, .user_information = {}};
    read_fields(reader, expected, [&](std::uint8_t tag, BytesView content) {
        if (tag == release_reason && content.size() == 1) release.reason = content[0];
        if (tag == release_reason && content.size() != 1) reader.fail(CodecFault::value);
        if (tag == user_information_tag)
            release.user_information = copied(inner(reader, content, octet_string));
    });
    return reader.finished(std::move(release));
}

constexpr std::array<std::string_view, 15> user_diagnostics{
    "no diagnosis",
    "no reason given",
    "application context not supported",
    "calling AP title not recognised",
    "calling AP invocation identifier not recognised",
    "calling AE qualifier not recognised",
    "calling AE invocation identifier not recognised",
    "called AP title not recognised",
    "called AP invocation identifier not recognised",
    "called AE qualifier not recognised",
    "called AE invocation identifier not recognised",
    "authentication mechanism not recognised",
    "authentication mechanism required",
    "authentication failed",
    "authentication required"};
constexpr std::array<std::string_view, 3> provider_diagnostics{
    "no diagnosis (provider)", "no reason given (provider)", "no common ACSE version"};

}  // namespace

std::string_view name(Mechanism mechanism) {
    constexpr std::array<std::string_view, 8> names{
        "none", "LLS", "HLS", "HLS MD5", "HLS SHA-1", "HLS GMAC", "HLS SHA-256", "HLS ECDSA"};
    return names[static_cast<std::size_t>(mechanism)];
}

std::string described(const Diagnostic& diagnostic) {
    if (diagnostic.by_provider && diagnostic.code < provider_diagnostics.size())
        return std::string(provider_diagnostics[diagnostic.code]);
    if (!diagnostic.by_provider && diagnostic.code < user_diagnostics.size())
        return std::string(user_diagnostics[diagnostic.code]);
    return fmt::format("unknown diagnosis {}", diagnostic.code);
}

Bytes encode_aarq(const Aarq& aarq) {
    Bytes content;
    append_field(
        content,
        context_tag,
        field(object_identifier, identifier(context_arc, static_cast<std::uint8_t>(aarq.context))));
    if (aarq.calling_title)
        append_field(content, calling_title_tag, field(octet_string, *aarq.calling_title));
    if (aarq.mechanism)
        append_mechanism(content, aarq_requirements, aarq_mechanism, *aarq.mechanism);
    if (aarq.authentication)
        append_field(content, aarq_value, field(character_string, aarq.authentication->revealed()));
    append_user_information(content, aarq.user_information);
    return field(aarq_tag, content);
}

Decoded<Aarq> decode_aarq(BytesView bytes) {
    FieldReader reader{bytes};
    Aarq aarq;
    bool has_context = false;
    read_fields(reader, aarq_tag, [&](std::uint8_t tag, BytesView content) {
        if (tag == context_tag) {
            aarq.context = context_of(reader, content);
            has_context = true;
        }
        if (tag == calling_title_tag)
            aarq.calling_title = copied(inner(reader, content, octet_string));
        if (tag == aarq_mechanism) aarq.mechanism = mechanism_of(reader, content);
        if (tag == aarq_value)
            aarq.authentication = Secret{inner(reader, content, character_string)};
        if (tag == user_information_tag)
            aarq.user_information = copied(inner(reader, content, octet_string));
    });
    if (!has_context) reader.fail(CodecFault::truncated);
    return reader.finished(std::move(aarq));
}

Bytes encode_aare(const Aare& aare) {
    Bytes content;
    append_field(
        content,
        context_tag,
        field(object_identifier, identifier(context_arc, static_cast<std::uint8_t>(aare.context))));
    append_field(content, result_tag, small_integer(static_cast<std::uint8_t>(aare.result)));
    append_field(content,
                 diagnostic_tag,
                 field(aare.diagnostic.by_provider ? by_provider : by_user,
                       small_integer(aare.diagnostic.code)));
    if (aare.responding_title)
        append_field(content, responding_title_tag, field(octet_string, *aare.responding_title));
    if (aare.mechanism)
        append_mechanism(content, aare_requirements, aare_mechanism, *aare.mechanism);
    if (aare.challenge) append_field(content, aare_value, field(character_string, *aare.challenge));
    append_user_information(content, aare.user_information);
    return field(aare_tag, content);
}

Decoded<Aare> decode_aare(BytesView bytes) {
    FieldReader reader{without_surplus(bytes)};
    Aare aare;
    bool has_context = false, has_result = false, has_diagnostic = false;
    read_fields(reader, aare_tag, [&](std::uint8_t tag, BytesView content) {
        if (tag == context_tag) {
            aare.context = context_of(reader, content);
            has_context = true;
        }
        if (tag == result_tag) {
            aare.result = result_of(reader, content);
            has_result = true;
        }
        if (tag == diagnostic_tag) {
            aare.diagnostic = diagnostic_of(reader, content);
            has_diagnostic = true;
        }
        if (tag == responding_title_tag)
            aare.responding_title = copied(inner(reader, content, octet_string));
        if (tag == aare_mechanism) aare.mechanism = mechanism_of(reader, content);
        if (tag == aare_value) aare.challenge = copied(inner(reader, content, character_string));
        if (tag == user_information_tag)
            aare.user_information = copied(inner(reader, content, octet_string));
    });
    if (!has_context || !has_result || !has_diagnostic) reader.fail(CodecFault::truncated);
    return reader.finished(std::move(aare));
}

Bytes encode_release(const ReleaseRequest& request) {
    return encode_release_as(release_request_tag, request);
}
Bytes encode_release(const ReleaseResponse& response) {
    return encode_release_as(release_response_tag, response);
}
Decoded<ReleaseRequest> decode_release_request(BytesView bytes) {
    return decode_release_as<ReleaseRequest>(release_request_tag, bytes);
}
Decoded<ReleaseResponse> decode_release_response(BytesView bytes) {
    return decode_release_as<ReleaseResponse>(release_response_tag, bytes);
}

}  // namespace dut::dlms
