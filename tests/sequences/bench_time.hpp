// Where the bench time of a run goes, from its journal: setting the load, settling, the gates, and
// what is left over between them. For tests and benchmarks; prints, asserts nothing.
#pragma once

#include "rig/journal.hpp"
#include "sequences/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace test {

struct PointTime {
    std::size_t point = 0;
    int attempt = 1;
    double setting_s = 0;     // ramps and the source's own settling
    double reaching_s = 0;    // the programme's settling time, the looks, the fence
    double gate_s = 0;        // to the end of the longest gate
    double confirming_s = 0;  // the look that confirms it
};

struct BenchTime {
    std::vector<PointTime> points;
    double before_s = 0;  // identifying the meters, reading registers
    double after_s = 0;
    double total_s = 0;
};

inline BenchTime bench_time(const rig::JournalContent& journal) {
    using namespace sequences;
    BenchTime out;
    double tick_s = 0;
    double last_s = 0;
    double from_tick = 0;
    double gate_at_s = 0;
    for (const rig::JournalRecord& entry : journal.records) {
        const auto* note = std::get_if<rig::Note>(&entry);
        const auto record = note ? read(*note) : std::nullopt;
        if (!record) {
            continue;
        }
        if (const auto* r = std::get_if<InstrumentsRecord>(&*record)) {
            tick_s = r->instruments.tick_s;
        } else if (const auto* b = std::get_if<PointRecord>(&*record)) {
            if (out.points.empty()) {
                out.before_s = b->at_s;  // with the first load: it begins with the voltages on
                last_s = b->at_s;
            }
            out.points.push_back(
                {.point = b->point, .attempt = b->attempt, .setting_s = b->at_s - last_s});
            last_s = b->at_s;
        } else if (const auto* g = std::get_if<GateRecord>(&*record)) {
            out.points.back().reaching_s = g->at_s - last_s;
            from_tick = static_cast<double>(g->from_tick);
            gate_at_s = g->at_s;
        } else if (const auto* d = std::get_if<DoneRecord>(&*record)) {
            const double gate_s = (static_cast<double>(d->to_tick) - from_tick) * tick_s;
            out.points.back().gate_s = std::max(out.points.back().gate_s, gate_s);
        } else if (const auto* e = std::get_if<PointEndRecord>(&*record)) {
            out.points.back().confirming_s = e->at_s - gate_at_s - out.points.back().gate_s;
            last_s = e->at_s;
        } else if (const auto* end = std::get_if<EndRecord>(&*record)) {
            out.after_s = end->at_s - last_s;
            out.total_s = end->at_s;
        }
    }
    return out;
}

inline std::string table(const BenchTime& time) {
    std::string text = fmt::format("before the first gate's load {:.2f} s\n", time.before_s);
    double gates = 0;
    for (const PointTime& p : time.points) {
        gates += p.gate_s;
        text += fmt::format(
            "point {:2} attempt {}: setting {:6.2f} s, reaching {:6.2f} s, gate {:10.2f} s, "
            "confirming {:5.2f} s\n",
            p.point,
            p.attempt,
            p.setting_s,
            p.reaching_s,
            p.gate_s,
            p.confirming_s);
    }
    return text +
           fmt::format(
               "after the last {:.2f} s; total {:.2f} s, gates {:.2f} s, the rest {:.2f} %\n",
               time.after_s,
               time.total_s,
               gates,
               100 * (time.total_s - gates) / gates);
}

}  // namespace test
