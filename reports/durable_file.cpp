// POSIX calls one by one, because what fails must be known by its errno.
#include "reports/durable_file.hpp"

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace reports {
namespace {

[[noreturn]] void fail() {
    std::string text = std::generic_category().message(errno);
    if (!text.empty()) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    throw FileError(text);
}

class Descriptor {
  public:
    Descriptor(const std::filesystem::path& path, int flags)
        : number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
        if (number_ < 0) {
            fail();
        }
    }
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const { return number_; }
    void sync() const {
        if (::fsync(number_) != 0) {
            fail();
        }
    }
    // Network file systems report a full disk only here.
    void close() {
        if (::close(std::exchange(number_, -1)) != 0) {
            fail();
        }
    }

  private:
    int number_;
};

void write_all(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            fail();
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

std::vector<std::byte> read_all(int descriptor) {
    constexpr std::size_t piece = std::size_t{256} * 1024;
    std::vector<std::byte> bytes;
    for (;;) {
        const std::size_t before = bytes.size();
        bytes.resize(before + piece);
        const ssize_t got = ::read(descriptor, bytes.data() + before, piece);
        if (got < 0 && errno != EINTR) {
            fail();
        }
        bytes.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
        if (got == 0) {
            return bytes;
        }
    }
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    const Descriptor file(path, O_RDONLY);
    return read_all(file.number());
}

TemporaryFile::TemporaryFile(std::filesystem::path destination)
    : destination_(std::move(destination)), temporary_(destination_.string() + ".tmp") {}

TemporaryFile::~TemporaryFile() {
    if (present_) {
        ::unlink(temporary_.c_str());
    }
}

void TemporaryFile::write(std::span<const std::byte> bytes) {
    Descriptor file(temporary_, O_WRONLY | O_CREAT | O_TRUNC);
    present_ = true;
    write_all(file.number(), bytes);
    file.sync();
    file.close();
}

std::vector<std::byte> TemporaryFile::read_back() const {
    const Descriptor file(temporary_, O_RDONLY);
    ::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED);
    return read_all(file.number());
}

void TemporaryFile::commit() {
    if (std::rename(temporary_.c_str(), destination_.c_str()) != 0) {
        fail();
    }
    present_ = false;
    const auto folder = destination_.parent_path();
    const Descriptor directory(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
    directory.sync();
}

}  // namespace reports
