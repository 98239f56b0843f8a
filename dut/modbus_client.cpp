// Reads and writes with the distrust that libmodbus lacks: recovery, probe, read-back.
#include "dut/modbus_client.hpp"

#include "calibration/check.hpp"
#include "dut/modbus_carrier.hpp"
#include "dut/modbus_rtu.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dut {
namespace {

using instruments::DeviceFault;

constexpr int everyone = 0;

// What a call is called in a fault: "read 0xC702 (10 registers)".
std::string operation(const ModbusRequest& request) {
    const std::string address = address_text(request.address);
    if (request.function == ModbusFunction::read_holding_registers) {
        return fmt::format("read {} ({} registers)", address, request.count);
    }
    const char* verb = request.unit == everyone ? "broadcast" : "write";
    return fmt::format("{} {} = {}", verb, address, fmt::join(request.values, " "));
}

ModbusRequest read_request(std::uint16_t address, std::size_t count) {
    const auto function = ModbusFunction::read_holding_registers;
    return {function, address, static_cast<int>(count), {}};
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
    std::shared_ptr<ModbusChannel> channel;
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
    ModbusReply reply = co_await state->channel->exchange(request);
    if (reply) co_return *std::move(reply);
    if (reply.error().fault != ModbusFault::exception) state->distrusted = true;
    state->fail(request, reply.error());
}

Task<void> probe(std::shared_ptr<State> state) {
    if (state->probe.expected.empty()) co_return;  // the map knows no constant words
    const auto request = read_request(state->probe.address, state->probe.expected.size());
    const Words words = co_await exchange(state, request);
    if (words == state->probe.expected) co_return;
    state->distrusted = true;
    state->channel->distrust();
    throw DeviceFault({state->name,
                       operation(request),
                       fmt::format("after a fault the probe reads \"{}\", expected \"{}\"",
                                   printable(words),
                                   state->probe.text),
                       ""});
}

Task<Words> trusted_exchange(std::shared_ptr<State> state, ModbusRequest request) {
    if (state->distrusted) {
        co_await state->channel->renew();
        state->distrusted = false;
        co_await probe(state);
    } else {
        co_await state->channel->open();
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

Task<void> write_command(std::shared_ptr<State> state, std::uint16_t address, std::uint16_t value) {
    const Busy busy{state};
    co_await trusted_exchange(state, {ModbusFunction::write_single_register, address, 0, {value}});
}

// Nobody answers, so there is nothing to trust or to distrust; the caller reads back what matters.
Task<void> broadcast_word(std::shared_ptr<State> state,
                          std::uint16_t address,
                          std::uint16_t value) {
    const Busy busy{state};
    co_await state->channel->open();
    const auto function = ModbusFunction::write_single_register;
    co_await exchange(state, {function, address, 0, {value}, everyone});
}

std::shared_ptr<ModbusChannel> channel_to(ModbusTarget& target, instruments::io::Clock& clock) {
    if (target.bus) return rtu_channel(target.bus, target.unit, target.name);
    auto carrier = std::make_shared<ModbusCarrier>(clock, target.unit, target.name);
    if (target.connect) carrier->use(std::move(target.connect));
    if (target.link) carrier->use(std::move(target.link));
    return carrier;
}

}  // namespace

ModbusClient::ModbusClient(instruments::io::Clock& clock, ModbusTarget target)
    : state_(std::make_shared<State>()) {
    calibration::check(target.unit >= 1 && target.unit <= 247, "a Modbus unit is 1 to 247");
    calibration::check(target.link || target.connect || target.bus,
                       "a Modbus client has a link, opens one or shares a bus");
    state_->name = target.name;
    state_->probe = std::move(target.probe);
    state_->channel = channel_to(target, clock);
}

ModbusClient::~ModbusClient() { state_->channel->close(); }

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

Task<void> ModbusClient::command(std::uint16_t address, std::uint16_t value) {
    return write_command(state_, address, value);
}

// Where nobody else is on the line, it is a write.
Task<void> ModbusClient::broadcast(std::uint16_t address, std::uint16_t value) {
    return state_->channel->has_others() ? broadcast_word(state_, address, value)
                                         : write_words(state_, address, {value});
}

std::string ModbusClient::line() const { return state_->channel->line(); }

}  // namespace dut
