// Fuzz target: a run's journal with anything in it. What is readable does not depend on what
// follows, and the evaluation judges it, never calling a run complete that has no end.
#include "rig/journal.hpp"

#include "calibration/document.hpp"
#include "sequences/evaluation.hpp"
#include "tests/fuzz/property.hpp"

#include <boost/crc.hpp>

#include <cstring>
#include <span>
#include <string>

namespace {

using namespace rig;
using calibration::Verdict;
using fuzz::BytesView;
using fuzz::property;

constexpr std::size_t magic_size = 8, header_size = 9;

bool same(const JournalRecord& a, const JournalRecord& b) {
    if (a.index() != b.index()) return false;
    if (const auto* note = std::get_if<Note>(&a)) {
        const auto& other = std::get<Note>(b);
        return note->kind == other.kind && note->json == other.json;
    }
    return std::get<1>(a) == std::get<1>(b);
}

void check_reading(BytesView bytes, const JournalContent& content) {
    property(content.readable_bytes <= bytes.size(), "nothing is read behind the end");
    property(content.truncated == (content.readable_bytes < bytes.size()),
             "a journal is whole when all of it was read");
    const auto readable = bytes.first(content.readable_bytes);
    const auto again = read_journal_bytes(readable, "journal");
    property(!again.truncated && std::ranges::equal(again.records, content.records, same),
             "what is readable does not depend on what follows");
    if (readable.size() == magic_size) return;
    const auto cut = read_journal_bytes(readable.first(readable.size() - 1), "journal");
    property(cut.truncated && cut.records.size() + 1 == content.records.size(),
             "a cut costs the record it is in");
}

bool has_end(const JournalContent& content) {
    return std::ranges::any_of(content.records, [](const JournalRecord& record) {
        const auto* note = std::get_if<Note>(&record);
        return note != nullptr && note->kind == "end";
    });
}

void check_result(const JournalContent& content, const sequences::RunResult& run) {
    property(run.aborted || has_end(content), "a run without an end is not complete");
    property(run.points.size() == run.plan.points.size(), "every point of the plan has its result");
    for (const auto& point : run.points) {
        property(point.positions.size() == run.meters.size(), "for every meter");
    }
    for (const auto& meter : run.meters) {
        property(!run.aborted || meter.verdict != Verdict::pass, "a meter passes a whole run only");
    }
    property(!run.aborted || run.verdict != Verdict::pass, "and so does the run");
}

// Puts right the checksum of every record, as far as their sizes lead from one to the next.
void reseal(std::span<std::uint8_t> bytes) {
    std::size_t at = magic_size;
    while (at + header_size <= bytes.size()) {
        std::uint32_t size = 0;
        std::memcpy(&size, &bytes[at], sizeof size);
        if (size > bytes.size() - at - header_size) {
            size = static_cast<std::uint32_t>(bytes.size() - at - header_size);
            std::memcpy(&bytes[at], &size, sizeof size);
        }
        boost::crc_32_type crc;
        crc.process_bytes(&bytes[at + 8], 1 + size);
        const std::uint32_t sum = crc.checksum();
        std::memcpy(&bytes[at + 4], &sum, sizeof sum);
        at += header_size + size;
    }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t most,
                                               unsigned seed) {
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 8 != 0 && size >= magic_size) reseal({data, size});
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes{data, size};
    try {
        const JournalContent content = read_journal_bytes(bytes, "journal");
        check_reading(bytes, content);
        check_result(content, sequences::evaluate(content));
    } catch (const JournalError&) {
        // no journal, or none of a run
    } catch (const calibration::DataError&) {
        // its texts are not what this version reads
    }
    return 0;
}
