// Reads the records of a journal in two rounds: first what the run is, then what happened in it.
#include "sequences/journal_story.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <tuple>
#include <utility>

namespace sequences {

namespace {

using calibration::PhasedEdge;
using rig::JournalError;

// Serial numbers may hold hexadecimal digits, large or small.
bool same_digits(std::string_view a, std::string_view b) {
    const auto folded = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::ranges::equal(a, b, {}, folded, folded);
}

class Reader {
  public:
    explicit Reader(const rig::JournalContent& journal) : journal_(journal) {}

    JournalStory read() {
        read_notes();
        begin();
        for (const Record& record : records_) {
            try {
                std::visit([this](const auto& r) { take(r); }, record);
            } catch (const JournalError& error) {
                contradict(error.what());
            }
        }
        read_edges();
        return std::move(story_);
    }

  private:
    const rig::JournalContent& journal_;
    JournalStory story_;
    std::vector<Record> records_;
    std::vector<std::string> unreadable_;

    void read_notes() {
        for (const rig::JournalRecord& entry : journal_.records) {
            const auto* note = std::get_if<rig::Note>(&entry);
            if (note == nullptr) {
                continue;
            }
            try {
                if (auto record = sequences::read(*note)) {
                    records_.push_back(*std::move(record));
                }
            } catch (const JournalError& error) {
                unreadable_.emplace_back(error.what());
            }
        }
    }

    template <class T>
    const T* first() const {
        const auto found = std::ranges::find_if(
            records_, [](const Record& r) { return std::holds_alternative<T>(r); });
        return found == records_.end() ? nullptr : &std::get<T>(*found);
    }

    void begin() {
        const auto* run = first<RunRecord>();
        if (run == nullptr) {
            throw JournalError("the journal holds no run: nothing was driven");
        }
        story_.run = *run;
        story_.plan = make_plan(run->setup);
        story_.points.resize(story_.plan.points.size());
        story_.remarks = story_.plan.remarks;
        begin_meters();
        for (const std::string& complaint : unreadable_) {
            contradict(complaint);
        }
    }

    // The positions are those of the bench file until the assembled bench has said which they are.
    void begin_meters() {
        const RunSetup& setup = story_.run.setup;
        story_.bench = rig::parse_bench_file(setup.bench_text, setup.bench_name);
        for (const rig::PositionEntry& entry : story_.bench.positions) {
            story_.meters.push_back(
                {.position = entry.name, .serial = entry.serial, .led_channel = entry.led_channel});
        }
        story_.edges.resize(story_.meters.size());
        story_.outputs.resize(story_.meters.size());
        story_.registers.resize(story_.meters.size());
        story_.other_serial.resize(story_.meters.size());
    }

    void contradict(const std::string& complaint) {
        if (story_.contradiction.empty()) {
            story_.contradiction = complaint;
        }
        remark(fmt::format("left out: {}", complaint));
    }

    void remark(std::string text) {
        if (story_.remarks.empty() || story_.remarks.back() != text) {
            story_.remarks.push_back(std::move(text));
        }
    }

    PointStory& point(std::size_t index) {
        if (index >= story_.points.size()) {
            throw JournalError(fmt::format(
                "the journal speaks of point {}, its plan has {}", index, story_.points.size()));
        }
        return story_.points[index];
    }

    MeterResult& meter(std::size_t position) {
        if (position >= story_.meters.size()) {
            throw JournalError(fmt::format("the journal speaks of position {}, its bench has {}",
                                           position,
                                           story_.meters.size()));
        }
        return story_.meters[position];
    }

    void take(const RunRecord& r) {
        if (r.identity.run_id != story_.run.identity.run_id) {
            throw JournalError("the journal holds a second run");
        }
    }
    void take(const InstrumentsRecord& r) {
        if (r.positions.size() != story_.meters.size() ||
            r.channels.size() != story_.meters.size()) {
            throw JournalError(fmt::format(
                "the journal speaks of {} positions on {} channels, its bench file has {}",
                r.positions.size(),
                r.channels.size(),
                story_.meters.size()));
        }
        story_.instruments = r.instruments;
        for (std::size_t i = 0; i < r.positions.size(); ++i) {
            story_.meters[i].position = r.positions[i].first;
            story_.meters[i].led_channel = r.channels[i];
        }
    }
    void take(const MeterRecord& r) {
        MeterResult& owner = meter(r.position);
        owner.identity = r.identity;
        if (owner.serial.empty()) {
            owner.serial = r.serial;
        }
        if (!r.serial.empty() && !same_digits(owner.serial, r.serial)) {
            story_.other_serial[r.position] = true;
            remark(fmt::format("position {}: the bench file gives serial {}, the meter states {}",
                               owner.position,
                               owner.serial,
                               r.serial));
        }
    }
    void take(const GivenUpRecord& r) {
        MeterResult& owner = meter(r.position);
        owner.reason = r.reason;
        remark(fmt::format("position {}: {}", owner.position, r.reason));
    }
    void take(const RegistersRecord& r) {
        meter(r.position);
        RegisterStretch& stretch = story_.registers[r.position][r.stretch];
        (r.after ? stretch.after : stretch.before) = r;
    }
    void take(const PointRecord& r) { point(r.point).attempts[r.attempt].begin = r; }
    void take(const GateRecord& r) { point(r.point).attempts[r.attempt].gate = r; }
    void take(const ConditionsRecord& r) {
        point(r.point).attempts[r.attempt].conditions.push_back(r);
    }
    void take(const InvalidRecord& r) {
        if (r.position) {
            meter(*r.position);
        }
        point(r.point).invalid.push_back(r);
    }
    void take(const DoneRecord& r) {
        meter(r.position);
        point(r.point).done[r.position] = r;
    }
    void take(const PointEndRecord& r) { point(r.point).attempts[r.attempt].end = r; }
    void take(const LossRecord& r) {
        story_.losses.push_back(r.loss);
        remark(describe(r.loss));
    }
    void take(const RemarkRecord& r) { remark(r.text); }
    void take(const EndRecord& r) { story_.end = r; }

    StepStory& step(const StepPlace& place) { return point(place.point).steps[place.attempt]; }

    void take(const MarkRecord& r) { step(r.place).marks.push_back(r); }
    void take(const PortReadingRecord& r) {
        meter(r.position);
        step(r.place).readings.push_back(r);
    }
    void take(const PortIdentityRecord& r) {
        meter(r.position);
        step(r.place).identities.push_back(r);
    }
    void take(const PortFaultRecord& r) {
        remark(fmt::format(
            "position {}, {}: {}", meter(r.position).position, name_of(r.place), r.reason));
        step(r.place).faults.push_back(r);
    }
    // Who wrote what into a meter must be found by whoever looks after the run.
    void take(const SettingRecord& r) {
        const MeterResult& owner = meter(r.position);
        remark(fmt::format("position {}, {}: {}", owner.position, name_of(r.place), describe(r)));
        step(r.place).settings.push_back(r);
    }
    void take(const CommunicationRecord& r) {
        meter(r.position);
        step(r.place).communication.push_back(r);
    }

    std::string name_of(const StepPlace& place) {
        point(place.point);
        return story_.plan.points[place.point].programme.name;
    }

    static std::string describe(const SettingRecord& r) {
        const auto text = [](std::optional<double> value) {
            return value ? fmt::format("{:g}", *value) : std::string("nothing");
        };
        if (!r.refusal.empty()) {
            return fmt::format("{} = {:g} was refused: {}", r.quantity, r.asked, r.refusal);
        }
        return fmt::format("{} was {}, is {}{}",
                           r.quantity,
                           text(r.before),
                           text(r.after),
                           r.by_broadcast ? " by broadcast" : "");
    }

    std::string describe(const rig::RecordedLoss& loss) {
        std::string whose = "every position";
        if (!loss.everyone) {
            std::vector<std::string> names;
            for (const std::size_t position : loss.positions) {
                names.push_back(meter(position).position);
            }
            whose = fmt::format("position {}", fmt::join(names, ", "));
        }
        const double tick_s = story_.instruments.tick_s;
        return fmt::format(
            "edge stream, {:.3f} s to {:.3f} s of the capture's clock, {}: {}{}",
            static_cast<double>(loss.from_tick) * tick_s,
            static_cast<double>(loss.to_tick) * tick_s,
            whose,
            loss.cause,
            loss.edges ? fmt::format(", {} impulses by the counters", *loss.edges) : "");
    }

    void read_edges() {
        for (const rig::JournalRecord& entry : journal_.records) {
            if (const auto* batch = std::get_if<std::vector<rig::PositionEdge>>(&entry)) {
                add_edges(*batch);
            }
        }
        for (auto* lists : {&story_.edges, &story_.outputs}) {
            for (auto& list : *lists) {
                std::ranges::sort(list, [](const PhasedEdge& a, const PhasedEdge& b) {
                    return std::tie(a.tick, a.reference_count) <
                           std::tie(b.tick, b.reference_count);
                });
            }
        }
    }

    void add_edges(const std::vector<rig::PositionEdge>& batch) {
        for (const rig::PositionEdge& edge : batch) {
            if (edge.index() >= story_.edges.size()) {
                contradict(fmt::format("the journal holds edges of position {}, its bench has {}",
                                       edge.index(),
                                       story_.edges.size()));
                continue;
            }
            auto& lists = edge.of_output() ? story_.outputs : story_.edges;
            lists[edge.index()].push_back(edge.edge);
        }
    }
};

}  // namespace

namespace {

std::vector<PhasedEdge> cut_out(const std::vector<PhasedEdge>& all,
                                std::int64_t from_tick,
                                std::int64_t to_tick) {
    const auto begin = std::ranges::lower_bound(all, from_tick, {}, &PhasedEdge::tick);
    const auto last = std::ranges::upper_bound(all, to_tick, {}, &PhasedEdge::tick);
    return begin < last ? std::vector<PhasedEdge>(begin, last) : std::vector<PhasedEdge>{};
}

}  // namespace

const MarkRecord* StepStory::mark(std::string_view label) const {
    const auto found = std::ranges::find_if(
        marks, [&](const MarkRecord& mark) { return mark.place.label == label; });
    return found == marks.end() ? nullptr : &*found;
}

const PortReadingRecord* StepStory::reading(std::size_t position, std::string_view label) const {
    const auto found = std::ranges::find_if(readings, [&](const PortReadingRecord& reading) {
        return reading.position == position && reading.place.label == label;
    });
    return found == readings.end() ? nullptr : &*found;
}

std::vector<PhasedEdge> JournalStory::between(std::size_t position,
                                              std::int64_t from_tick,
                                              std::int64_t to_tick) const {
    return cut_out(edges[position], from_tick, to_tick);
}

std::vector<PhasedEdge> JournalStory::outputs_between(std::size_t position,
                                                      std::int64_t from_tick,
                                                      std::int64_t to_tick) const {
    return cut_out(outputs[position], from_tick, to_tick);
}

std::string JournalStory::output_lost_in(std::size_t position,
                                         std::int64_t from_tick,
                                         std::int64_t to_tick) const {
    const auto found = std::ranges::find_if(losses, [&](const rig::RecordedLoss& loss) {
        return loss.spoils_output(position) && loss.overlaps(from_tick, to_tick);
    });
    return found == losses.end() ? "" : found->cause;
}

std::string JournalStory::lost_in(std::size_t position,
                                  std::int64_t from_tick,
                                  std::int64_t to_tick) const {
    const auto found = std::ranges::find_if(losses, [&](const rig::RecordedLoss& loss) {
        return loss.spoils(position) && loss.overlaps(from_tick, to_tick);
    });
    return found == losses.end() ? "" : found->cause;
}

std::string JournalStory::recovered_in(std::size_t position,
                                       std::int64_t from_tick,
                                       std::int64_t to_tick) const {
    const auto found = std::ranges::find_if(losses, [&](const rig::RecordedLoss& loss) {
        return loss.names(position) && !loss.spoils(position) && loss.overlaps(from_tick, to_tick);
    });
    return found == losses.end() ? "" : found->cause;
}

JournalStory read_story(const rig::JournalContent& journal) { return Reader(journal).read(); }

}  // namespace sequences
