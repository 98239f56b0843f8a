#include "instruments/zera_zscpi/driver.hpp"

#include "calibration/document.hpp"
#include "instruments/zera_zscpi/exchange.hpp"
#include "instruments/zera_zscpi/models.hpp"
#include "instruments/zera_zscpi/reading.hpp"
#include "instruments/zera_zscpi/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace instruments::zera_zscpi {

namespace {

using calibration::Ampere;
using calibration::Hertz;
using calibration::phase_count;
using calibration::Volt;

constexpr double constant_tolerance = 1e-6;

// Without a load a channel shows noise: below this part of its range its angle means nothing.
constexpr double angle_threshold = 1e-3;

// The constant is asked for twice: a wrong bit in its last digits would stay within the tolerance
// of the law.
constexpr std::string_view ask_constant =
    "SENSE:RNG1:UL1:RANGE?|SENSE:RNG1:UL2:RANGE?|SENSE:RNG1:UL3:RANGE?|"
    "SENSE:RNG1:IL1:RANGE?|SENSE:RNG1:IL2:RANGE?|SENSE:RNG1:IL3:RANGE?|"
    "CONFIGURATION:POW1:MMODE?|CONFIGURATION:POW1:NOMINAL_FREQ?|"
    "CONFIGURATION:POW1:M0CONSTANT?|CONFIGURATION:POW1:M0CONSTANT?";

constexpr std::string_view ask_catalogues =
    "SENSE:RNG1:UL1:RANGE:CATALOG?|SENSE:RNG1:IL1:RANGE:CATALOG?";

struct Ranges {
    std::string voltage, current;
    friend bool operator==(const Ranges&, const Ranges&) = default;
};

void check_options(const Options& options) {
    const Model& model = find_model(options.model);
    const bool frequency = options.nominal_frequency >= model.least_nominal_frequency &&
                           options.nominal_frequency <= model.most_nominal_frequency;
    if (!frequency) {
        throw calibration::DataError(
            fmt::format("reference nominal frequency: expected 10000 Hz to 200000 Hz, got {} Hz",
                        options.nominal_frequency.value()));
    }
    const double integration_s = calibration::seconds(options.integration);
    const bool whole = integration_s == std::round(integration_s);
    if (!whole || integration_s < 1 || integration_s > 100) {
        throw calibration::DataError(
            fmt::format("reference integration: expected 1 s to 100 s in whole seconds, got {} s",
                        integration_s));
    }
}

// A load point up to these can be held with headroom.
ReferenceCapabilities capabilities_of(const Model& model, Hertz nominal_frequency) {
    const auto widest = [](std::span<const std::string_view> ranges) {
        return parse_range(ranges.front())->value / headroom;
    };
    return {Volt{widest(model.voltage_ranges)},
            Ampere{widest(model.current_ranges)},
            nominal_frequency};
}

class ZscpiReference final : public Reference {
  public:
    ZscpiReference(io::Clock& clock, std::unique_ptr<io::ByteLink> link, const Options& options)
        : clock_(clock),
          options_(options),
          capabilities_(capabilities_of(find_model(options.model), options.nominal_frequency)),
          exchange_(clock, std::move(link), options.timeout) {}

    const ReferenceCapabilities& capabilities() const override { return capabilities_; }
    Task<Identity> identify() override;
    Task<PulseConstant> select_ranges(calibration::LoadPoint load) override;
    Task<PulseConstant> pulse_constant() override;
    Task<ReferenceReading> read() override;

  private:
    std::string common_settings() const;
    Task<void> set_up();
    Task<Ranges> choose(calibration::LoadPoint load);
    std::string narrowest(std::string_view catalogue, char unit, double load);
    Task<PulseConstant> read_constant(std::string_view operation);
    std::string common_range(std::string_view operation,
                             std::span<const std::string> answers,
                             char unit);
    double checked_constant(std::string_view operation, std::span<const std::string> answers);
    double number(std::string_view operation, std::string_view what, std::string_view answer);
    AngleThresholds thresholds() const;

    io::Clock& clock_;
    Options options_;
    ReferenceCapabilities capabilities_;
    Exchange exchange_;
    bool is_set_up_ = false;
    PulseConstant known_;  // epoch 0: not read yet
};

Task<Identity> ZscpiReference::identify() {
    const auto answers = co_await exchange_.ask("identify", "*IDN?");
    std::string_view rest = answers[0];
    std::array<std::string, 4> fields;
    for (std::string& field : fields) {
        std::string_view piece = take_until(rest, ',');
        while (piece.starts_with(' ')) piece.remove_prefix(1);
        field = piece;
    }
    if (!fields[0].starts_with("ZERA") || fields[1] != options_.model || fields[2].empty()) {
        throw exchange_.fault(
            "identify", fmt::format("is not a ZERA {}", options_.model), answers[0]);
    }
    co_return Identity{fields[0], fields[1], fields[2], fields[3]};
}

// Everything that must hold for all readings and constants.
std::string ZscpiReference::common_settings() const {
    return fmt::format(
        "CONFIGURATION:RNG1:RNGAUTO 0;|CONFIGURATION:POW1:MMODE 4LW;|CONFIGURATION:POW2:MMODE 4LB;|"
        "CONFIGURATION:POW3:MMODE 4LS;|CONFIGURATION:POW1:NOMINAL_FREQ {:.0f};|"
        "CONFIGURATION:DSP1:TINTEGRATION {:.0f};",
        options_.nominal_frequency.value(),
        calibration::seconds(options_.integration));
}

// For calls that come before the first select_ranges(), which sets the instrument up each time.
Task<void> ZscpiReference::set_up() {
    if (is_set_up_) co_return;
    const std::string line = common_settings();
    co_await exchange_.write("set up", line);
    is_set_up_ = true;
}

Task<PulseConstant> ZscpiReference::select_ranges(calibration::LoadPoint load) {
    const Ranges chosen = co_await choose(load);
    std::string line = common_settings();
    for (std::size_t i = 1; i <= phase_count; ++i) {
        line += fmt::format("|SENSE:RNG1:UL{0}:RANGE {1};|SENSE:RNG1:IL{0}:RANGE {2};",
                            i,
                            chosen.voltage,
                            chosen.current);
    }
    co_await exchange_.write("select ranges", line);
    is_set_up_ = true;
    co_await exchange_.write("clear overload", "SENSE:RNG1:OVERLOAD 0;");
    const PulseConstant constant = co_await read_constant("select ranges");
    if (Ranges{constant.voltage_range, constant.current_range} != chosen) {
        throw exchange_.fault("select ranges",
                              fmt::format("is in ranges {}, {} instead of {}, {}",
                                          constant.voltage_range,
                                          constant.current_range,
                                          chosen.voltage,
                                          chosen.current));
    }
    co_return constant;
}

Task<Ranges> ZscpiReference::choose(calibration::LoadPoint load) {
    Volt voltage{0};
    Ampere current{0};
    for (const calibration::PhaseLoad& phase : load.phases) {
        voltage = std::max(voltage, calibration::rms_voltage(phase));
        current = std::max(current, calibration::rms_current(phase));
    }
    const auto catalogues = co_await exchange_.ask("read range catalogues", ask_catalogues);
    co_return Ranges{narrowest(catalogues[0], 'V', voltage.value()),
                     narrowest(catalogues[1], 'A', current.value())};
}

// Entries of the other sensors (clamps: "C100A") are passed over; "--" stands for a channel that is
// not fitted.
std::string ZscpiReference::narrowest(std::string_view catalogue, char unit, double load) {
    const auto garbled = [&] {
        return exchange_.fault(
            "read range catalogues", "garbled range catalogue", std::string{catalogue});
    };
    std::string_view best;
    double best_value = 0;
    std::string_view rest = catalogue;
    while (!rest.empty()) {
        const std::string_view name = take_until(rest, ';');
        if (name.starts_with('C')) continue;
        const auto range = parse_range(name);
        if (!range || range->unit != unit) throw garbled();
        const bool holds = range->value * (1 + 1e-9) >= headroom * load;
        if (!holds || (!best.empty() && range->value >= best_value)) continue;
        best = name;
        best_value = range->value;
    }
    if (best.empty()) {
        throw exchange_.fault(
            "select ranges",
            fmt::format(
                "has no range for {} {} with 5 % to spare (it has {})", load, unit, catalogue));
    }
    return std::string{best};
}

Task<PulseConstant> ZscpiReference::pulse_constant() {
    co_await set_up();
    co_return co_await read_constant("read pulse constant");
}

Task<PulseConstant> ZscpiReference::read_constant(std::string_view operation) {
    const auto answers = co_await exchange_.ask(operation, ask_constant);
    const std::span all{answers};
    PulseConstant now;
    now.voltage_range = common_range(operation, all.first(phase_count), 'V');
    now.current_range = common_range(operation, all.subspan(phase_count, phase_count), 'A');
    now.value = calibration::ImpulsesPerKilowattHour{checked_constant(operation, all)};
    const bool same = known_.epoch > 0 && now.value == known_.value &&
                      now.voltage_range == known_.voltage_range &&
                      now.current_range == known_.current_range;
    now.epoch = same ? known_.epoch : known_.epoch + 1;
    known_ = now;
    co_return now;
}

// One range for the three phases, or the constant has no meaning.
std::string ZscpiReference::common_range(std::string_view operation,
                                         std::span<const std::string> answers,
                                         char unit) {
    const auto range = parse_range(answers[0]);
    const bool agree = answers[0] == answers[1] && answers[0] == answers[2];
    if (!agree || !range || range->unit != unit) {
        throw exchange_.fault(operation,
                              "phases are not in one range",
                              fmt::format("{}, {}, {}", answers[0], answers[1], answers[2]));
    }
    return answers[0];
}

// The answers of ask_constant: six ranges, the measuring mode, the nominal frequency, the constant,
// and again.
double ZscpiReference::checked_constant(std::string_view operation,
                                        std::span<const std::string> answers) {
    if (answers[6] != "4LW") {
        throw exchange_.fault(operation, "does not measure in four-wire mode", answers[6]);
    }
    if (answers[8] != answers[9]) {
        throw exchange_.fault(operation,
                              "states two pulse constants at once",
                              fmt::format("{}, {}", answers[8], answers[9]));
    }
    const double frequency_hz = number(operation, "nominal frequency", answers[7]);
    const double stated = number(operation, "pulse constant", answers[8]);
    const double expected = pulse_constant_law(Hertz{frequency_hz},
                                               Volt{parse_range(answers[0])->value},
                                               Ampere{parse_range(answers[3])->value})
                                .value();
    if (!(std::abs(stated / expected - 1) <= constant_tolerance)) {
        throw exchange_.fault(
            operation,
            fmt::format("states a pulse constant of {} imp/kWh, its ranges {} and {} make it {}",
                        stated,
                        answers[0],
                        answers[3],
                        expected),
            answers[8]);
    }
    return stated;
}

double ZscpiReference::number(std::string_view operation,
                              std::string_view what,
                              std::string_view answer) {
    const auto value = parse_number(answer);
    if (value) return *value;
    throw exchange_.fault(
        operation, fmt::format("{} {}", what, describe(value.error())), std::string{answer});
}

AngleThresholds ZscpiReference::thresholds() const {
    if (known_.epoch == 0) return {};
    return {Volt{angle_threshold * parse_range(known_.voltage_range)->value},
            Ampere{angle_threshold * parse_range(known_.current_range)->value}};
}

Task<ReferenceReading> ZscpiReference::read() {
    co_await set_up();
    const calibration::Instant asked = clock_.now();
    const auto answers = co_await exchange_.ask("read", ask_reading, options_.integration);
    auto parsed = parse_reading(answers, thresholds());
    if (!parsed) {
        const GroupFault& fault = parsed.error();
        throw exchange_.fault("read", fmt::format("{} {}", fault.item, describe(fault.fault)));
    }
    parsed->at = clock_.now();
    parsed->integration = parsed->at - asked + options_.integration;
    co_return *parsed;
}

}  // namespace

std::unique_ptr<Reference> open(io::Clock& clock,
                                std::unique_ptr<io::ByteLink> link,
                                Options options) {
    check_options(options);
    return std::make_unique<ZscpiReference>(clock, std::move(link), options);
}

}  // namespace instruments::zera_zscpi
