// Counting by integers and small doubles; finding an impulse by a closed-form guess and an exact
// search around it.
#include "calibration/bench_model_impulses.hpp"

#include "calibration/check.hpp"

#include <algorithm>
#include <cmath>

namespace calibration {
namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
constexpr double longest_run_s = 9.0e9;  // Instant ends after 9.22e9 s
constexpr double boundary =
    1e-9;  // well above the rounding of a count, well below anything visible

ImpulseCount normalised(std::int64_t whole, double fraction) {
    double carry = std::floor(fraction);
    double rest = fraction - carry;
    if (rest >= 1.0) {  // a tiny negative fraction rounds up to one
        carry += 1.0;
        rest = 0.0;
    }
    return {whole + static_cast<std::int64_t>(carry), rest};
}

}  // namespace

ImpulseTrain::ImpulseTrain(double phase) {
    check(phase >= 0 && phase < 1, "the first impulse's phase is in [0, 1)");
    Piece rest{};
    rest.base.fraction = phase;
    pieces_.push_back(rest);
}

void ImpulseTrain::change(Instant at,
                          const Approach& rate,
                          const Settling& settling,
                          double fraction_scale) {
    check(at >= pieces_.front().start, "the bench starts at instant zero");
    const ImpulseCount before = count(at);
    const Piece now{.start = at,
                    .base = normalised(before.whole, before.fraction * fraction_scale)};
    while (!pieces_.empty() && pieces_.back().start >= at) {
        pieces_.pop_back();
    }
    pieces_.push_back(now);  // where the first append starts from; it takes this place
    cursor_ = 0;
    memo_ = {};

    const double tau = settling.time_constant_s;
    const double from = std::abs(rate.from);
    const double to = std::abs(rate.to);
    const bool settles = settling.length > Duration::zero() && rate.from != rate.to;
    if (settles) {
        const bool same_sign = rate.from * rate.to >= 0;
        append(at, from, same_sign ? to : -to, tau);
        if (const auto crossing = rate.zero_crossing(settling)) {
            // Within a nanosecond of zero; the very value keeps the closed form exact.
            const double value = rate.value(settling, *crossing);
            append(at + *crossing, rate.to > 0 ? value : -value, to, tau);
        }
    }
    append(settles ? at + settling.length : at, to, to, 0);
}

void ImpulseTrain::append(Instant start, double from, double to, double time_constant_s) {
    const Piece& last = pieces_.back();
    Piece next{.start = start,
               .base = evaluate(last, start - last.start),
               .from = from,
               .to = to,
               .time_constant_s = time_constant_s};
    if (time_constant_s == 0 && to >= 1) {
        next.whole_rate = std::floor(to);
        next.part_rate = to - next.whole_rate;
    }
    if (last.start == start) {
        pieces_.back() = next;
    } else {
        pieces_.push_back(next);
    }
}

// Every branch is a monotone function of `elapsed` after rounding too, where the rate is not about
// to change sign.
ImpulseCount ImpulseTrain::evaluate(const Piece& piece, Duration elapsed) {
    if (piece.time_constant_s > 0) {
        const double t = seconds(elapsed);
        const double tau = piece.time_constant_s;
        const double step = (piece.from - piece.to) * tau * -std::expm1(-t / tau);
        return normalised(piece.base.whole, piece.base.fraction + (piece.to * t + step));
    }
    if (piece.whole_rate == 0) {
        return normalised(piece.base.whole, piece.base.fraction + piece.to * seconds(elapsed));
    }
    const std::int64_t whole_s = elapsed.count() / nanoseconds_per_second;
    const double rest_s = static_cast<double>(elapsed.count() % nanoseconds_per_second) * 1e-9;
    const double part = piece.part_rate * static_cast<double>(whole_s) + piece.to * rest_s;
    const auto whole = static_cast<std::int64_t>(piece.whole_rate) * whole_s;
    return normalised(piece.base.whole + whole, piece.base.fraction + part);
}

const ImpulseTrain::Piece& ImpulseTrain::piece_at(Instant at) const {
    const auto holds = [&](std::size_t i) {
        return pieces_[i].start <= at && (i + 1 == pieces_.size() || at < pieces_[i + 1].start);
    };
    if (cursor_ + 1 < pieces_.size() && !holds(cursor_)) {
        ++cursor_;
    }
    if (!holds(cursor_)) {
        const auto after =
            std::upper_bound(pieces_.begin(), pieces_.end(), at, [](Instant t, const Piece& p) {
                return t < p.start;
            });
        check(after != pieces_.begin(), "the bench starts at instant zero");
        cursor_ = static_cast<std::size_t>(after - pieces_.begin()) - 1;
    }
    return pieces_[cursor_];
}

// The last piece that starts with fewer than `number` impulses: the impulse comes in it or not at
// all.
std::size_t ImpulseTrain::piece_of(std::int64_t number) const {
    const auto holds = [&](std::size_t i) {
        return pieces_[i].base.whole < number &&
               (i + 1 == pieces_.size() || pieces_[i + 1].base.whole >= number);
    };
    if (cursor_ + 1 < pieces_.size() && !holds(cursor_)) {
        ++cursor_;
    }
    if (!holds(cursor_)) {
        const auto after = std::partition_point(
            pieces_.begin(), pieces_.end(), [&](const Piece& p) { return p.base.whole < number; });
        cursor_ = static_cast<std::size_t>(after - pieces_.begin()) - 1;
    }
    return cursor_;
}

ImpulseCount ImpulseTrain::count(Instant at) const {
    const Piece& piece = piece_at(at);
    const ImpulseCount raw = evaluate(piece, at - piece.start);
    // Next to a whole number rounding could disagree with impulse() by one nanosecond: impulse()
    // decides.
    if (raw.fraction < boundary && raw.whole > 0 && impulse(raw.whole) > at) {
        return {raw.whole - 1, std::nextafter(1.0, 0.0)};
    }
    if (raw.fraction > 1.0 - boundary && impulse(raw.whole + 1) <= at) {
        return {raw.whole + 1, 0.0};
    }
    return raw;
}

Instant ImpulseTrain::impulse(std::int64_t number) const {
    check(number >= 1, "impulses are numbered from 1");
    Memo& memo = memo_[static_cast<std::size_t>(number & 1)];
    if (memo.number != number) {
        memo = {number, solved(number)};
    }
    return memo.at;
}

Instant ImpulseTrain::solved(std::int64_t number) const {
    const std::size_t index = piece_of(number);
    const Piece& piece = pieces_[index];
    if (index + 1 < pieces_.size()) {
        return piece.start + search(piece, pieces_[index + 1].start - piece.start, number);
    }
    const double left = static_cast<double>(number - piece.base.whole) - piece.base.fraction;
    if (piece.to <= 0 || left / piece.to >= longest_run_s - seconds(piece.start)) {
        return never;
    }
    return piece.start + search(piece, never - piece.start, number);
}

// Seconds from the piece's start until `impulses` more are complete; within about a nanosecond.
double ImpulseTrain::seconds_until(const Piece& piece, double impulses, double longest_s) {
    if (piece.time_constant_s == 0) {
        return impulses / piece.to;
    }
    const double tau = piece.time_constant_s;
    const double curvature = (piece.to - piece.from) / (2 * tau);
    const double root = piece.from * piece.from + 4 * curvature * impulses;
    double low = 0;
    double high = longest_s;
    double t = root > 0 ? 2 * impulses / (piece.from + std::sqrt(root)) : high;
    if (t > tau && piece.to > 0) {
        t = (impulses - (piece.from - piece.to) * tau) / piece.to;
    }
    for (int round = 0; round < 50; ++round) {
        if (!(t > low && t < high)) {
            t = 0.5 * (low + high);
        }
        const double fallen = -std::expm1(-t / tau);
        const double excess = piece.to * t + (piece.from - piece.to) * tau * fallen - impulses;
        (excess > 0 ? high : low) = t;
        const double rate = piece.from + (piece.to - piece.from) * fallen;
        const double step = rate > 0 ? excess / rate : 0;
        t -= step;
        if (std::abs(step) < 1e-10 && rate > 0) {
            break;
        }
    }
    return t;
}

// The first nanosecond in (0, end] at which evaluate() has reached `number`. The guess only
// shortens the search, so that the answer does not depend on how it was found.
Duration ImpulseTrain::search(const Piece& piece, Duration end, std::int64_t number) {
    const auto reached = [&](std::int64_t t) {
        return evaluate(piece, Duration{t}).whole >= number;
    };
    const double left = static_cast<double>(number - piece.base.whole) - piece.base.fraction;
    const double guess_ns = std::ceil(seconds_until(piece, left, seconds(end)) * 1e9);
    std::int64_t low = 0;
    std::int64_t high = end.count();
    if (guess_ns >= 1 && guess_ns < static_cast<double>(high)) {
        const auto guess = static_cast<std::int64_t>(guess_ns);
        std::int64_t stride = 1;
        if (reached(guess)) {
            high = guess;
            while (high - stride > low && reached(high - stride)) {
                high -= stride;
                stride *= 2;
            }
            low = std::max(low, high - stride);
        } else {
            low = guess;
            while (low + stride < high && !reached(low + stride)) {
                low += stride;
                stride *= 2;
            }
            high = std::min(high, low + stride);
        }
    }
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        (reached(middle) ? high : low) = middle;
    }
    return Duration{high};
}

}  // namespace calibration
