"""The AIE module of a tiling, as text that mlir-aie's tools and the simulator both read."""

from collections.abc import Iterable, Sequence

from aie_conv.array.cut import PARAMETERS, Dims
from aie_conv.array.streams import Push, channels, filter_rows, schedule
from aie_conv.array.tiling import STACK_BYTES, Tiling
from aie_conv.kernels.text import Writer
from aie_conv.partitioner.interface import Argument

ENDLESS = 2**63 - 1
"""Trip count of a core's outermost loop, as mlir-aie's own designs write "for ever"."""


PARAMETERS_TYPE = f"memref<{PARAMETERS}xi32>"
"""What a core keeps its run-time parameters in."""


def _memref(elements: int, dtype: str) -> str:
    return f"memref<{elements}x{dtype}>"


def _fifo(
    w: Writer,
    name: str,
    source: str,
    sinks: str,
    depth: int | tuple[int, ...],
    memref: str,
    attributes: str = "",
) -> None:
    """An object FIFO; a depth for each end is exact, one for all may be lowered in cores."""
    depths = f"{depth} : i32" if isinstance(depth, int) else f"[{', '.join(map(str, depth))}]"
    w.line(
        f"aie.objectfifo @{name}({source}, {{{sinks}}}, {depths}){attributes}"
        f" : !aie.objectfifo<{memref}>"
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


def _input_name(tiling: Tiling, column: int, row: int) -> str:
    """The FIFO that brings a core its input."""
    return f"a_l1_{column}_{row}" if tiling.spread else f"a_l1_{column}"


def _input_fifos(w: Writer, tiling: Tiling) -> None:
    dtype = tiling.view.dtype
    dims = _to_stream(tiling.a_to_stream)
    grows = tiling.staged * tiling.a_elements != tiling.a_l3_elements
    attributes = _attributes(tiling.a_repeat, tiling.a_to_stream if grows else ())
    whole, part = tiling.a_parts * tiling.a_l3_elements, _memref(tiling.a_elements, dtype)
    for c in range(tiling.columns):
        cores = [f"%core_{c}_{row}" for row in range(tiling.rows)]
        sinks = cores if tiling.spread else [", ".join(cores)]
        names = [_input_name(tiling, c, row) for row in range(len(sinks))]
        depth = tiling.a_l3_depth
        _fifo(w, f"a_l3_{c}", f"%shim_{c}", f"%mem_{c}", depth, _memref(whole, dtype))
        for name, sink in zip(names, sinks, strict=True):
            _fifo(w, name, f"%mem_{c}{dims}", sink, 2, part, attributes)
        _link(w, [f"a_l3_{c}"], names, tiling.a_l3_elements)


def _filter_fifos(w: Writer, tiling: Tiling) -> None:
    size, dtype = tiling.b_elements, tiling.view.dtype
    held, depth = tiling.b_l3_elements, tiling.b_l3_depth
    attributes = _attributes(tiling.b_repeat, ())
    for c in range(tiling.filter_columns):
        rows = filter_rows(tiling, c)
        _fifo(w, f"b_l3_{c}", f"%shim_{c}", f"%mem_{c}", depth, _memref(held * len(rows), dtype))
        for row in rows:
            sinks = ", ".join(f"%core_{col}_{row}" for col in range(tiling.columns))
            # The mem tile's, then what fits each core.
            depths = (depth, *[tiling.b_depth] * tiling.columns)
            memref = _memref(size, dtype)
            _fifo(w, f"b_l1_{row}", f"%mem_{c}", sinks, depths, memref, attributes)
        _link(w, [f"b_l3_{c}"], [f"b_l1_{row}" for row in rows], held)


def _output_fifos(w: Writer, tiling: Tiling) -> None:
    dtype = tiling.view.problem.out.dtype
    part = tiling.pixels * tiling.n
    dims = _to_stream(tiling.out_to_stream)
    for c in range(tiling.columns):
        names = [f"c_l1_{c}_{row}" for row in range(tiling.rows)]
        for row, name in enumerate(names):
            depth = 2 if tiling.out_depth == 2 else (tiling.out_depth, 2)
            _fifo(w, name, f"%core_{c}_{row}", f"%mem_{c}", depth, _memref(part, dtype))
        joined = _memref(part * tiling.rows, dtype)
        _fifo(w, f"c_l3_{c}", f"%mem_{c}{dims}", f"%shim_{c}", 2, joined)
        _link(w, names, [f"c_l3_{c}"], part)


class _Core:
    """Writes one core's body: acquire, multiply, finish, release."""

    def __init__(
        self, w: Writer, tiling: Tiling, variants: Sequence[Tiling], column: int, row: int
    ) -> None:
        self._w = w
        self._t = tiling
        self._variants = variants
        self._column = column
        self._row = row
        self._acc = f"%acc_{column}_{row}"
        self._parameters = f"%parameters_{column}_{row}"

    def _acquire(self, fifo: str, port: str, elements: int, dtype: str) -> str:
        w = self._w
        memref = _memref(elements, dtype)
        view = f"!aie.objectfifosubview<{memref}>"
        s = w.value("s", f"aie.objectfifo.acquire @{fifo}({port}, 1) : {view}")
        return w.value("o", f"aie.objectfifo.subview.access {s}[0] : {view} -> {memref}")

    def _release(self, fifo: str, port: str) -> None:
        self._w.line(f"aie.objectfifo.release @{fifo}({port}, 1)")

    def _input(self) -> tuple[str, str]:
        fifo = _input_name(self._t, self._column, self._row)
        return fifo, self._acquire(fifo, "Consume", self._t.a_elements, self._t.view.dtype)

    def _filter(self) -> tuple[str, str]:
        fifo = f"b_l1_{self._row}"
        return fifo, self._acquire(fifo, "Consume", self._t.b_elements, self._t.view.dtype)

    def _skip_inputs(self, count: int, bounds: tuple[str, str]) -> None:
        if not count:
            return
        w = self._w
        with w.loop("i", bounds[0], w.constant(count), bounds[1]):
            fifo, _ = self._input()
            self._release(fifo, "Consume")

    def _finish(self, b: str | None, zero: str, one: str) -> None:
        """Run this call's epilogue into an output object."""
        t = self._t
        out_fifo = f"c_l1_{self._column}_{self._row}"
        dtype = t.view.problem.out.dtype
        out = self._acquire(out_fifo, "Produce", t.pixels * t.n, dtype)
        number = self._parameter(VARIANT) if len(self._variants) > 1 else ""
        self._variant(0, number, (b, out), (zero, one))
        self._release(out_fifo, "Produce")

    def _variant(
        self, first: int, number: str, objects: tuple[str | None, str], bounds: tuple[str, str]
    ) -> None:
        """Run epilogue ``number``, which is ``first`` or a later one; the last needs no comparison."""
        w = self._w
        if first == len(self._variants) - 1:
            self._epilogue(first, objects, bounds)
            return
        own = w.value("is", f"arith.cmpi eq, {number}, {w.constant(first)} : index")
        with w.block(f"scf.if {own}", "} else {"):
            self._epilogue(first, objects, bounds)
        with w.rest():
            self._variant(first + 1, number, objects, bounds)

    def _epilogue(
        self, number: int, objects: tuple[str | None, str], bounds: tuple[str, str]
    ) -> None:
        """Run one epilogue, with the residual's objects if it has one."""
        variant, (b, out) = self._variants[number], objects
        vectors = [b] if b and variant.view.vectors else []
        arguments = ", ".join((self._acc, *vectors, out))
        types, name = variant.epilogue.signature(), finish_name(number, self._variants)
        if variant.view.residual is None:
            self._w.line(f"func.call @{name}({arguments}) : ({types}) -> ()")
            return
        w, zero, one = self._w, *bounds
        per_object = variant.residual_channels
        own = max(1, variant.n // per_object)
        start = 0 if variant.spread else self._row * variant.n
        first = start // per_object
        self._skip_inputs(first, bounds)
        blocks = min(variant.n, per_object) // variant.matmul.rst[2]
        # Where this core's channels begin in a shared object, in blocks of A.
        inside = start % per_object * variant.kc
        kb = w.constant(inside // (per_object * variant.matmul.rst[1]))
        with w.loop("j", zero, w.constant(own), one) as j:
            fifo, a = self._input()
            nb = w.value("i", f"arith.muli {j}, {w.constant(blocks)} : index")
            w.line(f"func.call @{name}({arguments}, {a}, {nb}, {kb}) : ({types}) -> ()")
            self._release(fifo, "Consume")
        self._skip_inputs(variant.residual_objects - first - own, bounds)

    def body(self) -> None:
        """The core's program, inside ``aie.core``."""
        t, w = self._t, self._w
        zero, one = w.constant(0), w.constant(1)
        # A core is started once a configuration and then serves every call.
        with w.loop("call", zero, w.constant(ENDLESS), one):
            first = None if t.fixed else self._filter()
            if first is None:
                passes, tiles = w.constant(t.passes), w.constant(t.column_tiles)
            else:
                types = f"{_memref(t.b_elements, t.view.dtype)}, {PARAMETERS_TYPE}"
                w.line(f"func.call @take({first[1]}, {self._parameters}) : ({types}) -> ()")
                passes, tiles = self._parameter(0), self._parameter(1)
            known = t.fixed or t.resident
            chunks = w.constant(t.chunks) if known else self._parameter(2)
            held = first if t.resident else None
            if held is not None:
                self._tiles(held, (tiles, chunks), (zero, one))
            if first is not None:
                self._release(first[0], "Consume")
            with w.loop("p", zero if held is None else one, passes, one):
                held = self._filter() if t.resident else None
                self._tiles(held, (tiles, chunks), (zero, one))
                if held is not None:
                    self._release(held[0], "Consume")
        w.line("aie.end")

    def _parameter(self, number: int) -> str:
        """A run-time parameter as an index."""
        w = self._w
        place = w.constant(number)
        word = w.value("n", f"memref.load {self._parameters}[{place}] : {PARAMETERS_TYPE}")
        return w.value("n", f"arith.index_cast {word} : i32 to index")

    def _tiles(
        self, held: tuple[str, str] | None, counts: tuple[str, str], bounds: tuple[str, str]
    ) -> None:
        """All tiles of one pass."""
        t, w = self._t, self._w
        zero, one = bounds
        with w.loop("t", zero, counts[0], one):
            self._multiply("start", held, zero)
            if not t.whole:
                with w.loop("q", one, counts[1], one) as q:
                    self._multiply("multiply", held, q if held else zero)
            tail = self._filter() if t.tail_objects else held
            self._finish(tail[1] if tail else None, zero, one)
            if tail and not held:
                self._release(tail[0], "Consume")

    def _multiply(self, function: str, held: tuple[str, str] | None, chunk: str) -> None:
        """One step of K, with chunk ``chunk`` of the filter's object."""
        t, w = self._t, self._w
        a_fifo, a = self._input()
        b_fifo, b = held or self._filter()
        memrefs = (
            _memref(t.a_elements, t.view.dtype),
            _memref(t.b_elements, t.view.dtype),
            _memref(t.pixels * t.n, t.matmul.accumulator),
        )
        types = ", ".join((*memrefs, "index"))
        w.line(f"func.call @{function}({a}, {b}, {self._acc}, {chunk}) : ({types}) -> ()")
        self._release(a_fifo, "Consume")
        if not held:
            self._release(b_fifo, "Consume")


def variants_of(tilings: Iterable[Tiling]) -> tuple[Tiling, ...]:
    """Tilings that stand for the different epilogues of a program; in an order that all sharers agree on."""
    made = {tiling.finish_shape: tiling for tiling in tilings}
    return tuple(made[shape] for shape in sorted(made))


def finish_name(number: int, variants: Sequence[Tiling]) -> str:
    """The function of an epilogue."""
    return f"finish_{number}" if len(variants) > 1 else "finish"


VARIANT = 3
"""The parameter that says which epilogue a call wants."""


def run_time(tiling: Tiling, variants: Sequence[Tiling]) -> tuple[int, ...]:
    """The run-time parameters of a call: passes, tiles of a column, steps of K, which of the epilogues."""
    shapes = [variant.finish_shape for variant in variants]
    number = shapes.index(tiling.finish_shape) if len(shapes) > 1 else 0
    return (tiling.passes, tiling.column_tiles, tiling.chunks, number)


def _take(tiling: Tiling) -> str:
    """The function ``take(b, parameters)``: keep the parameters that lie in an object of the filter."""
    w = Writer()
    b, dtype = _memref(tiling.b_elements, tiling.view.dtype), tiling.view.dtype
    lanes = f"vector<{4 * PARAMETERS // tiling.size}x{dtype}>"
    words = f"vector<{PARAMETERS}xi32>"
    aligned = "{alignment = 32 : i64}"
    with w.block(f"func.func private @take(%b: {b}, %parameters: {PARAMETERS_TYPE})"):
        at = w.constant(tiling.parameters_at)
        value = w.value("v", f"vector.load %b[{at}] {aligned} : {b}, {lanes}")
        if lanes != words:
            value = w.value("v", f"vector.bitcast {value} : {lanes} to {words}")
        to = f"%parameters[{w.constant(0)}] {aligned}"
        w.line(f"vector.store {value}, {to} : {PARAMETERS_TYPE}, {words}")
        w.line("return")
    return w.text()


def _functions(tiling: Tiling, variants: Sequence[Tiling]) -> str:
    """The kernels that every core calls, and the device intrinsics that they use."""
    matmul = tiling.matmul
    return "".join(
        (
            matmul.declarations(),
            "" if tiling.fixed else _take(tiling),
            matmul.text("start", fresh=True),
            "" if tiling.whole else matmul.text("multiply"),
            *(
                variant.epilogue.text(finish_name(number, variants))
                for number, variant in enumerate(variants)
            ),
        )
    )


def _sequence(w: Writer, tiling: Tiling, arguments: Sequence[Argument]) -> None:
    names = {argument.name: f"%{argument.name}" for argument in arguments}
    types = {a.name: _memref(a.elements, a.dtype) for a in arguments}
    args = ", ".join(f"{names[a.name]}: {types[a.name]}" for a in arguments)
    depth = tiling.device.arch.shim_queue_depth
    with w.block(f"aie.runtime_sequence @sequence({args})"):
        for op in schedule(channels(tiling), depth):
            if not isinstance(op, Push):
                w.line(f"aiex.npu.dma_wait {{symbol = @{op.symbol}}}")
                continue
            task = op.task
            # The offset stands innermost: the tools scale each offset by its own stride.
            offsets = f"[0, 0, 0, {task.offset}]"
            sizes = "[" + ", ".join(map(str, task.sizes)) + "]"
            strides = "[" + ", ".join(map(str, task.strides)) + "]"
            attrs = f"{{id = {op.id} : i64, issue_token = true, metadata = @{op.symbol}}}"
            what = f"{names[op.argument]}{offsets}{sizes}{strides}"
            w.line(f"aiex.npu.dma_memcpy_nd({what}) {attrs} : {types[op.argument]}")


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
    acc = _memref(tiling.pixels * tiling.n, tiling.matmul.accumulator)
    for c, r in grid:
        w.line(f'%acc_{c}_{r} = aie.buffer(%core_{c}_{r}) {{sym_name = "acc_{c}_{r}"}} : {acc}')
        if tiling.fixed:
            continue
        name = f"parameters_{c}_{r}"
        buffer = f'aie.buffer(%core_{c}_{r}) {{sym_name = "{name}"}}'
        w.line(f"%{name} = {buffer} : {PARAMETERS_TYPE}")
    cores = Writer()
    for c, r in grid:
        head = f"%program_{c}_{r} = aie.core(%core_{c}_{r})"
        # Static lowering unrolls loops to follow the FIFOs' buffers: it loses count where a call
        # takes an odd number of objects, and crashes on some nests. Counters do neither.
        attributes = f"{{dynamic_objfifo_lowering = true, stack_size = {STACK_BYTES} : i32}}"
        with cores.block(head, f"}} {attributes}"):
            _Core(cores, tiling, variants, c, r).body()
    sequence = Writer()
    _sequence(sequence, tiling, arguments)
    return (
        f"module {{\n  aie.device({tiling.device.ir_name}) {{\n"
        f"{w.text()}{_functions(tiling, variants)}{cores.text()}{sequence.text()}  }}\n}}\n"
    )
