#include "sequences/setup.hpp"

#include "calibration/document.hpp"
#include "calibration/limits.hpp"
#include "dut/meter_type.hpp"
#include "sequences/programme.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace sequences {

namespace {

using calibration::DataError;
namespace fs = std::filesystem;

constexpr const char* folder_variable = "CALRIG_METERS";

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::error_code ignored;
    if (!file || fs::is_directory(path, ignored)) {
        throw DataError(fmt::format("{}: cannot be read", path));
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_path(const std::string& name) {
    return name.ends_with(".toml") || name.find('/') != std::string::npos;
}

struct Text {
    std::string text, name;
};

template <class Lookup>
Text text_of(const std::string& name, Lookup lookup) {
    if (is_path(name)) {
        return {read_file(name), fs::path(name).filename().string()};
    }
    const calibration::EmbeddedText found = lookup(name);
    return {std::string(found.text), std::string(found.name)};
}

// The programme's first edition that knows a class of this meter.
Text preferred_limits(const Programme& programme, const dut::MeterType& meter) {
    for (const std::string& id : programme.limits) {
        Text text = text_of(id, calibration::limit_text);
        const auto table = calibration::LimitTable::parse(text.text, text.name);
        // The class a meter is sold by decides; its others only on request.
        if (std::ranges::find(table.classes(), meter.accuracy_class) != table.classes().end()) {
            return text;
        }
    }
    throw DataError(fmt::format(
        "programme '{}': none of its editions ({}) has class {} of the {}; name one with --limits",
        programme.id,
        fmt::join(programme.limits, ", "),
        meter.accuracy_class,
        meter.name));
}

// The folder's own type of that id; nothing where it has none.
std::optional<Text> text_in(const fs::path& folder, const std::string& id) {
    const fs::path file = folder / (id + ".toml");
    std::error_code ignored;
    if (folder.empty() || is_path(id) || !fs::exists(file, ignored)) {
        return std::nullopt;
    }
    return Text{read_file(file.string()), file.string()};
}

fs::path folder_or_users(const fs::path& folder) {
    return folder.empty() ? users_meters_folder() : folder;
}

// An id that is nowhere: what the folder has is known, too.
calibration::EmbeddedText built_in_meter(const std::string& id, const fs::path& folder) {
    const auto ids = dut::meter_type_ids();
    if (folder.empty() || std::ranges::find(ids, id) != ids.end()) {
        return dut::meter_type_text(id);
    }
    std::vector<std::string> known;
    for (const MeterTypeEntry& entry : known_meter_types(folder)) {
        known.push_back(entry.id);
    }
    throw DataError(fmt::format("meter type '{}': expected a file, one of {} ({} was searched)",
                                id,
                                fmt::join(known, ", "),
                                folder.string()));
}

Text meter_text(const std::string& name, const fs::path& folder) {
    if (auto own = text_in(folder, name)) {
        return *std::move(own);
    }
    return text_of(name, [&](const std::string& id) { return built_in_meter(id, folder); });
}

MeterTypeEntry entry_of(const fs::path& file) {
    MeterTypeEntry entry{.id = file.stem().string(), .origin = file.string()};
    try {
        entry.name = dut::parse_meter_type(read_file(file.string()), file.string()).name;
    } catch (const DataError& error) {
        entry.problem = error.what();
    }
    return entry;
}

std::vector<MeterTypeEntry> entries_in(const fs::path& folder) {
    std::vector<MeterTypeEntry> entries;
    std::error_code problem;
    for (const auto& file : fs::directory_iterator(folder, problem)) {
        if (file.path().extension() == ".toml") {
            entries.push_back(entry_of(file.path()));
        }
    }
    if (problem) {
        throw DataError(fmt::format("{}: cannot be read as a folder of meter types: {}",
                                    folder.string(),
                                    problem.message()));
    }
    return entries;
}

}  // namespace

fs::path users_meters_folder() {
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    std::error_code ignored;
    if (const std::string given = variable(folder_variable); !given.empty()) {
        if (!fs::is_directory(given, ignored)) {
            throw DataError(fmt::format(
                "{}: expected a folder of meter types, got '{}'", folder_variable, given));
        }
        return given;
    }
    fs::path base = variable("XDG_CONFIG_HOME");
    if (base.empty() && !variable("HOME").empty()) {
        base = fs::path(variable("HOME")) / ".config";
    }
    const fs::path folder = base / "calrig" / "meters";
    return !base.empty() && fs::is_directory(folder, ignored) ? folder : fs::path{};
}

std::vector<MeterTypeEntry> known_meter_types(const fs::path& asked) {
    const fs::path folder = folder_or_users(asked);
    std::vector<MeterTypeEntry> entries;
    if (!folder.empty()) {
        entries = entries_in(folder);
    }
    for (const std::string& id : dut::meter_type_ids()) {
        if (std::ranges::find(entries, id, &MeterTypeEntry::id) == entries.end()) {
            const auto text = dut::meter_type_text(id);
            const std::string name = dut::parse_meter_type(text.text, text.name).name;
            entries.push_back({.id = id, .origin = "built in", .name = name});
        }
    }
    std::ranges::sort(entries, {}, &MeterTypeEntry::id);
    return entries;
}

MeterText load_meter_text(const std::string& meter, const std::string& meters_folder) {
    Text found = meter_text(meter, folder_or_users(meters_folder));
    return {std::move(found.text), std::move(found.name)};
}

RunSetup load_setup(const SetupNames& names) {
    RunSetup setup;
    const Text programme = text_of(names.programme, programme_text);
    const Text meter = meter_text(names.meter, folder_or_users(names.meters_folder));
    setup.programme_text = programme.text;
    setup.programme_name = programme.name;
    setup.meter_text = meter.text;
    setup.meter_name = meter.name;
    const Text limits = names.limits.empty()
                            ? preferred_limits(parse_programme(programme.text, programme.name),
                                               dut::parse_meter_type(meter.text, meter.name))
                            : text_of(names.limits, calibration::limit_text);
    setup.limits_text = limits.text;
    setup.limits_name = limits.name;
    return setup;
}

}  // namespace sequences
