// A finished run in Python's hands: its results, and its journal until they are saved.
#pragma once

#include "sequences/results.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace scripts::python {

class BenchHandle;

struct RunRequest {
    std::string programme;
    std::string limits;  // empty: the programme's own choice
    std::string rule = "simple";
    std::vector<std::string> points;  // empty: all
    std::string operator_name;
    bool printed_minimum = false;
    std::filesystem::path
        journal;  // empty: one in the working folder, named after programme and meter
};

class RunHandle {
  public:
    // Drives the bench. Throws Noted.
    RunHandle(BenchHandle& bench, const RunRequest& request);
    // From evidence, or from what a killed run left. Throw reports::EvidenceError,
    // rig::JournalError, DataError.
    static RunHandle load(const std::filesystem::path& evidence);
    static RunHandle recover(const std::filesystem::path& journal);
    // The unsaved journal of a simulated run goes when nobody asked for it by name: the run can be
    // had again. Any other stays.
    ~RunHandle();
    RunHandle(RunHandle&& other) noexcept;
    RunHandle& operator=(RunHandle&&) = delete;

    // Throws reports::EvidenceError or calibration::DataError; the journal then stays.
    void save(const std::filesystem::path& path, bool force);
    void report(const std::filesystem::path& path) const;

    const sequences::RunResult& result() const { return result_; }
    std::optional<std::filesystem::path> journal() const;

  private:
    explicit RunHandle(sequences::RunResult result) : result_(std::move(result)) {}

    sequences::RunResult result_;
    std::filesystem::path journal_;  // empty: none is left
    bool named_ = false;
};

}  // namespace scripts::python
