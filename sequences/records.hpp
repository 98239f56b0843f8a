// The notes a run leaves in its journal, typed: what the runner writes and the evaluation reads.
#pragma once

#include "calibration/seen_load.hpp"
#include "rig/journal.hpp"
#include "rig/recorded_loss.hpp"
#include "sequences/port_records.hpp"
#include "sequences/results.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sequences {

struct RunRecord {
    RunSetup setup;
    RunIdentity identity;
};
struct InstrumentsRecord {
    Instruments instruments;
    std::vector<std::pair<std::string, std::string>> positions;  // name, serial: in bench order
    std::vector<int> channels;
};
struct MeterRecord {
    std::size_t position = 0;
    std::vector<std::pair<std::string, std::string>> identity;
    std::string serial;
};
// The position is given up: its meter does not answer, is another type, ...
struct GivenUpRecord {
    std::size_t position = 0;
    std::string reason;
};
struct RegistersRecord {
    std::size_t position = 0;
    bool after = false;
    // Counts up whenever a setting may have changed what the registers carry: the check goes
    // stretch by stretch.
    int stretch = 0;
    double import_kwh = 0, export_kwh = 0;  // as the register shows them
    double step_kwh = 0, roll_over_kwh = 0, ratio = 1;
    std::int64_t tick = 0;  // while no current flowed
};
struct PointRecord {
    std::size_t point = 0;
    int attempt = 1;
    double at_s = 0;
    double reference_constant_imp_per_kwh = 0;
};
struct GateRecord {  // conditions are met, edges count from here on
    std::size_t point = 0;
    int attempt = 1;
    double at_s = 0;
    std::int64_t from_tick = 0;
};
struct ConditionsRecord {
    std::size_t point = 0;
    int attempt = 1;
    double at_s = 0;
    std::int64_t tick = 0;
    calibration::SeenLoad seen;
};
// A gate that does not count; without a position: everybody's.
struct InvalidRecord {
    std::size_t point = 0;
    int attempt = 1;
    std::optional<std::size_t> position;
    std::string reason;
};
struct DoneRecord {  // this position's gate counts: edges in [from_tick, to_tick]
    std::size_t point = 0;
    int attempt = 1;
    std::size_t position = 0;
    std::int64_t from_tick = 0, to_tick = 0;
    std::optional<double> true_error_percent;
};
struct PointEndRecord {
    std::size_t point = 0;
    int attempt = 1;
    double at_s = 0;
};
struct LossRecord {  // written by the edge recorder
    rig::RecordedLoss loss;
};
struct RemarkRecord {
    std::string text;
};
struct EndRecord {
    bool aborted = false;
    std::string reason;
    double at_s = 0;
};

using Record = std::variant<RunRecord,
                            InstrumentsRecord,
                            MeterRecord,
                            GivenUpRecord,
                            RegistersRecord,
                            PointRecord,
                            GateRecord,
                            ConditionsRecord,
                            InvalidRecord,
                            DoneRecord,
                            PointEndRecord,
                            LossRecord,
                            RemarkRecord,
                            EndRecord,
                            MarkRecord,
                            PortReadingRecord,
                            PortIdentityRecord,
                            PortFaultRecord,
                            SettingRecord,
                            CommunicationRecord>;

void write(rig::JournalWriter& journal, const Record& record);
// Throws rig::JournalError for a note of another shape; nothing for a kind this version does not
// know.
std::optional<Record> read(const rig::Note& note);

}  // namespace sequences
