"""Strided windows over few channels: a stride's pixels become channels of one.

Channels come in blocks. An image of three of them, padded to eight, is mostly zeros, and a window that moves
by two reads all of it at every other pixel. With the two pixels of a stride as one pixel of six channels, a
window of seven is one of four that moves by one: as many blocks of channels, half as many pixels, and four
sevenths of the products.

The eighth tap of those seven is zero, but meets a pixel that may be an infinity: real numbers are rewritten
only where strides divide the window, or where block floats are multiplied
(:mod:`aie_conv.rewrites.made_up_zeros`).
"""

from dataclasses import dataclass, replace
from math import prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.operands import (
    canonical_copy,
    channel_loop,
    round_up,
    row_major,
    walk_dims,
)
from aie_conv.problem import ConvProblem, Operand
from aie_conv.rewrites.made_up_zeros import may_meet_neighbours

NAMES = {"lhs": "lhs_folded", "rhs": "rhs_folded"}
"""What the copies write, and what else reads instead of the operands."""


@dataclass(frozen=True)
class _Fold:
    """What is folded: loops by number, and sizes.

    Attributes:
        pixel, tap, channel: the loops over output pixels, over the window and over channels.
        step: pixels of the input that become one.
        taps: of the new window.
        channels: of the new pixels, padded.
    """

    pixel: int
    tap: int
    channel: int
    step: int
    taps: int
    channels: int


def space_to_depth(
    problem: ConvProblem, windows: dict[int, int], dtype: str, quantum: int, unit: str
) -> tuple[ConvProblem, tuple[HostCopy, ...]]:
    """The problem with one stride folded into channels, and the copies that make its operands.

    As it is, without copies, where no fold makes the sum shorter.

    Args:
        problem: without loops of size 1.
        windows: for each loop over pixels that a window slides along, the window's loop.
        dtype: the new operands' type.
        quantum: channels come in blocks of this many.
        unit: what the operands are multiplied as.
    """
    fold = _best(problem, windows, unit, quantum)
    if fold is None:
        return problem, ()
    try:
        lhs, at_lhs, lhs_copies = _input(problem, fold, dtype)
        rhs, at_rhs, rhs_copies = _filter(problem, fold, dtype)
    except Unsupported:
        # Then it is packed as any other is.
        return problem, ()
    sizes = {fold.tap: fold.taps, fold.channel: fold.channels}
    loops = tuple(
        replace(loop, size=sizes.get(i, loop.size), lhs=a, rhs=b)
        for i, (loop, a, b) in enumerate(zip(problem.loops, at_lhs, at_rhs, strict=True))
    )
    return replace(problem, loops=loops, lhs=lhs, rhs=rhs), (*lhs_copies, *rhs_copies)


def _best(problem: ConvProblem, windows: dict[int, int], unit: str, quantum: int) -> _Fold | None:
    """The fold that leaves the fewest products; None where none leaves fewer."""
    loops, channel = problem.loops, channel_loop(problem)
    if channel is None or problem.extent("g") > 1 or loops[channel].size % quantum == 0:
        return None
    dims = walk_dims(problem.lhs, tuple(loop.lhs for loop in loops), "input")
    users = [d for d, mult in dims.of_loop if mult]
    count = loops[channel].size
    folds: list[tuple[float, _Fold]] = []
    for pixel, tap in windows.items():
        (d, step), dilation = dims.of_loop[pixel], dims.of_loop[tap][1]
        exact = may_meet_neighbours(unit) or loops[tap].size % step == 0
        if step == 1 or dilation != 1 or users.count(d) != 2 or not exact:
            continue
        taps, channels = -(-loops[tap].size // step), round_up(step * count, quantum)
        share = taps * channels / (loops[tap].size * round_up(count, quantum))
        if share < 1:
            folds.append((share, _Fold(pixel, tap, channel, step, taps, channels)))
    return min(folds, key=lambda pair: (pair[0], -pair[1].pixel))[1] if folds else None


def _input(
    problem: ConvProblem, fold: _Fold, dtype: str
) -> tuple[Operand, list[int], list[HostCopy]]:
    """The input as [others][pixels][channels], its loops' strides, and the copies that make it."""
    loops, lhs = problem.loops, problem.lhs
    dims = walk_dims(lhs, tuple(loop.lhs for loop in loops), "lhs")
    d, c = dims.of_loop[fold.pixel][0], dims.of_loop[fold.channel][0]
    rank = len(lhs.shape)
    front = [i for i in range(rank) if i not in (d, c)]
    order, count = (*front, d, c), loops[fold.channel].size
    pixels = loops[fold.pixel].size - 1 + fold.taps
    plain = order == tuple(range(rank)) and lhs.shape[c] == count and not any(dims.start)
    if plain and lhs.shape[d] % fold.step == 0:
        # Whole strides that hold all windows.
        source, copies = "lhs", list[HostCopy]()
        shape, pixels = tuple(lhs.shape[i] for i in front), lhs.shape[d] // fold.step
    else:
        source, extents = "lhs_lines", tuple(dims.extent(loops, i) for i in range(rank))
        shape = tuple(extents[i] for i in front)
        lines = (*shape, pixels * fold.step, count)
        zeros = (0,) * rank
        copies = [
            HostCopy(
                "lhs", lhs.shape, lhs.dtype, dims.start, extents, order, source, lines, lhs.dtype, zeros
            )
        ]  # fmt: skip
    folded = (*shape, pixels, fold.channels)
    copies.append(
        _widen(source, (*shape, pixels, fold.step * count), lhs.dtype, "lhs", folded, dtype)
    )
    stride_of = dict(zip(order, row_major(folded), strict=True))
    strides = [stride_of[dim] * mult if mult else 0 for dim, mult in dims.of_loop]
    strides[fold.pixel] = strides[fold.tap] = fold.channels
    return Operand(dtype, folded), strides, copies


def _filter(
    problem: ConvProblem, fold: _Fold, dtype: str
) -> tuple[Operand, list[int], list[HostCopy]]:
    """The filter as [others][taps][channels], its loops' strides, and the copies that make it."""
    loops, rhs = problem.loops, problem.rhs
    inner = (fold.tap, fold.channel)
    front = tuple(
        i for i, loop in enumerate(loops) if loop.role in ("n", "k") and i not in inner and loop.rhs
    )
    loop_strides, padded = tuple(loop.rhs for loop in loops), {fold.tap: fold.taps * fold.step}
    lines = canonical_copy(
        "rhs", rhs, loop_strides, loops, (*front, *inner), "rhs_lines", padded, rhs.dtype
    )
    shape = tuple(loops[i].size for i in front)
    folded = (*shape, fold.taps, fold.channels)
    narrow = (*shape, fold.taps, fold.step * loops[fold.channel].size)
    assert prod(lines.dest_shape) == prod(narrow)
    stride_of = dict(zip((*front, *inner), row_major(folded), strict=True))
    strides = [stride_of.get(i, 0) for i in range(len(loops))]
    copies = [lines, _widen("rhs_lines", narrow, rhs.dtype, "rhs", folded, dtype)]
    return Operand(dtype, folded), strides, copies


def _widen(
    source: str,
    shape: tuple[int, ...],
    have: str,
    operand: str,
    dest_shape: tuple[int, ...],
    dtype: str,
) -> HostCopy:
    """Copy a buffer of ``shape`` to a wider one, padded with zeros."""
    zeros = (0,) * len(shape)
    return HostCopy(
        source, shape, have, zeros, shape, tuple(range(len(shape))), NAMES[operand], dest_shape, dtype, zeros
    )  # fmt: skip
