// What the notes and edges of a journal say, put in order before anything is judged.
#pragma once

#include "rig/bench_file.hpp"
#include "rig/journal.hpp"
#include "sequences/records.hpp"
#include "sequences/results.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sequences {

// One attempt at one point, for all positions.
struct AttemptStory {
    std::optional<PointRecord> begin;
    std::optional<GateRecord> gate;
    std::optional<PointEndRecord> end;
    std::vector<ConditionsRecord> conditions;
};

// One attempt at a test over the port. Where something was said twice, both are here, in order.
struct StepStory {
    std::vector<MarkRecord> marks;
    std::vector<PortReadingRecord> readings;
    std::vector<PortIdentityRecord> identities;
    std::vector<PortFaultRecord> faults;
    std::vector<SettingRecord> settings;
    std::vector<CommunicationRecord> communication;

    const MarkRecord* mark(std::string_view label) const;  // the first of that label; null: none
    const PortReadingRecord* reading(std::size_t position, std::string_view label) const;
};

struct PointStory {
    std::map<int, AttemptStory> attempts;
    std::map<std::size_t, DoneRecord> done;  // by position
    std::vector<InvalidRecord> invalid;
    std::map<int, StepStory> steps;  // by attempt
};

// One stretch of the run between two readings of the registers, no current flowing at either.
struct RegisterStretch {
    std::optional<RegistersRecord> before, after;
};
using RegisterStory = std::map<int, RegisterStretch>;  // by stretch

struct JournalStory {
    RunRecord run;
    Plan plan;
    rig::BenchFile bench;
    Instruments instruments;
    std::vector<MeterResult> meters;  // position, serial, channel, identity, reason
    std::vector<std::vector<calibration::PhasedEdge>> edges;    // by position, in order of time
    std::vector<std::vector<calibration::PhasedEdge>> outputs;  // the same of pulse outputs
    std::vector<PointStory> points;                             // by the plan's index
    std::vector<RegisterStory> registers;                       // by position
    std::vector<bool> other_serial;  // by position: the meter states another than the bench file
    std::vector<rig::RecordedLoss> losses;
    std::vector<std::string> remarks;
    std::optional<EndRecord> end;
    std::string contradiction;  // the first note that does not fit the others; empty: none

    std::vector<calibration::PhasedEdge> between(std::size_t position,
                                                 std::int64_t from_tick,
                                                 std::int64_t to_tick) const;
    std::vector<calibration::PhasedEdge> outputs_between(std::size_t position,
                                                         std::int64_t from_tick,
                                                         std::int64_t to_tick) const;
    // The cause of a loss that spoils a count of its pulse output; empty: none.
    std::string output_lost_in(std::size_t position,
                               std::int64_t from_tick,
                               std::int64_t to_tick) const;
    // The cause of a loss that spoils [from_tick, to_tick] for this position; empty: none.
    std::string lost_in(std::size_t position, std::int64_t from_tick, std::int64_t to_tick) const;
    // The cause of one that counters prove to be harmless to this position; empty: none.
    std::string recovered_in(std::size_t position,
                             std::int64_t from_tick,
                             std::int64_t to_tick) const;
};

// Throws rig::JournalError when the journal holds no run, calibration::DataError when the run's
// texts are not what this version reads. A note that does not fit is left out, with a remark.
JournalStory read_story(const rig::JournalContent& journal);

}  // namespace sequences
