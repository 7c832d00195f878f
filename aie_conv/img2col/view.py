"""A problem as the implicit GEMM that the array runs: M x K x N over flat buffers.

The view fixes the order of K (as the input's addresses run), decides which operands the DMA can
read as they lie, and states as host copies what it cannot: the DMA moves 4-byte units, so it never
reorders or shifts elements of int8 or bf16. The im2col matrix itself is never stored: windows
overlap in the strides of :attr:`GemmView.m` and :attr:`GemmView.k_outer`.
"""

from dataclasses import dataclass, replace
from math import prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.partitioner.interface import Argument
from aie_conv.problem import DTYPE_BYTES, ConvProblem, EpilogueInput, Loop, Operand

K_BLOCK = 8
"""Elements of K in one matrix instruction, on both architectures and for int8 and bf16."""

_KERNEL_DTYPE = {
    ("i8", "i8", "i32"): "i8",
    ("bf16", "bf16", "f32"): "bf16",
    ("f32", "f32", "f32"): "bf16",
}


def round_up(value: int, multiple: int) -> int:
    """The least multiple of ``multiple`` that is not below ``value``."""
    return -(-value // multiple) * multiple


@dataclass(frozen=True)
class MLoop:
    """A loop over output pixels: its size and element strides in input, output and residual."""

    size: int
    lhs: int
    out: int
    residual: int


@dataclass(frozen=True)
class Residual:
    """The epilogue's tensor operand: which input, its type, first element and argument."""

    index: int
    dtype: str
    offset: int
    argument: Argument


@dataclass(frozen=True)
class GemmView:
    """The implicit GEMM of one problem; strides and offsets in elements of each buffer.

    Attributes:
        dtype: type of the multiplied operands on the array, "i8" or "bf16".
        m: loops over output pixels, outermost first, neighbours merged; never empty.
        k_outer: (size, input stride) of the loops over K outside the contiguous run.
        run: length of the innermost contiguous run of K, a multiple of 8.
        n: output channels, a multiple of 8 (padded if ``finish`` is not empty).
        lhs_offset, out_offset: first element in the input and output.
        lhs, result: the arguments of the runtime sequence.
        vectors: (input index, dtype, name of the host value that holds n elements).
        residual: the tensor operand of the epilogue, if any.
        prologue, finish: host copies before and after; "rhs_nk" is the filter as [n][K].
    """

    problem: ConvProblem
    dtype: str
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

    @property
    def k(self) -> int:
        """Length of K, padding included."""
        return prod(size for size, _ in self.k_outer) * self.run


@dataclass(frozen=True)
class _Dims:
    """How loops walk the dimensions of a row-major buffer."""

    shape: tuple[int, ...]
    start: tuple[int, ...]
    of_loop: tuple[tuple[int, int], ...]
    """(dimension, multiple) of each walking loop; (-1, 0) for a loop that does not walk it."""

    def extent(self, loops: tuple[Loop, ...], dim: int) -> int:
        """Elements of a dimension between the first and the last one touched."""
        pairs = zip(loops, self.of_loop, strict=True)
        return 1 + sum((loop.size - 1) * mult for loop, (d, mult) in pairs if d == dim)


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def _dims(operand: Operand, strides: tuple[int, ...], what: str) -> _Dims:
    """Match element strides with the dimensions of a buffer."""
    own = _strides(operand.shape)
    start: list[int] = []
    rest = operand.offset
    for stride in own:
        start.append(rest // stride)
        rest %= stride
    of_loop: list[tuple[int, int]] = []
    for stride in strides:
        if stride == 0:
            of_loop.append((-1, 0))
            continue
        fits = [
            i for i, s in enumerate(own) if operand.shape[i] > 1 and s <= stride and stride % s == 0
        ]
        if not fits:
            raise Unsupported(f"im2col: {what}: stride {stride} is of no dimension of its buffer")
        of_loop.append((fits[0], stride // own[fits[0]]))
    return _Dims(operand.shape, tuple(start), tuple(of_loop))


def _plain(dims: _Dims, what: str) -> None:
    """Refuse a buffer whose dimensions are walked by more than one loop, or with steps."""
    used = [d for d, mult in dims.of_loop if mult]
    if len(set(used)) != len(used) or any(mult > 1 for _, mult in dims.of_loop):
        raise Unsupported(f"im2col: {what} is walked with overlaps or steps")


def _canonical_copy(
    source: str,
    operand: Operand,
    strides: tuple[int, ...],
    loops: tuple[Loop, ...],
    order: tuple[int, ...],
    dest: str,
    sizes: dict[int, int],
    dtype: str,
) -> HostCopy:
    """Copy a plainly walked operand to the loop order ``order``, padded to ``sizes``."""
    dims = _dims(operand, strides, source)
    _plain(dims, source)
    region = [1] * len(operand.shape)
    for loop, (d, mult) in zip(loops, dims.of_loop, strict=True):
        if mult:
            region[d] = loop.size
    walked = [dims.of_loop[i][0] for i in order]
    idle = [d for d in range(len(operand.shape)) if d not in walked]
    return HostCopy(
        source=source,
        view=operand.shape,
        view_dtype=operand.dtype,
        offsets=dims.start,
        sizes=tuple(region),
        perm=(*idle, *walked),
        dest=dest,
        dest_shape=(*(1 for _ in idle), *(sizes.get(i, loops[i].size) for i in order)),
        dest_dtype=dtype,
        dest_offsets=(0,) * len(operand.shape),
    )


def _aligned(dtype: str, offset: int, strides: list[int]) -> bool:
    """Whether an offset and strides in elements all fall on 4 bytes."""
    size = DTYPE_BYTES[dtype]
    return all(value * size % 4 == 0 for value in (offset, *strides))


@dataclass(frozen=True)
class _Input:
    """The input as the DMA reads it: strides by loop, and the copy that made it, if one did."""

    strides: dict[int, int]
    sizes: dict[int, int]
    offset: int
    argument: Argument
    copies: tuple[HostCopy, ...]


def _k_order(loops: tuple[Loop, ...], strides: dict[int, int]) -> tuple[int, ...]:
    ks = [i for i, loop in enumerate(loops) if loop.role == "k"]
    return tuple(sorted(ks, key=lambda i: -strides[i]))


def _runs(
    loops: tuple[Loop, ...], inp: _Input, order: tuple[int, ...]
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


def _input(problem: ConvProblem, dtype: str) -> tuple[_Input, tuple[tuple[int, int], ...], int]:
    """Read the input as it lies if the DMA can, else packed with its channels innermost."""
    loops = problem.loops
    lhs = problem.lhs
    strides = {i: loop.lhs for i, loop in enumerate(loops)}
    asis = _Input(strides, {}, lhs.offset, Argument("lhs", lhs.dtype, lhs.elements), ())
    outer, run = _runs(loops, asis, _k_order(loops, strides))
    walk = [loop.lhs for loop in loops if loop.role == "m"] + [stride for _, stride in outer]
    if lhs.dtype == dtype and run and run % K_BLOCK == 0 and _aligned(dtype, lhs.offset, walk):
        return asis, outer, run
    packed = _pack_input(problem, dtype)
    return packed, *_runs(loops, packed, _k_order(loops, packed.strides))


def _pack_input(problem: ConvProblem, dtype: str) -> _Input:
    loops, lhs = problem.loops, problem.lhs
    dims = _dims(lhs, tuple(loop.lhs for loop in loops), "input")
    users = [d for d, mult in dims.of_loop if mult]
    channels = [
        i
        for i, loop in enumerate(loops)
        if loop.role == "k" and dims.of_loop[i][1] == 1 and users.count(dims.of_loop[i][0]) == 1
    ]
    channel = max(channels, key=lambda i: loops[i].size) if channels else None
    rank = len(lhs.shape)
    # Without a channel loop of its own the input gets a unit one, padded like any other.
    last = dims.of_loop[channel][0] if channel is not None else rank
    extents = [dims.extent(loops, d) for d in range(rank)] + [1] * (channel is None)
    perm = (*(d for d in range(len(extents)) if d != last), last)
    padded = round_up(extents[last], K_BLOCK)
    shape = (*(extents[d] for d in perm[:-1]), padded)
    where = {d: stride for d, stride in zip(perm, _strides(shape), strict=True)}
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
    return _Input(strides, sizes, 0, Argument("lhs_packed", dtype, prod(shape)), (copy,))


@dataclass(frozen=True)
class _Output:
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


def _output(problem: ConvProblem, n_padded: int) -> _Output:
    """Write the output as it lies if the DMA can, else a padded [m][n] that the CPU puts in place."""
    loops, out = problem.loops, problem.out
    strides = {i: loop.out for i, loop in enumerate(loops)}
    ms = [i for i, loop in enumerate(loops) if loop.role == "m"]
    ns = [i for i, loop in enumerate(loops) if loop.role == "n"]
    exact = problem.extent("n") == n_padded
    if (
        exact
        and _n_contiguous(loops, strides)
        and _aligned(out.dtype, out.offset, [strides[i] for i in ms])
    ):
        return _Output(strides, out.offset, Argument("result", out.dtype, out.elements), ())
    dims = _dims(out, tuple(loop.out for loop in loops), "output")
    _plain(dims, "output")
    m_sizes = tuple(loops[i].size for i in ms)
    n_sizes = tuple(loops[i].size for i in ns)
    copies: list[HostCopy] = []
    source, view_n = "result", (n_padded,) if len(ns) < 2 and not exact else n_sizes
    if len(ns) > 1 and not exact:
        whole = (*m_sizes, prod(n_sizes))
        copies.append(
            HostCopy(
                source,
                (*m_sizes, n_padded),
                out.dtype,
                (0,) * len(whole),
                whole,
                tuple(range(len(whole))),
                "result_cut",
                whole,
                out.dtype,
                (0,) * len(whole),
            )
        )
        source = "result_cut"
    if not ns:
        view_n = (n_padded,)
    cut_n = n_sizes or (1,)
    at = {i: p for p, i in enumerate((*ms, *ns))}
    by_dim = {d: i for i, (d, mult) in enumerate(dims.of_loop) if mult}
    idle = [d for d in range(len(out.shape)) if d not in by_dim]
    lead = 0 if ns else 1  # the padded n of a problem without n loops is cut to a unit dimension
    units = len(idle) - lead
    if units < 0:
        raise Unsupported("im2col: output has no dimension for its single channel")
    view = (*m_sizes, *view_n, *(1,) * units)
    sizes = (*m_sizes, *cut_n, *(1,) * units)
    spare = iter(range(len(m_sizes) + len(n_sizes), len(view)))
    perm = tuple(at[by_dim[d]] if d in by_dim else next(spare) for d in range(len(out.shape)))
    copies.append(
        HostCopy(
            source,
            view,
            out.dtype,
            (0,) * len(view),
            sizes,
            perm,
            "out",
            out.shape,
            out.dtype,
            dims.start,
        )
    )
    made = _strides((*m_sizes, n_padded))
    new = {i: made[p] for p, i in enumerate(ms)}
    argument = Argument("result", out.dtype, prod(m_sizes) * n_padded)
    return _Output({**dict.fromkeys(strides, 0), **new}, 0, argument, tuple(copies))


def _merge(m: list[MLoop]) -> tuple[MLoop, ...]:
    """Merge neighbours that walk every buffer as one loop would."""
    out: list[MLoop] = []
    for loop in m:
        if out:
            up = out[-1]
            inner = (loop.lhs, loop.out, loop.residual)
            if (up.lhs, up.out, up.residual) == tuple(loop.size * s for s in inner):
                out[-1] = MLoop(up.size * loop.size, *inner)
                continue
        out.append(loop)
    return tuple(out) or (MLoop(1, 0, 0, 0),)


def _pad_unit(
    source: str, dtype: str, shape: tuple[int, ...], n_padded: int, dest: str
) -> HostCopy:
    """Give values of a single channel the padded channels of a slice, innermost."""
    have, zeros = (*shape, 1), (0,) * (len(shape) + 1)
    order = tuple(range(len(have)))
    return HostCopy(source, have, dtype, zeros, have, order, dest, (*shape, n_padded), dtype, zeros)


def _vector(
    problem: ConvProblem, index: int, given: EpilogueInput, n_padded: int
) -> tuple[str, tuple[HostCopy, ...]]:
    """The host value that holds a per-channel operand, n elements long."""
    ns = tuple(i for i, loop in enumerate(problem.loops) if loop.role == "n")
    strides = dict(enumerate(given.strides))
    n = problem.extent("n")
    if n == n_padded == given.operand.elements and _n_contiguous(problem.loops, strides):
        return f"in{index}", ()
    name = f"vector{index}"
    if not ns:
        return name, (_pad_unit(f"in{index}", given.operand.dtype, (), n_padded, name),)
    if len(ns) != 1 and n != n_padded:
        raise Unsupported(
            f"im2col: operand {index} of the epilogue has padded channels in two loops"
        )
    copy = _canonical_copy(
        f"in{index}",
        given.operand,
        given.strides,
        problem.loops,
        ns,
        name,
        {i: n_padded for i in ns if n != n_padded},
        given.operand.dtype,
    )
    return name, (copy,)


def _residual(
    problem: ConvProblem, index: int, given: EpilogueInput, n_padded: int
) -> tuple[Residual, dict[int, int], tuple[HostCopy, ...]]:
    """The tensor operand, as it lies or copied to [m][n]."""
    loops, operand = problem.loops, given.operand
    strides = dict(enumerate(given.strides))
    ms = tuple(i for i, loop in enumerate(loops) if loop.role == "m")
    ns = tuple(i for i, loop in enumerate(loops) if loop.role == "n")
    n = problem.extent("n")
    walk = [strides[i] for i in ms]
    if (
        n == n_padded
        and _n_contiguous(loops, strides)
        and _aligned(operand.dtype, operand.offset, walk)
    ):
        argument = Argument(f"in{index}", operand.dtype, operand.elements)
        return Residual(index, operand.dtype, operand.offset, argument), strides, ()
    if len(ns) > 1 or any(strides[i] == 0 for i in (*ms, *ns)):
        raise Unsupported(f"im2col: operand {index} of the epilogue is broadcast and not aligned")
    name = f"residual{index}"
    sizes = tuple(loops[i].size for i in ms)
    copies = (
        _canonical_copy(
            f"in{index}",
            operand,
            given.strides,
            loops,
            (*ms, *ns),
            name if ns else f"{name}_m",
            dict.fromkeys(ns, n_padded),
            operand.dtype,
        ),
    )
    if not ns:
        copies += (_pad_unit(f"{name}_m", operand.dtype, sizes, n_padded, name),)
    made = _strides((*sizes, n_padded))
    argument = Argument(name, operand.dtype, prod(sizes) * n_padded)
    return Residual(index, operand.dtype, 0, argument), dict(zip(ms, made, strict=False)), copies


def _without_unit_loops(problem: ConvProblem) -> ConvProblem:
    """The same problem without its loops of size 1, whose strides mean nothing."""
    kept = [i for i, loop in enumerate(problem.loops) if loop.size > 1]
    inputs = tuple(
        replace(given, strides=tuple(given.strides[i] for i in kept))
        for given in problem.epilogue.inputs
    )
    return replace(
        problem,
        loops=tuple(problem.loops[i] for i in kept),
        epilogue=replace(problem.epilogue, inputs=inputs),
    )


def make_view(problem: ConvProblem) -> GemmView:
    """The implicit GEMM of a problem.

    Raises:
        Unsupported: groups, a type without a matrix instruction, or an operand that no copy fits.
    """
    problem = _without_unit_loops(problem)
    types = (problem.lhs.dtype, problem.rhs.dtype, problem.accumulator)
    if types not in _KERNEL_DTYPE:
        raise Unsupported(
            f"im2col: {types[0]} x {types[1]} -> {types[2]} has no matrix instruction"
        )
    if problem.extent("g") > 1:
        raise Unsupported(f"im2col: {problem.extent('g')} groups: only ungrouped problems")
    dtype = _KERNEL_DTYPE[types]
    loops = problem.loops
    inp, k_outer, run = _input(problem, dtype)
    n, n_padded = problem.extent("n"), round_up(problem.extent("n"), K_BLOCK)
    ns = tuple(i for i, loop in enumerate(loops) if loop.role == "n")
    order = _k_order(loops, inp.strides)
    prologue = list(inp.copies)
    padded = {**inp.sizes, **({ns[0]: n_padded} if len(ns) == 1 else {})}
    prologue.append(
        _canonical_copy(
            "rhs",
            problem.rhs,
            tuple(loop.rhs for loop in loops),
            loops,
            (*ns, *order),
            "rhs_nk",
            padded,
            dtype,
        )
    )
    if run < K_BLOCK:
        run = K_BLOCK  # a unit channel, padded by the packed input
    have = (n_padded if len(ns) == 1 else n, n_padded)
    prologue += _pad_filter(prologue[-1], have, prod(s for s, _ in k_outer), run, dtype)
    out = _output(problem, n_padded)
    vectors: list[tuple[int, str, str]] = []
    residual: Residual | None = None
    r_strides: dict[int, int] = {}
    for index, given in enumerate(problem.epilogue.inputs):
        walked = {lp.role for lp, s in zip(loops, given.strides, strict=True) if s}
        if walked == {"n"} or (not walked and n == 1 and given.operand.elements == 1):
            # One channel and no pixel loop: a single value is a vector of one.
            name, copies = _vector(problem, index, given, n_padded)
            vectors.append((index, given.operand.dtype, name))
        elif ("n" in walked or n == 1) and residual is None:
            residual, r_strides, copies = _residual(problem, index, given, n_padded)
        else:
            raise Unsupported(
                f"im2col: operand {index} of the epilogue is neither bias nor residual"
            )
        prologue += copies
    m = [
        MLoop(loops[i].size, inp.strides[i], out.strides[i], r_strides.get(i, 0))
        for i in range(len(loops))
        if loops[i].role == "m"
    ]
    return GemmView(
        problem,
        dtype,
        _merge(m),
        k_outer,
        run,
        n_padded,
        inp.offset,
        out.offset,
        inp.argument,
        out.argument,
        tuple(vectors),
        residual,
        tuple(prologue),
        out.copies,
    )


def _pad_filter(
    made: HostCopy, n: tuple[int, int], k_outer: int, run: int, dtype: str
) -> tuple[HostCopy, ...]:
    """Bring "rhs_nk" from n[0] rows to n[1] x (k_outer * run) where one copy could not pad both."""
    have_run = prod(made.dest_shape) // (n[0] * k_outer)
    if (n[0], have_run) == (n[1], run):
        return ()
    shape = (n[0], k_outer, have_run)
    return (
        HostCopy(
            "rhs_nk",
            shape,
            dtype,
            (0, 0, 0),
            shape,
            (0, 1, 2),
            "rhs_padded",
            (n[1], k_outer, run),
            dtype,
            (0, 0, 0),
        ),
    )
