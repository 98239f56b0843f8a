#include "rig/bench_lock.hpp"

#include "calibration/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace rig {

namespace {

// The folder every process of the machine shares, whoever runs it.
constexpr const char* folder = "/tmp";

std::string file_of(std::string address) {
    std::ranges::replace_if(
        address, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
    return fmt::format("{}/calrig-bench-{}.lock", folder, address);
}

}  // namespace

BenchLock::BenchLock(const std::string& source_address) {
    const std::string file = file_of(source_address);
    // Another user's lock file may only be read: that is enough to lock it.
    descriptor_ = ::open(file.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
        throw calibration::DataError(fmt::format("{}: {}: expected a lock file that can be opened",
                                                 file,
                                                 std::generic_category().message(errno)));
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor_);
        throw calibration::DataError(
            fmt::format("source.link: {}: another calrig drives this bench: expected it to be free",
                        source_address));
    }
}

BenchLock::~BenchLock() { ::close(descriptor_); }

}  // namespace rig
