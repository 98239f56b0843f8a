#include "sequences/evaluation.hpp"

#include "sequences/records.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace sequences {

namespace {

using calibration::PhasedEdge;
using calibration::Verdict;

struct Attempt {
    double constant = 0;
    double at_s = 0, gate_at_s = 0, end_s = 0;
    std::int64_t from_tick = 0;
    bool gate_open = false;
    std::vector<ConditionsRecord> conditions;
};

// What the notes say about one point, before the edges are looked at.
struct PointFacts {
    std::map<int, Attempt> attempts;
    std::map<std::size_t, DoneRecord> done;  // by position, of the last attempt that counted
    std::vector<InvalidRecord> invalid;
};

struct Registers {
    std::optional<RegistersRecord> before, after;
};

class Evaluation {
  public:
    explicit Evaluation(const rig::JournalContent& journal) : journal_(journal) {}

    RunResult run() {
        read_records();
        for (const TestPoint& point : result_.plan.points) {
            result_.points.push_back(evaluate_point(point));
        }
        for (std::size_t position = 0; position < result_.meters.size(); ++position) {
            finish_meter(position);
        }
        finish_run();
        return std::move(result_);
    }

  private:
    const rig::JournalContent& journal_;
    RunResult result_;
    bool started_ = false;
    std::optional<EndRecord> end_;
    std::vector<std::vector<PhasedEdge>> edges_;  // by position, of the whole run
    std::vector<PointFacts> facts_;
    std::vector<rig::RecordedLoss> losses_;
    std::map<std::size_t, Registers> registers_;

    void read_records() {
        for (const rig::JournalRecord& record : journal_.records) {
            if (const auto* batch = std::get_if<std::vector<rig::PositionEdge>>(&record)) {
                add_edges(*batch);
            } else if (const auto note = read(std::get<rig::Note>(record))) {
                std::visit([this](const auto& r) { take(r); }, *note);
            }
        }
        if (!started_) {
            throw rig::JournalError("the journal holds no run: nothing was driven");
        }
    }

    void add_edges(const std::vector<rig::PositionEdge>& batch) {
        for (const rig::PositionEdge& edge : batch) {
            if (edge.position < edges_.size()) {
                edges_[edge.position].push_back(edge.edge);
            }
        }
    }

    PointFacts& facts(std::size_t point) {
        if (point >= facts_.size()) {
            throw rig::JournalError(fmt::format("the journal speaks of point {}, its plan has {}", point, facts_.size()));
        }
        return facts_[point];
    }

    const MeterResult& meter(std::size_t position) const { return result_.meters.at(position); }
    MeterResult& meter(std::size_t position) {
        if (position >= result_.meters.size()) {
            throw rig::JournalError(fmt::format("the journal speaks of position {}, its bench has {}", position,
                                                result_.meters.size()));
        }
        return result_.meters[position];
    }

    void take(const RunRecord& r) {
        started_ = true;
        result_.setup = r.setup;
        result_.identity = r.identity;
        result_.plan = make_plan(r.setup);
        facts_.resize(result_.plan.points.size());
        result_.remarks = result_.plan.remarks;
    }
    void take(const InstrumentsRecord& r) {
        result_.instruments = r.instruments;
        for (std::size_t i = 0; i < r.positions.size(); ++i) {
            result_.meters.push_back({.position = r.positions[i].first, .serial = r.positions[i].second,
                                      .led_channel = r.channels.at(i)});
        }
        edges_.resize(result_.meters.size());
    }
    void take(const MeterRecord& r) {
        meter(r.position).identity = r.identity;
        if (meter(r.position).serial.empty()) {
            meter(r.position).serial = r.serial;
        }
    }
    void take(const GivenUpRecord& r) {
        meter(r.position).reason = r.reason;
        result_.remarks.push_back(fmt::format("position {}: {}", meter(r.position).position, r.reason));
    }
    void take(const RegistersRecord& r) { (r.after ? registers_[r.position].after : registers_[r.position].before) = r; }
    void take(const PointRecord& r) {
        Attempt& attempt = facts(r.point).attempts[r.attempt];
        attempt.constant = r.reference_constant_imp_per_kwh;
        attempt.at_s = r.at_s;
    }
    void take(const GateRecord& r) {
        Attempt& attempt = facts(r.point).attempts[r.attempt];
        attempt.gate_open = true;
        attempt.from_tick = r.from_tick;
        attempt.gate_at_s = r.at_s;
    }
    void take(const ConditionsRecord& r) { facts(r.point).attempts[r.attempt].conditions.push_back(r); }
    void take(const InvalidRecord& r) { facts(r.point).invalid.push_back(r); }
    void take(const DoneRecord& r) { facts(r.point).done[r.position] = r; }
    void take(const PointEndRecord& r) { facts(r.point).attempts[r.attempt].end_s = r.at_s; }
    void take(const LossRecord& r) {
        losses_.push_back(r.loss);
        remark(describe(r.loss));
    }
    void take(const RemarkRecord& r) { remark(r.text); }
    void take(const EndRecord& r) { end_ = r; }

    void remark(std::string text) {
        if (result_.remarks.empty() || result_.remarks.back() != text) {
            result_.remarks.push_back(std::move(text));
        }
    }

    std::string describe(const rig::RecordedLoss& loss) const {
        const double tick_s = result_.instruments.tick_s;
        std::string whose = "every position";
        if (!loss.everyone) {
            std::vector<std::string> names;
            for (const std::size_t position : loss.positions) {
                names.push_back(meter(position).position);
            }
            whose = fmt::format("position {}", fmt::join(names, ", "));
        }
        const std::string count = loss.edges ? fmt::format(", {} impulses by the counters", *loss.edges) : "";
        return fmt::format("edge stream, {:.3f} s to {:.3f} s of the capture's clock, {}: {}{}",
                           static_cast<double>(loss.from_tick) * tick_s, static_cast<double>(loss.to_tick) * tick_s, whose,
                           loss.cause, count);
    }

    std::vector<PhasedEdge> between(std::size_t position, std::int64_t from, std::int64_t to) const {
        const auto& all = edges_[position];
        const auto begin = std::ranges::lower_bound(all, from, {}, &PhasedEdge::tick);
        const auto end = std::ranges::upper_bound(all, to, {}, &PhasedEdge::tick);
        return begin < end ? std::vector<PhasedEdge>(begin, end) : std::vector<PhasedEdge>{};
    }

    std::string lost_in(std::size_t position, std::int64_t from, std::int64_t to) const {
        const auto found = std::ranges::find_if(
            losses_, [&](const rig::RecordedLoss& loss) { return loss.spoils(position) && loss.overlaps(from, to); });
        return found == losses_.end() ? "" : found->cause;
    }

    std::string recovered_in(std::size_t position, std::int64_t from, std::int64_t to) const {
        const auto found = std::ranges::find_if(losses_, [&](const rig::RecordedLoss& loss) {
            return loss.names(position) && !loss.spoils(position) && loss.overlaps(from, to);
        });
        return found == losses_.end() ? "" : found->cause;
    }

    PointResult evaluate_point(const TestPoint& point) {
        const PointFacts& facts = facts_[point.index];
        PointResult out{.point = point};
        if (!facts.attempts.empty()) {
            const Attempt& last = facts.attempts.rbegin()->second;
            out.attempts = facts.attempts.rbegin()->first;
            out.started_s = last.gate_open ? last.gate_at_s : last.at_s;
            out.ended_s = last.end_s;
            out.conditions = spread_of(last.conditions);
        }
        for (const InvalidRecord& r : facts.invalid) {
            out.invalidations.push_back({r.attempt, r.position ? meter(*r.position).position : "", r.reason});
        }
        for (std::size_t position = 0; position < result_.meters.size(); ++position) {
            out.positions.push_back(evaluate_position(point, facts, position));
        }
        return out;
    }

    PositionResult evaluate_position(const TestPoint& point, const PointFacts& facts, std::size_t position) {
        const MeterResult& owner = result_.meters[position];
        PositionResult out{.position = owner.position, .serial = owner.serial};
        const auto done = facts.done.find(position);
        if (done == facts.done.end()) {
            describe_unfinished(facts, position, out);
            return out;
        }
        const DoneRecord& r = done->second;
        const Attempt& attempt = facts.attempts.at(r.attempt);
        out.attempt = r.attempt;
        out.true_error_percent = r.true_error_percent;
        out.edges = between(position, r.from_tick, r.to_tick);
        judge(point, {.reference_constant_imp_per_kwh = attempt.constant,
                      .tick_s = result_.instruments.tick_s,
                      .lost = lost_in(position, r.from_tick, r.to_tick),
                      .recovered = recovered_in(position, r.from_tick, r.to_tick)},
              r, out);
        return out;
    }

    void judge(const TestPoint& point, const GateFacts& facts, const DoneRecord& r, PositionResult& out) const {
        const double observed_s = static_cast<double>(r.to_tick - r.from_tick) * facts.tick_s;
        switch (point.programme.kind) {
            case PointKind::accuracy:
                return judge_accuracy(point, result_.plan, facts, out);
            case PointKind::no_load:
                return judge_no_load(point, observed_s, facts, out);
            case PointKind::starting:
                return judge_starting(point, facts, r, observed_s, out);
        }
    }

    static void judge_starting(const TestPoint& point, const GateFacts& facts, const DoneRecord& r, double observed_s,
                               PositionResult& out) {
        out.impulses = static_cast<std::int64_t>(out.edges.size());
        out.observed_s = observed_s;
        for (std::size_t i = 0; i < std::min<std::size_t>(3, out.edges.size()); ++i) {
            out.impulse_times_s.push_back(static_cast<double>(out.edges[i].tick - r.from_tick) * facts.tick_s);
        }
        const StartingState state = starting_state(out.impulse_times_s, calibration::seconds(point.required), observed_s);
        out.reason = state.reason;
        out.verdict = state.state == Starting::started  ? Verdict::pass
                      : state.state == Starting::failed ? Verdict::fail
                                                        : Verdict::invalid;
        if (!facts.lost.empty()) {
            out.verdict = Verdict::invalid;
            out.reason = fmt::format("edges were lost: {}", facts.lost);
        }
    }

    // A gate that was open when the run ended, or that never became valid: its edges are evidence all the same.
    void describe_unfinished(const PointFacts& facts, std::size_t position, PositionResult& out) const {
        const MeterResult& owner = result_.meters[position];
        if (!owner.reason.empty()) {
            out.reason = owner.reason;
        }
        if (facts.attempts.empty()) {
            return;
        }
        out.attempt = facts.attempts.rbegin()->first;
        const Attempt& last = facts.attempts.rbegin()->second;
        if (last.gate_open && last.end_s == 0) {
            out.reference_constant_imp_per_kwh = last.constant;
            out.edges = between(position, last.from_tick, INT64_MAX);
            out.impulses = static_cast<std::int64_t>(out.edges.size());
        }
        for (const InvalidRecord& r : facts.invalid) {
            if (r.attempt == out.attempt && (!r.position || *r.position == position) && owner.reason.empty()) {
                out.verdict = Verdict::invalid;
                out.reason = r.reason;
            }
        }
    }

    static void widen(Spread& spread, double value, std::size_t index) {
        const auto n = static_cast<double>(index);
        spread.least = index == 0 ? value : std::min(spread.least, value);
        spread.most = index == 0 ? value : std::max(spread.most, value);
        spread.mean = (spread.mean * n + value) / (n + 1);
    }

    static std::optional<Conditions> spread_of(const std::vector<ConditionsRecord>& records) {
        if (records.empty()) {
            return std::nullopt;
        }
        Conditions out{.readings = static_cast<std::int64_t>(records.size())};
        for (std::size_t n = 0; n < records.size(); ++n) {
            double power = 0;
            for (std::size_t i = 0; i < calibration::phase_count; ++i) {
                const calibration::SeenPhase& phase = records[n].seen.phases[i];
                widen(out.voltage_v[i], phase.voltage.value(), n);
                widen(out.current_a[i], phase.current.value(), n);
                widen(out.displacement_deg[i], std::remainder(phase.displacement.value(), 360.0), n);
                power += phase.active.value();
            }
            widen(out.frequency_hz, records[n].seen.frequency.value(), n);
            widen(out.power_w, power, n);
        }
        return out;
    }

    void finish_meter(std::size_t position) {
        MeterResult& owner = result_.meters[position];
        for (const PhasedEdge& edge : edges_[position]) {
            owner.edge_ticks.push_back(edge.tick);
        }
        std::vector<Verdict> verdicts;
        for (const PointResult& point : result_.points) {
            verdicts.push_back(point.positions[position].verdict);
        }
        if (const Registers& registers = registers_[position]; registers.before && registers.after) {
            owner.registers = check_registers(position, *registers.before, *registers.after);
            verdicts.push_back(owner.registers->verdict);
        }
        if (!owner.reason.empty()) {
            verdicts.push_back(Verdict::invalid);
        }
        owner.verdict = calibration::worst(verdicts);
    }

    static double advance(double from, double to, double roll_over) {
        return to >= from || roll_over <= 0 ? to - from : to + roll_over - from;
    }

    // Impulses that counters prove to be missing in the stream; nothing when they may be any number.
    std::optional<std::int64_t> proven_losses(std::size_t position, std::int64_t from, std::int64_t to) const {
        std::int64_t sum = 0;
        for (const rig::RecordedLoss& loss : losses_) {
            if (!loss.overlaps(from, to) || !(loss.everyone || loss.names(position))) {
                continue;
            }
            if (!loss.edges || (loss.everyone && !loss.names(position))) {
                return std::nullopt;
            }
            sum += *loss.edges;
        }
        return sum;
    }

    // The tolerance is one step of the register, plus the impulse that is always on its way.
    RegisterCheck check_registers(std::size_t position, const RegistersRecord& before, const RegistersRecord& after) const {
        RegisterCheck check{.before_kwh = before.import_kwh, .after_kwh = after.import_kwh,
                            .step_kwh = after.step_kwh / after.ratio};
        check.advance_kwh = (advance(before.import_kwh, after.import_kwh, after.roll_over_kwh) +
                             advance(before.export_kwh, after.export_kwh, after.roll_over_kwh)) / after.ratio;
        const auto lost = proven_losses(position, before.tick, after.tick);
        check.led_impulses = static_cast<std::int64_t>(between(position, before.tick + 1, after.tick).size()) + lost.value_or(0);
        const double constant = result_.plan.ratings.constant.value();
        check.led_kwh = static_cast<double>(check.led_impulses) / constant;
        if (!lost) {
            check.verdict = Verdict::inconclusive;
            check.reason = fmt::format("an unknown number of impulses was lost: {}", lost_in(position, before.tick, after.tick));
        } else if (std::abs(check.advance_kwh - check.led_kwh) > check.step_kwh + 1 / constant) {
            check.verdict = Verdict::suspect;
            check.reason = fmt::format("the registers advanced by {:.6g} kWh, the LED by {:.6g} kWh", check.advance_kwh, check.led_kwh);
        } else {
            check.verdict = Verdict::pass;
        }
        return check;
    }

    void finish_run() {
        if (!end_) {
            end_ = EndRecord{.aborted = true, .reason = "the journal ends here: the run was killed"};
        }
        result_.aborted = end_->aborted;
        result_.abort_reason = end_->reason;
        result_.bench_time_s = end_->at_s;
        std::vector<Verdict> verdicts;
        for (const MeterResult& owner : result_.meters) {
            verdicts.push_back(owner.verdict);
        }
        if (result_.aborted) {
            verdicts.push_back(Verdict::invalid);
        }
        result_.verdict = calibration::worst(verdicts);
    }
};

}  // namespace

RunResult evaluate(const rig::JournalContent& journal) { return Evaluation(journal).run(); }

}  // namespace sequences
