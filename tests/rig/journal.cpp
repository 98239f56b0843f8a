// The journal: whatever happens to the file or the process, what was complete is read back and
// nothing else.
#include "rig/journal.hpp"

#include "tests/rig/bench_texts.hpp"
#include "tests/rig/small_disk.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using Catch::Matchers::Contains;
using rig::JournalContent;
using rig::JournalError;
using rig::JournalRecord;
using rig::Note;
using rig::PositionEdge;
using rig_test::Folder;
using rig_test::SmallDisk;
using Bytes = std::vector<std::uint8_t>;

PositionEdge edge(std::uint16_t position, std::int64_t tick) {
    return {position,
            {.tick = tick,
             .reference_count = tick / 7,
             .reference_before = tick - 3,
             .reference_after = tick + 9}};
}

bool same(const JournalRecord& a, const JournalRecord& b) {
    if (const auto* note = std::get_if<Note>(&a)) {
        const auto* other = std::get_if<Note>(&b);
        return other != nullptr && note->kind == other->kind && note->json == other->json;
    }
    return std::holds_alternative<std::vector<PositionEdge>>(b) &&
           std::get<std::vector<PositionEdge>>(a) == std::get<std::vector<PositionEdge>>(b);
}

// How many records `content` shares with the whole journal, all of its own from the first on; -1: a
// wrong one.
int agreeing(const JournalContent& content, const JournalContent& whole) {
    if (content.records.size() > whole.records.size()) {
        return -1;
    }
    for (std::size_t i = 0; i < content.records.size(); ++i) {
        if (!same(content.records[i], whole.records[i])) {
            return -1;
        }
    }
    return static_cast<int>(content.records.size());
}

Bytes bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Five records, and where each of them ends.
struct Small {
    Folder folder;
    Bytes bytes;
    JournalContent content;
    std::vector<std::size_t> ends{8};

    Small() {
        const auto path = folder / "small.journal";
        rig::JournalWriter writer(path);
        const auto mark = [&] {
            writer.sync();
            ends.push_back(std::filesystem::file_size(path));
        };
        writer.note("run", R"({"seed":1})");
        mark();
        writer.edges(std::vector{edge(0, 100), edge(65535, -5), edge(1, INT64_MAX - 9)});
        mark();
        writer.note("loss", "");
        mark();
        writer.note("text", "two\nlines");
        mark();
        writer.edges(std::vector{edge(2, 1)});
        mark();
        bytes = bytes_of(path);
        content = rig::read_journal(path);
    }
};

}  // namespace

TEST_CASE("a journal reads back what was written, in order") {
    const Small small;
    REQUIRE(small.content.records.size() == 5);
    CHECK_FALSE(small.content.truncated);
    CHECK(small.content.readable_bytes == small.bytes.size());
    CHECK(same(small.content.records[0], Note{"run", R"({"seed":1})"}));
    CHECK(same(small.content.records[1],
               std::vector{edge(0, 100), edge(65535, -5), edge(1, INT64_MAX - 9)}));
    CHECK(same(small.content.records[2], Note{"loss", ""}));
    CHECK(same(small.content.records[3], Note{"text", "two\nlines"}));
    CHECK(same(small.content.records[4], std::vector{edge(2, 1)}));
}

TEST_CASE(
    "a journal cut anywhere still has every record that was complete, and says that it was cut") {
    const Small small;
    for (std::size_t cut = 0; cut < small.bytes.size(); ++cut) {
        INFO("cut at byte " << cut);
        const std::span<const std::uint8_t> left(small.bytes.data(), cut);
        if (cut < 8) {
            CHECK_THROWS_AS(rig::read_journal_bytes(left, "j"), JournalError);
            continue;
        }
        const JournalContent content = rig::read_journal_bytes(left, "j");
        const auto complete =
            std::ranges::count_if(small.ends, [&](std::size_t end) { return end <= cut; }) - 1;
        CHECK(agreeing(content, small.content) == complete);
        const bool between_records = std::ranges::find(small.ends, cut) != small.ends.end();
        CHECK(content.truncated == !between_records);
        CHECK(content.readable_bytes == small.ends[static_cast<std::size_t>(complete)]);
    }
}

TEST_CASE("one wrong bit anywhere costs the records from there on, and never makes a wrong one") {
    const Small small;
    for (std::size_t bit = 0; bit < small.bytes.size() * 8; ++bit) {
        INFO("bit " << bit);
        Bytes wrong = small.bytes;
        wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1U << (bit % 8)));
        if (bit < 64) {
            CHECK_THROWS_AS(rig::read_journal_bytes(wrong, "j"), JournalError);
            continue;
        }
        const JournalContent content = rig::read_journal_bytes(wrong, "j");
        const auto before =
            std::ranges::count_if(small.ends, [&](std::size_t end) { return end <= bit / 8; }) - 1;
        CHECK(agreeing(content, small.content) == before);
        CHECK(content.truncated);
    }
}

TEST_CASE("zeros or garbage at the end of a journal are not records") {
    const Small small;
    for (const std::uint8_t filler : Bytes{0x00, 0xFF, 0x4E}) {
        Bytes longer = small.bytes;
        longer.insert(longer.end(), 4096, filler);
        const JournalContent content = rig::read_journal_bytes(longer, "j");
        CHECK(agreeing(content, small.content) == 5);
        CHECK(content.truncated);
    }
}

TEST_CASE("a journal that lies there already is evidence and is not touched") {
    const Folder folder;
    const auto path = folder / "run.h5.journal";
    {
        std::ofstream(path) << "evidence";
    }
    CHECK_THROWS_WITH(rig::JournalWriter(path),
                      Contains(path.string()) && Contains("calrig recover"));
    CHECK(bytes_of(path).size() == 8);
}

TEST_CASE("a journal in a folder that is not there is refused with the reason") {
    const Folder folder;
    CHECK_THROWS_WITH(
        rig::JournalWriter(folder / "none/run.journal"),
        Contains("No such file") && Contains("expected a folder that can be written"));
}

TEST_CASE("what is no journal is not read as one") {
    const Folder folder;
    CHECK_THROWS_WITH(rig::read_journal(folder / "none"), Contains("cannot be read"));
    CHECK_THROWS_WITH(rig::read_journal(folder.path()), Contains("cannot be read"));
    {
        std::ofstream(folder / "text") << "hello, this is something else";
    }
    CHECK_THROWS_WITH(rig::read_journal(folder / "text"), Contains("expected a calrig journal"));
    {
        std::ofstream(folder / "empty");
    }
    CHECK_THROWS_AS(rig::read_journal(folder / "empty"), JournalError);
}

TEST_CASE("a note's kind is one line") {
    const Folder folder;
    rig::JournalWriter writer(folder / "j");
    CHECK_THROWS_AS(writer.note("two\nlines", "{}"), std::logic_error);
    writer.note("one", "{}");
    writer.sync();
    CHECK(rig::read_journal(folder / "j").records.size() == 1);
}

TEST_CASE("a journal is locked as long as its run goes on") {
    const Folder folder;
    auto writer = std::make_unique<rig::JournalWriter>(folder / "j");
    const int other = ::open((folder / "j").c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(other >= 0);
    CHECK(::flock(other, LOCK_SH | LOCK_NB) != 0);
    writer.reset();
    CHECK(::flock(other, LOCK_SH | LOCK_NB) == 0);
    ::close(other);
}

TEST_CASE("a writer that goes takes its last records to the disk") {
    const Folder folder;
    {
        rig::JournalWriter writer(folder / "j");
        for (int i = 0; i < 1000; ++i) {
            writer.note("n", std::to_string(i));
        }
    }
    const JournalContent content = rig::read_journal(folder / "j");
    REQUIRE(content.records.size() == 1000);
    CHECK(std::get<Note>(content.records.back()).json == "999");
}

TEST_CASE(
    "a full disk ends the recording with the reason, and what was written before is readable") {
    const Folder folder;
    const auto path = folder / "j";
    std::size_t confirmed = 0;
    {
        const SmallDisk disk(10000);
        rig::JournalWriter writer(path);
        std::string complaint;
        try {
            for (int i = 0; i < 1000; ++i) {
                writer.note("n", std::to_string(i) + std::string(100, '.'));
                writer.sync();
                ++confirmed;
            }
        } catch (const JournalError& error) {
            complaint = error.what();
        }
        CHECK_THAT(complaint,
                   Contains(path.string()) && Contains("File too large") &&
                       Contains("cannot be recorded any further"));
        CHECK_THROWS_AS(writer.note("late", "{}"), JournalError);
        CHECK_THROWS_AS(writer.edges(std::vector{edge(0, 1)}), JournalError);
        CHECK_THROWS_AS(writer.sync(), JournalError);
    }
    const JournalContent content = rig::read_journal(path);
    CHECK(confirmed > 50);
    CHECK(content.records.size() == confirmed);
}

TEST_CASE(
    "a disk that is full from the start is found out before the run, and leaves no file behind") {
    const Folder folder;
    const SmallDisk disk(4);
    CHECK_THROWS_AS(rig::JournalWriter(folder / "j"), JournalError);
    CHECK_FALSE(std::filesystem::exists(folder / "j"));
}

TEST_CASE("a process that is killed leaves what it recorded, though it never asked for a sync") {
    const Folder folder;
    const auto path = folder / "j";
    const pid_t child = ::fork();
    if (child == 0) {
        rig::JournalWriter writer(path);
        for (int i = 0; i < 100; ++i) {
            writer.note("n", std::to_string(i));
        }
        for (;;) {
            ::pause();
        }
    }
    REQUIRE(child > 0);
    std::size_t records = 0;
    // 100 ms after the last record, where the machine is not busy; this one may be.
    for (int look = 0; look < 200 && records < 100; ++look) {
        ::poll(nullptr, 0, 50);
        if (std::filesystem::exists(path) && std::filesystem::file_size(path) >= 8) {
            records = rig::read_journal(path).records.size();
        }
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    const JournalContent content = rig::read_journal(path);
    REQUIRE(content.records.size() == 100);
    CHECK_FALSE(content.truncated);
    CHECK(std::get<Note>(content.records.back()).json == "99");
}
