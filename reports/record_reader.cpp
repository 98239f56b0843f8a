// From the HDF5 layout back to a run.
#include "reports/check_lines.hpp"
#include "reports/edges.hpp"
#include "reports/evidence_image.hpp"
#include "reports/fields.hpp"
#include "reports/h5.hpp"
#include "reports/port_notes.hpp"

#include <fmt/format.h>

namespace reports {
namespace {

using sequences::MeterResult;
using sequences::PointResult;
using sequences::PositionResult;
using sequences::RunResult;

void read_plan_texts(const h5::Group& plan, sequences::RunSetup& setup) {
    const auto read = [&](const char* name, std::string& text, std::string& id) {
        text = plan.read_text(name);
        id = plan.dataset_text(name, "name");
    };
    read("programme", setup.programme_text, setup.programme_name);
    read("meter", setup.meter_text, setup.meter_name);
    read("limits", setup.limits_text, setup.limits_name);
    read("bench", setup.bench_text, setup.bench_name);
}

void read_edges(const h5::Group& group, PositionResult& result) {
    for (const auto& [dataset, member, units] : edge_columns) {
        const auto column = group.read_integers(dataset);
        if (member == edge_columns[0].member) {
            result.edges.resize(column.size());
        }
        if (column.size() != result.edges.size()) {
            throw h5::Error(fmt::format("dataset '{}' of {}: expected {} edges, got {}",
                                        dataset,
                                        group.path(),
                                        result.edges.size(),
                                        column.size()));
        }
        for (std::size_t edge = 0; edge < column.size(); ++edge) {
            result.edges[edge].*member = column[edge];
        }
    }
    if (result.gate) {
        result.gate->index = group.read_integers("impulse_index");
    }
}

PositionResult read_position(const h5::Group& group) {
    PositionResult result;
    const Loader loader(group);
    position_fields(loader, result);
    read_edges(group, result);
    result.checks = read_checks(group);
    read_readings(group, result);
    return result;
}

PointResult read_point(const h5::Group& group) {
    PointResult result;
    const Loader loader(group);
    point_fields(loader, result);
    if (group.has_child("conditions")) {
        const h5::Group conditions = group.group("conditions");
        const Loader condition_loader(conditions);
        condition_fields(condition_loader, result.conditions.emplace());
    }
    read_step(group, result);
    for (const auto& name : group.numbered("position_")) {
        result.positions.push_back(read_position(group.group(name)));
    }
    return result;
}

MeterResult read_meter(const h5::Group& group) {
    MeterResult meter;
    const Loader loader(group);
    meter_fields(loader, meter);
    meter.edge_ticks = group.read_integers("edge_ticks");
    // Evidence of calrig 0.1 has no pulse outputs.
    if (group.has_child("output_edge_ticks")) {
        meter.output_edge_ticks = group.read_integers("output_edge_ticks");
    }
    return meter;
}

void check_format(const h5::Group& root) {
    if (root.text("format") != "calrig-run" || root.integer("format_version") != format_version) {
        throw h5::Error(fmt::format("attribute 'format' of /: expected calrig-run, version {}",
                                    format_version));
    }
}

}  // namespace

RunResult record_from_image(std::span<const std::byte> image) {
    const h5::Quiet quiet;
    const h5::File file = h5::File::open(image);
    const h5::Group root = file.root();
    check_format(root);
    const h5::Group entry = root.group("entry");
    RunResult run;
    const Loader loader(entry);
    run_fields(loader, run);
    run.identity.virtual_time = entry.text("clock") == "virtual";
    read_plan_texts(entry.group("plan"), run.setup);
    const h5::Group instruments = entry.group("instruments");
    const Loader instrument_loader(instruments);
    instrument_fields(instrument_loader, run.instruments);
    run.remarks = entry.read_texts("remarks");
    for (const auto& name : entry.numbered("point_")) {
        run.points.push_back(read_point(entry.group(name)));
    }
    const h5::Group meters = entry.group("meters");
    for (const auto& name : meters.numbered("position_")) {
        run.meters.push_back(read_meter(meters.group(name)));
    }
    if (edges_sha256(run) != entry.text("edges_sha256")) {
        throw h5::Error("attribute 'edges_sha256' of /entry: the edges are not those written");
    }
    // Evidence of calrig 0.1 does not have it.
    if (entry.has("impulses_sha256") && impulses_sha256(run) != entry.text("impulses_sha256")) {
        throw h5::Error(
            "attribute 'impulses_sha256' of /entry: the impulses are not those written");
    }
    return run;
}

}  // namespace reports
