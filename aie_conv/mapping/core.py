"""What the cores of a program run, around the kernels that they call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from aie_conv.codegen.parameters import LOOPS, VECTOR_WORDS, ParameterBlock
from aie_conv.codegen.text import Writer
from aie_conv.mapping.interface import Kernel
from aie_conv.mapping.mapping import Mapping
from aie_conv.problem import DTYPE_BYTES

ENDLESS = 2**63 - 1
"""Trip count of a core's outermost loop, as mlir-aie's own designs write "for ever"."""


def memref(elements: int, dtype: str) -> str:
    """A flat buffer's type."""
    return f"memref<{elements}x{dtype}>"


def input_name(mapping: Mapping, column: int, row: int) -> str:
    """The FIFO that brings a core its input."""
    return f"a_l1_{column}_{row}" if mapping.grid.unicast else f"a_l1_{column}"


def epilogue_name(number: int, epilogues: Sequence[Mapping]) -> str:
    """The function of an epilogue."""
    return f"finish_{number}" if len(epilogues) > 1 else "finish"


def take_function(mapping: Mapping, memory: str) -> str:
    """The function ``take(b, parameters)``: keep the parameters that lie in an object of the filter.

    Args:
        mapping: whose.
        memory: type of what they are kept in.
    """
    w, count = Writer(), mapping.l1.parameter_words
    dtype = mapping.view.dtype
    b, each = memref(mapping.l1.filter, dtype), 4 * VECTOR_WORDS // DTYPE_BYTES[dtype]
    lanes, words = f"vector<{each}x{dtype}>", f"vector<{VECTOR_WORDS}xi32>"
    aligned = "{alignment = 32 : i64}"

    def keep(source: str, target: str) -> None:
        value = w.value("v", f"vector.load %b[{source}] {aligned} : {b}, {lanes}")
        if lanes != words:
            value = w.value("v", f"vector.bitcast {value} : {lanes} to {words}")
        w.line(f"vector.store {value}, %parameters[{target}] {aligned} : {memory}, {words}")

    with w.block(f"func.func private @take(%b: {b}, %parameters: {memory})"):
        at = w.constant(mapping.filters.parameters_at)
        if count == VECTOR_WORDS:
            keep(at, w.constant(0))
        else:
            zero, one = w.constant(0), w.constant(1)
            with w.loop("n", zero, w.constant(count // VECTOR_WORDS), one) as n:
                keep(w.sum(at, w.times(n, each)), w.times(n, VECTOR_WORDS))
        w.line("return")
    return w.text()


def kernel_key(kernel: Kernel) -> tuple[Any, ...]:
    """The numbers of a kernel, its architecture left out."""
    declared: Any = kernel
    return tuple(getattr(declared, f.name) for f in fields(declared) if f.name != "arch")


@dataclass(frozen=True)
class LoopProgram:
    """Loops around a kernel whose tile the text fixes; see :class:`aie_conv.mapping.mapping.Program`."""

    def encode(self, mapping: Mapping, epilogue: int) -> tuple[int, ...]:
        """The loops' trips, and which epilogue."""
        grid = mapping.grid
        values = {
            "rounds": grid.rounds,
            "tiles": grid.column_tiles,
            "k_steps": mapping.tile.k_steps,
            "epilogue": epilogue,
        }
        return LOOPS.encode(values)

    def buffers(self, mapping: Mapping) -> list[tuple[str, str]]:
        """The sums, and the parameters where there are any."""
        sums = memref(mapping.l1.accumulators, mapping.kernel.accumulator)
        own = [] if mapping.memtile.is_fixed else [("parameters", _PARAMETERS)]
        return [("acc", sums), *own]

    def functions(self, mapping: Mapping, epilogues: Sequence[Mapping]) -> str:
        """Intrinsics, the reading of parameters, both forms of the product, epilogues."""
        kernel = mapping.kernel
        whole = mapping.l1.resident and mapping.tile.k_steps == 1
        return "".join(
            (
                kernel.declarations(),
                "" if mapping.memtile.is_fixed else take_function(mapping, _PARAMETERS),
                kernel.text("start", fresh=True),
                "" if whole else kernel.text("multiply"),
                *(
                    each.epilogue.text(epilogue_name(number, epilogues))
                    for number, each in enumerate(epilogues)
                ),
            )
        )

    def write_core(
        self, w: Writer, mapping: Mapping, epilogues: Sequence[Mapping], place: tuple[int, int]
    ) -> None:
        """The core's loops."""
        LoopCore(w, mapping, epilogues, place).write()

    def key(self, mapping: Mapping) -> tuple[object, ...]:
        """The sizes of kernel and objects, and what no parameters say: all counts where there are none."""
        p, tile, l1, memtile = mapping.parameters, mapping.tile, mapping.l1, mapping.memtile
        numbers = (
            p.tile_n, p.tile_k, p.resident, p.filter_buffers, p.k_chunks, p.input_reuse, p.filter_reuse,
            p.output_buffers,
        )  # fmt: skip
        objects = (
            tile.pixels, l1.input, memtile.input, memtile.input_parts, l1.filter,
            mapping.filters.tail_objects, memtile.input_dims, memtile.output_dims,
        )  # fmt: skip
        counts: tuple[object, ...] = (tile.k_steps,) if l1.resident else ()
        if memtile.is_fixed:
            # Without parameters there is nothing to pick an epilogue with.
            grid = mapping.grid
            counts = (grid.rounds, grid.column_tiles, tile.k_steps, self.epilogue_key(mapping))
        return (kernel_key(mapping.kernel), numbers, objects, counts)

    def epilogue_key(self, mapping: Mapping) -> tuple[str, int]:
        """The function, and how many objects bring a tile's residual."""
        return mapping.epilogue.text("finish"), mapping.residual.objects


_PARAMETERS = memref(LOOPS.words, "i32")


class Core:
    """What the bodies of all cores share: FIFOs, run-time parameters, a choice of epilogues.

    Args:
        w: where the body is written.
        mapping: what is run.
        epilogues: mappings that stand for the program's epilogues.
        place: (column, row) of the core.
        parameters: what they are, and name and type of the memref that holds them.
    """

    def __init__(
        self,
        w: Writer,
        mapping: Mapping,
        epilogues: Sequence[Mapping],
        place: tuple[int, int],
        parameters: tuple[ParameterBlock, str, str],
    ) -> None:
        self.w = w
        self.mapping = mapping
        self.epilogues = epilogues
        self.column, self.row = place
        self._block, *self._memory = parameters

    def acquire(self, fifo: str, port: str, elements: int, dtype: str) -> str:
        """An object of a FIFO."""
        w = self.w
        kind = memref(elements, dtype)
        view = f"!aie.objectfifosubview<{kind}>"
        s = w.value("s", f"aie.objectfifo.acquire @{fifo}({port}, 1) : {view}")
        return w.value("o", f"aie.objectfifo.subview.access {s}[0] : {view} -> {kind}")

    def release(self, fifo: str, port: str) -> None:
        """Give an object back."""
        self.w.line(f"aie.objectfifo.release @{fifo}({port}, 1)")

    def acquire_input(self) -> tuple[str, str]:
        """The FIFO of the input, and its next object."""
        m = self.mapping
        fifo = input_name(m, self.column, self.row)
        return fifo, self.acquire(fifo, "Consume", m.l1.input, m.view.dtype)

    def acquire_filter(self) -> tuple[str, str]:
        """The FIFO of the filter, and its next object."""
        m = self.mapping
        fifo = f"b_l1_{self.row}"
        return fifo, self.acquire(fifo, "Consume", m.l1.filter, m.view.dtype)

    def acquire_output(self) -> tuple[str, str]:
        """The FIFO of the output, and a free object."""
        m = self.mapping
        fifo = f"c_l1_{self.column}_{self.row}"
        dtype = m.view.problem.out.dtype
        return fifo, self.acquire(fifo, "Produce", m.l1.output, dtype)

    def load(self, name: str, number: int = 0) -> str:
        """A run-time parameter as an index."""
        name_, kind = self._memory
        return self.w.word(name_, kind, self.w.constant(self._block.place(name, number)))

    def epilogue_number(self) -> str:
        """Which epilogue the call takes; nothing where there is one."""
        return self.load("epilogue") if len(self.epilogues) > 1 else ""

    def choose(self, numbers: Sequence[int], chosen: str, run: Callable[[int], None]) -> None:
        """Run the epilogue ``chosen``, one of ``numbers``; the last needs no comparison."""
        w, (first, *others) = self.w, numbers
        if not others:
            run(first)
            return
        own = w.value("is", f"arith.cmpi eq, {chosen}, {w.constant(first)} : index")
        with w.block(f"scf.if {own}", "} else {"):
            run(first)
        with w.rest():
            self.choose(others, chosen, run)


class LoopCore:
    """Writes one core's body: acquire, multiply, finish, release."""

    def __init__(
        self, w: Writer, mapping: Mapping, epilogues: Sequence[Mapping], place: tuple[int, int]
    ) -> None:
        at = f"{place[0]}_{place[1]}"
        self._w = w
        self._m = mapping
        self._acc, self._parameters = f"%acc_{at}", f"%parameters_{at}"
        self._core = Core(w, mapping, epilogues, place, (LOOPS, self._parameters, _PARAMETERS))

    def write(self) -> None:
        """The core's program, inside ``aie.core``."""
        m, w, core = self._m, self._w, self._core
        grid, fixed, resident = m.grid, m.memtile.is_fixed, m.l1.resident
        zero, one = w.constant(0), w.constant(1)
        # A core is started once a configuration and then serves every call.
        with w.loop("call", zero, w.constant(ENDLESS), one):
            first = None if fixed else core.acquire_filter()
            if first is None:
                rounds, tiles = w.constant(grid.rounds), w.constant(grid.column_tiles)
            else:
                types = f"{memref(m.l1.filter, m.view.dtype)}, {_PARAMETERS}"
                w.line(f"func.call @take({first[1]}, {self._parameters}) : ({types}) -> ()")
                rounds, tiles = core.load("rounds"), core.load("tiles")
            known = fixed or resident
            k_steps = w.constant(m.tile.k_steps) if known else core.load("k_steps")
            kept = first if resident else None
            if kept is not None:
                self._tiles(kept, (tiles, k_steps), (zero, one))
            if first is not None:
                core.release(first[0], "Consume")
            with w.loop("p", zero if kept is None else one, rounds, one):
                kept = core.acquire_filter() if resident else None
                self._tiles(kept, (tiles, k_steps), (zero, one))
                if kept is not None:
                    core.release(kept[0], "Consume")
        w.line("aie.end")

    def _tiles(
        self, kept: tuple[str, str] | None, counts: tuple[str, str], bounds: tuple[str, str]
    ) -> None:
        """All tiles of one round; ``kept`` is the filter that stays for them."""
        m, w, core = self._m, self._w, self._core
        zero, one = bounds
        with w.loop("t", zero, counts[0], one):
            self._multiply("start", kept, zero)
            if not (m.l1.resident and m.tile.k_steps == 1):
                with w.loop("q", one, counts[1], one) as q:
                    self._multiply("multiply", kept, q if kept else zero)
            tail = core.acquire_filter() if m.filters.tail_objects else kept
            self._finish(tail[1] if tail else None, bounds)
            if tail and not kept:
                core.release(tail[0], "Consume")

    def _multiply(self, function: str, kept: tuple[str, str] | None, chunk: str) -> None:
        """One step of K, with chunk ``chunk`` of the filter's object."""
        m, core = self._m, self._core
        a_fifo, a = core.acquire_input()
        b_fifo, b = kept or core.acquire_filter()
        dtype = m.view.dtype
        operands = (memref(m.l1.input, dtype), memref(m.l1.filter, dtype))
        types = ", ".join((*operands, memref(m.l1.accumulators, m.kernel.accumulator), "index"))
        self._w.line(f"func.call @{function}({a}, {b}, {self._acc}, {chunk}) : ({types}) -> ()")
        core.release(a_fifo, "Consume")
        if not kept:
            core.release(b_fifo, "Consume")

    def _finish(self, b: str | None, bounds: tuple[str, str]) -> None:
        """Run this call's epilogue into an output object."""
        core = self._core
        fifo, out = core.acquire_output()
        every, number = range(len(core.epilogues)), core.epilogue_number()
        core.choose(every, number, lambda chosen: self._epilogue(chosen, (b, out), bounds))
        core.release(fifo, "Produce")

    def _skip_inputs(self, count: int, bounds: tuple[str, str]) -> None:
        if not count:
            return
        w = self._w
        with w.loop("i", bounds[0], w.constant(count), bounds[1]):
            fifo, _ = self._core.acquire_input()
            self._core.release(fifo, "Consume")

    def _epilogue(
        self, number: int, objects: tuple[str | None, str], bounds: tuple[str, str]
    ) -> None:
        """Run one epilogue, with the residual's objects if it has one."""
        w, core = self._w, self._core
        one, (b, out) = core.epilogues[number], objects
        vectors = [b] if b and one.view.vectors else []
        arguments = ", ".join((self._acc, *vectors, out))
        types, name = one.epilogue.signature(), epilogue_name(number, core.epilogues)
        if one.view.residual is None:
            w.line(f"func.call @{name}({arguments}) : ({types}) -> ()")
            return
        n, per_object, rst = one.tile.n, one.residual.channels, one.kernel.rst
        own = max(1, n // per_object)
        start = 0 if one.grid.unicast else core.row * n
        first = start // per_object
        self._skip_inputs(first, bounds)
        blocks = min(n, per_object) // rst[2]
        # Where this core's channels begin in a shared object, in blocks of A.
        inside = start % per_object * one.parameters.tile_k
        kb = w.constant(inside // (per_object * rst[1]))
        with w.loop("j", bounds[0], w.constant(own), bounds[1]) as j:
            fifo, a = core.acquire_input()
            nb = w.value("i", f"arith.muli {j}, {w.constant(blocks)} : index")
            w.line(f"func.call @{name}({arguments}, {a}, {nb}, {kb}) : ({types}) -> ()")
            core.release(fifo, "Consume")
        self._skip_inputs(one.residual.objects - first - own, bounds)
