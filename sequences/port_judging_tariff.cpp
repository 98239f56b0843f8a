// Tariffs: only the chosen register advances, and all together as the total does.
#include "sequences/port_checks.hpp"
#include "sequences/port_plan.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sequences {

namespace {

using calibration::Verdict;

// What stands between two readings.
struct TariffAdvance {
    Advance total;
    std::vector<std::pair<int, Advance>> tariffs;  // number, advance
};

// Every register of the type must have been read: one that was not may have advanced.
std::expected<TariffAdvance, std::string> tariff_advance(const StepView& view,
                                                         const PortReadingRecord& from,
                                                         const PortReadingRecord& to) {
    const dut::MeterType& meter = view.story.plan.meter;
    const auto total = advance_of(from, to, total_register(view.point));
    if (!total) {
        return std::unexpected(total.error());
    }
    TariffAdvance out{.total = *total};
    for (int tariff = 1; tariff <= meter.tariffs; ++tariff) {
        const std::string name = tariff_register(view.point, tariff);
        if (dut::find_register(meter.registers, name) == nullptr) {
            continue;
        }
        const auto one = advance_of(from, to, name);
        if (!one) {
            return std::unexpected(one.error());
        }
        out.tariffs.emplace_back(tariff, *one);
    }
    return out;
}

void judge_selected(const StepView& view, int tariff, Checks& checks) {
    const std::string label = fmt::format("tariff {}", tariff);
    const SettingRecord* written = view.setting(label, "tariff");
    if (written == nullptr) {
        return checks.missing(fmt::format("the selection of tariff {}", tariff));
    }
    const std::string reason =
        written->refusal.empty()
            ? fmt::format("tariff {} was selected, the meter says {}",
                          tariff,
                          written->after ? fmt::format("{:g}", *written->after) : "nothing")
            : fmt::format("tariff {} was refused: {}", tariff, written->refusal);
    checks.within({.what = fmt::format("tariff {} selected", tariff),
                   .value = written->refusal.empty() ? written->after : std::nullopt,
                   .least = tariff,
                   .most = tariff,
                   .text = written->refusal},
                  reason);
}

// What the registers that were not chosen did.
struct Others {
    double energy = 0;
    std::string text;  // "active_import_energy_t1 by 4000 Wh"
};

Others others_of(const StepView& view, int tariff, const TariffAdvance& went) {
    Others others;
    for (const auto& [number, one] : went.tariffs) {
        if (number != tariff && one.energy != 0) {
            others.energy += one.energy;
            others.text += fmt::format("{}{} by {:.6g} Wh",
                                       others.text.empty() ? "" : ", ",
                                       tariff_register(view.point, number),
                                       one.energy);
        }
    }
    return others;
}

void judge_chosen(const StepView& view,
                  int tariff,
                  const Advance& one,
                  const TariffAdvance& went,
                  Checks& checks) {
    const double slack = one.step + went.total.step;
    const std::string elsewhere = others_of(view, tariff, went).text;
    checks.within(
        {.what = fmt::format("tariff {}", tariff),
         .value = one.energy,
         .unit = "Wh",
         .least = went.total.energy - slack,
         .most = went.total.energy + slack,
         .text = fmt::format("the total advanced by {:.6g} Wh", went.total.energy)},
        fmt::format("with tariff {} its register advanced by {:.6g} Wh, the total by {:.6g} Wh{}{}",
                    tariff,
                    one.energy,
                    went.total.energy,
                    elsewhere.empty() ? "" : ", ",
                    elsewhere));
    const double steps = std::round(one.energy / one.step);
    checks.within({.what = fmt::format("tariff {}, register steps", tariff),
                   .value = steps,
                   .least = static_cast<double>(view.asked().least_steps)},
                  fmt::format("its register advanced by {:g} steps only", steps),
                  Verdict::inconclusive);
}

// The chosen register as the total, the others not at all.
void judge_registers(const StepView& view, int tariff, const TariffAdvance& went, Checks& checks) {
    for (const auto& [number, one] : went.tariffs) {
        if (number == tariff) {
            judge_chosen(view, tariff, one, went, checks);
        }
    }
    const Others others = others_of(view, tariff, went);
    checks.within({.what = fmt::format("tariff {}, other registers", tariff),
                   .value = others.energy,
                   .unit = "Wh",
                   .least = 0,
                   .most = 0,
                   .text = others.text},
                  fmt::format("with tariff {} other registers advanced: {}", tariff, others.text));
}

void judge_sum(const TariffAdvance& went, Checks& checks) {
    double sum = 0;
    double slack = went.total.step;
    for (const auto& [number, one] : went.tariffs) {
        sum += one.energy;
        slack += one.step;
    }
    checks.within({.what = "sum of the tariffs",
                   .value = sum,
                   .unit = "Wh",
                   .least = went.total.energy - slack,
                   .most = went.total.energy + slack,
                   .text = fmt::format("the total advanced by {:.6g} Wh", went.total.energy)},
                  fmt::format("the tariffs advanced by {:.6g} Wh together, the total by {:.6g} Wh",
                              sum,
                              went.total.energy));
}

}  // namespace

void judge_tariff(const StepView& view, Checks& checks) {
    const PortReadingRecord* begin = view.reading("before");
    const PortReadingRecord* from = begin;
    for (const int tariff : view.point.port.tariffs) {
        judge_selected(view, tariff, checks);
        const PortReadingRecord* to = view.reading(fmt::format("after tariff {}", tariff));
        const std::string around = fmt::format("the registers around tariff {}", tariff);
        if (from == nullptr || to == nullptr) {
            return checks.missing(around);
        }
        const auto went = tariff_advance(view, *from, *to);
        if (!went) {
            return checks.unknown(around, went.error());
        }
        judge_registers(view, tariff, *went, checks);
        from = to;
    }
    if (from == begin) {
        return checks.missing("any tariff");
    }
    const auto all = tariff_advance(view, *begin, *from);
    if (!all) {
        return checks.unknown("sum of the tariffs", all.error());
    }
    judge_sum(*all, checks);
    if (view.setting("restore", "tariff") == nullptr) {
        checks.add({.what = "tariff restored", .verdict = Verdict::suspect},
                   "the tariff that was set before was not restored");
    }
}

}  // namespace sequences
