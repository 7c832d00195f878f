"""How an operation is cut for one core: what an object of its input holds, and what of its output."""

from dataclasses import dataclass, replace
from math import prod

from aie_conv.errors import ConfigRefused
from aie_conv.lazy import cached_property
from aie_conv.operations.gathered import PlaceTable, span, tables
from aie_conv.operations.view import OperationView
from aie_conv.problem import DTYPE_BYTES

WORD_BYTES = 4
"""What a DMA addresses."""

ALIGNED = 32
"""Bytes to which objects are aligned: a core's vector loads."""


@dataclass(frozen=True)
class OperandSection:
    """An input's part of an object.

    Attributes:
        start: where it begins, in bytes.
        pitches: from one element of each axis to the next in it; 0 where it is broadcast.
        spans: elements of each axis that it holds; 1 where it is broadcast.
        run: elements of its innermost run that are read, at least what is used.
        dtype: of its elements.
        order: of the axes in it, outermost first; empty for theirs.
    """

    start: int
    pitches: tuple[int, ...]
    spans: tuple[int, ...]
    run: int
    dtype: str
    order: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        """The axis along which runs lie."""
        return self.order[-1] if self.order else len(self.spans) - 1

    @property
    def elements(self) -> int:
        """Elements that it holds."""
        return prod(self.spans) // self.spans[self.last] * self.run

    @property
    def bytes(self) -> int:
        """Its length."""
        return self.elements * DTYPE_BYTES[self.dtype]

    @property
    def over_read(self) -> int:
        """Elements behind the last one that is used."""
        return self.run - self.spans[self.last]


@dataclass(frozen=True)
class OperationTile:
    """A core's share of one step.

    Attributes:
        view: of what.
        sizes: elements of the output along each axis.
        taps: elements that one object has of each axis' window; fewer than all where several objects
            follow one another.
        vector: lanes of one vector.
        sections: of each input in an object; inputs that read the same have the same.
        tables: by which cores find what they take in no even steps.
        together: tiles that a core works on at once, each in objects of its own, so in other banks.
    """

    view: OperationView
    sizes: tuple[int, ...]
    taps: tuple[int, ...]
    vector: int
    sections: tuple[OperandSection, ...]
    tables: tuple[PlaceTable, ...] = ()
    together: int = 1

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Tiles along each axis; the last one may overlap the one before."""
        pairs = zip(self.view.axes, self.sizes, strict=True)
        return tuple(-(-axis.size // size) for axis, size in pairs)

    @property
    def count(self) -> int:
        """Tiles of the whole output."""
        return prod(self.counts)

    @cached_property
    def chunks(self) -> int:
        """Objects of the input for one tile."""
        pairs = zip(self.view.axes, self.taps, strict=True)
        return prod(axis.taps // taps for axis, taps in pairs)

    @cached_property
    def outputs(self) -> int:
        """Elements of one object of the output."""
        return prod(self.stored)

    @cached_property
    def stored(self) -> tuple[int, ...]:
        """Elements of one object of the output along each axis."""
        pairs = zip(self.view.axes, self.sizes, strict=True)
        return tuple(min(size, axis.stored) for axis, size in pairs)

    @property
    def stored_pitches(self) -> tuple[int, ...]:
        """From one element of each axis to the next in an object of the output; 0 where there is one."""
        sizes = self.stored
        return tuple(prod(sizes[i + 1 :]) if size > 1 else 0 for i, size in enumerate(sizes))

    @cached_property
    def output_bytes(self) -> int:
        """Bytes of one object of the output."""
        return self.outputs * DTYPE_BYTES[self.view.problem.out.dtype]

    @cached_property
    def input_bytes(self) -> int:
        """Bytes of one object of the input."""
        return _sections_bytes(self.view, self.sections) + sum(t.bytes for t in self.tables)

    @property
    def spacer_bytes(self) -> int:
        """Bytes of a buffer that lies between those of the two FIFOs, by size; 0 where none is needed.

        The tools put the largest buffers first, into the banks in turn: behind ``together`` of these the
        output's objects lie in other banks than the input's of the same step.
        """
        if self.together == 1:
            return 0
        return min(self.input_bytes, self.output_bytes) + ALIGNED

    @property
    def sums_bytes(self) -> int:
        """Bytes of the sums that wait for more objects; 0 where there is one."""
        wide = DTYPE_BYTES[self.view.problem.accumulator]
        return self.outputs * wide if self.chunks > 1 else 0

    @property
    def object_dtype(self) -> str:
        """Type of the input's objects: the inputs' where they have one, else integers.

        Those are as wide as what is loaded for all lanes. Beside tables there are integers alone.
        """
        return _object_dtype(self.sections, tables=any(axis.places for axis in self.view.axes))

    @property
    def object_elements(self) -> int:
        """Elements of one object of the input."""
        return self.input_bytes // DTYPE_BYTES[self.object_dtype]

    def starts(self, number: int) -> tuple[int, ...]:
        """The first element of tile ``number`` along each axis."""
        rest, places = number, list[int]()
        for count, size, axis in zip(
            reversed(self.counts), reversed(self.sizes), reversed(self.view.axes), strict=True
        ):
            places.append(min(rest % count * size, axis.size - size))
            rest //= count
        return tuple(reversed(places))


def _sections_bytes(view: OperationView, sections: tuple[OperandSection, ...]) -> int:
    return sum(sections[number].bytes for number in sorted(set(view.shared)))


def _object_dtype(sections: tuple[OperandSection, ...], *, tables: bool) -> str:
    dtypes = {section.dtype for section in sections}
    if len(dtypes) == 1 and not tables:
        return dtypes.pop()
    widths = {DTYPE_BYTES[s.dtype] for s in sections if not s.pitches[-1]}
    if len(dtypes) == 1:
        widths = {DTYPE_BYTES[dtypes.pop()]}
    return f"i{8 * max(widths, default=1)}"


def _with_tables(tile: OperationTile) -> OperationTile:
    """A tile with what its cores find gathered elements by."""
    view, sections = tile.view, tile.sections
    if not any(axis.places for axis in view.axes):
        return tile
    width = max(2, DTYPE_BYTES[_object_dtype(sections, tables=True)])
    begin = -(-_sections_bytes(view, sections) // WORD_BYTES) * WORD_BYTES
    return replace(tile, tables=tables(view, tile.sizes, begin, width))


def make_tile(
    view: OperationView, sizes: tuple[int, ...], taps: tuple[int, ...], most_vector: int
) -> OperationTile:
    """A tile of some sizes.

    Args:
        view: of what.
        sizes: elements of the output along each axis.
        taps: elements of each axis' window in an object; must divide the window's.
        most_vector: lanes that a vector has at most.

    Raises:
        ConfigRefused: it cannot be addressed or aligned.
    """
    if view.by_elements:
        return _make_tile_of_elements(view, sizes)
    vector = min(most_vector, sizes[-1] & -sizes[-1])
    inputs = [view.problem.lhs.dtype, *(e.operand.dtype for e in view.problem.epilogue.inputs)]
    dtypes = [*inputs, view.problem.out.dtype]
    if vector * min(map(DTYPE_BYTES.__getitem__, dtypes)) < 4:
        raise ConfigRefused("vector", f"lanes: {sizes[-1]} of {view.axes[-1].size}")
    _check_starts(view, sizes, dtypes)
    sections = _sections(view, sizes, taps, inputs)
    tile = _with_tables(OperationTile(view, sizes, taps, vector, sections))
    for what, length in (("input", tile.input_bytes), ("output", tile.output_bytes)):
        if length % ALIGNED:
            raise ConfigRefused("alignment", f"{what} objects of {length} bytes")
    return tile


def _span(view: OperationView, dim: int, number: int, size: int, taps: int) -> int:
    """Elements of an input along an axis that it walks, for ``size`` outputs."""
    axis = view.axes[dim]
    if axis.gathers(number):
        return span(view, dim, number, size)
    return size if number else axis.span(size, taps)


def _make_tile_of_elements(view: OperationView, sizes: tuple[int, ...]) -> OperationTile:
    """A tile whose input lies in the order of the input's buffer.

    Raises:
        ConfigRefused: it does not begin or end on 4 bytes.
    """
    dtype = view.problem.lhs.dtype
    _check_starts(view, sizes, [dtype, dtype])
    spans = [
        _span(view, dim, 0, size, 1) if axis.unit else 1
        for dim, (axis, size) in enumerate(zip(view.axes, sizes, strict=True))
    ]
    order = tuple(sorted(range(len(spans)), key=lambda axis: (-view.axes[axis].unit, spans[axis])))
    last = order[-1]
    words = WORD_BYTES // min(WORD_BYTES, DTYPE_BYTES[dtype])
    unit = view.axes[last].unit
    if spans[last] > 1 and unit != 1 and words > 1:
        raise ConfigRefused("4-byte granularity", f"elements that lie {unit} {dtype} apart")
    run = -(-spans[last] // words) * words
    pitches, pitch = [0] * len(spans), 1
    for axis in reversed(order):
        pitches[axis] = pitch if spans[axis] > 1 else 0
        pitch *= run if axis == last else spans[axis]
    section = OperandSection(0, tuple(pitches), tuple(spans), run, dtype, order)
    tile = _with_tables(OperationTile(view, sizes, (1,) * len(sizes), 1, (section,)))
    if tile.output_bytes % WORD_BYTES:
        raise ConfigRefused("4-byte granularity", f"output objects of {tile.output_bytes} bytes")
    return tile


def _check_starts(view: OperationView, sizes: tuple[int, ...], dtypes: list[str]) -> None:
    """Raise ConfigRefused where a tile begins off 4 bytes of a buffer."""
    for axis, size in zip(view.axes, sizes, strict=True):
        if size == axis.size:
            continue
        strides = (axis.unit * axis.step, *axis.others, axis.out)
        for number, (stride, dtype) in enumerate(zip(strides, dtypes, strict=True)):
            if number < len(strides) - 1 and axis.gathers(number):
                # Wherever a tile begins.
                if stride * DTYPE_BYTES[dtype] % WORD_BYTES:
                    raise ConfigRefused("4-byte granularity", f"places of {stride} {dtype}")
                continue
            step = stride * DTYPE_BYTES[dtype]
            if size * step % 4 or (axis.size - size) * step % 4:
                raise ConfigRefused("4-byte granularity", f"tiles of {size} of {axis.size} {dtype}")


def _sections(
    view: OperationView, sizes: tuple[int, ...], taps: tuple[int, ...], dtypes: list[str]
) -> tuple[OperandSection, ...]:
    """Where each input lies in an object: whole vectors first, the widest elements first among them."""
    plain: list[OperandSection] = []
    for number, dtype in enumerate(dtypes):
        spans: list[int] = []
        for dim, (axis, size, tap) in enumerate(zip(view.axes, sizes, taps, strict=True)):
            spans.append(_span(view, dim, number, size, tap) if axis.stride(number) else 1)
        unit = ALIGNED // DTYPE_BYTES[dtype]
        whole = prod(spans) * DTYPE_BYTES[dtype] % ALIGNED == 0
        single = sum(span > 1 for span in spans) <= 1
        if not whole and not single:
            raise ConfigRefused("alignment", f"input objects of {prod(spans)} {dtype}")
        run, shape = spans[-1], list(spans)
        if not whole:
            # One run alone: what lies behind it comes with it.
            at = max(range(len(spans)), key=lambda axis: spans[axis])
            used = spans[at]
            if at != len(spans) - 1:
                stride = view.axes[at].stride(number)
                if stride != 1 and used > 1:
                    raise ConfigRefused("alignment", f"a broadcast operand of {used} {dtype}")
            run = -(-used // unit) * unit
            shape = [1] * (len(spans) - 1) + [used]
        pitches = _pitches(spans, whole)
        plain.append(OperandSection(0, pitches, tuple(shape), run, dtype))
    shared = view.shared
    order = sorted(
        set(shared),
        key=lambda n: (plain[n].pitches[-1] != 1, -DTYPE_BYTES[plain[n].dtype], n),
    )
    start, placed = 0, dict[int, OperandSection]()
    for number in order:
        section = plain[number]
        placed[number] = OperandSection(
            start, section.pitches, section.spans, section.run, section.dtype
        )
        start += section.bytes
    return tuple(placed[number] for number in shared)


def _pitches(spans: list[int], whole: bool) -> tuple[int, ...]:
    """From one element of each axis to the next in a section."""
    if not whole:
        return tuple(int(span > 1) for span in spans)
    return tuple(prod(spans[axis + 1 :]) if span > 1 else 0 for axis, span in enumerate(spans))
