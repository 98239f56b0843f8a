#include "sequences/plan.hpp"

#include "calibration/document.hpp"
#include "calibration/procedures.hpp"
#include "rig/bench_file.hpp"
#include "sequences/port_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace sequences {

namespace {

using calibration::DataError;
using calibration::LoadKind;
using calibration::LoadPoint;

// What a point costs beside its gate: ramps, acknowledgements and the settling time of a stationary
// source.
constexpr double preparation_s = 12;
// Emission jitter a planner may expect of a healthy meter, as seen by a pulse head.
constexpr double usual_jitter_s = 1e-4;
// Starting: first impulse within 1.5 tau, second within another 1.5 tau, the third within the
// interval measured.
constexpr double usual_starting_taus = 2.5;
constexpr double most_starting_taus = 4.5;

std::vector<std::string> classes_of(const dut::MeterType& meter) {
    std::vector<std::string> classes{meter.accuracy_class};
    for (const dut::AccuracyClass& entry : meter.active_classes) {
        classes.push_back(entry.name);
    }
    return classes;
}

std::string class_in(const calibration::LimitTable& table, const dut::MeterType& meter) {
    for (const std::string& name : classes_of(meter)) {
        if (std::ranges::find(table.classes(), name) != table.classes().end()) {
            return name;
        }
    }
    throw DataError(
        fmt::format("limits '{}': expected an edition with a class of the {} ({}), this one has {}",
                    table.id(),
                    meter.name,
                    fmt::join(classes_of(meter), ", "),
                    fmt::join(table.classes(), ", ")));
}

LoadPoint load_of(const ProgrammePoint& point, const calibration::Ratings& ratings) {
    const calibration::Volt voltage = calibration::voltage_from_text(point.voltage, ratings);
    if (point.current.empty()) {
        return LoadPoint::voltage_only(voltage, ratings.nominal_frequency);
    }
    const calibration::Ampere current = calibration::current_from_text(point.current, ratings);
    return point.load == LoadKind::balanced
               ? LoadPoint::balanced(
                     voltage, current, point.power_factor, ratings.nominal_frequency)
               : LoadPoint::single_phase(
                     point.phase, voltage, current, point.power_factor, ratings.nominal_frequency);
}

double limit_of(const calibration::Limits& limits) {
    return std::min(std::abs(limits.lower.value()), std::abs(limits.upper.value()));
}

void estimate_accuracy(TestPoint& point, const Plan& plan) {
    const calibration::Limits& limits = *point.limits;
    const StopRule& stop = point.programme.stop;
    const double interval_s = calibration::seconds(point.impulse_interval);
    const double wanted_s =
        std::max(static_cast<double>(stop.least_intervals) * interval_s, stop.least_time_s);
    const auto intervals =
        static_cast<std::int64_t>(std::min(wanted_s, stop.most_time_s) / interval_s + 1e-9);
    // A gate waits for its first edge: half an interval on average, a whole one at most.
    point.expected_s = preparation_s + point.programme.settle_s +
                       std::min(wanted_s, stop.most_time_s) + interval_s / 2;
    point.at_most_s = preparation_s + point.programme.settle_s + stop.most_time_s + interval_s;
    const std::int64_t least = std::max<std::int64_t>(2, stop.least_intervals);
    if (intervals < least) {
        point.infeasible =
            fmt::format("one impulse takes {:.4g} s: {} of {} intervals fit into {:g} s",
                        interval_s,
                        intervals,
                        least,
                        stop.most_time_s);
        return;
    }
    const calibration::BudgetInputs inputs{.certificate = plan.certificate,
                                           .power_factor = point.programme.power_factor.value()};
    point.expected_uncertainty_percent = calibration::expected_expanded_uncertainty_percent(
        inputs, intervals, usual_jitter_s / interval_s);
    if (point.expected_uncertainty_percent > limit_of(limits) / 3) {
        point.infeasible = fmt::format(
            "expects U = {:.3g} % from {} intervals in {:g} s, above limit / 3 = {:.3g} %",
            point.expected_uncertainty_percent,
            intervals,
            std::min(wanted_s, stop.most_time_s),
            limit_of(limits) / 3);
    }
}

void estimate(TestPoint& point, const Plan& plan) {
    switch (point.programme.kind) {
        case PointKind::no_load:
            point.required =
                calibration::no_load_duration(plan.ratings, point.load.phases[0].voltage);
            point.expected_s =
                preparation_s + point.programme.settle_s + calibration::seconds(point.required);
            point.at_most_s = point.expected_s;
            return;
        case PointKind::starting:
            point.required = calibration::starting_tau(plan.ratings);
            point.expected_s = preparation_s + point.programme.settle_s +
                               usual_starting_taus * calibration::seconds(point.required);
            point.at_most_s = preparation_s + point.programme.settle_s +
                              most_starting_taus * calibration::seconds(point.required);
            return;
        case PointKind::accuracy:
            estimate_accuracy(point, plan);
            return;
        default:
            estimate_port_test(point, plan);
            return;
    }
}

bool needs_limits(PointKind kind) {
    return kind == PointKind::accuracy || kind == PointKind::constant || kind == PointKind::dial;
}

std::optional<calibration::Limits> limits_of(const TestPoint& point, const Plan& plan) {
    return plan.limits.find({.accuracy_class = plan.accuracy_class,
                             .load = point.programme.load,
                             .current = point.load.phases[point.programme.phase].current,
                             .power_factor = point.programme.power_factor},
                            plan.ratings);
}

TestPoint make_point(const ProgrammePoint& programme, const Plan& plan) {
    TestPoint point{.index = plan.points.size(),
                    .programme = programme,
                    .load = load_of(programme, plan.ratings)};
    const calibration::Watt power = calibration::active_power(point.load);
    if (power.value() != 0) {
        point.impulse_interval = calibration::impulse_interval(plan.ratings.constant, abs(power));
    }
    if (needs_limits(programme.kind)) {
        point.limits = limits_of(point, plan);
    }
    return point;
}

// A point without a limit cannot be judged: an edition may begin above Imin.
std::string no_limit_remark(const TestPoint& point, const Plan& plan) {
    return fmt::format("{}: left out: {} has no limit for class {} at {:g} A, PF {}",
                       point.programme.name,
                       plan.limits.title(),
                       plan.accuracy_class,
                       point.load.phases[point.programme.phase].current.value(),
                       point.programme.power_factor.text());
}

// What the certificate does not say is not in the budget: the reader must know.
void remark_certificate(Plan& plan) {
    const auto turns = [](const TestPoint& point) {
        return point.programme.kind == PointKind::accuracy &&
               !point.programme.power_factor.is_unity();
    };
    if (plan.certificate.expanded_phase_uncertainty_minutes == 0 &&
        std::ranges::any_of(plan.points, turns)) {
        plan.remarks.emplace_back(
            "the reference's certificate states no phase uncertainty: U away from PF 1 is without");
    }
}

// Before the search for limits: no edition has any there, and "not judged" would hide the mistake.
void check_meter_bears(const TestPoint& point, const dut::MeterType& meter) {
    for (const calibration::PhaseLoad& phase : point.load.phases) {
        if (phase.current > meter.never_exceed.current) {
            throw DataError(
                fmt::format("load point '{}': current {:g} A is above the meter's limit of {:g} A",
                            point.programme.name,
                            phase.current.value(),
                            meter.never_exceed.current.value()));
        }
    }
}

void add_point(const ProgrammePoint& programme, Plan& plan) {
    TestPoint point = make_point(programme, plan);
    check_meter_bears(point, plan.meter);
    if (needs_limits(programme.kind) && !point.limits) {
        plan.remarks.push_back(no_limit_remark(point, plan));
        return;
    }
    estimate(point, plan);
    plan.expected_s += point.expected_s;
    plan.at_most_s += point.at_most_s;
    plan.points.push_back(std::move(point));
}

// A test of what the type does not have is none of its programme; what the bench cannot do stays
// open.
bool can_be_done(const ProgrammePoint& point, const rig::BenchFile& bench, Plan& plan) {
    if (!is_port_test(point.kind)) {
        return true;
    }
    std::string reason = not_of_type(point, plan.meter);
    if (!reason.empty()) {
        --plan.asked;
    } else {
        reason = not_on_bench(point, bench);
    }
    if (!reason.empty()) {
        plan.remarks.push_back(fmt::format("{}: left out: {}", point.name, reason));
    }
    return reason.empty();
}

bool of_this_connection(const ProgrammePoint& point, const Plan& plan) {
    return !point.connection || *point.connection == plan.ratings.connection;
}

bool wanted(const ProgrammePoint& point, const RunSetup& setup) {
    return setup.only_points.empty() ||
           std::ranges::find(setup.only_points, point.name) != setup.only_points.end();
}

void check_only_points(const RunSetup& setup, const Programme& programme) {
    for (const std::string& name : setup.only_points) {
        if (std::ranges::find(programme.points, name, &ProgrammePoint::name) ==
            programme.points.end()) {
            std::vector<std::string> known;
            for (const ProgrammePoint& point : programme.points) {
                known.push_back(point.name);
            }
            throw DataError(
                fmt::format("point '{}': expected one of {}", name, fmt::join(known, ", ")));
        }
    }
}

std::vector<std::string> rating_remarks(const dut::MeterType& meter, bool printed) {
    std::vector<std::string> remarks;
    for (const calibration::RatingFault& fault : meter.printed_faults) {
        remarks.push_back(fmt::format(
            "{}: printed value contradicts {}: {}", meter.name, fault.rule, fault.message));
    }
    if (meter.printed_minimum != meter.ratings.minimum) {
        remarks.push_back(
            fmt::format("Imin: {:g} A is printed, {:g} A is consistent with the standard's ratios; "
                        "the {} value is used",
                        meter.printed_minimum.value(),
                        meter.ratings.minimum.value(),
                        printed ? "printed" : "consistent"));
    }
    return remarks;
}

}  // namespace

Plan make_plan(const RunSetup& setup) {
    Plan plan;
    plan.programme = parse_programme(setup.programme_text, setup.programme_name);
    plan.meter = dut::parse_meter_type(setup.meter_text, setup.meter_name);
    plan.limits = calibration::LimitTable::parse(setup.limits_text, setup.limits_name);
    plan.rule = setup.rule;
    const rig::BenchFile bench = rig::parse_bench_file(setup.bench_text, setup.bench_name);
    plan.certificate = bench.certificate;
    plan.positions = bench.positions.size();
    plan.accuracy_class = class_in(plan.limits, plan.meter);
    plan.ratings = dut::ratings(plan.meter,
                                setup.printed_minimum_current ? dut::MinimumCurrent::printed
                                                              : dut::MinimumCurrent::consistent);
    plan.remarks = rating_remarks(plan.meter, setup.printed_minimum_current);
    check_only_points(setup, plan.programme);
    for (const ProgrammePoint& point : plan.programme.points) {
        if (!of_this_connection(point, plan)) {
            continue;
        }
        ++plan.asked;
        if (wanted(point, setup) && can_be_done(point, bench, plan)) {
            add_point(point, plan);
        }
    }
    remark_certificate(plan);
    if (!plan.limits.note().empty()) {
        plan.remarks.push_back(fmt::format("{}: {}", plan.limits.title(), plan.limits.note()));
    }
    if (plan.points.empty()) {
        throw DataError(fmt::format("programme '{}': no point is left that {} could judge",
                                    plan.programme.id,
                                    plan.limits.title()));
    }
    return plan;
}

std::string partial_text(const Plan& plan) {
    return plan.points.size() == plan.asked
               ? ""
               : fmt::format("{} of the programme's {} points", plan.points.size(), plan.asked);
}

std::vector<NamedLoad> loads_of(const TestPoint& point) {
    std::vector<NamedLoad> loads{{point.programme.name, point.load}};
    for (const NamedLoad& more : point.port.loads) {
        loads.push_back({fmt::format("{}, {}", point.programme.name, more.label), more.load});
    }
    return loads;
}

}  // namespace sequences
