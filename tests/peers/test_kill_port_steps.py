"""SIGKILL in the middle of a test over the port: what is left on the bench, in the journal, and to the next run."""

import concurrent.futures
import json
import re

import h5py
import pytest

from command import (
    BENCH_FAILED,
    PASS,
    EmulatedBench,
    ask,
    calrig,
    children,
    ends_off,
    meter_verdicts,
    reference_reads,
    start,
    verdicts,
)

METER, SPEED, SEED = "countis-e28", 20, 7
RELAYS = "(@101,102,103)"
PROGRAMME = """
id = "to-be-killed"
title = "Heads and tariffs"
limits = ["en50470-3-2006-a1-2018", "iec62053-21-2003"]
attempts = 1

[[point]]
kind = "heads"

[[point]]
kind = "tariff"
tariffs = [2, 1]
least_steps = 2
"""


def relays(bench):
    """"1,0,0": which emulated relays bypass their meter."""
    return ask(bench.address("position_switch"), f"ROUT:CLOS? {RELAYS}\n".encode(), b"\n").decode().strip()


def kill_in(folder, step):
    """Kills the run when that step's load stands, recovers its journal, and lets another run follow."""
    own = folder / step
    own.mkdir()
    (own / "programme.toml").write_text(PROGRAMME)
    seen = {}
    with EmulatedBench("--meter", METER, "--positions", 3, "--seed", SEED, "--speed", SPEED, cwd=own) as bench:
        (own / "bench.toml").write_text(bench.text)
        common = ["--meter", METER, "--bench", "bench.toml", "--seed", SEED]
        point = ["--points", f"{step} Imax PF 1"]
        run = start("run", "programme.toml", *common, *point, "-o", "a.h5", "--json", cwd=own)
        for line in run.stdout:
            progress = json.loads(line)
            if progress.get("point", "").startswith(step) and "the load stands" in progress["progress"]:
                break
        run.kill()
        run.communicate(timeout=30)
        seen["status"] = run.returncode
        seen["currents"] = [reference_reads(bench.address("reference"))[name] for name in ("IL1", "IL2", "IL3")]
        seen["relays left"] = relays(bench)
        seen["recovered"] = calrig("recover", "a.h5.journal", "--html", "a.html", cwd=own)
        files = ["-o", "b.h5", "--transcript", "b.txt"]
        seen["next"] = calrig("run", "programme.toml", *common, *point, *files, cwd=own)
        seen["relays then"] = relays(bench)
        seen["currents then"] = [reference_reads(bench.address("reference"))[name] for name in ("IL1", "IL2", "IL3")]
    return own, seen


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """{step: (folder, what was seen)}"""
    folder = tmp_path_factory.mktemp("killed")
    with concurrent.futures.ThreadPoolExecutor() as threads:
        steps = ["heads", "tariff"]
        return dict(zip(steps, threads.map(lambda step: kill_in(folder, step), steps)))


@pytest.fixture(params=["heads", "tariff"])
def step(request, killed):
    return request.param, *killed[request.param]


def test_a_kill_leaves_the_bench_as_it_was(step):
    name, _, seen = step
    assert seen["status"] == -9
    assert min(seen["currents"]) > 75
    assert ("1" in seen["relays left"]) == (name == "heads"), seen["relays left"]


def test_the_journal_is_evidence_of_an_aborted_run(step):
    _, folder, seen = step
    assert seen["recovered"].returncode == BENCH_FAILED, seen["recovered"]
    assert "ABORTED: the journal ends here: the run was killed" in seen["recovered"].stdout
    assert not (folder / "a.h5.journal").exists()
    with h5py.File(folder / "a.h5", "r") as file:
        assert file["entry"].attrs["aborted"] and "killed" in file["entry"].attrs["abort_reason"]
        assert file["entry"].attrs["verdict"] not in ("pass", "fail")
        assert all(len(meter.attrs["identity_names"]) > 5 for meter in children(file["entry/meters"], "position_"))
    assert "pass" not in verdicts(folder / "a.h5").values()
    assert "the run was killed" in (folder / "a.html").read_text()


def test_the_next_run_switches_off_first_and_then_puts_every_meter_into_the_circuit(step):
    _, folder, seen = step
    assert (seen["next"].returncode, seen["next"].stderr) == (PASS, ""), seen["next"]
    lines = (folder / "b.txt").read_text().splitlines()
    sent = [r"> SUIA{9}", r"> ROUT:OPEN", r"> SUI(?!A{9})"]
    off, opened, on = (next(index for index, line in enumerate(lines) if re.search(what, line)) for what in sent)
    assert off < opened < on
    assert {verdict for verdict, _ in meter_verdicts(folder / "b.h5").values()} == {"pass"}
    assert ends_off(folder / "b.txt")
    assert seen["relays then"] == "0,0,0"
    assert max(seen["currents then"]) < 0.1


def test_a_tariff_that_a_killed_run_left_is_no_reason_to_fail(killed):
    """The meters still count into the tariff of the killed step; the next run takes that for theirs."""
    folder, _ = killed["tariff"]
    assert {got for (point, _), got in verdicts(folder / "b.h5").items() if point.startswith("tariff")} == {"pass"}
