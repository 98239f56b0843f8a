// Reads and writes with the distrust that libmodbus lacks: recovery, probe, read-back.
#include "dut/modbus_client.hpp"

#include "calibration/check.hpp"
#include "dut/modbus_carrier.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dut {
namespace {

using instruments::DeviceFault;

// What a call is called in a fault: "read 0xC702 (10 registers)".
std::string operation(const ModbusRequest& request) {
    const std::string address = address_text(request.address);
    if (request.function == ModbusFunction::read_holding_registers) {
        return fmt::format("read {} ({} registers)", address, request.count);
    }
    return fmt::format("write {} = {}", address, fmt::join(request.values, " "));
}

ModbusRequest read_request(std::uint16_t address, std::size_t count) {
    return {ModbusFunction::read_holding_registers, address, static_cast<int>(count), {}};
}

std::string printable(const Words& words) {
    std::string text;
    for (const auto word : words) {
        const bool character = word >= 0x20 && word < 0x7F;
        text +=
            character ? std::string(1, static_cast<char>(word)) : fmt::format("\\x{:04X}", word);
    }
    return text;
}

}  // namespace

struct ModbusClient::State {
    std::string name;
    ModbusProbe probe;
    std::function<Task<std::unique_ptr<instruments::io::ByteLink>>()> connect;
    std::shared_ptr<ModbusCarrier> carrier;
    bool distrusted = false;  // a fault happened: recover before the next request
    bool busy = false;

    [[noreturn]] void fail(const ModbusRequest& request, const ModbusFailure& failure) const {
        throw DeviceFault({name, operation(request), failure.text, failure.code});
    }
};

namespace {

using State = ModbusClient::State;

class Busy {
  public:
    explicit Busy(std::shared_ptr<State> state) : state_(std::move(state)) {
        calibration::check(!state_->busy, "a meter's port has one caller at a time");
        state_->busy = true;
    }
    ~Busy() { state_->busy = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

  private:
    std::shared_ptr<State> state_;
};

// After an exception the line is in order; after anything else nothing on it can be trusted.
Task<Words> exchange(std::shared_ptr<State> state, ModbusRequest request) {
    const std::shared_ptr<ModbusCarrier> carrier = state->carrier;
    ModbusReply reply = co_await ModbusCarrier::exchange(carrier, request);
    if (reply) co_return *std::move(reply);
    if (reply.error().fault != ModbusFault::exception) state->distrusted = true;
    state->fail(request, reply.error());
}

Task<void> connect(std::shared_ptr<State> state) {
    auto link = co_await state->connect();
    if (state->carrier->closed()) {
        throw DeviceFault({state->name, "connect", "the port was closed", ""});
    }
    state->carrier->use(std::move(link));
}

Task<void> probe(std::shared_ptr<State> state) {
    const auto request = read_request(state->probe.address, state->probe.expected.size());
    const Words words = co_await exchange(state, request);
    if (words == state->probe.expected) co_return;
    state->distrusted = true;
    throw DeviceFault({state->name,
                       operation(request),
                       fmt::format("after a fault the probe reads \"{}\", expected \"{}\"",
                                   printable(words),
                                   state->probe.text),
                       ""});
}

// A new connection has no old replies in it. A link that cannot be opened anew must fall silent
// first.
Task<void> recover(std::shared_ptr<State> state) {
    if (state->connect) {
        state->carrier->use(nullptr);
        co_await connect(state);
    } else {
        const bool silent = co_await ModbusCarrier::await_silence(state->carrier);
        if (!silent) {
            throw DeviceFault({state->name, "recover", "the line does not fall silent", ""});
        }
    }
    state->distrusted = false;
    co_await probe(state);
}

Task<Words> trusted_exchange(std::shared_ptr<State> state, ModbusRequest request) {
    if (state->carrier->connected() && state->distrusted) {
        co_await recover(state);
    } else if (!state->carrier->connected()) {
        co_await connect(state);
        if (state->distrusted) {
            state->distrusted = false;
            co_await probe(state);
        }
    }
    Words words = co_await exchange(state, std::move(request));
    co_return words;
}

Task<Words> read_words(std::shared_ptr<State> state, std::uint16_t address, int count) {
    const Busy busy{state};
    Words words =
        co_await trusted_exchange(state, read_request(address, static_cast<std::size_t>(count)));
    co_return words;
}

Task<void> write_words(std::shared_ptr<State> state, std::uint16_t address, Words values) {
    const Busy busy{state};
    const bool single = values.size() == 1;
    const ModbusRequest request{
        single ? ModbusFunction::write_single_register : ModbusFunction::write_multiple_registers,
        address,
        0,
        values};
    co_await trusted_exchange(state, request);
    const Words stored = co_await exchange(state, read_request(address, values.size()));
    if (stored == values) co_return;
    throw DeviceFault({state->name,
                       operation(request),
                       fmt::format("reads back {}", fmt::join(stored, " ")),
                       ""});
}

}  // namespace

ModbusClient::ModbusClient(boost::asio::io_context& context,
                           instruments::io::Clock& clock,
                           ModbusTarget target)
    : state_(std::make_shared<State>()) {
    calibration::check(target.unit >= 1 && target.unit <= 247, "a Modbus unit is 1 to 247");
    calibration::check(target.link || target.connect, "a Modbus client has a link or opens one");
    state_->name = target.name;
    state_->probe = std::move(target.probe);
    state_->connect = std::move(target.connect);
    state_->carrier = std::make_shared<ModbusCarrier>(context, clock, target.unit, target.name);
    if (target.link) state_->carrier->use(std::move(target.link));
}

ModbusClient::~ModbusClient() { state_->carrier->close(); }

const std::string& ModbusClient::name() const { return state_->name; }

Task<Words> ModbusClient::read(std::uint16_t address, int count) {
    calibration::check(count >= 1 && count <= most_registers_read, "1 to 125 registers are read");
    return read_words(state_, address, count);
}

Task<void> ModbusClient::write(std::uint16_t address, Words values) {
    calibration::check(!values.empty() && values.size() <= most_registers_written,
                       "1 to 123 registers are written");
    return write_words(state_, address, std::move(values));
}

}  // namespace dut
