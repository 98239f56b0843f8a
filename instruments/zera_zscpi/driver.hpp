// The reference capability on a ZERA COM5003 or MT310s2 by its zSCPI interface (TCP 6320 or
// serial).
#pragma once

#include "calibration/quantity.hpp"
#include "calibration/time.hpp"
#include "instruments/io/clock.hpp"
#include "instruments/io/link.hpp"
#include "instruments/reference.hpp"

#include <memory>
#include <string>

namespace instruments::zera_zscpi {

struct Options {
    std::string model = "COM5003";  // or "MT310s2"; identify() checks it
    calibration::Hertz nominal_frequency{
        200000};  // of the pulse output at full range, 10 kHz to 200 kHz
    calibration::Duration integration = std::chrono::seconds{1};  // whole seconds, 1 s to 100 s
    calibration::Duration timeout = std::chrono::seconds{2};  // of an answer that waits for nothing
};

// Nothing is sent before the first call. Throws calibration::DataError for options outside the
// instrument's.
//
// read() waits for the end of the running integration period (bench time up to
// Options::integration). Its window counts from one period before the question:
// ReferenceReading::integration is an upper bound, at most twice the period on an idle link, and no
// older load can be in the reading. Angles of channels below 0.1 % of their range are reported as
// 0.
//
// The pulse constant is read from the instrument and compared with C_ref = 3.6e6 f_nom / (3 U I) of
// the ranges it reads back; a difference above 1e-6 is a DeviceFault.
std::unique_ptr<Reference> open(io::Clock& clock,
                                std::unique_ptr<io::ByteLink> link,
                                Options options);

}  // namespace instruments::zera_zscpi
