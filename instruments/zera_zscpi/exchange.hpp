// One line of commands out, its answers in: skips service requests, knows when an answer is
// missing, asks the error queue why, and gets back in step after a fault.
#pragma once

#include "calibration/time.hpp"
#include "instruments/fault.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/line_link.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace instruments::zera_zscpi {

class Exchange {
  public:
    // `timeout` is how long an answer may take that waits for nothing.
    Exchange(io::Clock& clock, std::unique_ptr<io::ByteLink> link, calibration::Duration timeout);

    // Sends `line` and collects one answer for each query in it ('?' counts). `measuring` is what
    // the instrument may wait before it answers. The arguments must outlive the call. Throws
    // DeviceFault for a missing answer, with the error queue's text as its code.
    io::Task<std::vector<std::string>> ask(std::string_view operation,
                                           std::string_view line,
                                           calibration::Duration measuring = {});
    // Sends parameters, waits until *OPC? says they are in effect (it does not block) and checks
    // the error queue.
    io::Task<void> write(std::string_view operation, std::string_view line);

    // The fault to throw when an answer makes no sense. The next ask() gets back in step first.
    DeviceFault fault(std::string_view operation, std::string problem, std::string code = {});

  private:
    io::Task<std::string> answer(std::string_view operation, calibration::Instant deadline);
    io::Task<bool> await_line(std::string& line, calibration::Instant deadline);
    io::Task<std::string> error_queue();
    io::Task<void> get_in_step(std::string_view operation);

    io::Clock& clock_;
    io::LineLink link_;
    calibration::Duration timeout_;
    std::string device_;
    bool in_step_ = true;
};

}  // namespace instruments::zera_zscpi
