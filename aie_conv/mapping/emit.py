"""The AIE module of a mapping, as text that mlir-aie's tools and the simulator both read."""

from collections.abc import Iterable, Sequence
from math import prod

from aie_conv.codegen.text import Writer
from aie_conv.layout.pattern import Task
from aie_conv.mapping.check import STACK_BYTES
from aie_conv.mapping.core import input_name, memref
from aie_conv.mapping.mapping import Dims, Mapping
from aie_conv.mapping.streams import Push, Wait, channels, schedule
from aie_conv.plan import Argument


def _fifo(
    w: Writer,
    name: str,
    source: str,
    sinks: str,
    depth: int | tuple[int, ...],
    kind: str,
    attributes: str = "",
) -> None:
    """An object FIFO; a depth for each end is exact, one for all may be lowered in cores."""
    depths = f"{depth} : i32" if isinstance(depth, int) else f"[{', '.join(map(str, depth))}]"
    w.line(
        f"aie.objectfifo @{name}({source}, {{{sinks}}}, {depths}){attributes}"
        f" : !aie.objectfifo<{kind}>"
    )


def _attributes(repeat: int, dims: Dims) -> str:
    """What a FIFO out of a mem tile says besides: how often it sends an object, and no padding of ``dims``.

    Paddings of zero make the tools keep the smaller object of a link in the mem tile. Without them the
    larger one is kept, and filled to its own length.
    """
    said = [f"repeat_count = {repeat} : i32"] if repeat > 1 else []
    if dims:
        none = ", ".join(["<const_pad_before = 0, const_pad_after = 0>"] * len(dims))
        said.append(f"padDimensions = #aie<bd_pad_layout_array[{none}]>")
    return f" {{{', '.join(said)}}}" if said else ""


def _to_stream(dims: Dims) -> str:
    if not dims:
        return ""
    inner = ", ".join(f"<size = {size}, stride = {stride}>" for size, stride in dims)
    return f" dimensionsToStream [{inner}]"


def _link(w: Writer, sources: Sequence[str], sinks: Sequence[str], part: int) -> None:
    """Join or distribute in parts of ``part`` elements, or relay."""

    def offsets(names: Sequence[str]) -> str:
        return ", ".join(str(i * part) for i in range(len(names))) if len(names) > 1 else ""

    left, right = (", ".join(f"@{name}" for name in names) for names in (sources, sinks))
    w.line(f"aie.objectfifo.link [{left}] -> [{right}] ([{offsets(sources)}] [{offsets(sinks)}])")


def _tiles(w: Writer, mapping: Mapping) -> None:
    grid = mapping.grid
    for c in range(max(grid.columns, grid.filter_columns)):
        w.line(f"%shim_{c} = aie.tile({c}, 0)")
        w.line(f"%mem_{c} = aie.tile({c}, 1)")
    for c in range(grid.columns):
        for r in range(grid.rows):
            w.line(f"%core_{c}_{r} = aie.tile({c}, {r + 2})")


def _input_fifos(w: Writer, mapping: Mapping) -> None:
    dtype, grid, memtile = mapping.view.dtype, mapping.grid, mapping.memtile
    dims = _to_stream(memtile.input_dims)
    grows = memtile.k_chunks * mapping.l1.input != memtile.input
    attributes = _attributes(memtile.input_reuse, memtile.input_dims if grows else ())
    whole, part = memtile.input_parts * memtile.input, memref(mapping.l1.input, dtype)
    for c in range(grid.columns):
        cores = [f"%core_{c}_{row}" for row in range(grid.rows)]
        sinks = cores if grid.unicast else [", ".join(cores)]
        names = [input_name(mapping, c, row) for row in range(len(sinks))]
        kind = memref(whole, dtype)
        _fifo(w, f"a_l3_{c}", f"%shim_{c}", f"%mem_{c}", memtile.input_depth, kind)
        for name, sink in zip(names, sinks, strict=True):
            _fifo(w, name, f"%mem_{c}{dims}", sink, 2, part, attributes)
        _link(w, [f"a_l3_{c}"], names, memtile.input)


def _filter_fifos(w: Writer, mapping: Mapping) -> None:
    grid, size, dtype = mapping.grid, mapping.l1.filter, mapping.view.dtype
    held, depth = mapping.memtile.filter, mapping.memtile.filter_depth
    attributes = _attributes(mapping.memtile.filter_reuse, ())
    for c in range(grid.filter_columns):
        rows = grid.filter_rows(c)
        _fifo(w, f"b_l3_{c}", f"%shim_{c}", f"%mem_{c}", depth, memref(held * len(rows), dtype))
        for row in rows:
            sinks = ", ".join(f"%core_{col}_{row}" for col in range(grid.columns))
            # The mem tile's, then what fits each core.
            depths = (depth, *[mapping.l1.filter_depth] * grid.columns)
            kind = memref(size, dtype)
            _fifo(w, f"b_l1_{row}", f"%mem_{c}", sinks, depths, kind, attributes)
        _link(w, [f"b_l3_{c}"], [f"b_l1_{row}" for row in rows], held)


def _output_fifos(w: Writer, mapping: Mapping) -> None:
    dtype, grid = mapping.view.problem.out.dtype, mapping.grid
    part, own = mapping.l1.output, mapping.l1.output_depth
    dims = _to_stream(mapping.memtile.output_dims)
    for c in range(grid.columns):
        names = [f"c_l1_{c}_{row}" for row in range(grid.rows)]
        for row, name in enumerate(names):
            depth = 2 if own == 2 else (own, 2)
            _fifo(w, name, f"%core_{c}_{row}", f"%mem_{c}", depth, memref(part, dtype))
        joined = memref(part * grid.rows, dtype)
        _fifo(w, f"c_l3_{c}", f"%mem_{c}{dims}", f"%shim_{c}", 2, joined)
        _link(w, names, [f"c_l3_{c}"], part)


def _descriptor(w: Writer, operand: str, kind: str, id_: int, task: Task) -> None:
    """A descriptor of a chain; the tools take no stride where there is one element."""
    pairs = zip(task.sizes, task.strides, strict=True)
    dims = [*[(n, step if n > 1 else 0) for n, step in pairs][:3], (task.sizes[3], 1)]
    walk = ", ".join(f"<size = {n}, stride = {step}>" for n, step in dims)
    length = prod(task.sizes[1:])
    where = f"{operand} : {kind}, {task.offset}, {length}, [{walk}]"
    w.line(f"aie.dma_bd({where}) {{bd_id = {id_} : i32}}")


class _Sequence:
    """Writes the runtime sequence: plain transfers, chains of descriptors, waits."""

    def __init__(self, w: Writer, arguments: Sequence[Argument]) -> None:
        self._w = w
        self._types = {a.name: memref(a.elements + a.slack, a.dtype) for a in arguments}
        self._chains: dict[Push, str] = {}

    def _transfer(self, push: Push) -> None:
        (part,) = push.chain
        task = part.task
        # The offset stands innermost: the tools scale each offset by its own stride.
        offsets = f"[0, 0, 0, {task.offset}]"
        sizes = "[" + ", ".join(map(str, task.sizes)) + "]"
        strides = "[" + ", ".join(map(str, task.strides)) + "]"
        attrs = f"{{id = {push.ids[0]} : i64, issue_token = true, metadata = @{push.symbol}}}"
        what = f"%{part.name}{offsets}{sizes}{strides}"
        self._w.line(f"aiex.npu.dma_memcpy_nd({what}) {attrs} : {self._types[part.name]}")

    def _chain(self, push: Push) -> None:
        w, last = self._w, len(push.chain) - 1
        name = self._chains[push] = f"%chain_{len(self._chains)}"
        times = push.chain[0].task.sizes[0]
        attributes = f"{{issue_token = true, repeat_count = {times - 1} : i32}}"
        with w.block(f"{name} = aiex.dma_configure_task_for @{push.symbol}", f"}} {attributes}"):
            for number, (id_, part) in enumerate(zip(push.ids, push.chain, strict=True)):
                if number:
                    w.line(f"^part_{number}:")
                _descriptor(w, f"%{part.name}", self._types[part.name], id_, part.task)
                w.line(f"aie.next_bd ^part_{number + 1}" if number < last else "aie.end")
        w.line(f"aiex.dma_start_task({name})")

    def write(self, commands: Iterable[Push | Wait]) -> None:
        """All of it."""
        for command in commands:
            if isinstance(command, Wait):
                push = command.push
                if push in self._chains:
                    # This also tells the tools that the chain's descriptors are free.
                    self._w.line(f"aiex.dma_await_task({self._chains[push]})")
                else:
                    self._w.line(f"aiex.npu.dma_wait {{symbol = @{push.symbol}}}")
            elif len(command.chain) > 1:
                self._chain(command)
            else:
                self._transfer(command)


def _sequence(w: Writer, mapping: Mapping, arguments: Sequence[Argument]) -> None:
    args = ", ".join(f"%{a.name}: {memref(a.elements + a.slack, a.dtype)}" for a in arguments)
    with w.block(f"aie.runtime_sequence @sequence({args})"):
        commands = schedule(channels(mapping), mapping.device.arch.shim_queue_depth)
        _Sequence(w, arguments).write(commands)


def emit(mapping: Mapping, arguments: Sequence[Argument], epilogues: Sequence[Mapping] = ()) -> str:
    """The module's text: tiles, FIFOs, accumulators, kernels, cores, runtime sequence.

    Args:
        mapping: what to run.
        arguments: of the runtime sequence.
        epilogues: :func:`aie_conv.mapping.configuration.distinct_epilogues` of the mappings that share the
            program; its own alone if empty.
    """
    epilogues = epilogues or (mapping,)
    grid, program = mapping.grid, mapping.program
    w = Writer()
    _tiles(w, mapping)
    # The tools place a core's buffers in this order where the sums are larger than a bank; the product's
    # operands then lie the furthest apart.
    _filter_fifos(w, mapping)
    _output_fifos(w, mapping)
    _input_fifos(w, mapping)
    places = [(c, r) for c in range(grid.columns) for r in range(grid.rows)]
    for c, r in places:
        for name, kind in program.buffers(mapping):
            name = f"{name}_{c}_{r}"
            w.line(f'%{name} = aie.buffer(%core_{c}_{r}) {{sym_name = "{name}"}} : {kind}')
    cores = Writer()
    for c, r in places:
        head = f"%program_{c}_{r} = aie.core(%core_{c}_{r})"
        # Static lowering unrolls loops to follow the FIFOs' buffers: it loses count where a call
        # takes an odd number of objects, and crashes on some nests. Counters do neither.
        attributes = f"{{dynamic_objfifo_lowering = true, stack_size = {STACK_BYTES} : i32}}"
        with cores.block(head, f"}} {attributes}"):
            program.write_core(cores, mapping, epilogues, (c, r))
    sequence = Writer()
    _sequence(sequence, mapping, arguments)
    functions = program.functions(mapping, epilogues)
    return (
        f"module {{\n  aie.device({mapping.device.ir_name}) {{\n"
        f"{w.text()}{functions}{cores.text()}{sequence.text()}  }}\n}}\n"
    )
