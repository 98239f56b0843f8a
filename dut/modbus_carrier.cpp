// The loop's half of a Modbus call; the worker's half is libmodbus, waiting on a socketpair.
#include "dut/modbus_carrier.hpp"

#include "calibration/check.hpp"

#include <fmt/format.h>

namespace dut {
namespace {

using instruments::io::ByteLink;
using instruments::io::Clock;
using instruments::io::LinkError;
using instruments::io::never;

// How often stale input is looked for before the meter is called restless.
constexpr int most_discards = 64;
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

ModbusFailure failure_of(int error) {
    if (const auto code = modbus_exception_code(error)) {
        return {ModbusFault::exception,
                fmt::format("refused: {}", exception_name(*code)),
                fmt::format("exception {}", *code)};
    }
    return {ModbusFault::bad_reply,
            fmt::format("the reply does not answer the request ({})", modbus_error_text(error)),
            ""};
}

}  // namespace

struct ModbusCarrier::Call {
    instruments::io::Event done;
    std::optional<ModbusOutcome> outcome;
};

ModbusCarrier::ModbusCarrier(boost::asio::io_context& context,
                             Clock& clock,
                             int unit,
                             std::string name)
    : context_(context),
      clock_(clock),
      unit_(unit),
      name_(std::move(name)),
      worker_(context, unit) {}

void ModbusCarrier::use(std::unique_ptr<ByteLink> link) {
    meter_ = std::move(link);
    from_meter_.clear();
}

// libmodbus's end is shut down after every error, so it is made anew then, and lazily at first.
bool ModbusCarrier::connect_library() {
    library_.reset();
    from_library_.clear();
    const auto descriptor = worker_.connect();
    if (!descriptor) return false;
    library_ = instruments::io::socket_link(context_, clock_, *descriptor, name_);
    return true;
}

// What is still here when a request goes out answers an older one. A meter that goes on talking is
// caught by the transaction number of its next reply.
Task<ModbusCarrier::OptionalFailure> ModbusCarrier::discard_input() try {
    from_meter_.clear();
    for (int round = 0; round < most_discards; ++round) {
        const Bytes stale = co_await meter_->read(clock_.now());
        if (stale.empty()) co_return std::nullopt;
    }
    co_return ModbusFailure{ModbusFault::restless, "the meter talks without being asked", ""};
} catch (const LinkError& error) {
    co_return ModbusFailure{ModbusFault::link_lost, error.what(), ""};
}

Task<ModbusFrame> ModbusCarrier::request_of_library() {
    const Clock::Hold hold{clock_};
    while (true) {
        auto frame = from_library_.next();
        calibration::check(frame.has_value(), "libmodbus sends Modbus frames");
        if (*frame) co_return **std::move(frame);
        const Bytes bytes = co_await library_->read(never);
        from_library_.feed(bytes);
    }
}

// A frame of another transaction is a late reply to an older request: nobody waits for it any more.
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

Task<ModbusCarrier::OptionalFailure> ModbusCarrier::carry() try {
    const ModbusFrame request = co_await request_of_library();
    const Bytes sent = encode_frame(request);
    co_await meter_->write(sent);
    const auto reply = co_await reply_of_meter(request.transaction);
    if (!reply) co_return reply.error();
    if (reply->unit != unit_) {
        co_return ModbusFailure{
            ModbusFault::wrong_unit, fmt::format("the reply is from unit {}", reply->unit), ""};
    }
    if (!answers(request.pdu, reply->pdu)) {
        co_return ModbusFailure{
            ModbusFault::bad_reply, "the reply does not answer the request (function or size)", ""};
    }
    const Bytes received = encode_frame(*reply);
    co_await library_->write(received);
    co_return std::nullopt;
} catch (const LinkError& error) {
    co_return ModbusFailure{ModbusFault::link_lost, error.what(), ""};
}

// Virtual time stands still while the worker has the word.
Task<ModbusOutcome> ModbusCarrier::finished(std::shared_ptr<Call> call) {
    const Clock::Hold hold{clock_};
    while (!call->outcome) co_await clock_.wait(call->done, never);
    co_return *std::move(call->outcome);
}

Task<ModbusReply> ModbusCarrier::perform(ModbusRequest request) {
    const auto call = std::make_shared<Call>();
    worker_.start(std::move(request), [call](ModbusOutcome outcome) {
        call->outcome = std::move(outcome);
        call->done.notify();
    });
    const OptionalFailure failure = co_await carry();
    if (failure) worker_.abort();
    ModbusOutcome outcome = co_await finished(call);
    if (failure || outcome.error != 0) library_.reset();
    if (failure) co_return std::unexpected(*failure);
    if (outcome.error != 0) co_return std::unexpected(failure_of(outcome.error));
    co_return std::move(outcome.words);
}

Task<ModbusReply> ModbusCarrier::exchange(std::shared_ptr<ModbusCarrier> self,
                                          ModbusRequest request) {
    const std::shared_ptr<ByteLink> meter = self->meter_;  // outlives a close() from outside
    const OptionalFailure stale = co_await self->discard_input();
    if (stale) co_return std::unexpected(*stale);
    if (self->closed_) {
        co_return std::unexpected(ModbusFailure{ModbusFault::link_lost, "the port was closed", ""});
    }
    if (!self->library_ && !self->connect_library()) {
        co_return std::unexpected(
            ModbusFailure{ModbusFault::no_descriptor, "no file descriptor below 1024 is left", ""});
    }
    ModbusReply reply = co_await self->perform(std::move(request));
    co_return reply;
}

Task<bool> ModbusCarrier::await_silence(std::shared_ptr<ModbusCarrier> self) try {
    const std::shared_ptr<ByteLink> meter = self->meter_;
    for (int round = 0; round < most_silent_waits; ++round) {
        const Bytes stale = co_await meter->read(self->clock_.now() + response_timeout);
        if (stale.empty()) co_return true;
    }
    co_return false;
} catch (const LinkError&) {
    co_return true;  // silent for good: the next request says so
}

void ModbusCarrier::close() {
    closed_ = true;
    worker_.stop();
    if (library_) library_->close();
    if (meter_) meter_->close();
}

}  // namespace dut
