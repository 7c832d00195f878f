"""A problem whose pixels lie side by side in each channel's plane.

Rows of the output are padded to whole vectors of pixels; the CPU pads the input's rows to what the
loads for them touch, where they are shorter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod

from aie_conv.arch import Arch
from aie_conv.codegen.sliding import InstructionRow, instruction_row
from aie_conv.direct.view import Axis, find_windows
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.loops import MLoop, fuse
from aie_conv.mapping.operands import (
    Input,
    Residual,
    aligned,
    canonical_copy,
    copy_corner,
    round_up,
    row_major,
    walk_dims,
    write_output,
)
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES, ConvProblem, Loop
from aie_conv.rewrites.drop_unit_loops import drop_unit_loops
from aie_conv.rewrites.group_dims import groups_as_outputs, split_group_dims


@dataclass(frozen=True)
class PlanarView:
    """A problem's loops and buffers; strides and offsets in elements.

    Attributes:
        dtype: type of the operands on the array.
        row: the window along a row of pixels.
        blocks: vectors of pixels in a row of the output, the last one padded.
        rows: the loop over rows, and its window.
        outer: the other loops over output pixels.
        k_outer: (size, input stride) of the loops of the sum besides the two windows.
        n: output channels; of one group, or all of them where each has its own plane.
        groups: groups of n channels that share a plane; ``group_lhs`` and ``group_out`` are their strides.
        plane: stride of an output channel's own plane in the input; 0 where a group shares one.
        channel_out: stride of an output channel.
        lhs_offset, out_offset: first element in the input and output.
        lhs, result, vectors, residual, prologue, finish: see :class:`aie_conv.mapping.interface.ProblemView`.
        filter: name of the host value [groups][n][k_outer …][row taps][phases][parts][slot].
    """

    problem: ConvProblem
    dtype: str
    row: InstructionRow
    blocks: int
    rows: Axis
    outer: tuple[MLoop, ...]
    k_outer: tuple[tuple[int, int], ...]
    n: int
    groups: int
    plane: int
    group_lhs: int
    group_out: int
    channel_out: int
    lhs_offset: int
    out_offset: int
    lhs: Argument
    result: Argument
    vectors: tuple[tuple[int, str, str], ...]
    residual: Residual | None
    prologue: tuple[HostCopy, ...]
    finish: tuple[HostCopy, ...]
    filter: str

    @property
    def sent(self) -> None:
        """All per-channel operands are packed with the filter."""
        return None

    @property
    def unit(self) -> str:
        """Operands are multiplied as they are."""
        return self.dtype

    @property
    def k(self) -> int:
        """Length of a sum, padding included."""
        return prod(size for size, _ in self.k_outer) * self.rows.taps * self.row.taps


def _axes(problem: ConvProblem, windows: dict[int, int]) -> tuple[int | None, int]:
    """The loop down the rows that are tiled, windowed if there is one, and the loop along a row."""
    loops = problem.loops
    dims = walk_dims(problem.lhs, tuple(loop.lhs for loop in loops), "input")
    dim_strides = row_major(problem.lhs.shape)
    across = next((i for i in windows if dim_strides[dims.of_loop[i][0]] == 1), None)
    if across is None:
        raise Unsupported("no window slides along pixels that lie side by side")
    others = [i for i, loop in enumerate(loops) if loop.role == "m" and i != across]
    down = max(others, key=lambda i: (i in windows, loops[i].size), default=None)
    return down, across


def _read(problem: ConvProblem, column: int, wanted: int) -> Input:
    """The input as it lies if its rows are long enough and aligned, else with padded rows."""
    loops, lhs = problem.loops, problem.lhs
    dims = walk_dims(lhs, tuple(loop.lhs for loop in loops), "input")
    across = dims.of_loop[column][0]
    strides = {i: loop.lhs for i, loop in enumerate(loops)}
    walk = [strides[i] for i in range(len(loops)) if dims.of_loop[i][0] != across]
    if dims.start[across] + wanted <= lhs.shape[across] and aligned(lhs.dtype, lhs.offset, walk):
        return Input(strides, {}, lhs.offset, Argument("lhs", lhs.dtype, lhs.elements), ())
    extents = tuple(dims.extent(loops, d) for d in range(len(lhs.shape)))
    shape = tuple(wanted if d == across else size for d, size in enumerate(extents))
    copy = HostCopy(
        "lhs", lhs.shape, lhs.dtype, dims.start, extents, tuple(range(len(shape))), "lhs_planes",
        shape, lhs.dtype, (0,) * len(shape),
    )  # fmt: skip
    dim_strides = row_major(shape)
    loop_strides = {
        i: dim_strides[d] * mult if mult else 0 for i, (d, mult) in enumerate(dims.of_loop)
    }
    return Input(loop_strides, {}, 0, Argument("lhs_planes", lhs.dtype, prod(shape)), (copy,))


def _filter(
    problem: ConvProblem, order: tuple[int, ...], row: InstructionRow, slot: int
) -> tuple[HostCopy, ...]:
    """The taps along a row in the slots of their instructions; ``order`` ends with their loop."""
    loops, dtype = problem.loops, problem.rhs.dtype
    strides = tuple(loop.rhs for loop in loops)
    copies = [canonical_copy("rhs", problem.rhs, strides, loops, order, "rhs_taps", {}, dtype)]
    lines = prod(loops[i].size for i in order) // row.taps
    taps, dilation = row.taps, row.dilation
    name, length = "rhs_taps", taps
    if dilation > 1:
        have, spread = (lines, taps, 1), (lines, taps, dilation)
        copies.append(copy_corner(name, have, dtype, have, "rhs_spread", spread))
        name, length = "rhs_spread", taps * dilation
    used = (lines, (taps - 1) * dilation + 1)
    line = (lines, row.step * row.reach * row.parts)
    copies.append(copy_corner(name, (lines, length), dtype, used, "rhs_line", line))
    split = (lines, row.parts, row.reach, row.step)
    zeros, dest = (0,) * 4, (lines, row.step, row.parts, slot)
    copies.append(
        HostCopy(
            "rhs_line", split, dtype, zeros, split, (0, 3, 1, 2), "rhs_slots", dest, dtype, zeros
        )
    )
    return tuple(copies)


def _one_stride(problem: ConvProblem, role: str, which: dict[int, int], what: str) -> int:
    """The stride of the loops of a role as of one loop; 0 without any."""
    loops = [i for i, loop in enumerate(problem.loops) if loop.role == role]
    for outer, inner in pairwise(loops):
        if which[outer] != which[inner] * problem.loops[inner].size:
            raise Unsupported(f"{what}: its channels do not lie evenly apart")
    return which[loops[-1]] if loops else 0


def _by_rows(problem: ConvProblem, across: int) -> ConvProblem:
    """The problem as its output lies: a row's pixels are contiguous, as channels are elsewhere."""

    def role(i: int, loop: Loop) -> Loop:
        if i == across:
            return replace(loop, role="n")
        return replace(loop, role="m") if loop.role in "gn" else loop

    return replace(problem, loops=tuple(role(i, loop) for i, loop in enumerate(problem.loops)))


def _down_axis(
    problem: ConvProblem,
    down: int | None,
    vertical: list[int],
    lhs: Mapping[int, int],
    out: Mapping[int, int],
) -> Axis:
    """The loop over rows with the window along it; one row where there is no such loop."""
    if down is None:
        return Axis(1, 0, 0, 0)
    loops = problem.loops
    taps = [(loops[i].size, lhs[i]) for i in vertical] or [(1, 0)]
    return Axis(loops[down].size, lhs[down], out[down], 0, *taps[0])


def make_planar_view(problem: ConvProblem, dtype: str, arch: Arch) -> PlanarView:
    """The planar form of a problem.

    Raises:
        Unsupported: no instruction, no window along rows that lie so, or a residual.
    """
    original = problem
    if problem.lhs.dtype != dtype:
        raise Unsupported(f"{problem.lhs.dtype} has no sliding-window instruction")
    problem = split_group_dims(drop_unit_loops(problem))
    loops = problem.loops
    windows = find_windows(problem)
    down, across = _axes(problem, windows)
    used = [windows[i] for i in (down, across) if i in windows]
    rest = [i for i, loop in enumerate(loops) if loop.role == "k" and i not in used]
    window = loops[windows[across]]
    row = instruction_row(arch, dtype, window.size, loops[across].lhs, window.lhs)
    blocks = -(-loops[across].size // row.lanes)
    inp = _read(problem, across, row.columns(blocks))
    out = write_output(_by_rows(problem, across), round_up(loops[across].size, row.lanes))
    separate = problem.extent("n") == 1 and problem.extent("g") > 1
    flat = groups_as_outputs(problem)
    n, groups = (problem.extent("g"), 1) if separate else (problem.extent("n"), problem.extent("g"))
    fused = fuse(flat, n * groups)
    if fused.residual is not None:
        raise Unsupported("sliding windows take no residual")
    order = sorted(rest, key=lambda i: -inp.strides[i])
    outside = [i for role in "gn" for i, loop in enumerate(loops) if loop.role == role]
    vertical = [windows[down]] if down in windows else []
    slot = arch.vector_load_bytes // DTYPE_BYTES[dtype]
    packed = _filter(problem, (*outside, *order, *vertical, windows[across]), row, slot)
    axis = _down_axis(problem, down, vertical, inp.strides, out.strides)
    outer = [i for i in range(len(loops)) if loops[i].role == "m" and i not in (down, across)]
    channel = "g" if separate else "n"
    return PlanarView(
        problem=original,
        dtype=dtype,
        row=row,
        blocks=blocks,
        rows=axis,
        outer=tuple(MLoop(loops[i].size, inp.strides[i], out.strides[i], 0) for i in outer),
        k_outer=tuple((loops[i].size, inp.strides[i]) for i in order),
        n=n,
        groups=groups,
        plane=_one_stride(problem, "g", inp.strides, "input") if separate else 0,
        group_lhs=0 if separate else _one_stride(problem, "g", inp.strides, "input"),
        group_out=0 if separate else _one_stride(problem, "g", out.strides, "output"),
        channel_out=_one_stride(problem, channel, out.strides, "output"),
        lhs_offset=inp.offset,
        out_offset=out.offset,
        lhs=inp.argument,
        result=out.argument,
        vectors=fused.vectors,
        residual=None,
        prologue=(*inp.copies, *packed, *fused.copies),
        finish=out.copies,
        filter="rhs_slots",
    )
