"""What can go wrong, as exceptions. A failed limit is none of these: it is a verdict."""

from __future__ import annotations


class Error(Exception):
    """Any fault calrig reports. One line: what, where, what was expected.

    When it ended something that moves the bench, the bench has been made safe first; a note on the exception
    (``__notes__``, shown with the traceback) says so, or says that the source could not be confirmed off.
    """


class DataError(Error, ValueError):
    """A value, a name or a file is wrong, or a load lies beyond a limit. Nothing was sent to the bench."""


class DeviceFault(Error, RuntimeError):
    """A device refused, tripped, garbled its answer or stayed silent."""

    device: str = ""
    """Which one, with its address."""
    operation: str = ""
    """What it was asked to do."""
    problem: str = ""
    """What it did instead."""
    code: str = ""
    """Its own code or text; may be empty."""


class LinkError(Error, ConnectionError):
    """A link could not be opened, or is gone."""


class ConditionsError(Error, RuntimeError):
    """The load left the reference conditions, or never came inside them: nothing measured under it counts."""

    deviations: list[str] = []
    """One line per quantity: ``"L2 voltage 226.1 V left 230 V +- 1 %"``."""


class EvidenceError(Error, RuntimeError):
    """Evidence or a journal could not be written or read, or is not what it claims to be."""


class Stopped(Error, RuntimeError):
    """``Bench.stop()`` ended what the bench was doing."""
