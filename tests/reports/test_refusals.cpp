// When evidence cannot be written nothing is left behind; when a file is not whole evidence it is
// refused.
#include "reports/evidence_image.hpp"
#include "reports/hdf5_reader.hpp"
#include "reports/hdf5_writer.hpp"
#include "reports/seal.hpp"
#include "tests/reports/sample_run.hpp"
#include "tests/reports/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/resource.h>

namespace {

using Catch::Matchers::Contains;
using reports::EvidenceError;
using sequences::RunResult;
using tests::contents;
using tests::ScratchFolder;
using tests::store;

const RunResult& small_run() {
    static const RunResult made = tests::sample_run({.positions = 1, .only_points = {"Itr PF 1"}});
    return made;
}

const std::vector<std::byte>& small_file() {
    static const std::vector<std::byte> made = [] {
        auto image = reports::evidence_image(small_run());
        reports::seal(image);
        return image;
    }();
    return made;
}

std::string as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A disk that is full after `bytes`: the system refuses to let any file grow beyond.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    void (*handler_)(int);
    rlimit before_{};
};

std::string refusal(const std::filesystem::path& path) {
    try {
        reports::read_evidence(path);
    } catch (const EvidenceError& error) {
        return error.what();
    }
    return "read without a complaint";
}

}  // namespace

TEST_CASE("a disk that fills up at any byte leaves no file, whole or half") {
    const auto size = static_cast<rlim_t>(small_file().size());
    const rlim_t room = GENERATE_COPY(rlim_t{0}, rlim_t{1}, rlim_t{512}, size / 2, size - 1);
    const ScratchFolder folder;
    std::string message;
    {
        const FullDisk full(room);
        try {
            reports::write_evidence(small_run(), folder / "run.h5");
        } catch (const EvidenceError& error) {
            message = error.what();
        }
    }
    CHECK_THAT(message, Contains("run.h5: file too large: the evidence was not written"));
    CHECK(folder.files() == 0);
}

TEST_CASE("a full disk leaves earlier evidence untouched and names the journal") {
    const ScratchFolder folder;
    reports::write_evidence(small_run(), folder / "run.h5");
    store(folder / "run.h5.journal", "records");
    const auto before = contents(folder / "run.h5");
    {
        const FullDisk full(1000);
        CHECK_THROWS_WITH(reports::write_evidence(tests::sample_run(), folder / "run.h5"),
                          Contains("the journal run.h5.journal still holds the run"));
    }
    CHECK(contents(folder / "run.h5") == before);
    CHECK(folder.files() == 2);
}

TEST_CASE("a folder that is not there or takes no files is named with its reason") {
    const ScratchFolder folder;
    CHECK_THROWS_WITH(reports::write_evidence(small_run(), folder / "nowhere/run.h5"),
                      Contains("nowhere/run.h5: no such file or directory: the evidence was not"));
    store(folder / "file", "");
    CHECK_THROWS_WITH(reports::write_evidence(small_run(), folder / "file/run.h5"),
                      Contains("not a directory"));
    CHECK_THROWS_AS(reports::write_evidence(small_run(), "/proc/run.h5"), EvidenceError);
    CHECK(folder.files() == 1);
}

TEST_CASE("evidence that cannot take its final name leaves no temporary file") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder / "run.h5");
    CHECK_THROWS_AS(reports::write_evidence(small_run(), folder / "run.h5"), EvidenceError);
    CHECK(folder.files() == 1);
}

TEST_CASE("evidence cut off at any byte is refused") {
    const std::span<const std::byte> file(small_file());
    CHECK(reports::seal_fault(file).empty());
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < file.size(); ++size) {
        accepted += reports::seal_fault(file.first(size)).empty() ? 1 : 0;
    }
    CHECK(accepted == 0);
    const ScratchFolder folder;
    store(folder / "cut.h5", as_text(file.first(file.size() - 1)));
    CHECK_THAT(refusal(folder / "cut.h5"), Contains("cut.h5: it is cut off after"));
    store(folder / "cut.h5", as_text(file.first(100)));
    CHECK_THAT(refusal(folder / "cut.h5"), Contains("cut.h5: it is cut off after 100 bytes"));
}

TEST_CASE("one wrong bit anywhere in evidence is noticed") {
    auto file = small_file();
    std::size_t accepted = 0;
    for (std::size_t at = 0; at < file.size(); at += at < reports::seal_bytes ? 1 : 7) {
        const auto bit = std::byte{1} << (at % 8);
        file[at] ^= bit;
        accepted += reports::seal_fault(file).empty() ? 1 : 0;
        file[at] ^= bit;
    }
    CHECK(accepted == 0);
    const ScratchFolder folder;
    file[file.size() / 2] ^= std::byte{4};
    store(folder / "bit.h5", as_text(file));
    CHECK_THAT(refusal(folder / "bit.h5"), Contains("bit.h5: it was altered"));
}

TEST_CASE("evidence with something behind its end is refused") {
    const ScratchFolder folder;
    store(folder / "long.h5", as_text(small_file()) + "x");
    CHECK_THAT(refusal(folder / "long.h5"), Contains("it was altered"));
}

TEST_CASE("evidence of a newer format says so") {
    const ScratchFolder folder;
    auto text = as_text(small_file());
    text.replace(text.find("format 1"), 8, "format 2");
    store(folder / "newer.h5", text);
    CHECK_THAT(refusal(folder / "newer.h5"),
               Contains("newer.h5: its format 2 is newer than the format 1 this calrig reads"));
}

TEST_CASE("what is no evidence is refused in one line") {
    const ScratchFolder folder;
    CHECK_THAT(refusal(folder / "none.h5"), Contains("none.h5: no such file or directory"));
    store(folder / "empty.h5", "");
    CHECK_THAT(refusal(folder / "empty.h5"), Contains("empty.h5: this is no calrig evidence"));
    store(folder / "other.h5", as_text(std::span(small_file()).subspan(reports::seal_bytes)));
    CHECK_THAT(refusal(folder / "other.h5"), Contains("other.h5: this is no calrig evidence"));
    CHECK_THAT(refusal(folder / "."), Contains("is a directory"));
}

TEST_CASE("a sealed file without calrig's layout is refused by the first thing it lacks") {
    const ScratchFolder folder;
    std::vector<std::byte> nothing(reports::seal_bytes + 100);
    reports::seal(nothing);
    store(folder / "hollow.h5", as_text(nothing));
    CHECK_THAT(refusal(folder / "hollow.h5"), Contains("hollow.h5: not an HDF5 file"));
}
