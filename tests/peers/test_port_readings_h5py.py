"""Constants, dials and reactive errors computed again from the evidence alone, as a reviewer would."""

import h5py
import pytest

from command import children, passes

PROGRAMME = """
id = "three"
title = "What registers say"
limits = ["en50470-3-2006-a1-2018"]
[[point]]
kind = "constant"
[[point]]
kind = "dial"
[[point]]
kind = "reactive"
most_error_percent = 2
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readings")
    (folder / "three.toml").write_text(PROGRAMME)
    passes("run", "three.toml", "--meter", "countis-e28", "--positions", 2, "-o", "a.h5", cwd=folder)
    with h5py.File(folder / "a.h5", "r") as opened:
        yield opened


def positions_of(file, kind):
    """[(the point, the position there, the meter)] of the tests of this kind."""
    points = [point for point in children(file["entry"], "point_") if point.attrs["kind"] == kind]
    assert len(points) == 1
    meters = file["entry/meters"]
    return [(points[0], points[0][name], meters[name]) for name in sorted(points[0]) if name.startswith("position_")]


def said(position, label, quantity):
    """(bench time, value) of what the port said."""
    readings = position["readings"]
    rows = zip(readings["label"].asstr()[:], readings["quantity"].asstr()[:], readings["time_s"][:], readings["value"][:])
    return next((time, value) for row_label, name, time, value in rows if (row_label, name) == (label, quantity))


def advance(position, quantity):
    """At the terminals, in Wh or varh."""
    ratio = said(position, "after", "ratio")[1]
    return (said(position, "after", quantity)[1] - said(position, "before", quantity)[1]) / ratio


def moment(point, label, column):
    moments = point["moments"]
    return moments[column][list(moments["label"].asstr()[:]).index(label)]


def stored(position, what):
    checks = position["checks"]
    return checks["value"][list(checks["what"].asstr()[:]).index(what)]


def test_a_constant_follows_from_impulses_and_registers(file):
    for point, position, meter in positions_of(file, "constant"):
        begin, end = moment(point, "before", "tick"), moment(point, "after", "tick")
        ticks = meter["edge_ticks"][:]
        impulses = ((ticks > begin) & (ticks <= end)).sum()
        led_wh = impulses * 1000 / position.attrs["dut_constant_imp_per_kwh"]
        error = 100 * (advance(position, "active_import_energy") / led_wh - 1)
        assert error == pytest.approx(stored(position, "register advance against LED"), abs=1e-9)


def test_a_dial_error_follows_from_registers_and_the_reference(file):
    for point, position, _ in positions_of(file, "dial"):
        impulses = moment(point, "after", "reference_impulses") - moment(point, "before", "reference_impulses")
        reference_wh = impulses / moment(point, "loaded", "reference_constant_imp_per_kwh") * 1000
        error = 100 * (advance(position, "active_import_energy") / reference_wh - 1)
        assert error == pytest.approx(stored(position, "register advance against reference"), abs=1e-9)


def test_a_reactive_error_follows_from_registers_and_the_references_readings(file):
    for point, position, _ in positions_of(file, "reactive"):
        begin = said(position, "before", "reactive_import_energy")[0]
        end = said(position, "after", "reactive_import_energy")[0]
        looks = zip(point["looks/time_s"][:], point["looks/reactive_var"][:])
        inside = [(time, power) for time, power in looks if begin <= time <= end]
        times = [begin, *(time for time, _ in inside), end]
        powers = [inside[0][1], *(power for _, power in inside), inside[-1][1]]
        steps = range(1, len(times))
        var_seconds = sum((powers[i] + powers[i - 1]) / 2 * (times[i] - times[i - 1]) for i in steps)
        error = 100 * (advance(position, "reactive_import_energy") / (var_seconds / 3600) - 1)
        assert error == pytest.approx(stored(position, "reactive_import_energy against reference"), abs=1e-6)


def test_what_no_power_counted_is_told(file):
    for point, position, _ in positions_of(file, "dial"):
        assert moment(point, "loaded", "reference_impulses") == -1
        assert moment(point, "before", "reference_impulses") >= 0
        assert len(position["readings/label"]) == len(position["readings/reason"]) > 10
