// Files that are either whole and on the disk, or not there. Internal.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <vector>

namespace reports {

// The system's own words: "no space left on device".
class FileError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

std::vector<std::byte> read_file(const std::filesystem::path& path);

// A file under a temporary name beside its destination, removed unless committed.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::filesystem::path destination);
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write(std::span<const std::byte> bytes);  // written, fsync'd and closed
    // What lies on the medium now: asks the kernel to forget its own copy first.
    std::vector<std::byte> read_back() const;
    void commit();  // renamed over the destination, folder fsync'd

  private:
    std::filesystem::path destination_, temporary_;
    bool present_ = false;
};

}  // namespace reports
