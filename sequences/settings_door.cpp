#include "sequences/settings_door.hpp"

#include "calibration/check.hpp"

#include <utility>

namespace sequences {

void SettingsDoor::demand_no_gate() const {
    calibration::check(open_gates_ == 0, "no setting is written while an accuracy gate is open");
}

dut::Task<dut::SettingOutcome> SettingsDoor::set(dut::MeterPort& port,
                                                 std::string quantity,
                                                 double value) {
    demand_no_gate();
    dut::SettingOutcome outcome = co_await port.set(std::move(quantity), value);
    co_return outcome;
}

dut::Task<void> SettingsDoor::broadcast(dut::MeterPort& port, std::string quantity, double value) {
    demand_no_gate();
    co_await port.broadcast(std::move(quantity), value);
}

}  // namespace sequences
