"""Evidence as a stranger sees it: h5py, hashlib and an HTML parser, none of which know calrig."""

import hashlib
import os
import pathlib
import subprocess
from html.parser import HTMLParser

import h5py
import numpy
import pytest

from recompute import recompute

ROOT = pathlib.Path(__file__).resolve().parents[2]
VOID = {"meta", "br"}
MEASURING = {"no-load", "starting", "accuracy"}


def program(name):
    """A program of the build: in $CALRIG_BUILD_DIR, else the newest below build/."""
    if "CALRIG_BUILD_DIR" in os.environ:
        return pathlib.Path(os.environ["CALRIG_BUILD_DIR"]) / name
    built = sorted(ROOT.glob(f"build/*/{name}"), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.skip(f"{name} is not built")
    return built[-1]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    subprocess.run([program("sample_evidence"), folder / "run.h5", folder / "run.html"], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def file(sample):
    with h5py.File(sample / "run.h5", "r") as opened:
        yield opened


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """Evidence with tests over the port: (the opened file, its pages)."""
    folder = tmp_path_factory.mktemp("tested")
    command = [program("sample_evidence"), folder / "run.h5", folder / "run.html", "3", "port"]
    subprocess.run(command, check=True, timeout=60)
    with h5py.File(folder / "run.h5", "r") as opened:
        yield opened, (folder / "run.html").read_text(encoding="utf-8")


def port_tests(file):
    """[(name in the file, group)] of the points that are tests over the port."""
    points = [(name, file["entry"][name]) for name in sorted(file["entry"]) if name.startswith("point_")]
    return [(name, point) for name, point in points if point.attrs["kind"] not in MEASURING]


def test_every_error_follows_from_the_stored_edges(sample):
    results = recompute(sample / "run.h5")
    assert len(results) == 16 * 3 - 2  # two points of one meter are invalid
    for point, position, stored, recomputed in results:
        assert abs(stored - recomputed) <= 1e-9, (point, position)


def test_a_moved_edge_would_be_noticed(sample, tmp_path):
    copy = tmp_path / "moved.h5"
    copy.write_bytes((sample / "run.h5").read_bytes())
    with h5py.File(copy, "r+") as opened:
        opened["entry/point_004/position_00/dut_edge_ticks"][-1] += 1000
    differing = [row for row in recompute(copy) if abs(row[2] - row[3]) > 1e-9]
    assert len(differing) == 1


def test_the_seal_is_checked_with_standard_tools(sample):
    content = (sample / "run.h5").read_bytes()
    seal = content[:512].decode()
    assert seal.startswith("calrig evidence, format 1\n")
    assert f"sha256 {hashlib.sha256(content[512:]).hexdigest()}\n" in seal
    assert f"\n{len(content) - 512} bytes" in seal


def test_the_edge_digest_is_over_all_edges_in_order(file):
    columns = ["dut_edge_ticks", "reference_count", "reference_before_ticks", "reference_after_ticks"]
    digest = hashlib.sha256()
    entry = file["entry"]
    for point in sorted(name for name in entry if name.startswith("point_")):
        for position in sorted(name for name in entry[point] if name.startswith("position_")):
            group = entry[point][position]
            digest.update(numpy.stack([group[name][:] for name in columns], axis=1).astype("<i8").tobytes())
    assert digest.hexdigest() == entry.attrs["edges_sha256"]


def test_the_impulse_digest_is_over_all_impulses_meter_by_meter(tested):
    digest = hashlib.sha256()
    meters = tested[0]["entry/meters"]
    for name in sorted(meters):
        for column in ("edge_ticks", "output_edge_ticks"):
            digest.update(meters[name][column][:].astype("<i8").tobytes())
    assert digest.hexdigest() == tested[0]["entry"].attrs["impulses_sha256"]
    assert digest.hexdigest() in tested[1]


def test_the_layout_a_reader_relies_on(file):
    assert file.attrs["format"] == "calrig-run"
    assert file.attrs["format_version"] == 1
    assert file.attrs["notice"] == "SIMULATED"
    entry = file[file.attrs["default"]]
    assert entry.attrs["clock"] == "virtual"
    for name in ("run_id", "started_at", "software_version", "git_commit", "seed", "verdict", "limits_edition"):
        assert name in entry.attrs
    for name in ("programme", "meter", "limits", "bench"):
        assert entry["plan"][name].asstr()[()].strip()
    point = entry["point_002"]
    assert point.attrs["voltage_v"].shape == point.attrs["current_a"].shape == point.attrs["angle_deg"].shape == (3,)
    position = point["position_00"]
    for name in ("serial", "dut_constant_imp_per_kwh", "error_omega_percent", "coverage_factor", "true_error_percent"):
        assert name in position.attrs
    assert position["dut_edge_ticks"].dtype == numpy.int64
    assert position["dut_edge_ticks"].attrs["tick_s"] == 8e-9


def test_results_agree_with_the_points(file):
    results = file["entry/results"]
    assert results.attrs["signal"] == "error_percent"
    assert list(results.attrs["axes"]) == ["point_name", "position"]
    shape = (len(results["point_name"]), len(results["position"]))
    names = ("error_percent", "expanded_uncertainty_percent", "limit_lower_percent", "limit_upper_percent", "verdict")
    assert {results[name].shape for name in names} == {shape}
    for row in range(shape[0]):
        for column in range(shape[1]):
            attributes = file[f"entry/point_{row:03}/position_{column:02}"].attrs
            stored = attributes.get("error_percent", numpy.nan)
            numpy.testing.assert_equal(results["error_percent"][row, column], stored)


def test_verdicts_are_numbers_with_their_meanings(file):
    verdict = file["entry/results/verdict"]
    meanings = dict(zip(verdict.attrs["flag_values"], verdict.attrs["flag_meanings"].split()))
    assert verdict.dtype == numpy.int8
    assert meanings[0] == "pass" and meanings[1] == "fail" and len(meanings) == 6
    for (row, column), value in numpy.ndenumerate(verdict[:]):
        name = file[f"entry/point_{row:03}/position_{column:02}"].attrs["verdict"]
        assert meanings[value] == name.replace(" ", "_")


def test_tests_over_the_port_are_columns_of_one_length(tested):
    file, _ = tested
    kinds = [point.attrs["kind"] for _, point in port_tests(file)]
    assert kinds[0] == "identify" and "pulse-output" in kinds and len(kinds) == len(set(kinds)) == 11
    for name, point in port_tests(file):
        checks = point["position_00/checks"]
        assert checks.attrs["kind"] == point.attrs["kind"]
        assert checks.attrs["verdict"] == point["position_00"].attrs["verdict"] == "pass"
        assert checks.attrs["reason"] == point["position_00"].attrs["reason"]
        assert len({checks[column].shape for column in checks}) == 1, name
        assert {"what", "value", "least", "most", "unit", "text", "verdict"} == set(checks)


def test_what_was_found_and_what_is_permitted_is_read_with_h5py(tested):
    file, _ = tested
    (point,) = [point for _, point in port_tests(file) if point.attrs["kind"] == "tariff"]
    checks = point["position_01/checks"]
    what = list(checks["what"].asstr())
    row = what.index("tariff 2 chosen: advance of tariff 2")
    assert (checks["value"][row], checks["least"][row], checks["most"][row]) == (0, 110, 130)
    assert (checks["unit"].asstr()[row], checks["verdict"].asstr()[row]) == ("Wh", "fail")
    assert checks.attrs["verdict"] == "fail" and "tariff 2 did not advance" in checks.attrs["reason"]


def test_a_text_has_no_number(tested):
    file, _ = tested
    (point,) = [point for _, point in port_tests(file) if point.attrs["kind"] == "identify"]
    checks = point["position_00/checks"]
    assert list(checks["text"].asstr())[:2] == ["SOCO", "COUNTIS E48"]
    assert numpy.isnan(checks["value"][:]).all() and numpy.isnan(checks["most"][:]).all()


def test_the_verdicts_of_a_run_cover_its_tests_over_the_port(tested):
    file, _ = tested
    results = file["entry/results"]
    kinds = list(results["point_kind"].asstr())
    assert len(kinds) == len(results["point_name"]) == results["verdict"].shape[0] == 18 + 11
    meanings = dict(zip(results["verdict"].attrs["flag_values"], results["verdict"].attrs["flag_meanings"].split()))
    for row, kind in enumerate(kinds):
        for column in range(3):
            attributes = file[f"entry/point_{row:03}/position_{column:02}"].attrs
            assert meanings[results["verdict"][row, column]] == attributes["verdict"].replace(" ", "_")
            if kind not in MEASURING:
                assert numpy.isnan(results["error_percent"][row, column])
    assert file["entry"].attrs["default"] == "error_curve" and results.attrs["signal"] == "error_percent"


def test_a_position_that_was_not_tested_has_no_checks(tested):
    file, _ = tested
    (point,) = [point for _, point in port_tests(file) if point.attrs["kind"] == "load-curve"]
    assert "checks" in point["position_00"] and "checks" not in point["position_02"]
    assert point["position_02"].attrs["verdict"] == "not_run"


def test_impulses_of_pulse_outputs_lie_beside_those_of_the_led(tested, file):
    ticks = tested[0]["entry/meters/position_00/output_edge_ticks"]
    assert ticks.dtype == numpy.int64 and list(ticks) == [1000, 2000, 3001] and ticks.attrs["tick_s"] == 8e-9
    assert file["entry/meters/position_00/output_edge_ticks"].shape == (0,)


def test_a_nexus_viewer_finds_the_error_curve(file):
    entry = file[file.attrs["default"]]
    curve = entry[entry.attrs["default"]]
    assert curve.attrs["NX_class"] == "NXdata"
    signal = curve[curve.attrs["signal"]]
    axis = curve[list(curve.attrs["axes"])[1]]
    assert signal.shape == (3, 4) and axis.shape == (4,)
    assert list(axis) == sorted(axis)
    assert signal.attrs["units"] == "percent" and axis.attrs["units"] == "A"


def test_only_built_in_filters(file):
    used = set()
    file.visititems(lambda _, item: used.add(getattr(item, "compression", None)))
    assert used <= {None, "gzip"}


class Balance(HTMLParser):
    """Fails on a tag that is closed out of order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.text = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_well_formed(sample):
    parser = Balance()
    parser.feed((sample / "run.html").read_text(encoding="utf-8"))
    assert parser.open == []
    text = "".join(parser.text)
    assert "SIMULATED" in text
    assert 'edges <lost> & "counted"' in text


def test_the_page_with_tests_over_the_port_is_well_formed_and_says_first_what_failed(tested):
    parser = Balance()
    parser.feed(tested[1])
    assert parser.open == []
    text = "".join(parser.text)
    first, second = text.index("What did not pass"), text.index("All meters, all points")
    for said in ("this head sees the meter of position 1", "tariff 2 did not advance", "checksum 1 is 3F2B"):
        assert first < text.index(said) < second, said
