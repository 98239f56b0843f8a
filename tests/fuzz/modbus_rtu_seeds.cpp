// Makes seeds of the Modbus RTU target: requests for every block of a meter type, and writes.
#include "dut/modbus_frame.hpp"
#include "tests/fuzz/modbus_requests.hpp"
#include "tests/fuzz/seed_files.hpp"

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const std::filesystem::path folder = arguments[1];
    dut::Bytes several;
    for (const auto& [name, unit, pdu] : fuzz::modbus_requests()) {
        const dut::Bytes frame = dut::encode_rtu({unit, pdu});
        fuzz::write_seed(folder, name, frame);
        if (several.size() > 100) continue;
        several.insert(several.end(), frame.begin(), frame.end());
        several.push_back('^');
    }
    fuzz::write_seed(folder, "several", several);
    return 0;
}
