"""Who is on a line: the search over an emulated RS485 line, on its pty and on its socket."""

import json
import os
import pathlib
import re
import signal
import sys
import time

import pytest

from command import BENCH_FAILED, EmulatedBench, calrig, passes, refused, start

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / os.environ.get("CALRIG_BUILD_DIR", "build/release") / "python"
sys.path.insert(0, str(PACKAGE))

if not list(PACKAGE.glob("calrig/_core*.so")):
    pytest.skip(f"the Python package is not built in {PACKAGE}", allow_module_level=True)

import calrig as package  # noqa: E402


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Three emulated meters with voltage on one line: {"pty": address, "tcp": address}."""
    folder = tmp_path_factory.mktemp("line")
    with EmulatedBench("--meter", "countis-e43", "--positions", 3, cwd=folder) as emulated:
        (folder / "bench.toml").write_text(emulated.text)
        (bus,) = re.findall(r"\[\[bus\]\][^\[]*", emulated.text)
        addresses = {kind: re.search(rf'"({kind}:[^"]+)"', bus)[1] for kind in ("pty", "tcp")}
        with package.Bench.from_file(folder / "bench.toml", meter="countis-e43") as bench:
            bench.apply(package.LoadPoint.voltage_only(voltage_v=230))
            yield addresses


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_every_meter_of_a_line_is_found_with_its_name_and_serial(kind, line, tmp_path):
    found = json.loads(passes("find-meters", "--link", line[kind], "--units", "1-5", "--json", cwd=tmp_path))
    assert [meter["unit"] for meter in found["meters"]] == [1, 2, 3] and not found["stopped"]
    assert {meter["name"] for meter in found["meters"]} == {"COUNTIS E43"}
    assert len({meter["serial"] for meter in found["meters"]}) == 3
    assert all("line" not in meter and not meter["collision"] for meter in found["meters"])


def test_the_table_has_what_was_found_in_the_order_asked(line, tmp_path):
    text = passes("find-meters", "--link", line["tcp"], "--units", "3,1", "--lines", "9600,8E1", cwd=tmp_path)
    head, *rows = text.splitlines()
    assert head.split() == ["unit", "line", "meter", "serial"]
    assert [row.split()[0] for row in rows] == ["3", "1"]
    assert all("as the link is" in row and "COUNTIS E43" in row for row in rows)


def test_nobody_there_is_status_3(line, tmp_path):
    done = calrig("find-meters", "--link", line["tcp"], "--units", "77", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (BENCH_FAILED, "")
    assert done.stderr == f"calrig: {line['tcp']}: no meter answered\n"


def test_ctrl_c_leaves_what_was_found(line, tmp_path):
    process = start("find-meters", "--link", line["tcp"], "--units", "1,50-247", cwd=tmp_path)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == BENCH_FAILED and err == "calrig: the search was stopped by the operator\n"
    assert re.search(r"^1 .*COUNTIS E43", out, re.M), out


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--link", "serial:/dev/ttyUSB0,9600,8E1"], "expected the device alone"),
        (["--link", "nonsense"], "nonsense"),
        (["--link", "tcp:127.0.0.1:1", "--units", "0"], "--units: expected addresses from 1 to 247"),
        (["--link", "tcp:127.0.0.1:1", "--units", "5-3"], "got '5-3'"),
        (["--link", "tcp:127.0.0.1:1", "--units", "1,,2"], "got '1,,2'"),
        (["--link", "tcp:127.0.0.1:1", "--lines", "9601,8E1"], "9601"),
        (["--link", "tcp:127.0.0.1:1", "--lines", "9600,7E2"], "7E2"),
        (["--link", "tcp:127.0.0.1:1", "--meter", "countis-e99"], "countis-e99"),
        ([], "--link is required"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, expected, tmp_path):
    refused(calrig("find-meters", *arguments, cwd=tmp_path), expected)


@pytest.mark.parametrize("link", ["tcp:127.0.0.1:1", "pty:/dev/pts/9999", "serial:/dev/nowhere"])
def test_a_link_that_cannot_be_opened_is_named(link, tmp_path):
    refused(calrig("find-meters", "--link", link, "--units", "1", cwd=tmp_path), link.split(":", 1)[1], BENCH_FAILED)
