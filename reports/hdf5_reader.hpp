// Reads the evidence of a run back from HDF5.
#pragma once

#include "reports/evidence_error.hpp"
#include "sequences/results.hpp"

#include <filesystem>

namespace reports {

// The run as it was written, its plan made again from the stored texts. Throws EvidenceError, one
// line, for a file that is missing, no evidence, cut off, altered in any bit, or of a newer format.
sequences::RunResult read_evidence(const std::filesystem::path& path);

}  // namespace reports
