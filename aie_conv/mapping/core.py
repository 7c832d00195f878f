"""What the cores of a program run, around the kernels that they call."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

from aie_conv.codegen.steered import Word
from aie_conv.codegen.text import Writer
from aie_conv.mapping.tiling import Tiling

ENDLESS = 2**63 - 1
"""Trip count of a core's outermost loop, as mlir-aie's own designs write "for ever"."""


def memref(elements: int, dtype: str) -> str:
    """A flat buffer's type."""
    return f"memref<{elements}x{dtype}>"


def vectors_type(tiling: Tiling) -> str:
    """What a core keeps a slice's per-channel operands in, where they come in objects of the filter."""
    return memref(tiling.kept, tiling.view.dtype)


def parameters_type(tiling: Tiling) -> str:
    """What a core keeps its run-time parameters in, behind which sums may lie."""
    return memref(tiling.words + tiling.sums if tiling.steered else tiling.words, "i32")


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
        every = range(len(self._variants))
        self._either(every, number, lambda chosen: self._epilogue(chosen, (b, out), (zero, one)))
        self._release(out_fifo, "Produce")

    def _either(self, numbers: Sequence[int], chosen: str, run: Callable[[int], None]) -> None:
        """Run the epilogue ``chosen``, one of ``numbers``; the last needs no comparison."""
        w, (first, *others) = self._w, numbers
        if not others:
            run(first)
            return
        own = w.value("is", f"arith.cmpi eq, {chosen}, {w.constant(first)} : index")
        with w.block(f"scf.if {own}", "} else {"):
            run(first)
        with w.rest():
            self._either(others, chosen, run)

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

    def __init__(
        self, w: Writer, tiling: Tiling, variants: Sequence[Tiling], column: int, row: int
    ) -> None:
        super().__init__(w, tiling, variants, column, row)
        self._acc = self._parameters = f"%memory_{column}_{row}"

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
            with w.loop("q", zero, chunks, one) as q:
                self._products(w.value("is", f"arith.cmpi eq, {q}, {zero} : index"), bounds)
            if self._t.kept:
                with w.loop("v", zero, self._parameter(Word.OWN_OBJECT), one):
                    fifo, own = self._filter()
                    self._keep(own)
                    self._release(fifo, "Consume")
            self._finish(f"%vectors_{self._column}_{self._row}", zero, one)
        with w.loop("t", zero, self._parameter(Word.IDLE.of(self._column)), one):
            passed, _ = self._filter()
            self._release(passed, "Consume")

    def _products(self, first: str, bounds: tuple[str, str]) -> None:
        """An object of the filter with those of the input that it spans, or the other way round.

        Either an object of the filter spans one object of the input, and further ones meet the same, or it
        spans several, and there is no further one. Where rows of cores take turns with the input, all
        pass over the objects of the others.

        Args:
            first: whether it is a tile's first.
            bounds: 0 and 1.
        """
        w, (zero, one) = self._w, bounds
        a_type, b_type, _ = self._operand_types()
        types = ", ".join((a_type, b_type, parameters_type(self._t), "index", "index", "index"))

        def call(a: str, b: str, *numbers: str) -> None:
            given = ", ".join((a, b, self._acc, *numbers))
            w.line(f"func.call @multiply({given}) : ({types}) -> ()")

        def if_first(this: str, other: str) -> str:
            return w.value("i", f"arith.select {first}, {this}, {other} : index")

        fresh = if_first(one, zero)
        b_fifo, b = self._filter()
        if self._t.kept:
            with w.loop("v", zero, if_first(self._parameter(Word.INSIDE), zero), one):
                self._keep(b)
        span = if_first(self._parameter(Word.FIRST_SPAN), self._parameter(Word.SPAN))
        self._skip(Word.BEFORE.of(self._row), bounds)
        a_fifo, a = self._input()
        call(a, b, zero, zero, fresh)
        with w.loop("k", one, span, one) as k:
            self._release(a_fifo, "Consume")
            self._skip(Word.BETWEEN, bounds)
            _, following = self._input()
            call(following, b, zero, k, zero)
        self._release(b_fifo, "Consume")
        with w.loop("o", one, self._parameter(Word.OBJECTS), one) as number:
            _, b = self._filter()
            call(a, b, number, zero, fresh)
            self._release(b_fifo, "Consume")
        self._release(a_fifo, "Consume")
        self._skip(Word.AFTER.of(self._row), bounds)

    def _keep(self, b: str) -> None:
        """Keep the per-channel operands that lie at the end of an object of the filter."""
        t, kept = self._t, f"%vectors_{self._column}_{self._row}"
        types = f"{memref(t.b_elements, t.view.dtype)}, {vectors_type(t)}"
        self._w.line(f"func.call @keep({b}, {kept}) : ({types}) -> ()")

    def _finish(self, b: str | None, zero: str, one: str) -> None:
        """Run this call's epilogue for every unit of the tile; ``b`` holds the per-channel operands."""
        t, w = self._t, self._w
        number = self._parameter(Word.VARIANT) if len(self._variants) > 1 else ""
        fifo = f"c_l1_{self._column}_{self._row}"
        joined = [i for i, variant in enumerate(self._variants) if variant.view.residual]
        plain = [i for i in range(len(self._variants)) if i not in joined]
        calls = self._parameter(Word.RESIDUAL_CALLS) if joined else ""
        with w.loop("u", zero, self._parameter(Word.UNITS), one) as unit:
            out = self._acquire(fifo, "Produce", t.out_elements, t.view.problem.out.dtype)
            if joined:
                self._joined(joined, number, calls, (b, out, unit), (zero, one))
            if plain:
                alone = w.value("is", f"arith.cmpi eq, {calls}, {zero} : index") if joined else ""
                with w.block(f"scf.if {alone}") if joined else nullcontext():
                    self._either(plain, number, lambda chosen: self._call(chosen, b, out, unit))
            self._release(fifo, "Produce")

    def _joined(
        self,
        numbers: Sequence[int],
        number: str,
        calls: str,
        objects: tuple[str | None, str, str],
        bounds: tuple[str, str],
    ) -> None:
        """The epilogues with a residual, as often as its objects make a unit; not at all without one."""
        w, (b, out, unit), (zero, one) = self._w, objects, bounds
        place = self._parameter(Word.RESIDUAL_AT.of(self._row))
        with w.loop("r", zero, calls, one) as call:
            self._skip(Word.SKIP_FIRST.of(self._row), bounds)
            fifo, residual = self._input()
            self._either(
                numbers,
                number,
                lambda chosen: self._call(chosen, b, out, residual, unit, call, place),
            )
            self._release(fifo, "Consume")
            self._skip(Word.SKIP_LAST.of(self._row), bounds)

    def _call(self, number: int, b: str | None, *others: str) -> None:
        """Call an epilogue: sums, per-channel operands if it has any, and the others."""
        variant = self._variants[number]
        vectors = [b] if b and variant.view.vectors else []
        given = ", ".join((self._acc, *vectors, *others))
        name = finish_name(number, self._variants)
        self._w.line(f"func.call @{name}({given}) : ({variant.epilogue.signature()}) -> ()")

    def _skip(self, word: int, bounds: tuple[str, str]) -> None:
        """Pass over objects of the input stream for other rows of cores."""
        w, (zero, one) = self._w, bounds
        with w.loop("i", zero, self._parameter(word), one):
            fifo, _ = self._input()
            self._release(fifo, "Consume")
