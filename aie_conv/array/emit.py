"""The AIE module of a tiling, as text that mlir-aie's tools and the simulator both read."""

from collections.abc import Sequence

from aie_conv.array.streams import Push, channels, filter_rows, schedule
from aie_conv.array.tiling import STACK_BYTES, Dims, Tiling
from aie_conv.kernels.text import Writer
from aie_conv.kernels.zero import zero_kernel
from aie_conv.partitioner.interface import Argument

ENDLESS = 2**63 - 1
"""Trip count of a core's outermost loop, as mlir-aie's own designs write "for ever"."""


def _memref(elements: int, dtype: str) -> str:
    return f"memref<{elements}x{dtype}>"


def _fifo(
    w: Writer, name: str, source: str, sinks: str, depth: int, memref: str, attributes: str = ""
) -> None:
    w.line(
        f"aie.objectfifo @{name}({source}, {{{sinks}}}, {depth} : i32){attributes}"
        f" : !aie.objectfifo<{memref}>"
    )


def _no_padding(dims: Dims) -> str:
    """Paddings of zero, which make the tools keep the smaller object of a link in the mem tile.

    Without them the larger one is kept, and filled to its own length.
    """
    none = ", ".join(["<const_pad_before = 0, const_pad_after = 0>"] * len(dims))
    return f" {{padDimensions = #aie<bd_pad_layout_array[{none}]>}}"


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
    grows = tiling.a_elements != tiling.a_l3_elements
    attributes = _no_padding(tiling.a_to_stream) if grows else ""
    whole, part = tiling.a_parts * tiling.a_l3_elements, _memref(tiling.a_elements, dtype)
    for c in range(tiling.columns):
        cores = [f"%core_{c}_{row}" for row in range(tiling.rows)]
        sinks = cores if tiling.spread else [", ".join(cores)]
        names = [_input_name(tiling, c, row) for row in range(len(sinks))]
        _fifo(w, f"a_l3_{c}", f"%shim_{c}", f"%mem_{c}", 2, _memref(whole, dtype))
        for name, sink in zip(names, sinks, strict=True):
            _fifo(w, name, f"%mem_{c}{dims}", sink, 2, part, attributes)
        _link(w, [f"a_l3_{c}"], names, tiling.a_l3_elements)


def _filter_fifos(w: Writer, tiling: Tiling) -> None:
    size, dtype = tiling.b_elements, tiling.view.dtype
    for c in range(tiling.filter_columns):
        rows = filter_rows(tiling, c)
        _fifo(w, f"b_l3_{c}", f"%shim_{c}", f"%mem_{c}", 2, _memref(size * len(rows), dtype))
        for row in rows:
            sinks = ", ".join(f"%core_{col}_{row}" for col in range(tiling.columns))
            # An array of depths is exact: the mem tile keeps two, each core what fits.
            depths = ", ".join(["2", *[str(tiling.b_depth)] * tiling.columns])
            w.line(
                f"aie.objectfifo @b_l1_{row}(%mem_{c}, {{{sinks}}}, [{depths}])"
                f" : !aie.objectfifo<{_memref(size, dtype)}>"
            )
        _link(w, [f"b_l3_{c}"], [f"b_l1_{row}" for row in rows], size)


def _output_fifos(w: Writer, tiling: Tiling) -> None:
    dtype = tiling.view.problem.out.dtype
    part = tiling.pixels * tiling.n
    dims = _to_stream(tiling.out_to_stream)
    for c in range(tiling.columns):
        names = [f"c_l1_{c}_{row}" for row in range(tiling.rows)]
        for row, name in enumerate(names):
            _fifo(w, name, f"%core_{c}_{row}", f"%mem_{c}", 2, _memref(part, dtype))
        joined = _memref(part * tiling.rows, dtype)
        _fifo(w, f"c_l3_{c}", f"%mem_{c}{dims}", f"%shim_{c}", 2, joined)
        _link(w, names, [f"c_l3_{c}"], part)


class _Core:
    """Writes one core's body: acquire, multiply, finish, release."""

    def __init__(self, w: Writer, tiling: Tiling, column: int, row: int) -> None:
        self._w = w
        self._t = tiling
        self._column = column
        self._row = row
        self._acc = f"%acc_{column}_{row}"

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
        """Run the epilogue into an output object, with the residual's objects if there is one."""
        t, w = self._t, self._w
        out_fifo = f"c_l1_{self._column}_{self._row}"
        dtype = t.view.problem.out.dtype
        out = self._acquire(out_fifo, "Produce", t.pixels * t.n, dtype)
        types = t.epilogue.signature()
        if t.view.residual is None:
            w.line(f"func.call @finish({self._arguments(b, out)}) : ({types}) -> ()")
        else:
            self._residual(self._arguments(b, out), (zero, one), types)
        self._release(out_fifo, "Produce")

    def _arguments(self, b: str | None, out: str) -> str:
        vectors = [b] if b and self._t.view.vectors else []
        return ", ".join((self._acc, *vectors, out))

    def _residual(self, arguments: str, bounds: tuple[str, str], types: str) -> None:
        t, w = self._t, self._w
        per_object = t.residual_channels
        own = max(1, t.n // per_object)
        start = 0 if t.spread else self._row * t.n
        first = start // per_object
        self._skip_inputs(first, bounds)
        blocks = min(t.n, per_object) // t.matmul.rst[2]
        # Where this core's channels begin in a shared object, in blocks of A.
        kb = w.constant(start % per_object * t.kc // (per_object * t.matmul.rst[1]))
        with w.loop("j", bounds[0], w.constant(own), bounds[1]) as j:
            fifo, a = self._input()
            nb = w.value("i", f"arith.muli {j}, {w.constant(blocks)} : index")
            w.line(f"func.call @finish({arguments}, {a}, {nb}, {kb}) : ({types}) -> ()")
            self._release(fifo, "Consume")
        self._skip_inputs(t.residual_objects - first - own, bounds)

    def body(self) -> None:
        """The core's program, inside ``aie.core``."""
        t, w = self._t, self._w
        zero, one = w.constant(0), w.constant(1)
        passes, tiles, chunks = (w.constant(v) for v in (t.passes, t.column_tiles, t.chunks))
        # A core is started once a configuration and then serves every call.
        with w.loop("call", zero, w.constant(ENDLESS), one), w.loop("p", zero, passes, one):
            held = self._filter() if t.resident else None
            with w.loop("t", zero, tiles, one):
                acc_type = _memref(t.pixels * t.n, t.matmul.accumulator)
                w.line(f"func.call @clear({self._acc}) : ({acc_type}) -> ()")
                with w.loop("q", zero, chunks, one) as q:
                    self._multiply(held, q, zero)
                tail = self._filter() if t.tail_objects else held
                self._finish(tail[1] if tail else None, zero, one)
                if tail and not held:
                    self._release(tail[0], "Consume")
            if held:
                self._release(held[0], "Consume")
        w.line("aie.end")

    def _multiply(self, held: tuple[str, str] | None, q: str, zero: str) -> None:
        t, w = self._t, self._w
        a_fifo, a = self._input()
        b_fifo, b = held or self._filter()
        memrefs = (
            _memref(t.a_elements, t.view.dtype),
            _memref(t.b_elements, t.view.dtype),
            _memref(t.pixels * t.n, t.matmul.accumulator),
        )
        types = ", ".join((*memrefs, "index"))
        chunk = q if held else zero
        w.line(f"func.call @multiply({a}, {b}, {self._acc}, {chunk}) : ({types}) -> ()")
        self._release(a_fifo, "Consume")
        if not held:
            self._release(b_fifo, "Consume")


def _functions(tiling: Tiling) -> str:
    """The kernels that every core calls, and the device intrinsics that they use."""
    matmul = tiling.matmul
    return "".join(
        (
            matmul.declarations(),
            zero_kernel("clear", tiling.pixels * tiling.n, matmul.accumulator),
            matmul.text("multiply"),
            tiling.epilogue.text("finish"),
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


def emit(tiling: Tiling, arguments: Sequence[Argument]) -> str:
    """The module's text: tiles, FIFOs, accumulators, kernels, cores, runtime sequence."""
    w = Writer()
    _tiles(w, tiling)
    _input_fifos(w, tiling)
    _filter_fifos(w, tiling)
    _output_fifos(w, tiling)
    grid = [(c, r) for c in range(tiling.columns) for r in range(tiling.rows)]
    acc = _memref(tiling.pixels * tiling.n, tiling.matmul.accumulator)
    for c, r in grid:
        w.line(f'%acc_{c}_{r} = aie.buffer(%core_{c}_{r}) {{sym_name = "acc_{c}_{r}"}} : {acc}')
    cores = Writer()
    for c, r in grid:
        head = f"%program_{c}_{r} = aie.core(%core_{c}_{r})"
        # Static lowering unrolls loops to follow the FIFOs' buffers: it loses count where a call
        # takes an odd number of objects, and crashes on some nests. Counters do neither.
        attributes = f"{{dynamic_objfifo_lowering = true, stack_size = {STACK_BYTES} : i32}}"
        with cores.block(head, f"}} {attributes}"):
            _Core(cores, tiling, c, r).body()
    sequence = Writer()
    _sequence(sequence, tiling, arguments)
    return (
        f"module {{\n  aie.device({tiling.device.ir_name}) {{\n"
        f"{w.text()}{_functions(tiling)}{cores.text()}{sequence.text()}  }}\n}}\n"
    )
