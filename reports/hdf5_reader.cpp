// Seal, then HDF5, then the plan from its texts; whatever fails becomes one line with the file's
// name.
#include "reports/hdf5_reader.hpp"

#include "calibration/document.hpp"
#include "reports/durable_file.hpp"
#include "reports/evidence_image.hpp"
#include "reports/h5.hpp"
#include "reports/seal.hpp"

#include <fmt/format.h>

namespace reports {

sequences::RunResult read_evidence(const std::filesystem::path& path) {
    const std::string name = path.string();
    try {
        const auto file = read_file(path);
        if (const std::string fault = seal_fault(file); !fault.empty()) {
            throw EvidenceError(fmt::format("{}: {}", name, fault));
        }
        sequences::RunResult run = record_from_image(file);
        run.plan = sequences::make_plan(run.setup);
        return run;
    } catch (const FileError& error) {
        throw EvidenceError(fmt::format("{}: {}", name, error.what()));
    } catch (const h5::Error& error) {
        throw EvidenceError(fmt::format("{}: {}", name, error.what()));
    } catch (const calibration::DataError& error) {
        throw EvidenceError(fmt::format("{}: {}", name, error.what()));
    }
}

}  // namespace reports
