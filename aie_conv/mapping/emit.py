"""The AIE module of a mapping, as text that mlir-aie's tools and the simulator both read."""

from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Block, Op, Value, fifo, memref
from aie_conv.ir.printer import print_op
from aie_conv.ir.text import print_module
from aie_conv.layout.pattern import Task
from aie_conv.mapping.check import STACK_BYTES
from aie_conv.mapping.configuration import configuration
from aie_conv.mapping.core import Writer, input_name
from aie_conv.mapping.finish import finish_declaration, finish_function, finish_module
from aie_conv.mapping.mapping import Dims, Mapping
from aie_conv.mapping.schedule import (
    AwaitChain,
    ConfigureChain,
    SequenceCommand,
    StartChain,
    schedule,
)
from aie_conv.mapping.streams import channels
from aie_conv.plan import Argument, Sample


def _attributes(repeat: int, dims: Dims) -> dict[str, Any]:
    """What a FIFO out of a mem tile says besides: how often it sends an object, and no padding of ``dims``.

    Paddings of zero make the tools keep the smaller object of a link in the mem tile. Without them the
    larger one is kept, and filled to its own length.
    """
    attrs: dict[str, Any] = {"repeat_count": repeat} if repeat > 1 else {}
    if dims:
        attrs["padDimensions"] = [(0, 0)] * len(dims)
    return attrs


class _Array:
    """Inserts tiles, FIFOs and buffers.

    Args:
        w: where to.
        mapping: what is run.
    """

    def __init__(self, w: Builder, mapping: Mapping) -> None:
        self._w, self._m = w, mapping
        self.tiles: dict[str, Value] = {}

    def declare_tiles(self) -> None:
        """The tiles by their names."""
        grid = self._m.grid
        for c in range(max(grid.columns, grid.filter_columns)):
            self._tile(f"shim_{c}", c, 0)
            self._tile(f"mem_{c}", c, 1)
        for c in range(grid.columns):
            for r in range(grid.rows):
                self._tile(f"core_{c}_{r}", c, r + 2)

    def _tile(self, name: str, column: int, row: int) -> None:
        tile = self._w.op("aie.tile", names=[name], attrs={"col": column, "row": row})
        self.tiles[name] = tile.results[0]

    def _fifo(
        self,
        name: str,
        ends: tuple[str, Sequence[str]],
        depth: int | Sequence[int],
        objects: tuple[int, str],
        dims: Dims = (),
        attrs: Named[str, Any] | None = None,
    ) -> None:
        """An object FIFO.

        Args:
            name: of the FIFO.
            ends: the producer's tile and the consumers'.
            depth: for each end it is exact, one for all may be lowered in cores.
            objects: elements of an object, and their type.
            dims: in which order the producer sends an object.
            attrs: what it says besides.
        """
        source, sinks = ends
        elements, dtype = objects
        said = {
            "sym_name": name,
            "dimensionsToStream": list(dims),
            "dimensionsFromStreamPerConsumer": [[] for _ in sinks],
            "elemNumber": depth if isinstance(depth, int) else list(depth),
            "elemType": fifo(dtype, elements),
            **(attrs or {}),
        }
        self._w.op("aie.objectfifo", *(self.tiles[tile] for tile in (source, *sinks)), attrs=said)

    def _link(self, sources: Sequence[str], sinks: Sequence[str], part: int) -> None:
        """Join or distribute in parts of ``part`` elements, or relay."""

        def offsets(names: Sequence[str]) -> list[int]:
            return [i * part for i in range(len(names))] if len(names) > 1 else []

        attrs = {
            "fifoIns": list(sources),
            "fifoOuts": list(sinks),
            "src_offsets": offsets(sources),
            "dst_offsets": offsets(sinks),
        }
        self._w.op("aie.objectfifo.link", attrs=attrs)

    def declare_inputs(self) -> None:
        """The FIFOs that bring the input."""
        m, grid, memtile = self._m, self._m.grid, self._m.memtile
        dtype, dims = m.view.dtype, memtile.input_dims
        grows = memtile.k_chunks * m.l1.input != memtile.input
        attrs = _attributes(memtile.input_reuse, dims if grows else ())
        for c in range(grid.columns):
            cores = [f"core_{c}_{row}" for row in range(grid.rows)]
            sinks = [[core] for core in cores] if grid.unicast else [cores]
            names = [input_name(m, c, row) for row in range(len(sinks))]
            objects = memtile.input_parts * memtile.input, dtype
            self._fifo(f"a_l3_{c}", (f"shim_{c}", [f"mem_{c}"]), memtile.input_depth, objects)
            for name, sink in zip(names, sinks, strict=True):
                self._fifo(name, (f"mem_{c}", sink), 2, (m.l1.input, dtype), dims, attrs)
            self._link([f"a_l3_{c}"], names, memtile.input)

    def declare_filters(self) -> None:
        """The FIFOs that bring the filter."""
        m, grid, dtype = self._m, self._m.grid, self._m.view.dtype
        stored, depth = m.memtile.filter, m.memtile.filter_depth
        attrs = _attributes(m.memtile.filter_reuse, ())
        for c in range(grid.filter_columns):
            streams = grid.filter_streams(c)
            held_together = stored * len(streams), dtype
            self._fifo(f"b_l3_{c}", (f"shim_{c}", [f"mem_{c}"]), depth, held_together)
            for stream in streams:
                sinks = [f"core_{col}_{row}" for col, row in grid.stream_cores(stream)]
                # The mem tile's, then what fits each core.
                depths = [depth, *[m.l1.filter_depth] * len(sinks)]
                ends = f"mem_{c}", sinks
                self._fifo(f"b_l1_{stream}", ends, depths, (m.l1.filter, dtype), (), attrs)
            self._link([f"b_l3_{c}"], [f"b_l1_{stream}" for stream in streams], stored)

    def declare_outputs(self) -> None:
        """The FIFOs that take the output."""
        m, grid = self._m, self._m.grid
        dtype, part, output_depth = m.view.problem.out.dtype, m.l1.output, m.l1.output_depth
        for c in range(grid.columns):
            names = [f"c_l1_{c}_{row}" for row in range(grid.rows)]
            for row, name in enumerate(names):
                depth = 2 if output_depth == 2 else (output_depth, 2)
                self._fifo(name, (f"core_{c}_{row}", [f"mem_{c}"]), depth, (part, dtype))
            ends, joined = (f"mem_{c}", [f"shim_{c}"]), (part * grid.rows, dtype)
            self._fifo(f"c_l3_{c}", ends, 2, joined, m.memtile.output_dims)
            self._link(names, [f"c_l3_{c}"], part)

    def declare_buffers(self, column: int, row: int) -> dict[str, Value]:
        """A core's own buffers, by the names that its program gives them."""
        place = f"{column}_{row}"
        tile = self.tiles[f"core_{place}"]
        buffers: dict[str, Value] = {}
        for name, kind in self._m.program.buffers(self._m):
            symbol = f"{name}_{place}"
            attrs = {"sym_name": symbol}
            op = self._w.op("aie.buffer", tile, types=[kind], names=[symbol], attrs=attrs)
            buffers[name] = op.results[0]
        return buffers


class SequenceWriter:
    """Inserts the runtime sequence: plain transfers, chains of descriptors, waits."""

    def __init__(self, w: Builder, arguments: Sequence[Value]) -> None:
        self._w = w
        self._arguments = {value.name: value for value in arguments}
        self._chains: dict[StartChain, Value] = {}

    def _transfer(self, push: StartChain) -> None:
        (part,) = push.chain
        task = part.task
        attrs = {
            # The offset stands innermost: the tools scale each offset by its own stride.
            "offsets": [0, 0, 0, task.offset],
            "sizes": list(task.sizes),
            "strides": list(task.strides),
            "id": push.ids[0],
            "issue_token": True,
            "metadata": push.symbol,
        }
        self._w.op("aiex.npu.dma_memcpy_nd", self._arguments[part.name], attrs=attrs)

    def _start(self, push: StartChain) -> None:
        """Push a chain, and write its descriptors where that was not done before."""
        if push not in self._chains and len(push.chain) == 1:
            self._transfer(push)
            return
        if push not in self._chains:
            self._chain(push)
        self._w.op("aiex.dma_start_task", self._chains[push])

    def _chain(self, push: StartChain) -> None:
        """Write a chain's descriptors."""
        w, last = self._w, len(push.chain) - 1
        blocks = [Block() for _ in push.chain]
        for number, (id_, part) in enumerate(zip(push.ids, push.chain, strict=True)):
            with w.inside(blocks[number]):
                self._descriptor(part.name, id_, part.task)
                if number < last:
                    w.op("aie.next_bd", attrs={"dest": f"^part_{number + 1}"})
                else:
                    w.op("aie.end")
        attrs = {
            "fifo": push.symbol,
            "labels": ["", *(f"^part_{number}" for number in range(1, last + 1))],
            "issue_token": True,
            "repeat_count": push.chain[0].task.sizes[0] - 1,
        }
        names = [f"chain_{len(self._chains)}"]
        task = w.op("aiex.dma_configure_task_for", names=names, attrs=attrs, blocks=blocks)
        self._chains[push] = task.results[0]

    def _descriptor(self, name: str, id_: int, task: Task) -> None:
        """A descriptor of a chain; the tools take no stride where there is one element."""
        pairs = zip(task.sizes, task.strides, strict=True)
        dims = [*[(n, step if n > 1 else 0) for n, step in pairs][:3], (task.sizes[3], 1)]
        attrs = {
            "offset": task.offset,
            "len": prod(task.sizes[1:]),
            "dimensions": dims,
            "bd_id": id_,
        }
        self._w.op("aie.dma_bd", self._arguments[name], attrs=attrs)

    def write(self, commands: Iterable[SequenceCommand]) -> None:
        """All of it."""
        for command in commands:
            if isinstance(command, AwaitChain):
                push = command.push
                if push in self._chains:
                    # This also tells the tools that the chain's descriptors are free.
                    self._w.op("aiex.dma_await_task", self._chains[push])
                else:
                    self._w.op("aiex.npu.dma_wait", attrs={"symbol": push.symbol})
            elif isinstance(command, ConfigureChain):
                self._chain(command.push)
            else:
                self._start(command)


def _sequence(arguments: Sequence[Argument], commands: Iterable[SequenceCommand]) -> Op:
    """The runtime sequence."""
    w = Builder()
    values = [Value(memref(a.dtype, a.elements + a.slack), a.name) for a in arguments]
    body = Block(list(values))
    sequence = w.op("aie.runtime_sequence", attrs={"sym_name": "sequence"}, blocks=[body])
    with w.inside(body):
        SequenceWriter(w, values).write(commands)
    return sequence


def emit(mapping: Mapping, arguments: Sequence[Argument], epilogues: Sequence[Mapping] = ()) -> str:
    """The text of a mapping's module.

    Args:
        mapping: what to run.
        arguments: of the runtime sequence.
        epilogues: as :func:`emit_module` takes them.
    """
    commands = schedule(channels(mapping), mapping.device.arch.shim_queue_depth)
    return emit_module(mapping, arguments, epilogues, commands)


def emit_module(
    mapping: Mapping,
    arguments: Sequence[Argument],
    epilogues: Sequence[Mapping],
    commands: Iterable[SequenceCommand],
) -> str:
    """The text of the module: tiles, FIFOs, buffers, functions, cores, runtime sequence.

    Args:
        mapping: what to run, or any of those that the sequence's commands are of.
        arguments: of the runtime sequence.
        epilogues: :func:`aie_conv.mapping.configuration.distinct_epilogues` of the mappings that share the
            program; its own alone if empty.
        commands: of the runtime sequence.
    """
    array = array_text(_array_program(mapping, epilogues or (mapping,)))
    return _module_text(mapping, array, _sequence(arguments, commands))


def emit_sample(mapping: Mapping, epilogues: Sequence[Mapping] = ()) -> Sample:
    """The program of the first core alone, and nothing that is transferred.

    What the functions of a program and their data take of a core is the same in all of them.

    Args:
        mapping, epilogues: as :func:`emit_module` takes them.
    """
    return _sample(_array_program(mapping, epilogues or (mapping,)))


@lru_cache(maxsize=256)
def _sample(program: "ArrayProgram") -> Sample:
    """The sample of a program; made once for the plans that it serves."""
    mapping, epilogues = program.mapping, program.epilogues
    device = mapping.device.ir_name
    ops = _array_ops(mapping, epilogues, cores=1, write=finish_declaration)
    functions = [
        (name, finish_module(each, device))
        for name, each in mapping.program.finishes(epilogues).items()
    ]
    return Sample(_module_text(mapping, _text(ops), _sequence((), ())), tuple(functions))


def _module_text(mapping: Mapping, array: str, sequence: Op) -> str:
    """A module of what stands in front of its runtime sequence, and of that."""
    blocks = [Block(ops=[sequence])]
    device = Op("aie.device", 0, attrs={"device": mapping.device.ir_name}, blocks=blocks)
    text = print_module(Op("module", 0, blocks=[Block(ops=[device])]))
    module, opened, rest = text.split("\n", 2)
    return f"{module}\n{opened}\n{array}{rest}"


@dataclass(frozen=True)
class ArrayProgram:
    """All of a program but its runtime sequence; equal where they are the same text.

    Attributes:
        configuration: of the mapping.
        keys: of the epilogues.
        mapping, epilogues: as :func:`emit_module` takes them.
    """

    configuration: Hashable
    keys: tuple[Hashable, ...]
    mapping: Mapping = field(compare=False)
    epilogues: tuple[Mapping, ...] = field(compare=False)


def _array_program(mapping: Mapping, epilogues: Sequence[Mapping]) -> ArrayProgram:
    keys = tuple(each.epilogue_key for each in epilogues)
    return ArrayProgram(configuration(mapping), keys, mapping, tuple(epilogues))


@lru_cache(maxsize=64)
def array_text(program: ArrayProgram) -> str:
    """What stands in front of the runtime sequence; made once for the programs of a configuration."""
    return _text(_array_ops(program.mapping, program.epilogues))


def _text(ops: Iterable[Op]) -> str:
    return "".join(print_op(op, 2) for op in ops)


def _array_ops(
    mapping: Mapping,
    epilogues: Sequence[Mapping],
    cores: int | None = None,
    write: Writer = finish_function,
) -> list[Op]:
    """Tiles, FIFOs, buffers, functions, cores: the first so many, or all.

    ``write`` makes the functions of epilogues, or what stands for them.
    """
    grid, program = mapping.grid, mapping.program
    w = Builder()
    array = _Array(w, mapping)
    array.declare_tiles()
    # The tools place a core's buffers in this order where the sums are larger than a bank; the product's
    # operands then lie the furthest apart.
    array.declare_filters()
    array.declare_outputs()
    array.declare_inputs()
    places = [(c, r) for c in range(grid.columns) for r in range(grid.rows)]
    buffers = {place: array.declare_buffers(*place) for place in places}
    w.block.ops += program.functions(mapping, epilogues, write)
    for c, r in places[:cores]:
        body = Block()
        with w.inside(body):
            program.write_core(w, mapping, epilogues, (c, r), buffers[c, r])
            w.op("aie.end")
        # Static lowering unrolls loops to follow the FIFOs' buffers: it loses count where a call
        # takes an odd number of objects, and crashes on some nests. Counters do neither.
        attrs = {"dynamic_objfifo_lowering": True, "stack_size": STACK_BYTES}
        tile, names = array.tiles[f"core_{c}_{r}"], [f"program_{c}_{r}"]
        w.op("aie.core", tile, names=names, attrs=attrs, blocks=[body])
    return w.block.ops
