"""Chains of shim tasks: what one entry of a DMA channel's queue runs with several descriptors.

A channel that goes back and forth between places (input, residual, input, residual, …) gives no
longer run of one pattern. But its queue runs chains of buffer descriptors, a whole chain again and
again, and each descriptor moves its own address on by a constant whenever it is loaded (its
iteration field) [AM020; the 6-bit field of mlir-aie's target model]. So tasks that repeat with a
short period, every place of it with one constant step, are one entry of the queue.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from aie_conv.arch import Arch
from aie_conv.layout.pattern import Task

_SHORT = 4
"""Descriptors up to which a chain is written soon enough."""


def _worth(period: int) -> float:
    """How many tasks each descriptor of a chain must replace.

    All of a chain's are written before it starts, where plain tasks are written while others run:
    a chain that saves few only delays the first bytes of the last columns.
    """
    return 2.0 if period <= _SHORT else 2.2


@dataclass(frozen=True)
class Part:
    """A task of a chain, on some buffer.

    Attributes:
        name: the buffer.
        dtype: its element type.
        task: what the descriptor walks in all its iterations, the outermost dimension of its sizes;
            of a chain of several the descriptors take turns after each iteration.
    """

    name: str
    dtype: str
    task: Task


Chain = tuple[Part, ...]
"""The parts in turn, as often as their iterations say (all the same); one alone is a plain task."""


def _unit(task: Task, number: int) -> Task:
    """One iteration of a task as a task of its own."""
    start = task.offset + number * task.strides[0]
    return Task(start, (1, *task.sizes[1:]), (0, *task.strides[1:]))


def narrowed(task: Task, itemsize: int, arch: Arch) -> Task | None:
    """The same walk within the narrowest descriptor's fields, a core's; None where it does not fit.

    Tools hold every descriptor that is written out to those fields, wherever it belongs. The outermost
    size, the iterations, is not looked at.
    """
    wrap, step = (1 << arch.core_wrap_bits) - 1, 1 << arch.core_step_bits
    words = task.sizes[3] * itemsize // 4
    inner = next(size for size in range(min(words, wrap), 0, -1) if words % size == 0)
    run = inner * 4 // itemsize
    dims = [pair for pair in zip(task.sizes[1:3], task.strides[1:3], strict=True) if pair[0] > 1]
    dims += [(words // inner, run)] if words > inner else []
    fits = all(size <= wrap and stride * itemsize // 4 <= step for size, stride in dims)
    if len(dims) > 2 or not fits:
        return None
    (outer, far), (size, stride) = [*[(1, 0)] * (2 - len(dims)), *dims]
    return Task(task.offset, (task.sizes[0], outer, size, run), (task.strides[0], far, stride, 1))


def expand(chain: Chain) -> Iterator[Part]:
    """The single iterations of a chain in the order of its stream."""
    for number in range(chain[0].task.sizes[0]):
        for part in chain:
            yield replace(part, task=_unit(part.task, number))


def _consecutive(holds: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each place, how many from there on hold one after the other."""
    places = np.arange(len(holds))
    breaks = np.where(holds, len(holds), places)
    return np.minimum.accumulate(breaks[::-1])[::-1] - places


def _runs(
    offsets: NDArray[np.int64], kinds: NDArray[np.int64], far: NDArray[np.int64], period: int
) -> NDArray[np.int64]:
    """For each task, how often the ``period`` tasks from it on come, each moving on by a constant."""
    steps = offsets[period:] - offsets[:-period]
    follows = (kinds[period:] == kinds[:-period]) & (steps >= 0) & (steps <= far[period:])
    steady = follows.copy()
    steady[period:] &= steps[period:] == steps[:-period]
    first, rest = _consecutive(follows), _consecutive(steady)
    # The first steps are free, those behind them must go on as they did.
    behind = np.concatenate([rest, np.zeros(period, np.int64)])[period:][: len(rest)]
    length = np.where(first >= period, period + behind, 0)
    return np.concatenate([1 + length // period, np.ones(period, np.int64)])


def chains(tasks: Sequence[Part], itemsize: dict[str, int], arch: Arch, most: int) -> list[Chain]:
    """The same stream with as few descriptors as the periods in it allow.

    A task of few iterations may be taken apart for it: several tiles of some rows each are chains of
    rows. Tasks come back as they are where that is not worth it.

    Args:
        tasks: in stream order.
        itemsize: bytes of an element by dtype.
        arch: whose fields hold the iterations and their steps.
        most: descriptors that a chain may have.
    """
    units, kinds, shares = _units(tasks, most)
    # What several descriptors take in turn has to fit narrower fields than a task by itself.
    narrow = {
        kind: narrowed(unit.task, itemsize[unit.dtype], arch) is not None
        for kind, unit in dict(zip(kinds, units, strict=True)).items()
    }
    alone = count(-len(units) - 1, -1)
    paired = [kind if narrow[kind] else next(alone) for kind in kinds]
    offsets = np.array([unit.task.offset for unit in units], np.int64)
    sizes = np.array([itemsize[unit.dtype] for unit in units], np.int64)
    near, far = ((4 << bits) // sizes for bits in (arch.core_step_bits, arch.shim_step_bits))
    until = np.concatenate([[0.0], np.cumsum(shares)])
    periods = range(1, min(most, len(units) - 1) + 1)
    runs = {
        p: _runs(offsets, np.array(paired if p > 1 else kinds), near if p > 1 else far, p).tolist()
        for p in periods
    }
    cut: list[Chain] = []
    position, limit = 0, 1 << arch.shim_iteration_bits
    while position < len(units):
        best, times, gain = 1, 1, shares[position]
        for period in periods:
            repeats = min(runs[period][position], limit)
            if repeats == 1:
                continue
            replaced = (until[position + period * repeats] - until[position]) / period
            if replaced > gain + _ROUNDING and (
                period == 1 or replaced > _worth(period) - _ROUNDING
            ):
                best, times, gain = period, repeats, replaced
        chain = _chain(units[position : position + best * times], best)
        cut.append(chain if best == 1 else _narrow(chain, itemsize, arch))
        position += best * times
    if sum(map(len, cut)) >= len(tasks):
        return [(part,) for part in tasks]
    return cut


_ROUNDING = 1e-6
"""Thirds of tasks do not add up exactly."""


def _units(tasks: Sequence[Part], most: int) -> tuple[list[Part], list[int], list[float]]:
    """Single iterations of tasks of few, others whole: each, its kind, and its share of its task.

    Those of one kind differ in their offsets alone.
    """
    numbers: dict[Hashable, int] = {}
    others = count(-1, -1)
    units: list[Part] = []
    kinds: list[int] = []
    shares: list[float] = []
    for part in tasks:
        task = part.task
        times = task.sizes[0]
        if times > most:
            units.append(part)
            kinds.append(next(others))
            shares.append(1.0)
            continue
        key = (part.name, part.dtype, task.sizes[1:], task.strides[1:])
        units += [Part(part.name, part.dtype, _unit(task, number)) for number in range(times)]
        kinds += [numbers.setdefault(key, len(numbers))] * times
        shares += [1 / times] * times
    return units, kinds, shares


def _narrow(chain: Chain, itemsize: dict[str, int], arch: Arch) -> Chain:
    """A chain's tasks within the narrow fields, in which all of them are known to fit."""
    tasks = [narrowed(part.task, itemsize[part.dtype], arch) for part in chain]
    return tuple(replace(part, task=task) for part, task in zip(chain, tasks, strict=True) if task)


def _chain(units: Sequence[Part], period: int) -> Chain:
    """The chain of units that repeat with a period."""
    times = len(units) // period
    if times == 1:
        return tuple(units)
    return tuple(
        replace(
            part,
            task=Task(
                part.task.offset,
                (times, *part.task.sizes[1:]),
                (units[number + period].task.offset - part.task.offset, *part.task.strides[1:]),
            ),
        )
        for number, part in enumerate(units[:period])
    )
