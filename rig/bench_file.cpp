#include "rig/bench_file.hpp"

#include "calibration/document.hpp"
#include "instruments/io/link.hpp"
#include "rig/bench_tables.hpp"
#include "rig/fault_kinds.hpp"
#include "rig/port_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace rig {

namespace {

using calibration::DataError;
using calibration::Table;

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

const BusEntry* BenchFile::bus(std::string_view bus_name) const {
    const auto found = std::ranges::find(buses, bus_name, &BusEntry::name);
    return found == buses.end() ? nullptr : &*found;
}

bool BenchFile::port_simulated(const PositionEntry& position) const {
    const PortAddress port = parse_port(position.port);
    const BusEntry* const line = bus(port.bus);
    return port.kind == PortKind::twin || (line != nullptr && line->simulated());
}

bool BenchFile::all_simulated() const {
    return source.simulated() && reference.simulated() && capture.simulated() &&
           (!position_switch || position_switch->simulated()) &&
           std::ranges::all_of(buses, &BusEntry::simulated) &&
           std::ranges::all_of(positions, [this](const PositionEntry& position) {
               return position.port == "none" || port_simulated(position);
           });
}

bool BenchFile::any_simulated() const { return simulated || any_on_twin(); }

bool BenchFile::any_on_twin() const {
    return source.simulated() || reference.simulated() || capture.simulated() ||
           (position_switch && position_switch->simulated()) ||
           std::ranges::any_of(buses, &BusEntry::simulated) ||
           std::ranges::any_of(positions, [this](const PositionEntry& position) {
               return port_simulated(position);
           });
}

BenchFile parse_bench_file(std::string_view text, std::string_view name) {
    const Table root = calibration::parse_document(text, name);
    BenchFile bench;
    const Table head = root.table("bench");
    bench.name = head.text("name");
    bench.virtual_clock = head.one_of("clock", {"virtual", "real"}) == "virtual";
    bench.simulated = head.optional_boolean("simulated").value_or(false);
    bench.speed = head.optional_number("speed", {.least = 1, .most = most_speed}).value_or(1);
    if (bench.speed != 1 && (bench.virtual_clock || !bench.simulated)) {
        head.fail("speed",
                  "expected a bench with clock = \"real\" and simulated = true: only emulated "
                  "devices keep another time");
    }
    head.finish();
    read_source(root.table("source"), bench);
    read_reference(root.table("reference"), bench);
    read_capture(root.table("capture"), bench);
    if (const auto table = root.optional_table("position_switch")) {
        bench.position_switch = read_device(*table);
        table->finish();
    }
    read_buses(root, bench);
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
