"""SIGKILL at twenty random moments of a real-time run: what `calrig recover` brings back."""

import concurrent.futures
import html.parser
import json
import random
import time

import h5py
import pytest

from command import BENCH_FAILED, WRONG_INPUT, bench_of, calrig, children, passes, start
from recompute import recompute

SHORT = ["run", "imax-short", "--meter", "countis-e28", "--seed", 7]
MOMENTS = random.Random(20261120)
# From the moment the meters are asked who they are to the end of the second point.
KILLS_S = sorted(MOMENTS.uniform(2, 50) for _ in range(20))
MAY_BE_MISSING_S = 0.25


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Twenty runs, all at once, each killed at its moment. Returns [(folder, progress)]."""
    folder = tmp_path_factory.mktemp("killed")
    passes(*SHORT, "--positions", 2, "-o", "twin.h5", cwd=folder)
    bench = bench_of(folder / "twin.h5").replace('clock = "virtual"', 'clock = "real"')
    (folder / "bench.toml").write_text(bench)
    with concurrent.futures.ThreadPoolExecutor(len(KILLS_S)) as threads:
        return list(threads.map(lambda number: run_and_kill(folder, number), range(len(KILLS_S))))


def run_and_kill(folder, number):
    """(folder of the run, [(seconds before the kill, progress line)])."""
    own = folder / f"run{number}"
    own.mkdir()
    # Apart, so that they do not all write at the same instant.
    time.sleep(number * 0.037)
    run = start(*SHORT, "--bench", folder / "bench.toml", "-o", "a.h5", "--json", cwd=own)
    with concurrent.futures.ThreadPoolExecutor(1) as reader:
        seen = reader.submit(lambda: [(time.monotonic(), json.loads(line)) for line in run.stdout])
        time.sleep(KILLS_S[number])
        killed_at = time.monotonic()
        run.kill()
        run.wait()
        progress = seen.result()
    run.stderr.close()
    assert run.returncode == -9, "the run was over before it was killed"
    return own, [(killed_at - at, line) for at, line in progress]


@pytest.fixture(params=range(len(KILLS_S)), ids=lambda number: f"{KILLS_S[number]:.3f} s")
def run(killed, request):
    """(folder, progress) of one killed run, recovered."""
    folder, progress = killed[request.param]
    if not (folder / "recovered").exists():
        done = calrig("recover", "a.h5.journal", "--html", "a.html", cwd=folder)
        (folder / "recovered").write_text(json.dumps([done.returncode, done.stdout, done.stderr]))
    return folder, progress


def test_recover_says_that_the_run_was_killed(run):
    folder, _ = run
    status, text, errors = json.loads((folder / "recovered").read_text())
    assert status == BENCH_FAILED, errors
    assert "ABORTED: the journal ends here: the run was killed" in text
    assert not (folder / "a.h5.journal").exists()
    with h5py.File(folder / "a.h5", "r") as file:
        assert file["entry"].attrs["aborted"]
        assert file["entry"].attrs["verdict"] != "pass"
        assert "killed" in file["entry"].attrs["abort_reason"]


def test_nothing_older_than_a_quarter_second_is_missing(run):
    folder, progress = run
    with h5py.File(folder / "a.h5", "r") as file:
        recovered = [list(meter["edge_ticks"][:]) for meter in children(file["entry/meters"], "position_")]
        tick_s = float(file["entry/instruments"].attrs["tick_s"])
    old = [line for age_s, line in progress if age_s > MAY_BE_MISSING_S]
    assert sum(map(len, recovered)) >= max((line["edges_recorded"] for line in old), default=0)
    # Beyond what was reported: while a gate is open the load goes on, so the last edge is at most one impulse and 250 ms
    # older than the kill.
    age_s, last = progress[-1]
    if last["progress"] == "measuring" and any(position["state"] != "done" for position in last["positions"]):
        killed_at_s = last["bench_time_s"] + age_s
        for edges in recovered:
            longest_s = max(b - a for a, b in zip(edges[-4:], edges[-3:])) * tick_s
            assert edges[-1] * tick_s + longest_s + MAY_BE_MISSING_S >= killed_at_s


def test_what_was_recovered_is_without_gaps(run):
    folder, _ = run
    with h5py.File(folder / "a.h5", "r") as file:
        for meter in children(file["entry/meters"], "position_"):
            ticks = list(meter["edge_ticks"][:])
            assert ticks == sorted(set(ticks))
    assert all(abs(stored - again) <= 1e-9 for _, _, stored, again in recompute(folder / "a.h5"))


def test_the_recovered_pages_can_be_read(run):
    folder, _ = run
    page = (folder / "a.html").read_text(encoding="utf-8")
    texts = []
    parser = html.parser.HTMLParser()
    parser.handle_data = texts.append
    parser.feed(page)
    assert "the run was killed" in " ".join(texts)
    assert "SIMULATED" in page


def test_a_run_that_still_goes_on_keeps_its_journal(tmp_path):
    passes(*SHORT, "--positions", 1, "-o", "twin.h5", cwd=tmp_path)
    (tmp_path / "bench.toml").write_text(bench_of(tmp_path / "twin.h5").replace('"virtual"', '"real"'))
    run = start(*SHORT, "--bench", "bench.toml", "-o", "a.h5", "--json", cwd=tmp_path)
    run.stdout.readline()
    before = (tmp_path / "a.h5.journal").stat().st_ino
    for command in (["recover", "a.h5.journal"], [*SHORT, "-o", "a.h5"]):
        done = calrig(*command, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (WRONG_INPUT, "", 1), done
    assert (tmp_path / "a.h5.journal").stat().st_ino == before
    run.kill()
    run.communicate()
    assert calrig("recover", "a.h5.journal", cwd=tmp_path).returncode == BENCH_FAILED


def test_a_finished_point_keeps_its_verdict(killed):
    """A kill in the second point leaves the first as it was judged."""
    late = [(folder, progress) for folder, progress in killed if any(line["point"] == "Imax PF 0.5 ind" for _, line in progress)]
    assert len(late) >= 3
    for folder, _ in late:
        with h5py.File(folder / "a.h5", "r") as file:
            first = children(file["entry/point_000"], "position_")
            assert [position.attrs["verdict"] for position in first] == ["pass", "pass"]
