// Where evidence goes, and that nothing of value is overwritten.
#pragma once

#include "sequences/results.hpp"

#include <filesystem>
#include <string>

namespace scripts {

std::filesystem::path journal_of(const std::filesystem::path& evidence);  // "run.h5.journal"

// Throws calibration::DataError when evidence of a real bench lies at `output` (unless `force`), or when something else
// does. Simulated evidence may be replaced.
void check_output(const std::filesystem::path& output, bool force);

// Throws calibration::DataError when `path` cannot be written.
void check_writable(const std::filesystem::path& path);

// Writes the evidence, has it verified, then the pages where asked for; the journal goes when both stand.
// Throws reports::EvidenceError; the journal then stays.
void leave_evidence(const sequences::RunResult& result, const std::filesystem::path& output, const std::string& html,
                    const std::filesystem::path& journal);

void write_html(const sequences::RunResult& result, const std::filesystem::path& path);

// The exit status a result asks for.
int status_of(const sequences::RunResult& result);

}  // namespace scripts
