"""What the cores of a program run, around the kernels that they call."""

from collections.abc import Sequence

from aie_conv.array.tiling import Tiling
from aie_conv.kernels.steered import Word
from aie_conv.kernels.text import Writer

ENDLESS = 2**63 - 1
"""Trip count of a core's outermost loop, as mlir-aie's own designs write "for ever"."""


def memref(elements: int, dtype: str) -> str:
    """A flat buffer's type."""
    return f"memref<{elements}x{dtype}>"


def parameters_type(tiling: Tiling) -> str:
    """What a core keeps its run-time parameters in."""
    return memref(tiling.words, "i32")


def input_name(tiling: Tiling, column: int, row: int) -> str:
    """The FIFO that brings a core its input."""
    return f"a_l1_{column}_{row}" if tiling.spread else f"a_l1_{column}"


def finish_name(number: int, variants: Sequence[Tiling]) -> str:
    """The function of an epilogue."""
    return f"finish_{number}" if len(variants) > 1 else "finish"


class Core:
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
        kind = memref(elements, dtype)
        view = f"!aie.objectfifosubview<{kind}>"
        s = w.value("s", f"aie.objectfifo.acquire @{fifo}({port}, 1) : {view}")
        return w.value("o", f"aie.objectfifo.subview.access {s}[0] : {view} -> {kind}")

    def _release(self, fifo: str, port: str) -> None:
        self._w.line(f"aie.objectfifo.release @{fifo}({port}, 1)")

    def _input(self) -> tuple[str, str]:
        fifo = input_name(self._t, self._column, self._row)
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
        number = self._parameter(Word.VARIANT) if len(self._variants) > 1 else ""
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
                types = f"{memref(t.b_elements, t.view.dtype)}, {parameters_type(t)}"
                w.line(f"func.call @take({first[1]}, {self._parameters}) : ({types}) -> ()")
                passes, tiles = self._parameter(Word.PASSES), self._tile_count()
            known = t.fixed or t.resident
            chunks = w.constant(t.chunks) if known else self._parameter(Word.CHUNKS)
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

    def _tile_count(self) -> str:
        """Tiles in a pass, a run-time parameter."""
        return self._parameter(Word.TILES)

    def _parameter(self, number: int) -> str:
        """A run-time parameter as an index."""
        place = self._w.constant(number)
        return self._w.word(self._parameters, parameters_type(self._t), place)

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

    def _operand_types(self) -> tuple[str, str, str]:
        """Types of a step's input, filter and sums."""
        t = self._t
        return (
            memref(t.a_elements, t.view.dtype),
            memref(t.b_elements, t.view.dtype),
            memref(t.sums, t.matmul.accumulator),
        )

    def _multiply(self, function: str, held: tuple[str, str] | None, chunk: str) -> None:
        """One step of K, with chunk ``chunk`` of the filter's object."""
        w = self._w
        a_fifo, a = self._input()
        b_fifo, b = held or self._filter()
        types = ", ".join((*self._operand_types(), "index"))
        w.line(f"func.call @{function}({a}, {b}, {self._acc}, {chunk}) : ({types}) -> ()")
        self._release(a_fifo, "Consume")
        if not held:
            self._release(b_fifo, "Consume")


class SteeredCore(Core):
    """A core whose tile sizes are run-time parameters: several objects of filter and output in a tile."""

    _unit = ""

    def _tile_count(self) -> str:
        """Tiles in a pass, of this column alone."""
        return self._parameter(Word.TILES_OF.of(self._column))

    def _tiles(
        self, held: tuple[str, str] | None, counts: tuple[str, str], bounds: tuple[str, str]
    ) -> None:
        """All tiles of one pass."""
        w, (tiles, chunks), (zero, one) = self._w, counts, bounds
        del held
        with w.loop("t", zero, tiles, one):
            self._products(one, Word.FIRST_SPAN, bounds)
            with w.loop("q", one, chunks, one):
                self._products(zero, Word.SPAN, bounds)
            tail = self._filter() if self._t.tail_objects else None
            self._finish(tail[1] if tail else None, zero, one)
            if tail:
                self._release(tail[0], "Consume")
        with w.loop("t", zero, self._parameter(Word.IDLE.of(self._column)), one):
            passed, _ = self._filter()
            self._release(passed, "Consume")

    def _products(self, fresh: str, span: Word, bounds: tuple[str, str]) -> None:
        """An object of the filter with those of the input that it spans, or the other way round.

        Either an object of the filter spans one object of the input, and further ones meet the same, or it
        spans several, and there is no further one. Where rows of cores take turns with the input, all
        pass over the objects of the others.
        """
        w, (zero, one) = self._w, bounds
        types = ", ".join(
            (*self._operand_types(), parameters_type(self._t), "index", "index", "index")
        )

        def call(a: str, b: str, *numbers: str) -> None:
            given = ", ".join((a, b, self._acc, self._parameters, *numbers))
            w.line(f"func.call @multiply({given}) : ({types}) -> ()")

        b_fifo, b = self._filter()
        self._skip(Word.BEFORE, bounds)
        a_fifo, a = self._input()
        call(a, b, zero, zero, fresh)
        with w.loop("k", one, self._parameter(span), one) as k:
            self._release(a_fifo, "Consume")
            self._skip(Word.AFTER, bounds)
            self._skip(Word.BEFORE, bounds)
            _, following = self._input()
            call(following, b, zero, k, zero)
        self._release(b_fifo, "Consume")
        with w.loop("o", one, self._parameter(Word.OBJECTS), one) as number:
            _, b = self._filter()
            call(a, b, number, zero, fresh)
            self._release(b_fifo, "Consume")
        self._release(a_fifo, "Consume")
        self._skip(Word.AFTER, bounds)

    def _finish(self, b: str | None, zero: str, one: str) -> None:
        """Run this call's epilogue for every unit of the tile."""
        t, w = self._t, self._w
        number = self._parameter(Word.VARIANT) if len(self._variants) > 1 else ""
        fifo = f"c_l1_{self._column}_{self._row}"
        with w.loop("u", zero, self._parameter(Word.UNITS), one) as self._unit:
            out = self._acquire(fifo, "Produce", t.out_elements, t.view.problem.out.dtype)
            self._variant(0, number, (b, out), (zero, one))
            self._release(fifo, "Produce")

    def _epilogue(
        self, number: int, objects: tuple[str | None, str], bounds: tuple[str, str]
    ) -> None:
        """Run one epilogue on a unit, with the residual's object if it has one."""
        variant, (b, out), w = self._variants[number], objects, self._w
        types, name = variant.epilogue.signature(), finish_name(number, self._variants)
        given = [self._acc, *([b] if b and variant.view.vectors else []), out]
        if variant.view.residual is None:
            given += [self._parameters, self._unit]
            w.line(f"func.call @{name}({', '.join(given)}) : ({types}) -> ()")
            return
        self._skip(Word.SKIP_FIRST, bounds)
        fifo, residual = self._input()
        place = self._parameter(Word.RESIDUAL_AT.of(self._row))
        given += [residual, self._parameters, self._unit, place]
        w.line(f"func.call @{name}({', '.join(given)}) : ({types}) -> ()")
        self._release(fifo, "Consume")
        self._skip(Word.SKIP_LAST, bounds)

    def _skip(self, word: Word, bounds: tuple[str, str]) -> None:
        """Pass over objects of the input stream for other rows of cores."""
        w, (zero, one) = self._w, bounds
        with w.loop("i", zero, self._parameter(word.of(self._row)), one):
            fifo, _ = self._input()
            self._release(fifo, "Consume")
