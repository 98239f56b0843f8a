"""Disks and devices that fail: one clear line, status 3, the bench off, never a PASS."""

import json
import os
import re
import resource
import subprocess

import h5py
import pytest

from command import (
    PLAIN,
    SHORT,
    BENCH_FAILED,
    PASS,
    EmulatedBench,
    bench_of,
    calrig,
    children,
    energised,
    eventually,
    left_nothing,
    passes,
    reference_reads,
    refused,
    verdicts,
)

# -- the disk -----------------------------------------------------------------------------------------------------


def files_up_to(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_disk_that_is_full_for_the_report_leaves_the_journal(tmp_path):
    passes(*SHORT, "-o", "whole.h5", cwd=tmp_path)
    journal_needs = 40_000
    assert (tmp_path / "whole.h5").stat().st_size > 2 * journal_needs
    done = calrig(*SHORT, "-o", "a.h5", cwd=tmp_path, preexec_fn=files_up_to(2 * journal_needs))
    refused(done, "calrig recover a.h5.journal", BENCH_FAILED)
    assert "large" in done.stderr or "space" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5.journal", "whole.h5"]
    passes("recover", "a.h5.journal", cwd=tmp_path)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_a_disk_that_has_no_room_for_the_beginning_is_found_before_anything_is_on(tmp_path):
    done = calrig(*SHORT, "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path, preexec_fn=files_up_to(8_000))
    refused(done, "a.h5.journal")
    assert not energised(tmp_path / "t.txt")
    assert left_nothing(tmp_path, "a.h5")


def test_a_disk_that_fills_up_in_mid_run_ends_it(tmp_path):
    passes(*SHORT, "-o", "twin.h5", cwd=tmp_path)
    (tmp_path / "bench.toml").write_text(bench_of(tmp_path / "twin.h5").replace('"virtual"', '"real"'))
    with h5py.File(tmp_path / "twin.h5", "r") as file:
        texts = [file["entry/plan"][name].asstr()[()] for name in file["entry/plan"]]
    beginning = sum(len(json.dumps(text)) for text in texts)
    limit = files_up_to(beginning + 1_500)
    done = calrig(*PLAIN, "--bench", "bench.toml", "-o", "a.h5", cwd=tmp_path, preexec_fn=limit)
    assert (done.returncode, done.stdout) == (BENCH_FAILED, ""), done
    assert done.stderr.count("\n") == 1 and "the run was aborted" in done.stderr, done.stderr
    recovered = calrig("recover", "a.h5.journal", cwd=tmp_path)
    assert recovered.returncode == BENCH_FAILED and "ABORTED" in recovered.stdout, recovered


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_real_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        done = calrig(*SHORT, "-o", disk / "a.h5", cwd=tmp_path)
        assert done.returncode == BENCH_FAILED, done
        assert done.stderr.count("\n") == 1 and "no space left" in done.stderr.lower()
        assert "PASS" not in done.stdout
        assert not (disk / "a.h5").exists()
        passes("recover", disk / "a.h5.journal", "-o", "a.h5", cwd=tmp_path)
    finally:
        subprocess.run(["umount", disk], check=True)


# -- devices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["zera-mt", "zera-zscpi", "ctag"])
def test_a_dead_tcp_port(twin, device, tmp_path):
    changed = re.sub(rf'(driver = "{device}"\nlink = )"twin"', r'\1"tcp:127.0.0.1:1"', twin)
    (tmp_path / "bench.toml").write_text(changed.replace('"virtual"', '"real"'))
    done = calrig(*PLAIN, "--bench", "bench.toml", "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path)
    refused(done, "tcp:127.0.0.1:1: connection refused", BENCH_FAILED)
    assert not energised(tmp_path / "t.txt")
    assert left_nothing(tmp_path, "a.h5")


def test_a_source_that_is_silent_from_the_start(tmp_path):
    done = calrig(*SHORT, "--fault", "source-silent@0", "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path)
    refused(done, "no answer", BENCH_FAILED)
    assert not energised(tmp_path / "t.txt")


def test_a_meter_that_is_not_the_type_claimed_gets_no_current(twin, tmp_path):
    (tmp_path / "bench.toml").write_text(twin.replace("jitter_us = 50", 'identifies_as = "countis-e27", jitter_us = 50'))
    done = calrig(*PLAIN, "--bench", "bench.toml", "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path)
    assert done.returncode == BENCH_FAILED
    assert done.stderr.count("\n") == 1 and "COUNTIS E27" in done.stderr, done.stderr
    # It must have voltage to say what it is, and that is all it gets.
    assert re.search(r"> SUIEEEPPP", (tmp_path / "t.txt").read_text()) is None
    assert "PASS" not in done.stdout
    assert set(verdicts(tmp_path / "a.h5").values()) == {"not_run"}


def test_one_meter_of_another_type_leaves_the_others_their_run(twin, tmp_path):
    changed = twin.replace("jitter_us = 50", 'identifies_as = "countis-e27", jitter_us = 50', 1)
    (tmp_path / "bench.toml").write_text(changed)
    done = calrig(*PLAIN, "--bench", "bench.toml", "-o", "a.h5", cwd=tmp_path)
    assert done.returncode == BENCH_FAILED
    assert "COUNTIS E27" in done.stdout
    found = verdicts(tmp_path / "a.h5")
    assert {found[key] for key in found if key[1] == "1"} == {"not_run"}
    assert {found[key] for key in found if key[1] == "2"} == {"pass"}


@pytest.mark.parametrize("at_s", [1, 3, 9, 14, 20, 27, 35, 48])
@pytest.mark.parametrize(
    "fault, said", [("source-nak", "NAK"), ("source-silent", "no answer"), ("source-trip", "amplifier error|NAK")]
)
def test_a_source_that_fails_in_mid_run(fault, said, at_s, tmp_path):
    done = calrig(*SHORT, "--fault", f"{fault}@{at_s}", "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path)
    assert done.returncode == BENCH_FAILED, done
    assert done.stderr.startswith("calrig: ") and done.stderr.count("\n") == 1, done.stderr
    assert re.search(said, done.stderr), done.stderr
    assert "PASS" not in done.stdout
    last = [line for line in (tmp_path / "t.txt").read_text().splitlines() if "> SUI" in line]
    assert not last or "> SUIAAAAAAAAA" in last[-1]
    if (tmp_path / "a.h5").exists():
        with h5py.File(tmp_path / "a.h5", "r") as file:
            assert file["entry"].attrs["aborted"] and file["entry"].attrs["verdict"] != "pass"
    else:
        assert left_nothing(tmp_path, "a.h5")


# In the first gate of the programme, when its edges count.
IN_GATE_S = 26


@pytest.mark.parametrize(
    "fault, said",
    [
        (f"flipped-bit@{IN_GATE_S}", "crc"),
        (f"lost-frame@{IN_GATE_S}", "frame \\d+ missing"),
        (f"lost-edge:1@{IN_GATE_S}", "polarity|counter mismatch"),
        (f"missed-edge:1@{IN_GATE_S}", "1 missed"),
        (f"extra-edge:1@{IN_GATE_S}", "1 extra"),
    ],
)
def test_a_damaged_edge_stream_is_named_and_never_changes_an_error(fault, said, tmp_path):
    passes(*SHORT, "--seed", 5, "-o", "sound.h5", cwd=tmp_path)
    done = calrig(*SHORT, "--seed", 5, "--fault", fault, "-o", "a.h5", cwd=tmp_path)
    assert done.returncode in (PASS, BENCH_FAILED) and done.stderr == "", done
    assert re.search(said, done.stdout), done.stdout
    sound, damaged = measured(tmp_path / "sound.h5"), measured(tmp_path / "a.h5")
    for key, (error, uncertainty, verdict) in damaged.items():
        if verdict == "pass":
            assert abs(error - sound[key][0]) <= uncertainty, key
    # A PASS must rest on a gate that was taken anew, or on edges that counters prove complete.
    if done.returncode == PASS:
        assert re.search(r"repeated at Imax PF 1 \(.*1.*\)|impulses by the counters", done.stdout), done.stdout


def measured(evidence):
    """{(point, position): (error, uncertainty, verdict)} of what has an error."""
    with h5py.File(evidence, "r") as file:
        return {
            (point.attrs["name"], position.attrs["position"]): (
                position.attrs["error_percent"],
                position.attrs["expanded_uncertainty_percent"],
                position.attrs["verdict"],
            )
            for point in children(file["entry"], "point_")
            for position in children(point, "position_")
            if "error_percent" in position.attrs
        }


@pytest.mark.parametrize("fault", ["bounce:1@14", "dead-head:1@14", "capture-silent@14", "reference-silent@14", "meter-silent:1@1"])
def test_what_lasts_is_never_a_pass(fault, tmp_path):
    done = calrig(*SHORT, "--fault", fault, "-o", "a.h5", cwd=tmp_path)
    assert done.returncode == BENCH_FAILED, done
    assert done.stderr.count("\n") <= 1
    assert not done.stdout.splitlines()[-2].startswith("PASS")


def test_an_aborted_run_leaves_an_emulated_bench_off(tmp_path):
    arguments = ["--meter", "countis-e28", "--positions", 1, "--fault", "capture-silent@8"]
    with EmulatedBench(*arguments, cwd=tmp_path) as bench:
        (tmp_path / "bench.toml").write_text(bench.text)
        done = calrig(*PLAIN, "--bench", "bench.toml", "-o", "a.h5", cwd=tmp_path)
        assert done.returncode == BENCH_FAILED and "silent" in done.stderr, done
        assert eventually(lambda: max(reference_reads(bench.address("reference")).values()) < 0.1)
