// A whole bench file to vary in tests, and loads, meters and files they share.
#pragma once

#include "dut/meter_type.hpp"
#include "rig/bench_file.hpp"

#include <filesystem>
#include <stdlib.h>
#include <string>
#include <string_view>

namespace rig_test {

inline const std::string whole_bench = R"([bench]
name = "line 3"
clock = "virtual"

[source]
driver = "zera-mt"
link = "twin"
model = "VU211"
twin = { stability_percent = 0.01 }

[reference]
driver = "zera-zscpi"
link = "twin"
model = "MT310s2"
certificate = { number = "R-1234", expanded_uncertainty_percent = 0.02, expanded_phase_uncertainty_minutes = 0.3, due = 2027-05-01 }
twin = { ratio_error_percent = 0.004, phase_error_minutes = -0.1 }

[capture]
driver = "ctag"
link = "twin"
reference_channel = 7
twin = { mode = "explicit" }

[[position]]
name = "left"
serial = "24480001"
led_channel = 1
port = "twin"
twin = { gain_error_percent = 0.12, phase_error_minutes = 1.5, offset_w = 0.002, starts_at_a = 0.0007, creep_w = 0.1, jitter_us = 40, update_grid_ms = 20, constant_imp_per_kwh = 500, register_scale = 1.01, voltage_coefficient_percent = 0.2, frequency_coefficient_percent = -0.3, phase_gain_error_percent = [0.1, 0.2, 0.3], identifies_as = "countis-e27" }

[[position]]
name = "right"
led_channel = 126

[[fault]]
kind = "overflow"
at_s = 12.5
amount = 3
)";

inline std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    if (at == std::string::npos) {
        throw std::logic_error("the bench text has no " + std::string(what));
    }
    return text.replace(at, what.size(), by);
}

inline dut::MeterType meter_type(std::string_view id) {
    const auto text = dut::meter_type_text(id);
    return dut::parse_meter_type(text.text, text.name);
}

inline rig::BenchFile twin_bench(int positions,
                                 std::string_view faults = "",
                                 std::uint64_t seed = 1) {
    const std::string text =
        rig::twin_bench_text(meter_type("countis-e28"), positions, seed) + std::string(faults);
    return rig::parse_bench_file(text, "twin.toml");
}

// A folder that goes with its test.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "calrig-rig-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no folder for the test");
        }
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace rig_test
