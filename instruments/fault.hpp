// What went wrong with a device: one exception with everything a person needs to find it (design
// D13).
#pragma once

#include <stdexcept>
#include <string>

namespace instruments {

struct FaultReport {
    std::string device;     // "source zera-mt at tcp:192.168.32.10:4001"
    std::string operation;  // "set voltages"
    std::string problem;    // "answered NAK"
    std::string code;       // the device's own code or text, may be empty
};

// what() is one line: "source zera-mt at ...: set voltages: answered NAK (SNAKUP)"; bytes of the
// device's text that are not printable ASCII are written as \x1F.
class DeviceFault : public std::runtime_error {
  public:
    explicit DeviceFault(FaultReport report);
    const FaultReport& report() const { return report_; }

  private:
    FaultReport report_;
};

}  // namespace instruments
