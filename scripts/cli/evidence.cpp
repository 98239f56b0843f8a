#include "scripts/cli/evidence.hpp"

#include "calibration/document.hpp"
#include "reports/hdf5_reader.hpp"
#include "reports/hdf5_writer.hpp"
#include "reports/html.hpp"
#include "scripts/cli/commands.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace scripts {

namespace {

using calibration::DataError;
using calibration::Verdict;

}  // namespace

std::filesystem::path journal_of(const std::filesystem::path& evidence) {
    return evidence.string() + ".journal";
}

void check_writable(const std::filesystem::path& path) {
    if (std::filesystem::is_directory(path)) {
        throw DataError(fmt::format("{}: expected a file, got a folder", path.string()));
    }
    const bool there = std::filesystem::exists(path);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        throw DataError(fmt::format("{}: expected a file that can be written: {}",
                                    path.string(),
                                    std::generic_category().message(errno)));
    }
    ::close(file);
    if (!there) {
        std::filesystem::remove(path);
    }
}

void check_journal(const std::filesystem::path& output) {
    const std::filesystem::path journal = journal_of(output);
    if (std::filesystem::exists(journal)) {
        throw DataError(fmt::format(
            "{0}: an earlier run left it: expected 'calrig recover {0}' first, or another output",
            journal.string()));
    }
}

void check_no_writer(const std::filesystem::path& journal) {
    const int file = ::open(journal.c_str(), O_RDONLY | O_CLOEXEC);
    const bool locked = file >= 0 && ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (file >= 0) {
        ::close(file);
    }
    if (locked) {
        throw DataError(
            fmt::format("{}: expected the journal of a run that is over; this one still goes on",
                        journal.string()));
    }
}

sequences::RunResult read_given(const std::filesystem::path& path) {
    try {
        return reports::read_evidence(path);
    } catch (const reports::EvidenceError& error) {
        throw DataError(fmt::format("{}: expected the evidence of a run", error.what()));
    }
}

void check_output(const std::filesystem::path& output, bool force) {
    check_writable(output);
    if (force || !std::filesystem::exists(output)) {
        return;
    }
    bool simulated = false;
    try {
        simulated = reports::read_evidence(output).identity.simulated;
    } catch (const reports::EvidenceError& error) {
        throw DataError(
            fmt::format("{}: lies there and is no evidence that can be replaced ({}); move it "
                        "away, or use --force",
                        output.string(),
                        error.what()));
    }
    if (!simulated) {
        throw DataError(
            fmt::format("{}: holds the evidence of a real run; choose another name, or use --force",
                        output.string()));
    }
}

void write_html(const sequences::RunResult& result, const std::filesystem::path& path) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << reports::render_html(result);
    file.flush();
    if (!file) {
        throw reports::EvidenceError(
            fmt::format("{}: the pages could not be written; the evidence stands", path.string()));
    }
}

void leave_evidence(const sequences::RunResult& result,
                    const std::filesystem::path& output,
                    const std::string& html,
                    const std::filesystem::path& journal) {
    try {
        reports::write_evidence(result, output);
    } catch (const reports::EvidenceError& error) {
        throw reports::EvidenceError(
            fmt::format("{}; 'calrig recover {} -o FILE' writes it elsewhere{}",
                        error.what(),
                        journal.string(),
                        result.aborted ? "; the run was aborted: " + result.abort_reason : ""));
    }
    std::error_code ignored;
    std::filesystem::remove(journal, ignored);
    if (!html.empty()) {
        write_html(result, html);
    }
}

int status_of(const sequences::RunResult& result) {
    if (result.aborted) {
        return bench_failed;
    }
    switch (result.verdict) {
        case Verdict::pass:
            return all_pass;
        case Verdict::fail:
            return meter_fails;
        case Verdict::inconclusive:
        case Verdict::suspect:
        case Verdict::invalid:
        case Verdict::not_run:
            break;
    }
    return bench_failed;
}

}  // namespace scripts
