"""Tests over the port as the command line, the evidence and the pages show them."""

import json
import re

import h5py
import numpy
import pytest

from command import BENCH_FAILED, METER_FAILS, calrig, children, passes

PORT_TESTS = ["run", "countis-port-tests", "--meter", "countis-e48", "--positions", 3, "--seed", 7]


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """A folder with the evidence and the pages of all tests over the port, and what was printed."""
    folder = tmp_path_factory.mktemp("tested")
    text = passes(*PORT_TESTS, "-o", "a.h5", "--html", "a.html", cwd=folder)
    (folder / "a.txt").write_text(text)
    return folder


def test_the_same_seed_gives_the_same_bytes(tested):
    first = (tested / "a.h5").read_bytes()
    passes(*PORT_TESTS, "-o", "a.h5", "--html", "b.html", cwd=tested)
    assert (tested / "a.h5").read_bytes() == first
    assert (tested / "b.html").read_bytes() == (tested / "a.html").read_bytes()


def test_report_makes_the_same_pages_from_the_evidence(tested):
    text = passes("report", "a.h5", "--html", "again.html", cwd=tested)
    assert (tested / "again.html").read_bytes() == (tested / "a.html").read_bytes()
    assert text.split("Pages:")[0] == (tested / "a.txt").read_text().split("Evidence:")[0]


def test_the_table_has_a_straight_row_for_every_test(tested):
    lines = (tested / "a.txt").read_text().splitlines()
    top = next(index for index, line in enumerate(lines) if line.startswith("point "))
    with h5py.File(tested / "a.h5", "r") as file:
        names = [point.attrs["name"] for point in children(file["entry"], "point_")]
    rows = lines[top + 1 : top + 1 + len(names)]
    assert [row.split("  ")[0] for row in rows] == names
    assert {len(row) for row in rows} == {len(lines[top])}
    assert all(len(re.findall(r"\d+/\d+ ok", row)) == 3 for row in rows)


def test_every_test_of_every_meter_has_its_lines_in_the_evidence(tested):
    with h5py.File(tested / "a.h5", "r") as file:
        for point in children(file["entry"], "point_"):
            for position in children(point, "position_"):
                checks = position["checks"]
                assert len(checks["what"]) > 0 and position.attrs["verdict"] == "pass"
                value, least, most = (checks[name][:] for name in ("value", "least", "most"))
                judged = checks["verdict"].asstr()[:] == "pass"
                with numpy.errstate(invalid="ignore"):
                    assert not ((value < least) & judged).any() and not ((value > most) & judged).any()
        for meter in children(file["entry/meters"], "position_"):
            assert len(meter["output_edge_ticks"]) >= 10
        assert numpy.isnan(file["entry/results/error_percent"][:]).all()
        assert file["entry/results"].attrs["signal"] == "verdict"


def test_json_says_what_the_evidence_says(tested, tmp_path):
    *progress, result = map(json.loads, passes(*PORT_TESTS, "-o", "a.h5", "--json", cwd=tmp_path).splitlines())
    assert progress and result["verdict"] == "pass"
    with h5py.File(tested / "a.h5", "r") as file:
        for told, point in zip(result["points"], children(file["entry"], "point_"), strict=True):
            assert told["kind"] == point.attrs["kind"]
            for ours, stored in zip(told["positions"], children(point, "position_"), strict=True):
                assert [check["what"] for check in ours["checks"]] == list(stored["checks/what"].asstr())
                assert [check["verdict"] for check in ours["checks"]] == list(stored["checks/verdict"].asstr())
                values = [check.get("value", numpy.nan) for check in ours["checks"]]
                numpy.testing.assert_equal(values, stored["checks/value"][:])


def test_a_plan_says_how_long_every_test_takes_and_drives_nothing(tmp_path):
    arguments = ["plan", "countis-port-tests", "--meter", "countis-e48"]
    plan = json.loads(passes(*arguments, "--json", cwd=tmp_path))
    text = passes(*arguments, cwd=tmp_path)
    assert len(plan["points"]) >= 10 and all(point["name"] in text for point in plan["points"])
    assert sum(point["expected_s"] for point in plan["points"]) == pytest.approx(plan["expected_s"])
    assert all(point["expected_s"] > 0 for point in plan["points"])
    assert list(tmp_path.iterdir()) == []


def test_a_test_that_the_type_does_not_have_is_left_out_and_said(tmp_path):
    plan = json.loads(passes("plan", "countis-port-tests", "--meter", "countis-e43", "--json", cwd=tmp_path))
    assert "pulse-output" not in {point["kind"] for point in plan["points"]}
    assert any("pulse" in remark and "left out" in remark for remark in plan["remarks"])


@pytest.mark.parametrize(
    "fault, kind, said",
    [
        ("stuck-tariff:2@0", "tariff", "tariff"),
        ("wrong-output-weight:2=2", "pulse-output", "pulse output"),
        ("register-scale:2=1.05", "constant", "registers"),
    ],
)
def test_a_fault_fails_its_meter_and_the_table_says_what_was_found(fault, kind, said, tmp_path):
    done = calrig(*PORT_TESTS, "--fault", fault, "-o", "a.h5", "--html", "a.html", cwd=tmp_path)
    assert done.returncode in (METER_FAILS, BENCH_FAILED) and done.stderr == ""
    with h5py.File(tmp_path / "a.h5", "r") as file:
        by_kind = {point.attrs["kind"]: point for point in children(file["entry"], "point_")}
        verdicts = [position.attrs["verdict"] for position in children(by_kind[kind], "position_")]
        assert verdicts[0] == verdicts[2] == "pass" and verdicts[1] in ("fail", "suspect"), verdicts
        reason = by_kind[kind]["position_01"].attrs["reason"]
        assert said in reason
    assert f"  position 2 at {by_name(tmp_path, kind)}: {verdicts[1]}: {reason}\n" in done.stdout
    first = (tmp_path / "a.html").read_text().split("What did not pass")[1].split("</section>")[0]
    assert "#meter-1" in first and "#meter-0" not in first and said in first


def by_name(folder, kind):
    """The name of the test of that kind."""
    with h5py.File(folder / "a.h5", "r") as file:
        return next(p.attrs["name"] for p in children(file["entry"], "point_") if p.attrs["kind"] == kind)


def test_swapped_heads_are_named_above_everything_else(tmp_path):
    done = calrig(*PORT_TESTS, "--fault", "swapped-heads:1@0=2", "-o", "a.h5", "--html", "a.html", cwd=tmp_path)
    assert done.returncode in (METER_FAILS, BENCH_FAILED)
    wiring = [line for line in done.stdout.splitlines() if line.startswith("  WIRING: position ")]
    assert [line.split(":")[1] for line in wiring] == [" position 1", " position 2"]
    page = (tmp_path / "a.html").read_text()
    assert page.index("Heads or ports are not where the bench file says") < page.index("<table class=\"matrix")
