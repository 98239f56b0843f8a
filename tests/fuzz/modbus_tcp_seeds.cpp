// Makes seeds of the Modbus TCP target: requests for every block of a meter type, and writes.
#include "dut/meter_type.hpp"
#include "dut/modbus_frame.hpp"
#include "tests/fuzz/modbus_requests.hpp"
#include "tests/fuzz/seed_files.hpp"

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const std::filesystem::path folder = arguments[1];
    std::uint16_t transaction = 0;
    dut::Bytes all;
    for (const auto& [name, unit, pdu] : fuzz::modbus_requests()) {
        const dut::Bytes frame = dut::encode_frame({++transaction, unit, pdu});
        all.insert(all.end(), frame.begin(), frame.end());
        fuzz::write_seed(folder, name, frame);
    }
    fuzz::write_seed(folder, "all", all);
    return 0;
}
