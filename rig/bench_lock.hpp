// One operator at a time: a lock on a bench, by the address of its source.
#pragma once

#include <string>

namespace rig {

// Held from construction to destruction, across all processes of this machine. A killed process
// leaves no lock behind.
class BenchLock {
  public:
    // Throws calibration::DataError when another process drives a bench with this source.
    explicit BenchLock(const std::string& source_address);
    ~BenchLock();
    BenchLock(const BenchLock&) = delete;
    BenchLock& operator=(const BenchLock&) = delete;

  private:
    int descriptor_ = -1;
};

}  // namespace rig
