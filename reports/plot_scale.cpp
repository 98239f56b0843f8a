// Axes of a drawing.
#include "reports/plot_scale.hpp"

#include <cmath>

namespace reports {

Scale::Scale(double from, double to, double start, double end, bool logarithmic)
    : from_(from), to_(to), start_(start), end_(end), logarithmic_(logarithmic) {}

double Scale::operator()(double value) const {
    const double share = logarithmic_ ? std::log(value / from_) / std::log(to_ / from_)
                                      : (value - from_) / (to_ - from_);
    return start_ + share * (end_ - start_);
}

std::vector<double> Scale::ticks() const { return logarithmic_ ? decade_ticks() : even_ticks(); }

std::vector<double> Scale::decade_ticks() const {
    std::vector<double> ticks;
    const int first = static_cast<int>(std::floor(std::log10(from_)));
    const int last = static_cast<int>(std::ceil(std::log10(to_)));
    for (int decade = first; decade <= last; ++decade) {
        for (const int step : {1, 2, 5}) {
            // Divided, not multiplied by a negative power: 5 / 100 prints as 0.05.
            const double power = std::pow(10.0, std::abs(decade));
            const double value = decade < 0 ? step / power : step * power;
            if (value >= from_ && value <= to_) {
                ticks.push_back(value);
            }
        }
    }
    return ticks;
}

std::vector<double> Scale::even_ticks() const {
    constexpr double wanted = 7;
    const double raw = (to_ - from_) / wanted;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    const double ratio = raw / power;
    const double step = power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
    std::vector<double> ticks;
    for (double at = std::ceil(from_ / step); at * step <= to_; ++at) {
        ticks.push_back(at * step);
    }
    return ticks;
}

}  // namespace reports
