"""A meter's own port by hand, and the tests over it, as a script writer meets them."""

import os
import pathlib
import sys

import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / os.environ.get("CALRIG_BUILD_DIR", "build/release") / "python"
sys.path.insert(0, str(PACKAGE))

if not list(PACKAGE.glob("calrig/_core*.so")):
    pytest.skip(f"the Python package is not built in {PACKAGE}", allow_module_level=True)

import calrig  # noqa: E402

VOLTAGE = calrig.LoadPoint.voltage_only(voltage_v=230)
LOAD = calrig.LoadPoint.balanced(voltage_v=230, current_a=1)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["countis-e48", "countis-e43"])
def bench(request):
    """A bench of meters on ports of their own, and one of meters that share a line, with voltage."""
    with calrig.Bench.twin(request.param, positions=3, seed=7) as opened:
        opened.apply(VOLTAGE)
        yield opened


def test_every_meter_says_who_it_is(bench):
    names = [dict(position.identify()) for position in bench.positions]
    expected = "COUNTIS " + bench.meter.split("-")[1].upper()
    assert [name["extended_name"] for name in names] == [expected] * 3
    assert len({tuple(sorted(name.items())) for name in names}) == 3  # by their serial numbers


def test_quantities_come_in_the_order_asked(bench):
    position = bench.positions[1]
    readings = position.read(["voltage_l2", "frequency", "active_import_energy", "voltage_l1"])
    assert [r.quantity for r in readings] == ["voltage_l2", "frequency", "active_import_energy", "voltage_l1"]
    values = {r.quantity: r for r in readings}
    assert values["voltage_l1"].value == pytest.approx(230, abs=2) and values["voltage_l1"].unit == "V"
    assert values["frequency"].value == pytest.approx(50, abs=0.1)
    energy = values["active_import_energy"]
    assert energy.value > 0 and energy.step > 0 and energy.unit == "Wh" and energy.reason == ""
    assert energy.value / energy.step == pytest.approx(round(energy.value / energy.step))


def test_everything_is_read_when_nothing_is_named(bench):
    everything = {reading.quantity: reading for reading in bench.positions[0].read()}
    assert len(everything) > 20 and {"voltage_l1", "active_import_energy"} <= set(everything)
    assert bench.positions[0].read([]) == []
    for reading in everything.values():
        assert (reading.value is None) == bool(reading.reason), reading


def test_a_setting_is_read_back_and_its_old_value_is_told(bench):
    position, other = bench.positions[:2]
    first = position.set("tariff", 2)
    assert (first.quantity, first.before, first.after, first.refusal) == ("tariff", 1, 2, "") and first.accepted
    assert position.set("tariff", 3).before == 2
    assert [reading.value for reading in position.read(["tariff"])] == [3]
    assert [reading.value for reading in other.read(["tariff"])] == [1]


def test_a_refusal_is_an_outcome_and_not_an_exception(bench):
    outcome = bench.positions[0].set("tariff", 77)
    assert not outcome.accepted and outcome.refusal and outcome.before == outcome.after == 1
    assert "refused" in repr(outcome)
    assert bench.energised


def test_a_name_that_is_not_in_the_map_is_refused_before_anything_is_sent(bench):
    position = bench.positions[0]
    for call in (lambda: position.read(["voltage_l1", "weather"]), lambda: position.set("weather", 1)):
        with pytest.raises(calrig.DataError, match="'weather': expected a quantity of the COUNTIS"):
            call()
    with pytest.raises(calrig.DataError, match="expected a number"):
        position.set("tariff", float("nan"))
    assert bench.energised


def test_a_dead_meter_costs_its_own_position_only():
    bench = calrig.Bench.twin("countis-e43", positions=3, seed=7, faults=["meter-silent:2@0"])
    bench.apply(VOLTAGE)
    first, dead, third = bench.positions
    for call in (lambda: dead.read(["tariff"]), lambda: dead.set("tariff", 2), dead.identify):
        with pytest.raises(calrig.DeviceFault) as silent:
            call()
        assert silent.value.problem and silent.value.device
    assert bench.energised
    assert first.read(["tariff"])[0].value == third.read(["tariff"])[0].value == 1


def test_positions_leave_the_current_circuit_and_come_back(bench):
    assert bench.has_position_switch and all(position.bypass_channel for position in bench.positions)
    bench.bypass(["2"])
    bench.apply(LOAD)
    currents = [position.read(["current_l1"])[0].value for position in bench.positions]
    assert currents[0] == pytest.approx(1, abs=0.02) and currents[1] == 0 and currents[2] == pytest.approx(1, abs=0.02)
    with pytest.raises(calrig.DataError, match="expected every position in the current circuit"):
        bench.measure(intervals=2)
    bench.apply(VOLTAGE)
    bench.bypass([])
    bench.apply(LOAD)
    assert bench.positions[1].read(["current_l1"])[0].value == pytest.approx(1, abs=0.02)
    assert all(result.valid for result in bench.measure(intervals=2))


def test_relays_do_not_move_under_current(bench):
    bench.apply(LOAD)
    with pytest.raises(calrig.DeviceFault, match="current"):
        bench.bypass([0])
    assert not bench.energised


def test_off_takes_every_meter_back(bench):
    bench.bypass([0, 1])
    bench.off()
    bench.apply(LOAD)
    assert all(result.valid for result in bench.measure(intervals=2))


def test_a_position_that_is_not_there_is_refused(bench):
    for wrong in (["9"], [3], [-1]):
        with pytest.raises(calrig.DataError):
            bench.bypass(wrong)


def test_tests_over_the_port_have_what_they_looked_at():
    with calrig.Bench.twin("countis-e48", positions=2, seed=7) as bench:
        run = calrig.run("countis-port-tests", bench)
    kinds = [point.kind for point in run.points]
    assert run.passed, str(run)
    assert {"identify", "heads", "constant", "tariff", "pulse-output", "communication"} <= set(kinds)
    for point in run.points:
        for result in point.results:
            assert result.verdict == "pass" and result.checks, (point, result)
            for check in result.checks:
                assert check.what and check.verdict in ("pass", "not_run"), check
                assert check.text or check.value is not None
                if check.value is not None and check.verdict == "pass":
                    assert check.least is None or check.value >= check.least
                    assert check.most is None or check.value <= check.most
    for meter in run.meters:
        assert meter.output_edge_ticks.dtype == numpy.int64 and len(meter.output_edge_ticks) >= 10
    run.save("ports.h5")
    again = calrig.Run.load("ports.h5")
    assert [[[repr(c) for c in r.checks] for r in p.results] for p in again.points] == [
        [[repr(c) for c in r.checks] for r in p.results] for p in run.points
    ]


def test_a_meter_type_of_ones_own_is_found_by_its_id(tmp_path, monkeypatch):
    folder = tmp_path / "types"
    folder.mkdir()
    text = (ROOT / "dut" / "types" / "countis-e48.toml").read_text()
    (folder / "workshop-w8.toml").write_text(text.replace('"countis-e48"', '"workshop-w8"'))
    with calrig.Bench.twin("workshop-w8", positions=1, meters=folder) as bench:
        assert bench.meter == "workshop-w8"
        assert calrig.run("imax-short", bench).passed
    with pytest.raises(calrig.DataError, match="workshop-w8"):
        calrig.Bench.twin("workshop-w8", positions=1)
    monkeypatch.setenv("CALRIG_METERS", str(folder))
    assert calrig.Bench.twin("workshop-w8", positions=1).meter == "workshop-w8"
