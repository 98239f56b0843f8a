#include "sequences/port_plan.hpp"

#include "sequences/head_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sequences {

namespace {

using calibration::LoadPoint;

// A load takes this long to be set and to stand; so does taking it away.
constexpr double setting_s = 12;
// Reading a meter's registers twice.
constexpr double reading_s = 2;
constexpr double least_heads_step_s = 2;
// Bench time of one read of everything over a serial line; by TCP it takes less.
constexpr double read_everything_s = 1;
// What the meters are delivered with; a step in its course uses what the meter says.
constexpr double usual_period_s = 600;

double limit_of(const calibration::Limits& limits) {
    return std::min(std::abs(limits.lower.value()), std::abs(limits.upper.value()));
}

bool has(const dut::MeterType& meter, std::string_view quantity) {
    return dut::find_register(meter.registers, quantity) != nullptr;
}

// A sealed meter refuses, and stays as it comes.
bool is_sealed(const dut::MeterType& meter, std::string_view quantity) {
    const dut::Register* row = dut::find_register(meter.registers, quantity);
    return row != nullptr && row->access == dut::Access::sealed;
}

// As the set-up steps before leave it.
SetTransformer planned_transformer(const Plan& plan) {
    if (plan.ratings.connection == calibration::Connection::direct) {
        return {};
    }
    const dut::TransformerRatio as_it_comes = dut::ratio_as_it_comes(plan.meter);
    SetTransformer transformer{.primary_a = as_it_comes.primary_a,
                               .secondary_a = as_it_comes.secondary_a};
    for (const TestPoint& point : plan.points) {
        for (const Setting& setting : point.programme.port.settings) {
            const int value = static_cast<int>(std::lround(setting.value));
            if (is_sealed(plan.meter, setting.quantity)) {
                continue;
            }
            if (setting.quantity == "ct_primary" && value > 0) {
                transformer.primary_a = value;
            } else if (setting.quantity == "ct_secondary" && value > 0) {
                transformer.secondary_a = value;
            }
        }
    }
    transformer.ratio =
        dut::carried_ratio(plan.meter, transformer.primary_a, transformer.secondary_a);
    return transformer;
}

std::vector<NamedLoad> sequence_loads(const TestPoint& point, const Plan& plan) {
    const calibration::Volt voltage =
        calibration::voltage_from_text(point.programme.voltage, plan.ratings);
    const auto load = [&](calibration::PhaseSequence sequence) {
        return LoadPoint::balanced(voltage,
                                   calibration::Ampere{0},
                                   calibration::PowerFactor::unity(),
                                   plan.ratings.nominal_frequency,
                                   sequence);
    };
    std::vector<NamedLoad> loads{{"123", load(calibration::PhaseSequence::l123)},
                                 {"132", load(calibration::PhaseSequence::l132)}};
    for (std::size_t phase = 0; phase < calibration::phase_count; ++phase) {
        LoadPoint missing = load(calibration::PhaseSequence::l123);
        missing.phases[phase].voltage = calibration::Volt{0};
        loads.push_back({fmt::format("without L{}", phase + 1), missing});
    }
    return loads;
}

std::vector<int> tariffs_of(const PortTest& port, const dut::MeterType& meter) {
    std::vector<int> tariffs = port.tariffs;
    for (int tariff = 1; port.tariffs.empty() && tariff <= meter.tariffs; ++tariff) {
        tariffs.push_back(tariff);
    }
    return tariffs;
}

std::string no_tariffs(const ProgrammePoint& point, const dut::MeterType& meter) {
    const dut::Register* row = dut::find_register(meter.registers, "tariff");
    if (row == nullptr ||
        (row->access != dut::Access::write && row->access != dut::Access::broadcast)) {
        return fmt::format("the {} has no tariff that could be selected", meter.name);
    }
    TestPoint asked{.programme = point};
    for (const int tariff : tariffs_of(point.port, meter)) {
        if (tariff > meter.tariffs || !has(meter, tariff_register(asked, tariff))) {
            return fmt::format("the {} has no register of tariff {}", meter.name, tariff);
        }
    }
    return "";
}

std::string no_settings(const ProgrammePoint& point, const dut::MeterType& meter) {
    for (const Setting& setting : point.port.settings) {
        if (!has(meter, setting.quantity)) {
            return fmt::format("the {} has no {}", meter.name, setting.quantity);
        }
    }
    return "";
}

double tariff_step(const TestPoint& point, const Plan& plan) {
    const dut::Register* row =
        dut::find_register(plan.meter.registers, tariff_register(point, point.port.tariffs.at(0)));
    return dut::step(*row);
}

void plan_energy(TestPoint& point, const Plan& plan) {
    PortPlan& port = point.port;
    port.energy = needed_energy(point, plan, port.transformer);
    port.load_s = port.energy / energy_rate(point) * 3600;
    const std::size_t times = std::max<std::size_t>(1, port.tariffs.size());
    point.expected_s =
        static_cast<double>(times) * (port.load_s + 2 * setting_s + point.programme.settle_s) +
        static_cast<double>(times + 1) * reading_s;
    if (!(port.energy > 0)) {
        point.infeasible = fmt::format("the {} has no pulse weight at {} A : {} A",
                                       plan.meter.name,
                                       port.transformer.primary_a,
                                       port.transformer.secondary_a);
    }
}

}  // namespace

std::string tariff_register(const TestPoint& point, int tariff) {
    return fmt::format("{}_t{}", total_register(point), tariff);
}

std::string total_register(const TestPoint& point) {
    return point.programme.power_factor.value() < 0 ? "active_export_energy"
                                                    : "active_import_energy";
}

std::string not_of_type(const ProgrammePoint& point, const dut::MeterType& meter) {
    if (!meter.modbus) {
        return fmt::format("the {} has no port", meter.name);
    }
    switch (point.kind) {
        case PointKind::tariff:
            return no_tariffs(point, meter);
        case PointKind::set_up:
            return no_settings(point, meter);
        case PointKind::pulse_output:
            return meter.pulse_output ? "" : fmt::format("the {} has no pulse output", meter.name);
        case PointKind::phase_sequence:
            return has(meter, "phase_sequence") && has(meter, "missing_phases")
                       ? ""
                       : fmt::format("the {} does not say what phases it sees", meter.name);
        case PointKind::load_curve:
            return meter.load_curve ? "" : fmt::format("the {} has no load curve", meter.name);
        default:
            return "";
    }
}

std::string not_on_bench(const ProgrammePoint& point, const rig::BenchFile& bench) {
    const auto& all = bench.positions;
    const auto no_port = [](const rig::PositionEntry& entry) { return entry.port == "none"; };
    if (point.kind != PointKind::heads && std::ranges::all_of(all, no_port)) {
        return "no position of the bench has a port";
    }
    if (point.kind == PointKind::heads) {
        if (!bench.position_switch) {
            return "the bench has no position switch";
        }
        const auto fixed = std::ranges::find_if(
            all, [](const rig::PositionEntry& entry) { return !entry.bypass_channel; });
        return fixed == all.end()
                   ? ""
                   : fmt::format("position {} has no channel of the position switch", fixed->name);
    }
    const auto unwired = [](const rig::PositionEntry& entry) { return !entry.output_channel; };
    if (point.kind == PointKind::pulse_output && std::ranges::all_of(all, unwired)) {
        return "no pulse output of the bench is wired";
    }
    return "";
}

double energy_rate(const TestPoint& point) {
    return point.programme.kind == PointKind::reactive
               ? std::abs(calibration::reactive_power(point.load).value())
               : std::abs(calibration::active_power(point.load).value());
}

double needed_energy(const TestPoint& point, const Plan& plan, const SetTransformer& transformer) {
    const double ratio = transformer.ratio;
    const PortTest& port = point.programme.port;
    const double step = plan.meter.register_resolution.value() / ratio;
    const double impulse = 1000 / plan.ratings.constant.value();
    switch (point.programme.kind) {
        case PointKind::constant:
            return std::max(step, impulse) /
                   (port.resolution_share * limit_of(*point.limits) / 100);
        case PointKind::dial:
            return step / (port.resolution_share * limit_of(*point.limits) / 100);
        case PointKind::reactive:
            return step / (port.resolution_share * port.most_error_percent / 100);
        case PointKind::tariff:
            // One step more: the register stands anywhere within its step at the beginning.
            return static_cast<double>(port.least_steps + 1) * tariff_step(point, plan) / ratio;
        case PointKind::pulse_output: {
            const auto weight = dut::pulse_weight_at_terminals(
                plan.meter, transformer.primary_a, transformer.secondary_a);
            if (!weight) {
                return 0;
            }
            const double compared = std::ceil(output_tolerance_impulses * impulse /
                                              (most_output_tolerance * weight->value()));
            return (std::max(static_cast<double>(port.least_impulses), compared + 1) + 2) *
                   weight->value();
        }
        default:
            return 0;
    }
}

double heads_step_s(const TestPoint& point) {
    return std::max(least_heads_step_s,
                    static_cast<double>(point.programme.port.least_intervals) *
                        calibration::seconds(point.impulse_interval));
}

void estimate_port_test(TestPoint& point, const Plan& plan) {
    const PortTest& asked = point.programme.port;
    point.port.transformer = planned_transformer(plan);
    switch (point.programme.kind) {
        case PointKind::constant:
        case PointKind::dial:
        case PointKind::pulse_output:
        case PointKind::reactive:
            plan_energy(point, plan);
            break;
        case PointKind::tariff:
            point.port.tariffs = tariffs_of(asked, plan.meter);
            plan_energy(point, plan);
            break;
        case PointKind::heads: {
            const auto steps = static_cast<double>(head_steps(plan.positions));
            point.port.load_s = steps * heads_step_s(point);
            point.expected_s = point.port.load_s + steps * (2 * setting_s + reading_s);
            break;
        }
        case PointKind::phase_sequence:
            point.port.loads = sequence_loads(point, plan);
            point.expected_s =
                static_cast<double>(point.port.loads.size()) * (setting_s + reading_s);
            break;
        case PointKind::communication:
            point.expected_s = setting_s + static_cast<double>(asked.reads) * read_everything_s;
            break;
        case PointKind::load_curve:
            point.port.load_s = static_cast<double>(asked.periods + 1) * usual_period_s;
            point.expected_s = 2 * setting_s + point.port.load_s;
            break;
        default:
            point.expected_s = setting_s + reading_s;
            break;
    }
    // Meters that answer late, loads that come late.
    point.at_most_s = 1.5 * point.expected_s + 60;
}

}  // namespace sequences
