// Makes seeds of the journal target: what a short run of two meters on the twin leaves behind,
// whole, without its edges, and cut.
#include "rig/journal.hpp"
#include "tests/fuzz/seed_files.hpp"
#include "tests/sequences/bench_run.hpp"

#include <algorithm>
#include <variant>

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes journal_of(const test::BenchSpec& spec) {
    test::Scratch scratch;
    const auto path = scratch.file();
    test::run(spec, path);
    return test::bytes_of(path);
}

// The notes alone, of which the edges' bulk would hide the most.
Bytes notes_of(const Bytes& journal) {
    test::Scratch scratch;
    const auto path = scratch.file();
    {
        rig::JournalWriter writer{path};
        for (const auto& record : rig::read_journal_bytes(journal, "journal").records) {
            if (const auto* note = std::get_if<rig::Note>(&record)) {
                writer.note(note->kind, note->json);
            } else {
                const auto& edges = std::get<1>(record);
                writer.edges(std::span{edges}.first(std::min<std::size_t>(edges.size(), 2)));
            }
        }
    }
    return test::bytes_of(path);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const std::filesystem::path folder = arguments[1];
    const test::BenchSpec spec{
        .programme = "imax-short", .twins = {""}, .only_points = {"Imax PF 1"}};
    const Bytes whole = journal_of(spec);
    fuzz::write_seed(folder, "whole", whole);
    const Bytes notes = notes_of(whole);
    fuzz::write_seed(folder, "notes", notes);
    fuzz::write_seed(folder, "cut", std::span{notes}.first(notes.size() * 2 / 3));
    test::BenchSpec faulty = spec;
    faulty.faults = {"lost-edge:1@30"};
    fuzz::write_seed(folder, "faulty", notes_of(journal_of(faulty)));
    return 0;
}
