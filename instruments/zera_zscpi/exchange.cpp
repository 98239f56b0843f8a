#include "instruments/zera_zscpi/exchange.hpp"

#include "instruments/zera_zscpi/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace instruments::zera_zscpi {

namespace {

using calibration::Duration;
using calibration::Instant;
using io::Task;
using std::chrono::milliseconds;

constexpr Duration poll_interval = milliseconds{20};
constexpr Duration quiet_time =
    milliseconds{300};  // a line silent for that long has nothing more to say
constexpr Duration longest_write = milliseconds{10000};
constexpr int most_stray_lines =
    1000;  // service requests and late answers, before we call it a babbling device

}  // namespace

Exchange::Exchange(io::Clock& clock, std::unique_ptr<io::ByteLink> link, Duration timeout)
    : clock_(clock),
      link_(std::move(link), "\n"),
      timeout_(timeout),
      device_(fmt::format("reference zera-zscpi at {}", link_.link().name())) {}

DeviceFault Exchange::fault(std::string_view operation, std::string problem, std::string code) {
    in_step_ = false;
    return DeviceFault{{device_, std::string{operation}, std::move(problem), std::move(code)}};
}

// The next line that is an answer; false when the deadline came first.
Task<bool> Exchange::await_line(std::string& line, Instant deadline) {
    for (int strays = 0; strays < most_stray_lines; ++strays) {
        auto received = co_await link_.read_line(deadline);
        if (!received) co_return false;
        if (*received == service_request) continue;
        line = std::move(*received);
        co_return true;
    }
    throw fault("read", "sends service requests without end");
}

Task<std::vector<std::string>> Exchange::ask(std::string_view operation,
                                             std::string_view line,
                                             Duration measuring) {
    if (!in_step_) co_await get_in_step(operation);
    in_step_ = false;  // until every answer is there, also when the link breaks
    const auto queries = static_cast<std::size_t>(std::ranges::count(line, '?'));
    link_.discard_input();
    co_await link_.write_line(line);
    std::vector<std::string> answers(queries);
    for (std::size_t i = 0; i < queries; ++i) {
        const Instant deadline = clock_.now() + measuring + timeout_;
        const bool came = co_await await_line(answers[i], deadline);
        if (came) continue;
        std::string why = co_await error_queue();
        throw fault(operation,
                    fmt::format("answered {} of {} queries in '{}'", i, queries, line),
                    std::move(why));
    }
    in_step_ = true;
    co_return answers;
}

Task<void> Exchange::write(std::string_view operation, std::string_view line) {
    const std::string first = fmt::format("*CLS|{}|*OPC?", line);
    auto answers = co_await ask(operation, first);
    const Instant deadline = clock_.now() + longest_write;
    while (answers[0] != "+1") {
        if (answers[0] != "+0") {
            throw fault(operation, "garbled answer to *OPC?", answers[0]);
        }
        if (clock_.now() >= deadline) throw fault(operation, "does not complete the command");
        co_await clock_.sleep_for(poll_interval);
        answers = co_await ask(operation, "*OPC?");
    }
    const auto errors = co_await ask(operation, "SYSTEM:ERROR?");
    const auto error = parse_error(errors[0]);
    if (!error) throw fault(operation, "garbled answer to SYSTEM:ERROR?", errors[0]);
    if (error->code != 0) throw fault(operation, "refused the command", errors[0]);
}

// Late answers may still come before it; an error entry is known by its shape. Empty when the
// instrument is silent.
Task<std::string> Exchange::error_queue() {
    co_await link_.write_line("SYSTEM:ERROR:ALL?");
    const Instant deadline = clock_.now() + timeout_;
    std::string line;
    for (int strays = 0; strays < most_stray_lines; ++strays) {
        const bool came = co_await await_line(line, deadline);
        if (!came) break;
        if (parse_error(line)) co_return line;
    }
    co_return std::string{};
}

// Lets the line fall quiet, then asks for something that no late answer can be mistaken for.
Task<void> Exchange::get_in_step(std::string_view operation) {
    link_.discard_input();
    std::string line;
    bool came = true;
    for (int strays = 0; came && strays < most_stray_lines; ++strays) {
        came = co_await await_line(line, clock_.now() + quiet_time);
    }
    co_await link_.write_line("*IDN?");
    came = co_await await_line(line, clock_.now() + timeout_);
    if (!came) throw fault(operation, "does not answer");
    if (!line.starts_with("ZERA")) throw fault(operation, "is out of step", line);
    in_step_ = true;
}

}  // namespace instruments::zera_zscpi
