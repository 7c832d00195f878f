"""Operations of ``air``, in MLIR's generic form, for a version of mlir-air.

Two forms of ``air.channel.put`` and ``get`` are written: March's (commit d1ade562) has offsets, sizes and
strides as operands alone; August's (e972f29) has the same operands, attributes which say that all of them
are operands (they came on 2026-08-01, 3d7055570), and one more group of operands, of which there are none
here. Either version's tools refuse the other's form: the number of groups differs.
"""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from aie_conv.ir.attributes import Raw
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import DYNAMIC, INDEX, Block, Op, Value
from aie_conv.layout.pattern import Task


@dataclass(frozen=True)
class ChannelBundle:
    """A bundle of streams.

    Attributes:
        name: its symbol.
        sizes: of the bundle, in the order of the herd's dimensions.
        receivers: the bundle as its receivers see it, where a stream may have several.
    """

    name: str
    sizes: tuple[int, int]
    receivers: tuple[int, int] | None = None

    @property
    def op(self) -> Op:
        """Its declaration."""
        attrs: dict[str, object] = {"sym_name": self.name, "size": list(self.sizes)}
        if self.receivers not in (None, self.sizes):
            attrs["broadcast_shape"] = list(self.receivers or ())
        return Op("air.channel", 0, attrs=attrs)

    def source(self, core: tuple[int, int]) -> tuple[int, int]:
        """The stream of a core: one of several has the bundle's dimensions of one element at 0."""
        return min(core[0], self.sizes[0] - 1), min(core[1], self.sizes[1] - 1)


class AirBuilder:
    """Inserts operations of ``air`` where a builder stands."""

    def __init__(self, builder: Builder, *, static: bool) -> None:
        """Write August's form where ``static``, March's otherwise."""
        self._w = builder
        self._static = static
        self._constants: dict[tuple[int, int], Value] = {}

    @contextmanager
    def region(
        self, name: str, sizes: Sequence[int], operands: Sequence[Value]
    ) -> Generator[tuple[list[Value], list[Value]]]:
        """A region over an iteration space; gives its indices, and the memrefs inside."""
        w = self._w
        extents = [w.constant(size) for size in sizes]
        ids = [Value(INDEX, w.name("id")) for _ in sizes]
        spans = [Value(INDEX, w.name("size")) for _ in sizes]
        inside = [Value(m.type, w.name("m")) for m in operands]
        groups = Raw(f"array<i32: 0, {len(sizes)}, {len(operands)}>")
        attrs = {"operandSegmentSizes": groups, "sym_name": f"{name}_0"}
        body = Block([*ids, *spans, *inside])
        w.op(f"air.{name}", *extents, *operands, attrs=attrs, blocks=[body])
        with w.inside(body):
            yield ids, inside
            w.op(f"air.{name}_terminator")

    def loop(self, stem: str, trips: int) -> AbstractContextManager[Value]:
        """A loop of so many trips; gives its counter."""
        w = self._w
        return w.loop(stem, w.constant(0), w.constant(trips), w.constant(1))

    def constant(self, number: int) -> Value:
        """An index, one a block: transfers have many, and most of them are the same."""
        key = id(self._w.block), number
        if key not in self._constants:
            self._constants[key] = self._w.constant(number)
        return self._constants[key]

    def put(
        self,
        channel: ChannelBundle,
        index: Sequence[Value],
        memref: Value,
        part: Task | None = None,
    ) -> None:
        """Send a memref's elements in order, or a part's."""
        self._transfer("put", channel, index, memref, part)

    def get(
        self,
        channel: ChannelBundle,
        index: Sequence[Value],
        memref: Value,
        part: Task | None = None,
    ) -> None:
        """Fill a memref in order, or a part of it."""
        self._transfer("get", channel, index, memref, part)

    def _transfer(
        self,
        what: str,
        channel: ChannelBundle,
        index: Sequence[Value],
        memref: Value,
        part: Task | None,
    ) -> None:
        lists: list[list[Value]] = [[], [], []]
        if part is not None:
            # The innermost stride is 1, so that the offset stands there.
            numbers = ((0, 0, 0, part.offset), part.sizes, part.strides)
            lists = [[self.constant(n) for n in each] for each in numbers]
        groups = [0, len(index), 1, *map(len, lists)]
        attrs: dict[str, object] = {"chan_name": channel.name}
        if self._static:
            groups += [0] * (what == "put")
            side = "src" if what == "put" else "dst"
            for name, values in zip(("offsets", "sizes", "strides"), lists, strict=True):
                marks = ", ".join([str(DYNAMIC)] * len(values))
                attrs[f"static_{side}_{name}"] = Raw(
                    f"array<i64: {marks}>" if marks else "array<i64>"
                )
        attrs["operandSegmentSizes"] = Raw(f"array<i32: {', '.join(map(str, groups))}>")
        operands = [*index, memref, *lists[0], *lists[1], *lists[2]]
        self._w.op(f"air.channel.{what}", *operands, attrs=attrs)
