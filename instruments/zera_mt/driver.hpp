// Opens a ZERA MT source (portable MT78x and systems that speak the same dialect) as a Source.
#pragma once

#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/source.hpp"
#include "instruments/zera_mt/exchange.hpp"

#include <memory>
#include <string>

namespace instruments::zera_mt {

struct Options {
    std::string model = "MT786";  // a row of the capability table in models.cpp
    // The device has no settled flag. The maker's code waits 5 to 10 s after switching on.
    io::Duration settling = std::chrono::seconds{8};
    Timeouts timeouts;
};

// Sends nothing yet. Throws calibration::DataError for an unknown model.
//
// Beyond the contract of Source:
// - stage() refuses what the model or the wire cannot carry with a DeviceFault before the first
// byte.
// - commit() switches voltages on before currents, and throws when the status word is not clean
// twice in a row. It
//   never energises after a trip until switch_off() has succeeded. After a DeviceFault of commit()
//   the output may be on: the owner must switch off.
// - faults() reports a trip that came unasked also when commit() or switch_off() has met it
// already.
// - switch_off() may be called while another call still waits; that one then ends with a
// DeviceFault.
std::unique_ptr<Source> open(io::Clock& clock,
                             std::unique_ptr<io::ByteLink> link,
                             const Options& options = {});

}  // namespace instruments::zera_mt
