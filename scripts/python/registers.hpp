// A meter's registers with the position they are of.
#pragma once

#include "dut/meter_port.hpp"

#include <string>

namespace scripts::python {

struct RegistersOf {
    std::string position;
    dut::RegisterReading reading;
};

}  // namespace scripts::python
