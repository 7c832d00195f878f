"""A problem as the direct route runs it: two loops over pixels, each with the window that slides along
it, channels innermost, and groups.

Nothing here knows forward from backward: a window is any loop of the sum that walks the same dimension
of the input as a loop of the output does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd, prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.mapping.loops import MLoop, fuse, merge
from aie_conv.mapping.operands import (
    Input,
    Residual,
    channel_loop,
    renamed,
    walk_dims,
    write_output,
)
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem, Loop
from aie_conv.rewrites.bundle_groups import bundle_groups, depthwise_channels, pack_filter
from aie_conv.rewrites.drop_unit_loops import drop_unit_loops
from aie_conv.rewrites.group_dims import groups_as_outputs, split_group_dims
from aie_conv.rewrites.grouped_input import read_input
from aie_conv.rewrites.space_to_depth import NAMES as FOLDED
from aie_conv.rewrites.space_to_depth import space_to_depth
from aie_conv.rewrites.split_bf16x3 import NAMES as PARTS
from aie_conv.rewrites.split_bf16x3 import split_bf16x3


@dataclass(frozen=True)
class Axis:
    """A loop over output pixels and the window that slides along it; strides in elements.

    Attributes:
        size: output pixels.
        lhs, out, residual: stride of one output pixel in each buffer.
        taps: length of the window, 1 without one.
        tap: stride of one tap in the input, 0 without a window.
    """

    size: int
    lhs: int
    out: int
    residual: int
    taps: int = 1
    tap: int = 0

    @cached_property
    def pitch(self) -> int:
        """Distance of the input pixels that the window touches."""
        return gcd(self.lhs, self.tap)

    @cached_property
    def step(self) -> int:
        """Input pixels from one output pixel to the next, in pitches."""
        return self.lhs // self.pitch if self.pitch else 1

    @cached_property
    def dilation(self) -> int:
        """Input pixels from one tap to the next, in pitches."""
        return self.tap // self.pitch if self.pitch else 1


@dataclass(frozen=True)
class DirectView:
    """A problem's loops and buffers; strides and offsets in elements.

    Attributes:
        dtype: type of the operands on the array.
        unit: see :class:`aie_conv.mapping.interface.ProblemView`.
        rows, columns: the tiled axes.
        outer: the other loops over output pixels.
        k_outer: (size, input stride) of loops of the sum besides the two windows and the channels.
        channels: input channels of a group, contiguous, padded.
        groups: number of groups; ``group_lhs`` is their stride in the input.
        n: output channels of a group, padded.
        depthwise: each output channel has its own input channel; ``n`` counts them all, ``groups`` and
            ``channels`` are 1.
        lhs_offset, out_offset: first element in the input and output.
        lhs, result, vectors, residual, prologue, finish: see :class:`aie_conv.mapping.interface.ProblemView`.
        filter: name of the host value [groups][n][k_outer …][row taps][column taps][channels].
        sent: see :class:`aie_conv.mapping.interface.ProblemView`.
    """

    problem: ConvProblem
    dtype: str
    unit: str
    rows: Axis
    columns: Axis
    outer: tuple[MLoop, ...]
    k_outer: tuple[tuple[int, int], ...]
    channels: int
    groups: int
    group_lhs: int
    n: int
    depthwise: bool
    lhs_offset: int
    out_offset: int
    lhs: Argument
    result: Argument
    vectors: tuple[tuple[int, str, str], ...]
    residual: Residual | None
    prologue: tuple[HostCopy, ...]
    finish: tuple[HostCopy, ...]
    filter: str
    sent: Argument | None = None

    @property
    def k(self) -> int:
        """Length of a sum, padding included."""
        window = self.rows.taps * self.columns.taps
        return prod(size for size, _ in self.k_outer) * window * self.channels


# -- windows --------------------------------------------------------------------------------------
def find_windows(problem: ConvProblem) -> dict[int, int]:
    """For each loop over pixels that a window slides along: the window's loop."""
    loops = problem.loops
    try:
        dims = walk_dims(problem.lhs, tuple(loop.lhs for loop in loops), "input")
    except Unsupported:
        return {}
    window_of: dict[int, int] = {}
    for i, loop in enumerate(loops):
        if loop.role != "m" or not loop.lhs:
            continue
        dim = dims.of_loop[i][0]
        taps = [
            j for j, k in enumerate(loops) if k.role == "k" and k.lhs and dims.of_loop[j][0] == dim
        ]
        if taps:
            window_of[i] = max(taps, key=lambda j: loops[j].size)
    taken = list(window_of.values())
    return {i: j for i, j in window_of.items() if taken.count(j) == 1}


def _choose_axes(problem: ConvProblem, windows: dict[int, int]) -> tuple[int | None, int | None]:
    """The loops of the output that are tiled: (rows, columns), windowed ones first."""
    ms = [i for i, loop in enumerate(problem.loops) if loop.role == "m"]
    windowed = [i for i in ms if i in windows]
    if len(windowed) >= 2:
        return windowed[-2], windowed[-1]
    rest = [i for i in ms if i not in windowed]
    if windowed:
        return windowed[0], max(rest, key=lambda i: problem.loops[i].size, default=None)
    if len(rest) >= 2:
        return rest[-2], rest[-1]
    return (rest[0] if rest else None), None


def _axis(
    loop: MLoop, windows: dict[int, int], number: int, problem: ConvProblem, inp: Input
) -> Axis:
    taps, tap = 1, 0
    if number in windows:
        window = windows[number]
        taps, tap = problem.loops[window].size, inp.strides[window]
    return Axis(loop.size, loop.lhs, loop.out, loop.residual, taps, tap)


# -- the view -------------------------------------------------------------------------------------
def make_view(
    problem: ConvProblem, dtype: str, quantum: int, lanes: int | None, unit: str = ""
) -> DirectView:
    """The direct form of a problem.

    Args:
        problem: what to compute.
        dtype: type of the operands on the array.
        quantum: channels come in blocks of this many.
        lanes: channels of a depthwise block; None to treat depthwise problems as grouped ones.
        unit: what a dense product multiplies the operands as; the type itself if empty.

    Raises:
        Unsupported: an operand that neither the DMA nor a copy of the CPU can bring.
    """
    original = problem
    problem, parts = split_bf16x3(split_group_dims(drop_unit_loops(problem)))
    windows = find_windows(problem)
    problem, folds = space_to_depth(problem, windows, dtype, quantum, unit or dtype)
    if folds:
        problem = drop_unit_loops(problem)
        windows = find_windows(problem)
    channel = channel_loop(problem)
    channels = depthwise_channels(problem, channel, lanes) if lanes else None
    channels = channels or bundle_groups(problem, channel, quantum, dtype)
    inp = read_input(problem, channels, dtype)
    flat = groups_as_outputs(problem)
    n_total = channels.n * channels.groups
    out = write_output(flat, n_total, channels.groups)
    fused = fuse(flat, n_total, channels.groups)
    loops = problem.loops
    pixels = _pixel_loops(loops, inp.strides, out.strides, fused.strides)
    axes, outer = _axes(problem, windows, pixels, inp)
    used = [windows[i] for i in axes if i in windows]
    rest = _rest_of_k(loops, (channels.loop, *used), inp)
    name, packed = pack_filter(problem, channels, (*rest, *used), dtype)
    rows, columns = (_axis(loop, windows, number, problem, inp) for number, loop in axes.items())
    lhs, prologue = renamed(folds, FOLDED, inp.argument, (*inp.copies, *packed, *fused.copies))
    lhs, prologue = renamed(parts, PARTS, lhs, prologue)
    groups = [i for i, loop in enumerate(loops) if loop.role == "g"]
    group_lhs = min((inp.strides[i] for i in groups), default=0) * channels.bundle
    return DirectView(
        problem=original,
        dtype=dtype,
        unit=unit or dtype,
        rows=rows,
        columns=columns,
        outer=outer,
        k_outer=tuple((loops[i].size, inp.strides[i]) for i in rest),
        channels=channels.channels,
        groups=channels.groups,
        group_lhs=group_lhs if channels.groups > 1 else 0,
        n=channels.n,
        depthwise=channels.depthwise,
        lhs_offset=inp.offset,
        out_offset=out.offset,
        lhs=lhs,
        result=out.argument,
        vectors=fused.vectors,
        residual=fused.residual,
        prologue=prologue,
        finish=out.copies,
        filter=name,
    )


def _pixel_loops(
    loops: Sequence[Loop],
    lhs: Mapping[int, int],
    out: Mapping[int, int],
    residual: Mapping[int, int],
) -> dict[int, MLoop]:
    return {
        i: MLoop(loop.size, lhs[i], out[i], residual.get(i, 0))
        for i, loop in enumerate(loops)
        if loop.role == "m"
    }


def _rest_of_k(loops: tuple[Loop, ...], others: tuple[int | None, ...], inp: Input) -> list[int]:
    """The loops over K but for these, the one with the longest stride in the input first."""
    rest = (i for i, loop in enumerate(loops) if loop.role == "k" and i not in others)
    return sorted(rest, key=lambda i: -inp.strides[i])


def _axes(
    problem: ConvProblem, windows: dict[int, int], pixels: dict[int, MLoop], inp: Input
) -> tuple[dict[int, MLoop], tuple[MLoop, ...]]:
    """The two tiled loops by their number (-1 and -2 for missing ones), and the other pixel loops."""
    if not windows:
        # Without windows neighbouring loops are one where every buffer allows it.
        merged = merge(list(pixels.values()))
        if len(merged) < 2:
            merged = (*merged, MLoop(1, 0, 0, 0))
        *outer, rows, columns = merged
        return {-1: rows, -2: columns}, tuple(outer)
    row, column = _choose_axes(problem, windows)
    axes: dict[int, MLoop] = {}
    for missing, number in ((-1, row), (-2, column)):
        if number is None:
            axes[missing] = MLoop(1, 0, 0, 0)
        else:
            axes[number] = pixels[number]
    return axes, tuple(loop for i, loop in pixels.items() if i not in axes)
