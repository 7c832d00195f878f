"""An operation as the array runs it: axes, the last of which is walked in vectors, over buffers.

Every operand lies with the lanes' elements beside each other, and what a DMA addresses lies on 4 bytes.
Where a dispatch's buffer does not, the host copies it, which its price says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.operations.axes import LoopAxis, merge_axes
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES, Loop, Operand, OperationProblem

PADDED_BYTES = 32
"""To a multiple of these the host pads lanes: a vector load, and what keeps objects aligned."""

_SPARSE_BYTES = 32
"""Between elements that are read, at most: of more the DMA brings each by itself."""

_DTYPES = frozenset(("i8", "i16", "i32", "bf16", "f32"))


@dataclass(frozen=True)
class InputSource:
    """An input as the program reads it.

    Attributes:
        argument: of the runtime sequence.
        offset: where its axes begin, in elements.
    """

    argument: Argument
    offset: int


@dataclass(frozen=True)
class OperationView:
    """An operation over flat buffers.

    Attributes:
        problem: what it is.
        axes: outermost first; the last one's elements lie beside each other.
        sources: the inputs, the reduced one first.
        result: the output's argument.
        offset: where the output's axes begin in it.
        prologue, finish: copies of the host.
        by_elements: cores take elements one by one: a move of which the DMA brings what lies beside each
            other in the input, and takes away what does in the output.
    """

    problem: OperationProblem
    axes: tuple[LoopAxis, ...]
    sources: tuple[InputSource, ...]
    result: Argument
    offset: int
    prologue: tuple[HostCopy, ...]
    finish: tuple[HostCopy, ...]
    by_elements: bool = False

    @cached_property
    def shared(self) -> tuple[int, ...]:
        """For each input the first one that reads the same elements of the same buffer."""
        if not self.problem.gathers:
            return tuple(range(len(self.sources)))
        same = [
            (source, tuple((axis.stride(n), axis.gathers(n)) for axis in self.axes))
            for n, source in enumerate(self.sources)
        ]
        return tuple(same.index(each) for each in same)


def make_view(problem: OperationProblem, *, padded: bool = False) -> OperationView:
    """An operation as the array runs it.

    Args:
        problem: the operation.
        padded: whether the host pads the lanes of every operand, though the DMA could bring them as they
            lie: for operands too small to make aligned objects of.

    Raises:
        Unsupported: it has no such form; the message says why.
    """
    _check(problem)
    if problem.kind == "move":
        return _view_of_move(problem)
    return _Maker(problem, padded=padded).view(_lanes(problem))


def make_row_views(problem: OperationProblem, *, padded: bool = False) -> Iterator[OperationView]:
    """An operation by rows as the array may run it, for each loop that vectors may walk.

    Those come first over whose elements every operand lies as it is. Vectors along rows are combined
    across their lanes at last; vectors across rows are never.

    Args:
        problem: the operation.
        padded: as of :func:`make_view`; of vectors across rows alone.

    Raises:
        Unsupported: it has no such form; the message says why.
    """
    _check(problem)
    flat = replace(problem, loops=tuple(replace(loop, role="m") for loop in problem.loops))
    along = frozenset(i for i, loop in enumerate(problem.loops) if loop.role == "k")
    views, refusal = list[OperationView](), None
    for number, loop in enumerate(flat.loops):
        if number in along and (padded or loop.lhs != 1):
            continue
        try:
            view = _Maker(flat, padded=padded, along=along).view(loop)
        except Unsupported as reason:
            refusal = reason
            continue
        views.append(replace(view, problem=problem))
    if not views:
        raise refusal or Unsupported("its rows lie in no order that vectors walk")
    views.sort(key=lambda view: (len(view.prologue) + len(view.finish), -view.axes[-1].size))
    yield from views


def _check(problem: OperationProblem) -> None:
    operands = [problem.lhs, *(entry.operand for entry in problem.epilogue.inputs)]
    for operand in (*operands, problem.out):
        if operand.dtype not in _DTYPES:
            raise Unsupported(f"elements of {operand.dtype}")
    if not problem.stored:
        raise Unsupported("everything is reduced to one element")


def _view_of_move(problem: OperationProblem) -> OperationView:
    """A move as addresses alone where lanes lie beside each other in both buffers, else by elements.

    Raises:
        Unsupported: its result has no neighbours.
    """
    maker = _Maker(problem, padded=False)
    lanes = next((i for i, loop in enumerate(problem.loops) if loop.out == 1), None)
    if lanes is None:
        raise Unsupported("a move to elements that are no neighbours")
    gathered = any(gather.loop == lanes for gather in problem.gathers)
    if gathered or maker.needs_copies(lanes):
        return maker.elements(lanes)
    return maker.view(problem.loops[lanes])


def _lanes(problem: OperationProblem) -> Loop:
    """The loop that is walked in vectors: one that is no window's, best where all lie beside each other."""
    walked = {dim for loop in problem.reduced for dim in [_dim(problem.lhs, loop.lhs)]}
    steps = {0, *_strides(problem.lhs.shape)}
    free = [
        loop
        for loop in problem.parallel
        if loop.lhs in steps and (not loop.lhs or _dim(problem.lhs, loop.lhs) not in walked)
    ]
    gathered = {gather.loop for gather in problem.gathers}
    free = [loop for loop in free if problem.loops.index(loop) not in gathered]
    if not free:
        raise Unsupported("every loop of the output walks a window: there are no channels")

    def rank(loop: Loop) -> tuple[int, int, int]:
        place = problem.loops.index(loop)
        others = sum(entry.strides[place] == 1 for entry in problem.epilogue.inputs)
        return int(loop.lhs == 1) + int(loop.out == 1), others, loop.size

    return max(free, key=rank)


def _strides(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def _dim(operand: Operand, stride: int) -> int:
    """The dimension of a buffer that a stride walks: the outermost of which it is a multiple."""
    steps = _strides(operand.shape)
    for dim, (size, step) in enumerate(zip(operand.shape, steps, strict=True)):
        if size > 1 and stride % step == 0:
            return dim
    return len(steps) - 1


@dataclass(frozen=True)
class _Walk:
    """How loops walk a buffer: a stride each, in the order of the problem's loops."""

    operand: Operand
    strides: tuple[int, ...]


class _Maker:
    """Makes a view."""

    def __init__(
        self, problem: OperationProblem, *, padded: bool, along: frozenset[int] = frozenset()
    ) -> None:
        self._problem, self._force, self._along = problem, padded, along
        self._prologue: list[HostCopy] = []
        self._finish: list[HostCopy] = []
        entries = problem.epilogue.inputs
        self._walks = [
            _Walk(problem.lhs, tuple(loop.lhs for loop in problem.loops)),
            *(_Walk(entry.operand, entry.strides) for entry in entries),
        ]
        names = ["lhs", *(f"in{number}" for number in range(len(entries)))]
        same = problem.same_as or range(1, len(names))
        self._names = [names[number] for number in (0, *same)]
        self._out = _Walk(problem.out, tuple(loop.out for loop in problem.loops))

    def view(self, lanes: Loop) -> OperationView:
        """The view whose lanes are a loop's."""
        problem = self._problem
        at = problem.loops.index(lanes)
        moved = self._needs_copy(self._out, at)
        padded = lanes.size
        if self.needs_copies(at):
            padded = self._padded(lanes.size)
            if at in self._along and (padded > lanes.size or (moved and not lanes.out)):
                raise Unsupported(f"rows of {lanes.size} elements")
        sources: list[InputSource] = []
        walks: list[_Walk] = []
        for name, walk in zip(self._names, self._walks, strict=True):
            copied = self._needs_copy(walk, at) or (
                walk.strides[at] != 0
                and any(
                    self._needs_copy(each, at) or padded > lanes.size
                    for other, each in zip(self._names, self._walks, strict=True)
                    if other == name and each.strides[at]
                )
            )
            seen = self._copy_in(name, walk, at, padded) if copied else walk
            total = seen.operand
            source = Argument(f"{name}_lanes" if copied else name, total.dtype, total.elements)
            sources.append(InputSource(source, seen.operand.offset))
            walks.append(seen)
        copied = moved or padded > lanes.size
        out = self._copy_out(at, padded) if copied else self._out
        result = Argument("result", out.operand.dtype, out.operand.elements)
        loops = list(problem.loops)
        loops[at] = replace(lanes, size=padded)
        axes = _axes(loops, walks, out, at, (self._along, self._places()))
        return OperationView(
            problem, axes, tuple(sources), result, out.operand.offset,
            tuple(self._prologue), tuple(self._finish),
        )  # fmt: skip

    def _places(self) -> list[tuple[tuple[int, ...], ...]]:
        """For each loop the places of each input; empty of loops without."""
        problem, inputs = self._problem, range(len(self._walks))
        gathered = {gather.loop for gather in problem.gathers}
        return [
            tuple(problem.places(number, i) for number in inputs) if i in gathered else ()
            for i in range(len(problem.loops))
        ]

    def needs_copies(self, at: int) -> bool:
        """Whether the DMA cannot bring or take a buffer as it lies, the lanes being loop ``at``'s."""
        return any(self._needs_copy(walk, at) for walk in (self._out, *self._walks))

    def elements(self, at: int) -> OperationView:
        """A move's view by elements; the output's neighbours are loop ``at``'s."""
        problem, (walk,) = self._problem, self._walks
        axes = [
            LoopAxis(loop.size, 1, loop.lhs, 1, 1, (), loop.out, places=places)
            for loop, places in zip(problem.loops, self._places(), strict=True)
        ]
        # What the DMA brings must lie in runs: where none does, what lies between comes too.
        near = min((axis.unit for axis in axes if axis.unit), default=1)
        if near * DTYPE_BYTES[walk.operand.dtype] <= _SPARSE_BYTES:
            axes = [
                replace(axis, unit=1, step=near) if axis.unit == near and not axis.places else axis
                for axis in axes
            ]
        outer = [axis for number, axis in enumerate(axes) if number != at]
        outer.sort(key=lambda axis: -axis.out)
        source = Argument("lhs", walk.operand.dtype, walk.operand.elements)
        result = Argument("result", self._out.operand.dtype, self._out.operand.elements)
        return OperationView(
            problem, merge_axes([*outer, axes[at]]), (InputSource(source, walk.operand.offset),),
            result, self._out.operand.offset, (), (), by_elements=True,
        )  # fmt: skip

    def _padded(self, size: int) -> int:
        """Lanes that fill vector loads of every type."""
        narrowest = min(DTYPE_BYTES[walk.operand.dtype] for walk in (*self._walks, self._out))
        unit = PADDED_BYTES // narrowest
        return -(-size // unit) * unit

    def _needs_copy(self, walk: _Walk, at: int) -> bool:
        """Whether the DMA cannot bring a buffer as it lies, lanes beside each other."""
        if self._force and walk.strides[at]:
            return True
        size = DTYPE_BYTES[walk.operand.dtype]
        others = [s for i, s in enumerate(walk.strides) if i != at]
        if walk.strides[at] == 0:
            # One element for all lanes: read in runs that begin on 4 bytes.
            inner = [s for s in others if s]
            return bool(inner) and (walk.operand.offset * size % 4 != 0)
        lanes = self._problem.loops[at].size
        odd = any(s * size % 4 for s in others) or walk.operand.offset * size % 4
        short = lanes * size % 4 != 0 or (lanes * size < PADDED_BYTES and lanes & (lanes - 1))
        tiny = lanes * size < 16 and not any(s == lanes for s in others)
        return walk.strides[at] != 1 or bool(odd) or bool(short) or tiny

    def _copy_in(self, name: str, walk: _Walk, at: int, padded: int) -> _Walk:
        """A copy with the lanes' dimension last, padded."""
        shape, operand = walk.operand.shape, walk.operand
        if walk.strides[at] == 0:
            raise Unsupported("a broadcast operand that does not begin on 4 bytes")
        dims = [_dim(operand, stride) if stride else -1 for stride in walk.strides]
        steps = _strides(shape)
        # Of what is read in no even steps, or by several inputs, all is copied.
        complete = bool(self._problem.gathers or self._problem.same_as)
        first = (0,) * len(shape) if complete else self._origin(operand)
        perm = (*(d for d in range(len(shape)) if d != dims[at]), dims[at])
        if walk.strides[at] != steps[dims[at]]:
            raise Unsupported("lanes that are a part of a dimension")
        sizes = shape if complete else tuple(self._extents(walk, dims, first))
        dest = (*(sizes[d] for d in perm[:-1]), padded)
        copy = HostCopy(
            name, shape, operand.dtype, first, sizes, perm,
            f"{name}_lanes", dest, operand.dtype, (0,) * len(dest),
        )  # fmt: skip
        if copy not in self._prologue:
            self._prologue.append(copy)
        place = {d: step for d, step in zip(perm, _strides(dest), strict=True)}
        strides = tuple(
            stride // steps[d] * place[d] if stride else 0
            for stride, d in zip(walk.strides, dims, strict=True)
        )
        offset = sum(n * place[d] for d, n in enumerate(self._origin(operand))) if complete else 0
        return _Walk(Operand(operand.dtype, dest, offset), strides)

    @staticmethod
    def _origin(operand: Operand) -> tuple[int, ...]:
        """The index at which a buffer's walk begins."""
        rest, index = operand.offset, list[int]()
        for step in _strides(operand.shape):
            index.append(rest // step)
            rest %= step
        return tuple(index)

    def _extents(self, walk: _Walk, dims: Sequence[int], first: Sequence[int]) -> list[int]:
        """Elements of each dimension that are read.

        Raises:
            Unsupported: the loops walk no box.
        """
        shape, steps = walk.operand.shape, _strides(walk.operand.shape)
        extents = [1] * len(shape)
        for loop, stride, dim in zip(self._problem.loops, walk.strides, dims, strict=True):
            if stride:
                extents[dim] += (loop.size - 1) * (stride // steps[dim])
        if any(f + e > size for f, e, size in zip(first, extents, shape, strict=True)):
            raise Unsupported("an operand that no box of its buffer holds")
        return extents

    def _copy_out(self, at: int, padded: int) -> _Walk:
        """A result with the lanes' dimension last, padded, and the copy from it to the output."""
        out, loops = self._out, self._problem.loops
        operand, shape = out.operand, out.operand.shape
        steps = _strides(shape)
        walks = [loop.role == "m" and (out.strides[i] != 0) for i, loop in enumerate(loops)]
        order = [i for i, walk in enumerate(walks) if walk and i != at] + [at]
        dims = {i: _dim(operand, out.strides[i]) for i in order}
        if any(out.strides[i] != steps[d] for i, d in dims.items()) or len(
            set(dims.values())
        ) < len(dims):
            raise Unsupported("an output that is no box of its buffer")
        dense = (*(loops[i].size for i in order[:-1]), padded)
        walked = [*order]
        # The source has unit dimensions for those of the output that no loop walks.
        unit = [d for d in range(len(shape)) if d not in dims.values()]
        view = (*(1 for _ in unit), *dense)
        where = {dims[i]: len(unit) + n for n, i in enumerate(walked)} | {
            d: n for n, d in enumerate(unit)
        }
        sizes = (*(1 for _ in unit), *(loops[i].size for i in order))
        self._finish.append(
            HostCopy(
                "result", view, operand.dtype, (0,) * len(view), sizes,
                tuple(where[d] for d in range(len(shape))), "out", shape, operand.dtype,
                self._origin(operand),
            )
        )  # fmt: skip
        strides = [0] * len(loops)
        for i, step in zip(order, _strides(dense), strict=True):
            strides[i] = step
        return _Walk(Operand(operand.dtype, dense), tuple(strides))


def _axes(
    loops: Sequence[Loop],
    walks: Sequence[_Walk],
    out: _Walk,
    at: int,
    more_of: tuple[frozenset[int], Sequence[tuple[tuple[int, ...], ...]]],
) -> tuple[LoopAxis, ...]:
    """The axes of loops: a window's with its pixel's, neighbours merged, the lanes last."""
    (along, places), (lhs, *others) = more_of, walks
    partner: dict[int, int] = {}
    pixels = [i for i, loop in enumerate(loops) if loop.role == "m" and i != at and lhs.strides[i]]
    for i, loop in enumerate(loops):
        if loop.role == "k":
            dim = _dim(lhs.operand, lhs.strides[i])
            same = [p for p in pixels if _dim(lhs.operand, lhs.strides[p]) == dim]
            if same and same[0] in partner.values():
                raise Unsupported("two loops of a window walk one dimension")
            if same:
                partner[i] = same[0]
    paired = {p: k for k, p in partner.items()}
    axes: list[LoopAxis] = []
    steps = _strides(lhs.operand.shape)
    for i, loop in enumerate(loops):
        if i == at or i in partner:
            continue
        stride = lhs.strides[i]
        more = tuple(walk.strides[i] for walk in others)
        if loop.role == "k":
            axes.append(LoopAxis(1, loop.size, stride, 1, 1, more, 0))
        elif i in paired:
            k = paired[i]
            unit = steps[_dim(lhs.operand, stride)]
            axes.append(
                LoopAxis(
                    loop.size, loops[k].size, unit, stride // unit, lhs.strides[k] // unit, more,
                    out.strides[i],
                )
            )  # fmt: skip
        else:
            axes.append(
                LoopAxis(loop.size, 1, stride, 1, 1, more, out.strides[i], i in along, places[i])
            )
    axes.sort(key=lambda axis: (-axis.unit, -axis.out))
    across = tuple(walk.strides[at] for walk in others)
    place = 1 if at not in along else out.strides[at]
    lanes = LoopAxis(loops[at].size, 1, lhs.strides[at], 1, 1, across, place, at in along)
    return merge_axes([*axes, lanes])
