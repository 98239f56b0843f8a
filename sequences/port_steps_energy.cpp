// Tests that let energy flow: constant, dial, tariff, pulse output, reactive, load curve.
#include "sequences/port_plan.hpp"
#include "sequences/step_course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace sequences {

namespace {

using rig::Task;
using Records = std::vector<Record>;
using Reference = StepCourse::Reference;

// Registers, impulses and the reference's count, all read while no current flows.
Task<void> energy_window(StepCourse& course) {
    co_await course.voltages_only();
    co_await course.read_energies("before");
    const double time_s = course.load_time_s();
    co_await course.mark("before", Reference::count);
    co_await course.apply(course.point().load);
    co_await course.mark("loaded");
    co_await course.hold(time_s);
    co_await course.voltages_only();
    co_await course.mark("after", Reference::count);
    co_await course.read_energies("after");
}

// -- tariffs
// ---------------------------------------------------------------------------------------------------

std::vector<std::string> tariff_registers(const StepCourse& course) {
    std::vector<std::string> names;
    for (int tariff = 1; tariff <= course.plan().meter.tariffs; ++tariff) {
        const std::string name = tariff_register(course.point(), tariff);
        if (dut::find_register(course.plan().meter.registers, name) != nullptr) {
            names.push_back(name);
        }
    }
    return names;
}

// Twice: no current flows, so both must say the same. What decides is never a single answer.
Task<Records> tariff_reading(StepCourse& course, std::size_t position, std::string label) {
    dut::MeterPort& port = course.port(position);
    const dut::RegisterReading total = co_await port.read_energy();
    const auto first = co_await port.read(tariff_registers(course));
    const auto second = co_await port.read(tariff_registers(course));
    std::vector<NamedValue> values = named_values(first);
    if (values != named_values(second)) {
        throw instruments::DeviceFault({.device = port.name(),
                                        .operation = "read the tariff registers",
                                        .problem = "two readings without current differ",
                                        .code = ""});
    }
    std::ranges::move(energy_values(total), std::back_inserter(values));
    Records answers{PortReadingRecord{.place = course.place(label),
                                      .position = position,
                                      .at_s = course.now_s(),
                                      .values = std::move(values)}};
    co_return answers;
}

Task<void> read_tariffs(StepCourse& course, std::string label) {
    co_await course.read_energies(label + ", energies");
    co_await course.ask_all(label, [&course, &label](std::size_t position) {
        return tariff_reading(course, position, label);
    });
}

using Tariffs = std::vector<std::optional<double>>;  // by position, as last read

Task<std::optional<double>> read_tariff(StepCourse& course, std::size_t position) {
    const auto readings = co_await course.port(position).read({"tariff"});
    co_return readings.at(0).value;
}

Task<void> remember_tariffs(StepCourse& course, Tariffs& tariffs) {
    co_await course.ask_all("before", [&course, &tariffs](std::size_t position) -> Task<Records> {
        tariffs[position] = co_await read_tariff(course, position);
        co_return Records{};
    });
}

Task<void> broadcast_tariff(StepCourse& course, int tariff, std::string label) {
    co_await course.ask_lines(
        [&course, &label, tariff](std::vector<std::size_t> members) -> Task<Records> {
            std::string reason;
            try {
                dut::MeterPort& speaker = course.port(members.front());
                co_await course.door().broadcast(speaker, "tariff", tariff);
            } catch (const instruments::DeviceFault& fault) {
                reason = fault.what();
            } catch (const instruments::io::LinkError& fault) {
                reason = fault.what();
            }
            for (const std::size_t member : members) {
                if (!reason.empty()) {
                    course.fault(member, label, reason);
                }
            }
            co_return Records{};
        });
}

Task<void> read_back(StepCourse& course, int tariff, std::string label, Tariffs& known) {
    co_await course.ask_all(
        label, [&course, &label, &known, tariff](std::size_t position) -> Task<Records> {
            const auto now = co_await read_tariff(course, position);
            const auto before = std::exchange(known[position], now);
            Records answers{SettingRecord{.place = course.place(label),
                                          .position = position,
                                          .quantity = "tariff",
                                          .asked = static_cast<double>(tariff),
                                          .before = before,
                                          .after = now,
                                          .by_broadcast = true}};
            co_return answers;
        });
}

Task<Records> set_tariff(StepCourse& course,
                         std::size_t position,
                         double tariff,
                         std::string label) {
    const dut::SettingOutcome outcome =
        co_await course.door().set(course.port(position), "tariff", tariff);
    Records answers{SettingRecord{.place = course.place(label),
                                  .position = position,
                                  .quantity = "tariff",
                                  .asked = tariff,
                                  .before = outcome.before,
                                  .after = outcome.after,
                                  .refusal = outcome.refusal}};
    co_return answers;
}

Task<void> select_tariff(StepCourse& course, int tariff, Tariffs& known) {
    const std::string label = fmt::format("tariff {}", tariff);
    if (course.asked().broadcast) {
        co_await broadcast_tariff(course, tariff, label);
        co_await read_back(course, tariff, label, known);
        co_return;
    }
    co_await course.ask_all(label, [&course, &label, tariff](std::size_t position) {
        return set_tariff(course, position, tariff, label);
    });
}

Task<void> go_through_tariffs(StepCourse& course, Tariffs& known) {
    co_await read_tariffs(course, "before");
    const double time_s = course.load_time_s();
    for (const int tariff : course.point().port.tariffs) {
        co_await select_tariff(course, tariff, known);
        co_await course.apply(course.point().load);
        co_await course.hold(time_s);
        co_await course.voltages_only();
        co_await read_tariffs(course, fmt::format("after tariff {}", tariff));
    }
}

Task<void> restore_tariffs(StepCourse& course, const Tariffs& found) {
    co_await course.ask_all("restore", [&course, &found](std::size_t position) -> Task<Records> {
        Records answers;
        if (found[position]) {
            answers = co_await set_tariff(course, position, *found[position], "restore");
        }
        co_return answers;
    });
}

// -- load curve
// ------------------------------------------------------------------------------------------------

// The newest records, as far as they lie inside the load.
Task<Records> newest_averages(StepCourse& course, std::size_t position, double period_s) {
    dut::MeterPort& port = course.port(position);
    const auto stamp = co_await port.read({"average_time_s"});
    Records answers{PortReadingRecord{.place = course.place("clock after"),
                                      .position = position,
                                      .at_s = course.now_s(),
                                      .values = named_values(stamp)}};
    const double end_s = stamp.at(0).value.value_or(0);
    const double from_s = end_s - static_cast<double>(course.asked().periods + 1) * period_s;
    const auto curve = co_await port.read_load_curve(std::max(0.0, from_s), end_s + 1);
    PortReadingRecord reading{
        .place = course.place("load curve"), .position = position, .at_s = course.now_s()};
    for (const dut::LoadCurveRecord& record : curve) {
        reading.values.push_back({.quantity = fmt::format("average from {:.0f} s", record.start_s),
                                  .value = record.value_w,
                                  .step = record.period_s,
                                  .unit = "W",
                                  .reason = record.incomplete ? "incomplete" : ""});
    }
    answers.emplace_back(std::move(reading));
    co_return answers;
}

// The end of the last period it averaged, before the load can have had one of its own.
Task<Records> curve_clock(StepCourse& course, std::size_t position) {
    const auto stamp = co_await course.port(position).read({"average_time_s"});
    Records answers{PortReadingRecord{.place = course.place("clock before"),
                                      .position = position,
                                      .at_s = course.now_s(),
                                      .values = named_values(stamp)}};
    co_return answers;
}

Task<void> read_periods(StepCourse& course, std::vector<double>& periods_s) {
    co_await course.ask_all("period", [&course, &periods_s](std::size_t position) -> Task<Records> {
        const auto readings = co_await course.port(position).read({"integration_period"});
        if (!readings.at(0).value || !(*readings[0].value > 0)) {
            throw instruments::DeviceFault({.device = course.port(position).name(),
                                            .operation = "read integration_period",
                                            .problem = "does not say how long it averages",
                                            .code = ""});
        }
        periods_s[position] = *readings[0].value;
        co_return Records{};
    });
}

}  // namespace

Task<void> constant_step(StepCourse& course) { return energy_window(course); }

Task<void> dial_step(StepCourse& course) { return energy_window(course); }

Task<void> pulse_output_step(StepCourse& course) {
    co_await course.voltages_only();
    co_await course.read_transformers();
    co_await energy_window(course);
}

// The tariff that was set before is set again, whatever became of the load.
Task<void> tariff_step(StepCourse& course) {
    co_await course.voltages_only();
    Tariffs found(course.bench().positions().size());
    co_await remember_tariffs(course, found);
    Tariffs known = found;
    std::exception_ptr left;
    try {
        co_await go_through_tariffs(course, known);
    } catch (const LoadLeft&) {
        left = std::current_exception();
    }
    co_await restore_tariffs(course, found);
    if (left) {
        std::rethrow_exception(left);
    }
}

// On the fly: the reference's readings between two readings of the registers are its energy.
Task<void> reactive_step(StepCourse& course) {
    co_await course.voltages_only();
    co_await course.read_energies("ratio");
    const double time_s = course.load_time_s();
    co_await course.apply(course.point().load);
    co_await course.look();
    co_await course.read_energies("before");
    co_await course.hold(time_s);
    co_await course.read_energies("after");
    co_await course.look();
    co_await course.voltages_only();
}

Task<void> load_curve_step(StepCourse& course) {
    co_await course.voltages_only();
    std::vector<double> periods_s(course.bench().positions().size(), 0);
    co_await read_periods(course, periods_s);
    const double period_s = *std::ranges::max_element(periods_s);
    co_await course.apply(course.point().load);
    co_await course.mark("loaded");
    co_await course.ask_all(
        "clock before", [&course](std::size_t position) { return curve_clock(course, position); });
    // One period more: the first one began without the load.
    co_await course.hold(static_cast<double>(course.asked().periods + 1) * period_s);
    co_await course.mark("end");
    co_await course.ask_all("load curve", [&course, &periods_s](std::size_t position) {
        return newest_averages(course, position, periods_s[position]);
    });
    co_await course.voltages_only();
}

}  // namespace sequences
