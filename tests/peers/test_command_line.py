"""What a person or a script at the command line gets from calrig: status, text, JSON, files."""

import fcntl
import json
import os
import pty
import re
import struct
import termios

import h5py
import pytest

from command import (
    BENCH_FAILED,
    CALRIG,
    METER_FAILS,
    PASS,
    WRONG_INPUT,
    EmulatedBench,
    bench_of,
    calrig,
    children,
    passes,
    verdicts,
)
from recompute import recompute

VERIFICATION = ["run", "en50470-3-verification", "--meter", "countis-e48"]
SHORT = ["run", "imax-short", "--meter", "countis-e28"]


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    """A folder with the evidence and the pages of a whole verification of three meters, and what was printed."""
    folder = tmp_path_factory.mktemp("verified")
    text = passes(*VERIFICATION, "--positions", 3, "--seed", 7, "-o", "a.h5", "--html", "a.html", cwd=folder)
    (folder / "a.txt").write_text(text)
    return folder


def with_gain_error(bench, position, percent):
    """The bench file with one simulated meter off by so much."""
    pattern = rf'(name = "{position}"\n(?:.*\n)*?twin = {{ gain_error_percent = )[-\d.]+'
    changed, count = re.subn(pattern, rf"\g<1>{percent}", bench)
    assert count == 1
    return changed


def test_the_same_seed_gives_the_same_bytes(verified):
    first = (verified / "a.h5").read_bytes()
    passes(*VERIFICATION, "--positions", 3, "--seed", 7, "-o", "a.h5", "--html", "b.html", cwd=verified)
    assert (verified / "a.h5").read_bytes() == first
    assert (verified / "b.html").read_bytes() == (verified / "a.html").read_bytes()


def test_another_seed_gives_other_errors(verified):
    passes(*VERIFICATION, "--positions", 3, "--seed", 8, "-o", "c.h5", cwd=verified)
    ours, others = recompute(verified / "a.h5"), recompute(verified / "c.h5")
    assert len(ours) == len(others)
    assert all(one[2] != other[2] for one, other in zip(ours, others))


def test_every_error_follows_from_the_stored_edges(verified):
    results = recompute(verified / "a.h5")
    assert len(results) == 16 * 3  # all but no-load and starting
    for point, position, stored, recomputed in results:
        assert abs(stored - recomputed) <= 1e-9, (point, position)


@pytest.mark.parametrize("percent", [1.2, 0.7])
def test_a_meter_that_is_off_fails_alone_and_where_it_must(verified, tmp_path, percent):
    (tmp_path / "bench.toml").write_text(with_gain_error(bench_of(verified / "a.h5"), "2", percent))
    done = calrig(*VERIFICATION, "--bench", "bench.toml", "--seed", 7, "-o", "off.h5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (METER_FAILS, "")
    failed = {key for key, verdict in verdicts(tmp_path / "off.h5").items() if verdict == "fail"}
    assert {position for _, position in failed} == {"2"}
    with h5py.File(tmp_path / "off.h5", "r") as file:
        for point in children(file["entry"], "point_"):
            outside = point.attrs["kind"] == "accuracy" and point.attrs["limit_upper_percent"] < percent
            assert ((point.attrs["name"], "2") in failed) == outside, point.attrs["name"]
            if point.attrs["kind"] == "accuracy":
                assert abs(point["position_01"].attrs["error_percent"] - percent) < 0.2
        meters = [meter.attrs["verdict"] for meter in children(file["entry/meters"], "position_")]
    assert meters == ["pass", "fail", "pass"]
    assert len(failed) == (16 if percent > 1 else 9)
    assert done.stdout.splitlines()[-2].startswith("FAIL")


def test_the_table_says_what_the_evidence_says(verified):
    text = (verified / "a.txt").read_text()
    for point, position, stored, _ in recompute(verified / "a.h5"):
        row = next(line for line in text.splitlines() if line.startswith(point + "  "))
        cells = re.findall(r"([+-]\d+\.\d+) % (\w+)", row.split("%", 2)[2])
        assert cells[int(position) - 1] == (f"{stored:+.3f}", "ok")
    assert text.count("SIMULATED") == 1
    assert "PASS  (" in text and "a.h5" in text and "a.html" in text


def test_the_table_is_straight(verified):
    lines = (verified / "a.txt").read_text().splitlines()
    top = next(index for index, line in enumerate(lines) if line.startswith("point "))
    rows = lines[top : top + 19]
    assert [line[:10] for line in rows[1:3]] == ["no-load 1.", "starting I"]
    assert {len(line) for line in rows if "ok" in line} == {len(rows[0])}


def test_json_says_what_the_evidence_says(tmp_path):
    *progress, result = map(json.loads, passes(*SHORT, "-o", "a.h5", "--json", cwd=tmp_path).splitlines())
    assert result["verdict"] == "pass" and result["simulated"] and not result["aborted"]
    told = {
        (point["name"], position["position"]): position["error_percent"]
        for point in result["points"]
        for position in point["positions"]
    }
    assert told == {(row[0], row[1]): row[2] for row in recompute(tmp_path / "a.h5")}
    with h5py.File(tmp_path / "a.h5", "r") as file:
        assert file["entry"].attrs["run_id"] == result["run_id"]
    assert progress and all("progress" in line for line in progress)
    assert [line["edges_recorded"] for line in progress] == sorted(line["edges_recorded"] for line in progress)
    assert [line["remaining_s"] for line in progress] == sorted((line["remaining_s"] for line in progress), reverse=True)


def test_nothing_but_the_result_goes_into_a_pipe(tmp_path):
    assert "\r" not in passes(*SHORT, "-o", "a.h5", cwd=tmp_path)


def on_a_terminal(arguments, cwd, columns):
    """(exit status, everything a terminal of that width got)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execv(CALRIG, [str(CALRIG), *map(str, arguments)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    seen = b""
    try:
        while piece := os.read(terminal, 65536):
            seen += piece
    except OSError:  # the other end is gone: Linux's way to say so
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_a_terminal_sees_progress_that_is_rewritten_and_gone(tmp_path):
    status, seen = on_a_terminal([*SHORT, "--seed", 3, "-o", "a.h5"], tmp_path, 100)
    assert status == PASS
    progress, result = seen.split("SIMULATED", 1)
    rewritten = progress.split("\r\x1b[K")
    assert rewritten[0] == rewritten[-1] == ""
    lines = rewritten[1:-1]
    assert lines[0].startswith("identifying the meters, ")
    assert any(re.match(r"\[1/2\] Imax PF 1: measuring, \d+ s left  1: [+-]\d\.\d{3} % \(\d+\)", line) for line in lines)
    assert any(line.startswith("[2/2] Imax PF 0.5 ind: ") for line in lines)
    assert max(map(len, lines)) < 100 and "\n" not in progress
    assert "PASS" in result


def test_progress_fits_a_narrow_terminal(tmp_path):
    status, seen = on_a_terminal([*SHORT, "-o", "a.h5"], tmp_path, 60)
    assert status == PASS
    assert max(map(len, seen.split("SIMULATED", 1)[0].split("\r\x1b[K"))) < 60


def test_quiet_is_quiet_on_a_terminal(tmp_path):
    status, seen = on_a_terminal([*SHORT, "--quiet", "-o", "a.h5"], tmp_path, 100)
    assert status == PASS
    assert seen.startswith("SIMULATED")


def test_the_last_exchanges_are_shown_to_the_person_at_the_bench(tmp_path):
    status, seen = on_a_terminal([*SHORT, "--fault", "source-silent@14", "-o", "a.h5"], tmp_path, 100)
    assert status == BENCH_FAILED
    assert "The last exchanges with the bench:" in seen and "twin source >" in seen


def test_only_the_points_asked_for_are_run(tmp_path):
    passes(*SHORT, "--points", "Imax PF 0.5 ind", "-o", "a.h5", cwd=tmp_path)
    assert {point for point, _ in verdicts(tmp_path / "a.h5")} == {"Imax PF 0.5 ind"}
    both = ["--points", "Imax PF 1,Imax PF 0.5 ind"]
    passes(*SHORT, *both, "-o", "b.h5", cwd=tmp_path)
    assert {point for point, _ in verdicts(tmp_path / "b.h5")} == {"Imax PF 1", "Imax PF 0.5 ind"}


def test_a_rerun_repeats_what_failed_and_nothing_else(verified, tmp_path):
    (tmp_path / "bench.toml").write_text(with_gain_error(bench_of(verified / "a.h5"), "2", 0.7))
    bench = [*VERIFICATION, "--bench", "bench.toml", "--seed", 7]
    assert calrig(*bench, "-o", "first.h5", cwd=tmp_path).returncode == METER_FAILS
    failed = {point for (point, _), verdict in verdicts(tmp_path / "first.h5").items() if verdict != "pass"}
    assert calrig(*bench, "-o", "again.h5", "--rerun", "first.h5", cwd=tmp_path).returncode == METER_FAILS
    assert {point for point, _ in verdicts(tmp_path / "again.h5")} == failed


def test_a_part_of_a_programme_is_no_verdict_on_the_whole(tmp_path):
    said = passes(*SHORT, "--points", "Imax PF 0.5 ind", "--html", "a.html", "-o", "a.h5", cwd=tmp_path)
    assert "PASS, PARTIAL: 1 of the programme's 2 points" in said
    assert "Partial: 1 of the programme" in (tmp_path / "a.html").read_text()


def test_a_rerun_asks_the_same_as_its_first_run(verified):
    done = calrig(*VERIFICATION, "--rule", "guard", "--rerun", "a.h5", "-o", "none.h5", cwd=verified)
    assert done.returncode == WRONG_INPUT
    assert done.stderr == (
        "calrig: --rerun: a.h5: expected evidence of the same programme, meter type, limits and rule\n"
    )


def test_a_rerun_after_a_pass_runs_nothing(verified):
    done = calrig(*VERIFICATION, "--rerun", "a.h5", "-o", "none.h5", cwd=verified)
    assert done.returncode == PASS
    assert done.stderr == "calrig: a.h5: every point passed; nothing to run again\n"
    assert not (verified / "none.h5").exists()


def test_report_makes_the_same_pages_from_the_evidence(verified):
    text = passes("report", "a.h5", "--html", "again.html", cwd=verified)
    assert (verified / "again.html").read_bytes() == (verified / "a.html").read_bytes()
    table = text.split("Pages:")[0]
    assert table == (verified / "a.txt").read_text().split("Evidence:")[0]
    os.link(verified / "a.h5", verified / "beside.h5")
    passes("report", "beside.h5", cwd=verified)
    assert (verified / "beside.html").read_bytes() == (verified / "a.html").read_bytes()


def test_a_plan_drives_nothing_and_adds_up(tmp_path):
    arguments = ["plan", "en50470-3-verification", "--meter", "countis-e48"]
    plan = json.loads(passes(*arguments, "--json", cwd=tmp_path))
    assert len(plan["points"]) == 18
    assert sum(point["expected_s"] for point in plan["points"]) == pytest.approx(plan["expected_s"])
    assert 11 * 3600 < plan["expected_s"] < 13 * 3600 and plan["at_most_s"] >= plan["expected_s"]
    text = passes(*arguments, cwd=tmp_path)
    assert all(point["name"] in text for point in plan["points"])
    assert "18 points, expected 12 h" in text
    rows = [line for line in text.splitlines() if " V " in line and " A" in line]
    assert len(rows) == 18 and len({len(row) for row in rows}) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_expected_time_is_about_what_a_run_takes(tmp_path):
    plan = json.loads(passes("plan", "eol-quick", "--meter", "countis-e28", "--json", cwd=tmp_path))
    run = json.loads(
        passes("run", "eol-quick", "--meter", "countis-e28", "--json", "-o", "a.h5", cwd=tmp_path).splitlines()[-1]
    )
    assert plan["expected_s"] * 0.8 < run["bench_time_s"] < plan["at_most_s"] + 60


@pytest.mark.parametrize(
    "what, known",
    [
        ("meters", ["countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48"]),
        ("programmes", ["en50470-3-verification", "eol-quick", "imax-short", "countis-port-tests"]),
        ("limits", ["en50470-3-2006-a1-2018", "iec62053-21-2003", "mid-mpe"]),
        ("drivers", ["zera-mt", "zera-zscpi", "ctag", "scpi-switch", "modbus-tcp", "modbus-rtu"]),
        ("faults", ["source-trip", "lost-edge", "flipped-bit", "swapped-ports", "stuck-tariff"]),
    ],
)
def test_lists(what, known, tmp_path):
    listed = passes("list", what, cwd=tmp_path)
    for name in known:
        assert re.search(rf"(^|\s){re.escape(name)}(\s|$)", listed), listed


def test_ports_are_listed_with_and_without_any(tmp_path):
    done = calrig("list", "ports", cwd=tmp_path)
    assert done.returncode == PASS
    if not done.stdout:
        assert done.stderr == "no serial port is there\n"
    assert all(line.startswith("/dev/") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    "command", [[], ["run"], ["plan"], ["report"], ["recover"], ["emulate"], ["list"], ["find-meters"]]
)
def test_help_is_asked_for_and_given(command, tmp_path):
    text = passes(*command, "--help", cwd=tmp_path)
    assert "Usage:" in text
    if not command:
        assert "Exit status: 0 every verdict passes, 1 a meter fails" in text


def test_the_version_names_the_source_it_was_built_from(tmp_path):
    assert re.fullmatch(r"calrig \S+ \(\S+\)\n", passes("--version", cwd=tmp_path))


def test_an_emulated_bench_prints_a_bench_file_and_ends_with_ctrl_c(tmp_path):
    with EmulatedBench("--meter", "countis-e48", "--positions", 3, cwd=tmp_path) as bench:
        (tmp_path / "bench.toml").write_text(bench.text)
        assert len(bench.meters()) == 3
        assert bench.with_ptys().count('"pty:/dev/pts/') == 3  # source, capture, position switch
        passes("plan", "imax-short", "--meter", "countis-e48", "--bench", "bench.toml", cwd=tmp_path)
    assert (bench.process.returncode, bench.errors) == (PASS, "")
