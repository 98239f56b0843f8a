// calrig find-meters: who is on a serial line, at which address and with which settings.
#include "calibration/document.hpp"
#include "dut/modbus_bus.hpp"
#include "instruments/io/loop.hpp"
#include "scripts/cli/commands.hpp"
#include "scripts/cli/find_options.hpp"
#include "scripts/cli/say.hpp"
#include "scripts/cli/setup.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scripts {

namespace {

using calibration::DataError;
using dut::FoundMeter;
using dut::LineSettings;
using instruments::io::ByteLink;
using instruments::io::Loop;
using instruments::io::Task;

volatile std::sig_atomic_t stop_search = 0;

struct SearchStopped {};

// One line that is rewritten; nothing into a pipe.
class Probes {
  public:
    Probes(std::size_t all, bool quiet)
        : all_(all), visible_(!quiet && ::isatty(STDERR_FILENO) != 0) {}
    ~Probes() { clear(); }
    Probes(const Probes&) = delete;
    Probes& operator=(const Probes&) = delete;

    void show(const LineSettings& settings, int unit) {
        if (stop_search != 0) {
            throw SearchStopped{};
        }
        ++done_;
        if (visible_) {
            say(stderr,
                "\r\033[Kprobe {} of {}: {}, unit {}; {} found",
                done_,
                all_,
                dut::line_settings_text(settings),
                unit,
                found_);
            open_ = true;
        }
    }
    void found() { ++found_; }
    void clear() {
        if (open_) {
            say(stderr, "\r\033[K");
            open_ = false;
        }
    }

  private:
    std::size_t all_, done_ = 0, found_ = 0;
    bool visible_, open_ = false;
};

// Ends the search at its next probe, with what was found until then.
class StopSearchOnCtrlC {
  public:
    StopSearchOnCtrlC() : before_(std::signal(SIGINT, [](int) { stop_search = 1; })) {}
    ~StopSearchOnCtrlC() { std::signal(SIGINT, before_); }
    StopSearchOnCtrlC(const StopSearchOnCtrlC&) = delete;
    StopSearchOnCtrlC& operator=(const StopSearchOnCtrlC&) = delete;

  private:
    void (*before_)(int);
};

struct Search {
    dut::MeterType type;
    SearchLink link;
    dut::SearchOptions options;
};

struct Findings {
    std::vector<FoundMeter> meters;
    bool stopped = false;
    std::exception_ptr failure;  // of the line: what was found before counts all the same
};

Findings look_for_meters(const Search& search, Probes& probes) {
    const auto loop = Loop::with_real_time();
    const StopSearchOnCtrlC stop;
    Findings findings;
    dut::SearchOptions options = search.options;
    options.progress = [&probes](const LineSettings& line, int unit) { probes.show(line, unit); };
    // At once, so that it is not lost when the search is stopped.
    options.found = [&](const FoundMeter& meter) {
        findings.meters.push_back(meter);
        probes.found();
    };
    auto reopen = [&loop, link = search.link](const LineSettings& line) {
        return instruments::io::open_link(loop->context(), loop->clock(), link.address(line));
    };
    try {
        loop->run(dut::search_meters(
            loop->context(), loop->clock(), search.type, reopen, std::move(options)));
    } catch (const SearchStopped&) {
        findings.stopped = true;
    } catch (const std::exception&) {
        findings.failure = std::current_exception();
    }
    return findings;
}

std::string line_text(const FoundMeter& meter, const SearchLink& link) {
    return link.has_settings() ? dut::line_settings_text(meter.settings) : "as the link is";
}

std::string who(const FoundMeter& meter) {
    return meter.collision ? "two or more meters answer at once: give each an address of its own"
                           : fmt::format("{:<20}{}", meter.name, meter.serial);
}

void print_table(const Findings& findings, const SearchLink& link) {
    if (findings.meters.empty()) {
        return;
    }
    say(stdout, "{:<6}{:<16}{:<20}{}\n", "unit", "line", "meter", "serial");
    for (const FoundMeter& meter : findings.meters) {
        say(stdout, "{:<6}{:<16}{}\n", meter.unit, line_text(meter, link), who(meter));
    }
}

void print_json(const Findings& findings, const SearchLink& link) {
    nlohmann::json meters = nlohmann::json::array();
    for (const FoundMeter& meter : findings.meters) {
        nlohmann::json entry{{"unit", meter.unit}, {"collision", meter.collision}};
        if (link.has_settings()) {
            entry["line"] = dut::line_settings_text(meter.settings);
        }
        if (!meter.collision) {
            entry["name"] = meter.name;
            entry["serial"] = meter.serial;
        }
        meters.push_back(std::move(entry));
    }
    say(stdout, "{}\n", nlohmann::json{{"meters", meters}, {"stopped", findings.stopped}}.dump());
}

}  // namespace

int find_meters_command(const FindOptions& options) {
    const Search search{.type = meter_type(options.meter, options.meters_folder),
                        .link = SearchLink(options.link),
                        .options = search_options(options)};
    Probes probes(search.options.settings.size() * search.options.units.size(), options.json);
    const Findings findings = look_for_meters(search, probes);
    probes.clear();
    const bool any = !findings.failure || !findings.meters.empty();
    if (options.json && any) {
        print_json(findings, search.link);
    } else if (any) {
        print_table(findings, search.link);
    }
    if (findings.failure) {
        std::rethrow_exception(findings.failure);
    }
    if (findings.stopped) {
        say(stderr, "calrig: the search was stopped by the operator\n");
        return bench_failed;
    }
    if (findings.meters.empty()) {
        say(stderr, "calrig: {}: no meter answered\n", options.link);
        return bench_failed;
    }
    return all_pass;
}

}  // namespace scripts
