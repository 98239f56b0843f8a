"""Somebody else's meter: a pymodbus server that holds the registers of a COUNTIS, on TCP or on a serial line.

    foreign_meter.py tcp PORT NAME UNIT...
    foreign_meter.py rtu PTY NAME UNIT...

Every unit states its own number at the end of its serial number and in its energies. Prints "ready" when it serves.
"""

import sys
import threading
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer

FIRST, LAST = 0x9000, 0xE200
IMPORT_WH, EXPORT_WH = 1_234_560, 70


def text(words, characters):
    """Two characters per register, padded with zeros."""
    padded = characters.ljust(2 * words, "\0").encode()
    return [padded[2 * i] << 8 | padded[2 * i + 1] for i in range(words)]


def double(value):
    return [value >> 16 & 0xFFFF, value & 0xFFFF]


def registers(name, unit):
    """{address: words} of one meter."""
    return {
        0xC350: [ord(c) for c in "SOCO"],
        0xC354: [100, 1, 101, 123, 0x2443, 0x1000 + unit, 0],
        0xC36E: text(4, "880100"),
        0xC37A: text(8, "SOCOMEC"),
        0xC382: text(8, "COUNTIS"),
        0xC38A: text(8, name),
        0xC55E: double(50_000 if name in ("COUNTIS E27", "COUNTIS E28") else 5_000),
        0xC558: double(23_000) * 3,
        0xC560: double(5_000) * 3,
        0xC6A0: [4, 1],
        0xC702: double(IMPORT_WH // 10 + unit) + double(0),
        0xC708: double(EXPORT_WH // 10) + double(0),
        0x9000: double(99_999_999),
        0xE001: [5, 5],
    }


def slave(name, unit):
    words = [0] * (LAST - FIRST)
    for address, values in registers(name, unit).items():
        words[address - FIRST : address - FIRST + len(values)] = values
    return ModbusSlaveContext(hr=ModbusSequentialDataBlock(FIRST, words), zero_mode=True)


def announce():
    time.sleep(1)
    print("ready", flush=True)


def main():
    transport, place, name, *units = sys.argv[1:]
    context = ModbusServerContext(slaves={int(unit): slave(name, int(unit)) for unit in units}, single=False)
    threading.Thread(target=announce, daemon=True).start()
    if transport == "tcp":
        StartTcpServer(context=context, address=("127.0.0.1", int(place)), ignore_missing_slaves=True)
    else:
        StartSerialServer(
            context=context,
            framer=ModbusRtuFramer,
            port=place,
            baudrate=9600,
            ignore_missing_slaves=True,
            broadcast_enable=True,
        )


if __name__ == "__main__":
    main()
