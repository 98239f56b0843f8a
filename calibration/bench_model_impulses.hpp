// The impulses of one output in closed form: how many so far, and when a given one comes.
#pragma once

#include "calibration/bench_model_approach.hpp"
#include "calibration/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace calibration {

// Whole impulses in an integer and the fraction of the next one: 10^10 impulses lose no precision.
struct ImpulseCount {
    std::int64_t whole = 0;
    double fraction = 0;  // [0, 1)
};

// The rate may have either sign; impulses count its magnitude, as an LED shows import and export
// alike. Reading moves cursors inside: one thread only, as everything on the bench.
class ImpulseTrain {
  public:
    // `phase` is the part of the first impulse that is already there, in [0, 1).
    explicit ImpulseTrain(double phase);

    // From `at` on the rate, in impulses per second, follows `rate`. What was said about times
    // after `at` is void. The part of the next impulse that is there already is scaled, because
    // impulses may mean another energy from then on; whole ones that this makes come at `at`.
    void change(Instant at,
                const Approach& rate,
                const Settling& settling,
                double fraction_scale = 1);

    // Equals the number of n with impulse(n) <= at, exactly.
    ImpulseCount count(Instant at) const;
    // The first nanosecond at which impulse `number` (1, 2, ...) is complete if the last rate goes
    // on; `never` if it does not come within the range of Instant.
    Instant impulse(std::int64_t number) const;

  private:
    // A stretch of one sign: rate(t) = to + (from - to) exp(-t / time_constant_s), constant without
    // time constant.
    struct Piece {
        Instant start;
        ImpulseCount base;  // at the start
        double from = 0;
        double to = 0;
        double time_constant_s = 0;
        double whole_rate =
            0;  // of a constant rate: the part in whole impulses per second, and the rest
        double part_rate = 0;
    };
    struct Memo {
        std::int64_t number = 0;
        Instant at;
    };

    void append(Instant start, double from, double to, double time_constant_s);
    static ImpulseCount evaluate(const Piece& piece, Duration elapsed);
    static double seconds_until(const Piece& piece, double impulses, double longest_s);
    static Duration search(const Piece& piece, Duration end, std::int64_t number);
    const Piece& piece_at(Instant at) const;
    std::size_t piece_of(std::int64_t number) const;
    Instant solved(std::int64_t number) const;

    std::vector<Piece> pieces_;
    mutable std::size_t cursor_ = 0;
    mutable std::array<Memo, 2>
        memo_{};  // by parity: a run through the numbers also looks at the one before
};

}  // namespace calibration
