#include "scripts/cli/progress.hpp"

#include "scripts/cli/say.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace scripts {

namespace {

constexpr std::size_t shown_positions = 4;
constexpr std::size_t usual_width = 80;

std::string live_errors(const sequences::LivePoint& live) {
    std::string text;
    for (std::size_t i = 0; i < std::min(live.positions.size(), shown_positions); ++i) {
        const sequences::LivePosition& position = live.positions[i];
        text += position.has_error ? fmt::format("  {}: {:+.3f} % ({})",
                                                 position.name,
                                                 position.error_percent,
                                                 position.impulses)
                                   : fmt::format("  {}: {} imp", position.name, position.impulses);
    }
    if (live.positions.size() > shown_positions) {
        const auto done =
            std::ranges::count_if(live.positions, [](const auto& p) { return p.state == "done"; });
        text += fmt::format("  ... {}/{} done", done, live.positions.size());
    }
    return text;
}

// A line that wraps cannot be rewritten.
std::size_t terminal_width() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return (known ? size.ws_col : usual_width) - 1;
}

std::string what_happens(const sequences::LivePoint& live) {
    if (live.name.empty()) {
        return live.phase;
    }
    const std::string attempt = live.attempt > 1 ? fmt::format(" (attempt {})", live.attempt) : "";
    return fmt::format(
        "[{}/{}] {}{}: {}", live.point + 1, live.points, live.name, attempt, live.phase);
}

}  // namespace

std::string duration_text(double seconds) {
    const auto total = static_cast<long>(std::lround(seconds));
    if (total >= 3600) {
        return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
    }
    return total >= 60 ? fmt::format("{} min {:02} s", total / 60, total % 60)
                       : fmt::format("{} s", total);
}

Progress::Progress(bool quiet, bool json)
    : mode_(json                                      ? Mode::json
            : (quiet || ::isatty(STDERR_FILENO) == 0) ? Mode::silent
                                                      : Mode::terminal) {}

sequences::LiveObserver Progress::observer() {
    switch (mode_) {
        case Mode::silent:
            return {};
        case Mode::terminal:
            return [this](const sequences::LivePoint& live) { show_line(live); };
        case Mode::json:
            break;
    }
    return show_json;
}

void Progress::show_line(const sequences::LivePoint& live) {
    std::string line = fmt::format(
        "{}, {} left{}", what_happens(live), duration_text(live.remaining_s), live_errors(live));
    line.resize(std::min(line.size(), terminal_width()));
    if (line != last_) {
        say(stderr, "\r\033[K{}", line);
        last_ = std::move(line);
        line_open_ = true;
    }
}

void Progress::show_json(const sequences::LivePoint& live) {
    nlohmann::json positions = nlohmann::json::array();
    for (const sequences::LivePosition& position : live.positions) {
        nlohmann::json entry{{"position", position.name},
                             {"impulses", position.impulses},
                             {"state", position.state}};
        if (position.has_error) {
            entry["error_percent"] = position.error_percent;
        }
        positions.push_back(std::move(entry));
    }
    say(stdout,
        "{}\n",
        nlohmann::json{{"progress", live.phase},
                       {"point", live.name},
                       {"attempt", live.attempt},
                       {"bench_time_s", live.bench_time_s},
                       {"remaining_s", live.remaining_s},
                       {"edges_recorded", live.edges_recorded},
                       {"positions", positions}}
            .dump());
    std::fflush(stdout);
}

void Progress::finish() {
    if (line_open_) {
        say(stderr, "\r\033[K");
        line_open_ = false;
    }
}

}  // namespace scripts
