"""The calrig command as other programs see it: processes, pipes, files and sockets."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import h5py

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALRIG = ROOT / os.environ.get("CALRIG_BUILD_DIR", "build/release") / "calrig"
PROGRAMMES = ROOT / "sequences" / "programmes"
METER_TYPES = ROOT / "dut" / "types"

PASS, METER_FAILS, WRONG_INPUT, BENCH_FAILED = 0, 1, 2, 3

# The shortest run there is, on any bench and on a twin of two meters.
PLAIN = ["run", "imax-short", "--meter", "countis-e28"]
SHORT = [*PLAIN, "--positions", 2]


def start(*arguments, cwd, **more):
    """A calrig process with pipes for its output."""
    command = [CALRIG, *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def calrig(*arguments, cwd, timeout=120, **more):
    """Runs calrig to its end."""
    command = [CALRIG, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, text=True, capture_output=True, timeout=timeout, **more)


def passes(*arguments, cwd, **more):
    """Runs calrig, which must pass and have nothing to complain about. Returns its standard output."""
    done = calrig(*arguments, cwd=cwd, **more)
    assert (done.returncode, done.stderr) == (PASS, ""), done
    return done.stdout


def bench_of(evidence):
    """The bench file a run was made with, as its evidence keeps it."""
    with h5py.File(evidence, "r") as file:
        return file["entry/plan/bench"].asstr()[()]


def verdicts(evidence):
    """{(point, position): verdict} of a run."""
    with h5py.File(evidence, "r") as file:
        entry = file["entry"]
        return {
            (point.attrs["name"], position.attrs["position"]): position.attrs["verdict"]
            for point in children(entry, "point_")
            for position in children(point, "position_")
        }


def meter_verdicts(evidence):
    """{position: (verdict, every reason given for it)} of a run's meters."""
    with h5py.File(evidence, "r") as file:
        points = children(file["entry"], "point_")
        meters = zip(children(file["entry/meters"], "position_"), *(children(point, "position_") for point in points))
        return {
            meter.attrs["position"]: (
                meter.attrs["verdict"],
                [group.attrs["reason"] for group in (meter, *positions) if group.attrs.get("reason")],
            )
            for meter, *positions in meters
        }


def children(group, prefix):
    return [group[name] for name in sorted(group) if name.startswith(prefix)]


class EmulatedBench:
    """`calrig emulate` for the length of a with statement."""

    def __init__(self, *arguments, cwd):
        self.process = start("emulate", *arguments, cwd=cwd)
        lines = []
        for line in self.process.stdout:
            if line.startswith("# ready"):
                break
            lines.append(line)
        self.text = "".join(lines)
        assert "[source]" in self.text, self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.errors = self.process.communicate(timeout=10)[1]

    def address(self, device):
        """(host, port) of the source, the reference or the capture."""
        host, port = re.search(rf'\[{device}\][^\[]*?"tcp:([\d.]+):(\d+)"', self.text).groups()
        return host, int(port)

    def meters(self):
        """[(host, port, unit)] of the meters' own Modbus TCP ports."""
        found = re.findall(r'"modbus-tcp:([\d.]+):(\d+),(\d+)"', self.text)
        return [(host, int(port), int(unit)) for host, port, unit in found]

    def with_ptys(self):
        """The bench file with source and capture on their ptys."""
        return re.sub(r'"tcp:[\d.:]+"( +)# or "(pty:[^"]+)"', r'"\2"\1#', self.text)


def ask(address, question, end):
    """One question to a device on TCP, and its answer."""
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(question)
        answer = b""
        while not answer.endswith(end):
            piece = connection.recv(4096)
            assert piece, (question, answer)
            answer += piece
    return answer


def reference_reads(address):
    """{"UL1": 230.0, ..., "IL3": 80.0}: RMS values as the emulated reference measures them."""
    answer = ask(address, b"MEASURE:RMS1?\n", b"\n").decode()
    return {name: float(value) for name, value in re.findall(r"RMS1:([UI]L\d):\[[VA]\]:([^;]+);", answer)}


def eventually(condition, within_s=5):
    """Waits until a condition holds; the last look decides."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def refused(done, expected, status=WRONG_INPUT):
    """One line on standard error that says what was expected; nothing on standard output."""
    assert (done.returncode, done.stdout) == (status, ""), done
    assert done.stderr.startswith("calrig: ") and done.stderr.count("\n") == 1, done.stderr
    assert expected in done.stderr, done.stderr


def energised(transcript):
    """Whether the source was ever told to switch a channel on: "SUIEEEPPPAAA" is on, all A is off."""
    return re.search(r"> SUI(?!A{9})", pathlib.Path(transcript).read_text()) is not None


def ends_off(transcript):
    """Whether the last thing the source was told to switch is everything off."""
    return re.findall(r"> SUI(\w{9})", pathlib.Path(transcript).read_text())[-1] == "A" * 9


def left_nothing(folder, *names):
    """Neither evidence nor a journal of a run that never began."""
    return not [name for name in names for path in (name, name + ".journal") if (folder / path).exists()]
