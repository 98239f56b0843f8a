"""Other people's Modbus clients (pymodbus, mbpoll) read calrig's emulated meters and agree with the load."""

import math
import os
import pathlib
import shutil
import subprocess

import pytest
from pymodbus.client import ModbusTcpClient


ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CALRIG_BUILD_DIR", ROOT / "build" / "release"))
SERVER = (ROOT / BUILD) / "emulated_meter_server"
UNIT = 5

VOLTAGE_V, CURRENT_A, IMPORT_WH = 230.0, 5.0, 12_345_670
ACTIVE_W = 3 * VOLTAGE_V * CURRENT_A * 0.5
REACTIVE_VAR = 3 * VOLTAGE_V * CURRENT_A * math.sqrt(0.75)


@pytest.fixture(scope="module", params=["countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48"])
def meter(request):
    """(type id, TCP port) of an emulated meter in a process of its own."""
    assert SERVER.exists(), f"build emulated_meter_server first: {SERVER} is not there"
    command = [SERVER, request.param, str(VOLTAGE_V), str(CURRENT_A), "0.5 ind", str(IMPORT_WH)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield request.param, int(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture
def client(meter):
    with ModbusTcpClient("127.0.0.1", port=meter[1], timeout=2) as connected:
        yield connected


def registers(client, address, count):
    reply = client.read_holding_registers(address, count, slave=UNIT)
    assert not reply.isError(), reply
    return reply.registers


def unsigned(words):
    return words[0] << 16 | words[1]


def signed(words):
    value = unsigned(words)
    return value - (1 << 32) if value & 0x8000_0000 else value


def test_pymodbus_reads_the_maker_and_the_name(client, meter):
    assert "".join(map(chr, registers(client, 0xC350, 4))) == "SOCO"
    name = b"".join(word.to_bytes(2, "big") for word in registers(client, 0xC38A, 8)).rstrip(b"\0 ")
    assert name.decode().lower() == meter[0].replace("-", " ")


def test_pymodbus_reads_the_load(client, meter):
    block = registers(client, 0xC550, 62)

    def at(address):
        return block[address - 0xC550 : address - 0xC550 + 2]

    for phase in range(3):
        assert unsigned(at(0xC558 + 2 * phase)) == VOLTAGE_V * 100
        assert unsigned(at(0xC560 + 2 * phase)) == CURRENT_A * 1000
    assert signed(at(0xC568)) == math.floor(ACTIVE_W / 10)
    assert signed(at(0xC56A)) == math.floor(REACTIVE_VAR / 10)
    assert signed(at(0xC56E)) == 500
    assert unsigned(at(0xC552)) == math.floor(VOLTAGE_V * math.sqrt(3) * 100)
    direct = meter[0] in ("countis-e27", "countis-e28")
    assert unsigned(at(0xC55E)) == (50_000 if direct else 5_000)


def test_pymodbus_reads_energies_in_both_resolutions(client):
    fine = unsigned(registers(client, 0xC702, 2))
    coarse = unsigned(registers(client, 0xC652, 2))
    seconds_served_at_most = 600
    assert IMPORT_WH / 10 <= fine <= (IMPORT_WH + ACTIVE_W * seconds_served_at_most / 3600) / 10
    assert coarse == fine // 100
    assert unsigned(registers(client, 0xC708, 2)) == 0


def test_pymodbus_selects_a_tariff(client):
    assert not client.write_register(0xC6A1, 2, slave=UNIT).isError()
    assert registers(client, 0xC6A1, 1) == [2]
    assert not client.write_registers(0xC6A1, [1], slave=UNIT).isError()
    assert registers(client, 0xC6A1, 1) == [1]


def test_pymodbus_is_refused_with_the_exceptions_of_the_specification(client):
    assert client.read_holding_registers(0, 1, slave=UNIT).exception_code == 2
    assert client.write_register(0xC702, 1, slave=UNIT).exception_code == 2
    assert client.write_register(0xC6A1, 9, slave=UNIT).exception_code == 3
    assert client.read_input_registers(0xC350, 4, slave=UNIT).exception_code == 1


def test_pymodbus_finds_the_ratio_of_the_e48_sealed(client, meter):
    if meter[0] == "countis-e48":
        assert client.write_register(0xE002, 100, slave=UNIT).exception_code == 3
        assert registers(client, 0xE001, 2) == [5, 5]


def mbpoll(port, *arguments):
    assert shutil.which("mbpoll"), "install Debian's mbpoll"
    command = ["mbpoll", "-m", "tcp", "-a", str(UNIT), "-p", str(port), "-0", "-1", *arguments, "127.0.0.1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def polled(output):
    """{address: value} of mbpoll's lines such as "[50946]: \t1234567"."""
    values = {}
    for line in output.splitlines():
        if line.startswith("["):
            address, value = line.split(":", 1)
            values[int(address.strip("[]"))] = int(value.split()[0], 0)
    return values


def test_mbpoll_reads_the_load(meter):
    answer = mbpoll(meter[1], "-t", "4:int", "-B", "-r", str(0xC558), "-c", "3")
    assert answer.returncode == 0, answer.stderr
    assert polled(answer.stdout) == {0xC558: 23000, 0xC55A: 23000, 0xC55C: 23000}


def test_mbpoll_reads_the_energy(meter):
    answer = mbpoll(meter[1], "-t", "4:int", "-B", "-r", str(0xC702), "-c", "1")
    assert answer.returncode == 0, answer.stderr
    assert polled(answer.stdout)[0xC702] >= IMPORT_WH / 10


def test_mbpoll_is_refused_outside_the_map(meter):
    answer = mbpoll(meter[1], "-t", "4", "-r", "0", "-c", "1")
    assert "Illegal data address" in answer.stdout + answer.stderr
