// One request at a time over a shared serial line, in the order in which the callers came.
#include "dut/modbus_rtu.hpp"

#include "calibration/check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dut {
namespace {

using calibration::Duration;
using instruments::io::ByteLink;
using instruments::io::Clock;
using instruments::io::Event;
using instruments::io::Instant;
using instruments::io::LinkError;
using instruments::io::never;

// Within a frame: adapters hand bytes over in pieces, up to 16 ms late, and a busy machine later.
// What lacks nothing but its sense is not waited for as long.
constexpr Duration byte_timeout = std::chrono::milliseconds{500};
constexpr Duration end_timeout = std::chrono::milliseconds{100};
// Modbus over serial line 1.02, 2.4.1: 100 to 200 ms after a broadcast.
constexpr Duration turn_around = std::chrono::milliseconds{150};
constexpr std::size_t most_heard = 2 * most_rtu_frame;
constexpr int most_silent_waits = 10;
constexpr std::size_t most_stale = 4 * most_rtu_frame;  // late replies are a few frames

class RtuBus final : public ModbusBus, public std::enable_shared_from_this<RtuBus> {
  public:
    RtuBus(
        Clock& clock, LineSettings settings, std::string name, Connect connect, RtuOptions options)
        : clock_(clock),
          settings_(settings),
          name_(std::move(name)),
          connect_(std::move(connect)),
          options_(options),
          library_(ModbusTransport::rtu) {}

    const std::string& name() const override { return name_; }
    const LineSettings& settings() const override { return settings_; }
    Clock& clock() { return clock_; }

    Task<void> open(std::string caller);
    // Nothing is sent when `given_up` is true by the time the turn has come.
    Task<ModbusReply> exchange(ModbusRequest request, const bool& given_up);
    // Nobody is asked before the line was silent for as long as a late reply may take.
    void distrust() { silent_until_ = clock_.now() + options_.patience + frame_gap(settings_); }

  private:
    using OptionalFailure = std::optional<ModbusFailure>;
    class Turn;

    Clock& clock_;
    LineSettings settings_;
    std::string name_;
    Connect connect_;
    RtuOptions options_;
    ModbusLibrary library_;
    std::unique_ptr<ByteLink> link_;
    Bytes heard_;             // since the request
    Instant busy_until_{};    // the end of the last character known of
    Instant silent_until_{};  // after a fault: nobody may be asked before
    std::uint64_t next_ticket_ = 0, serving_ = 0;
    Event turn_ended_;

    Task<Turn> take_turn();
    Task<OptionalFailure> settle();
    Task<ModbusReply> perform(ModbusRequest request);
    Task<std::expected<Bytes, ModbusFailure>> carry(Bytes sent, bool to_everyone);
    Task<bool> hear(Instant deadline);
    Task<OptionalFailure> hear_echo(Bytes sent);
    Task<void> hear_reply(Bytes sent);
    Duration longest_pause(BytesView sent) const;
    Task<std::expected<Bytes, ModbusFailure>> reply_to(Bytes sent);
    Task<void> let_everyone_act();
    void learn_from(const ModbusFailure& failure);
};

// The right to use the line, until it goes.
class RtuBus::Turn {
  public:
    explicit Turn(RtuBus& bus) : bus_(&bus) {}
    Turn(Turn&& other) noexcept : bus_(std::exchange(other.bus_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
        if (bus_ == nullptr) return;
        ++bus_->serving_;
        bus_->turn_ended_.notify();
    }

  private:
    RtuBus* bus_;
};

Task<RtuBus::Turn> RtuBus::take_turn() {
    const std::uint64_t ticket = next_ticket_++;
    while (serving_ != ticket) co_await clock_.wait(turn_ended_, never);
    co_return Turn{*this};
}

Task<void> RtuBus::open(std::string caller) {
    const auto self = shared_from_this();
    const Turn turn = co_await take_turn();
    if (link_) co_return;
    try {
        link_ = co_await connect_();
    } catch (const LinkError& error) {
        throw LinkError(fmt::format("{}: {}", caller, error.what()));
    }
    busy_until_ = clock_.now();
}

// What comes unasked is late or noise: after it the line must be silent for as long as after a
// fault.
Task<RtuBus::OptionalFailure> RtuBus::settle() try {
    const Instant latest = clock_.now() + most_silent_waits * options_.patience;
    std::size_t stale = 0;  // what was there already does not count: nobody has listened
    for (int piece = 0; stale <= most_stale && clock_.now() <= latest; ++piece) {
        const Instant quiet = std::max(busy_until_ + frame_gap(settings_), silent_until_);
        const Bytes bytes = co_await link_->read(quiet);
        if (bytes.empty()) co_return std::nullopt;
        // In pieces of any size: a late reply may come byte by byte.
        if (piece > 0) stale += bytes.size();
        busy_until_ = clock_.now();
        distrust();
    }
    co_return ModbusFailure{ModbusFault::restless, "the line does not fall silent", ""};
} catch (const LinkError& error) {
    co_return ModbusFailure{ModbusFault::link_lost, error.what(), ""};
}

// False when nothing came until the deadline. A line that never pauses is not heard for ever.
Task<bool> RtuBus::hear(Instant deadline) {
    const Bytes bytes = co_await link_->read(deadline);
    if (bytes.empty()) co_return false;
    busy_until_ = clock_.now();
    heard_.insert(heard_.end(), bytes.begin(), bytes.end());
    co_return heard_.size() < most_heard;
}

// The wires carry back exactly what was put on them, or somebody else was talking.
Task<RtuBus::OptionalFailure> RtuBus::hear_echo(Bytes sent) {
    bool more = true;
    while (heard_.size() < sent.size() && more) {
        const Instant deadline = std::max(busy_until_, clock_.now()) + byte_timeout;
        more = co_await hear(deadline);
    }
    const auto common = static_cast<std::ptrdiff_t>(std::min(sent.size(), heard_.size()));
    if (!std::equal(sent.begin(), sent.begin() + common, heard_.begin())) {
        co_return ModbusFailure{
            ModbusFault::echo,
            "the echo is not what was sent: collision, noise, or echoes is set for nothing",
            ""};
    }
    if (heard_.size() < sent.size()) {
        co_return ModbusFailure{
            ModbusFault::echo,
            fmt::format(
                "{} of {} bytes came back as echo: echoes is set", heard_.size(), sent.size()),
            ""};
    }
    heard_.erase(heard_.begin(), heard_.begin() + common);
    co_return std::nullopt;
}

// A frame ends by silence. What is whole and sound needs only the silence of the specification,
// what is not may still be on its way through an adapter.
Task<void> RtuBus::hear_reply(Bytes sent) {
    bool more = true;
    if (heard_.empty()) more = co_await hear(busy_until_ + options_.patience);
    // Who goes on for longer than the longest frame takes does not reply: the others wait.
    const Instant latest = clock_.now() + options_.patience +
                           static_cast<int>(most_rtu_frame) * character_time(settings_);
    while (more && clock_.now() < latest) {
        const Duration pause = longest_pause(sent);
        more = co_await hear(clock_.now() + pause);
    }
}

Duration RtuBus::longest_pause(BytesView sent) const {
    const std::size_t size = rtu_reply_size_for(sent, heard_);
    if (heard_.size() < size) return byte_timeout;
    return heard_.size() == size && decode_rtu(heard_) ? frame_gap(settings_) : end_timeout;
}

Task<std::expected<Bytes, ModbusFailure>> RtuBus::reply_to(Bytes sent) {
    co_await hear_reply(sent);
    if (heard_.empty()) {
        co_return std::unexpected(ModbusFailure{
            ModbusFault::silent,
            fmt::format("no reply within {} s", calibration::seconds(options_.patience)),
            ""});
    }
    const auto reply = judge_rtu_reply(sent, heard_);
    if (!reply) co_return std::unexpected(reply.error());
    co_return std::move(heard_);
}

// Whoever answers a broadcast all the same is not listened to.
Task<void> RtuBus::let_everyone_act() {
    const Instant ready = busy_until_ + turn_around;
    bool more = true;
    while (more) more = co_await hear(ready);
    if (!heard_.empty()) distrust();
}

Task<std::expected<Bytes, ModbusFailure>> RtuBus::carry(Bytes sent, bool to_everyone) try {
    heard_.clear();
    co_await link_->write(sent);
    busy_until_ = clock_.now() + static_cast<int>(sent.size()) * character_time(settings_);
    if (settings_.echoes) {
        const OptionalFailure noise = co_await hear_echo(sent);
        if (noise) co_return std::unexpected(*noise);
    }
    if (to_everyone) {
        co_await let_everyone_act();
        co_return Bytes{};
    }
    auto reply = co_await reply_to(sent);
    co_return reply;
} catch (const LinkError& error) {
    co_return std::unexpected(ModbusFailure{ModbusFault::link_lost, error.what(), ""});
}

Task<ModbusReply> RtuBus::perform(ModbusRequest request) {
    const OptionalFailure restless = co_await settle();
    if (restless) co_return std::unexpected(*restless);
    auto sent = library_.request(request);
    if (!sent) co_return std::unexpected(sent.error());
    const bool to_everyone = request.unit == 0;
    const auto reply = co_await carry(*std::move(sent), to_everyone);
    if (!reply) co_return std::unexpected(reply.error());
    if (to_everyone) co_return Words{};
    co_return library_.reply(*reply);
}

void RtuBus::learn_from(const ModbusFailure& failure) {
    if (failure.fault == ModbusFault::exception) return;
    if (failure.fault == ModbusFault::link_lost) link_.reset();
    if (failure.fault != ModbusFault::silent || options_.waits_out_late_replies) distrust();
}

Task<ModbusReply> RtuBus::exchange(ModbusRequest request, const bool& given_up) {
    const auto self = shared_from_this();
    const Turn turn = co_await take_turn();
    if (given_up || !link_) {  // lost in an earlier turn than the one that opened it
        const char* why = given_up ? "the port was closed" : "the line was lost";
        co_return std::unexpected(ModbusFailure{ModbusFault::link_lost, why, ""});
    }
    ModbusReply reply = co_await perform(std::move(request));
    if (!reply) learn_from(reply.error());
    co_return reply;
}

// -- one meter's share of the bus
// --------------------------------------------------------------------------------------

class RtuChannel final : public ModbusChannel {
  public:
    RtuChannel(std::shared_ptr<RtuBus> bus, int unit, std::string name)
        : bus_(std::move(bus)), unit_(unit), name_(std::move(name)) {}

    Task<void> open() override { return bus_->open(name_); }
    // The bus asks nobody after a fault before the line was silent.
    Task<void> renew() override { return bus_->open(name_); }
    void distrust() override { bus_->distrust(); }
    Task<ModbusReply> exchange(ModbusRequest request) override;
    bool has_others() const override { return true; }
    std::string line() const override { return bus_->name(); }
    void close() override { closed_ = true; }

  private:
    std::shared_ptr<RtuBus> bus_;
    int unit_;
    std::string name_;
    bool closed_ = false;
};

Task<ModbusReply> RtuChannel::exchange(ModbusRequest request) {
    if (request.unit != 0) request.unit = unit_;
    ModbusReply reply = co_await bus_->exchange(std::move(request), closed_);
    if (closed_) {
        co_return std::unexpected(ModbusFailure{ModbusFault::link_lost, "the port was closed", ""});
    }
    co_return reply;
}

}  // namespace

std::shared_ptr<ModbusChannel> rtu_channel(std::shared_ptr<ModbusBus> bus,
                                           int unit,
                                           std::string name) {
    auto rtu = std::dynamic_pointer_cast<RtuBus>(std::move(bus));
    calibration::check(rtu != nullptr, "a bus is made by ModbusBus::make");
    return std::make_shared<RtuChannel>(std::move(rtu), unit, std::move(name));
}

std::shared_ptr<ModbusBus> make_rtu_bus(Clock& clock,
                                        LineSettings settings,
                                        std::string name,
                                        ModbusBus::Connect connect,
                                        RtuOptions options) {
    parse_line_settings(line_settings_text(settings));
    calibration::check(connect != nullptr, "a bus knows how to open its line");
    return std::make_shared<RtuBus>(clock, settings, std::move(name), std::move(connect), options);
}

std::shared_ptr<ModbusBus> ModbusBus::make(boost::asio::io_context&,
                                           Clock& clock,
                                           LineSettings settings,
                                           std::string name,
                                           Connect connect) {
    return make_rtu_bus(clock, settings, std::move(name), std::move(connect));
}

Clock& clock_of(ModbusBus& bus) { return dynamic_cast<RtuBus&>(bus).clock(); }

}  // namespace dut
