// Datasets: small ones lie in the object header, large ones are chunked with checksum and
// compression.
#include "reports/h5.hpp"

#include <hdf5.h>

#include <algorithm>
#include <utility>

namespace reports::h5 {
namespace {

constexpr std::size_t compact_bytes = std::size_t{32} * 1024;  // HDF5 allows 64 KiB less a header
constexpr hsize_t chunk_elements =
    hsize_t{64} * 1024;  // 512 KiB of int64, below the default chunk cache

Handle storage(std::span<const hsize_t> extent, std::size_t bytes) {
    Handle properties{H5Pcreate(H5P_DATASET_CREATE), "properties of a dataset"};
    H5Pset_obj_track_times(properties.id(), false);
    if (bytes <= compact_bytes) {
        H5Pset_layout(properties.id(), H5D_COMPACT);
        return properties;
    }
    std::vector<hsize_t> chunk(extent.begin(), extent.end());
    const hsize_t columns = chunk.size() == 2 ? chunk[1] : 1;
    chunk[0] = std::clamp<hsize_t>(chunk_elements / columns, 1, chunk[0]);
    H5Pset_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data());
    H5Pset_shuffle(properties.id());
    H5Pset_deflate(properties.id(), 4);
    H5Pset_fletcher32(properties.id());
    return properties;
}

// HDF5 sets aside a megabyte for every text dataset it reads or writes, and clears it; a run with
// tests over the port has thousands of them.
Handle transfer() {
    constexpr std::size_t enough = std::size_t{16} * 1024;
    Handle properties{H5Pcreate(H5P_DATASET_XFER), "transfer properties"};
    H5Pset_buffer(properties.id(), enough, nullptr, nullptr);
    return properties;
}

hid_t memory_type(hid_t stored) {
    if (stored == H5T_STD_I64LE) {
        return H5T_NATIVE_INT64;
    }
    if (stored == H5T_IEEE_F64LE) {
        return H5T_NATIVE_DOUBLE;
    }
    return stored == H5T_STD_I8LE ? H5T_NATIVE_INT8 : stored;
}

std::size_t elements(hid_t dataset, const std::string& what) {
    const Handle space{H5Dget_space(dataset), what};
    return static_cast<std::size_t>(
        std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space.id())));
}

void expect_class(hid_t dataset, H5T_class_t expected, const std::string& what) {
    const Handle type{H5Dget_type(dataset), what};
    const bool fits = H5Tget_class(type.id()) == expected &&
                      (expected != H5T_STRING || H5Tis_variable_str(type.id()) > 0);
    if (!fits) {
        throw Error(what + ": of another type than calrig writes");
    }
}

}  // namespace

Node Group::create_dataset(const char* name,
                           std::int64_t type,
                           std::span<const std::size_t> shape,
                           std::size_t bytes,
                           const void* data) {
    const std::vector<hsize_t> extent(shape.begin(), shape.end());
    const int rank = static_cast<int>(extent.size());
    const Handle space{H5Screate_simple(rank, extent.data(), nullptr), named("space", name)};
    const Handle properties = storage(extent, bytes);
    const std::string what = named("dataset", name);
    Handle dataset{
        H5Dcreate2(id(), name, type, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), what};
    if (bytes > 0 &&
        H5Dwrite(dataset.id(), memory_type(type), H5S_ALL, H5S_ALL, transfer().id(), data) < 0) {
        throw Error(what);
    }
    return Node{std::move(dataset), path() + "/" + name};
}

Node Group::create(const char* name, std::span<const std::int64_t> values) {
    const std::array shape{values.size()};
    return create_dataset(name, H5T_STD_I64LE, shape, values.size_bytes(), values.data());
}

Node Group::create(const char* name, std::span<const double> values) {
    const std::array shape{values.size()};
    return create_dataset(name, H5T_IEEE_F64LE, shape, values.size_bytes(), values.data());
}

Node Group::create(const char* name, std::span<const double> values, Shape shape) {
    return create_dataset(name, H5T_IEEE_F64LE, shape, values.size_bytes(), values.data());
}

Node Group::create(const char* name, std::span<const std::int8_t> values, Shape shape) {
    return create_dataset(name, H5T_STD_I8LE, shape, values.size_bytes(), values.data());
}

Node Group::create_texts(const char* name, std::span<const std::string> values) {
    std::vector<const char*> pointers;
    for (const auto& value : values) {
        pointers.push_back(value.c_str());
    }
    const Handle type = text_type();
    const std::array shape{values.size()};
    return create_dataset(name,
                          type.id(),
                          shape,
                          pointers.size() * sizeof(char*),
                          static_cast<const void*>(pointers.data()));
}

Node Group::create_text(const char* name, std::string_view value) {
    const Handle type = text_type();
    const std::string text(value);
    const char* pointer = text.c_str();
    return create_dataset(name, type.id(), {}, sizeof pointer, static_cast<const void*>(&pointer));
}

Node Group::open_dataset(const char* name) const {
    const std::string what = named("dataset", name);
    return Node{Handle{H5Dopen2(id(), name, H5P_DEFAULT), what + ": missing"}, path() + "/" + name};
}

namespace {

template <class Value>
std::vector<Value> read_values(const Handle& dataset,
                               H5T_class_t expected,
                               const std::string& what) {
    expect_class(dataset.id(), expected, what);
    std::vector<Value> values(elements(dataset.id(), what));
    const hid_t memory = expected == H5T_INTEGER ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
    if (!values.empty() &&
        H5Dread(dataset.id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
        throw Error(what);
    }
    return values;
}

}  // namespace

std::vector<std::int64_t> Group::read_integers(const char* name) const {
    const std::string what = named("dataset", name);
    const Handle dataset{H5Dopen2(id(), name, H5P_DEFAULT), what + ": missing"};
    return read_values<std::int64_t>(dataset, H5T_INTEGER, what);
}

std::vector<double> Group::read_numbers(const char* name) const {
    const std::string what = named("dataset", name);
    const Handle dataset{H5Dopen2(id(), name, H5P_DEFAULT), what + ": missing"};
    return read_values<double>(dataset, H5T_FLOAT, what);
}

std::vector<std::string> Group::read_texts(const char* name) const {
    const std::string what = named("dataset", name);
    const Handle dataset{H5Dopen2(id(), name, H5P_DEFAULT), what + ": missing"};
    expect_class(dataset.id(), H5T_STRING, what);
    const Handle type = text_type();
    std::vector<char*> pointers(elements(dataset.id(), what));
    if (!pointers.empty() && H5Dread(dataset.id(),
                                     type.id(),
                                     H5S_ALL,
                                     H5S_ALL,
                                     transfer().id(),
                                     static_cast<void*>(pointers.data())) < 0) {
        throw Error(what);
    }
    std::vector<std::string> values;
    for (char* pointer : pointers) {
        values.emplace_back(pointer == nullptr ? "" : pointer);
        H5free_memory(pointer);
    }
    return values;
}

std::string Group::read_text(const char* name) const {
    const auto values = read_texts(name);
    if (values.size() != 1) {
        throw Error(named("dataset", name) + ": expected one text");
    }
    return values.front();
}

double Group::dataset_number(const char* dataset, const char* attribute) const {
    return open_dataset(dataset).number(attribute);
}

std::string Group::dataset_text(const char* dataset, const char* attribute) const {
    return open_dataset(dataset).text(attribute);
}

}  // namespace reports::h5
