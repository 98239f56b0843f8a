// Between a load point and the fields of the wire: rounding, angles, switches, and what must be
// refused.
#pragma once

#include "calibration/load_point.hpp"
#include "instruments/zera_mt/models.hpp"
#include "instruments/zera_mt/wire.hpp"

#include <expected>
#include <string>

namespace instruments::zera_mt {

struct SetPoints {
    SetFrequency frequency;
    SetVoltages voltages;
    SetCurrents currents;
    Switch switches;
    friend bool operator==(const SetPoints&, const SetPoints&) = default;
};

// The error is a sentence that says what does not fit: "current of L2: expected 0.001 to 120 A, got
// 130 A". Refused are values outside the model's limits, harmonics, and currents or voltages that
// rounding to the last digit of their field would change by more than 1 %. Wire angle = internal
// phasor angle (counter-clockwise) minus that of the first voltage that is on, 0 to 359.99.
std::expected<SetPoints, std::string> set_points(const calibration::LoadPoint& load,
                                                 const ModelLimits& limits);

// What the source makes of the field; it takes the mains as exactly 50 Hz.
calibration::Hertz frequency_of(const SetFrequency& field);

// The load the source makes of its fields: what is switched off is zero.
calibration::LoadPoint load_point(const SetPoints& fields);

}  // namespace instruments::zera_mt
