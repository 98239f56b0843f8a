"""Wrong commands and wrong files: one clear line, status 2, nothing energised, nothing lost."""

import os
import re
import subprocess

import pytest

from command import (
    PLAIN,
    SHORT,
    BENCH_FAILED,
    METER_TYPES,
    PROGRAMMES,
    EmulatedBench,
    calrig,
    energised,
    left_nothing,
    passes,
    refused,
)

# -- the command line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ([], "expected a command (run, plan, report, recover, emulate, list, find-meters), got nothing"),
        (["measure"], "expected a command (run, plan, report, recover, emulate, list, find-meters), got 'measure'"),
        (["run"], "programme is required"),
        (["run", "imax-short"], "--meter is required"),
        ([*PLAIN, "--loud"], "--loud"),
        ([*PLAIN, "extra"], "extra"),
        (["run", "imax", "--meter", "countis-e28"], "eol-port, countis-port-tests, imax-short"),
        (["run", "imax.toml", "--meter", "countis-e28"], "imax.toml"),
        (["run", "imax-short", "--meter", "countis"], "countis-e27, countis-e28, countis-e43, countis-e47, countis-e48"),
        ([*PLAIN, "--positions", "0"], "1 to 80"),
        ([*PLAIN, "--positions", "81"], "1 to 80"),
        ([*PLAIN, "--positions", "two"], "1 to 80"),
        ([*PLAIN, "--seed", "-1"], "expected a whole number from 0, got '-1'"),
        ([*PLAIN, "--seed", "lucky"], "expected a whole number from 0"),
        ([*PLAIN, "--rule", "kind"], "expected simple or guard"),
        ([*PLAIN, "--limits", "iec"], "en50470-3-2006-a1-2018"),
        ([*PLAIN, "--points", "Imax"], "Imax PF 1, Imax PF 0.5 ind"),
        ([*PLAIN, "--fault", "gremlin@3"], "source-nak"),
        ([*PLAIN, "--fault", "lost-edge@3"], "expected a position"),
        ([*PLAIN, "--fault", "lost-edge:9@3"], "got '9'"),
        ([*PLAIN, "--fault", "lost-edge:1@soon"], "expected KIND[:POSITION]"),
        ([*PLAIN, "--bench", "none.toml"], "none.toml"),
        ([*PLAIN, "--bench", "none.toml", "--positions", "2"], "--positions"),
        ([*PLAIN, "--rerun", "none.h5"], "none.h5"),
        ([*PLAIN, "--rerun", "rubbish"], "rubbish"),
        ([*PLAIN, "--html", "a.h5"], "expected a file of its own"),
        (["report", "none.h5"], "none.h5"),
        (["report", "rubbish"], "expected the evidence of a run"),
        (["recover", "none.h5.journal"], "none.h5.journal"),
        (["recover", "rubbish", "-o", "b.h5"], "rubbish"),
        (["recover", "rubbish"], "-o"),
        (["list"], "required"),
        (["list", "birds"], "expected meters, registers, programmes, limits, drivers, faults or ports, got 'birds'"),
        (["emulate", "--meter", "countis"], "countis-e27"),
        (["plan", "imax-short"], "--meter is required"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_a_wrong_command_is_refused_in_one_line(arguments, expected, tmp_path):
    (tmp_path / "rubbish").write_text("neither evidence nor a journal\n")
    output = ["-o", "a.h5"] if arguments[:1] == ["run"] else []
    refused(calrig(*arguments, *output, cwd=tmp_path), expected)
    assert left_nothing(tmp_path, "a.h5", "b.h5")


def test_a_line_stays_one_line_whatever_the_argument(tmp_path):
    refused(calrig(*PLAIN, "--rule", "two\nlines", cwd=tmp_path), "two\\x0Alines")


# -- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "find, replace, expected",
    [
        (r"led_channel = 2", "led_channel = 1", "bench.toml:38: position.led_channel: expected a channel of its own"),
        (r"led_channel = 2", "led_channel = 0", "which is the reference's"),
        (r"led_channel = 2", "led_channel = 200", "led_channel: expected an integer from 0 to 126, got 200"),
        (r"led_channel = 2", "led_channel = two", "bench.toml:38"),
        (r'name = "2"', 'name = "1"', "expected a name of its own"),
        (r'driver = "ctag"', 'driver = "stopwatch"', "capture.driver: expected one of ctag, got 'stopwatch'"),
        (r'driver = "zera-mt"', 'driver = "zera-mt"\ncolour = "grey"', "colour: unknown key"),
        (r'driver = "zera-mt"', 'driver = "zera-mt"\nmodel = "MT1"', "MT786"),
        (r'clock = "virtual"', 'clock = "virtual', "bench.toml:4"),
        (r'clock = "virtual"', 'clock = "sundial"', "bench.toml:4: bench.clock"),
        (r'link = "twin"', 'link = "tcp:localhost:4001"', "virtual time needs every device"),
        (r'port = "twin"', 'port = "modbus-tcp:localhost"', "position.port"),
        (r"\[\[position\]\][^$]*", "", "expected 1 to 80 positions, got 0"),
    ],
)
def test_a_wrong_bench_file_is_refused_with_its_line(twin, find, replace, expected, tmp_path):
    changed, count = re.subn(find, replace, twin, count=1)
    assert count == 1
    (tmp_path / "bench.toml").write_text(changed)
    refused(calrig(*PLAIN, "--bench", "bench.toml", "-o", "a.h5", cwd=tmp_path), expected)
    assert left_nothing(tmp_path, "a.h5")


@pytest.mark.parametrize(
    "find, replace, expected",
    [
        ("attempts", "atempts", "imax-short.toml:5: atempts: unknown key"),
        ('title = "', 'title = ', "imax-short.toml:3"),
        ('"accuracy"', '"beauty"', "kind"),
        ('"Imax"', '"Imux"', "Imux"),
        ("least_intervals = 10", "least_intervals = -5", "least_intervals"),
    ],
)
def test_a_wrong_programme_is_refused_with_its_line(find, replace, expected, tmp_path):
    text = (PROGRAMMES / "imax-short.toml").read_text()
    assert find in text
    (tmp_path / "imax-short.toml").write_text(text.replace(find, replace, 1))
    refused(calrig("run", "imax-short.toml", "--meter", "countis-e28", "-o", "a.h5", cwd=tmp_path), expected)
    assert left_nothing(tmp_path, "a.h5")


def own_meter(folder, ampere, volt=288):
    """A COUNTIS E28 that would bear more than any."""
    text = (METER_TYPES / "countis-e28.toml").read_text()
    for find, replace in [
        ("maximum_a = 80", f"maximum_a = {ampere}"),
        ("current_a = 80", f"current_a = {ampere}"),
        ("voltage_v = 288", f"voltage_v = {volt}"),
    ]:
        assert find in text
        text = text.replace(find, replace, 1)
    (folder / "own.toml").write_text(text)
    return "own.toml"


def own_programme(folder, voltage="Un", current="Imax"):
    text = (PROGRAMMES / "imax-short.toml").read_text()
    text = text.replace('current = ["Imax"]', f'voltage = "{voltage}"\ncurrent = ["{current}"]')
    (folder / "programme.toml").write_text(text)
    return "programme.toml"


@pytest.mark.parametrize("ampere", ["95 A", "5000 A"])
def test_a_current_above_the_meters_limit_is_refused(ampere, tmp_path):
    programme = own_programme(tmp_path, current=ampere)
    done = calrig("run", programme, "--meter", "countis-e28", "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path)
    refused(done, "above the meter's limit of 80 A")
    assert left_nothing(tmp_path, "a.h5", "t.txt")


@pytest.mark.parametrize(
    "volt, ampere, bench, expected",
    [
        ("Un", 500, None, "current 500 A is above the source's limit of 120 A"),
        ("300 V", None, None, "voltage 300 V is above the meter's limit of 288 V"),
        ("330 V", 80, ("zera-mt", "VU220"), "voltage 330 V is above the source's limit of 320 V"),
        ("Un", None, ("zera-zscpi", "MT310s2"), "A is above the reference's limit of"),
    ],
)
def test_a_load_beyond_a_limit_is_refused_before_anything_is_on(twin, volt, ampere, bench, expected, tmp_path):
    programme = own_programme(tmp_path, voltage=volt)
    meter = own_meter(tmp_path, ampere, volt=400) if ampere else "countis-e28"
    model = twin.replace(f'driver = "{bench[0]}"', f'driver = "{bench[0]}"\nmodel = "{bench[1]}"') if bench else twin
    (tmp_path / "bench.toml").write_text(model)
    done = calrig("run", programme, "--meter", meter, "--bench", "bench.toml", "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path)
    refused(done, expected)
    assert not energised(tmp_path / "t.txt")
    assert left_nothing(tmp_path, "a.h5")


@pytest.mark.parametrize("option", ["-o", "--html", "--transcript"])
@pytest.mark.parametrize(
    "path, expected", [("nowhere/x", "nowhere/x"), ("/proc/x", "/proc/x"), (".", "expected a file, got a folder")]
)
def test_what_cannot_be_written_is_found_before_anything_is_on(option, path, expected, tmp_path):
    others = [("-o", "a.h5"), ("--html", "a.html"), ("--transcript", "t.txt")]
    options = [word for name, file in others for word in (name, path if name == option else file)]
    refused(calrig(*SHORT, *options, cwd=tmp_path), expected)
    transcript = tmp_path / "t.txt"
    assert not transcript.exists() or not energised(transcript)
    assert left_nothing(tmp_path, "a.h5", "a.html")


def test_evidence_of_a_real_bench_is_not_replaced(twin, tmp_path):
    with EmulatedBench("--meter", "countis-e28", "--positions", 1, cwd=tmp_path) as bench:
        # Without the mark of an emulated bench its wires are as good as real ones.
        (tmp_path / "bench.toml").write_text(bench.text.replace("simulated = true\n", ""))
        aborted = calrig(
            *PLAIN, "--bench", "bench.toml", "-o", "real.h5", cwd=tmp_path, preexec_fn=lambda: stop_after(3)
        )
    assert aborted.returncode == BENCH_FAILED
    before = (tmp_path / "real.h5").read_bytes()
    refused(calrig(*SHORT, "-o", "real.h5", cwd=tmp_path), "holds the evidence of a real run")
    assert (tmp_path / "real.h5").read_bytes() == before
    passes(*SHORT, "-o", "real.h5", "--force", cwd=tmp_path)
    passes(*SHORT, "-o", "real.h5", cwd=tmp_path)  # what is simulated may be replaced


def test_a_real_bench_whose_reference_is_overdue_is_refused_before_anything_is_energised(tmp_path):
    with EmulatedBench("--meter", "countis-e28", "--positions", 1, cwd=tmp_path) as bench:
        # Without the mark of an emulated bench its wires are as good as real ones.
        real = bench.text.replace("simulated = true\n", "")
        (tmp_path / "bench.toml").write_text(re.sub(r"due = [\d-]+", "due = 2020-05-01", real))
        options = ["--bench", "bench.toml", "-o", "overdue.h5", "--transcript", "wires.txt"]
        refused(calrig(*PLAIN, *options, cwd=tmp_path), "was due on 2020-05-01")
    assert not (tmp_path / "overdue.h5").exists()
    assert not energised(tmp_path / "wires.txt")


def stop_after(seconds):
    """For a child process: an interrupt as from Ctrl-C, that much later."""
    pid = os.getpid()
    subprocess.Popen(["sh", "-c", f"sleep {seconds}; kill -INT {pid}"])


def test_another_file_at_the_output_is_not_replaced(tmp_path):
    (tmp_path / "letter.h5").write_text("dear reader\n")
    refused(calrig(*SHORT, "-o", "letter.h5", cwd=tmp_path), "letter.h5: lies there and is no evidence")
    assert (tmp_path / "letter.h5").read_text() == "dear reader\n"


def test_a_journal_that_was_left_is_not_replaced(tmp_path):
    (tmp_path / "a.h5.journal").write_bytes(b"what a killed run left")
    refused(calrig(*SHORT, "--transcript", "t.txt", "-o", "a.h5", cwd=tmp_path), "calrig recover a.h5.journal")
    assert (tmp_path / "a.h5.journal").read_bytes() == b"what a killed run left"
    assert left_nothing(tmp_path, "t.txt")
