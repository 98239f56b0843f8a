"""calrig: an electricity-meter test bench, from Python.

    import calrig

    with calrig.Bench.twin("countis-e48", positions=3, seed=7) as bench:
        bench.apply(calrig.LoadPoint.balanced(voltage_v=230, current_a=1, power_factor="0.5 ind"))
        for result in bench.measure(intervals=10):
            print(result.position, result.error_percent, "+-", result.expanded_uncertainty_percent)

Time is bench time: on the twin it is virtual, and an hour takes milliseconds. Names end in their unit. While the bench
works the GIL is released; Ctrl-C ends the work at its next look, leaves the bench off and raises KeyboardInterrupt.
SIGTERM and SIGHUP do the same with SystemExit, once a bench was opened and unless the script handles them itself.
"""

from calrig._errors import (
    ConditionsError,
    DataError,
    DeviceFault,
    Error,
    EvidenceError,
    LinkError,
    Stopped,
)
from calrig._core import (
    Bench,
    Check,
    LoadPoint,
    Measurement,
    Meter,
    Observation,
    Point,
    Position,
    Quantity,
    Registers,
    Result,
    Run,
    Setting,
    __version__,
    run,
)

__all__ = [
    "Bench",
    "Check",
    "ConditionsError",
    "DataError",
    "DeviceFault",
    "Error",
    "EvidenceError",
    "LinkError",
    "LoadPoint",
    "Measurement",
    "Meter",
    "Observation",
    "Point",
    "Position",
    "Quantity",
    "Registers",
    "Result",
    "Run",
    "Setting",
    "Stopped",
    "run",
]
