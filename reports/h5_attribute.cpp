// Attributes, in both directions.
#include "reports/h5.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <utility>

namespace reports::h5 {
namespace {

Handle space_of(std::optional<std::size_t> size) {
    if (!size) {
        return Handle{H5Screate(H5S_SCALAR), "scalar space"};
    }
    const hsize_t extent = *size;
    return Handle{H5Screate_simple(1, &extent, nullptr), "space"};
}

// What is stored is little endian on every machine; `memory` is what the caller holds.
struct Type {
    hid_t stored, memory;
};

Type double_type() { return {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE}; }
Type int64_type() { return {H5T_STD_I64LE, H5T_NATIVE_INT64}; }
Type uint64_type() { return {H5T_STD_U64LE, H5T_NATIVE_UINT64}; }
Type int8_type() { return {H5T_STD_I8LE, H5T_NATIVE_INT8}; }

struct Target {
    hid_t node;
    const char* name;
    std::string what;
};

void write(const Target& target, Type type, std::optional<std::size_t> size, const void* data) {
    const Handle space = space_of(size);
    const Handle attribute{
        H5Acreate2(target.node, target.name, type.stored, space.id(), H5P_DEFAULT, H5P_DEFAULT),
        target.what};
    if (H5Awrite(attribute.id(), type.memory, data) < 0) {
        throw Error(target.what);
    }
}

struct Opened {
    Handle attribute;
    std::size_t size;
};

Opened open(const Target& target, H5T_class_t expected) {
    Handle attribute{H5Aopen(target.node, target.name, H5P_DEFAULT), target.what + ": missing"};
    const Handle type{H5Aget_type(attribute.id()), target.what};
    const Handle space{H5Aget_space(attribute.id()), target.what};
    const auto size = H5Sget_simple_extent_npoints(space.id());
    if (H5Tget_class(type.id()) != expected || size < 0) {
        throw Error(target.what + ": of another type than calrig writes");
    }
    if (expected == H5T_STRING && H5Tis_variable_str(type.id()) <= 0) {
        throw Error(target.what + ": expected a text of variable length");
    }
    return {std::move(attribute), static_cast<std::size_t>(size)};
}

template <class Value>
std::vector<Value> read(const Target& target, H5T_class_t expected, hid_t memory) {
    const Opened opened = open(target, expected);
    std::vector<Value> values(opened.size);
    if (opened.size > 0 &&
        H5Aread(opened.attribute.id(), memory, static_cast<void*>(values.data())) < 0) {
        throw Error(target.what);
    }
    return values;
}

template <class Value>
Value single(const Target& target, const std::vector<Value>& values) {
    if (values.size() != 1) {
        throw Error(fmt::format("{}: expected one value, got {}", target.what, values.size()));
    }
    return values.front();
}

}  // namespace

Handle text_type() {
    Handle type{H5Tcopy(H5T_C_S1), "text type"};
    H5Tset_size(type.id(), H5T_VARIABLE);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    return type;
}

std::string Node::named(const char* kind, std::string_view name) const {
    return fmt::format("{} '{}' of {}", kind, name, path_.empty() ? "/" : path_);
}

void Node::set(const char* name, double value) {
    write({id(), name, named("attribute", name)}, double_type(), {}, &value);
}
void Node::set(const char* name, std::int64_t value) {
    write({id(), name, named("attribute", name)}, int64_type(), {}, &value);
}
void Node::set(const char* name, std::uint64_t value) {
    write({id(), name, named("attribute", name)}, uint64_type(), {}, &value);
}
void Node::set(const char* name, std::int8_t value) {
    write({id(), name, named("attribute", name)}, int8_type(), {}, &value);
}
void Node::set(const char* name, std::string_view value) {
    const std::string text(value);
    const char* pointer = text.c_str();
    const Handle type = text_type();
    write({id(), name, named("attribute", name)},
          {type.id(), type.id()},
          {},
          static_cast<const void*>(&pointer));
}
void Node::set(const char* name, std::span<const double> values) {
    write({id(), name, named("attribute", name)}, double_type(), values.size(), values.data());
}
void Node::set(const char* name, std::span<const std::int64_t> values) {
    write({id(), name, named("attribute", name)}, int64_type(), values.size(), values.data());
}
void Node::set(const char* name, std::span<const std::int8_t> values) {
    write({id(), name, named("attribute", name)}, int8_type(), values.size(), values.data());
}
void Node::set(const char* name, std::span<const std::string> values) {
    std::vector<const char*> pointers;
    for (const auto& value : values) {
        pointers.push_back(value.c_str());
    }
    const Handle type = text_type();
    const Target target{id(), name, named("attribute", name)};
    write(target, {type.id(), type.id()}, values.size(), static_cast<const void*>(pointers.data()));
}

bool Node::has(const char* name) const { return H5Aexists(id(), name) > 0; }

double Node::number(const char* name) const {
    const Target target{id(), name, named("attribute", name)};
    return single(target, read<double>(target, H5T_FLOAT, H5T_NATIVE_DOUBLE));
}

std::int64_t Node::integer(const char* name) const {
    const Target target{id(), name, named("attribute", name)};
    return single(target, read<std::int64_t>(target, H5T_INTEGER, H5T_NATIVE_INT64));
}

std::uint64_t Node::natural(const char* name) const {
    const Target target{id(), name, named("attribute", name)};
    return single(target, read<std::uint64_t>(target, H5T_INTEGER, H5T_NATIVE_UINT64));
}

std::string Node::text(const char* name) const {
    const auto values = texts(name);
    return single({id(), name, named("attribute", name)}, values);
}

std::vector<double> Node::numbers(const char* name) const {
    return read<double>({id(), name, named("attribute", name)}, H5T_FLOAT, H5T_NATIVE_DOUBLE);
}

std::vector<std::int64_t> Node::integers(const char* name) const {
    const Target target{id(), name, named("attribute", name)};
    return read<std::int64_t>(target, H5T_INTEGER, H5T_NATIVE_INT64);
}

std::vector<std::string> Node::texts(const char* name) const {
    const Handle type = text_type();
    const Target target{id(), name, named("attribute", name)};
    std::vector<char*> pointers = read<char*>(target, H5T_STRING, type.id());
    std::vector<std::string> values;
    for (char* pointer : pointers) {
        values.emplace_back(pointer == nullptr ? "" : pointer);
        H5free_memory(pointer);
    }
    return values;
}

}  // namespace reports::h5
