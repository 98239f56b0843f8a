// Rewind, read, older, read, until the records are older than wanted.
#include "dut/load_curve_reader.hpp"

#include <algorithm>

namespace dut {
namespace {

[[noreturn]] void fail(const ModbusClient& client, const LoadCurve& curve, std::string problem) {
    throw instruments::DeviceFault(
        {client.name(), "read " + address_text(curve.block), std::move(problem), ""});
}

bool by_start(const LoadCurveRecord& a, const LoadCurveRecord& b) { return a.start_s < b.start_s; }

// One block, oldest first.
Task<std::vector<LoadCurveRecord>> read_block(ModbusClient& client, LoadCurve curve) {
    const Words words = co_await client.read(curve.block, curve_block_words(curve));
    CurveBlock block = decode_curve_block(curve, words);
    if (!block.fault.empty()) fail(client, curve, "the load curve's block " + block.fault);
    std::sort(block.records.begin(), block.records.end(), by_start);
    co_return std::move(block.records);
}

}  // namespace

Task<std::vector<LoadCurveRecord>> read_curve(ModbusClient& client,
                                              LoadCurve curve,
                                              double from_s,
                                              double to_s) {
    std::vector<LoadCurveRecord> records;
    const int most_blocks = curve.capacity / curve.records + 2;
    for (int number = 0; number < most_blocks; ++number) {
        co_await client.command(curve.command, number == 0 ? curve.rewind : curve.older);
        const std::vector<LoadCurveRecord> block = co_await read_block(client, curve);
        const bool goes_back =
            records.empty() || block.empty() || block.back().start_s < records.front().start_s;
        // A meter whose pointer does not move would give the same records again and again.
        if (!goes_back) fail(client, curve, "the load curve's blocks do not go back in time");
        records.insert(records.begin(), block.begin(), block.end());
        if (static_cast<int>(block.size()) < curve.records) break;
        if (block.front().start_s <= from_s) break;
    }
    std::erase_if(records, [&](const LoadCurveRecord& record) {
        return record.start_s < from_s || record.start_s >= to_s;
    });
    co_return records;
}

}  // namespace dut
