"""The AIE module of a tiling, as text that mlir-aie's tools and the simulator both read."""

from collections.abc import Iterable, Sequence
from math import prod

from aie_conv.codegen.text import Writer
from aie_conv.layout.pattern import Task
from aie_conv.mapping.core import (
    Core,
    SteeredCore,
    finish_name,
    input_name,
    memref,
    parameters_type,
    vectors_type,
)
from aie_conv.mapping.cut import PARAMETERS, Dims
from aie_conv.mapping.streams import Push, Wait, channels, filter_rows, schedule
from aie_conv.mapping.tiling import STACK_BYTES, Tiling
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


def _tiles(w: Writer, tiling: Tiling) -> None:
    for c in range(max(tiling.columns, tiling.filter_columns)):
        w.line(f"%shim_{c} = aie.tile({c}, 0)")
        w.line(f"%mem_{c} = aie.tile({c}, 1)")
    for c in range(tiling.columns):
        for r in range(tiling.rows):
            w.line(f"%core_{c}_{r} = aie.tile({c}, {r + 2})")


def _input_fifos(w: Writer, tiling: Tiling) -> None:
    dtype = tiling.view.dtype
    dims = _to_stream(tiling.a_to_stream)
    grows = tiling.staged * tiling.a_elements != tiling.a_l3_elements
    attributes = _attributes(tiling.a_repeat, tiling.a_to_stream if grows else ())
    whole, part = tiling.a_parts * tiling.a_l3_elements, memref(tiling.a_elements, dtype)
    for c in range(tiling.columns):
        cores = [f"%core_{c}_{row}" for row in range(tiling.rows)]
        sinks = cores if tiling.spread else [", ".join(cores)]
        names = [input_name(tiling, c, row) for row in range(len(sinks))]
        depth = tiling.a_l3_depth
        _fifo(w, f"a_l3_{c}", f"%shim_{c}", f"%mem_{c}", depth, memref(whole, dtype))
        for name, sink in zip(names, sinks, strict=True):
            _fifo(w, name, f"%mem_{c}{dims}", sink, 2, part, attributes)
        _link(w, [f"a_l3_{c}"], names, tiling.a_l3_elements)


def _filter_fifos(w: Writer, tiling: Tiling) -> None:
    size, dtype = tiling.b_elements, tiling.view.dtype
    held, depth = tiling.b_l3_elements, tiling.b_l3_depth
    attributes = _attributes(tiling.b_repeat, ())
    for c in range(tiling.filter_columns):
        rows = filter_rows(tiling, c)
        _fifo(w, f"b_l3_{c}", f"%shim_{c}", f"%mem_{c}", depth, memref(held * len(rows), dtype))
        for row in rows:
            sinks = ", ".join(f"%core_{col}_{row}" for col in range(tiling.columns))
            # The mem tile's, then what fits each core.
            depths = (depth, *[tiling.b_depth] * tiling.columns)
            kind = memref(size, dtype)
            _fifo(w, f"b_l1_{row}", f"%mem_{c}", sinks, depths, kind, attributes)
        _link(w, [f"b_l3_{c}"], [f"b_l1_{row}" for row in rows], held)


def _output_fifos(w: Writer, tiling: Tiling) -> None:
    dtype = tiling.view.problem.out.dtype
    part = tiling.out_elements
    dims = _to_stream(tiling.out_to_stream)
    for c in range(tiling.columns):
        names = [f"c_l1_{c}_{row}" for row in range(tiling.rows)]
        for row, name in enumerate(names):
            depth = 2 if tiling.out_depth == 2 else (tiling.out_depth, 2)
            _fifo(w, name, f"%core_{c}_{row}", f"%mem_{c}", depth, memref(part, dtype))
        joined = memref(part * tiling.rows, dtype)
        _fifo(w, f"c_l3_{c}", f"%mem_{c}{dims}", f"%shim_{c}", 2, joined)
        _link(w, names, [f"c_l3_{c}"], part)


def variants_of(tilings: Iterable[Tiling]) -> tuple[Tiling, ...]:
    """Tilings that stand for the different epilogues of a program; in an order that all sharers agree on."""
    made = {tiling.finish_shape: tiling for tiling in tilings}
    return tuple(made[shape] for shape in sorted(made))


def variant_of(tiling: Tiling, variants: Sequence[Tiling]) -> int:
    """Which of a program's epilogues a tiling wants."""
    shapes = [variant.finish_shape for variant in variants]
    return shapes.index(tiling.finish_shape) if len(shapes) > 1 else 0


def _take(tiling: Tiling) -> str:
    """The function ``take(b, parameters)``: keep the parameters that lie in an object of the filter."""
    w = Writer()
    b, dtype = memref(tiling.b_elements, tiling.view.dtype), tiling.view.dtype
    own, each = parameters_type(tiling), 4 * PARAMETERS // tiling.size
    lanes, words = f"vector<{each}x{dtype}>", f"vector<{PARAMETERS}xi32>"
    aligned = "{alignment = 32 : i64}"

    def keep(source: str, target: str) -> None:
        value = w.value("v", f"vector.load %b[{source}] {aligned} : {b}, {lanes}")
        if lanes != words:
            value = w.value("v", f"vector.bitcast {value} : {lanes} to {words}")
        w.line(f"vector.store {value}, %parameters[{target}] {aligned} : {own}, {words}")

    with w.block(f"func.func private @take(%b: {b}, %parameters: {own})"):
        at = w.constant(tiling.parameters_at)
        if tiling.words == PARAMETERS:
            keep(at, w.constant(0))
        else:
            zero, one = w.constant(0), w.constant(1)
            with w.loop("n", zero, w.constant(tiling.words // PARAMETERS), one) as n:
                keep(w.sum(at, w.times(n, each)), w.times(n, PARAMETERS))
        w.line("return")
    return w.text()


def _buffers(tiling: Tiling) -> list[tuple[str, str]]:
    """Names and types of a core's own buffers."""
    if tiling.steered:
        made = [("memory", parameters_type(tiling))]
    else:
        made = [("acc", memref(tiling.sums, tiling.matmul.accumulator))]
        made += [] if tiling.fixed else [("parameters", parameters_type(tiling))]
    if tiling.kept:
        made.append(("vectors", vectors_type(tiling)))
    return made


def _keep(tiling: Tiling) -> str:
    """The function ``keep(b, vectors)``: keep the per-channel operands at the end of an object of B."""
    w, dtype = Writer(), tiling.view.dtype
    b, own, each = (
        memref(tiling.b_elements, dtype),
        vectors_type(tiling),
        4 * PARAMETERS // tiling.size,
    )
    lanes, aligned = f"vector<{each}x{dtype}>", "{alignment = 32 : i64}"
    with w.block(f"func.func private @keep(%b: {b}, %vectors: {own})"):
        zero, one = w.constant(0), w.constant(1)
        with w.loop("n", zero, w.constant(tiling.kept // each), one) as n:
            target = w.times(n, each)
            source = w.plus(target, tiling.b_elements - tiling.kept)
            value = w.value("v", f"vector.load %b[{source}] {aligned} : {b}, {lanes}")
            w.line(f"vector.store {value}, %vectors[{target}] {aligned} : {own}, {lanes}")
        w.line("return")
    return w.text()


def _functions(tiling: Tiling, variants: Sequence[Tiling]) -> str:
    """The kernels that every core calls, and the device intrinsics that they use."""
    matmul = tiling.matmul
    return "".join(
        (
            matmul.declarations(),
            "" if tiling.fixed else _take(tiling),
            _keep(tiling) if tiling.kept else "",
            "" if tiling.steered else matmul.text("start", fresh=True),
            "" if tiling.whole else matmul.text("multiply"),
            *(
                variant.epilogue.text(finish_name(number, variants))
                for number, variant in enumerate(variants)
            ),
        )
    )


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


def _sequence(w: Writer, tiling: Tiling, arguments: Sequence[Argument]) -> None:
    args = ", ".join(f"%{a.name}: {memref(a.elements + a.slack, a.dtype)}" for a in arguments)
    with w.block(f"aie.runtime_sequence @sequence({args})"):
        commands = schedule(channels(tiling), tiling.device.arch.shim_queue_depth)
        _Sequence(w, arguments).write(commands)


def emit(tiling: Tiling, arguments: Sequence[Argument], variants: Sequence[Tiling] = ()) -> str:
    """The module's text: tiles, FIFOs, accumulators, kernels, cores, runtime sequence.

    Args:
        tiling: what to run.
        arguments: of the runtime sequence.
        variants: :func:`variants_of` the tilings that share the program; its own alone if empty.
    """
    variants = variants or (tiling,)
    w = Writer()
    _tiles(w, tiling)
    # The tools place a core's buffers in this order where the sums are larger than a bank; the product's
    # operands then lie the furthest apart.
    _filter_fifos(w, tiling)
    _output_fifos(w, tiling)
    _input_fifos(w, tiling)
    grid = [(c, r) for c in range(tiling.columns) for r in range(tiling.rows)]
    for c, r in grid:
        for name, kind in _buffers(tiling):
            name = f"{name}_{c}_{r}"
            w.line(f'%{name} = aie.buffer(%core_{c}_{r}) {{sym_name = "{name}"}} : {kind}')
    core = SteeredCore if tiling.steered else Core
    cores = Writer()
    for c, r in grid:
        head = f"%program_{c}_{r} = aie.core(%core_{c}_{r})"
        # Static lowering unrolls loops to follow the FIFOs' buffers: it loses count where a call
        # takes an odd number of objects, and crashes on some nests. Counters do neither.
        attributes = f"{{dynamic_objfifo_lowering = true, stack_size = {STACK_BYTES} : i32}}"
        with cores.block(head, f"}} {attributes}"):
            core(cores, tiling, variants, c, r).body()
    sequence = Writer()
    _sequence(sequence, tiling, arguments)
    return (
        f"module {{\n  aie.device({tiling.device.ir_name}) {{\n"
        f"{w.text()}{_functions(tiling, variants)}{cores.text()}{sequence.text()}  }}\n}}\n"
    )
