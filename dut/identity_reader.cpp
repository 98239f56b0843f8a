// Identification blocks to fields, and fields to an identity.
#include "dut/identity_reader.hpp"

#include "dut/quantity_requests.hpp"
#include "dut/serial_form.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dut {
namespace {

using instruments::DeviceFault;

struct BlockPart {
    const RegisterBlock* block = nullptr;
    std::vector<const IdentificationRow*> rows;
    int first = 65536, end = 0;
};

std::vector<BlockPart> parts_of(const RegisterMap& map) {
    std::vector<BlockPart> parts;
    for (const IdentificationRow& row : map.identification) {
        const RegisterBlock* block = find_block(map, row.block);
        if (parts.empty() || parts.back().block != block) parts.push_back({block, {}});
        BlockPart& part = parts.back();
        part.rows.push_back(&row);
        part.first = std::min<int>(part.first, row.address);
        part.end = std::max(part.end, row.address + row.words);
    }
    return parts;
}

IdentityField field_of(const IdentificationRow& row, const std::uint16_t* words) {
    return {row.field, row.address, Words(words, words + row.words), decode_text(row, words), ""};
}

// The fields of one block, or of each the reason why it is missing.
Task<std::vector<IdentityField>> read_part(ModbusClient& client, BlockPart part) {
    std::vector<IdentityField> fields;
    try {
        const Words words =
            co_await client.read(static_cast<std::uint16_t>(part.first), part.end - part.first);
        for (const auto* row : part.rows) {
            fields.push_back(field_of(*row, words.data() + (row->address - part.first)));
        }
    } catch (const DeviceFault& fault) {
        // First the fault: after a port that goes meanwhile its map is gone, too.
        if (!is_refusal(fault) || part.block->confidence != "assumed") throw;
        for (const auto* row : part.rows) {
            fields.push_back({row->field, row->address, {}, "", fault.report().problem});
        }
    }
    co_return fields;
}

}  // namespace

Task<std::vector<IdentityField>> read_identification(ModbusClient& client, const RegisterMap& map) {
    std::vector<IdentityField> fields;
    for (const BlockPart& part : parts_of(map)) {
        const std::vector<IdentityField> more = co_await read_part(client, part);
        fields.insert(fields.end(), more.begin(), more.end());
    }
    co_return fields;
}

MeterIdentity identity_of(const RegisterMap& map, std::vector<IdentityField> fields) {
    MeterIdentity identity;
    identity.fields = std::move(fields);
    FieldTexts texts;
    for (const IdentityField& field : identity.fields) texts[field.field] = field.text;
    identity.maker = texts[map.probe_field];
    identity.extended_name = texts[map.name_field];
    identity.serial = compose_serial(map.serial_form, texts);
    identity.vendor = texts["vendor"];
    identity.product_name = texts["product_name"];
    identity.table_version = texts["table_version"];
    identity.software_version = texts["software_version"];
    const std::string& major = texts["product_version_major"];
    const std::string& minor = texts["product_version_minor"];
    identity.product_version = minor.empty() ? major : major + "." + minor;
    return identity;
}

}  // namespace dut
