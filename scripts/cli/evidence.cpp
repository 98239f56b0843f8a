#include "scripts/cli/evidence.hpp"

#include "calibration/document.hpp"
#include "reports/hdf5_reader.hpp"
#include "reports/hdf5_writer.hpp"
#include "reports/html.hpp"
#include "scripts/cli/commands.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <fstream>

namespace scripts {

namespace {

using calibration::DataError;
using calibration::Verdict;

}  // namespace

std::filesystem::path journal_of(const std::filesystem::path& evidence) { return evidence.string() + ".journal"; }

void check_writable(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (!std::filesystem::is_directory(folder)) {
        throw DataError(fmt::format("{}: expected a folder that exists, got {}", path.string(), folder.string()));
    }
    if (::access(folder.c_str(), W_OK) != 0) {
        throw DataError(fmt::format("{}: expected a folder that can be written, got {}", path.string(), folder.string()));
    }
    if (std::filesystem::is_directory(path)) {
        throw DataError(fmt::format("{}: expected a file, got a folder", path.string()));
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
        throw DataError(fmt::format("{}: lies there and is no evidence that can be replaced ({}); move it away, or use --force",
                                    output.string(), error.what()));
    }
    if (!simulated) {
        throw DataError(fmt::format("{}: holds the evidence of a real run; choose another name, or use --force", output.string()));
    }
}

void write_html(const sequences::RunResult& result, const std::filesystem::path& path) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << reports::render_html(result);
    file.flush();
    if (!file) {
        throw reports::EvidenceError(fmt::format("{}: the pages could not be written; the evidence stands", path.string()));
    }
}

void leave_evidence(const sequences::RunResult& result, const std::filesystem::path& output, const std::string& html,
                    const std::filesystem::path& journal) {
    reports::write_evidence(result, output);
    if (!html.empty()) {
        write_html(result, html);
    }
    std::error_code ignored;
    std::filesystem::remove(journal, ignored);
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
