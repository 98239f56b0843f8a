#include "rig/emulation.hpp"

#include "calibration/document.hpp"
#include "rig/drivers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace rig {

namespace {

using namespace std::chrono_literals;
using instruments::io::ByteLink;
using instruments::io::Listener;
using instruments::io::Loop;
using instruments::io::Task;

enum PortNumber : std::size_t { source_port, reference_port, capture_port, first_meter_port };

Task<void> wait_for(Loop& loop, const std::function<bool()>& stop) {
    while (!stop()) {
        co_await loop.clock().sleep_for(100ms);
    }
}

// A TOML basic string.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += static_cast<unsigned char>(c) < 0x20
                      ? fmt::format("\\u{:04X}", static_cast<int>(c))
                      : std::string(1, c);
    }
    return result + '"';
}

// A line of its own, or nothing for a model that is the driver's first.
std::string model_line(const std::string& model) {
    return model.empty() ? "" : fmt::format("model = {}\n", quoted(model));
}

// The one who connects to an emulated bench sees the same hidden errors, not what hides them.
std::string position_text(const PositionEntry& position, const std::string& port) {
    return fmt::format("\n[[position]]\nname = {}\nserial = {}\nled_channel = {}\nport = \"{}\"\n",
                       quoted(position.name),
                       quoted(position.serial),
                       position.led_channel,
                       port);
}

}  // namespace

Emulation::Emulation(BenchFile bench, const dut::MeterType& meter, std::uint64_t seed)
    : bench_(std::move(bench)), meter_(meter), loop_(Loop::with_real_time()) {
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
    for (std::size_t i = 0; i < bench_.positions.size() && meter_.modbus; ++i) {
        add_port(
            fmt::format("meter {}", bench_.positions[i].name),
            [this, i](ByteLink& link) { return twin_->meter(i).serve(link); },
            false,
            true);
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

std::string Emulation::address(std::size_t port, std::string_view scheme) const {
    for (const auto& listener : ports_.at(port)->listeners) {
        if (listener->address().starts_with(scheme)) {
            return listener->address();
        }
    }
    return "";
}

std::string Emulation::bench_file_text() const {
    std::string text = fmt::format(
        R"(# An emulated bench in real time: {count} x {meter}. It lives as long as the process that printed this.
[bench]
name = "emulated"
clock = "real"
simulated = true

[source]
driver = "{source}"
link = "{source_tcp}"    # or "{source_pty}"
{source_model}
[reference]
driver = "{reference}"
link = "{reference_tcp}"
{reference_model}certificate = {{ number = {number}, expanded_uncertainty_percent = {uncertainty}, expanded_phase_uncertainty_minutes = {minutes}{due} }}

[capture]
driver = "{capture}"
link = "{capture_tcp}"    # or "{capture_pty}"
reference_channel = {channel}
)",
        fmt::arg("count", bench_.positions.size()),
        fmt::arg("meter", meter_.name),
        fmt::arg("source", bench_.source.driver),
        fmt::arg("source_tcp", address(source_port, "tcp:")),
        fmt::arg("source_pty", address(source_port, "pty:")),
        fmt::arg("reference", bench_.reference.driver),
        fmt::arg("reference_tcp", address(reference_port, "tcp:")),
        fmt::arg("source_model", model_line(bench_.source_model)),
        fmt::arg("reference_model", model_line(bench_.reference_model)),
        fmt::arg("number", quoted(bench_.certificate.number)),
        fmt::arg("due", bench_.certificate.due.empty() ? "" : ", due = " + bench_.certificate.due),
        fmt::arg("uncertainty", bench_.certificate.expanded_uncertainty_percent),
        fmt::arg("minutes", bench_.certificate.expanded_phase_uncertainty_minutes),
        fmt::arg("capture", bench_.capture.driver),
        fmt::arg("capture_tcp", address(capture_port, "tcp:")),
        fmt::arg("capture_pty", address(capture_port, "pty:")),
        fmt::arg("channel", bench_.reference_channel));
    for (std::size_t i = 0; i < bench_.positions.size(); ++i) {
        // "tcp:127.0.0.1:40123" becomes "modbus-tcp:127.0.0.1:40123,5".
        const bool served = meter_.modbus && bench_.positions[i].port == twin_link;
        const std::string port =
            served ? fmt::format(
                         "modbus-{},{}", address(first_meter_port + i, "tcp:"), meter_.modbus->unit)
                   : "none";
        text += position_text(bench_.positions[i], port);
    }
    return text;
}

void Emulation::serve(const std::function<bool()>& stop) { loop_->run(wait_for(*loop_, stop)); }

}  // namespace rig
