#include "instruments/scpi_switch/driver.hpp"

#include "calibration/check.hpp"
#include "instruments/io/line_link.hpp"
#include "instruments/scpi_switch/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace instruments::scpi_switch {

namespace {

constexpr int most_stray_lines = 100;  // before one answer; more is not a switch unit
constexpr std::size_t most_channels = 1000;
constexpr std::size_t longest_answer = 4096;

const char* state_name(bool closed) { return closed ? "closed" : "open"; }

class Driver final : public PositionSwitch {
  public:
    Driver(io::Clock& clock, std::unique_ptr<io::ByteLink> link, const Options& options)
        : clock_(clock),
          device_("position switch scpi-switch at " + link->name()),
          lines_(std::move(link), "\n", longest_answer),
          options_(options) {
        learn(options_.channels);
    }

    Task<Identity> identify() override;
    Task<void> close_only(std::vector<int> channels) override;

  private:
    DeviceFault fault(std::string operation, std::string problem, std::string code = {}) {
        in_step_ = false;
        return DeviceFault({device_, std::move(operation), std::move(problem), std::move(code)});
    }
    void learn(const std::vector<int>& channels);
    Task<void> send(Command command);
    Task<std::optional<std::string>> ask(Command question);
    Task<Identity> get_in_step(std::string operation);
    Task<std::string> error_queue();
    Task<void> move(const std::set<int>& closed, const std::set<int>& open);
    Task<void> verify(Channels channels, const std::set<int>& closed);
    Task<void> verify_no_error();
    DeviceFault bad_states(const Channels& channels, std::size_t index, const std::string& line);

    io::Clock& clock_;
    std::string device_;
    io::LineLink lines_;
    Options options_;
    std::set<int> known_;  // every channel it was ever told of
    bool in_step_ = false;
    io::Duration moving_{0};  // relays that the unit may still be moving
};

void Driver::learn(const std::vector<int>& channels) {
    const auto exists = [](int channel) { return channel >= 1 && channel <= highest_channel; };
    calibration::check(std::ranges::all_of(channels, exists), "a relay's channel is 1 to 99999");
    known_.insert(channels.begin(), channels.end());
    calibration::check(known_.size() <= most_channels, "a switch has at most a thousand channels");
}

Task<void> Driver::send(Command command) {
    const std::string line = encode(command);
    co_await lines_.write_line(line);
}

// Answers come in order, so in step only the identity of an earlier attempt can still be on its
// way. Nothing when no answer comes in time.
Task<std::optional<std::string>> Driver::ask(Command question) {
    in_step_ = false;  // until the answer is there, also when the link breaks
    co_await send(std::move(question));
    const io::Instant deadline =
        clock_.now() + options_.timeout + std::exchange(moving_, io::Duration{0});
    for (int strays = 0; strays < most_stray_lines; ++strays) {
        auto line = co_await lines_.read_line(deadline);
        if (!line) co_return std::nullopt;
        if (decode_identity(*line)) continue;
        in_step_ = true;
        co_return line;
    }
    throw fault("wait for an answer", "sends its identity without end");
}

// An empty line ends whatever was half sent; what is late comes before the identity, and is
// dropped.
Task<Identity> Driver::get_in_step(std::string operation) {
    co_await lines_.drain();
    co_await lines_.write_line("");
    co_await send(AskIdentity{});
    const io::Instant deadline =
        clock_.now() + options_.timeout + std::exchange(moving_, io::Duration{0});
    std::string last;
    for (int strays = 0; strays < most_stray_lines; ++strays) {
        auto line = co_await lines_.read_line(deadline);
        if (!line) break;
        if (auto identity = decode_identity(*line)) {
            in_step_ = true;
            co_return std::move(*identity);
        }
        last = std::move(*line);
    }
    throw fault(std::move(operation),
                fmt::format("no answer to *IDN? within {:g} s, expected maker, model, serial and "
                            "firmware",
                            calibration::seconds(options_.timeout)),
                std::move(last));
}

Task<Identity> Driver::identify() {
    Identity identity = co_await get_in_step("identify");
    co_return identity;
}

Task<void> Driver::close_only(std::vector<int> channels) {
    learn(channels);
    const std::set<int> closed(channels.begin(), channels.end());
    if (!in_step_) co_await get_in_step("close relays");
    std::set<int> open;
    std::ranges::set_difference(known_, closed, std::inserter(open, open.end()));
    co_await move(closed, open);
    const Channels all(known_.begin(), known_.end());
    for (const Channels& part : in_lines(all)) {
        co_await verify(part, closed);
    }
    co_await verify_no_error();
}

Task<void> Driver::move(const std::set<int>& closed, const std::set<int>& open) {
    in_step_ = false;  // until the relays have answered
    const Channels to_close(closed.begin(), closed.end());
    const Channels to_open(open.begin(), open.end());
    co_await send(ClearStatus{});
    for (const Channels& part : in_lines(to_close)) {
        co_await send(Close{part});
    }
    for (const Channels& part : in_lines(to_open)) {
        co_await send(Open{part});
    }
    moving_ = options_.relay_time * static_cast<int>(closed.size() + open.size());
}

Task<void> Driver::verify(Channels channels, const std::set<int>& closed) {
    const auto line = co_await ask(AskClosed{channels});
    if (!line) {
        std::string why = co_await error_queue();
        throw fault("read back relays",
                    fmt::format("channels {} to {}: no answer within {:g} s, expected their states",
                                channels.front(),
                                channels.back(),
                                calibration::seconds(options_.timeout)),
                    std::move(why));
    }
    const auto states = decode_states(*line, channels.size());
    if (!states) throw bad_states(channels, states.error(), *line);
    for (std::size_t i = 0; i < channels.size(); ++i) {
        const bool expected = closed.contains(channels[i]);
        if ((*states)[i] == expected) continue;
        std::string why = co_await error_queue();
        throw fault("read back relays",
                    fmt::format("channel {} is {}, expected {}",
                                channels[i],
                                state_name((*states)[i]),
                                state_name(expected)),
                    std::move(why));
    }
}

DeviceFault Driver::bad_states(const Channels& channels,
                               std::size_t index,
                               const std::string& line) {
    if (index == channels.size()) {
        return fault("read back relays",
                     fmt::format("channels {} to {}: expected {} states, got more",
                                 channels.front(),
                                 channels.back(),
                                 channels.size()),
                     line);
    }
    return fault("read back relays",
                 fmt::format("channel {}: expected 0 or 1 as state {} of {}, got another answer",
                             channels[index],
                             index + 1,
                             channels.size()),
                 line);
}

Task<void> Driver::verify_no_error() {
    const auto line = co_await ask(AskError{});
    const auto error = line ? decode_error(*line) : std::unexpected(AnswerFault::malformed);
    if (!error) {
        throw fault("read back errors",
                    line ? "expected a number and a text in quotes" : "no answer to SYST:ERR?",
                    line.value_or(""));
    }
    if (error->code != 0) {
        throw fault("close relays", "reports an error, expected none", *line);
    }
}

// The unit's own words about what went wrong, if it has any. Late answers may come before them.
Task<std::string> Driver::error_queue() {
    in_step_ = false;
    co_await send(AskError{});
    const io::Instant deadline = clock_.now() + options_.timeout;
    for (int strays = 0; strays < most_stray_lines; ++strays) {
        auto line = co_await lines_.read_line(deadline);
        if (!line) break;
        const auto error = decode_error(*line);
        if (error) co_return error->code == 0 ? std::string{} : std::move(*line);
    }
    co_return std::string{};
}

}  // namespace

std::unique_ptr<PositionSwitch> open(io::Clock& clock,
                                     std::unique_ptr<io::ByteLink> link,
                                     const Options& options) {
    return std::make_unique<Driver>(clock, std::move(link), options);
}

}  // namespace instruments::scpi_switch
