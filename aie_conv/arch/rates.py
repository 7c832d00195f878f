"""What transfers cost, for planners and simulator alike: channels, and the host's memory behind them."""

from dataclasses import dataclass
from functools import cache
from math import gcd

from aie_conv.arch import Arch
from aie_conv.arch.machine import Machine, MemoryTiming, current

WORD_BYTES = 4
"""A stream's unit: one 32-bit word [AM020]."""

PAGE = 4096
"""Bytes after which a neighbouring run of addresses is as far away as any."""


@dataclass(frozen=True)
class ChannelRates:
    """What the clock charges outside of the cores' code, in cycles; names as in machine.json.

    ``word`` is a 32-bit word on a stream, ``read_word`` and ``write_word`` one of a shim channel.
    """

    word: float
    bd_start: int
    latency: int
    read_start: int
    read_next: int
    read_word: float
    write_start: int
    write_next: int
    write_word: float
    issue: int
    start: int
    wait: int


@cache
def channel_rates(machine: Machine, arch: str) -> ChannelRates:
    """The table's numbers for an architecture."""
    stream, shim, host = machine.stream, machine.shim, machine.host
    word = WORD_BYTES / machine.stream_bytes(arch)
    memory = machine.memory_of(arch)
    return ChannelRates(
        word,
        stream.bd_start,
        stream.latency,
        shim.read_start,
        shim.read_next,
        max(word, WORD_BYTES / memory.read_bytes * shim.read_word),
        shim.write_start,
        shim.write_next,
        word * shim.write_word,
        host.issue,
        host.start,
        host.wait,
    )


def burst_bytes(
    total: float, run: float, pitch: float, memory: MemoryTiming, page_cost: float
) -> float:
    """What memory moves for ``total`` bytes in runs of ``run`` bytes, ``pitch`` bytes apart.

    A run touches whole bursts, the more the less it is aligned to them, and opens a page.
    """
    if run >= pitch:
        return total
    touched = run + memory.burst - gcd(round(run), memory.burst)
    return total / run * (touched + page_cost * min(1.0, pitch / PAGE))


@dataclass(frozen=True)
class HostRates:
    """Bandwidth that all channels share, in bytes a cycle of the array.

    Attributes:
        read, write, total: each way, and both together.
        timing, page_cost: of the machine's table.
    """

    read: float
    write: float
    total: float
    timing: MemoryTiming
    page_cost: float

    def factor(self, run: int, pitch: int) -> float:
        """What a byte takes of ``total`` in runs of ``run`` bytes, ``pitch`` apart.

        A pitch of 0 repeats the same run.
        """
        if run >= pitch > 0:
            return 1.0
        burst_share = burst_bytes(run, run, pitch or PAGE, self.timing, self.page_cost) / run
        # A run of a page streams; the measured loss is of runs far shorter.
        lost = self.timing.total / self.timing.scattered - 1
        return max(1.0, burst_share * (1 + lost * max(0.0, 1 - run / PAGE)))


@cache
def host_rates(machine: Machine, arch: str, clock: float) -> HostRates:
    """The host of a laptop with such an NPU.

    Args:
        machine: the table.
        arch: the architecture's name.
        clock: cycles a second of the array.
    """
    timing = machine.memory_of(arch)
    read, write, total = (rate / clock for rate in (timing.read, timing.write, timing.total))
    return HostRates(read, write, total, timing, machine.page_cost)


def present_rates(arch: Arch) -> tuple[ChannelRates, HostRates]:
    """By the present table."""
    machine = current()
    return channel_rates(machine, arch.name), host_rates(machine, arch.name, float(arch.clock_hz))
