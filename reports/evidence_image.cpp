// From a run to the HDF5 layout: groups, attributes, edges.
#include "reports/evidence_image.hpp"

#include "reports/check_lines.hpp"
#include "reports/edges.hpp"
#include "reports/fields.hpp"
#include "reports/h5.hpp"
#include "reports/nexus.hpp"
#include "reports/port_notes.hpp"
#include "reports/seal.hpp"

#include <fmt/format.h>

#include <bit>
#include <string_view>

namespace reports {
namespace {

using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

void write_text(h5::Group& plan, const char* name, const std::string& text, const std::string& id) {
    plan.create_text(name, text).set("name", std::string_view(id));
}

void write_plan(h5::Group& entry, const RunResult& run) {
    h5::Group plan = entry.create_group("plan");
    plan.set("NX_class", std::string_view("NXcollection"));
    const auto& setup = run.setup;
    write_text(plan, "programme", setup.programme_text, setup.programme_name);
    write_text(plan, "meter", setup.meter_text, setup.meter_name);
    write_text(plan, "limits", setup.limits_text, setup.limits_name);
    write_text(plan, "bench", setup.bench_text, setup.bench_name);
}

void write_instruments(h5::Group& entry, const RunResult& run) {
    h5::Group group = entry.create_group("instruments");
    group.set("NX_class", std::string_view("NXcollection"));
    Saver saver(group);
    instrument_fields(saver, run.instruments);
}

void write_edges(h5::Group& group, const PositionResult& result, double tick_s) {
    std::vector<std::int64_t> column(result.edges.size());
    for (const auto& [dataset, member, units] : edge_columns) {
        for (std::size_t edge = 0; edge < column.size(); ++edge) {
            column[edge] = result.edges[edge].*member;
        }
        h5::Node node = group.create(dataset, column);
        node.set("units", std::string_view(units));
        if (std::string_view(units) == "ticks") {
            node.set("tick_s", tick_s);
        }
    }
    if (result.gate) {
        group.create("impulse_index", result.gate->index)
            .set("long_name", std::string_view("impulse index of each edge, -1: extra"));
    }
}

void write_position(h5::Group group,
                    const PositionResult& result,
                    const PointResult& point,
                    const RunResult& run) {
    group.set("NX_class", std::string_view("NXcollection"));
    Saver saver(group);
    position_fields(saver, result);
    group.set("dut_constant_imp_per_kwh", run.plan.ratings.constant.value());
    write_edges(group, result, run.instruments.tick_s);
    write_checks(group, result, point.point.programme.kind);
    write_readings(group, result);
}

void write_point(h5::Group group, const PointResult& point, const RunResult& run) {
    group.set("NX_class", std::string_view("NXcollection"));
    Saver saver(group);
    point_fields(saver, point);
    if (point.conditions) {
        h5::Group conditions = group.create_group("conditions");
        conditions.set("NX_class", std::string_view("NXcollection"));
        Saver condition_saver(conditions);
        condition_fields(condition_saver, *point.conditions);
    }
    write_step(group, point);
    const Columns columns(run);
    for (const auto& position : point.positions) {
        const auto name = fmt::format("position_{:02}", columns.of(position.position));
        write_position(group.create_group(name), position, point, run);
    }
}

struct Titled {
    const char *name, *title;
};

void write_ticks(h5::Group& group,
                 Titled dataset,
                 const std::vector<std::int64_t>& ticks,
                 double tick_s) {
    h5::Node node = group.create(dataset.name, ticks);
    node.set("units", std::string_view("ticks"));
    node.set("tick_s", tick_s);
    node.set("long_name", std::string_view(dataset.title));
}

void write_meters(h5::Group meters, const RunResult& run) {
    meters.set("NX_class", std::string_view("NXcollection"));
    for (std::size_t at = 0; at < run.meters.size(); ++at) {
        h5::Group group = meters.create_group(fmt::format("position_{:02}", at));
        group.set("NX_class", std::string_view("NXcollection"));
        Saver saver(group);
        meter_fields(saver, run.meters[at]);
        write_ticks(group,
                    {"edge_ticks", "every impulse of the run, inside gates and outside"},
                    run.meters[at].edge_ticks,
                    run.instruments.tick_s);
        write_ticks(group,
                    {"output_edge_ticks", "every impulse of the pulse output in the run"},
                    run.meters[at].output_edge_ticks,
                    run.instruments.tick_s);
    }
}

// What a reader wants to know at once although the texts of the plan say it too.
void write_plan_facts(h5::Group& entry, const RunResult& run) {
    const auto& plan = run.plan;
    entry.set("title", std::string_view(plan.programme.title));
    entry.set("meter_type", std::string_view(plan.meter.name));
    entry.set("limits_edition", std::string_view(plan.limits.title()));
    entry.set("certificate_number", std::string_view(plan.certificate.number));
    entry.set("certificate_due", std::string_view(plan.certificate.due));
    entry.set("certificate_expanded_uncertainty_percent",
              plan.certificate.expanded_uncertainty_percent);
    entry.set("certificate_expanded_phase_uncertainty_minutes",
              plan.certificate.expanded_phase_uncertainty_minutes);
}

void write_entry(h5::Group entry, const RunResult& run) {
    entry.set("NX_class", std::string_view("NXentry"));
    Saver saver(entry);
    run_fields(saver, run);
    entry.set("clock", std::string_view(run.identity.virtual_time ? "virtual" : "real"));
    entry.set("edges_sha256", std::string_view(edges_sha256(run)));
    entry.set("impulses_sha256", std::string_view(impulses_sha256(run)));
    write_plan_facts(entry, run);
    write_plan(entry, run);
    write_instruments(entry, run);
    entry.create_texts("remarks", run.remarks);
    for (std::size_t at = 0; at < run.points.size(); ++at) {
        write_point(entry.create_group(fmt::format("point_{:03}", at)), run.points[at], run);
    }
    write_meters(entry.create_group("meters"), run);
    write_nexus_views(entry, run);
}

}  // namespace

std::vector<std::byte> evidence_image(const RunResult& run) {
    const h5::Quiet quiet;
    const h5::File file = h5::File::create(seal_bytes);
    {
        h5::Group root = file.root();
        root.set("NX_class", std::string_view("NXroot"));
        root.set("default", std::string_view("entry"));
        root.set("format", std::string_view("calrig-run"));
        root.set("format_version", format_version);
        if (run.identity.simulated || run.identity.virtual_time) {
            root.set("notice", std::string_view("SIMULATED"));
        }
        write_entry(root.create_group("entry"), run);
    }
    return file.image(seal_bytes);
}

std::string edges_sha256(const RunResult& run) {
    static_assert(std::endian::native == std::endian::little, "the digest is over little-endian");
    std::vector<std::int64_t> all;
    for (const auto& point : run.points) {
        for (const auto& position : point.positions) {
            for (const auto& edge : position.edges) {
                for (const auto& column : edge_columns) {
                    all.push_back(edge.*column.member);
                }
            }
        }
    }
    return sha256_hex(std::as_bytes(std::span(all)));
}

std::string impulses_sha256(const RunResult& run) {
    std::vector<std::int64_t> all;
    for (const auto& meter : run.meters) {
        all.insert(all.end(), meter.edge_ticks.begin(), meter.edge_ticks.end());
        all.insert(all.end(), meter.output_edge_ticks.begin(), meter.output_edge_ticks.end());
    }
    return sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace reports
