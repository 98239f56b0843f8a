// A bench in Python's hands: used by one thread at a time, with the GIL released, off at the latest
// when Python ends.
#pragma once

#include "scripts/cli/setup.hpp"
#include "sequences/bench_session.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scripts::python {

struct BenchRequest {
    std::string meter;
    std::string meters_folder;  // of the user's own meter types; empty: the usual one
    std::string bench;          // a bench file; empty: the built-in twin
    int positions = 0;          // of the built-in twin
    std::uint64_t seed = 1;
    std::vector<std::string> faults;
    std::filesystem::path transcript;
};

class BenchHandle {
  public:
    // Throws calibration::DataError, io::LinkError or DeviceFault.
    explicit BenchHandle(const BenchRequest& request);
    ~BenchHandle();  // holds the GIL on entry; releases it while the bench is switched off
    BenchHandle(const BenchHandle&) = delete;
    BenchHandle& operator=(const BenchHandle&) = delete;

    // Does what takes bench time, with the GIL released. Python's signal handlers run meanwhile;
    // what one of them raises ends the work at its next look, with the bench off, and leaves here
    // instead of what the work says. Throws Noted; std::runtime_error when another thread is at it.
    void at_work(const std::function<void(sequences::BenchSession&)>& work);
    // From another thread, without waiting.
    void request_stop() { session_->request_stop(); }
    // Ends what another thread does and switches off, for the end of Python.
    void shut_down();

    // What does not change, or is looked at while nobody works.
    rig::Bench& bench() const { return session_->bench(); }
    const BenchRequest& request() const { return request_; }
    const BenchText& text() const { return text_; }

  private:
    BenchRequest request_;
    BenchText text_;
    std::unique_ptr<sequences::BenchSession> session_;
    std::atomic<bool> busy_{false};
};

// Off at the end of Python, whoever still holds it.
void register_at_exit(const std::shared_ptr<BenchHandle>& handle);
void shut_down_all();

}  // namespace scripts::python
