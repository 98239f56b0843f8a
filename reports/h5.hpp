// The little of HDF5 that evidence needs: files in memory, groups, attributes, 1-D and 2-D
// datasets. Internal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace reports::h5 {

// "attribute 'serial' of /entry/point_000: missing". The caller adds the file.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// HDF5 prints its error stack to stderr unless told not to; this tells it for as long as it lives.
class Quiet {
  public:
    Quiet();
    ~Quiet();
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

  private:
    struct Printer;
    std::unique_ptr<Printer> before_;
};

// Owns one HDF5 identifier of any kind.
class Handle {
  public:
    // Takes a new identifier; a negative one is an Error about `what`.
    Handle(std::int64_t id, std::string_view what);
    Handle(Handle&& other) noexcept : id_(other.id_) { other.id_ = -1; }
    Handle& operator=(Handle&&) = delete;
    Handle(const Handle&) = delete;
    ~Handle();
    std::int64_t id() const { return id_; }

  private:
    std::int64_t id_;
};

Handle text_type();  // UTF-8 of variable length, as h5py writes and reads str

// Something that carries attributes: a group or a dataset.
class Node {
  public:
    Node(Handle handle, std::string path) : handle_(std::move(handle)), path_(std::move(path)) {}

    void set(const char* name, double value);
    void set(const char* name, std::int64_t value);
    void set(const char* name, std::uint64_t value);
    void set(const char* name, std::int8_t value);
    void set(const char* name, std::string_view value);
    void set(const char* name, std::span<const double> values);
    void set(const char* name, std::span<const std::int64_t> values);
    void set(const char* name, std::span<const std::int8_t> values);
    void set(const char* name, std::span<const std::string> values);

    // Getters throw Error when the attribute is missing or of another type or size.
    bool has(const char* name) const;
    double number(const char* name) const;
    std::int64_t integer(const char* name) const;
    std::uint64_t natural(const char* name) const;
    std::string text(const char* name) const;
    std::vector<double> numbers(const char* name) const;
    std::vector<std::int64_t> integers(const char* name) const;
    std::vector<std::string> texts(const char* name) const;

    const std::string& path() const { return path_; }

  protected:
    std::int64_t id() const { return handle_.id(); }
    std::string named(const char* kind, std::string_view name) const;

  private:
    Handle handle_;
    std::string path_;
};

class Group : public Node {
  public:
    using Node::Node;

    Group create_group(const std::string& name);
    Group group(const std::string& name) const;
    bool has_child(const std::string& name) const;
    // The children "prefix_NN..." in the order of their numbers.
    std::vector<std::string> numbered(std::string_view prefix) const;

    Node create_text(const char* name, std::string_view value);
    Node create_texts(const char* name, std::span<const std::string> values);
    Node create(const char* name, std::span<const std::int64_t> values);
    Node create(const char* name, std::span<const double> values);
    using Shape = std::array<std::size_t, 2>;  // rows, columns
    Node create(const char* name, std::span<const double> values, Shape shape);
    Node create(const char* name, std::span<const std::int8_t> values, Shape shape);

    std::vector<std::int64_t> read_integers(const char* name) const;
    std::vector<double> read_numbers(const char* name) const;
    std::string read_text(const char* name) const;
    std::vector<std::string> read_texts(const char* name) const;
    double dataset_number(const char* dataset, const char* attribute) const;
    std::string dataset_text(const char* dataset, const char* attribute) const;

  private:
    Node create_dataset(const char* name,
                        std::int64_t type,
                        std::span<const std::size_t> shape,
                        std::size_t bytes,
                        const void* data);
    Node open_dataset(const char* name) const;
};

// A file that lives in memory: HDF5 never touches the disk, so a full disk is ours to notice.
class File {
  public:
    // `user_block` bytes (512, 1024, ...) stay free at the beginning.
    static File create(std::size_t user_block);
    static File open(std::span<const std::byte> image);

    Group root() const;
    // The file as it would lie on disk, the user block (zeros) included.
    std::vector<std::byte> image(std::size_t user_block) const;

  private:
    explicit File(Handle handle) : handle_(std::move(handle)) {}
    Handle handle_;
};

}  // namespace reports::h5
