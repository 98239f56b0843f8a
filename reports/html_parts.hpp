// The sections of the page, in the order in which they stand on it. Internal.
#pragma once

#include "calibration/embedded_text.hpp"
#include "sequences/results.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reports {

std::span<const calibration::EmbeddedText> page_texts();  // page.css, built in

// One accuracy, no-load or starting point as one meter went through it.
struct MeterPoint {
    const sequences::PointResult* point;
    const sequences::PositionResult* result;
};
std::vector<MeterPoint> points_of(const sequences::RunResult& run, std::string_view position);

bool is_accuracy(const sequences::PointResult& point);
bool is_port_test(const sequences::PointResult& point);
std::string current_text(const sequences::TestPoint& point);  // "3 × 1 A", "L2: 1 A"
bool knows_truth(const sequences::RunResult& run);            // any true error stored

// A cell or a row of a table of facts. `html` is already escaped.
std::string fact(std::string_view name, std::string_view html);
std::string section(std::string_view title, std::string_view html);

std::string summary_section(const sequences::RunResult& run);      // verdicts, big
std::string meter_type_section(const sequences::RunResult& run);   // name plate
std::string provenance_section(const sequences::RunResult& run);   // bench, certificates, software
std::string failures_section(const sequences::RunResult& run);     // what did not pass, and why
std::string matrix_section(const sequences::RunResult& run);       // every meter and every point
std::string port_matrix_section(const sequences::RunResult& run);  // every test over the ports
std::string meter_section(const sequences::RunResult& run,
                          const sequences::MeterResult& meter,
                          std::size_t number);
// What was looked at in one meter over its port; empty without such tests.
std::string port_tests_table(const std::vector<MeterPoint>& points, std::size_t meter);
std::string registers_section(const sequences::RunResult& run);
std::string conditions_section(const sequences::RunResult& run);
std::string repetitions_section(
    const sequences::RunResult& run);  // what was invalid or repeated, and why
std::string uncertainty_section(const sequences::RunResult& run);
std::string limits_section(const sequences::RunResult& run);  // which row, from which source
std::string remarks_section(const sequences::RunResult& run);
std::string signature_section();

// The error curve of one meter as SVG; empty without measured accuracy points.
std::string error_plot(const std::vector<MeterPoint>& points);

}  // namespace reports
