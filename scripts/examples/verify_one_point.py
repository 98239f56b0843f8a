#!/usr/bin/env python3
"""One load, three meters: the error of each with its uncertainty, then what their registers say, then a programme.

Runs on the simulated bench, where time is virtual and the true errors are known. For a real bench replace Bench.twin()
by Bench.from_file("line3.toml", meter="countis-e48"); nothing else changes.

    PYTHONPATH=build/release/python /usr/bin/python3 scripts/examples/verify_one_point.py [FOLDER]
"""

import pathlib
import sys

import numpy

import calrig

LIMIT_PERCENT = 1.0  # what this script asks of a meter; a programme takes its limits from an edition of the standard


def impulse_jitter_s(edges, tick_s):
    """How regularly the meter blinks: standard deviation of the time between impulses, in s."""
    return numpy.std(numpy.diff(edges[:, 0]), ddof=1) * tick_s


def measure_by_hand(bench):
    """Apply one load and measure all meters at once. Returns whether every error is inside the limit."""
    load = calrig.LoadPoint.balanced(voltage_v=230, current_a=1, power_factor="0.5 ind")
    bench.apply(load)
    before = [bench.registers(position.name) for position in bench.positions]
    results = bench.measure(intervals=50)
    print(f"{load.active_power_w:.1f} W, power factor {load.power_factor}")
    inside = True
    for result, register in zip(results, before):
        if not result.valid:
            print(f"  position {result.position}: no valid error: {result.reason}")
            inside = False
            continue
        after = bench.registers(result.position)
        print(
            f"  position {result.position}: {result.error_percent:+.4f} % +- {result.expanded_uncertainty_percent:.4f} %"
            f" (k = {result.coverage_factor:.2f}, {result.intervals} intervals in {result.duration_s:.0f} s,"
            f" jitter {impulse_jitter_s(result.edges, bench.tick_s) * 1e6:.0f} us,"
            f" register +{after.active_import_kwh - register.active_import_kwh:.3f} kWh)"
        )
        if result.true_error_percent is not None:
            print(f"              truly {result.true_error_percent:+.4f} %")
        # Guarded: the limit holds for whatever the error may be within its uncertainty.
        inside &= abs(result.error_percent) + result.expanded_uncertainty_percent <= LIMIT_PERCENT
    bench.off()
    return inside


def main(folder):
    try:
        with calrig.Bench.twin("countis-e48", positions=3, seed=7) as bench:
            inside = measure_by_hand(bench)
            run = calrig.run("en50470-3-verification", bench)
    except calrig.DataError as error:
        sys.exit(f"nothing was driven: {error}")
    except (calrig.DeviceFault, calrig.LinkError, calrig.ConditionsError) as error:
        sys.exit(f"the bench failed: {error} ({'; '.join(getattr(error, '__notes__', []))})")
    run.save(folder / "verification.h5")
    run.report(folder / "verification.html")
    print(run)
    return 0 if inside and run.passed else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
