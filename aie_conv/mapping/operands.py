"""The operands of a problem as the DMA reads and writes them.

An operand is used as it lies where its addresses fit the DMA (4-byte units, contiguous channels);
otherwise a host copy re-orders it, and its strides become the copy's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES, ConvProblem, EpilogueInput, Loop, Operand

K_BLOCK = 8
"""Channels come in blocks of this many: the elements of K in one matrix instruction for int8 and bf16
on both architectures, a multiple of them for int16."""


def round_up(value: int, multiple: int) -> int:
    """The least multiple of ``multiple`` that is not below ``value``."""
    return -(-value // multiple) * multiple


@dataclass(frozen=True)
class Residual:
    """The epilogue's tensor operand: which input, its type, first element and argument."""

    index: int
    dtype: str
    offset: int
    argument: Argument


@dataclass(frozen=True)
class Walk:
    """How loops walk the dimensions of a row-major buffer."""

    shape: tuple[int, ...]
    start: tuple[int, ...]
    of_loop: tuple[tuple[int, int], ...]
    """(dimension, multiple) of each walking loop; (-1, 0) for a loop that does not walk it."""

    def extent(self, loops: tuple[Loop, ...], dim: int) -> int:
        """Elements of a dimension between the first and the last one touched."""
        pairs = zip(loops, self.of_loop, strict=True)
        return 1 + sum((loop.size - 1) * mult for loop, (d, mult) in pairs if d == dim)


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Element strides of a dense buffer."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def walk_dims(operand: Operand, strides: tuple[int, ...], what: str) -> Walk:
    """Match element strides with the dimensions of a buffer."""
    strides_of = row_major(operand.shape)
    start: list[int] = []
    rest = operand.offset
    for stride in strides_of:
        start.append(rest // stride)
        rest %= stride
    of_loop: list[tuple[int, int]] = []
    for stride in strides:
        if stride == 0:
            of_loop.append((-1, 0))
            continue
        fits = [
            i
            for i, s in enumerate(strides_of)
            if operand.shape[i] > 1 and s <= stride and stride % s == 0
        ]
        if not fits:
            raise Unsupported(f"{what}: stride {stride} is of no dimension of its buffer")
        of_loop.append((fits[0], stride // strides_of[fits[0]]))
    return Walk(operand.shape, tuple(start), tuple(of_loop))


def _plain(dims: Walk, what: str) -> None:
    """Refuse a buffer whose dimensions are walked by more than one loop, or with steps."""
    used = [d for d, mult in dims.of_loop if mult]
    if len(set(used)) != len(used) or any(mult > 1 for _, mult in dims.of_loop):
        raise Unsupported(f"{what} is walked with overlaps or steps")


def canonical_copy(
    source: str,
    operand: Operand,
    strides: tuple[int, ...],
    loops: tuple[Loop, ...],
    order: tuple[int, ...],
    dest: str,
    sizes: dict[int, int],
    dtype: str,
) -> HostCopy:
    """Copy a plainly walked operand to the loop order ``order``, padded to ``sizes``.

    A loop of the order that does not walk the operand repeats it.
    """
    dims = walk_dims(operand, strides, source)
    _plain(dims, source)
    region = [1] * len(operand.shape)
    for loop, (d, mult) in zip(loops, dims.of_loop, strict=True):
        if mult:
            region[d] = loop.size
    walked = [dims.of_loop[i][0] for i in order]
    # A loop that does not walk the operand repeats it, along a dimension that is added at the view's end.
    still = [place for place, dim in enumerate(walked) if dim < 0]
    rank = len(operand.shape)
    for number, place in enumerate(still):
        walked[place] = rank + number
    idle = [d for d in range(rank) if d not in walked]
    ones, zeros = (1,) * len(still), (0,) * len(still)
    repeats = [loops[i].size if place in still else 1 for place, i in enumerate(order)]
    return HostCopy(
        source=source,
        view=(*operand.shape, *ones),
        view_dtype=operand.dtype,
        offsets=(*dims.start, *zeros),
        sizes=(*region, *ones),
        perm=(*idle, *walked),
        dest=dest,
        dest_shape=(*(1 for _ in idle), *(sizes.get(i, loops[i].size) for i in order)),
        dest_dtype=dtype,
        dest_offsets=(0,) * (rank + len(still)),
        repeats=(*(1 for _ in idle), *repeats) if max(repeats, default=1) > 1 else (),
    )


def aligned(dtype: str, offset: int, strides: list[int]) -> bool:
    """Whether an offset and strides in elements all fall on 4 bytes."""
    size = DTYPE_BYTES[dtype]
    return all(value * size % 4 == 0 for value in (offset, *strides))


@dataclass(frozen=True)
class Input:
    """The input as the DMA reads it: strides by loop, and the copy that made it, if one did."""

    strides: dict[int, int]
    sizes: dict[int, int]
    offset: int
    argument: Argument
    copies: tuple[HostCopy, ...]


def k_order(loops: tuple[Loop, ...], strides: dict[int, int]) -> tuple[int, ...]:
    """The loops over K as the input's addresses run, outermost first."""
    ks = [i for i, loop in enumerate(loops) if loop.role == "k"]
    return tuple(sorted(ks, key=lambda i: -strides[i]))


def _runs(
    loops: tuple[Loop, ...], inp: Input, order: tuple[int, ...]
) -> tuple[tuple[tuple[int, int], ...], int]:
    """K as outer loops around the longest contiguous run; a run of 0 if none is contiguous."""
    run = 1 if not order else 0
    outer: list[tuple[int, int]] = []
    for i in reversed(order):
        size, stride = inp.sizes.get(i, loops[i].size), inp.strides[i]
        if not outer and stride == max(run, 1):
            run = max(run, 1) * size
        else:
            outer.insert(0, (size, stride))
    return tuple(outer), run


def read_input(problem: ConvProblem, dtype: str) -> tuple[Input, tuple[tuple[int, int], ...], int]:
    """Read the input as it lies if the DMA can, else packed with its channels innermost."""
    loops = problem.loops
    lhs = problem.lhs
    strides = {i: loop.lhs for i, loop in enumerate(loops)}
    asis = Input(strides, {}, lhs.offset, Argument("lhs", lhs.dtype, lhs.elements), ())
    outer, run = _runs(loops, asis, k_order(loops, strides))
    walk = [loop.lhs for loop in loops if loop.role == "m"] + [stride for _, stride in outer]
    if lhs.dtype == dtype and run and run % K_BLOCK == 0 and aligned(dtype, lhs.offset, walk):
        return asis, outer, run
    packed = pack_input(problem, dtype)
    return packed, *_runs(loops, packed, k_order(loops, packed.strides))


def channel_loop(problem: ConvProblem) -> int | None:
    """The loop of the sum that alone walks its dimension: the innermost one, else the longest."""
    loops = problem.loops
    dims = walk_dims(problem.lhs, tuple(loop.lhs for loop in loops), "input")
    users = [d for d, mult in dims.of_loop if mult]
    alone = [
        i
        for i, loop in enumerate(loops)
        if loop.role == "k" and dims.of_loop[i][1] == 1 and users.count(dims.of_loop[i][0]) == 1
    ]
    return max(alone, key=lambda i: (loops[i].lhs == 1, loops[i].size), default=None)


def pack_input(problem: ConvProblem, dtype: str) -> Input:
    """The input with its channels innermost and padded, by a copy of the CPU."""
    loops, lhs = problem.loops, problem.lhs
    dims = walk_dims(lhs, tuple(loop.lhs for loop in loops), "input")
    channel = channel_loop(problem)
    rank = len(lhs.shape)
    # Without a channel loop of its own the input gets a unit one, padded like any other.
    last = dims.of_loop[channel][0] if channel is not None else rank
    extents = [dims.extent(loops, d) for d in range(rank)] + [1] * (channel is None)
    perm = (*(d for d in range(len(extents)) if d != last), last)
    padded = round_up(extents[last], K_BLOCK)
    shape = (*(extents[d] for d in perm[:-1]), padded)
    where = {d: stride for d, stride in zip(perm, row_major(shape), strict=True)}
    copy = HostCopy(
        source="lhs",
        view=(*lhs.shape, *((1,) if channel is None else ())),
        view_dtype=lhs.dtype,
        offsets=(*dims.start, *((0,) if channel is None else ())),
        sizes=tuple(extents),
        perm=perm,
        dest="lhs_packed",
        dest_shape=shape,
        dest_dtype=dtype,
        dest_offsets=(0,) * len(shape),
    )
    strides = {i: where[d] * mult if mult else 0 for i, (d, mult) in enumerate(dims.of_loop)}
    sizes = {channel: padded} if channel is not None else {}
    return Input(strides, sizes, 0, Argument("lhs_packed", dtype, prod(shape)), (copy,))


def copy_corner(
    source: str,
    shape: tuple[int, ...],
    dtype: str,
    region: tuple[int, ...],
    dest: str,
    padded: tuple[int, ...] | None = None,
) -> HostCopy:
    """Copy the low corner ``region`` of a buffer of ``shape``, zero-padded to ``padded``."""
    zeros, order = (0,) * len(shape), tuple(range(len(shape)))
    dest_shape = region if padded is None else padded
    return HostCopy(source, shape, dtype, zeros, region, order, dest, dest_shape, dtype, zeros)


def renamed(
    joined: tuple[HostCopy, ...],
    names: Mapping[str, str],
    argument: Argument,
    copies: Iterable[HostCopy],
) -> tuple[Argument, tuple[HostCopy, ...]]:
    """The input's argument and a prologue behind copies that make the operands anew.

    Args:
        joined: these copies; where there are none all comes back as given.
        names: what they write, by the operand's name.
        argument, copies: of the problem over what they write.
    """
    if not joined:
        return argument, tuple(copies)
    moved = (replace(copy, source=names.get(copy.source, copy.source)) for copy in copies)
    return replace(argument, name=names.get(argument.name, argument.name)), (*joined, *moved)


@dataclass(frozen=True)
class Output:
    """The output as the DMA writes it: strides by loop, and the copies that put it in place."""

    strides: dict[int, int]
    offset: int
    argument: Argument
    copies: tuple[HostCopy, ...]


def _n_contiguous(loops: tuple[Loop, ...], strides: dict[int, int]) -> bool:
    """Whether the n loops together walk a buffer contiguously, in their order."""
    expected = 1
    for i in reversed([i for i, loop in enumerate(loops) if loop.role == "n"]):
        if strides[i] != expected:
            return False
        expected *= loops[i].size
    return True


def write_output(problem: ConvProblem, n_padded: int, groups: int = 1) -> Output:
    """Write the output as it lies if the DMA can, else a padded [m][n] that the CPU puts in place.

    Args:
        problem: what is computed.
        n_padded: output channels, those that are padded included.
        groups: equal parts of the channels, each padded at its end.
    """
    loops, out = problem.loops, problem.out
    strides = {i: loop.out for i, loop in enumerate(loops)}
    ms = [i for i, loop in enumerate(loops) if loop.role == "m"]
    ns = [i for i, loop in enumerate(loops) if loop.role == "n"]
    exact = problem.extent("n") == n_padded
    if (
        exact
        and _n_contiguous(loops, strides)
        and aligned(out.dtype, out.offset, [strides[i] for i in ms])
    ):
        return Output(strides, out.offset, Argument("result", out.dtype, out.elements), ())
    dims = walk_dims(out, tuple(loop.out for loop in loops), "output")
    _plain(dims, "output")
    sizes = {i: loops[i].size for i in (*ms, *ns)}
    m_sizes, n = tuple(sizes[i] for i in ms), problem.extent("n")
    source, copies = "result", ()
    if not exact:
        source = "result_cut"
        have, kept = ((*m_sizes, groups, size // groups) for size in (n_padded, n))
        copies = (copy_corner("result", have, out.dtype, kept, source),)
    by_dim = {d: i for i, (d, mult) in enumerate(dims.of_loop) if mult}
    units = len(out.shape) - len(by_dim)
    view = (*sizes.values(), *(1,) * units)
    place_of = {i: place for place, i in enumerate(sizes)}
    spare = iter(range(len(sizes), len(view)))
    perm = tuple(place_of[by_dim[d]] if d in by_dim else next(spare) for d in range(len(out.shape)))
    origin = (0,) * len(view)
    placed = HostCopy(
        source, view, out.dtype, origin, view, perm, "out", out.shape, out.dtype, dims.start
    )
    row_strides = dict(zip(ms, row_major((*m_sizes, n_padded)), strict=False))
    argument = Argument("result", out.dtype, prod(m_sizes) * n_padded)
    return Output({**dict.fromkeys(strides, 0), **row_strides}, 0, argument, (*copies, placed))


def read_vector(
    problem: ConvProblem, index: int, vector: EpilogueInput, n_padded: int, groups: int = 1
) -> tuple[str, tuple[HostCopy, ...]]:
    """The host value that holds a per-channel operand, ``n_padded`` elements in ``groups`` parts."""
    ns = tuple(i for i, loop in enumerate(problem.loops) if loop.role == "n")
    strides = dict(enumerate(vector.strides))
    n, dtype = problem.extent("n"), vector.operand.dtype
    if n == n_padded == vector.operand.elements and _n_contiguous(problem.loops, strides):
        return f"in{index}", ()
    name = f"vector{index}"
    if not ns:
        return name, (copy_corner(f"in{index}", (1,), dtype, (1,), name, (n_padded,)),)
    # One loop is padded as it is copied, several are padded as one behind it, and so are groups.
    one = len(ns) == 1 and groups == 1
    padded = {ns[0]: n_padded} if one else {}
    packed = name if one or n == n_padded else f"{name}_n"
    copies = (
        canonical_copy(
            f"in{index}", vector.operand, vector.strides, problem.loops, ns, packed, padded, dtype
        ),
    )
    if packed != name:
        shape, padded_shape = (groups, n // groups), (groups, n_padded // groups)
        copies += (copy_corner(packed, shape, dtype, shape, name, padded_shape),)
    return name, copies


def read_residual(
    problem: ConvProblem, index: int, tensor: EpilogueInput, n_padded: int, groups: int = 1
) -> tuple[Residual, dict[int, int], tuple[HostCopy, ...]]:
    """The tensor operand, as it lies or copied to [m][n], each of the ``groups`` parts of n padded."""
    loops, operand = problem.loops, tensor.operand
    strides = dict(enumerate(tensor.strides))
    ms = tuple(i for i, loop in enumerate(loops) if loop.role == "m")
    ns = tuple(i for i, loop in enumerate(loops) if loop.role == "n")
    n = problem.extent("n")
    walk = [strides[i] for i in ms]
    if (
        n == n_padded
        and _n_contiguous(loops, strides)
        and aligned(operand.dtype, operand.offset, walk)
    ):
        argument = Argument(f"in{index}", operand.dtype, operand.elements)
        return Residual(index, operand.dtype, operand.offset, argument), strides, ()
    name, dtype = f"residual{index}", operand.dtype
    sizes = tuple(loops[i].size for i in ms)
    one = len(ns) == 1 and groups == 1
    packed = name if one or n == n_padded else f"{name}_m"
    padded = {ns[0]: n_padded} if one else {}
    order = (*ms, *ns)
    copies = (
        canonical_copy(f"in{index}", operand, tensor.strides, loops, order, packed, padded, dtype),
    )
    if packed != name:
        shape = (*sizes, groups, n // groups)
        padded_shape = (*sizes, groups, n_padded // groups)
        copies += (copy_corner(packed, shape, dtype, shape, name, padded_shape),)
    packed_strides = row_major((*sizes, n_padded))
    argument = Argument(name, operand.dtype, prod(sizes) * n_padded)
    return (
        Residual(index, operand.dtype, 0, argument),
        dict(zip(ms, packed_strides, strict=False)),
        copies,
    )
