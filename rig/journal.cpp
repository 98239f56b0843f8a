#include "rig/journal.hpp"

#include "calibration/check.hpp"

#include <boost/crc.hpp>
#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <optional>
#include <sys/file.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace rig {

namespace {

static_assert(std::endian::native == std::endian::little, "journals are little endian");

constexpr std::string_view magic = "CALRIGJ1";
constexpr std::uint8_t note_record = 'N';
constexpr std::uint8_t edges_record = 'E';
constexpr std::size_t header_size =
    9;  // u32 size of the payload, u32 CRC of type and payload, u8 type
constexpr std::size_t edge_size = 2 + 4 * 8;
constexpr std::uint32_t largest_payload = 64U << 20U;
constexpr std::chrono::milliseconds write_period{100};
// A disk that has not taken this much is a disk that has failed.
constexpr std::size_t most_unwritten = 256U << 20U;

using Buffer = std::vector<std::uint8_t>;

template <class Integer>
void put(Buffer& buffer, Integer value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    buffer.insert(buffer.end(), bytes, bytes + sizeof value);
}

template <class Integer>
Integer get(std::span<const std::uint8_t> bytes, std::size_t offset) {
    Integer value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

std::uint32_t checksum(std::span<const std::uint8_t> type_and_payload) {
    boost::crc_32_type crc;
    crc.process_bytes(type_and_payload.data(), type_and_payload.size());
    return crc.checksum();
}

// Frames `payload`, which the caller appended after a gap of header_size bytes at `start`.
void seal(Buffer& buffer, std::size_t start, std::uint8_t type) {
    buffer[start + 8] = type;
    const auto body = std::span<const std::uint8_t>(buffer).subspan(start + 8);
    const auto size = static_cast<std::uint32_t>(body.size() - 1);
    const std::uint32_t crc = checksum(body);
    std::memcpy(buffer.data() + start, &size, 4);
    std::memcpy(buffer.data() + start + 4, &crc, 4);
}

void put_edge(Buffer& buffer, const PositionEdge& edge) {
    put(buffer, edge.position);
    put(buffer, edge.edge.tick);
    put(buffer, edge.edge.reference_count);
    put(buffer, edge.edge.reference_before);
    put(buffer, edge.edge.reference_after);
}

PositionEdge get_edge(std::span<const std::uint8_t> bytes) {
    return {get<std::uint16_t>(bytes, 0),
            {.tick = get<std::int64_t>(bytes, 2),
             .reference_count = get<std::int64_t>(bytes, 10),
             .reference_before = get<std::int64_t>(bytes, 18),
             .reference_after = get<std::int64_t>(bytes, 26)}};
}

// Nothing for a record that no writer makes.
std::optional<JournalRecord> decode(std::uint8_t type, std::span<const std::uint8_t> payload) {
    if (type == edges_record && payload.size() % edge_size == 0) {
        std::vector<PositionEdge> edges;
        edges.reserve(payload.size() / edge_size);
        for (std::size_t at = 0; at + edge_size <= payload.size(); at += edge_size) {
            edges.push_back(get_edge(payload.subspan(at, edge_size)));
        }
        return edges;
    }
    const std::string text(payload.begin(), payload.end());
    const auto split = text.find('\n');
    if (type != note_record || split == std::string::npos) {
        return std::nullopt;
    }
    return Note{.kind = text.substr(0, split), .json = text.substr(split + 1)};
}

}  // namespace

struct JournalWriter::Worker {
    std::filesystem::path path;
    int descriptor = -1;
    std::mutex mutex;
    std::condition_variable wake, written;
    Buffer buffer;
    int failure = 0;  // errno of the first error; nothing is written after it
    bool stopping = false;
    bool sync_wanted = false;
    bool busy = false;
    std::thread thread;

    void run() {
        std::unique_lock lock(mutex);
        while (!stopping || !buffer.empty()) {
            wake.wait_for(lock, write_period, [this] { return stopping || sync_wanted; });
            sync_wanted = false;
            write_out(lock);
            written.notify_all();
        }
    }

    void write_out(std::unique_lock<std::mutex>& lock) {
        if (buffer.empty() || failure != 0) {
            buffer.clear();
            return;
        }
        Buffer piece;
        piece.swap(buffer);
        busy = true;
        lock.unlock();
        const int error = write_and_sync(piece);
        lock.lock();
        busy = false;
        failure = failure == 0 ? error : failure;
    }

    int write_and_sync(std::span<const std::uint8_t> piece) const {
        while (!piece.empty()) {
            const ssize_t count = ::write(descriptor, piece.data(), piece.size());
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return errno;
            }
            piece = piece.subspan(static_cast<std::size_t>(count));
        }
        return ::fdatasync(descriptor) == 0 ? 0 : errno;
    }

    // A journal that cannot even be begun is found out before anything is energised, and leaves no
    // file.
    void begin() {
        failure =
            write_and_sync({reinterpret_cast<const std::uint8_t*>(magic.data()), magic.size()});
        if (failure == 0) {
            sync_folder();
            return;
        }
        ::close(descriptor);
        ::unlink(path.c_str());
        refuse_after_failure();
    }

    // The name of a new file is in its folder: without this a power cut may lose the whole of it.
    // File systems that cannot do it have nothing to lose there.
    void sync_folder() const {
        const auto folder =
            path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (opened >= 0) {
            ::fsync(opened);
            ::close(opened);
        }
    }

    // The caller holds the mutex.
    void refuse_after_failure() {
        if (failure == 0 && buffer.size() > most_unwritten) {
            failure = EIO;
        }
        if (failure != 0) {
            throw JournalError(fmt::format("{}: {}: the run cannot be recorded any further",
                                           path.string(),
                                           std::generic_category().message(failure)));
        }
    }
};

JournalWriter::JournalWriter(const std::filesystem::path& path)
    : worker_(std::make_unique<Worker>()) {
    worker_->path = path;
    worker_->descriptor =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (worker_->descriptor < 0) {
        const int error = errno;
        throw JournalError(error == EEXIST
                               ? fmt::format("{}: a journal of an earlier run lies here; make its "
                                             "evidence with 'calrig recover' or move it away",
                                             path.string())
                               : fmt::format("{}: {}: expected a folder that can be written",
                                             path.string(),
                                             std::generic_category().message(error)));
    }
    // Tells whoever wants to recover it that the run still goes on; the kernel frees it when this
    // process dies.
    ::flock(worker_->descriptor, LOCK_EX | LOCK_NB);
    worker_->begin();
    worker_->thread = std::thread([worker = worker_.get()] { worker->run(); });
}

JournalWriter::~JournalWriter() {
    {
        const std::lock_guard lock(worker_->mutex);
        worker_->stopping = true;
    }
    worker_->wake.notify_all();
    worker_->thread.join();
    ::close(worker_->descriptor);
}

void JournalWriter::note(std::string_view kind, std::string_view json) {
    calibration::check(kind.find('\n') == std::string_view::npos, "a note's kind is one line");
    calibration::check(kind.size() + 1 + json.size() <= largest_payload, "a note can be read back");
    const std::lock_guard lock(worker_->mutex);
    worker_->refuse_after_failure();
    Buffer& buffer = worker_->buffer;
    const std::size_t start = buffer.size();
    buffer.resize(start + header_size);
    buffer.insert(buffer.end(), kind.begin(), kind.end());
    buffer.push_back('\n');
    buffer.insert(buffer.end(), json.begin(), json.end());
    seal(buffer, start, note_record);
}

void JournalWriter::edges(std::span<const PositionEdge> edges) {
    if (edges.empty()) {
        return;
    }
    calibration::check(edges.size() * edge_size <= largest_payload,
                       "a record of edges can be read back");
    const std::lock_guard lock(worker_->mutex);
    worker_->refuse_after_failure();
    Buffer& buffer = worker_->buffer;
    const std::size_t start = buffer.size();
    buffer.resize(start + header_size);
    for (const PositionEdge& edge : edges) {
        put_edge(buffer, edge);
    }
    seal(buffer, start, edges_record);
}

void JournalWriter::sync() {
    std::unique_lock lock(worker_->mutex);
    worker_->sync_wanted = true;
    worker_->wake.notify_all();
    worker_->written.wait(lock, [this] { return worker_->buffer.empty() && !worker_->busy; });
    worker_->refuse_after_failure();
}

const std::filesystem::path& JournalWriter::path() const { return worker_->path; }

JournalContent read_journal_bytes(std::span<const std::uint8_t> bytes, std::string_view name) {
    if (bytes.size() < magic.size() || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) {
        throw JournalError(
            fmt::format("{}: expected a calrig journal, which begins with {}", name, magic));
    }
    JournalContent content;
    std::size_t at = magic.size();
    while (at + header_size <= bytes.size()) {
        const auto size = get<std::uint32_t>(bytes, at);
        const auto crc = get<std::uint32_t>(bytes, at + 4);
        if (size > largest_payload || at + header_size + size > bytes.size()) {
            break;
        }
        const auto body = bytes.subspan(at + 8, 1 + size);
        if (checksum(body) != crc) {
            break;
        }
        auto record = decode(body[0], body.subspan(1));
        if (!record) {
            break;
        }
        content.records.push_back(*std::move(record));
        at += header_size + size;
    }
    content.readable_bytes = at;
    content.truncated = at != bytes.size();
    return content;
}

JournalContent read_journal(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const auto size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
    if (size < 0 || std::filesystem::is_directory(path)) {
        throw JournalError(
            fmt::format("{}: cannot be read: expected a calrig journal", path.string()));
    }
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(bytes.data()), size);
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return read_journal_bytes(bytes, path.string());
}

}  // namespace rig
