// Times and counts the standards prescribe: no-load, starting, constant. Each with its clause.
#pragma once

#include "calibration/quantity.hpp"
#include "calibration/ratings.hpp"
#include "calibration/time.hpp"

namespace calibration {

// Time between impulses at true power P in either direction: 3.6e6 / (k P) s. Duration::max() where
// none will come, or none within 290 years.
Duration impulse_interval(ImpulsesPerKilowattHour constant, Watt power);

// Both of these throw DataError when the ratings lack one of the factors.
//
// EN 50470-3, no load: dt >= 240e3 / (k m U_test I_st) minutes (form and 1.15 Un: CLOU notes;
// constant from memory).
Duration no_load_duration(const Ratings& ratings, Volt test_voltage);

// Starting by the tau procedure (IEC 62052-11:2020, OIML R 46): tau = 3.6e6 / (m k U Ist) s.
Duration starting_tau(const Ratings& ratings);

}  // namespace calibration
