"""Somebody between calrig and the meters who damages what they say: one run meets every kind, each at a position of its own."""

import concurrent.futures
import re
import socket
import threading
import time

import pytest

from command import BENCH_FAILED, EmulatedBench, calrig, ends_off, meter_verdicts

SPEED, SEED = 20, 7
LATE_S = 1.5 / SPEED


class BetweenTheLines:
    """A TCP port that leads to another; `spoil(request, piece)` says what comes of the first piece of each reply."""

    def __init__(self, target, spoil):
        self.target, self.spoil, self.request = target, spoil, b""
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.door.accept()
            meter = socket.create_connection(self.target)
            for end in (client, meter):  # or a second small piece waits 40 ms for the first to be acknowledged
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.pass_on, args=(client, meter, self.note), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(meter, client, self.reply), daemon=True).start()

    def note(self, piece):
        self.request = piece
        return piece

    def reply(self, piece):
        request, self.request = self.request, b""
        return self.spoil(request, piece) if request else piece

    def pass_on(self, source, sink, changed):
        try:
            while piece := source.recv(4096):
                sink.sendall(changed(piece))
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def late(_, piece):
    time.sleep(LATE_S)
    return piece


def dropped(_, piece):
    return piece[:9] + piece[10:]


def doubled(_, piece):
    return piece[:5] + piece[4:]


def flipped(at):
    return lambda _, piece: piece[:at] + bytes([piece[at] ^ 0x10]) + piece[at + 1 :]


def cut(_, piece):
    return piece[:7]


# By position. What is left out is sound.
OVER_TCP = {
    2: (lambda request, piece: request + piece, "the reply "),
    3: (dropped, "no reply within 1 s|the reply broke off after|the reply does not answer|the reply is not Modbus TCP"),
    4: (doubled, "no reply within 1 s|the reply broke off after|the reply is not Modbus TCP"),
    5: (flipped(2), "the reply is not Modbus TCP"),
    6: (flipped(6), r"the reply is from unit \d+"),
    7: (late, "no reply within 1 s"),
    8: (lambda request, _: request[:4] + b"\0\3" + request[6:7] + b"\x83\x0B", r"refused: gateway .* \(exception 11\)"),
    9: (cut, "the reply broke off after 7 bytes"),
    10: (lambda *_: b"", "no reply within 1 s"),
}
OVER_RTU = {
    2: (dropped, r"the reply broke off after \d+ of \d+ bytes"),
    3: (doubled, "the reply is garbled: "),
    4: (flipped(1), "the reply "),
    5: (lambda _, piece: b"\x09" + piece[1:], "the reply "),
    7: (late, "no reply within 1 s"),
    8: (lambda *_: b"", "the reply |no reply within 1 s"),
}


def over_tcp(folder):
    """Twelve meters: each bad one behind a port of its own, and one where nobody listens."""
    with EmulatedBench("--meter", "countis-e28", "--positions", 12, "--seed", SEED, "--speed", SPEED, cwd=folder) as bench:
        text = bench.text
        ports = bench.meters()
        for position, (spoil, _) in OVER_TCP.items():
            host, port, unit = ports[position - 1]
            between = BetweenTheLines((host, port), spoil)
            text = text.replace(f'"modbus-tcp:{host}:{port},{unit}"', f'"modbus-tcp:{host}:{between.port},{unit}"')
        text = text.replace(f":{ports[10][1]},", ":1,")
        return run(folder, "tcp", "countis-e28", text)


def over_rtu(folder):
    """A line of ten behind a serial server that damages what some of its meters say."""

    def spoil(request, piece):
        return OVER_RTU[request[0]][0](request, piece) if request[0] in OVER_RTU else piece

    with EmulatedBench("--meter", "countis-e43", "--positions", 10, "--seed", SEED, "--speed", SPEED, cwd=folder) as bench:
        host, port = re.search(r'"pty:[^"]+" +# or "tcp:([\d.]+):(\d+)"\nline', bench.text).groups()
        between = BetweenTheLines((host, int(port)), spoil)
        text = re.sub(r'"pty:[^"]+" +# or "tcp:[\d.:]+"\nline', f'"tcp:127.0.0.1:{between.port}"\nline', bench.text)
        return run(folder, "rtu", "countis-e43", text)


def over_silent_adapter(folder):
    """The bench file says that the adapter echoes, and it does not."""
    with EmulatedBench("--meter", "countis-e43", "--positions", 2, "--seed", SEED, "--speed", SPEED, cwd=folder) as bench:
        return run(folder, "silent", "countis-e43", bench.text.replace('"9600,8E1"', '"9600,8E1"\nechoes = true'))


def run(folder, name, meter, text):
    (folder / f"{name}.toml").write_text(text)
    files = ["--bench", f"{name}.toml", "--transcript", f"{name}.txt", "-o", f"{name}.h5"]
    return calrig("run", "imax-short", "--meter", meter, "--seed", SEED, *files, cwd=folder)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """(folder, {"tcp", "rtu", "silent": finished process})"""
    folder = tmp_path_factory.mktemp("spoilt")
    with concurrent.futures.ThreadPoolExecutor() as threads:
        done = {"tcp": threads.submit(over_tcp, folder), "rtu": threads.submit(over_rtu, folder)}
        done["silent"] = threads.submit(over_silent_adapter, folder)
        return folder, {name: future.result() for name, future in done.items()}


@pytest.mark.parametrize("name, sound", [("tcp", {1, 12}), ("rtu", {1, 6, 9, 10})])
def test_the_sound_meters_pass_and_the_others_are_invalid(spoilt, name, sound):
    folder, done = spoilt
    assert (done[name].returncode, done[name].stderr) == (BENCH_FAILED, ""), done[name]
    found = meter_verdicts(folder / f"{name}.h5")
    assert {int(position) for position, (got, _) in found.items() if got == "pass"} == sound, done[name].stdout
    assert {got for got, _ in found.values()} == {"pass", "invalid"}
    assert ends_off(folder / f"{name}.txt")


@pytest.mark.parametrize(
    "name, position, said",
    [("tcp", position, said) for position, (_, said) in OVER_TCP.items()]
    + [("tcp", 11, "connection refused")]
    + [("rtu", position, said) for position, (_, said) in OVER_RTU.items()],
)
def test_each_is_named_with_its_port_and_its_reason(spoilt, name, position, said):
    _, done = spoilt
    port = r"modbus-tcp:127\.0\.0\.1:\d+,\d+" if name == "tcp" else f"bus A, unit {position}"
    where = "" if said == "connection refused" else r"read 0x[0-9A-F]{4} \(\d+ registers\): "
    assert re.search(rf"position {position}: {port}: {where}({said})", done[name].stdout), done[name].stdout


def test_an_adapter_that_does_not_echo_although_the_bench_file_says_so(spoilt):
    folder, done = spoilt
    assert done["silent"].returncode == BENCH_FAILED
    assert done["silent"].stderr.count("\n") == 1 and "bus A, unit 1: " in done["silent"].stderr
    for unit in (1, 2):
        said = rf"position {unit}: bus A, unit {unit}: read 0xC350 \(66 registers\): the echo is not what was sent: .*echoes is set"
        assert re.search(said, done["silent"].stdout), done["silent"].stdout
    assert {got for got, _ in meter_verdicts(folder / "silent.h5").values()} == {"invalid"}
    assert ends_off(folder / "silent.txt")
