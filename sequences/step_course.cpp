#include "sequences/step_course.hpp"

#include "instruments/io/all.hpp"
#include "sequences/pacing.hpp"
#include "sequences/port_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace sequences {

namespace {

using calibration::LoadPoint;
using rig::Task;

}  // namespace

StepCourse::StepCourse(const StepBench& bench,
                       const TestPoint& point,
                       int attempt,
                       std::vector<std::size_t> positions)
    : bench_(bench),
      point_(point),
      attempt_(attempt),
      positions_(std::move(positions)),
      out_(bench.bench.positions().size(), false),
      answers_(bench.bench.positions().size()),
      transformers_(bench.bench.positions().size()) {}

std::vector<std::size_t> StepCourse::positions() const {
    std::vector<std::size_t> left;
    for (const std::size_t position : positions_) {
        if (!out_[position]) {
            left.push_back(position);
        }
    }
    return left;
}

dut::MeterPort& StepCourse::port(std::size_t position) {
    return *bench_.bench.positions()[position].port;
}

bool StepCourse::has_port(std::size_t position) {
    return bench_.bench.positions()[position].port != nullptr;
}

StepPlace StepCourse::place(const std::string& label) const {
    return {.point = point_.index, .attempt = attempt_, .label = label};
}

double StepCourse::now_s() const { return calibration::seconds(bench_.bench.clock().now()); }

void StepCourse::record(const Record& record) { write(bench_.journal, record); }

void StepCourse::fault(std::size_t position, const std::string& label, const std::string& reason) {
    out_[position] = true;
    record(PortFaultRecord{.place = place(label), .position = position, .reason = reason});
}

void StepCourse::give_up(std::size_t position, std::string reason) {
    given_up_.push_back({position, std::move(reason)});
}

// -- the meters' ports
// ------------------------------------------------------------------------------------------

void StepCourse::record_answers() {
    for (std::vector<Record>& answers : answers_) {
        for (const Record& answer : answers) {
            record(answer);
            if (const auto* setting = std::get_if<SettingRecord>(&answer)) {
                written_.push_back(*setting);
            }
        }
        answers.clear();
    }
}

Task<void> StepCourse::ask_one(std::size_t position, const std::string& label, const Ask& ask) {
    std::string reason;
    try {
        answers_[position] = co_await ask(position);
    } catch (const instruments::DeviceFault& fault) {
        reason = fault.what();
    } catch (const instruments::io::LinkError& fault) {
        reason = fault.what();
    }
    if (!reason.empty()) {
        out_[position] = true;
        answers_[position] = {
            PortFaultRecord{.place = place(label), .position = position, .reason = reason}};
    }
}

Task<void> StepCourse::ask_all(std::string label, Ask ask) {
    bench_.bench.throw_if_stopped();
    std::vector<Task<void>> tasks;
    for (const std::size_t position : positions()) {
        if (has_port(position)) {
            tasks.push_back(ask_one(position, label, ask));
        }
    }
    co_await instruments::io::all(bench_.bench.loop(), std::move(tasks));
    record_answers();
    bench_.bench.throw_if_stopped();
}

Task<void> StepCourse::ask_line(const std::vector<std::size_t>& members, const AskLine& ask) {
    answers_[members.front()] = co_await ask(members);
}

Task<void> StepCourse::ask_lines(AskLine ask) {
    bench_.bench.throw_if_stopped();
    std::vector<std::vector<std::size_t>> groups;
    std::map<std::string, std::size_t> group_of;
    for (const std::size_t position : positions()) {
        if (!has_port(position)) {
            continue;
        }
        const std::string line = port(position).line();
        if (line.empty() || !group_of.contains(line)) {
            group_of.emplace(line.empty() ? fmt::format("own {}", position) : line, groups.size());
            groups.push_back({position});
        } else {
            groups[group_of.at(line)].push_back(position);
        }
    }
    std::vector<Task<void>> tasks;
    for (const auto& members : groups) {
        tasks.push_back(ask_line(members, ask));
    }
    co_await instruments::io::all(bench_.bench.loop(), std::move(tasks));
    record_answers();
    bench_.bench.throw_if_stopped();
}

Task<void> StepCourse::read_energies(std::string label) {
    co_await ask_all(label, [this, &label](std::size_t position) -> Task<std::vector<Record>> {
        const dut::RegisterReading reading = co_await port(position).read_energy();
        transformers_[position].ratio = reading.ratio;
        std::vector<Record> answers{PortReadingRecord{.place = place(label),
                                                      .position = position,
                                                      .at_s = calibration::seconds(reading.at),
                                                      .values = energy_values(reading)}};
        co_return answers;
    });
}

Task<void> StepCourse::read_transformers() {
    if (dut::find_register(plan().meter.registers, "ct_primary") == nullptr) {
        co_return;
    }
    co_await ask_all("transformer", [this](std::size_t position) -> Task<std::vector<Record>> {
        const auto readings = co_await port(position).read({"ct_primary", "ct_secondary"});
        SetTransformer& transformer = transformers_[position];
        transformer.primary_a = static_cast<int>(readings.at(0).value.value_or(0));
        transformer.secondary_a = static_cast<int>(readings.at(1).value.value_or(0));
        std::vector<Record> answers{PortReadingRecord{.place = place("transformer"),
                                                      .position = position,
                                                      .at_s = now_s(),
                                                      .values = named_values(readings)}};
        co_return answers;
    });
}

double StepCourse::load_time_s() {
    // What the source holds and what the meter sees may be a little less than asked for.
    constexpr double margin = 1.01;
    double most = 0;
    for (const std::size_t position : positions()) {
        const SetTransformer& set = transformers_[position];
        const double energy = needed_energy(point_, plan(), set);
        if (!(energy > 0)) {
            fault(position,
                  "load",
                  fmt::format("{}: nothing is known of its pulse output at {} A : {} A",
                              port(position).name(),
                              set.primary_a,
                              set.secondary_a));
        }
        most = std::max(most, energy);
    }
    return margin * most / energy_rate(point_) * 3600;
}

// -- the load
// --------------------------------------------------------------------------------------------------

void StepCourse::record_observation(const rig::Observation& observation) {
    for (const std::string& remark : observation.remarks) {
        record(RemarkRecord{.text = fmt::format("{:.0f} s: {}", now_s(), remark)});
    }
    record(ConditionsRecord{.point = point_.index,
                            .attempt = attempt_,
                            .at_s = calibration::seconds(observation.reading.at),
                            .tick = bench_.bench.recorder().watermark(),
                            .seen = observation.reading.load});
}

Task<void> StepCourse::apply(LoadPoint load) {
    bench_.bench.throw_if_stopped();
    const instruments::PulseConstant constant = co_await bench_.bench.supervisor().apply(load);
    constant_imp_per_kwh_ = constant.value.value();
    co_await bench_.bench.clock().sleep_for(calibration::from_seconds(point_.programme.settle_s));
    std::string missing;
    for (int look = 0; look < settling_looks; ++look) {
        bench_.bench.throw_if_stopped();
        const rig::Observation observation = co_await bench_.bench.supervisor().observe();
        if (observation.deviations.empty()) {
            record_observation(observation);
            co_return;
        }
        missing = fmt::format("{}", fmt::join(observation.deviations, "; "));
        co_await bench_.bench.clock().sleep_for(settling_pause);
    }
    throw LoadLeft(fmt::format("the load did not come: {}", missing));
}

Task<void> StepCourse::voltages_only() {
    LoadPoint load = point_.load;
    for (calibration::PhaseLoad& phase : load.phases) {
        phase.current = calibration::Ampere{0};
    }
    co_await apply(load);
}

Task<void> StepCourse::look() {
    const rig::Observation observation = co_await bench_.bench.supervisor().observe();
    if (!observation.deviations.empty()) {
        throw LoadLeft(fmt::format("{}", fmt::join(observation.deviations, "; ")));
    }
    record_observation(observation);
}

// The journal has the edges; only `heads` counts them here, and not for long.
void StepCourse::show_hold(calibration::Instant end) {
    rig::Bench& bench = bench_.bench;
    if (point_.programme.kind != PointKind::heads) {
        bench.recorder().forget();
    }
    const double left_s = calibration::seconds(end) - calibration::seconds(bench.clock().now());
    if (bench_.show) {
        bench_.show(fmt::format("the load stands for another {:.0f} s", std::max(0.0, left_s)));
    }
}

Task<void> StepCourse::hold(double time_s) {
    instruments::io::Clock& clock = bench_.bench.clock();
    const calibration::Instant end = clock.now() + calibration::from_seconds(time_s);
    const auto pause = calibration::from_seconds(time_s) <= short_gate ? often : seldom;
    calibration::Instant next_look = clock.now() + pause;
    while (clock.now() < end) {
        bench_.bench.throw_if_stopped();
        co_await bench_.bench.recorder().progress(
            std::min({end, next_look, clock.now() + patience}));
        if (clock.now() >= next_look) {
            co_await look();
            next_look = clock.now() + pause;
            show_hold(end);
        }
    }
    co_await look();
}

Task<MarkRecord> StepCourse::mark(std::string label, Reference reference) {
    MarkRecord mark{.place = place(label)};
    if (reference == Reference::count) {
        const instruments::ReferenceCount count =
            co_await bench_.bench.recorder().reference_count();
        mark.reference_impulses = count.impulses;
    }
    mark.tick = co_await bench_.bench.recorder().fence();
    mark.at_s = now_s();
    mark.reference_constant_imp_per_kwh = constant_imp_per_kwh_;
    mark.bypassed = bypassed;
    record(mark);
    co_return mark;
}

// -- readings as the notes hold them
// ----------------------------------------------------------------------------

std::vector<NamedValue> energy_values(const dut::RegisterReading& reading) {
    const double step = reading.resolution.value();
    return {
        {.quantity = "active_import_energy",
         .value = reading.active_import.value(),
         .step = step,
         .unit = "Wh"},
        {.quantity = "active_export_energy",
         .value = reading.active_export.value(),
         .step = step,
         .unit = "Wh"},
        {.quantity = "reactive_import_energy",
         .value = reading.reactive_import.value(),
         .step = step,
         .unit = "varh"},
        {.quantity = "reactive_export_energy",
         .value = reading.reactive_export.value(),
         .step = step,
         .unit = "varh"},
        {.quantity = "roll_over", .value = reading.roll_over.value(), .step = step, .unit = "Wh"},
        {.quantity = "ratio", .value = reading.ratio},
    };
}

std::vector<NamedValue> named_values(const std::vector<dut::QuantityReading>& readings) {
    std::vector<NamedValue> values;
    for (const dut::QuantityReading& reading : readings) {
        values.push_back({.quantity = reading.quantity,
                          .value = reading.value,
                          .step = reading.step,
                          .unit = reading.unit,
                          .reason = reading.reason});
    }
    return values;
}

Task<void> perform(StepCourse& course) {
    switch (course.point().programme.kind) {
        case PointKind::identify:
            return identify_step(course);
        case PointKind::heads:
            return heads_step(course);
        case PointKind::constant:
            return constant_step(course);
        case PointKind::dial:
            return dial_step(course);
        case PointKind::tariff:
            return tariff_step(course);
        case PointKind::pulse_output:
            return pulse_output_step(course);
        case PointKind::phase_sequence:
            return phase_sequence_step(course);
        case PointKind::reactive:
            return reactive_step(course);
        case PointKind::communication:
            return communication_step(course);
        case PointKind::set_up:
            return set_up_step(course);
        default:
            return load_curve_step(course);
    }
}

}  // namespace sequences
