"""The input of a problem with groups, channels innermost: as it lies, or as the CPU packs it."""

from math import prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.operands import (
    Input,
    aligned,
    copy_corner,
    pack_input,
    row_major,
    walk_dims,
)
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem
from aie_conv.rewrites.bundle_groups import Channels


def _pack_groups(problem: ConvProblem, channels: Channels, dtype: str) -> Input:
    """The input with groups and channels innermost, each bundle padded at its end, by the CPU's copies."""
    loops, lhs = problem.loops, problem.lhs
    dims = walk_dims(lhs, tuple(loop.lhs for loop in loops), "input")
    inner = [i for i, loop in enumerate(loops) if loop.role == "g" and loop.lhs]
    inner += [channels.loop] if channels.loop is not None else []
    last = [dims.of_loop[i][0] for i in inner]
    if len(set(last)) < len(last) or any(dims.of_loop[i][1] != 1 for i in inner):
        raise Unsupported("input: groups and channels share a dimension with other loops")
    extents = tuple(dims.extent(loops, d) for d in range(len(lhs.shape)))
    perm = (*(d for d in range(len(extents)) if d not in last), *last)
    front = tuple(extents[d] for d in perm[: len(perm) - len(last)])
    inside = tuple(extents[d] for d in last)
    total = prod(inside)
    each = channels.n if channels.depthwise else channels.channels
    padded = channels.groups * each
    # A padded group is no bundle: its channels are padded as they are copied, or the only one it has.
    alone = channels.groups > 1 and padded != total
    inner = (*inside, each) if channels.loop is None else (*inside[:-1], each)
    inner = inner if alone else inside
    once = padded == total or (alone and channels.loop is not None)
    name = "lhs_packed" if once else "lhs_pixels"
    shape = (*front, *inner) if once else (*front, *inside)
    copies = [
        HostCopy(
            "lhs", lhs.shape, lhs.dtype, dims.start, extents, perm, name, shape, dtype,
            (0,) * len(shape),
        )
    ]  # fmt: skip
    if not once:
        have, want = ((*front, channels.groups, size) for size in (total // channels.groups, each))
        copies.append(copy_corner(name, have, dtype, have, "lhs_packed", want))
    dim_strides = (*row_major((*front, padded))[:-1], *row_major(inner))
    strides_of = dict(zip(perm, dim_strides, strict=False))
    strides = {i: strides_of[d] * mult if mult else 0 for i, (d, mult) in enumerate(dims.of_loop)}
    elements = prod(front) * padded
    return Input(strides, {}, 0, Argument("lhs_packed", dtype, elements), tuple(copies))


def read_input(problem: ConvProblem, channels: Channels, dtype: str) -> Input:
    """The input as it lies if channels are contiguous and addresses fit the DMA, else packed.

    Args:
        problem: what to compute, its groups dimensions of their buffers.
        channels: how its channels are brought together.
        dtype: type of the operands on the array.

    Raises:
        Unsupported: neither the DMA nor a copy of the CPU can bring it.
    """
    loops, lhs = problem.loops, problem.lhs
    strides = {i: loop.lhs for i, loop in enumerate(loops)}
    expected = 1
    plain = lhs.dtype == dtype
    if channels.loop is not None:
        plain = plain and strides[channels.loop] == 1
        expected = loops[channels.loop].size
    else:
        plain = plain and (channels.depthwise or channels.bundle > 1)
    walked = [i for i, loop in enumerate(loops) if loop.role != "n" and i != channels.loop]
    groups = [i for i in walked if loops[i].role == "g"]
    side_by_side = channels.depthwise or channels.bundle > 1
    for i in reversed(groups):
        plain = plain and (not side_by_side or strides[i] == expected)
        expected *= loops[i].size
    real = expected if side_by_side else expected // prod(loops[i].size for i in groups)
    wanted = (
        channels.n
        if channels.depthwise
        else channels.channels * (channels.groups if side_by_side else 1)
    )
    walk = [strides[i] for i in walked if not (side_by_side and i in groups)]
    if plain and real == wanted and aligned(dtype, lhs.offset, walk):
        return Input(strides, {}, lhs.offset, Argument("lhs", lhs.dtype, lhs.elements), ())
    if groups:
        return _pack_groups(problem, channels, dtype)
    return pack_input(problem, dtype)
