#include "rig/bench_file.hpp"

#include "calibration/document.hpp"
#include "dut/modbus_meter.hpp"
#include "instruments/io/link.hpp"
#include "rig/fault_kinds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace rig {

namespace {

using calibration::DataError;
using calibration::Range;
using calibration::Table;

std::string checked_link(const Table& table, std::string_view key) {
    const std::string link = table.text(key);
    if (link != twin_link) {
        try {
            instruments::io::check_link_address(link);
        } catch (const DataError& error) {
            table.fail(key, error.what());
        }
    }
    return link;
}

DeviceEntry read_device(const Table& table) {
    return {.driver = table.text("driver"), .link = checked_link(table, "link")};
}

void read_source(const Table& table, BenchFile& bench) {
    bench.source = read_device(table);
    bench.source_model = table.optional_text("model").value_or("");
    if (const auto twin = table.optional_table("twin")) {
        bench.source_stability_percent =
            twin->optional_number("stability_percent", {.least = 0, .most = 1})
                .value_or(bench.source_stability_percent);
        twin->finish();
    }
    table.finish();
}

calibration::Certificate read_certificate(const Table& table) {
    calibration::Certificate certificate{
        .number = table.text("number"),
        .due = table.optional_date("due").value_or(""),
        .expanded_uncertainty_percent =
            table.number("expanded_uncertainty_percent", {.least = 0.0001, .most = 5}),
        .expanded_phase_uncertainty_minutes =
            table.optional_number("expanded_phase_uncertainty_minutes", {.least = 0, .most = 60})
                .value_or(0)};
    table.finish();
    return certificate;
}

void read_reference(const Table& table, BenchFile& bench) {
    bench.reference = read_device(table);
    bench.reference_model = table.optional_text("model").value_or("");
    bench.certificate = read_certificate(table.table("certificate"));
    if (const auto twin = table.optional_table("twin")) {
        bench.reference_ratio_error_percent =
            twin->optional_number("ratio_error_percent", {.least = -5, .most = 5});
        bench.reference_phase_error_minutes =
            twin->optional_number("phase_error_minutes", {.least = -60, .most = 60});
        twin->finish();
    }
    table.finish();
}

void read_capture(const Table& table, BenchFile& bench) {
    bench.capture = read_device(table);
    bench.reference_channel =
        static_cast<int>(table.integer("reference_channel", {.least = 0, .most = 126}));
    if (const auto twin = table.optional_table("twin")) {
        bench.explicit_edges = twin->one_of("mode", {"bracketed", "explicit"}) == "explicit";
        twin->finish();
    }
    table.finish();
}

TwinMeter read_twin(const Table& table) {
    TwinMeter twin{
        .gain_error_percent =
            table.optional_number("gain_error_percent", {.least = -90, .most = 900}),
        .phase_error_minutes =
            table.optional_number("phase_error_minutes", {.least = -600, .most = 600}),
        .offset_w = table.optional_number("offset_w", {.least = -1000, .most = 1000}),
        .starts_at_a = table.optional_number("starts_at_a", {.least = 0, .most = 100}),
        .creep_w = table.optional_number("creep_w", {.least = 0, .most = 1000}),
        .jitter_us = table.optional_number("jitter_us", {.least = 0, .most = 1e6}),
        .update_grid_ms = table.optional_number("update_grid_ms", {.least = 0, .most = 10000}),
        .constant_imp_per_kwh =
            table.optional_number("constant_imp_per_kwh", {.least = 0.1, .most = 1e7}),
        .register_scale = table.optional_number("register_scale", {.least = 0, .most = 1000}),
        .voltage_coefficient_percent =
            table.optional_number("voltage_coefficient_percent", {.least = -10, .most = 10}),
        .frequency_coefficient_percent =
            table.optional_number("frequency_coefficient_percent", {.least = -10, .most = 10}),
        .phase_gain_error_percent =
            table.numbers("phase_gain_error_percent", {.least = -90, .most = 900}),
        .identifies_as = table.optional_text("identifies_as").value_or("")};
    if (!twin.phase_gain_error_percent.empty() && twin.phase_gain_error_percent.size() != 3) {
        table.fail("phase_gain_error_percent", "expected three numbers, one for each phase");
    }
    table.finish();
    return twin;
}

std::string checked_port(const Table& table) {
    const std::string port = table.optional_text("port").value_or("none");
    if (port == "none" || port == twin_link) {
        return port;
    }
    constexpr std::string_view scheme = "modbus-tcp:";
    try {
        if (!port.starts_with(scheme)) {
            throw DataError(
                fmt::format("expected twin, none or modbus-tcp:HOST:PORT,UNIT, got '{}'", port));
        }
        dut::parse_modbus_address(port.substr(scheme.size()));
    } catch (const DataError& error) {
        table.fail("port", error.what());
    }
    return port;
}

PositionEntry read_position(const Table& table, int reference_channel) {
    PositionEntry position{
        .name = table.text("name"),
        .serial = table.optional_text("serial").value_or(""),
        .led_channel = static_cast<int>(table.integer("led_channel", {.least = 0, .most = 126})),
        .port = checked_port(table)};
    if (position.led_channel == reference_channel) {
        table.fail("led_channel",
                   fmt::format("expected a channel of its own, got {}, which is the reference's",
                               position.led_channel));
    }
    if (const auto twin = table.optional_table("twin")) {
        position.twin = read_twin(*twin);
    }
    table.finish();
    return position;
}

void read_positions(const Table& root, BenchFile& bench) {
    std::set<int> channels;
    std::set<std::string> names;
    for (const Table& table : root.tables("position")) {
        bench.positions.push_back(read_position(table, bench.reference_channel));
        const PositionEntry& position = bench.positions.back();
        if (!names.insert(position.name).second) {
            table.fail("name",
                       fmt::format("expected a name of its own, got '{}' twice", position.name));
        }
        if (!channels.insert(position.led_channel).second) {
            table.fail(
                "led_channel",
                fmt::format("expected a channel of its own, got {} twice", position.led_channel));
        }
    }
    if (bench.positions.empty() || bench.positions.size() > 80) {
        root.fail("position",
                  fmt::format("expected 1 to 80 positions, got {}", bench.positions.size()));
    }
}

FaultEntry read_fault(const Table& table) {
    FaultEntry fault{.kind = table.text("kind"),
                     .at_s = table.optional_number("at_s", {.least = 0, .most = 1e7}).value_or(0),
                     .position = table.optional_text("position").value_or(""),
                     .amount = table.optional_number("amount").value_or(0)};
    if (find_fault_kind(fault.kind) == nullptr) {
        table.fail("kind",
                   fmt::format(
                       "expected one of {}, got '{}'", fmt::join(fault_kinds(), ", "), fault.kind));
    }
    table.finish();
    return fault;
}

void check_clock(const Table& table, const BenchFile& bench) {
    if (bench.virtual_clock && !bench.all_simulated()) {
        table.fail("clock",
                   "expected \"real\": virtual time needs every device and port on the twin");
    }
}

}  // namespace

bool BenchFile::all_simulated() const {
    return source.simulated() && reference.simulated() && capture.simulated() &&
           std::ranges::all_of(positions, [](const PositionEntry& position) {
               return position.port == twin_link || position.port == "none";
           });
}

bool BenchFile::any_simulated() const { return simulated || any_on_twin(); }

bool BenchFile::any_on_twin() const {
    return source.simulated() || reference.simulated() || capture.simulated() ||
           std::ranges::any_of(positions,
                               [](const PositionEntry& p) { return p.port == twin_link; });
}

BenchFile parse_bench_file(std::string_view text, std::string_view name) {
    const Table root = calibration::parse_document(text, name);
    BenchFile bench;
    const Table head = root.table("bench");
    bench.name = head.text("name");
    bench.virtual_clock = head.one_of("clock", {"virtual", "real"}) == "virtual";
    bench.simulated = head.optional_boolean("simulated").value_or(false);
    head.finish();
    read_source(root.table("source"), bench);
    read_reference(root.table("reference"), bench);
    read_capture(root.table("capture"), bench);
    read_positions(root, bench);
    for (const Table& table : root.tables("fault")) {
        bench.faults.push_back(read_fault(table));
    }
    root.finish();
    check_clock(head, bench);
    check_faults(bench);
    return bench;
}

}  // namespace rig
