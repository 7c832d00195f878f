"""The AIE module of an operation, as text that mlir-aie's tools and the simulator both read."""

from collections.abc import Sequence
from typing import Any

from aie_conv.arch import Device
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import ENDLESS, Block, Op, Value, fifo, memref, subview
from aie_conv.ir.text import print_module
from aie_conv.mapping.check import STACK_BYTES
from aie_conv.mapping.emit import SequenceWriter
from aie_conv.mapping.schedule import schedule
from aie_conv.operations.code import code_of
from aie_conv.operations.kernel import OperationCode
from aie_conv.operations.streams import CoreGrid, channels
from aie_conv.operations.tile import OperationTile
from aie_conv.plan import Argument

_Object = tuple[int, str]
"""Elements of an object, and their type."""


def emit(device: Device, tile: OperationTile, grid: CoreGrid, arguments: Sequence[Argument]) -> str:
    """The text of the module: tiles, FIFOs, functions, cores, runtime sequence.

    Args:
        device: where.
        tile: what a core does in a step.
        grid: which cores.
        arguments: of the runtime sequence.
    """
    program = _Program(device, tile, grid)
    program.declare()
    values = [Value(memref(a.dtype, a.elements + a.slack), a.name) for a in arguments]
    body = Block(list(values))
    w = program.w
    w.op("aie.runtime_sequence", attrs={"sym_name": "sequence"}, blocks=[body])
    with w.inside(body):
        commands = schedule(channels(device, tile, grid), device.arch.shim_queue_depth)
        SequenceWriter(w, values).write(commands)
    module = Op("aie.device", 0, attrs={"device": device.ir_name}, blocks=[w.block])
    return print_module(Op("module", 0, blocks=[Block(ops=[module])]))


class _Program:
    """Writes everything but the sequence."""

    def __init__(self, device: Device, tile: OperationTile, grid: CoreGrid) -> None:
        self.w = Builder()
        self._device, self._tile, self._grid = device, tile, grid
        self._tiles: dict[str, Value] = {}
        self._input_object: _Object = tile.object_elements, tile.object_dtype
        self._out: _Object = tile.outputs, tile.view.problem.out.dtype
        self._depth = 2 * tile.together
        self._code = code_of(tile, device.arch)

    def declare(self) -> None:
        """Tiles, FIFOs, functions, cores."""
        grid = self._grid
        for column in range(grid.columns):
            self._place(f"shim_{column}", column, 0)
            self._place(f"mem_{column}", column, 1)
            for row in range(grid.channels * grid.rows):
                self._place(f"core_{column}_{row}", column, row + 2)
        for column, half in grid.places():
            self._input(column, half)
            self._output(column, half)
        cores = [(c, r) for c in range(grid.columns) for r in range(grid.channels * grid.rows)]
        sums = {place: self._sums(*place) for place in cores if self._tile.chunks > 1}
        for place in cores if self._tile.spacer_bytes else ():
            self._spacers(*place)
        code = self._code
        self.w.block.ops += [*code.declared(), *code.functions()]
        for column, row in cores:
            self._core(column, row, sums.get((column, row)))

    def _place(self, name: str, column: int, row: int) -> None:
        tile = self.w.op("aie.tile", names=[name], attrs={"col": column, "row": row})
        self._tiles[name] = tile.results[0]

    def _fifo(
        self, name: str, source: str, sink: str, objects: _Object, depths: tuple[int, int] = (2, 2)
    ) -> None:
        """A FIFO; ``depths`` are of the source's end and the sink's."""
        elements, dtype = objects
        attrs: dict[str, Any] = {
            "sym_name": name,
            "dimensionsToStream": [],
            "dimensionsFromStreamPerConsumer": [[]],
            "elemNumber": 2 if depths == (2, 2) else list(depths),
            "elemType": fifo(dtype, elements),
        }
        self.w.op("aie.objectfifo", self._tiles[source], self._tiles[sink], attrs=attrs)

    def _rows(self, half: int) -> list[int]:
        return [half * self._grid.rows + row for row in range(self._grid.rows)]

    def _link(self, sources: list[str], sinks: list[str], part: int) -> None:
        def offsets(names: list[str]) -> list[int]:
            return [i * part for i in range(len(names))] if len(names) > 1 else []

        attrs = {
            "fifoIns": sources,
            "fifoOuts": sinks,
            "src_offsets": offsets(sources),
            "dst_offsets": offsets(sinks),
        }
        self.w.op("aie.objectfifo.link", attrs=attrs)

    def _input(self, column: int, half: int) -> None:
        """A shim channel's objects, one for each of its cores, to them."""
        elements, dtype = self._input_object
        rows, name = self._rows(half), f"in_l3_{half}_{column}"
        joined = elements * len(rows), dtype
        self._fifo(name, f"shim_{column}", f"mem_{column}", joined)
        names = [f"in_l1_{column}_{row}" for row in rows]
        for row, each in zip(rows, names, strict=True):
            ends = f"mem_{column}", f"core_{column}_{row}"
            self._fifo(each, *ends, self._input_object, (2, self._depth))
        self._link([name], names, elements)

    def _output(self, column: int, half: int) -> None:
        elements, dtype = self._out
        rows, name = self._rows(half), f"out_l3_{half}_{column}"
        names = [f"out_l1_{column}_{row}" for row in rows]
        for row, each in zip(rows, names, strict=True):
            ends = f"core_{column}_{row}", f"mem_{column}"
            self._fifo(each, *ends, self._out, (self._depth, 2))
        self._fifo(name, f"mem_{column}", f"shim_{column}", (elements * len(rows), dtype))
        self._link(names, [name], elements)

    def _sums(self, column: int, row: int) -> Value:
        name = f"sums_{column}_{row}"
        kind = memref(self._tile.view.problem.accumulator, self._tile.outputs)
        tile = self._tiles[f"core_{column}_{row}"]
        op = self.w.op("aie.buffer", tile, types=[kind], names=[name], attrs={"sym_name": name})
        return op.results[0]

    def _spacers(self, column: int, row: int) -> None:
        """Buffers that nothing uses, which keep the output's objects from the banks of the input's."""
        tile, kind = self._tiles[f"core_{column}_{row}"], memref("i8", self._tile.spacer_bytes)
        for number in range(self._tile.together):
            name = f"spacer_{column}_{row}_{number}"
            attrs = {"sym_name": name}
            self.w.op("aie.buffer", tile, types=[kind], names=[name], attrs=attrs)

    # -- cores ------------------------------------------------------------------------------------
    def _core(self, column: int, row: int, sums: Value | None) -> None:
        w, body = self.w, Block()
        with w.inside(body):
            zero, one = w.constant(0), w.constant(1)
            with (
                w.loop("call", zero, w.constant(ENDLESS), one),
                w.loop("t", zero, w.constant(self._grid.steps // self._tile.together), one),
            ):
                self._step(column, row, sums)
            w.op("aie.end")
        attrs = {"dynamic_objfifo_lowering": True, "stack_size": STACK_BYTES}
        tile, names = self._tiles[f"core_{column}_{row}"], [f"program_{column}_{row}"]
        w.op("aie.core", tile, names=names, attrs=attrs, blocks=[body])

    def _step(self, column: int, row: int, sums: Value | None) -> None:
        w = self.w
        entry, out = f"in_l1_{column}_{row}", f"out_l1_{column}_{row}"
        if sums is None:
            sources = self._acquire(entry, "Consume", self._input_object)
            buffers = *sources, *self._acquire(out, "Produce", self._out)
            if isinstance(self._code, OperationCode) and self._code.in_program:
                self._code.compute(w, *buffers)
            else:
                w.run("compute", *buffers)
            self._release(entry, "Consume")
            self._release(out, "Produce")
            return
        w.run("first", *self._acquire(entry, "Consume", self._input_object), sums)
        self._release(entry, "Consume")
        one = w.constant(1)
        with w.loop("k", one, w.constant(self._tile.chunks), one):
            w.run("more", *self._acquire(entry, "Consume", self._input_object), sums)
            self._release(entry, "Consume")
        w.run("last", sums, *self._acquire(out, "Produce", self._out))
        self._release(out, "Produce")

    def _acquire(self, name: str, port: str, objects: _Object) -> list[Value]:
        """The objects of a step."""
        (elements, dtype), count = objects, self._tile.together
        named = {"objFifo_name": name, "port": port, "size": count}
        s = self.w.value("s", "aie.objectfifo.acquire", to=subview(dtype, elements), **named)
        access = "aie.objectfifo.subview.access"
        return [self.w.value("o", access, s, index=number) for number in range(count)]

    def _release(self, name: str, port: str) -> None:
        attrs = {"objFifo_name": name, "port": port, "size": self._tile.together}
        self.w.op("aie.objectfifo.release", attrs=attrs)
