"""Forty meters at once, over TCP, on lines of ten, and both: all of them identified, tied to their heads, and judged."""

import concurrent.futures
import re

import h5py
import pytest

from command import BENCH_FAILED, PASS, bench_of, calrig, children, ends_off, meter_verdicts, passes, verdicts

FORTY = 40
TESTS = ["run", "eol-port", "--seed", 5]
TCP, RTU = "countis-e28", "countis-e43"
IDENTIFY = """
id = "identify-only"
title = "Identity"
limits = ["en50470-3-2006-a1-2018", "iec62053-21-2003"]

[[point]]
kind = "identify"
"""
# In the mix: one on a port of its own and one on a line, of both kinds of wrong.
MISCHIEF = ["--fault", "meter-silent:15@0", "--fault", "swapped-heads:3@0=33", "--fault", "swapped-ports:4=34"]
DEAD = ["--fault", "meter-silent:15@0"]


def with_two_lines(text):
    """That bench with meters 1 to 20 on two lines, and the others on ports of their own, whatever their type."""
    head, *positions = re.sub(r"\[\[bus\]\].*?\n\n", "", text, flags=re.S).split("[[position]]")
    lines = "".join(f'[[bus]]\nname = "{name}"\nlink = "twin"\nline = "19200,8E1"\n\n' for name in "XY")
    ports = [f'modbus-rtu:{"XY"[index // 10]},{index % 10 + 1}' if index < 20 else "twin" for index in range(FORTY)]
    moved = [re.sub(r'port = "[^"]*"', f'port = "{port}"', text) for port, text in zip(ports, positions, strict=True)]
    return "[[position]]".join([head + lines, *moved])


def run(folder, name, meter, *options):
    files = ["-o", f"{name}.h5", "--transcript", f"{name}.txt"]
    return calrig(*TESTS, "--meter", meter, *options, *files, cwd=folder)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Every run of forty, two at a time. Returns (folder, {name: finished process})."""
    folder = tmp_path_factory.mktemp("many")
    for meter in (TCP, RTU):
        passes("run", "imax-short", "--seed", 5, "--meter", meter, "--positions", FORTY, "-o", "bench.h5", cwd=folder)
        (folder / f"{meter}.toml").write_text(with_two_lines(bench_of(folder / "bench.h5")))
    twin, mix = ["--positions", FORTY], ["--bench", f"{TCP}.toml"]
    runs = {
        "tcp": (TCP, *twin),
        "rtu": (RTU, *twin),
        "mix": (TCP, *mix),
        "rtu-meters-in-a-mix": (RTU, "--bench", f"{RTU}.toml"),
        "tcp-dead": (TCP, *twin, *DEAD),
        "rtu-dead": (RTU, *twin, *DEAD),
        "mix-mischief": (TCP, *mix, *MISCHIEF),
    }
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        finished = threads.map(lambda name: run(folder, name, *runs[name]), runs)
        return folder, dict(zip(runs, finished))


def measured(evidence):
    """{position: (error, expanded uncertainty)} at Imax."""
    with h5py.File(evidence, "r") as file:
        point = children(file["entry"], "point_")[-1]
        return {
            position.attrs["position"]: (position.attrs["error_percent"], position.attrs["expanded_uncertainty_percent"])
            for position in children(point, "position_")
            if "error_percent" in position.attrs
        }


def bench_time_s(evidence):
    with h5py.File(evidence, "r") as file:
        return float(file["entry"].attrs["bench_time_s"])


@pytest.mark.parametrize("name", ["tcp", "rtu", "mix", "rtu-meters-in-a-mix"])
def test_forty_meters_are_identified_tied_to_their_heads_and_judged(many, name):
    folder, done = many
    assert (done[name].returncode, done[name].stderr) == (PASS, ""), done[name]
    assert "all 40 meters: PASS" in done[name].stdout
    found = verdicts(folder / f"{name}.h5")
    assert len(found) == 4 * FORTY and set(found.values()) == {"pass"}
    assert ends_off(folder / f"{name}.txt")
    with h5py.File(folder / f"{name}.h5", "r") as file:
        serials = [meter.attrs["serial"] for meter in children(file["entry/meters"], "position_")]
    assert serials == [str(24480001 + index) for index in range(FORTY)]


def test_each_line_of_ten_has_its_own_meters(many):
    folder, _ = many
    transcript = (folder / "rtu.txt").read_text()
    units = {bus: set(re.findall(rf"bus {bus} > \\x([0-9A-F]{{2}})\\x03", transcript)) for bus in "ABCD"}
    # A line feed and a tabulator are units 9 and 10; they are written as such.
    assert all({f"{unit:02X}" for unit in range(1, 9)} <= found for found in units.values()), units
    assert "bus E" not in transcript


def test_the_wires_do_not_change_an_error(many):
    """The same meters on ports of their own and on two lines: the LED does not know."""
    folder, _ = many
    apart, mixed = measured(folder / "tcp.h5"), measured(folder / "mix.h5")
    assert len(apart) == len(mixed) == FORTY
    for position, (error, uncertainty) in apart.items():
        assert abs(error - mixed[position][0]) <= uncertainty, position


@pytest.mark.parametrize("name, port", [("tcp", "twin meter 15"), ("rtu", "bus B, unit 5")])
def test_a_dead_meter_costs_its_own_position_only(many, name, port):
    folder, done = many
    dead = done[f"{name}-dead"]
    assert (dead.returncode, dead.stderr) == (BENCH_FAILED, ""), dead
    assert f"note: position 15: {port}: read 0xC350 (66 registers): no reply within 1 s\n" in dead.stdout
    found = meter_verdicts(folder / f"{name}-dead.h5")
    assert {position for position, (got, _) in found.items() if got != "pass"} == {"15"} and found["15"][0] == "invalid"
    healthy, others = measured(folder / f"{name}.h5"), measured(folder / f"{name}-dead.h5")
    assert others.keys() == healthy.keys() - {"15"}
    assert all(abs(error - healthy[position][0]) <= uncertainty for position, (error, uncertainty) in others.items())
    # Its time-out once, and the silence that a line needs after it; from then on it is not asked any more.
    assert bench_time_s(folder / f"{name}-dead.h5") - bench_time_s(folder / f"{name}.h5") < 3
    assert ends_off(folder / f"{name}-dead.txt")


def test_swapped_heads_swapped_ports_and_a_dead_meter_among_forty_are_named(many):
    folder, done = many
    mischief = done["mix-mischief"]
    assert (mischief.returncode, mischief.stderr) == (BENCH_FAILED, ""), mischief
    wiring = sorted(line.strip() for line in mischief.stdout.splitlines() if "WIRING" in line)
    assert wiring == [
        "WIRING: position 33: the head of position 33 sees the meter of position 3",
        "WIRING: position 34: the port of position 34 reads the meter of position 4",
        "WIRING: position 3: the head of position 3 sees the meter of position 33",
        "WIRING: position 4: the port of position 4 reads the meter of position 34",
    ]
    found = meter_verdicts(folder / "mix-mischief.h5")
    bad = {position: got for position, (got, _) in found.items() if got != "pass"}
    assert bad.keys() == {"3", "4", "15", "33", "34"} and set(bad.values()) <= {"suspect", "invalid"}
    assert measured(folder / "mix-mischief.h5").keys() == found.keys() - bad.keys()


def test_types_are_not_mixed_on_one_bench(tmp_path):
    """A run is of one type: meters of another are given up by name, their neighbours go on."""
    passes("run", "imax-short", "--meter", RTU, "--positions", 12, "-o", "a.h5", cwd=tmp_path)
    head, *positions = bench_of(tmp_path / "a.h5").split("[[position]]")
    others = [text.replace(" }", f', identifies_as = "{TCP}" }}') if index >= 10 else text for index, text in enumerate(positions)]
    (tmp_path / "mixed.toml").write_text("[[position]]".join([head, *others]))
    done = run(tmp_path, "b", RTU, "--bench", "mixed.toml")
    assert (done.returncode, done.stderr) == (BENCH_FAILED, ""), done
    found = meter_verdicts(tmp_path / "b.h5")
    assert [found[str(number + 1)][0] for number in range(12)] == 10 * ["pass"] + 2 * ["invalid"]
    for number in (11, 12):
        assert re.search(rf"position {number}: bus B, unit {number - 10}: .*is a COUNTIS E28, expected COUNTIS E43\n", done.stdout)


def asking_took_s(transcript):
    """(seconds, questions): what the meters were asked until they were left alone for two seconds."""
    talk = re.findall(r"^ *([\d.]+) twin meter \d+ ([<>]) ", transcript, re.M)
    times_s = [float(at_s) for at_s, _ in talk]
    last = next((index for index in range(1, len(talk)) if times_s[index] - times_s[index - 1] > 2), len(talk))
    return times_s[last - 1] - times_s[0], sum(direction == ">" for _, direction in talk[:last])


def test_identifying_forty_meters_over_tcp_takes_as_long_as_one(tmp_path):
    """Emulated meters answer at once, so each takes its time for one answer: time to be lost, if one waited for another."""
    (tmp_path / "identify.toml").write_text(IDENTIFY)
    took_s, asked, whole_s = {}, {}, {}
    for count in (1, FORTY):
        faults = [text for number in range(count) for text in ("--fault", f"meter-late:{number + 1}@0=0.9")]
        files = ["-o", f"{count}.h5", "--transcript", f"{count}.txt"]
        passes("run", "identify.toml", "--meter", TCP, "--positions", count, *faults, *files, cwd=tmp_path)
        took_s[count], asked[count] = asking_took_s((tmp_path / f"{count}.txt").read_text())
        whole_s[count] = bench_time_s(tmp_path / f"{count}.h5")
    assert asked[FORTY] == FORTY * asked[1] > FORTY
    assert 0.9 <= took_s[FORTY] <= 1.5 * took_s[1], took_s
    assert whole_s[FORTY] <= 1.01 * whole_s[1]
