"""What every test here takes for granted of the process it runs in."""

import signal

import pytest

from command import SHORT, bench_of, passes

# A shell starts what it puts into the background with Ctrl-C ignored, nohup with the loss of a terminal ignored, and calrig
# leaves an ignored signal ignored. The tests that send signals want a process from a terminal.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session")
def twin(tmp_path_factory):
    """The bench file of the built-in twin with two meters."""
    folder = tmp_path_factory.mktemp("twin")
    passes(*SHORT, "-o", "a.h5", cwd=folder)
    return bench_of(folder / "a.h5")
