"""Other people's programs on `calrig emulate`: pymodbus and mbpoll read the meters, PyVISA the reference, a socket sets the source."""

import math
import re
import shutil
import subprocess

import pytest
from pymodbus.client import ModbusTcpClient

from command import EmulatedBench, ask, eventually, reference_reads


VOLT, AMPERE, SEED = 230.0, 40.0, 11
MAKER, VOLTAGE_L1, CURRENT_L1, ACTIVE_POWER, IMPORT = 0xC350, 0xC558, 0xC560, 0xC568, 0xC702


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """An emulated bench that a stranger has switched on through its source's own language."""
    folder = tmp_path_factory.mktemp("emulated")
    with EmulatedBench("--meter", "countis-e28", "--positions", 2, "--seed", SEED, cwd=folder) as emulated:
        source = emulated.address("source")
        for command, answer in [
            ("SFR50.00", "SOKFR"),
            ("SUPAER230.000000.00S230.000240.00T230.000120.00", "SOKUP"),
            ("SIPAAR040.000000.00S040.000240.00T040.000120.00", "SOKIP"),
            ("SUIEEEPPPAAA", "SOKUI"),
        ]:
            assert ask(source, f"{command}\r".encode(), b"\r") == f"{answer}\r".encode()
        assert eventually(lambda: abs(reference_reads(emulated.address("reference"))["IL3"] - AMPERE) < 0.04, 15)
        yield emulated


@pytest.fixture(params=[0, 1])
def meter(bench, request):
    return bench.meters()[request.param]


@pytest.fixture
def client(meter):
    with ModbusTcpClient(meter[0], port=meter[1], timeout=2) as connected:
        connected.unit = meter[2]
        yield connected


def registers(client, address, count):
    reply = client.read_holding_registers(address, count, slave=client.unit)
    assert not reply.isError(), reply
    return reply.registers


def unsigned(words):
    return words[0] << 16 | words[1]


def test_pymodbus_reads_what_the_source_was_set_to(client):
    assert "".join(map(chr, registers(client, MAKER, 4))) == "SOCO"
    for phase in range(3):
        volt = unsigned(registers(client, VOLTAGE_L1 + 2 * phase, 2)) / 100
        ampere = unsigned(registers(client, CURRENT_L1 + 2 * phase, 2)) / 1000
        assert volt == pytest.approx(VOLT, rel=0.01)
        assert ampere == pytest.approx(AMPERE, rel=0.01)
    assert unsigned(registers(client, ACTIVE_POWER, 2)) * 10 == pytest.approx(3 * VOLT * AMPERE, rel=0.01)


def test_pymodbus_sees_the_energy_grow_at_the_power_that_flows(client):
    before = unsigned(registers(client, IMPORT, 2))
    # 27.6 kW are one step of 10 Wh every 1.3 s.
    assert eventually(lambda: unsigned(registers(client, IMPORT, 2)) > before, within_s=5)


def mbpoll(meter, *arguments):
    assert shutil.which("mbpoll"), "install Debian's mbpoll"
    host, port, unit = meter
    command = ["mbpoll", "-m", "tcp", "-a", str(unit), "-p", str(port), "-0", "-1", *arguments, host]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_mbpoll_reads_what_the_source_was_set_to(meter):
    answer = mbpoll(meter, "-t", "4:int", "-B", "-r", str(VOLTAGE_L1), "-c", "6")
    assert answer.returncode == 0, answer.stderr
    values = [int(value) for value in re.findall(r"^\[\d+\]:\s+(-?\d+)", answer.stdout, re.MULTILINE)]
    hundredths, milliamperes = values[:3], values[4:]  # 0xC55E between them is the frequency
    assert all(value / 100 == pytest.approx(VOLT, rel=0.01) for value in hundredths)
    assert all(value / 1000 == pytest.approx(AMPERE, rel=0.01) for value in milliamperes)


def test_mbpoll_is_refused_outside_the_map(meter):
    answer = mbpoll(meter, "-t", "4", "-r", "0", "-c", "1")
    assert "Illegal data address" in answer.stdout + answer.stderr


@pytest.fixture
def reference(bench):
    """The emulated reference as PyVISA sees it."""
    pyvisa = pytest.importorskip("pyvisa", reason="install Debian's python3-pyvisa-py")
    pytest.importorskip("pyvisa_py", reason="install Debian's python3-pyvisa-py")
    host, port = bench.address("reference")
    manager = pyvisa.ResourceManager("@py")
    opened = manager.open_resource(
        f"TCPIP::{host}::{port}::SOCKET", read_termination="\n", write_termination="\n", timeout=5000
    )
    yield opened
    opened.close()
    manager.close()


def test_pyvisa_identifies_the_reference(reference):
    maker, model, serial, _ = reference.query("*IDN?").split(",")
    assert "ZERA" in maker and model.strip() == "COM5003" and serial.strip()
    assert reference.query("SYSTEM:ERROR?") == "+0,No error"


def test_pyvisa_measures_what_the_source_was_set_to(reference):
    answer = reference.query("MEASURE:RMS1?")
    values = {name: float(value) for name, value in re.findall(r"RMS1:([UI]L\d):\[[VA]\]:([^;]+);", answer)}
    assert all(values[f"UL{phase}"] == pytest.approx(VOLT, rel=0.001) for phase in (1, 2, 3))
    assert all(values[f"IL{phase}"] == pytest.approx(AMPERE, rel=0.001) for phase in (1, 2, 3))


def test_pyvisa_is_told_of_its_mistakes(reference):
    reference.write("MEASURE:NOTHING?")
    assert reference.query("SYSTEM:ERROR?").startswith("-100")
    assert reference.query("SYSTEM:ERROR?") == "+0,No error"


def test_two_programs_read_the_reference_side_by_side(bench, reference):
    by_socket = reference_reads(bench.address("reference"))["UL1"]
    by_visa = float(re.search(r"UL1:\[V\]:([^;]+);", reference.query("MEASURE:RMS1:UL1?")).group(1))
    assert math.isclose(by_socket, by_visa, rel_tol=1e-3)
