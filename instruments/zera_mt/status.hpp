// The status word of a ZERA MT source (answer to SSM): hexadecimal digits, all zero when healthy,
// decoded into names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace instruments::zera_mt {

// What can be wrong with a line of this dialect, on either side.
enum class WireFault : std::uint8_t {
    malformed,     // not a message of this dialect
    does_not_fit,  // a value has no place in its fixed-width field
};

// One amplifier; the value is its bit in the digit pairs of the status word.
enum class Amplifier : std::uint8_t { u1, u2, u3, i1, i2, i3, aux1, aux2 };

// Faults of one amplifier; the value is the first digit of its pair in the status word.
enum class AmplifierFault : std::uint8_t {
    error = 2,
    short_or_open = 4,
    temperature = 6,
    supply = 8,
    overload = 10,
    group = 12,
    connection_missing = 14,
    data_link = 16,
    undefined = 18,
};

// Faults of the whole source; the value is 4 * digit + bit of the first two digits.
enum class SourceFault : std::uint8_t {
    short_circuit = 1,
    fuse = 2,
    amplifier_error = 3,
    reference_link = 4,
    fibre_identification = 5,
    isolation = 6,
    emergency_stop = 7,
};

// Digit map: ZERA's own drivers, two independent code bases. FG sources append a 21st digit.
class Status {
  public:
    static constexpr std::size_t least_digits = 20, most_digits = 32;

    Status() : digits_(least_digits, 0) {}
    static Status with(SourceFault fault);
    // Sets the summary bits a real source sets along with it, so that one bit lost on the wire
    // never reads as healthy.
    static Status with(AmplifierFault fault, Amplifier amplifier);

    bool clean() const;
    // "emergency stop", "amplifier overload I2"; a set bit without a meaning is named by its place,
    // never dropped.
    std::vector<std::string> faults() const;

    std::string digits() const;  // upper-case hexadecimal
    static std::expected<Status, WireFault> parse(std::string_view digits);

    friend bool operator==(const Status&, const Status&) = default;

  private:
    void set(SourceFault fault);
    void set(AmplifierFault fault, Amplifier amplifier);
    std::vector<std::uint8_t> digits_;
};

}  // namespace instruments::zera_mt
