#include "instruments/zera_mt/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace instruments::zera_mt {
namespace {

constexpr int most_stray_lines = 1000;  // before the answer to one command; more is not this device
constexpr io::Duration look_again = std::chrono::milliseconds{100};
constexpr int most_synchronisations = 2;  // the first may meet half a line that was still under way

// One more waits for a line while this lives, which may be longer than the exchange does.
class Waiter {
  public:
    explicit Waiter(std::shared_ptr<int> count) : count_(std::move(count)) { ++*count_; }
    ~Waiter() { --*count_; }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

  private:
    std::shared_ptr<int> count_;
};

std::string device_name(const io::ByteLink& link) {
    return fmt::format("source zera-mt at {}", link.name());
}

}  // namespace

void add_once(std::vector<std::string>& names, std::string name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
}

// What is sent, how its answer looks, how long it may take.
struct Exchange::Question {
    std::string line;
    std::string operation;
    std::string expected;  // "SOKUP", or the beginning of an answer that carries a value
    io::Duration timeout;
    bool alone = true;  // in step: any other line is a fault; else it may be late, and is dropped

    bool is_answered_by(const Reply& reply) const {
        if (std::holds_alternative<StatusReport>(reply)) return expected == "SSM";
        if (std::holds_alternative<Model>(reply)) return expected == "STS";
        if (std::holds_alternative<Refused>(reply)) return alone;
        return encode(reply) == expected;
    }
};

Exchange::Exchange(io::Clock& clock, std::unique_ptr<io::ByteLink> link, Timeouts timeouts)
    : clock_(clock),
      lines_(std::move(link), "\r", 1024),
      timeouts_(timeouts),
      device_(device_name(lines_.link())) {}

Exchange::Question Exchange::question(const Command& command, std::string operation) const {
    const auto line = encode(command);
    if (!line)
        throw fault(std::move(operation), "a value does not fit its field; nothing was sent");
    Question question{*line, std::move(operation), *line, timeouts_.status};
    if (const auto keyword = acknowledgement(command); !keyword.empty()) {
        question.timeout = timeouts_.setting;
        question.expected = fmt::format("SOK{}", keyword);
    }
    if (std::holds_alternative<AskVersion>(command)) question.expected = "AAVACK";
    if (const auto* set = std::get_if<Switch>(&command)) {
        question.timeout = *set == Switch{} ? timeouts_.switch_off : timeouts_.switch_on;
    }
    return question;
}

std::vector<std::string> Exchange::take_trips() { return std::exchange(trips_, {}); }

io::Task<void> Exchange::set(Command command, std::string operation) {
    if (!in_step_) co_await synchronise();
    co_await ask(question(command, std::move(operation)));
}

io::Task<void> Exchange::set_at_once(Command command, std::string operation) {
    co_await ask(question(command, std::move(operation)));
}

// A status line that came unasked looks like the answer. What has arrived is taken in before
// asking; and where the answer names a fault the line is brought in step again, because the true
// answer may still be on its way.
io::Task<Status> Exchange::status() {
    co_await take_arrived();
    if (!in_step_) co_await synchronise();
    const Reply reply = co_await ask(question(AskStatus{}, "read status"));
    const Status status = std::get<StatusReport>(reply).status;
    in_step_ = status.clean();
    co_return status;
}

io::Task<void> Exchange::take_arrived() {
    const io::Instant long_past{};
    for (int lines = 0; lines < most_stray_lines; ++lines) {
        const auto line = co_await lines_.read_line(long_past);
        if (!line) co_return;
        const auto reply = decode_reply(*line);
        if (!reply || !keep(*reply)) in_step_ = false;
    }
}

io::Task<Model> Exchange::model() {
    if (!in_step_) co_await synchronise();
    const Reply reply = co_await ask(question(AskModel{}, "identify"));
    co_return std::get<Model>(reply);
}

io::Task<Version> Exchange::version() {
    if (!in_step_) co_await synchronise();
    version_.reset();
    co_await ask(question(AskVersion{}, "read version"));
    if (!version_) throw fault("read version", "acknowledged without a version");
    co_return *version_;
}

io::Task<void> Exchange::synchronise() {
    in_step_ = false;
    for (int attempt = 1; !in_step_; ++attempt) {
        try {
            co_await ask(question(AskModel{}, "synchronise"));
            in_step_ = true;
        } catch (const Superseded&) {
            throw;
        } catch (const DeviceFault&) {
            if (attempt == most_synchronisations) throw;
        }
    }
}

io::Task<Reply> Exchange::ask(Question question) {
    const auto turn = ++turn_;
    question.alone = std::exchange(in_step_, false);  // out of step until the answer is here
    if (!question.alone) {
        lines_.discard_input();
        co_await lines_.write_line("");
        demand_turn(question, turn);  // never a switch-on behind somebody else's switch-off
    }
    co_await lines_.write_line(question.line);
    Reply reply = co_await answer(question, turn);
    in_step_ = question.alone;
    if (const auto* refused = std::get_if<Refused>(&reply)) {
        throw fault(question.operation, "refused", refused->text);
    }
    co_return reply;
}

void Exchange::demand_turn(const Question& question, std::uint64_t turn) const {
    if (turn != turn_) {
        throw Superseded({device_, question.operation, "superseded by a later command", ""});
    }
}

io::Task<Reply> Exchange::answer(const Question& question, std::uint64_t turn) {
    const auto deadline = clock_.now() + question.timeout;
    const Waiter waiter{waiting_};
    for (int stray = 0; stray < most_stray_lines; ++stray) {
        // Whoever was superseded still waits, and may be the one who takes this answer off the
        // link: it then lies among the lines, where only a new look finds it.
        const auto until = *waiting_ > 1 ? std::min(deadline, clock_.now() + look_again) : deadline;
        const auto line = co_await lines_.read_line(until);
        demand_turn(question, turn);
        if (!line && until < deadline) continue;
        if (!line) {
            const double waited = calibration::seconds(question.timeout);
            throw fault(question.operation, fmt::format("no answer within {:g} s", waited));
        }
        const auto reply = decode_reply(*line);
        if (reply && question.is_answered_by(*reply)) co_return *reply;
        if (!(reply && keep(*reply)) && question.alone) {
            throw fault(question.operation, fmt::format("expected {}", question.expected), *line);
        }
    }
    throw fault(question.operation, "sends lines without end, none of them the answer");
}

bool Exchange::keep(const Reply& reply) {
    if (const auto* report = std::get_if<StatusReport>(&reply)) {
        for (auto& name : report->status.faults()) add_once(trips_, std::move(name));
        return true;
    }
    if (const auto* version = std::get_if<Version>(&reply)) {
        version_ = *version;
        return true;
    }
    return std::holds_alternative<Model>(
        reply);  // of an earlier synchronisation whose answer came late
}

}  // namespace instruments::zera_mt
