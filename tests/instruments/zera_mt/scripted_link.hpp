// A link whose other side follows a script: what must be sent, what is answered, in this order.
#pragma once

#include "instruments/io/link.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace zera_mt_test {

namespace io = instruments::io;

struct Step {
    enum class Kind { expect_write, answer } kind;
    std::string text;
    io::Duration after{0};  // an answer comes so long after the step before it
};

inline Step sends(std::string line) { return {Step::Kind::expect_write, line + "\r"}; }
inline Step answers(std::string line, io::Duration after = {}) {
    return {Step::Kind::answer, line + "\r", after};
}
inline Step answers_raw(std::string bytes) { return {Step::Kind::answer, std::move(bytes)}; }

using Script = std::vector<Step>;

// Lives outside the link, so that a test can look at it while the driver owns the link.
struct Progress {
    Script script;
    std::size_t step = 0;
    bool done() const { return step == script.size(); }
    std::string next() const { return done() ? "the end" : script[step].text; }
};

class ScriptedLink final : public io::ByteLink {
  public:
    ScriptedLink(io::Clock& clock, Progress& progress) : clock_(clock), progress_(progress) {}

    io::Task<void> write(io::BytesView bytes) override {
        const std::string text(bytes.begin(), bytes.end());
        if (progress_.done() || progress_.script[progress_.step].text != text ||
            progress_.script[progress_.step].kind != Step::Kind::expect_write) {
            throw std::logic_error(fmt::format("step {}: sent \"{}\", the script has \"{}\"",
                                               progress_.step,
                                               text,
                                               progress_.next()));
        }
        ++progress_.step;
        co_return;
    }

    io::Task<io::Bytes> read(io::Instant deadline) override {
        const bool silent = progress_.done() ||
                            progress_.script[progress_.step].kind != Step::Kind::answer ||
                            clock_.now() + progress_.script[progress_.step].after > deadline;
        if (silent) {
            co_await clock_.sleep_until(deadline);
            co_return io::Bytes{};
        }
        const Step& step = progress_.script[progress_.step++];
        co_await clock_.sleep_for(step.after);
        co_return io::Bytes(step.text.begin(), step.text.end());
    }

    void close() override {}
    std::string name() const override { return "the script"; }

  private:
    io::Clock& clock_;
    Progress& progress_;
};

}  // namespace zera_mt_test
