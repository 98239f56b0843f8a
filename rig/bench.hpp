// The assembled bench: devices bound by name from the bench file, one loop, one supervisor, and off
// when it goes.
#pragma once

#include "dut/meter_port.hpp"
#include "dut/modbus_bus.hpp"
#include "instruments/edge_capture.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/io/transcript.hpp"
#include "instruments/position_switch.hpp"
#include "instruments/reference.hpp"
#include "instruments/source.hpp"
#include "rig/bench_file.hpp"
#include "rig/bench_lock.hpp"
#include "rig/circuit.hpp"
#include "rig/edge_recorder.hpp"
#include "rig/supervisor.hpp"
#include "rig/twin.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rig {

using instruments::Task;

// The operator asked to stop.
class Stopped : public std::runtime_error {
  public:
    Stopped() : std::runtime_error("stopped by the operator") {}
};

struct BenchOptions {
    std::uint64_t seed = 0;
    std::filesystem::path transcript;  // everything that crosses a link, as text; empty: none
};

struct Position {
    std::string name, serial;
    int led_channel = 0;
    std::unique_ptr<dut::MeterPort>
        port;  // none: a meter without a port, or one that is not looked at
    std::optional<int> output_channel;  // of the capture; none: the pulse output is not wired
    std::optional<int> bypass_channel;  // of the position switch; none: always in the circuit
    std::string bus;                    // the bus its port hangs on; empty: a line of its own
    std::vector<std::pair<std::string, std::string>> displayed;  // as in the bench file
};

class Bench {
  public:
    // Opens every link but those of the meters, and identifies source, reference, capture and
    // position switch. Drives nothing; switches off a source that a killed process may have left
    // on, then takes every position into the circuit, and locks the bench against other processes.
    // Throws calibration::DataError, io::LinkError or DeviceFault. Meters are not contacted yet:
    // most are dead without voltage.
    static std::unique_ptr<Bench> assemble(const BenchFile& file,
                                           const dut::MeterType& meter,
                                           const BenchOptions& options);
    ~Bench();  // switches off what is still on
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    instruments::io::Loop& loop() { return *loop_; }
    instruments::io::Clock& clock() { return loop_->clock(); }
    Supervisor& supervisor() { return *supervisor_; }
    EdgeRecorder& recorder() { return *recorder_; }
    std::vector<Position>& positions() { return positions_; }
    const BenchFile& file() const { return file_; }
    const dut::MeterType& meter() const { return meter_; }
    Twin* twin() { return twin_.get(); }  // none on a bench without a simulated device

    // Relays move without current only; see Supervisor.
    Task<void> take_into_circuit(std::vector<bool> positions) {
        return supervisor_->take_into_circuit(std::move(positions));
    }
    bool has_position_switch() const { return supervisor_->has_position_switch(); }
    bool all_in_circuit() const { return supervisor_->all_in_circuit(); }

    const instruments::Identity& source_identity() const { return source_identity_; }
    const instruments::Identity& reference_identity() const { return reference_identity_; }
    const instruments::CaptureIdentity& capture_identity() const { return capture_identity_; }
    // Empty on a bench without a position switch.
    const instruments::Identity& position_switch_identity() const { return switch_identity_; }
    std::string last_exchanges() const { return tail_.text(); }

    // May be called from a signal handler or another thread.
    void request_stop() { stop_.store(true, std::memory_order_relaxed); }
    // By the bench's owner, before something new begins after a stop or a failure: also arms the
    // supervisor again.
    void allow_again() {
        stop_.store(false, std::memory_order_relaxed);
        supervisor_->rearm();
    }
    void throw_if_stopped() const {
        if (stop_.load(std::memory_order_relaxed)) {
            throw Stopped{};
        }
    }

  private:
    Bench(const BenchFile& file, dut::MeterType meter);

    BenchFile file_;
    dut::MeterType meter_;
    std::atomic<bool> stop_{false};
    instruments::io::TranscriptTail tail_;
    std::ofstream transcript_;
    std::unique_ptr<BenchLock> lock_;  // none on the twin's own source
    std::unique_ptr<instruments::io::Loop> loop_;
    std::unique_ptr<Twin> twin_;
    std::vector<std::unique_ptr<instruments::io::ByteLink>>
        served_;  // the twin's ends of its memory links
    std::unique_ptr<instruments::Source> source_;
    instruments::io::ByteLink* source_link_ = nullptr;  // the source's own
    std::unique_ptr<instruments::Reference> reference_;
    std::unique_ptr<instruments::EdgeCapture> capture_;
    std::unique_ptr<instruments::PositionSwitch> position_switch_;
    std::unique_ptr<Circuit> circuit_;
    std::vector<std::shared_ptr<dut::ModbusBus>> buses_;  // as in the bench file
    std::vector<Position> positions_;
    std::unique_ptr<Supervisor> supervisor_;
    std::unique_ptr<EdgeRecorder> recorder_;
    instruments::Identity source_identity_, reference_identity_, switch_identity_;
    instruments::CaptureIdentity capture_identity_;

    Task<void> connect();
    Task<void> connect_source();
    Task<std::unique_ptr<instruments::Source>> source_over_a_fresh_link();
    Task<void> connect_reference();
    Task<void> connect_capture();
    Task<void> connect_position_switch();
    Task<std::unique_ptr<instruments::io::ByteLink>> connect_bus(std::size_t index);
    Task<std::unique_ptr<instruments::io::ByteLink>> open_named(std::string address,
                                                                std::string name);
    Task<std::unique_ptr<instruments::io::ByteLink>> link_to(std::string address,
                                                             std::string name,
                                                             bool keep_tail);
    void check_displayed() const;
    void bind_buses();
    void bind_ports();
    std::unique_ptr<dut::MeterPort> port_of(const PositionEntry& entry, std::size_t position);
    std::unique_ptr<dut::MeterPort> twin_port(const PositionEntry& entry, std::size_t position);
    std::unique_ptr<instruments::io::ByteLink> twin_end(const std::string& name);
    instruments::io::TranscriptSink transcript_sink();
    std::unique_ptr<instruments::io::ByteLink> transcribed(
        std::unique_ptr<instruments::io::ByteLink> link);
};

}  // namespace rig
