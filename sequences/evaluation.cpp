#include "sequences/evaluation.hpp"

#include "sequences/journal_story.hpp"
#include "sequences/point_evaluation.hpp"
#include "sequences/register_check.hpp"

#include <fmt/format.h>

#include <utility>

namespace sequences {

namespace {

using calibration::Verdict;

MeterResult evaluate_meter(const JournalStory& story,
                           const std::vector<PointResult>& points,
                           std::size_t position) {
    MeterResult out = story.meters[position];
    for (const calibration::PhasedEdge& edge : story.edges[position]) {
        out.edge_ticks.push_back(edge.tick);
    }
    for (const calibration::PhasedEdge& edge : story.outputs[position]) {
        out.output_edge_ticks.push_back(edge.tick);
    }
    std::vector<Verdict> verdicts;
    for (const PointResult& point : points) {
        verdicts.push_back(point.positions[position].verdict);
    }
    out.registers = check_registers(story, position);
    if (out.registers) {
        verdicts.push_back(out.registers->verdict);
    }
    if (story.other_serial[position]) {
        verdicts.push_back(Verdict::suspect);  // evidence of one meter under another's name
    }
    if (!out.reason.empty()) {
        verdicts.push_back(Verdict::invalid);
    }
    out.verdict = calibration::worst(verdicts);
    return out;
}

// A journal without an end, or one that contradicts itself, is no complete run.
EndRecord end_of(const JournalStory& story) {
    EndRecord end = story.end.value_or(EndRecord{
        .aborted = true, .reason = "the journal ends here: the run was killed", .at_s = 0});
    if (!end.aborted && !story.contradiction.empty()) {
        end.aborted = true;
        end.reason = fmt::format("the journal contradicts itself: {}", story.contradiction);
    }
    return end;
}

void finish(RunResult& result, const EndRecord& end) {
    result.aborted = end.aborted;
    result.abort_reason = end.reason;
    result.bench_time_s = end.at_s;
    std::vector<Verdict> verdicts;
    for (MeterResult& meter : result.meters) {
        if (result.aborted && meter.verdict == Verdict::pass) {
            meter.verdict = Verdict::inconclusive;  // a meter passes a whole run or none
        }
        verdicts.push_back(meter.verdict);
    }
    if (result.aborted) {
        verdicts.push_back(Verdict::invalid);
    }
    result.verdict = calibration::worst(verdicts);
}

}  // namespace

RunResult evaluate(const rig::JournalContent& journal) {
    const JournalStory story = read_story(journal);
    RunResult result{.setup = story.run.setup,
                     .identity = story.run.identity,
                     .instruments = story.instruments,
                     .plan = story.plan,
                     .remarks = story.remarks};
    for (const TestPoint& point : story.plan.points) {
        result.points.push_back(evaluate_point(story, point));
    }
    for (std::size_t position = 0; position < story.meters.size(); ++position) {
        result.meters.push_back(evaluate_meter(story, result.points, position));
    }
    finish(result, end_of(story));
    return result;
}

}  // namespace sequences
