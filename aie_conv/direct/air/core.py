"""The herd: what each core does, a tile after the other."""

from collections.abc import Sequence

from aie_conv.codegen.epilogue_blocks import number
from aie_conv.codegen.scalar import Generic
from aie_conv.direct.air.operations import AirBuilder, ChannelBundle
from aie_conv.direct.air.streams import Streams
from aie_conv.ir.attributes import Raw
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Block, Value, memref, scalar
from aie_conv.mapping.mapping import Mapping
from aie_conv.problem import Step

_CORES = 2
"""The memory space of the cores."""


class Herd:
    """Writes the herd of one mapping."""

    def __init__(
        self,
        builder: Builder,
        air: AirBuilder,
        mapping: Mapping,
        generic: Generic,
        streams: Streams,
    ) -> None:
        """``generic`` is the core's product."""
        self._w = builder
        self._air = air
        self._m = mapping
        self._generic = generic
        self._streams = streams

    def write(self) -> None:
        """A herd of all cores, which take and give by channels alone."""
        with (
            self._air.region("herd", self._streams.herd, []) as ((first, second), _),
            self._air.loop("trip", self._m.grid.steps),
        ):
            self._compute((first, second))

    def _compute(self, core: tuple[Value, Value]) -> None:
        """One tile of a core."""
        w, m, streams = self._w, self._m, self._streams
        results = self._generic.output.shape
        sums = self._alloc(results, m.kernel.accumulator)
        w.op("linalg.fill", w.constant(0, scalar(m.kernel.accumulator), "k"), sums)
        vectors = [self._alloc((m.tile.n,), one.argument.dtype) for one in streams.vectors]
        tiles = [self._alloc(results, one.argument.dtype) for one in streams.tiles]
        with self._air.loop("step", m.tile.k_steps):
            inputs = self._generic.inputs
            filters = self._receive(streams.filters, core, inputs[1].shape, inputs[1].dtype)
            if streams.turns == 1:
                rows = self._receive(streams.inputs, core, inputs[0].shape, inputs[0].dtype)
                for kept in tiles:
                    self._keep(streams.inputs, core, kept)
            else:
                rows = self._alloc(inputs[0].shape, inputs[0].dtype)
                with self._air.loop("turn", streams.turns) as turn:
                    mine = w.compare("eq", core[streams.row_dimension], turn)
                    for kept in (rows, *tiles):
                        self._keep(streams.inputs, core, kept, mine)
            self._generic.linalg(w, [rows, filters, sums])
            w.op("memref.dealloc", rows)
            w.op("memref.dealloc", filters)
            for kept in vectors:
                self._keep(streams.filters, core, kept)
        done = self._alloc(results, m.view.result.dtype)
        self._epilogue(sums, [*vectors, *tiles], done)
        self._air.put(streams.results, core, done)
        for buffer in (sums, *vectors, *tiles, done):
            w.op("memref.dealloc", buffer)

    def _alloc(self, shape: tuple[int, ...], dtype: str) -> Value:
        kind = memref(dtype, *shape, space=_CORES)
        return self._w.value("m", "memref.alloc", to=kind)

    def _receive(
        self, channel: ChannelBundle, core: Sequence[Value], shape: tuple[int, ...], dtype: str
    ) -> Value:
        buffer = self._alloc(shape, dtype)
        self._air.get(channel, core, buffer)
        return buffer

    def _keep(
        self, channel: ChannelBundle, core: Sequence[Value], kept: Value, mine: Value | None = None
    ) -> None:
        """Take what comes, and copy it (where it is the core's) to what outlives the step.

        The epilogue's operands come with each step: mlir-air gives a channel one circle of descriptors, in
        which each has its turn as often as the others.
        """
        w, shape = self._w, kept.type.shape
        arrived = self._receive(channel, core, shape, kept.type.elem)
        every = ", ".join(f"d{i}" for i in range(len(shape)))
        maps = [Raw(f"affine_map<({every}) -> ({every})>")] * 2
        attrs = {"indexing_maps": maps, "iterator_types": ["parallel"] * len(shape)}
        body = Block([Value(scalar(kept.type.elem), w.name("x")) for _ in range(2)])
        with w.inside(body):
            new, old = body.args
            value = new if mine is None else w.value("x", "arith.select", mine, new, old)
            w.op("linalg.yield", value)
        w.op("linalg.generic", arrived, kept, attrs=attrs, blocks=[body])
        w.op("memref.dealloc", arrived)

    def _epilogue(self, sums: Value, inputs: list[Value], done: Value) -> None:
        """``linalg.generic`` of the epilogue's steps over (rows, columns, channels)."""
        w, view = self._w, self._m.view
        epilogue = view.problem.epilogue
        every = Raw("affine_map<(d0, d1, d2) -> (d0, d1, d2)>")
        channel = Raw("affine_map<(d0, d1, d2) -> (d2)>")
        maps = [every, *(channel if len(m.type.shape) == 1 else every for m in inputs), every]
        attrs = {"indexing_maps": maps, "iterator_types": ["parallel"] * 3}
        operands = (sums, *inputs, done)
        body = Block([Value(scalar(m.type.elem), w.name("x")) for m in operands])
        order = [one.index for one in (*self._streams.vectors, *self._streams.tiles)]
        by_index = dict(zip(order, body.args[1:-1], strict=True))
        values = [body.args[0], *(by_index[i] for i in range(len(epilogue.inputs)))]
        with w.inside(body):
            for step in epilogue.steps:
                values.append(_write_step(w, step, [values[a] for a in step.args]))
            w.op("linalg.yield", values[epilogue.result])
        w.op("linalg.generic", *operands, attrs=attrs, blocks=[body])


def _write_step(w: Builder, step: Step, args: list[Value]) -> Value:
    """A step as an operation on scalars."""
    kind = scalar(step.dtype)
    if step.op == "arith.constant":
        return w.constant(number(step), kind, "e")
    if step.op in ("arith.cmpf", "arith.cmpi"):
        return w.value("e", step.op, *args, predicate=str(step.attr))
    same = step.op == "arith.select" or args[0].type == kind
    return w.value("e", step.op, *args, to=None if same else kind)
