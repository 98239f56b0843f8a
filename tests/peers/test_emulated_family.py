"""All five meter types at the other end of wires: `calrig emulate` in one process, `calrig run` in another, both with a
faster time than the machine's."""

import concurrent.futures
import re

import h5py
import pytest

from command import PASS, EmulatedBench, calrig, children, ends_off, verdicts
from recompute import recompute

METERS = ["countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48"]
SEED = 7
# Bench seconds per second: a pause of the machine is so many times longer for the bench.
SPEED = {"sockets": 20, "ptys": 10}
FAST = {"countis-e43": 30, "countis-e28": 50}
# Processes wait most of the time; more at once would disturb each other.
AT_ONCE = 4


def over_wires(folder, meter, programme, links, speed, *options):
    """One whole run over an emulated bench of two meters. Returns the finished process."""
    name = f"{meter}-{programme}-{links}"
    with EmulatedBench("--meter", meter, "--positions", 2, "--seed", SEED, "--speed", speed, cwd=folder) as bench:
        text = bench.with_ptys() if links == "ptys" else with_sockets(bench.text)
        (folder / f"{name}.toml").write_text(text)
        files = ["--bench", f"{name}.toml", "-o", f"{name}.h5", "--transcript", f"{name}.txt"]
        return calrig("run", programme, "--meter", meter, "--seed", SEED, *files, *options, cwd=folder)


def with_sockets(text):
    """The bench file with its lines, too, on their TCP ports."""
    return re.sub(r'"(pty:[^"]+)"( +)# or "(tcp:[\d.:]+)"', r'"\3"\2#', text)


RUNS = [(meter, programme, links) for meter in METERS for programme in ("eol-port", "imax-short") for links in ("sockets", "ptys")]
VERIFICATIONS = [("countis-e43", "iec62053-21-verification", "sockets"), ("countis-e28", "en50470-3-verification", "sockets")]


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """(folder, {(meter, programme, links): future of the finished process})"""
    folder = tmp_path_factory.mktemp("family")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        done = {run: threads.submit(over_wires, folder, *run, FAST[run[0]]) for run in VERIFICATIONS}
        done |= {run: threads.submit(over_wires, folder, *run, SPEED[run[2]]) for run in RUNS}
    return folder, done


@pytest.mark.parametrize("meter, programme, links", RUNS + VERIFICATIONS)
def test_every_type_passes_over_wires(family, meter, programme, links):
    folder, done = family
    finished = done[meter, programme, links].result()
    assert (finished.returncode, finished.stderr) == (PASS, ""), finished
    name = f"{meter}-{programme}-{links}"
    assert set(verdicts(folder / f"{name}.h5").values()) == {"pass"}
    assert ends_off(folder / f"{name}.txt")
    with h5py.File(folder / f"{name}.h5", "r") as file:
        assert file.attrs["notice"] == "SIMULATED" and file["entry"].attrs["clock"] == "real"
        assert all(meter.attrs["register_verdict"] == "pass" for meter in children(file["entry/meters"], "position_"))
    assert all(abs(stored - again) <= 1e-9 for _, _, stored, again in recompute(folder / f"{name}.h5"))


@pytest.mark.parametrize("links", ["sockets", "ptys"])
def test_the_links_are_what_they_are_called(family, links):
    folder, _ = family
    text = (folder / f"countis-e43-eol-port-{links}.toml").read_text()
    assert text.count('link = "pty:') == (4 if links == "ptys" else 0)  # source, capture, position switch, line
