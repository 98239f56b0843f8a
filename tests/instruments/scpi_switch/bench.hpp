// Both ends of a switch's line for the tests: a unit that follows a script, and the emulated one.
#pragma once

#include "instruments/io/line_link.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/scpi_switch/driver.hpp"
#include "instruments/scpi_switch/emulator.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scpi_switch_test {

namespace io = instruments::io;
namespace scpi = instruments::scpi_switch;
using namespace std::chrono_literals;

// What the host must send next, and what it gets for it.
struct Step {
    std::string line;
    std::optional<std::string> answer;  // with its line's end
    io::Duration after{0};
};
using Script = std::vector<Step>;

inline Step sends(std::string line) { return {std::move(line), {}}; }
inline Step asks(std::string line, std::string answer, io::Duration after = {}) {
    return {std::move(line), std::move(answer) + "\n", after};
}

inline const Step greeting = asks("*IDN?", "HEWLETT-PACKARD,34970A,0,13-2-2");
inline const Step no_error = asks("SYST:ERR?", "+0,\"No error\"");

inline Script operator+(Script first, const Script& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

// A unit that answers by the script alone, and writes down what it did not expect.
struct ScriptedUnit {
    explicit ScriptedUnit(Script given, const scpi::Options& options = {})
        : script(std::move(given)) {
        auto [host, unit] = io::memory_links(loop->clock(), "twin switch");
        device_end = std::make_unique<io::LineLink>(std::move(unit), "");
        loop->spawn(play());
        driver = scpi::open(loop->clock(), std::move(host), options);
    }

    io::Task<void> play() {
        try {
            for (;;) {
                const auto line = co_await device_end->read_line(io::never);
                if (next == script.size() || script[next].line != *line) {
                    surprises.push_back(fmt::format("step {}: {}", next, *line));
                    continue;
                }
                const Step step = script[next++];
                if (!step.answer) continue;
                co_await loop->clock().sleep_for(step.after);
                co_await device_end->write_line(*step.answer);
            }
        } catch (const io::LinkError&) {
            co_return;
        }
    }

    void close_only(std::vector<int> channels) {
        loop->run(driver->close_only(std::move(channels)));
    }
    bool is_done() const { return next == script.size() && surprises.empty(); }
    double now() const { return calibration::seconds(loop->clock().now()); }

    Script script;
    std::size_t next = 0;
    std::vector<std::string> surprises;
    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    std::unique_ptr<io::LineLink> device_end;
    std::unique_ptr<instruments::PositionSwitch> driver;
};

// Passes on what the unit answers, byte by byte through `change`: another byte, or none.
class TamperedLink final : public io::ByteLink {
  public:
    using Change = std::function<std::optional<std::uint8_t>(std::size_t index, std::uint8_t byte)>;

    TamperedLink(std::unique_ptr<io::ByteLink> link, Change change)
        : link_(std::move(link)), change_(std::move(change)) {}

    io::Task<void> write(io::BytesView bytes) override { co_await link_->write(bytes); }
    io::Task<io::Bytes> read(io::Instant deadline) override {
        for (;;) {
            const io::Bytes received = co_await link_->read(deadline);
            io::Bytes passed;
            for (const auto byte : received) {
                if (const auto changed = change_(count_++, byte)) passed.push_back(*changed);
            }
            if (received.empty() || !passed.empty()) co_return passed;
        }
    }
    void close() override { link_->close(); }
    std::string name() const override { return link_->name(); }

  private:
    std::unique_ptr<io::ByteLink> link_;
    Change change_;
    std::size_t count_ = 0;
};

// The driver on one end, the emulated unit on the other, and every move of a relay.
struct Bench {
    explicit Bench(scpi::EmulatorOptions options = {}, TamperedLink::Change change = {})
        : emulator(loop->clock(), std::move(options), [this](int channel, bool closed) {
              moves.push_back(fmt::format("{}{}", closed ? '+' : '-', channel));
          }) {
        connect(std::move(change));
    }

    void connect(TamperedLink::Change change = {}) {
        driver.reset();
        auto [host, unit] = io::memory_links(loop->clock(), "twin switch");
        device_ends.push_back(std::move(unit));
        loop->spawn(emulator.serve(*device_ends.back()));
        if (change) host = std::make_unique<TamperedLink>(std::move(host), std::move(change));
        driver = scpi::open(loop->clock(), std::move(host));
    }

    void close_only(std::vector<int> channels) {
        loop->run(driver->close_only(std::move(channels)));
    }

    // What the unit answers to these lines, without a driver.
    std::vector<std::string> answers(std::vector<std::string> lines) {
        auto [host, unit] = io::memory_links(loop->clock(), "twin switch");
        device_ends.push_back(std::move(unit));
        loop->spawn(emulator.serve(*device_ends.back()));
        return loop->run(
            ask(std::make_unique<io::LineLink>(std::move(host), "\n"), std::move(lines)));
    }

    io::Task<std::vector<std::string>> ask(std::unique_ptr<io::LineLink> link,
                                           std::vector<std::string> lines) {
        std::vector<std::string> all;
        for (const std::string& line : lines) {
            co_await link->write_line(line);
            const auto answer = co_await link->read_line(loop->clock().now() + 10s);
            all.push_back(answer.value_or("-"));
        }
        co_return all;
    }

    double now() const { return calibration::seconds(loop->clock().now()); }

    std::vector<std::string> moves;
    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    scpi::Emulator emulator;
    std::vector<std::unique_ptr<io::ByteLink>> device_ends;
    std::unique_ptr<instruments::PositionSwitch> driver;
};

}  // namespace scpi_switch_test
