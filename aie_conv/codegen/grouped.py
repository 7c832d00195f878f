"""Matrix products by groups of accumulators, each group's products written out.

One loop walks the groups, so that a compiler that pipelines it brings the next group's accumulators in,
and the last group's out, beside this group's products. A sum too long to be written out is cut into
parts: each part is one such loop over all groups, and the partial sums stay in memory in between, which
costs nothing but the loop's filling and draining.
"""

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import TYPE_CHECKING, TypeVar

from aie_conv.arch import get_arch
from aie_conv.arch.instructions import GROUP_OVERHEAD
from aie_conv.codegen.matrix_kernel import unit_of
from aie_conv.codegen.matrix_unit import Factor, MatrixUnit
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import INDEX, Type, Value, memref

if TYPE_CHECKING:
    from collections.abc import Generator

MOST_WRITTEN = 360
"""Operations that one function writes out: 3.6 KB of the 16 KB of program memory, and a core has two such
functions, an epilogue and its own loops. A bundle of a pipelined loop holds three in at most 16 bytes; the
loop's filling and draining take as much again."""

LOAD_PRICE = 0.04
"""Cycles that a vector load counts for where two blockings are about as fast: it may meet others in a
bank of the memory."""

_MOST_TRIED = 4
"""Of ways that differ in what is written out alone, so many that fit are compared."""

B = TypeVar("B")


@dataclass(frozen=True)
class Dim:
    """A dimension that a loop walks: its trips, and elements from one to the next in A, B and C."""

    trips: int
    a: int
    b: int
    c: int = 0


@dataclass(frozen=True)
class Body:
    """One group of accumulators and the products that are added to it; offsets in elements.

    Attributes:
        lines: for each step of the sum, where its blocks of A and of B begin; every block of A meets
            every block of B. The steps of a line share the blocks of A that they have in common, those
            of different lines do not: registers are few.
        sums: where the accumulators begin in C, A's blocks outermost.
    """

    lines: tuple[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...], ...]
    sums: tuple[int, ...]


@dataclass(frozen=True)
class GroupWork:
    """What one trip over a group does.

    Attributes:
        rows, columns: blocks of A and of B that meet in a step; their product are the accumulators.
        steps: steps of the sum.
        pixels: blocks of A that are loaded in all, fewer than rows x steps where steps share them.
    """

    rows: int
    columns: int
    steps: int
    pixels: int


@dataclass(frozen=True)
class Pace:
    """How fast a loop over groups runs.

    Attributes:
        interval: cycles from one group to the next.
        overhead: cycles that the loop takes besides.
        loads: vector loads of a group.
        operations: of a group, as written out.
    """

    interval: int
    overhead: int
    loads: int
    operations: int


@cache
def pace(arch: str, dtype: str, work: GroupWork, fresh: bool) -> Pace:
    """The pace of a loop over groups, by the slots and buffers that are fullest.

    Two accesses of one buffer never share a cycle, and each way of an accumulator takes one. Where the
    fullest buffer's blocks are used several times, their loads leave no room to be put off: at
    that pace they hold more registers than there are (:mod:`aie_conv.sim.timing.schedule`).

    Args:
        arch, dtype: of the matrix unit.
        work: of one group.
        fresh: the accumulators are not read.
    """
    unit = unit_of(get_arch(arch), dtype)
    r, _, t = unit.rst
    blocks = work.rows * work.columns
    products = blocks * work.steps * unit.issue
    a = work.pixels * unit.loads_a()
    b = work.columns * work.steps * unit.loads_b()
    way = blocks * unit.vectors(r * t, unit.accumulator)
    read = 0 if fresh else way
    least = max(products, a, b, read + way, -(-(a + b + read) // 2))
    overhead = 16 + 3 * blocks + GROUP_OVERHEAD[arch]
    overhead += max(0, work.steps * unit.issue * unit.distance - least)
    loads = a + b + read
    # A product that takes several cycles is as many operations, each with a move.
    operations = products * (2 if unit.issue > 1 else 1) + loads + way
    if fresh:
        return Pace(least, overhead, loads, operations)
    shared = work.pixels < work.rows * work.steps
    near = 0.95 * least if shared else least
    full = (a >= near and (work.columns > 1 or shared)) or (b >= near and work.rows > 1)
    slower = -(-least // 8) if full and work.steps > 2 else 0
    overhead += least + 16 if least == products else 0
    return Pace(least + slower, overhead, loads, operations)


@dataclass(frozen=True)
class SumPart:
    """A part of a sum, as long as a body writes it out.

    Attributes:
        steps: of the sum.
        first: the step at which the part begins.
        times: how often it follows itself.
        fresh: the accumulators start from zero.
    """

    steps: int
    first: int
    times: int
    fresh: bool


@cache
def cut(total: int, each: int, fresh: bool) -> tuple[SumPart, ...]:
    """A sum of ``total`` steps in parts of ``each``; what is left over comes first."""
    rest = total % each or (each if fresh else 0)
    parts = [SumPart(rest, 0, 1, fresh)] if rest else []
    if total > rest:
        parts.append(SumPart(each, rest, (total - rest) // each, False))
    return tuple(parts)


@dataclass(frozen=True)
class Band:
    """Blocks of pixels along one dimension in groups: the first block, groups, and blocks of each."""

    first: int
    groups: int
    rows: int


@cache
def bands(total: int, each: int) -> tuple[Band, ...]:
    """So many blocks of pixels in groups of ``each``; what is left over is a smaller group."""
    groups, rest = divmod(total, each)
    full = [Band(0, groups, each)] if groups else []
    return (*full, Band(groups * each, 1, rest)) if rest else tuple(full)


@dataclass(frozen=True)
class Tally:
    """What the parts of a sum take for groups of one kind.

    Attributes:
        interval, loads: cycles and vector loads of every group.
        overhead, operations: cycles around the groups, and operations as written out.
    """

    interval: int
    loads: int
    overhead: int
    operations: int


def tally(arch: str, dtype: str, works: Iterable[tuple[SumPart, GroupWork]]) -> Tally:
    """The sum over the parts of a sum, each with what a trip over a group does in it."""
    interval = loads = overhead = operations = 0
    for part, work in works:
        each = pace(arch, dtype, work, part.fresh)
        interval += part.times * each.interval
        loads += part.times * each.loads
        overhead += part.times * each.overhead
        operations += each.operations
    return Tally(interval, loads, overhead, operations)


CALL_CYCLES = 10
"""Cycles of a function around its loops."""


Kinds = Sequence[tuple[int, Sequence[Tally]]]
"""Groups of each kind that a product is cut into: how many, and what one takes, written out in each way."""


def fastest(forms: Iterable[tuple[B, Kinds]]) -> tuple[B, int, int]:
    """The fastest way to cut a product that fits into the program memory.

    Of those about as fast the one that loads least.

    Args:
        forms: forms of a group, each with its kinds of groups; the ways that write out most stand first.

    Returns:
        The form, the number of its way, and the cycles.
    """
    best: tuple[float, int, B, int] | None = None
    for form, kinds in forms:
        ways, seen = len(kinds[0][1]), 0
        for way in range(ways):
            taken = [(groups, tallies[way]) for groups, tallies in kinds]
            much = sum(each.operations for _, each in taken) > MOST_WRITTEN
            if much and way + 1 < ways:
                continue
            cycles, price = CALL_CYCLES, 0.0
            for groups, each in taken:
                cycles += groups * each.interval + each.overhead
                price += LOAD_PRICE * groups * each.loads
            price += much * cycles
            if best is None or cycles + price < best[0]:
                best = cycles + price, cycles, form, way
            seen += 1
            if seen == _MOST_TRIED:
                break
    if best is None:
        raise ValueError("no way to cut a product")
    return best[2], best[3], best[1]


@dataclass
class Operands:
    """The buffers of a product, and the values of its configuration words.

    Attributes:
        a, b, c: the buffers.
        starts, adds: the configuration of a fresh sum's first product and of all others; None where the
            unit's products take none.
        exponents: where the shared exponents of B's blocks begin, see
            :class:`aie_conv.codegen.block_float.BlockFloatUnit`; None where blocks have none.
    """

    a: Value
    b: Value
    c: Value
    starts: Value | None = None
    adds: Value | None = None
    exponents: Value | None = None

    def configure(self, w: Builder, unit: MatrixUnit, *, fresh: bool) -> None:
        """Write the configuration words that a function needs."""
        self.starts, self.adds = unit.words(w, fresh=fresh)


def product_arguments(unit: MatrixUnit, a: int, b: int, c: int) -> list[tuple[str, Type]]:
    """The arguments of a product: ``a``, ``b`` and ``c`` of so many elements, and the chunk ``q``."""
    return [
        ("a", memref(unit.element, a)),
        ("b", memref(unit.element, b)),
        ("c", memref(unit.accumulator, c)),
        ("q", INDEX),
    ]


def multiply_groups(
    w: Builder,
    unit: MatrixUnit,
    operands: Operands,
    dims: Sequence[Dim],
    start: tuple[Value, Value, int],
    body: Body,
    *,
    fresh: bool,
) -> None:
    """Write a loop over the groups.

    Args:
        w: where to.
        unit: the instructions.
        operands: the buffers.
        dims: of the groups, outermost first.
        start: where the first group's A and B begin (values), and its C (elements).
        body: of one group.
        fresh: the accumulators start from zero.
    """
    a, b, c = start
    with walk(w, dims) as positions:
        here_a, here_b, here_c = (
            w.sum(place, base) if base else place
            for place, base in zip(positions, (a, b, w.constant(c) if c else None), strict=True)
        )
        places = [w.plus(here_c, offset) for offset in body.sums]
        if fresh:
            sums = [unit.zero(w)] * len(places)
        else:
            sums = [unit.load_acc(w, operands.c, place) for place in places]
        word = operands.starts if fresh else operands.adds
        here = unit.places_b(w, here_b, operands.exponents)
        for line in body.lines:
            loaded: dict[int, Factor] = {}
            for lefts, rights in line:
                ys = [unit.load_b(w, operands.b, here, offset) for offset in rights]
                for offset in lefts:
                    if offset not in loaded:
                        loaded[offset] = unit.load_a(w, operands.a, w.plus(here_a, offset))
                pairs = [(loaded[offset], y) for offset in lefts for y in ys]
                sums = [
                    unit.mac(w, x, y, acc, word) for (x, y), acc in zip(pairs, sums, strict=True)
                ]
                word = operands.adds
        for place, value in zip(places, sums, strict=True):
            unit.store_acc(w, operands.c, place, value)


@contextmanager
def walk(
    w: Builder, dims: Sequence[Dim], first: int = 0, times: int | None = None
) -> "Generator[tuple[Value, Value, Value]]":
    """One loop over all of the dimensions, the last the fastest; gives the offsets in A, B and C.

    A counter for each dimension goes round in registers: a division would be a library's routine.

    Args:
        w: where to.
        dims: outermost first.
        first, times: the first trip and how many follow from it, all by default.
    """
    moving = [dim for dim in dims if dim.trips > 1]
    inner = [prod(dim.trips for dim in moving[i + 1 :]) for i in range(len(moving))]
    counts = [first // each % dim.trips for each, dim in zip(inner, moving, strict=True)]
    last = prod(dim.trips for dim in moving) if times is None else first + times
    starts = [w.constant(count) for count in counts]
    if last - first == 1:
        yield _offsets(w, moving, starts)
        return
    zero, one = w.constant(0), w.constant(1)
    begin, end = w.constant(first), w.constant(last)
    if len(moving) == 1:
        with w.loop("g", begin, end, one) as number:
            yield _offsets(w, moving, [number])
        return
    with w.carrying("g", (begin, end, one), starts) as loop:
        yield _offsets(w, moving, loop.values)
        following: list[Value] = []
        through: list[Value] = []
        for dim, count in zip(reversed(moving), reversed(loop.values), strict=True):
            value = w.sum(count, one)
            ends = w.compare("eq", value, w.constant(dim.trips))
            value = w.value("i", "arith.select", ends, zero, value)
            for faster in through:
                value = w.value("i", "arith.select", faster, value, count)
            following.append(value)
            through.append(ends)
        loop.values = following[::-1]


def _offsets(
    w: Builder, dims: Sequence[Dim], counts: Sequence[Value]
) -> tuple[Value, Value, Value]:
    """Where the present trip begins in A, B and C."""

    def offset(steps: Sequence[int]) -> Value:
        total: Value | None = None
        for count, step in zip(counts, steps, strict=True):
            if step:
                part = w.times(count, step)
                total = w.sum(total, part) if total else part
        return total or w.constant(0)

    return (
        offset([dim.a for dim in dims]),
        offset([dim.b for dim in dims]),
        offset([dim.c for dim in dims]),
    )
