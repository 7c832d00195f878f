"""f32 and f16 by three bf16 products: a problem over either as one over bf16 with three times the channels.

Each operand is x = hi + lo to 16 bits, which is all of f16. The input's channels become [x, hi, lo] and the
filter's [x, lo, hi], x rounded to bf16, so that a plain sum over them is x * x + hi * lo + lo * hi; the
cores know nothing of it. An infinity or NaN stands in x alone (:data:`aie_conv.layout.hostcopy.ValuePart`).
The error bound is at :data:`aie_conv.problem.Arithmetic`.
"""

from dataclasses import replace

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import SPLIT_DTYPES, HostCopy, ValuePart
from aie_conv.mapping.operands import K_BLOCK, channel_loop, round_up, row_major, walk_dims
from aie_conv.problem import ConvProblem, Loop, Operand

_LHS: tuple[ValuePart, ...] = ("whole", "hi", "lo")
_RHS: tuple[ValuePart, ...] = ("whole", "lo", "hi")

NAMES = {"lhs": "lhs_parts", "rhs": "rhs_parts"}
"""What the copies write, and what else reads instead of the operands."""


def split_bf16x3(problem: ConvProblem) -> tuple[ConvProblem, tuple[HostCopy, ...]]:
    """A "bf16x3" problem over its parts, and the copies that make them; any other as it is.

    The copies write "lhs_parts" and "rhs_parts"; what reads the new problem's operands must be
    renamed (:func:`aie_conv.mapping.operands.renamed`). Channels are padded with zeros to whole blocks.

    Raises:
        Unsupported: the operands are not both f32 or both f16, or one's channels share a dimension with
            another loop.
    """
    if problem.arithmetic != "bf16x3":
        return problem, ()
    types = (problem.lhs.dtype, problem.rhs.dtype)
    if types[0] not in SPLIT_DTYPES or types[0] != types[1]:
        raise Unsupported(f"{types[0]} x {types[1]}: only two f32 or two f16 operands have parts")
    channel = channel_loop(problem)
    count = problem.loops[channel].size if channel is not None else 1
    total = len(_LHS) * count
    if channel is not None or problem.extent("g") == 1:
        total = round_up(total, K_BLOCK)
    lhs, at_lhs, lhs_copies = _copy_parts(problem, "lhs", channel, total)
    rhs, at_rhs, rhs_copies = _copy_parts(problem, "rhs", channel, total)
    loops = [
        replace(loop, lhs=a, rhs=b, size=total if i == channel else loop.size)
        for i, (loop, a, b) in enumerate(zip(problem.loops, at_lhs, at_rhs, strict=True))
    ]
    inputs = problem.epilogue.inputs
    if channel is None:
        loops.append(Loop("part", "k", total, 1, 1, 0))
        inputs = tuple(replace(input_, strides=(*input_.strides, 0)) for input_ in inputs)
    split = replace(
        problem,
        loops=tuple(loops),
        lhs=lhs,
        rhs=rhs,
        epilogue=replace(problem.epilogue, inputs=inputs),
    )
    return split, (*lhs_copies, *rhs_copies)


def _copy_parts(
    problem: ConvProblem, name: str, channel: int | None, total: int
) -> tuple[Operand, list[int], list[HostCopy]]:
    """An operand as ``total`` channels innermost, its loops' strides, and the copies of its parts."""
    loops = problem.loops
    operand, loop_strides, parts = (
        (problem.lhs, tuple(loop.lhs for loop in loops), _LHS)
        if name == "lhs"
        else (problem.rhs, tuple(loop.rhs for loop in loops), _RHS)
    )
    dims = walk_dims(operand, loop_strides, name)
    rank = len(operand.shape)
    last, unit = rank, (1,)
    if channel is not None:
        (last, step), unit = dims.of_loop[channel], ()
        if step != 1 or sum(bool(mult) and d == last for d, mult in dims.of_loop) > 1:
            raise Unsupported(f"{name}: its channels share a dimension with another loop")
    extents = (*(dims.extent(loops, d) for d in range(rank)), *unit)
    order = (*(d for d in range(len(extents)) if d != last), last)
    front = tuple(extents[d] for d in order[:-1])
    count = extents[last]
    template = HostCopy(
        source=name,
        view=(*operand.shape, *unit),
        view_dtype=operand.dtype,
        offsets=(*dims.start, *(0 for _ in unit)),
        sizes=extents,
        perm=order,
        dest=NAMES[name],
        dest_shape=(*front, total),
        dest_dtype="bf16",
        dest_offsets=(0,) * len(order),
    )
    starts = [(*template.dest_offsets[:-1], number * count) for number in range(len(parts))]
    copies = [
        replace(template, part=part, dest_offsets=start)
        for part, start in zip(parts, starts, strict=True)
    ]
    shape = template.dest_shape
    stride_of = dict(zip(order, row_major(shape), strict=True))
    strides = [stride_of[d] * mult if mult else 0 for d, mult in dims.of_loop]
    return Operand("bf16", shape), strides, copies
