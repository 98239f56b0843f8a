#include "rig/emulation.hpp"

#include "calibration/document.hpp"
#include "rig/emulation_ports.hpp"

#include <chrono>
#include <utility>

namespace rig {

namespace {

using namespace std::chrono_literals;
using instruments::io::ByteLink;
using instruments::io::Listener;
using instruments::io::Loop;
using instruments::io::Task;

Task<void> wait_for(Loop& loop, const std::function<bool()>& stop) {
    while (!stop()) {
        co_await loop.clock().sleep_for(100ms);
    }
}

}  // namespace

Emulation::Emulation(BenchFile bench, const dut::MeterType& meter, std::uint64_t seed)
    : bench_(std::move(bench)), meter_(meter), loop_(Loop::with_real_time(bench_.speed)) {
    bench_.virtual_clock = false;
    if (!bench_.all_simulated()) {
        throw calibration::DataError("emulate: expected a bench with every device on the twin");
    }
    twin_ = std::make_unique<Twin>(*loop_, bench_, meter_, seed);
    add_port("source", [this](ByteLink& link) { return twin_->source().serve(link); }, true, false);
    add_port(
        "reference",
        [this](ByteLink& link) { return twin_->reference().serve(link); },
        false,
        true);
    add_port(
        "capture", [this](ByteLink& link) { return twin_->capture().serve(link); }, true, false);
    if (bench_.position_switch) {
        add_port(
            "position switch",
            [this](ByteLink& link) { return twin_->position_switch().serve(link); },
            true,
            false);
    }
    for (const BusEntry& bus : bench_.buses) {
        add_port(
            bus_port(bus.name),
            [this, name = bus.name](ByteLink& link) { return twin_->line(name).serve(link); },
            true,
            false);
    }
    add_meters();
}

void Emulation::add_meters() {
    for (std::size_t i = 0; i < bench_.positions.size() && meter_.modbus; ++i) {
        if (bench_.positions[i].port == twin_link) {
            add_port(
                meter_port(bench_.positions[i].name),
                [this, i](ByteLink& link) { return twin_->meter_at_port(i).serve(link); },
                false,
                true);
        }
    }
}

Emulation::Port& Emulation::add_port(std::string name,
                                     Serve serve,
                                     bool with_pty,
                                     bool many_clients) {
    auto port = std::make_unique<Port>();
    port->name = std::move(name);
    port->serve = std::move(serve);
    port->many_clients = many_clients;
    port->listeners.push_back(instruments::io::listen_tcp(loop_->context(), loop_->clock(), 0));
    if (with_pty) {
        port->listeners.push_back(instruments::io::listen_pty(loop_->context(), loop_->clock()));
    }
    for (const auto& listener : port->listeners) {
        loop_->spawn(accept_all(*port, *listener));
    }
    ports_.push_back(std::move(port));
    return *ports_.back();
}

Task<void> Emulation::accept_all(Port& port, Listener& listener) {
    while (true) {
        auto link = co_await listener.accept();
        loop_->spawn(serve_one(port, std::move(link)));
    }
}

Task<void> Emulation::serve_one(Port& port, std::unique_ptr<ByteLink> link) {
    while (port.busy && !port.many_clients) {
        co_await loop_->clock().wait(*port.freed, instruments::io::never);
    }
    port.busy = true;
    try {
        co_await port.serve(*link);
    } catch (const instruments::io::LinkError&) {
        // The client is gone: the next one is welcome.
    }
    link.reset();
    port.busy = false;
    port.freed->notify();
}

void Emulation::serve(const std::function<bool()>& stop) { loop_->run(wait_for(*loop_, stop)); }

}  // namespace rig
