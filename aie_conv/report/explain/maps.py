"""The index maps of a problem: which element of each buffer a step of the computation meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from aie_conv.img2col.view import GemmView
from aie_conv.mapping.operands import k_order, read_input, write_output
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem, Loop
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import times, wrap


@dataclass(frozen=True)
class IndexTerm:
    """``stride * (index // divisor % size)`` of one loop; ``size`` 0 leaves out the remainder."""

    dim: str
    divisor: int
    size: int
    stride: int


@dataclass(frozen=True)
class BufferMap:
    """An affine map from loop indices to an element of a flat buffer.

    Attributes:
        buffer: name of the buffer.
        dims: the map's arguments.
        offset: element for indices of 0.
        terms: what is added for the indices.
    """

    buffer: str
    dims: tuple[str, ...]
    offset: int
    terms: tuple[IndexTerm, ...]

    def element(self, **indices: int) -> int:
        """The element for some indices; numpy's arrays serve as well."""
        total = self.offset
        for term in self.terms:
            index = indices[term.dim] // term.divisor
            total = total + term.stride * (index % term.size if term.size else index)
        return total

    @property
    def text(self) -> str:
        """As MLIR writes it."""
        parts: list[str] = []
        for term in self.terms:
            text = term.dim
            if term.divisor > 1:
                text = f"{text} floordiv {term.divisor}"
            if term.size:
                text = (
                    f"({text}) mod {term.size}" if term.divisor > 1 else f"{text} mod {term.size}"
                )
            if term.stride != 1:
                text = (
                    f"{text} * {term.stride}" if text == term.dim else f"({text}) * {term.stride}"
                )
            parts.append(text)
        if self.offset or not parts:
            parts.append(str(self.offset))
        return f"affine_map<({', '.join(self.dims)}) -> ({' + '.join(parts)})>"


@dataclass(frozen=True)
class _Walk:
    """How loops walk one buffer."""

    buffer: str
    offset: int
    strides: tuple[int, ...]


def _flatten(dim: str, loops: Sequence[Loop], strides: Sequence[int]) -> list[IndexTerm]:
    """The terms of loops that one index counts, the last loop fastest; merged where they may be."""
    terms: list[IndexTerm] = []
    divisor = 1
    for number, (loop, stride) in reversed(list(enumerate(zip(loops, strides, strict=True)))):
        if stride and loop.size > 1:
            size = loop.size if number else 0
            inner = terms[0] if terms else None
            follows = inner is not None and inner.divisor * inner.size == divisor
            if inner is not None and follows and inner.stride * inner.size == stride:
                merged = inner.size * loop.size if size else 0
                terms[0] = IndexTerm(dim, inner.divisor, merged, inner.stride)
            else:
                terms.insert(0, IndexTerm(dim, divisor, size, stride))
        divisor *= loop.size
    return terms


@dataclass(frozen=True)
class Gemm:
    """An implicit GEMM and where its operands lie.

    Attributes:
        loops: the loops behind "m", "n", "k" and "g", the last of each fastest.
        maps: input (m, k), filter (k, n), output (m, n); with groups, g as a first index of each.
    """

    loops: Mapping[str, tuple[Loop, ...]]
    maps: tuple[BufferMap, BufferMap, BufferMap]


def _gemm(loops: Sequence[Loop], order: Sequence[int], walks: Sequence[_Walk]) -> Gemm:
    places = {
        role: [i for i, loop in enumerate(loops) if loop.role == role] for role in ("g", "m", "n")
    }
    places["k"] = list(order)
    grouped = ("g",) if any(loops[i].size > 1 for i in places["g"]) else ()
    maps: list[BufferMap] = []
    for walk, dims in zip(walks, (("m", "k"), ("k", "n"), ("m", "n")), strict=True):
        terms = [
            term
            for dim in (*grouped, *dims)
            for term in _flatten(
                dim, [loops[i] for i in places[dim]], [walk.strides[i] for i in places[dim]]
            )
        ]
        maps.append(BufferMap(walk.buffer, (*grouped, *dims), walk.offset, tuple(terms)))
    kept = {dim: tuple(loops[i] for i in indices) for dim, indices in places.items()}
    return Gemm(kept, (maps[0], maps[1], maps[2]))


def gemm_of(problem: ConvProblem, order: Sequence[int] | None = None) -> Gemm:
    """The implicit GEMM over a problem's own buffers.

    Args:
        problem: any; one with groups has a GEMM a group.
        order: the loops behind k; None for the order in which the input's addresses run.
    """
    loops = problem.loops
    return _gemm(
        loops,
        order or k_order(loops, {i: loop.lhs for i, loop in enumerate(loops)}),
        (
            _Walk("input", problem.lhs.offset, tuple(loop.lhs for loop in loops)),
            _Walk("filter", problem.rhs.offset, tuple(loop.rhs for loop in loops)),
            _Walk("output", problem.out.offset, tuple(loop.out for loop in loops)),
        ),
    )


def gemm_seen(view: GemmView) -> tuple[Gemm, Gemm]:
    """The implicit GEMM over the problem's buffers, and over those that the DMA reads and writes.

    They differ where the CPU copies an operand first: channels innermost, and padded to whole blocks.
    The filter of the second is [n][K], the form before it is cut into the cores' blocks.
    """
    problem = view.problem
    loops = problem.loops
    inp, _, _ = read_input(problem, view.dtype)
    order = plain = k_order(loops, inp.strides)
    out = write_output(problem, view.n)
    ns = loops_of_n(loops)
    seen = [
        replace(loop, size=inp.sizes.get(i, view.n if ns == [i] else loop.size))
        for i, loop in enumerate(loops)
    ]
    at_lhs = [inp.strides[i] for i in range(len(loops))]
    at_out = [out.strides[i] for i in range(len(loops))]
    length = prod(seen[i].size for i in order)
    if length < view.k:
        # Without a loop over channels the packed input has a dim for them all the same.
        order = (*order, len(seen))
        seen.append(Loop("pad", "k", view.k // length, 1, 1, 0))
        at_lhs.append(1)
        at_out.append(0)
    at_rhs = [0] * len(seen)
    _dense(at_rhs, seen, (*ns, *order))
    _dense(at_out, seen, ns)
    walks = (
        _Walk(inp.argument.name, inp.offset, tuple(at_lhs)),
        _Walk("filter", 0, tuple(at_rhs)),
        _Walk(out.argument.name, out.offset, tuple(at_out)),
    )
    return gemm_of(problem, plain), _gemm(seen, order, walks)


def _dense(strides: list[int], loops: Sequence[Loop], order: Sequence[int]) -> None:
    """Give some loops the strides of a dense buffer, the last of them innermost."""
    step = 1
    for i in reversed(order):
        strides[i] = step
        step *= loops[i].size


def loops_of_n(loops: Sequence[Loop]) -> list[int]:
    """The numbers of the loops over output channels."""
    return [i for i, loop in enumerate(loops) if loop.role == "n"]


def window_maps(problem: ConvProblem) -> tuple[BufferMap, ...]:
    """Where each step of the convolution's own loops lies in the problem's buffers."""
    dims = tuple(loop.name for loop in problem.loops)
    walks = (
        _Walk("input", problem.lhs.offset, tuple(loop.lhs for loop in problem.loops)),
        _Walk("filter", problem.rhs.offset, tuple(loop.rhs for loop in problem.loops)),
        _Walk("output", problem.out.offset, tuple(loop.out for loop in problem.loops)),
    )
    maps: list[BufferMap] = []
    for walk in walks:
        terms = (
            IndexTerm(dim, 1, 0, stride)
            for dim, stride in zip(dims, walk.strides, strict=True)
            if stride
        )
        maps.append(BufferMap(walk.buffer, dims, walk.offset, tuple(terms)))
    return tuple(maps)


# -- the stage ------------------------------------------------------------------------------------
def _lines(maps: Sequence[BufferMap]) -> list[str]:
    width = max(len(index_map.buffer) for index_map in maps)
    return [
        row for index_map in maps for row in wrap(f"{index_map.buffer:<{width}}  {index_map.text}")
    ]


def _sizes(gemm: Gemm) -> str:
    parts: list[str] = []
    for dim in ("g", "m", "k", "n"):
        loops = gemm.loops[dim]
        size = prod(loop.size for loop in loops)
        if dim == "g" and size == 1:
            continue
        what = " x ".join(f"{loop.name}{loop.size}" for loop in loops)
        parts.append(f"{dim} < {size}" + f" = {what}" * bool(what))
    return ", ".join(parts)


def _copies(plan: Plan) -> list[str]:
    """The copies that the CPU makes around the call, in words."""
    copies = (*plan.prologue, *plan.finish)
    if not copies:
        return ["the array reads and writes these buffers as they lie"]
    return [
        "copies of the CPU, which bring the operands into the array's order:",
        *(
            f"  {c.source} {times(c.sizes)}x{c.view_dtype}"
            f" -> {c.dest} {times(c.dest_shape)}x{c.dest_dtype}"
            for c in copies
        ),
    ]


def _im2col_lines(view: GemmView) -> list[str]:
    plain, seen = gemm_seen(view)
    # bf16x3 is a problem over the operands' parts, three times the channels.
    parts = {"input": "lhs_parts", "filter": "rhs_parts"} if _in_parts(view) else {}
    named = [replace(m, buffer=parts.get(m.buffer, m.buffer)) for m in plain.maps]
    lines = [_sizes(plain), *_lines(named)]
    if any(a.terms != b.terms or a.offset != b.offset for a, b in _pair_maps(plain, seen)):
        lines += ["", "as the DMA reads and writes them, behind the copies below:"]
        lines += [_sizes(seen), *_lines(seen.maps)]
    return lines


def _in_parts(view: GemmView) -> bool:
    return any(copy.dest == "lhs_parts" for copy in view.prologue)


def _pair_maps(plain: Gemm, seen: Gemm) -> list[tuple[BufferMap, BufferMap]]:
    """Input and output of both; the filter is always packed."""
    return [(plain.maps[0], seen.maps[0]), (plain.maps[2], seen.maps[2])]


def index_maps(plan: Plan) -> StageReport:
    """The maps that a plan's DMA programs walk."""
    view = plan.mapping.view if isinstance(plan, ArrayPlan) else None
    if isinstance(view, GemmView):
        lines = _im2col_lines(view)
        sentence = (
            "The convolution as a matrix product whose left matrix is never stored: the maps say which"
            " element of each flat buffer stands at (m, k) of the im2col matrix, at (k, n) of the"
            " filter and at (m, n) of the result. The DMA's addresses walk exactly these; where windows"
            " overlap, an element is read again."
        )
    else:
        gemm = gemm_of(plan.problem)
        lines = [
            *_lines(window_maps(plan.problem)),
            "",
            "the same as an implicit GEMM, in which an input element stands once for each tap:",
            _sizes(gemm),
            *_lines(gemm.maps),
        ]
        sentence = (
            "The windows as they are computed: pixel, tap and channel to an element of each flat buffer."
            " What the input's map reaches for a tile's pixels is the tile with its halo, which is"
            " brought once."
        )
    text = "\n".join([*lines, "", *_copies(plan)])
    return StageReport("index-maps", sentence, text, text, "txt")
