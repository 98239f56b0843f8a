"""Other people's Modbus on a serial line, as clients and as servers: pymodbus and mbpoll against calrig's RS485 line,
calrig's client against pymodbus's meters, RTU and TCP."""

import contextlib
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import threading
import time
import tty

import pytest
from pymodbus.client import ModbusSerialClient

from command import EmulatedBench, calrig

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / os.environ.get("CALRIG_BUILD_DIR", "build/release")
sys.path.insert(0, str(BUILD / "python"))

UNITS = [1, 2, 3]
TURNAROUND_S = 0.2  # what the specification leaves the meters after a broadcast; pymodbus does not wait
SOCO = [ord(c) for c in "SOCO"]
FOREIGN_SERIAL = "2443{:04x}"
FOREIGN_IMPORT_WH, FOREIGN_EXPORT_WH = 1_234_560, 70

TWIN_BENCH = """
[bench]
name = "foreign meters"
clock = "real"

[source]
driver = "zera-mt"
link = "twin"

[reference]
driver = "zera-zscpi"
link = "twin"
certificate = { number = "R-1", expanded_uncertainty_percent = 0.02 }

[capture]
driver = "ctag"
link = "twin"
reference_channel = 0
"""


def position(number, port):
    return f'\n[[position]]\nname = "{number}"\nled_channel = {number}\nport = "{port}"\n'


# -- other people's clients on calrig's line ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """The pty of an emulated RS485 line with three meters."""
    folder = tmp_path_factory.mktemp("line")
    with EmulatedBench("--meter", "countis-e43", "--positions", len(UNITS), "--seed", 7, cwd=folder) as bench:
        yield re.search(r'"pty:([^"]+)"', bench.text[bench.text.index("[[bus]]") :]).group(1)


@contextlib.contextmanager
def pymodbus_on(path, **more):
    """A pty has no parity bit: asked for one, the system refuses."""
    client = ModbusSerialClient(port=path, baudrate=9600, timeout=1, **more)
    assert client.connect()
    try:
        yield client
    finally:
        client.close()


def registers(client, address, count, unit):
    reply = client.read_holding_registers(address, count, slave=unit)
    assert not reply.isError(), reply
    return reply.registers


def test_pymodbus_finds_every_meter_of_the_line_by_its_unit(line):
    with pymodbus_on(line) as client:
        serials = {tuple(registers(client, 0xC358, 3, unit)) for unit in UNITS}
        names = [registers(client, 0xC38A, 8, unit) for unit in UNITS]
        assert all(registers(client, 0xC350, 4, unit) == SOCO for unit in UNITS)
    assert len(serials) == len(UNITS)
    for words in names:
        assert b"".join(w.to_bytes(2, "big") for w in words).rstrip(b"\0 ").decode().upper() == "COUNTIS E43"


def test_nobody_answers_for_a_unit_that_is_not_on_the_line(line):
    with pymodbus_on(line, retries=0) as client:
        assert client.read_holding_registers(0xC350, 4, slave=9).isError()
        assert registers(client, 0xC350, 4, UNITS[0]) == SOCO


def test_exceptions_come_back_over_the_line(line):
    with pymodbus_on(line) as client:
        assert client.read_holding_registers(0, 1, slave=2).exception_code == 2
        assert client.write_register(0xC702, 1, slave=2).exception_code == 2
        assert client.read_input_registers(0xC350, 4, slave=2).exception_code == 1


def test_a_broadcast_of_the_tariff_reaches_every_meter_and_nobody_answers(line):
    with pymodbus_on(line, broadcast_enable=True) as client:
        for tariff in (3, 1):
            client.write_register(0xC6A1, tariff, slave=0)
            time.sleep(TURNAROUND_S)
            assert [registers(client, 0xC6A1, 1, unit) for unit in UNITS] == [[tariff]] * len(UNITS)


def test_one_meter_of_the_line_is_set_and_the_others_are_left_alone(line):
    with pymodbus_on(line) as client:
        assert not client.write_register(0xC6A1, 2, slave=2).isError()
        assert [registers(client, 0xC6A1, 1, unit)[0] for unit in UNITS] == [1, 2, 1]
        assert not client.write_register(0xC6A1, 1, slave=2).isError()


def test_mbpoll_reads_each_meter_of_the_line(line):
    for unit in UNITS:
        command = ["mbpoll", "-m", "rtu", "-b", "9600", "-P", "even", "-a", str(unit), "-0", "-1", "-t", "4:hex"]
        done = subprocess.run([*command, "-r", str(0xC350), "-c", "4", line], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        assert re.findall(r"0x00([0-9A-F]{2})", done.stdout) == [f"{word:02X}" for word in SOCO]


# -- calrig's client and other people's meters ----------------------------------------------------------------------


@contextlib.contextmanager
def serial_cable():
    """Two ptys that are one cable: (path, path)."""
    ends = [os.openpty() for _ in range(2)]
    for _, slave in ends:
        tty.setraw(slave)
    masters = [master for master, _ in ends]
    stop_read, stop_write = os.pipe()

    def carry():
        while True:
            ready, _, _ = select.select([*masters, stop_read], [], [])
            if stop_read in ready:
                return
            for master in ready:
                os.write(masters[1 - masters.index(master)], os.read(master, 4096))

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield tuple(os.ttyname(slave) for _, slave in ends)
    finally:
        os.write(stop_write, b".")
        carrier.join()
        for descriptor in [*masters, *(slave for _, slave in ends), stop_read, stop_write]:
            os.close(descriptor)


@contextlib.contextmanager
def foreign_meters(transport, place, name, units):
    command = [sys.executable, str(HERE / "foreign_meter.py"), transport, str(place), name, *map(str, units)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().strip() == "ready"
            yield
        finally:
            process.kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_by_hand(folder, text, meter):
    """{position: (identity, {quantity: value})} as calrig's own client reads them."""
    import calrig as package

    (folder / "bench.toml").write_text(text)
    bench = package.Bench.from_file(folder / "bench.toml", meter=meter)
    quantities = ["active_import_energy", "active_export_energy", "voltage_l2", "tariff", "tariff_count"]
    return {
        position.name: (dict(position.identify()), {q.quantity: q.value for q in position.read(quantities)})
        for position in bench.positions
    }


def check_foreign(read, units):
    for unit in units:
        identity, values = read[str(unit)]
        serial = identity["serial_year_week"] + identity["serial_line"]
        assert serial.lower() == FOREIGN_SERIAL.format(0x1000 + unit), identity
        assert values == {
            "active_import_energy": FOREIGN_IMPORT_WH + 10 * unit,
            "active_export_energy": FOREIGN_EXPORT_WH,
            "voltage_l2": pytest.approx(230.0),
            "tariff": 1,
            "tariff_count": 4,
        }


def test_calrig_reads_the_meters_of_a_pymodbus_rtu_server(tmp_path):
    with serial_cable() as (ours, theirs), foreign_meters("rtu", theirs, "COUNTIS E43", UNITS):
        bus = f'\n[[bus]]\nname = "A"\nlink = "pty:{ours}"\nline = "9600,8E1"\n'
        text = TWIN_BENCH + bus + "".join(position(unit, f"modbus-rtu:A,{unit}") for unit in UNITS)
        check_foreign(read_by_hand(tmp_path, text, "countis-e43"), UNITS)


def test_calrig_reads_a_pymodbus_tcp_server(tmp_path):
    port = free_port()
    with foreign_meters("tcp", port, "COUNTIS E28", [5]):
        text = TWIN_BENCH + position(5, f"modbus-tcp:127.0.0.1:{port},5")
        check_foreign(read_by_hand(tmp_path, text, "countis-e28"), [5])


def test_find_meters_names_who_is_on_a_pymodbus_line(tmp_path):
    with serial_cable() as (ours, theirs), foreign_meters("rtu", theirs, "COUNTIS E43", [2, 3]):
        done = calrig("find-meters", "--link", f"pty:{ours}", "--lines", "9600,8E1", "--units", "1-4", cwd=tmp_path)
    assert done.returncode == 0, done
    assert done.stdout.upper().count("COUNTIS E43") == 2, done.stdout
    for unit in (2, 3):
        assert FOREIGN_SERIAL.format(0x1000 + unit) in done.stdout.lower(), done.stdout
