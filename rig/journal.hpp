// The truth of a run while it lasts: an append-only file of CRC-framed records (design D9).
#pragma once

#include "calibration/gate.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

// The journal cannot be created, written or read: "run.h5.journal: no space left on device".
class JournalError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Set in PositionEdge::position: the edge is one of the position's pulse output, not of its LED.
inline constexpr std::uint16_t output_flag = 0x8000;

struct PositionEdge {
    std::uint16_t position = 0;  // its index; output_flag set: of its pulse output
    calibration::PhasedEdge edge;
    bool of_output() const { return (position & output_flag) != 0; }
    std::size_t index() const { return position & ~output_flag & 0xFFFFU; }
    friend bool operator==(const PositionEdge&, const PositionEdge&) = default;
};

// Everything that is not an edge: a kind and its content as one JSON object.
struct Note {
    std::string kind;  // "run", "point", "gate", "loss", ...
    std::string json;
};

using JournalRecord = std::variant<Note, std::vector<PositionEdge>>;

// Appends; a worker thread writes what has gathered every 100 ms and has the disk confirm it, so
// that a killed process loses at most that and the bench never waits for the disk.
class JournalWriter {
  public:
    // Creates `path`. Throws JournalError when that is impossible, and when the file exists: a left
    // journal is evidence.
    explicit JournalWriter(const std::filesystem::path& path);
    ~JournalWriter();  // flushes; never throws
    JournalWriter(const JournalWriter&) = delete;
    JournalWriter& operator=(const JournalWriter&) = delete;

    // Throw JournalError once the worker met an error: the run must stop, what was recorded before
    // stays.
    void note(std::string_view kind, std::string_view json);
    void edges(std::span<const PositionEdge> edges);
    // Returns when everything is on the disk. Throws JournalError.
    void sync();

    const std::filesystem::path& path() const;

  private:
    struct Worker;
    std::unique_ptr<Worker> worker_;
};

struct JournalContent {
    std::vector<JournalRecord> records;
    bool truncated = false;  // the file ends inside a record, or in one whose CRC is wrong
    std::uint64_t readable_bytes = 0;
};

// Every record up to the first that is incomplete or damaged. Throws JournalError when there is no
// journal.
JournalContent read_journal(const std::filesystem::path& path);
JournalContent read_journal_bytes(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace rig
