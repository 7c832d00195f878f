"""The host's memory behind all shim channels: one bandwidth that they share, dearer for short runs.

Processes run in any order, each on its own clock, so the memory keeps a calendar: windows of time in
which so many bytes can move. A transfer takes what its windows still have.
"""

from collections.abc import Sequence

from aie_conv.arch.machine import Machine
from aie_conv.arch.rates import host_rates

WINDOW = 1024
"""Cycles of a window of the calendar."""


class HostMemory:
    """The calendar of one run.

    Args:
        machine: the table.
        arch: the architecture's name.
        clock: cycles a second of the array.
    """

    def __init__(self, machine: Machine, arch: str, clock: float) -> None:
        self.rates = host_rates(machine, arch, clock)
        self.limits = (self.rates.read * WINDOW, self.rates.write * WINDOW)
        self.total = self.rates.total * WINDOW
        self.used: dict[int, list[float]] = {}
        """By window: bytes read, bytes written, and what they took of both together."""

    def factor(self, dims: Sequence[tuple[int, int]]) -> float:
        """Bytes of bandwidth that a byte of a walk takes, whose (size, stride) are in bytes."""
        run, step = dims[-1]
        if len(dims) == 1 or step != 1:
            return 1.0
        return self.rates.factor(run, abs(dims[-2][1]))

    def move(
        self, start: float, size: float, cycles: float, *, reads: bool, factor: float = 1.0
    ) -> float:
        """When a transfer of ``size`` bytes ends that alone would take ``cycles``.

        Each way's limit is of bytes; of the limit of both together a byte takes ``factor``.
        """
        if size <= 0 or cycles <= 0:
            return start + cycles
        rate, left, time = size / cycles, size, start
        way = 0 if reads else 1
        while True:
            number = int(time // WINDOW)
            used = self.used.setdefault(number, [0.0, 0.0, 0.0])
            room = min((self.total - used[2]) / factor, self.limits[way] - used[way])
            edge = float((number + 1) * WINDOW)
            wanted = min(left, rate * (edge - time))
            got = min(wanted, max(0.0, room))
            used[way] += got
            used[2] += got * factor
            left -= got
            if left <= size * 1e-9:
                return time + got / rate
            time = edge
