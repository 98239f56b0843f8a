#include "rig/bench.hpp"

#include "calibration/document.hpp"
#include "dut/modbus_meter.hpp"
#include "rig/drivers.hpp"
#include "rig/port_address.hpp"
#include "rig/renewable_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace rig {

namespace {

using instruments::io::ByteLink;
using instruments::io::Loop;

std::vector<int> channels_of(const BenchFile& file) {
    std::vector<int> channels;
    for (const PositionEntry& entry : file.positions) {
        channels.push_back(entry.led_channel);
    }
    return channels;
}

std::vector<std::optional<int>> output_channels_of(const BenchFile& file) {
    std::vector<std::optional<int>> channels;
    for (const PositionEntry& entry : file.positions) {
        channels.push_back(entry.output_channel);
    }
    return channels;
}

std::vector<int> bypass_channels_of(const BenchFile& file) {
    std::vector<int> channels;
    for (const PositionEntry& entry : file.positions) {
        if (entry.bypass_channel) {
            channels.push_back(*entry.bypass_channel);
        }
    }
    return channels;
}

std::vector<CircuitPosition> circuit_positions(const BenchFile& file) {
    std::vector<CircuitPosition> positions;
    for (const PositionEntry& entry : file.positions) {
        positions.push_back({.name = entry.name, .bypass_channel = entry.bypass_channel});
    }
    return positions;
}

Task<void> make_safe(Supervisor& supervisor) {
    // Who destroys a bench that is on gets no report any more.
    const std::string complaint = co_await supervisor.make_safe();
    static_cast<void>(complaint);
}

// A pause of the machine is so many times longer for a bench whose time runs faster.
calibration::Duration longest_silence(const BenchFile& file) {
    using namespace std::chrono_literals;
    if (file.capture.simulated()) {
        return 5s;
    }
    return 1s + std::chrono::duration_cast<calibration::Duration>(200ms * (file.speed - 1));
}

}  // namespace

Bench::Bench(const BenchFile& file, dut::MeterType meter) : file_(file), meter_(std::move(meter)) {}

std::unique_ptr<Bench> Bench::assemble(const BenchFile& file,
                                       const dut::MeterType& meter,
                                       const BenchOptions& options) {
    check_driver("source", file.source.driver);
    check_driver("reference", file.reference.driver);
    check_driver("capture", file.capture.driver);
    if (file.position_switch) {
        check_driver("position switch", file.position_switch->driver);
    }
    std::unique_ptr<Bench> bench(new Bench(file, meter));
    bench->check_displayed();
    if (!options.transcript.empty()) {
        bench->transcript_.open(options.transcript);
        if (!bench->transcript_) {
            throw calibration::DataError(
                fmt::format("{}: cannot be written: expected a place for the transcript",
                            options.transcript.string()));
        }
    }
    if (!file.source.simulated()) {
        bench->lock_ = std::make_unique<BenchLock>(file.source.link);
    }
    bench->loop_ =
        file.virtual_clock ? Loop::with_virtual_time() : Loop::with_real_time(file.speed);
    if (file.any_on_twin()) {
        bench->twin_ = std::make_unique<Twin>(*bench->loop_, file, meter, options.seed);
    }
    bench->loop_->run(bench->connect());
    return bench;
}

Bench::~Bench() {
    if (supervisor_ && (supervisor_->energised() || !supervisor_->all_in_circuit())) {
        try {
            loop_->finish(make_safe(*supervisor_));
        } catch (...) {
            // Nothing is left to try: the watchdog of the bench is the next line of defence.
            return;
        }
    }
}

std::unique_ptr<ByteLink> Bench::twin_end(const std::string& name) {
    auto [host, device] = instruments::io::memory_links(clock(), name);
    served_.push_back(std::move(device));
    return std::move(host);
}

Task<std::unique_ptr<ByteLink>> Bench::open_named(std::string address, std::string name) {
    try {
        co_return co_await instruments::io::open_link(loop_->context(), clock(), address);
    } catch (const instruments::io::LinkError& error) {
        throw instruments::io::LinkError(fmt::format("{}: {}", name, error.what()));
    }
}

Task<std::unique_ptr<ByteLink>> Bench::link_to(std::string address,
                                               std::string name,
                                               bool keep_tail) {
    std::unique_ptr<ByteLink> link;
    if (address == twin_link) {
        link = twin_end("twin " + name);
    } else {
        link = co_await open_named(address, name);
    }
    link = transcribed(std::move(link));
    if (keep_tail) {
        link = instruments::io::with_transcript(clock(), std::move(link), tail_.sink());
    }
    co_return link;
}

// Empty when nobody asked for a transcript.
instruments::io::TranscriptSink Bench::transcript_sink() {
    if (!transcript_.is_open()) {
        return {};
    }
    return [this](auto at, auto on, auto direction, auto bytes) {
        transcript_ << instruments::io::transcript_line(at, on, direction, bytes) << '\n';
    };
}

std::unique_ptr<ByteLink> Bench::transcribed(std::unique_ptr<ByteLink> link) {
    auto sink = transcript_sink();
    return sink ? instruments::io::with_transcript(clock(), std::move(link), std::move(sink))
                : std::move(link);
}

Task<void> Bench::connect() {
    co_await connect_source();
    co_await connect_reference();
    co_await connect_capture();
    co_await connect_position_switch();
    supervisor_ =
        std::make_unique<Supervisor>(clock(), *source_, *reference_, meter_, circuit_.get());
    bind_buses();
    bind_ports();
}

// The link before is closed first: many a device has one place only.
Task<std::unique_ptr<instruments::Source>> Bench::source_over_a_fresh_link() {
    if (source_link_ != nullptr) {
        source_link_->close();
    }
    auto link = co_await link_to(file_.source.link, "source", true);
    if (file_.source.simulated()) {
        loop_->spawn(twin_->source().serve(*served_.back()));
    }
    source_link_ = link.get();
    co_return open_source(file_.source.driver, file_.source_model, clock(), std::move(link));
}

Task<void> Bench::connect_source() {
    auto device = co_await source_over_a_fresh_link();
    source_ = std::make_unique<RenewableSource>(std::move(device),
                                                [this] { return source_over_a_fresh_link(); });
    source_identity_ = co_await source_->identify();
    // A process that was killed leaves its source driving.
    co_await source_->switch_off(instruments::OffMode::normal);
}

Task<void> Bench::connect_reference() {
    auto link = co_await link_to(file_.reference.link, "reference", true);
    if (file_.reference.simulated()) {
        loop_->spawn(twin_->reference().serve(*served_.back()));
    }
    reference_ =
        open_reference(file_.reference.driver, file_.reference_model, clock(), std::move(link));
    reference_identity_ = co_await reference_->identify();
}

Task<void> Bench::connect_capture() {
    auto link = co_await link_to(file_.capture.link, "capture", false);
    if (file_.capture.simulated()) {
        loop_->spawn(twin_->capture().serve(*served_.back()));
    }
    capture_ = open_capture(file_.capture.driver,
                            file_.reference_channel,
                            longest_silence(file_),
                            clock(),
                            std::move(link));
    recorder_ = std::make_unique<EdgeRecorder>(
        *loop_, *capture_, channels_of(file_), nullptr, output_channels_of(file_));
    capture_identity_ = co_await recorder_->start();
}

// Comes after the source was confirmed off: a killed process leaves relays closed, too.
Task<void> Bench::connect_position_switch() {
    if (file_.position_switch) {
        auto link = co_await link_to(file_.position_switch->link, "position switch", true);
        if (file_.position_switch->simulated()) {
            loop_->spawn(twin_->position_switch().serve(*served_.back()));
        }
        position_switch_ = open_position_switch(
            file_.position_switch->driver, bypass_channels_of(file_), clock(), std::move(link));
        switch_identity_ = co_await position_switch_->identify();
    }
    circuit_ = std::make_unique<Circuit>(position_switch_.get(), circuit_positions(file_));
    co_await circuit_->take_all_in();
}

// -- meters
// ------------------------------------------------------------------------------------------------

void Bench::check_displayed() const {
    std::vector<std::string> fields;
    for (const dut::IdentificationRow& row : meter_.registers.identification) {
        fields.push_back(row.field);
    }
    for (const PositionEntry& entry : file_.positions) {
        for (const auto& [field, text] : entry.displayed) {
            if (std::ranges::find(fields, field) == fields.end()) {
                throw calibration::DataError(fmt::format(
                    "position '{}': displayed.{}: expected a field of the {}: one of {}",
                    entry.name,
                    field,
                    meter_.name,
                    fmt::join(fields, ", ")));
            }
        }
    }
}

Task<std::unique_ptr<ByteLink>> Bench::connect_bus(std::size_t index) {
    const BusEntry bus = file_.buses[index];
    auto link = co_await link_to(link_address(bus), fmt::format("bus {}", bus.name), false);
    if (bus.simulated()) {
        loop_->spawn(twin_->line(bus.name).serve(*served_.back()));
    }
    co_return link;
}

void Bench::bind_buses() {
    for (std::size_t i = 0; i < file_.buses.size(); ++i) {
        buses_.push_back(dut::ModbusBus::make(loop_->context(),
                                              clock(),
                                              line_settings(file_.buses[i]),
                                              fmt::format("bus {}", file_.buses[i].name),
                                              [this, i] { return connect_bus(i); }));
    }
}

void Bench::bind_ports() {
    for (std::size_t i = 0; i < file_.positions.size(); ++i) {
        const PositionEntry& entry = file_.positions[i];
        positions_.push_back({.name = entry.name,
                              .serial = entry.serial,
                              .led_channel = entry.led_channel,
                              .port = port_of(entry, i),
                              .output_channel = entry.output_channel,
                              .bypass_channel = entry.bypass_channel,
                              .bus = parse_port(entry.port).bus,
                              .displayed = entry.displayed});
    }
}

std::unique_ptr<dut::MeterPort> Bench::port_of(const PositionEntry& entry, std::size_t position) {
    const PortAddress port = parse_port(entry.port);
    switch (port.kind) {
        case PortKind::twin:
            return twin_port(entry, position);
        case PortKind::tcp:
            return dut::open_modbus_tcp(
                loop_->context(), clock(), meter_, port.tcp, transcript_sink());
        case PortKind::rtu: {
            const auto bus = std::ranges::find(file_.buses, port.bus, &BusEntry::name);
            const auto index = static_cast<std::size_t>(bus - file_.buses.begin());
            return dut::open_modbus_rtu(buses_.at(index), meter_, port.unit);
        }
        case PortKind::none:
            break;
    }
    return nullptr;
}

std::unique_ptr<dut::MeterPort> Bench::twin_port(const PositionEntry& entry, std::size_t position) {
    if (!meter_.modbus) {
        return nullptr;
    }
    auto link = transcribed(twin_end(fmt::format("twin meter {}", entry.name)));
    loop_->spawn(twin_->meter_at_port(position).serve(*served_.back()));
    return dut::open_modbus_link(loop_->context(),
                                 clock(),
                                 meter_,
                                 std::move(link),
                                 meter_.modbus->unit,
                                 fmt::format("twin meter {}", entry.name));
}

}  // namespace rig
