// One request and its reply over a meter's own link.
#include "dut/modbus_carrier.hpp"

#include "calibration/check.hpp"
#include "instruments/fault.hpp"

#include <fmt/format.h>

namespace dut {
namespace {

using instruments::DeviceFault;
using instruments::io::ByteLink;
using instruments::io::Clock;
using instruments::io::LinkError;
using instruments::io::Task;

constexpr int most_silent_waits = 10;

// libmodbus takes the size of a reply from its content and waits for what is not there.
bool answers(BytesView request, BytesView reply) {
    if (reply[0] == (request[0] | exception_flag)) return reply.size() == 2;
    if (reply[0] != request[0]) return false;
    const bool is_read =
        reply[0] == static_cast<std::uint8_t>(ModbusFunction::read_holding_registers);
    if (!is_read) return reply.size() == 5;
    return reply.size() >= 2 && reply.size() == 2 + std::size_t{reply[1]};
}

}  // namespace

ModbusCarrier::ModbusCarrier(Clock& clock, int unit, std::string name)
    : clock_(clock), unit_(unit), name_(std::move(name)), library_(ModbusTransport::tcp) {}

// What the old link still held is gone.
void ModbusCarrier::use(std::unique_ptr<ByteLink> link) {
    meter_ = std::move(link);
    from_meter_.clear();
}

Task<void> ModbusCarrier::open() {
    if (meter_) co_return;
    auto link = co_await connect_();
    if (closed_) throw DeviceFault({name_, "connect", "the port was closed", ""});
    use(std::move(link));
}

// A new connection has no old replies in it. A link that cannot be opened anew must fall silent
// first.
Task<void> ModbusCarrier::renew() {
    if (connect_) {
        use(std::unique_ptr<ByteLink>{});
        co_await open();
        co_return;
    }
    const bool silent = co_await falls_silent();
    if (!silent) throw DeviceFault({name_, "recover", "the line does not fall silent", ""});
}

// A frame of another transaction is a late reply to an older request: nobody waits for it any more.
// The numbers differ for 65535 requests, so nothing has to be thrown away before a request.
Task<std::expected<ModbusFrame, ModbusFailure>> ModbusCarrier::reply_of_meter(
    std::uint16_t transaction) {
    const auto deadline = clock_.now() + response_timeout;
    while (true) {
        auto frame = from_meter_.next();
        if (!frame) {
            co_return std::unexpected(
                ModbusFailure{ModbusFault::not_modbus,
                              fmt::format("the reply is not Modbus TCP: {}", name(frame.error())),
                              ""});
        }
        if (*frame && (*frame)->transaction == transaction) co_return **std::move(frame);
        if (*frame) continue;
        // What waits in a link is read whatever the time: a meter that never pauses is silent too.
        const bool late = clock_.now() > deadline;
        const Bytes bytes = late ? Bytes{} : co_await meter_->read(deadline);
        if (bytes.empty()) {
            co_return std::unexpected(ModbusFailure{
                ModbusFault::silent,
                from_meter_.pending() == 0
                    ? fmt::format("no reply within {} s", calibration::seconds(response_timeout))
                    : fmt::format("the reply broke off after {} bytes", from_meter_.pending()),
                ""});
        }
        from_meter_.feed(bytes);
    }
}

Task<std::expected<Bytes, ModbusFailure>> ModbusCarrier::carry(Bytes sent) try {
    FrameReader reader;
    reader.feed(sent);
    const ModbusFrame request = reader.next().value().value();
    co_await meter_->write(sent);
    const auto reply = co_await reply_of_meter(request.transaction);
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->unit != unit_) {
        co_return std::unexpected(
            ModbusFailure{ModbusFault::wrong_unit,
                          fmt::format("the reply is from unit {}", reply->unit),
                          "",
                          reply->unit});
    }
    if (!answers(request.pdu, reply->pdu)) {
        co_return std::unexpected(
            ModbusFailure{ModbusFault::bad_reply,
                          "the reply does not answer the request (function or size)",
                          ""});
    }
    co_return encode_frame(*reply);
} catch (const LinkError& error) {
    co_return std::unexpected(ModbusFailure{ModbusFault::link_lost, error.what(), ""});
}

Task<ModbusReply> ModbusCarrier::exchange(ModbusRequest request) {
    const std::shared_ptr<ByteLink> meter = meter_;  // outlives a close() from outside
    if (closed_) {
        co_return std::unexpected(ModbusFailure{ModbusFault::link_lost, "the port was closed", ""});
    }
    request.unit = unit_;
    auto sent = library_.request(request);
    if (!sent) co_return std::unexpected(sent.error());
    const auto reply = co_await carry(*std::move(sent));
    if (!reply) co_return std::unexpected(reply.error());
    co_return library_.reply(*reply);
}

// True when nothing came for a whole response time-out; false when the meter never stops talking.
Task<bool> ModbusCarrier::falls_silent() try {
    const std::shared_ptr<ByteLink> meter = meter_;
    from_meter_.clear();
    for (int round = 0; round < most_silent_waits; ++round) {
        const Bytes stale = co_await meter->read(clock_.now() + response_timeout);
        if (stale.empty()) co_return true;
    }
    co_return false;
} catch (const LinkError&) {
    co_return true;  // silent for good: the next request says so
}

void ModbusCarrier::close() {
    closed_ = true;
    if (meter_) meter_->close();
}

}  // namespace dut
