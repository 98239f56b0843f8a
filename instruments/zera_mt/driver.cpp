#include "instruments/zera_mt/driver.hpp"

#include "calibration/check.hpp"
#include "instruments/zera_mt/models.hpp"
#include "instruments/zera_mt/set_points.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace instruments::zera_mt {
namespace {

constexpr int clean_readings =
    2;  // one wrong bit on the wire must not make a tripped source look healthy
constexpr int switch_off_attempts = 2;

SourceCapabilities capabilities_of(const ModelLimits& limits, io::Duration settling) {
    SourceCapabilities capabilities;
    capabilities.least_voltage = limits.least_voltage;
    capabilities.most_voltage = limits.most_voltage;
    capabilities.least_current = limits.least_current;
    capabilities.most_current = limits.most_current;
    capabilities.least_frequency = limits.least_frequency;
    capabilities.most_frequency = limits.most_frequency;
    capabilities.settling = settling;
    return capabilities;
}

bool any(const std::array<bool, 3>& flags) { return std::ranges::find(flags, true) != flags.end(); }

// The switches on the way to `to`: its voltages, and of its currents those that flow already.
Switch voltages_first(const Switch& from, const Switch& to) {
    Switch step = to;
    for (std::size_t i = 0; i < step.currents.size(); ++i) {
        step.currents[i] = to.currents[i] && from.currents[i];
    }
    return step;
}

Switch without_currents(Switch switches) {
    switches.currents = {};
    return switches;
}

class MtSource final : public Source {
  public:
    MtSource(io::Clock& clock, std::unique_ptr<io::ByteLink> link, const Options& options)
        : limits_(model_limits(options.model)),
          capabilities_(capabilities_of(limits_, options.settling)),
          exchange_(clock, std::move(link), options.timeouts) {}

    const SourceCapabilities& capabilities() const override { return capabilities_; }
    Task<Identity> identify() override;
    Task<void> stage(calibration::LoadPoint load) override;
    Task<void> commit() override;
    Task<void> switch_off(OffMode mode) override;
    Task<std::vector<std::string>> faults() override;

  private:
    Task<void> energise(Switch switches);
    Task<void> confirm_clean();
    Task<void> currents_off(Switch known);
    Task<void> everything_off();
    void notice_trips();
    void refuse_after_trip();

    const ModelLimits& limits_;
    SourceCapabilities capabilities_;
    Exchange exchange_;
    std::optional<SetPoints> staged_;
    std::optional<Switch> output_;  // what is known to be switched on; nothing: not known
    bool tripped_ = false;          // since the last switch_off()
    std::vector<std::string> unreported_;
    std::vector<std::string>
        reported_;  // since the last switch_off(): the same trip's lines may still come in
};

Task<Identity> MtSource::identify() {
    Model model = co_await exchange_.model();
    if (model.model == "MT400" || model.model == "MT507") {
        throw exchange_.fault("identify", "is not a three-phase source", model.model);
    }
    if (model.version.empty()) {
        const Version version = co_await exchange_.version();
        model.version = version.version;
    }
    co_return Identity{"ZERA", model.model, "", model.version};
}

Task<void> MtSource::stage(calibration::LoadPoint load) {
    staged_.reset();
    const auto fields = set_points(load, limits_);
    if (!fields) throw exchange_.fault("stage", fields.error());
    co_await exchange_.set(fields->frequency, "set frequency");
    co_await exchange_.set(fields->voltages, "set voltages");
    co_await exchange_.set(fields->currents, "set currents");
    staged_ = *fields;
}

void MtSource::notice_trips() {
    for (auto& name : exchange_.take_trips()) {
        tripped_ = true;
        if (std::ranges::find(reported_, name) == reported_.end()) {
            add_once(unreported_, std::move(name));
        }
    }
}

void MtSource::refuse_after_trip() {
    notice_trips();
    if (!tripped_) return;
    auto names = reported_;
    for (const auto& name : unreported_) add_once(names, name);
    throw exchange_.fault(
        "switch on", "tripped, switch off first", fmt::format("{}", fmt::join(names, ", ")));
}

Task<void> MtSource::commit() {
    calibration::check(staged_.has_value(), "commit() needs a load that stage() accepted");
    refuse_after_trip();
    const Switch target = staged_->switches;
    const Switch first = voltages_first(output_.value_or(Switch{}), target);
    if (first != target && any(first.voltages)) co_await energise(first);
    co_await energise(target);
}

Task<void> MtSource::energise(Switch switches) {
    output_.reset();
    co_await exchange_.set(switches, "switch on");
    co_await confirm_clean();
    output_ = switches;
}

Task<void> MtSource::confirm_clean() {
    for (int reading = 0; reading < clean_readings; ++reading) {
        const Status status = co_await exchange_.status();
        if (!status.clean()) {
            tripped_ = true;
            throw exchange_.fault(
                "switch on", fmt::format("{}", fmt::join(status.faults(), ", ")), status.digits());
        }
        refuse_after_trip();
    }
}

// What is known of the output decides: with voltages in doubt, keeping them on could switch them
// on.
Task<void> MtSource::switch_off(OffMode mode) {
    notice_trips();
    const bool intact = output_.has_value() && !tripped_;
    if (intact && mode == OffMode::current_only && any(output_->voltages)) {
        co_await currents_off(*output_);
        co_return;
    }
    // A line out of step would first be asked for its name, for seconds when it is dead: no time
    // for that.
    const bool in_order = intact && exchange_.in_step();
    if (in_order && mode == OffMode::normal && any(output_->currents)) {
        try {
            co_await currents_off(*output_);
        } catch (const Superseded&) {
            throw;
        } catch (const DeviceFault&) {
            output_.reset();  // in doubt; the next command covers it
        }
    }
    co_await everything_off();
}

Task<void> MtSource::currents_off(Switch known) {
    const Switch voltages = without_currents(known);
    output_.reset();
    for (int attempt = 1; !output_; ++attempt) {
        try {
            co_await exchange_.set(voltages, "switch currents off");
            output_ = voltages;
        } catch (const Superseded&) {
            throw;
        } catch (const DeviceFault&) {
            if (attempt == switch_off_attempts) throw;
        }
    }
}

Task<void> MtSource::everything_off() {
    const bool was_off = output_ == Switch{};
    staged_.reset();
    output_.reset();
    std::exception_ptr failure;
    for (int attempt = 0; attempt < switch_off_attempts && output_ != Switch{}; ++attempt) {
        try {
            const bool trusted = exchange_.in_step();
            co_await exchange_.set_at_once(Switch{}, "switch off");
            // Out of step, that answer may be a late one to an earlier command: ask again where it
            // cannot be.
            if (!trusted) co_await exchange_.set(Switch{}, "switch off");
            notice_trips();
            output_ = Switch{};
            tripped_ = false;
            reported_.clear();
        } catch (const Superseded&) {
            throw;
        } catch (const DeviceFault&) {
            failure = std::current_exception();
        } catch (const io::LinkError&) {
            failure = std::current_exception();
        }
    }
    if (output_) co_return;
    if (was_off) {
        output_ = Switch{};
        co_return;
    }
    std::rethrow_exception(failure);
}

Task<std::vector<std::string>> MtSource::faults() {
    const Status status = co_await exchange_.status();
    notice_trips();
    tripped_ = tripped_ || !status.clean();
    auto names = std::exchange(unreported_, {});
    for (auto& name : status.faults()) add_once(names, std::move(name));
    for (const auto& name : names) add_once(reported_, name);
    co_return names;
}

}  // namespace

std::unique_ptr<Source> open(io::Clock& clock,
                             std::unique_ptr<io::ByteLink> link,
                             const Options& options) {
    return std::make_unique<MtSource>(clock, std::move(link), options);
}

}  // namespace instruments::zera_mt
