#include "rig/bench.hpp"

#include "calibration/document.hpp"
#include "dut/modbus_meter.hpp"
#include "rig/drivers.hpp"

#include <fmt/format.h>

#include <utility>

namespace rig {

namespace {

using instruments::io::ByteLink;
using instruments::io::Loop;

constexpr std::string_view modbus_scheme = "modbus-tcp:";

std::vector<int> channels_of(const BenchFile& file) {
    std::vector<int> channels;
    for (const PositionEntry& entry : file.positions) {
        channels.push_back(entry.led_channel);
    }
    return channels;
}

Task<void> make_safe(Supervisor& supervisor) {
    // Who destroys a bench that is on gets no report any more.
    const std::string complaint = co_await supervisor.make_safe();
    static_cast<void>(complaint);
}

}  // namespace

Bench::Bench(const BenchFile& file, dut::MeterType meter) : file_(file), meter_(std::move(meter)) {}

std::unique_ptr<Bench> Bench::assemble(const BenchFile& file,
                                       const dut::MeterType& meter,
                                       const BenchOptions& options) {
    check_driver("source", file.source.driver);
    check_driver("reference", file.reference.driver);
    check_driver("capture", file.capture.driver);
    std::unique_ptr<Bench> bench(new Bench(file, meter));
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
    bench->loop_ = file.virtual_clock ? Loop::with_virtual_time() : Loop::with_real_time();
    if (file.any_on_twin()) {
        bench->twin_ = std::make_unique<Twin>(*bench->loop_, file, meter, options.seed);
    }
    bench->loop_->run(bench->connect());
    return bench;
}

Bench::~Bench() {
    if (supervisor_ && supervisor_->energised()) {
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
    if (transcript_.is_open()) {
        link = instruments::io::with_transcript(
            clock(), std::move(link), [this](auto at, auto on, auto direction, auto bytes) {
                transcript_ << instruments::io::transcript_line(at, on, direction, bytes) << '\n';
            });
    }
    if (keep_tail) {
        link = instruments::io::with_transcript(clock(), std::move(link), tail_.sink());
    }
    co_return link;
}

Task<void> Bench::connect() {
    auto source_link = co_await link_to(file_.source.link, "source", true);
    if (file_.source.simulated()) {
        loop_->spawn(twin_->source().serve(*served_.back()));
    }
    source_ = open_source(file_.source.driver, file_.source_model, clock(), std::move(source_link));
    source_identity_ = co_await source_->identify();
    // A process that was killed leaves its source driving.
    co_await source_->switch_off(instruments::OffMode::normal);

    auto reference_link = co_await link_to(file_.reference.link, "reference", true);
    if (file_.reference.simulated()) {
        loop_->spawn(twin_->reference().serve(*served_.back()));
    }
    reference_ = open_reference(
        file_.reference.driver, file_.reference_model, clock(), std::move(reference_link));
    reference_identity_ = co_await reference_->identify();

    auto capture_link = co_await link_to(file_.capture.link, "capture", false);
    if (file_.capture.simulated()) {
        loop_->spawn(twin_->capture().serve(*served_.back()));
    }
    capture_ = open_capture(file_.capture.driver,
                            file_.reference_channel,
                            file_.capture.simulated(),
                            clock(),
                            std::move(capture_link));
    recorder_ = std::make_unique<EdgeRecorder>(*loop_, *capture_, channels_of(file_), nullptr);
    capture_identity_ = co_await recorder_->start();
    supervisor_ = std::make_unique<Supervisor>(clock(), *source_, *reference_, meter_);
    bind_ports();
}

void Bench::bind_ports() {
    for (std::size_t i = 0; i < file_.positions.size(); ++i) {
        const PositionEntry& entry = file_.positions[i];
        positions_.push_back({entry.name, entry.serial, entry.led_channel, port_of(entry, i)});
    }
}

std::unique_ptr<dut::MeterPort> Bench::port_of(const PositionEntry& entry, std::size_t position) {
    if (entry.port == "none" || (entry.port == twin_link && !meter_.modbus)) {
        return nullptr;
    }
    if (entry.port == twin_link) {
        auto link = twin_end(fmt::format("twin meter {}", entry.name));
        loop_->spawn(twin_->meter(position).serve(*served_.back()));
        return dut::open_modbus_link(loop_->context(),
                                     clock(),
                                     meter_,
                                     std::move(link),
                                     meter_.modbus->unit,
                                     fmt::format("twin meter {}", entry.name));
    }
    const auto address =
        dut::parse_modbus_address(std::string_view(entry.port).substr(modbus_scheme.size()));
    return dut::open_modbus_tcp(loop_->context(), clock(), meter_, address);
}

}  // namespace rig
