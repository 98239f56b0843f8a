// Writes the evidence of a run as HDF5, durably or not at all.
#pragma once

#include "reports/evidence_error.hpp"
#include "sequences/results.hpp"

#include <filesystem>

namespace reports {

// Written to "PATH.tmp", fsync'd, re-read and compared with `run` (edges and results), renamed over
// PATH, folder fsync'd. The same run gives the same bytes. On any failure (disk full, folder not
// writable, what was read differs) throws EvidenceError, removes the temporary file and leaves
// whatever was under PATH before.
void write_evidence(const sequences::RunResult& run, const std::filesystem::path& path);

}  // namespace reports
