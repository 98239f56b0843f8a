// Where the programs that make seeds put them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>

namespace fuzz {

inline void write_seed(const std::filesystem::path& folder,
                       const std::string& name,
                       std::span<const std::uint8_t> bytes) {
    std::filesystem::create_directories(folder);
    std::ofstream file(folder / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error((folder / name).string() + ": cannot be written");
}

}  // namespace fuzz
