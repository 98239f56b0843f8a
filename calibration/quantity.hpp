// Named quantities: the type is the unit, so that W, var and VA never meet by accident.
#pragma once

#include <cmath>
#include <compare>

namespace calibration {

// A double that knows its unit. Arithmetic stays inside the unit; like over like is a plain ratio.
template <class Unit>
class Quantity {
  public:
    constexpr explicit Quantity(double value) : value_(value) {}

    constexpr double value() const { return value_; }

    friend constexpr Unit operator+(Unit a, Unit b) { return Unit{a.value() + b.value()}; }
    friend constexpr Unit operator-(Unit a, Unit b) { return Unit{a.value() - b.value()}; }
    friend constexpr Unit operator-(Unit a) { return Unit{-a.value()}; }
    friend constexpr Unit operator*(Unit a, double factor) { return Unit{a.value() * factor}; }
    friend constexpr Unit operator*(double factor, Unit a) { return Unit{factor * a.value()}; }
    friend constexpr Unit operator/(Unit a, double divisor) { return Unit{a.value() / divisor}; }
    friend constexpr double operator/(Unit a, Unit b) { return a.value() / b.value(); }
    friend constexpr auto operator<=>(Unit a, Unit b) { return a.value() <=> b.value(); }
    friend constexpr bool operator==(Unit a, Unit b) { return a.value() == b.value(); }
    friend Unit abs(Unit a) { return Unit{std::abs(a.value())}; }

  private:
    double value_;
};

struct Volt : Quantity<Volt> {
    using Quantity::Quantity;
};
struct Ampere : Quantity<Ampere> {
    using Quantity::Quantity;
};
struct Watt : Quantity<Watt> {
    using Quantity::Quantity;
};
struct Var : Quantity<Var> {
    using Quantity::Quantity;
};
struct VoltAmpere : Quantity<VoltAmpere> {
    using Quantity::Quantity;
};
struct WattHour : Quantity<WattHour> {
    using Quantity::Quantity;
};
struct VarHour : Quantity<VarHour> {
    using Quantity::Quantity;
};
struct Hertz : Quantity<Hertz> {
    using Quantity::Quantity;
};
struct Degree : Quantity<Degree> {
    using Quantity::Quantity;
};
struct Percent : Quantity<Percent> {
    using Quantity::Quantity;
};
struct ImpulsesPerKilowattHour : Quantity<ImpulsesPerKilowattHour> {
    using Quantity::Quantity;
};

}  // namespace calibration
