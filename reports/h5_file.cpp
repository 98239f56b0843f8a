// Files and groups.
#include "reports/h5.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

namespace reports::h5 {
namespace {

static_assert(std::is_same_v<hid_t, std::int64_t>, "Handle holds an hid_t");

constexpr std::size_t increment = std::size_t{1} << 20;

// No time stamps: the same run gives the same bytes.
Handle group_properties(hid_t kind) {
    Handle properties{H5Pcreate(kind), "properties of a group"};
    H5Pset_obj_track_times(properties.id(), false);
    return properties;
}

// The oldest object format: every reader knows it, and H5Fget_file_image of HDF5 1.10.8 spoils the
// checksum of newer superblocks. The seal guards all bytes instead.
Handle memory_access() {
    Handle access{H5Pcreate(H5P_FILE_ACCESS), "file access properties"};
    H5Pset_fapl_core(access.id(), increment, false);
    H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V110);
    H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
    return access;
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

}  // namespace

struct Quiet::Printer {
    H5E_auto2_t function = nullptr;
    void* data = nullptr;
};

Quiet::Quiet() : before_(std::make_unique<Printer>()) {
    H5Eget_auto2(H5E_DEFAULT, &before_->function, &before_->data);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Quiet::~Quiet() { H5Eset_auto2(H5E_DEFAULT, before_->function, before_->data); }

Handle::Handle(std::int64_t id, std::string_view what) : id_(id) {
    if (id < 0) {
        throw Error(std::string(what));
    }
}

Handle::~Handle() {
    if (id_ >= 0) {
        H5Idec_ref(id_);
    }
}

File File::create(std::size_t user_block) {
    const Handle creation = group_properties(H5P_FILE_CREATE);
    H5Pset_userblock(creation.id(), user_block);
    const Handle access = memory_access();
    return File{Handle{H5Fcreate("evidence", H5F_ACC_TRUNC, creation.id(), access.id()),
                       "cannot create a file in memory"}};
}

File File::open(std::span<const std::byte> image) {
    const Handle access = memory_access();
    // HDF5 copies the image; it only asks for a pointer that is not const.
    void* bytes = const_cast<std::byte*>(image.data());
    H5Pset_file_image(access.id(), bytes, image.size());
    return File{Handle{H5Fopen("evidence", H5F_ACC_RDONLY, access.id()), "not an HDF5 file"}};
}

Group File::root() const {
    return Group{Handle{H5Gopen2(handle_.id(), "/", H5P_DEFAULT), "no root group"}, ""};
}

std::vector<std::byte> File::image(std::size_t user_block) const {
    H5Fflush(handle_.id(), H5F_SCOPE_GLOBAL);
    const auto size = H5Fget_file_image(handle_.id(), nullptr, 0);
    if (size <= 0) {
        throw Error("no image of the file in memory");
    }
    // HDF5 hands over what follows the user block.
    std::vector<std::byte> bytes(user_block + static_cast<std::size_t>(size));
    if (H5Fget_file_image(handle_.id(), bytes.data() + user_block, bytes.size() - user_block) !=
        size) {
        throw Error("no image of the file in memory");
    }
    return bytes;
}

Group Group::create_group(const std::string& name) {
    const Handle properties = group_properties(H5P_GROUP_CREATE);
    Handle handle{H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, properties.id(), H5P_DEFAULT),
                  named("group", name)};
    return Group{std::move(handle), path() + "/" + name};
}

Group Group::group(const std::string& name) const {
    Handle handle{H5Gopen2(id(), name.c_str(), H5P_DEFAULT), named("group", name)};
    return Group{std::move(handle), path() + "/" + name};
}

bool Group::has_child(const std::string& name) const {
    return H5Lexists(id(), name.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Group::numbered(std::string_view prefix) const {
    std::vector<std::string> names;
    H5Literate(id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_name, &names);
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
    std::ranges::sort(names, [](const std::string& a, const std::string& b) {
        return std::pair{a.size(), a} < std::pair{b.size(), b};
    });
    return names;
}

}  // namespace reports::h5
