// Writes a small piece of evidence for readers that know nothing of calrig: sample_evidence FILE.h5
// [FILE.html [POSITIONS [port]]].
#include "reports/hdf5_writer.hpp"
#include "reports/html.hpp"
#include "tests/reports/sample_run.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

int main(int count, char** arguments) {
    if (count < 2 || count > 5) {
        std::cerr << "usage: sample_evidence FILE.h5 [FILE.html [POSITIONS [port]]]\n";
        return 2;
    }
    try {
        const auto run = tests::sample_run(
            {.positions = count > 3 ? std::atoi(arguments[3]) : 3, .port_tests = count > 4});
        reports::write_evidence(run, arguments[1]);
        if (count > 2) {
            std::ofstream(arguments[2], std::ios::binary) << reports::render_html(run);
        }
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
