"""A problem as the implicit GEMM that the array runs: M x K x N over flat buffers.

The view fixes the order of K (as the input's addresses run), decides which operands the DMA can
read as they lie, and states as host copies what it cannot: the DMA moves 4-byte units, so it never
reorders or shifts elements of int8 or bf16. The im2col matrix itself is never stored: windows
overlap in the strides of :attr:`GemmView.m` and :attr:`GemmView.k_outer`.
"""

from dataclasses import dataclass
from math import prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.loops import MLoop, fuse, matrix_dtype, merge
from aie_conv.mapping.operands import (
    K_BLOCK,
    Input,
    Residual,
    canonical_copy,
    channel_loop,
    copy_corner,
    k_order,
    read_input,
    renamed,
    round_up,
    write_output,
)
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem
from aie_conv.rewrites.bundle_groups import bundle_groups, depthwise_channels, pack_filter
from aie_conv.rewrites.drop_unit_loops import drop_unit_loops
from aie_conv.rewrites.group_dims import groups_as_outputs, split_group_dims
from aie_conv.rewrites.grouped_input import read_input as read_grouped_input
from aie_conv.rewrites.split_bf16x3 import NAMES, split_bf16x3


@dataclass(frozen=True)
class GemmView:
    """The implicit GEMM of one problem; strides and offsets in elements of each buffer.

    Attributes:
        dtype: type of the multiplied operands on the array, "i8" or "bf16".
        unit: see :class:`aie_conv.mapping.interface.ProblemView`.
        m: loops over output pixels, outermost first, neighbours merged; never empty.
        k_outer: (size, input stride) of the loops over K outside the contiguous run.
        run: length of the innermost contiguous run of K, a multiple of 8.
        n: output channels of a group, a multiple of 8 (padded if ``finish`` is not empty).
        lhs_offset, out_offset: first element in the input and output.
        lhs, result: the arguments of the runtime sequence.
        vectors: (input index, dtype, name of the host value that holds n elements).
        residual: the tensor operand of the epilogue, if any.
        prologue, finish: host copies before and after.
        filter: name of the host value [groups][n][K].
        groups: number of groups; ``group_lhs`` is their stride in the input.
    """

    problem: ConvProblem
    dtype: str
    unit: str
    m: tuple[MLoop, ...]
    k_outer: tuple[tuple[int, int], ...]
    run: int
    n: int
    lhs_offset: int
    out_offset: int
    lhs: Argument
    result: Argument
    vectors: tuple[tuple[int, str, str], ...]
    residual: Residual | None
    prologue: tuple[HostCopy, ...]
    finish: tuple[HostCopy, ...]
    filter: str
    groups: int = 1
    group_lhs: int = 0

    @property
    def sent(self) -> None:
        """All per-channel operands are packed with the filter."""
        return None

    @property
    def grid(self) -> tuple[int, int]:
        """Sizes of the two pixel loops that are tiled (rows, columns)."""
        sizes = (1, *(loop.size for loop in self.m))
        return sizes[-2], sizes[-1]

    @property
    def k(self) -> int:
        """Length of K, padding included."""
        return prod(size for size, _ in self.k_outer) * self.run


def _pad_filter(
    packed: HostCopy, n: tuple[int, int], k_outer: int, run: int, dtype: str
) -> tuple[HostCopy, ...]:
    """Bring "rhs_nk" from n[0] rows to n[1] x (k_outer * run) where one copy could not pad both."""
    have_run = prod(packed.dest_shape) // (n[0] * k_outer)
    if (n[0], have_run) == (n[1], run):
        return ()
    shape = (n[0], k_outer, have_run)
    return (copy_corner("rhs_nk", shape, dtype, shape, "rhs_padded", (n[1], k_outer, run)),)


def _filter(
    problem: ConvProblem, inp: Input, k_outer: int, run: int, n_padded: int, dtype: str
) -> tuple[HostCopy, ...]:
    """The filter as [n_padded][K] in the input's order of K."""
    loops, n = problem.loops, problem.extent("n")
    ns = tuple(i for i, loop in enumerate(loops) if loop.role == "n")
    one = len(ns) == 1
    order = (*ns, *k_order(loops, inp.strides))
    strides = tuple(loop.rhs for loop in loops)
    sizes = {**inp.sizes, **({ns[0]: n_padded} if one else {})}
    packed = canonical_copy("rhs", problem.rhs, strides, loops, order, "rhs_nk", sizes, dtype)
    return (packed, *_pad_filter(packed, (n_padded if one else n, n_padded), k_outer, run, dtype))


def make_view(problem: ConvProblem) -> GemmView:
    """The implicit GEMM of a problem.

    Raises:
        Unsupported: depthwise, a type without a matrix instruction, or an operand that no copy fits.
    """
    problem, parts = split_bf16x3(drop_unit_loops(problem))
    dtype = matrix_dtype(problem)
    if problem.extent("g") > 1:
        return _grouped(problem, parts, dtype)
    n_padded = round_up(problem.extent("n"), K_BLOCK)
    inp, k_outer, run = read_input(problem, dtype)
    run = max(run, K_BLOCK)  # a unit channel is padded by the packed input
    outer = prod(size for size, _ in k_outer)
    out = write_output(problem, n_padded)
    fused = fuse(problem, n_padded)
    packed = _filter(problem, inp, outer, run, n_padded, dtype)
    lhs, prologue = renamed(parts, NAMES, inp.argument, (*inp.copies, *packed, *fused.copies))
    m = [
        MLoop(loop.size, inp.strides[i], out.strides[i], fused.strides.get(i, 0))
        for i, loop in enumerate(problem.loops)
        if loop.role == "m"
    ]
    return GemmView(
        problem=problem,
        dtype=dtype,
        unit=dtype,
        m=merge(m),
        k_outer=k_outer,
        run=run,
        n=n_padded,
        lhs_offset=inp.offset,
        out_offset=out.offset,
        lhs=lhs,
        result=out.argument,
        vectors=fused.vectors,
        residual=fused.residual,
        prologue=prologue,
        finish=out.copies,
        filter=packed[-1].dest,
    )


def _grouped(problem: ConvProblem, parts: tuple[HostCopy, ...], dtype: str) -> GemmView:
    """The implicit GEMMs of a problem with groups, one behind the other along the output channels."""
    problem = split_group_dims(problem)
    channel = channel_loop(problem)
    if depthwise_channels(problem, channel, K_BLOCK) is not None:
        raise Unsupported(f"{problem.extent('g')} groups of one channel are no matrices")
    channels = bundle_groups(problem, channel, K_BLOCK, dtype)
    inp = read_grouped_input(problem, channels, dtype)
    flat, n_total = groups_as_outputs(problem), channels.n * channels.groups
    out = write_output(flat, n_total, channels.groups)
    fused = fuse(flat, n_total, channels.groups)
    loops = problem.loops
    taps = tuple(i for i in k_order(loops, inp.strides) if i != channels.loop)
    name, packed = pack_filter(problem, channels, taps, dtype)
    lhs, prologue = renamed(parts, NAMES, inp.argument, (*inp.copies, *packed, *fused.copies))
    m = [
        MLoop(loop.size, inp.strides[i], out.strides[i], fused.strides.get(i, 0))
        for i, loop in enumerate(loops)
        if loop.role == "m"
    ]
    apart = min(inp.strides[i] for i, loop in enumerate(loops) if loop.role == "g")
    return GemmView(
        problem=problem,
        dtype=dtype,
        unit=dtype,
        m=merge(m),
        k_outer=tuple((loops[i].size, inp.strides[i]) for i in taps),
        run=channels.channels,
        n=channels.n,
        lhs_offset=inp.offset,
        out_offset=out.offset,
        lhs=lhs,
        result=out.argument,
        vectors=fused.vectors,
        residual=fused.residual,
        prologue=prologue,
        finish=out.copies,
        filter=name,
        groups=channels.groups,
        group_lhs=apart * channels.bundle if channels.groups > 1 else 0,
    )
