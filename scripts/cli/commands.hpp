// The commands of calrig, each a function from its options to an exit status.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scripts {

// What the exit status of every command says.
enum Exit : int {
    all_pass = 0,
    meter_fails = 1,
    wrong_input = 2,   // nothing was driven
    bench_failed = 3,  // or a verdict could not be reached
};

struct PlanOptions {
    std::string programme, meter, meters_folder, limits, rule = "simple", bench;
    int positions = 0;  // 0: not given
    std::uint64_t seed = 1;
    bool printed_minimum = false;
    std::vector<std::string> points;
    std::vector<std::string> faults;
    bool json = false;
};

struct RunOptions {
    PlanOptions plan;
    std::string output = "run.h5", html, rerun, transcript, operator_name;
    bool quiet = false, force = false;
};

struct ReportOptions {
    std::string input, html;
};

struct RecoverOptions {
    std::string journal, output, html;
    bool force = false;
};

struct EmulateOptions {
    std::string meter = "countis-e48", meters_folder, bench;
    int positions = 0;
    double speed = 1;
    std::uint64_t seed = 1;
    std::vector<std::string> faults;
};

struct FindOptions {
    std::string link, meter = "countis-e43", meters_folder;
    std::string units;               // "1-247"; empty: all, the usual ones first
    std::vector<std::string> lines;  // "9600,8E1"; empty: all that meters have
    bool echoes = false, json = false;
};

struct ListOptions {
    std::string what;
    std::string meter, meters_folder;
    bool json = false;
};

int run_command(const RunOptions& options);
int plan_command(const PlanOptions& options);
int report_command(const ReportOptions& options);
int recover_command(const RecoverOptions& options);
int emulate_command(const EmulateOptions& options);
int find_meters_command(const FindOptions& options);
int list_command(const ListOptions& options);

}  // namespace scripts
