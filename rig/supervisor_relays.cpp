// The supervisor's part about relays: they move without current only, and off ends with every meter
// in the circuit.
#include "calibration/check.hpp"
#include "rig/supervisor.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace rig {

namespace {

using namespace std::chrono_literals;
using instruments::Task;

constexpr auto look_pause = 100ms;
constexpr int most_looks = 300;

instruments::DeviceFault relay_fault(std::string operation, std::string problem) {
    return instruments::DeviceFault({.device = "bench",
                                     .operation = std::move(operation),
                                     .problem = std::move(problem),
                                     .code = ""});
}

}  // namespace

void Supervisor::demand_no_current() const {
    if (current_may_flow_ || loads_) {
        throw relay_fault("move the relays",
                          loads_ ? "a load is on its way: expected the currents to be off"
                                 : "a current is applied: expected the currents to be off");
    }
}

Task<void> Supervisor::take_into_circuit(std::vector<bool> positions) {
    const Permit permit = this->permit();
    demand(permit);
    calibration::check(circuit_ != nullptr, "this supervisor was given the bench's circuit");
    circuit_->check(positions);
    demand_no_current();
    if (relays_) {
        throw relay_fault("move the relays", "they are being moved: expected one caller at a time");
    }
    const UnderWay::Mark moving(relays_);
    co_await clock_.sleep_until(current_gone_);
    demand(permit);
    co_await circuit_->move(positions);
    demand(permit);
}

// Off is with every meter in the circuit. Who is moving relays just now is waited for.
Task<void> Supervisor::close_circuit() {
    for (int look = 0; relays_ && look < most_looks; ++look) {
        co_await clock_.sleep_for(look_pause);
    }
    if (all_in_circuit()) {
        co_return;
    }
    if (relays_) {
        throw relay_fault("take all positions into the circuit", "relays are still being moved");
    }
    const UnderWay::Mark moving(relays_);
    co_await clock_.sleep_until(current_gone_);
    // A load whose permit is void may still be on its way through its pauses: it sends nothing.
    if (current_may_flow_) {
        throw relay_fault("take all positions into the circuit",
                          "a current is applied: expected the currents to be off");
    }
    co_await circuit_->take_all_in();
}

Task<std::string> Supervisor::try_close_circuit() {
    try {
        co_await close_circuit();
    } catch (const std::exception& error) {
        co_return fmt::format("NOT EVERY POSITION COULD BE TAKEN BACK INTO THE CIRCUIT: {}",
                              error.what());
    }
    co_return "";
}

}  // namespace rig
