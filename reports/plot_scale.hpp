// From values to millimetres on paper and pixels on a screen: axes of a drawing. Internal.
#pragma once

#include <string>
#include <vector>

namespace reports {

// Maps [from, to] onto [start, end]; logarithmic if asked.
class Scale {
  public:
    Scale(double from, double to, double start, double end, bool logarithmic);
    double operator()(double value) const;
    double from() const { return from_; }
    double to() const { return to_; }
    std::vector<double> ticks() const;  // 1, 2, 5 times powers of ten, or even steps

  private:
    std::vector<double> decade_ticks() const;
    std::vector<double> even_ticks() const;

    double from_, to_, start_, end_;
    bool logarithmic_;
};

}  // namespace reports
