// The only way to a meter's settings: shut while an accuracy gate is open, so that no write can
// disturb a measurement.
#pragma once

#include "dut/meter_port.hpp"

#include <string>

namespace sequences {

class SettingsDoor {
  public:
    // Holds the door shut for as long as it lives.
    class OpenGate {
      public:
        explicit OpenGate(SettingsDoor& door) : door_(&door) { ++door_->open_gates_; }
        ~OpenGate() { --door_->open_gates_; }
        OpenGate(const OpenGate&) = delete;
        OpenGate& operator=(const OpenGate&) = delete;

      private:
        SettingsDoor* door_;
    };

    // As MeterPort::set() and broadcast(). A call while a gate is open is a programmer's error:
    // std::logic_error, and nothing is sent.
    dut::Task<dut::SettingOutcome> set(dut::MeterPort& port, std::string quantity, double value);
    dut::Task<void> broadcast(dut::MeterPort& port, std::string quantity, double value);

  private:
    int open_gates_ = 0;

    void demand_no_gate() const;
};

}  // namespace sequences
