"""Meters, ports and lines that do wrong: named with meter, register and reason, and nobody else pays for it."""

import re

import pytest

from command import (
    BENCH_FAILED,
    METER_FAILS,
    PASS,
    bench_of,
    calrig,
    ends_off,
    energised,
    left_nothing,
    meter_verdicts,
    passes,
    refused,
    verdicts,
)

# Everything that a port is needed for, in a minute of bench time.
PROGRAMME = """
id = "ports-and-imax"
title = "Identity, communication, Imax"
limits = ["en50470-3-2006-a1-2018", "iec62053-21-2003"]
attempts = 2

[[point]]
kind = "identify"
expect = { FIRMWARE }

[[point]]
kind = "communication"
reads = 3

[[point]]
kind = "accuracy"
current = ["Imax"]
power_factor = ["1"]
least_intervals = 10
least_time_s = 4
most_time_s = 60
"""
FIRMWARE = {
    "countis-e28": 'firmware_1 = "1.22"',
    "countis-e48": 'firmware_1 = "1.22"',
    "countis-e43": 'software_version = "1.00"',
}
METERS = sorted(FIRMWARE)
# Moments of that programme: when the meters are first asked, in "identify", and with the load on.
AT_FIRST_S, IN_IDENTIFY_S, UNDER_LOAD_S = 0, 16, 50

IDENTIFICATION = r"read 0xC350 \(66 registers\): "
ENERGIES = r"read 0xC702 \(10 registers\): "
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    7: "negative acknowledge",
    8: "memory parity error",
    9: "unknown exception",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}


def own_bench(meter, folder):
    """The twin of four meters; on lines of their own, or three on one line and the fourth on another."""
    passes("run", "imax-short", "--meter", meter, "--positions", 4, "-o", f"{meter}.h5", cwd=folder)
    text = bench_of(folder / f"{meter}.h5")
    if "modbus-rtu:A,4" not in text:
        return text
    line = re.search(r"\[\[bus\]\].*?\n\n", text, re.S).group()
    return text.replace(line, line + line.replace('"A"', '"B"')).replace("modbus-rtu:A,4", "modbus-rtu:B,1")


@pytest.fixture(scope="module")
def benches(tmp_path_factory):
    """{meter: text of its bench file}"""
    folder = tmp_path_factory.mktemp("benches")
    return {meter: own_bench(meter, folder) for meter in METERS}


@pytest.fixture
def attempt(benches, tmp_path):
    """A run of the programme: attempt(meter, *options, change=(old, new)) -> finished process."""

    def run(meter, *options, change=("", "")):
        assert change[0] in benches[meter]
        (tmp_path / "own.toml").write_text(PROGRAMME.replace("FIRMWARE", FIRMWARE[meter]))
        (tmp_path / "bench.toml").write_text(benches[meter].replace(*change, 1))
        files = ["--bench", "bench.toml", "--transcript", "t.txt", "-o", "a.h5"]
        return calrig("run", "own.toml", "--meter", meter, *files, *options, cwd=tmp_path)

    return run


def port_of(meter, position):
    return f"bus A, unit {position}: " if meter == "countis-e43" else f"twin meter {position}: "


def twin_of(benches, meter, position):
    """The line of the bench file that says what the meter at that position really is."""
    return re.findall(r"^twin = \{ gain.*$", benches[meter], re.M)[position - 1]


def harms_only(harmed, done, folder, said, verdict="invalid"):
    """The positions `harmed` have that verdict for that reason, which is printed; the others pass, and the bench is off."""
    assert (done.returncode, done.stderr) == (BENCH_FAILED, ""), done
    found = meter_verdicts(folder / "a.h5")
    assert {position: got for position, (got, _) in found.items()} == {
        position: verdict if position in harmed else "pass" for position in found
    }, done.stdout
    points = verdicts(folder / "a.h5")
    for position in harmed:
        assert any(re.search(said, reason) for reason in found[position][1]), found[position]
        assert re.search(rf"^ .*position {position}\b.*{said}", done.stdout, re.M), done.stdout
        assert "fail" not in [got for (_, name), got in points.items() if name == position]
    assert all(got == "pass" for (_, name), got in points.items() if name not in harmed)
    assert ends_off(folder / "t.txt")


# -- meters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meter", METERS)
def test_a_sound_bench_passes_this_programme(attempt, meter, tmp_path):
    done = attempt(meter)
    assert (done.returncode, done.stderr) == (PASS, ""), done
    assert {got for got, _ in meter_verdicts(tmp_path / "a.h5").values()} == {"pass"}
    assert ends_off(tmp_path / "t.txt")


@pytest.mark.parametrize(
    "meter, other",
    [(meter, f"countis-{other}") for meter in METERS for other in ("e27", "e43", "e47", "e48") if not meter.endswith(other)],
)
def test_a_meter_of_another_type(attempt, benches, meter, other, tmp_path):
    twin = twin_of(benches, meter, 2)
    done = attempt(meter, change=(twin, twin.replace(" }", f', identifies_as = "{other}" }}')))
    name = "COUNTIS " + other[-3:].upper()
    harms_only("2", done, tmp_path, rf"{port_of(meter, 2)}read 0xC350: is a {name}, expected COUNTIS {meter[-3:].upper()}")


@pytest.mark.parametrize("meter", METERS)
def test_a_meter_with_another_firmware(attempt, meter, tmp_path):
    done = attempt(meter, "--fault", "wrong-firmware:2")
    field, expected = FIRMWARE[meter].split(" = ")
    harms_only("2", done, tmp_path, f'{field} is "7.77" by its port, expected {expected}', verdict="suspect")


@pytest.mark.parametrize("meter", METERS)
def test_a_meter_with_twice_the_constant(attempt, meter, tmp_path):
    done = attempt(meter, "--fault", "wrong-constant:2")
    harms_only("2", done, tmp_path, r"0 missed and \d+ extra impulses", verdict="suspect")
    assert re.search(r"position 2: registers: the registers advanced by [\d.]+ kWh, the LED by [\d.]+ kWh\n", done.stdout)


def test_a_constant_that_is_not_far_off_is_an_error_that_the_registers_contradict(attempt, tmp_path):
    done = attempt("countis-e28", "--fault", "wrong-constant:2=700")
    assert (done.returncode, done.stderr) == (METER_FAILS, ""), done
    found = meter_verdicts(tmp_path / "a.h5")
    assert [found[position][0] for position in "1234"] == ["pass", "fail", "pass", "pass"]
    assert re.search(r"position 2 at Imax PF 1: fail: error -(29|30)\.\d+ %", done.stdout)
    assert re.search(r"position 2: registers: the registers advanced by [\d.]+ kWh, the LED by [\d.]+ kWh\n", done.stdout)


# -- ports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_s", [AT_FIRST_S, IN_IDENTIFY_S, UNDER_LOAD_S])
@pytest.mark.parametrize(
    "fault, said",
    [("silent", "no reply within 1 s"), ("late", "no reply within 1 s"), ("wrong-unit", "the reply is from unit 247")],
)
@pytest.mark.parametrize("meter", METERS)
def test_a_port_that_fails(attempt, meter, fault, said, at_s, tmp_path):
    done = attempt(meter, "--fault", f"meter-{fault}:2@{at_s}")
    harms_only("2", done, tmp_path, port_of(meter, 2) + rf"read 0x[0-9A-F]{{4}} \(\d+ registers\): {said}")


@pytest.mark.parametrize("code", EXCEPTIONS)
@pytest.mark.parametrize("meter", METERS)
def test_a_meter_that_refuses(attempt, meter, code, tmp_path):
    at_s = [AT_FIRST_S, IN_IDENTIFY_S, UNDER_LOAD_S][code % 3]
    done = attempt(meter, "--fault", f"meter-exception:2@{at_s}={code}")
    harms_only("2", done, tmp_path, port_of(meter, 2) + ENERGIES + rf"refused: {EXCEPTIONS[code]} \(exception {code}\)")


@pytest.mark.parametrize("at_s", [AT_FIRST_S, IN_IDENTIFY_S, UNDER_LOAD_S])
@pytest.mark.parametrize("meter", METERS)
def test_a_value_that_is_not_available(attempt, meter, at_s, tmp_path):
    done = attempt(meter, "--fault", f"meter-not-available:2@{at_s}")
    harms_only("2", done, tmp_path, port_of(meter, 2) + "read 0xC702: active_import_energy is not available")


# After a silence a line is left alone for two seconds in all; what comes later meets somebody else's reply.
LATE = [(meter, late_s) for meter in METERS for late_s in (1.001, 1.01, 1.5, 1.9, 2.5, 3.0) if late_s < 2 or meter != "countis-e43"]


@pytest.mark.parametrize("meter, late_s", LATE)
def test_a_late_reply_never_answers_a_later_request(attempt, meter, late_s, tmp_path):
    """It carries other registers, other energies or another serial: whoever believed it would not agree with the LED."""
    done = attempt(meter, "--fault", f"meter-late:2@{IN_IDENTIFY_S}={late_s}")
    harms_only("2", done, tmp_path, port_of(meter, 2) + IDENTIFICATION + "no reply within 1 s")
    # It was there again for everything that followed, and said what was true.
    assert re.search(r"  2 \(\d+\): INVALID, registers agree with the LED\n", done.stdout), done.stdout
    assert verdicts(tmp_path / "a.h5")["communication", "2"] == "pass"


# -- lines --------------------------------------------------------------------------------------------------------

LINE_FAULTS = [
    ("drop-byte", r"the reply broke off after \d+ of \d+ bytes"),
    ("double-byte", r"the reply is garbled: the checksum is wrong \(\d+ bytes, expected \d+\)"),
    ("noise", r"the reply is garbled: .*\(\d+ bytes, expected \d+\)"),
]


@pytest.mark.parametrize("at_s", [AT_FIRST_S, IN_IDENTIFY_S, UNDER_LOAD_S])
@pytest.mark.parametrize("fault, said", LINE_FAULTS)
def test_a_line_that_damages_a_byte(attempt, fault, said, at_s, tmp_path):
    """The next to answer is the first of the line, whoever the fault was given to."""
    done = attempt("countis-e43", "--fault", f"line-{fault}:2@{at_s}")
    harms_only("1", done, tmp_path, port_of("countis-e43", 1) + rf"read 0x[0-9A-F]{{4}} \(\d+ registers\): {said}")


@pytest.mark.parametrize("late_s", [1.97, 2.0, 2.05])
def test_a_reply_that_comes_when_the_next_meter_talks_is_a_collision(attempt, late_s, tmp_path):
    done = attempt("countis-e43", "--fault", f"meter-late:2@{IN_IDENTIFY_S}={late_s}")
    said = IDENTIFICATION + "(no reply within 1 s|the reply is garbled: .*)"
    harms_only("23", done, tmp_path, r"bus A, unit \d: " + said)


@pytest.mark.parametrize("late_s", [2.5, 3.0, 3.5])
def test_a_reply_far_too_late_is_believed_by_nobody(attempt, late_s, tmp_path):
    done = attempt("countis-e43", "--fault", f"meter-late:2@{IN_IDENTIFY_S}={late_s}")
    found = meter_verdicts(tmp_path / "a.h5")
    assert found["2"][0] == "invalid" and {verdict for verdict, _ in found.values()} == {"pass", "invalid"}
    assert len(re.findall("registers agree with the LED", done.stdout)) == len(found)
    harmed = [position for position, (verdict, _) in found.items() if verdict == "invalid"]
    assert len(harmed) <= 2
    assert all(re.search(rf"position {position} at .*bus A, unit {position}: read 0x", done.stdout) for position in harmed)


@pytest.mark.parametrize("at_s", [AT_FIRST_S, IN_IDENTIFY_S, UNDER_LOAD_S])
def test_an_adapter_that_echoes_costs_its_own_line(attempt, at_s, tmp_path):
    done = attempt("countis-e43", "--fault", f"line-echo:2@{at_s}")
    said = r"bus A, unit \d: read 0x\w{4} \(\d+ registers\): the adapter echoes what it sends: set echoes = true"
    harms_only("123", done, tmp_path, said)


def test_an_adapter_that_is_known_to_echo(attempt, tmp_path):
    line = 'line = "9600,8E1"'
    done = attempt("countis-e43", change=(line, line + "\nechoes = true"))
    assert (done.returncode, done.stderr) == (PASS, ""), done


def test_meters_with_other_line_settings_cost_their_own_line(attempt, tmp_path):
    line = 'line = "9600,8E1"'
    done = attempt("countis-e43", change=(line, line + '\ntwin.line = "19200,8E1"'))
    harms_only("123", done, tmp_path, r"bus A, unit \d: " + IDENTIFICATION + "no reply within 1 s")


def test_two_meters_with_one_address(attempt, tmp_path):
    done = attempt("countis-e43", "--fault", "unit-conflict:2=1")
    said = IDENTIFICATION + "(the reply is garbled: .*two meters with one unit|no reply within 1 s)"
    harms_only("12", done, tmp_path, r"bus A, unit \d: " + said)
    assert re.search("position 1: .*two meters with one unit", done.stdout)


# -- bench files --------------------------------------------------------------------------------------------------

BAUDS = "4800, 9600, 19200 or 38400 baud"
FRAMINGS = "8N1, 8E1, 8O1 or 8N2"


@pytest.mark.parametrize(
    "line, expected",
    [
        *[(f'"{baud},8E1"', f'expected {BAUDS}, got "{baud}"') for baud in (0, 1200, 9601, 57600, 115200, -9600, 9600.5, "fast")],
        *[(f'"9600,{form}"', f'expected {FRAMINGS}, got "{form}"') for form in ("7E1", "8E2", "8X1", "8n1", "8E1,")],
        ('"9600"', 'expected BAUD,FRAMING such as 9600,8E1, got "9600"'),
        ('""', "expected BAUD,FRAMING such as 9600,8E1"),
        ("9600", "expected a text, got 9600"),
    ],
)
def test_a_line_that_does_not_exist(attempt, benches, line, expected, tmp_path):
    where = benches["countis-e43"].split('line = "9600,8E1"')[0].count("\n") + 1
    refused(attempt("countis-e43", change=('line = "9600,8E1"', f"line = {line}")), expected)
    refused(attempt("countis-e43", change=('line = "9600,8E1"', f"line = {line}")), f"bench.toml:{where}: bus.line: ")
    assert not (tmp_path / "t.txt").exists() or not energised(tmp_path / "t.txt")
    assert left_nothing(tmp_path, "a.h5")


@pytest.mark.parametrize(
    "port, expected",
    [
        ("modbus-rtu:A,1", "expected a unit of its own, got unit 1 on bus A for positions '1' and '2'"),
        ("modbus-rtu:C,2", "expected a bus of this bench (A, B), got 'C'"),
        ("modbus-rtu:A,0", "expected modbus-rtu:BUS,UNIT with a unit from 1 to 247"),
        ("modbus-rtu:A,248", "expected modbus-rtu:BUS,UNIT with a unit from 1 to 247"),
        ("modbus-rtu:A", "expected modbus-rtu:BUS,UNIT"),
        ("modbus-tcp:127.0.0.1:0,1", "expected a port from 1 to 65535"),
        ("modbus-tcp:127.0.0.1:65536,1", "expected a port from 1 to 65535"),
        ("modbus-tcp:127.0.0.1:502,0", "expected a unit from 1 to 247"),
    ],
)
def test_a_port_that_cannot_be(attempt, benches, port, expected, tmp_path):
    where = benches["countis-e43"].split("modbus-rtu:A,2")[0].count("\n") + 1
    done = attempt("countis-e43", change=("modbus-rtu:A,2", port))
    refused(done, expected)
    assert f"bench.toml:{where}: position.port: " in done.stderr
    assert left_nothing(tmp_path, "a.h5")


@pytest.mark.parametrize("fault", ["unit-conflict:2=1", "line-echo:2@0", "line-noise:2@3"])
def test_a_fault_of_a_line_needs_a_line(attempt, fault, tmp_path):
    refused(attempt("countis-e28", "--fault", fault), "expected a position on a bus of the twin")
    assert left_nothing(tmp_path, "a.h5")
