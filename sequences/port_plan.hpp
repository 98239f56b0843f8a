// What a test over the port needs: energy, time, further loads; and why a meter type or a bench
// cannot have it.
#pragma once

#include "rig/bench_file.hpp"
#include "sequences/plan.hpp"

#include <string>

namespace sequences {

// "the COUNTIS E43 has no pulse output"; empty: the type has what is tested.
std::string not_of_type(const ProgrammePoint& point, const dut::MeterType& meter);
// "the bench has no position switch"; empty: the bench can do it.
std::string not_on_bench(const ProgrammePoint& point, const rig::BenchFile& bench);

// Loads, energy and times of a test over the port, into `point`; why it is infeasible.
void estimate_port_test(TestPoint& point, const Plan& plan);

// What the meter must register for the step, in Wh (reactive: varh) at its terminals, with a
// transformer set so; 0: nothing is known of its pulse output there.
double needed_energy(const TestPoint& point, const Plan& plan, const SetTransformer& transformer);
// The active (reactive) power of the point's load, without its sign.
double energy_rate(const TestPoint& point);

// The pulse output and the LED are emitted by one meter, but not at one instant.
inline constexpr double output_tolerance_impulses = 2;
// They must be no more than this share of the weights that are compared.
inline constexpr double most_output_tolerance = 0.1;

// How long each of the steps of `heads` lasts with its load.
double heads_step_s(const TestPoint& point);

// The registers a tariff step reads, by number: "active_import_energy_t2", export at negative
// power.
std::string tariff_register(const TestPoint& point, int tariff);
// "active_import_energy", by the direction of the point's load.
std::string total_register(const TestPoint& point);

}  // namespace sequences
