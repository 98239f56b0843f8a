"""`calrig emulate` in one process, `calrig run` in another: the same run over sockets and ptys as on the twin."""

import concurrent.futures
import json
import signal
import time

import h5py
import pytest

from command import (
    BENCH_FAILED,
    PASS,
    WRONG_INPUT,
    EmulatedBench,
    ask,
    calrig,
    children,
    eventually,
    passes,
    reference_reads,
    start,
    verdicts,
)
from recompute import recompute

SEED = 7
RUN = ["run", "imax-short", "--seed", SEED]
EMULATE = ["--positions", 2, "--seed", SEED]
POLITE_SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def run_over(folder, links, meter):
    """A whole run over real wires, in real time. Returns the finished process."""
    with EmulatedBench("--meter", meter, *EMULATE, cwd=folder) as bench:
        text = bench.with_ptys() if links == "ptys" else bench.text
        # Source, capture and position switch.
        assert text.count('link = "pty:') == (3 if links == "ptys" else 0)
        (folder / f"{links}.toml").write_text(text)
        return calrig(*RUN, "--meter", meter, "--bench", f"{links}.toml", "-o", f"{links}.h5", cwd=folder)


def goes_off(bench):
    """Whether soon nothing is left for the reference to see; an output that is switched off decays."""
    return eventually(lambda: max(reference_reads(bench.address("reference")).values()) < 0.1, within_s=5)


def stop_in_mid_run(folder):
    """Ctrl-C while edges are being counted. Returns what the run and the bench say afterwards."""
    with EmulatedBench("--meter", "countis-e28", *EMULATE, cwd=folder) as bench:
        (folder / "stopped.toml").write_text(bench.text)
        arguments = ["--meter", "countis-e28", "--bench", "stopped.toml", "-o", "stopped.h5", "--json"]
        run = start(*RUN, *arguments, cwd=folder)
        while json.loads(run.stdout.readline())["progress"] != "measuring":
            pass
        on = reference_reads(bench.address("reference"))
        run.send_signal(signal.SIGINT)
        asked_s = time.monotonic()
        _, errors = run.communicate(timeout=30)
        took_s = time.monotonic() - asked_s
        off = goes_off(bench)
        answer = ask(bench.address("source"), b"SSM\r", b"\r")
    return {"status": run.returncode, "errors": errors, "took_s": took_s, "on": on, "off": off, "source": answer}


def stop_while_a_load_settles(folder, number):
    """A signal in the first seconds, long before anything is counted."""
    with EmulatedBench("--meter", "countis-e28", *EMULATE, cwd=folder) as bench:
        (folder / f"{number.name}.toml").write_text(bench.text)
        links = ["--bench", f"{number.name}.toml", "-o", f"{number.name}.h5"]
        run = start(*RUN, "--meter", "countis-e28", *links, cwd=folder)
        assert eventually(lambda: reference_reads(bench.address("reference"))["UL1"] > 200, within_s=15)
        run.send_signal(number)
        off = goes_off(bench)
        run.communicate(timeout=30)
        return {"status": run.returncode, "off": off}


def kill_and_run_again(folder):
    """A second operator while a run measures, a kill that leaves the source on, and the next run."""
    with EmulatedBench("--meter", "countis-e28", *EMULATE, cwd=folder) as bench:
        (folder / "killed.toml").write_text(bench.text)
        links = ["--meter", "countis-e28", "--bench", "killed.toml"]
        run = start(*RUN, *links, "-o", "killed.h5", "--json", cwd=folder)
        while json.loads(run.stdout.readline())["progress"] != "measuring":
            pass
        second = calrig(*RUN, *links, "-o", "second.h5", cwd=folder)
        run.kill()
        run.communicate(timeout=30)
        left_on = reference_reads(bench.address("reference"))["UL1"]
        options = ["--points", "Imax PF 1", "--transcript", "next.txt"]
        following = calrig(*RUN, *links, *options, "-o", "next.h5", cwd=folder)
    return {"second": second, "left_on": left_on, "following": following}


@pytest.fixture(scope="module")
def wires(tmp_path_factory):
    """Everything that takes real time, side by side. Returns (folder, results by name)."""
    folder = tmp_path_factory.mktemp("wires")
    with concurrent.futures.ThreadPoolExecutor() as threads:
        results = {
            "tcp": threads.submit(run_over, folder, "tcp", "countis-e28"),
            "ptys": threads.submit(run_over, folder, "ptys", "countis-e48"),
            "stopped": threads.submit(stop_in_mid_run, folder),
            "killed": threads.submit(kill_and_run_again, folder),
            **{number: threads.submit(stop_while_a_load_settles, folder, number) for number in POLITE_SIGNALS},
        }
    return folder, results


@pytest.mark.parametrize("links, meter", [("tcp", "countis-e28"), ("ptys", "countis-e48")])
def test_a_run_over_wires_agrees_with_the_twin(wires, links, meter):
    folder, results = wires
    done = results[links].result()
    assert (done.returncode, done.stderr) == (PASS, ""), done
    passes(*RUN, "--meter", meter, "--positions", 2, "-o", f"{links}-twin.h5", cwd=folder)
    over_wires, on_the_twin = measured(folder / f"{links}.h5"), measured(folder / f"{links}-twin.h5")
    assert len(over_wires) == 4 and over_wires.keys() == on_the_twin.keys()
    for key, (error, uncertainty) in over_wires.items():
        assert 0 < uncertainty < 0.1
        assert abs(error - on_the_twin[key][0]) <= uncertainty, key


@pytest.mark.parametrize("links", ["tcp", "ptys"])
def test_evidence_over_wires_follows_from_its_edges_and_says_what_it_is(wires, links):
    folder, results = wires
    results[links].result()
    rows = recompute(folder / f"{links}.h5")
    assert len(rows) == 4
    assert all(abs(stored - recomputed) <= 1e-9 for _, _, stored, recomputed in rows)
    with h5py.File(folder / f"{links}.h5", "r") as file:
        assert file.attrs["notice"] == "SIMULATED"
        assert file["entry"].attrs["clock"] == "real"
        meters = children(file["entry/meters"], "position_")
        assert [meter.attrs["register_verdict"] for meter in meters] == ["pass", "pass"]
        # Nobody knows the true error of a meter at the other end of a wire.
        assert all("true_error_percent" not in position.attrs for position in children(file["entry/point_000"], "position_"))


def test_ctrl_c_in_mid_run_switches_off_and_keeps_what_there_is(wires):
    folder, results = wires
    stopped = results["stopped"].result()
    assert min(stopped["on"][name] for name in ("UL1", "UL2", "UL3")) > 220
    assert min(stopped["on"][name] for name in ("IL1", "IL2", "IL3")) > 75
    assert stopped["status"] == BENCH_FAILED
    assert stopped["errors"] == "calrig: the run was aborted: stopped by the operator\n"
    assert stopped["took_s"] < 5
    assert stopped["off"]
    assert stopped["source"] == b"SSM00000000000000000000\r"
    with h5py.File(folder / "stopped.h5", "r") as file:
        assert file["entry"].attrs["aborted"]
        assert file["entry"].attrs["abort_reason"] == "stopped by the operator"
    assert "pass" not in verdicts(folder / "stopped.h5").values()
    done = calrig("report", "stopped.h5", "--html", "stopped.html", cwd=folder)
    assert done.returncode == BENCH_FAILED and "ABORTED: stopped by the operator" in done.stdout
    assert "stopped by the operator" in (folder / "stopped.html").read_text()


@pytest.mark.parametrize("number", POLITE_SIGNALS, ids=lambda number: number.name)
def test_a_signal_while_a_load_settles_switches_off_at_once(wires, number):
    _, results = wires
    early = results[number].result()
    assert early["off"]
    assert early["status"] == BENCH_FAILED


def measured(evidence):
    """{(point, position): (error, expanded uncertainty)}."""
    with h5py.File(evidence, "r") as file:
        return {
            (point.attrs["name"], position.attrs["position"]): (
                position.attrs["error_percent"],
                position.attrs["expanded_uncertainty_percent"],
            )
            for point in children(file["entry"], "point_")
            for position in children(point, "position_")
        }


def test_two_operators_do_not_drive_one_bench(wires):
    second = wires[1]["killed"].result()["second"]
    assert second.returncode == WRONG_INPUT
    assert "another calrig drives this bench" in second.stderr and second.stderr.count("\n") == 1


def test_a_source_that_a_killed_run_left_on_is_switched_off_first(wires):
    folder, results = wires
    killed = results["killed"].result()
    assert killed["left_on"] > 220
    assert killed["following"].returncode == PASS, killed["following"]
    switched = [line for line in (folder / "next.txt").read_text().splitlines() if "> SUI" in line]
    assert "SUIAAAAAAAAA" in switched[0] and "SUIEEE" in switched[1]
