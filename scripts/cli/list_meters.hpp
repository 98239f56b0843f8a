// Meter types and their registers, for persons and for machines.
#pragma once

#include "scripts/cli/commands.hpp"

namespace scripts {

// All types, the user's own among them; files that cannot be used with the reason.
void list_meters(const ListOptions& options);
// The register map of one type, with source and confidence of every row.
void list_registers(const ListOptions& options);

}  // namespace scripts
