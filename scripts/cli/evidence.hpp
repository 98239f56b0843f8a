// Where evidence goes, and that nothing of value is overwritten.
#pragma once

#include "sequences/results.hpp"

#include <filesystem>
#include <string>

namespace scripts {

std::filesystem::path journal_of(const std::filesystem::path& evidence);  // "run.h5.journal"

// Throws calibration::DataError when evidence of a real bench lies at `output` (unless `force`),
// when something else does, or when `output` cannot be written. Simulated evidence may be replaced.
void check_output(const std::filesystem::path& output, bool force);

// Throws calibration::DataError when a killed run left its journal beside `output`: it may hold the
// only record.
void check_journal(const std::filesystem::path& output);

// Throws calibration::DataError while the run that writes this journal still goes on: to recover it
// would take it away.
void check_no_writer(const std::filesystem::path& journal);

// Throws calibration::DataError when `path` cannot be written. Tries it: permissions alone do not
// tell.
void check_writable(const std::filesystem::path& path);

// Throws calibration::DataError when there is no evidence at `path`, or none that can be trusted.
sequences::RunResult read_given(const std::filesystem::path& path);

// Writes the evidence and has it verified, then the journal goes; then the pages where asked for.
// Throws reports::EvidenceError; without evidence that stands the journal stays, and the message
// says so.
void leave_evidence(const sequences::RunResult& result,
                    const std::filesystem::path& output,
                    const std::string& html,
                    const std::filesystem::path& journal);

void write_html(const sequences::RunResult& result, const std::filesystem::path& path);

// The exit status a result asks for.
int status_of(const sequences::RunResult& result);

}  // namespace scripts
