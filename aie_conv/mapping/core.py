"""What the cores of a program run, around the kernels that they call."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.codegen.parameters import LOOPS, VECTOR_WORDS, ParameterBlock
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import ENDLESS, Op, Type, Value, memref, subview, vector
from aie_conv.mapping.finish import FINISH, finish_function
from aie_conv.mapping.interface import CoreEpilogue, Kernel
from aie_conv.mapping.mapping import EpilogueKey, Mapping, NamedValues
from aie_conv.problem import DTYPE_BYTES

Writer = Callable[[CoreEpilogue, str], Op]
"""Makes the function of an epilogue of a name, or what stands for it."""


def input_name(mapping: Mapping, column: int, row: int) -> str:
    """The FIFO that brings a core its input."""
    return f"a_l1_{column}_{row}" if mapping.grid.unicast else f"a_l1_{column}"


def _own_name(number: int, epilogues: Sequence[Mapping]) -> str:
    return f"{FINISH}_{number}" if len(epilogues) > 1 else FINISH


def epilogue_name(number: int, epilogues: Sequence[Mapping]) -> str:
    """The function of an epilogue: that of the first with the same text."""
    text = epilogues[number].epilogue_text
    first = next(i for i, each in enumerate(epilogues) if each.epilogue_text == text)
    return _own_name(first, epilogues)


def take_function(mapping: Mapping, memory: Type) -> Op:
    """The function ``take(b, parameters)``: keep the parameters that lie in an object of the filter.

    Args:
        mapping: whose.
        memory: type of what they are kept in.
    """
    count, dtype = mapping.l1.parameter_words, mapping.view.dtype
    each = 4 * VECTOR_WORDS // DTYPE_BYTES[dtype]
    f = Function("take", [("b", memref(dtype, mapping.l1.filter)), ("parameters", memory)])
    w, (b, parameters) = f.builder, f.arguments

    def keep(source: Value, target: Value) -> None:
        value = bitcast(w, w.load("v", b, source, each), vector("i32", VECTOR_WORDS))
        w.store(value, parameters, target)

    offset = w.constant(mapping.filters.parameters_at)
    if count == VECTOR_WORDS:
        keep(offset, w.constant(0))
    else:
        with w.loop("n", w.constant(0), w.constant(count), w.constant(VECTOR_WORDS)) as word:
            keep(w.sum(offset, w.times(word, each // VECTOR_WORDS)), word)
    return f.finish()


def kernel_key(kernel: Kernel) -> tuple[Any, ...]:
    """The numbers of a kernel, its architecture left out."""
    declared: Any = kernel
    return tuple(getattr(declared, f.name) for f in fields(declared) if f.name != "arch")


@dataclass(frozen=True)
class LoopProgram:
    """Loops around a kernel whose tile the text fixes; see :class:`aie_conv.mapping.mapping.CoreProgram`."""

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

    def buffers(self, mapping: Mapping) -> list[tuple[str, Type]]:
        """The sums, and the parameters where there are any."""
        sums = memref(mapping.kernel.accumulator, mapping.l1.accumulators)
        parameters = [] if mapping.memtile.is_fixed else [("parameters", _PARAMETERS)]
        return [("acc", sums), *parameters]

    def functions(
        self, mapping: Mapping, epilogues: Sequence[Mapping], write: Writer = finish_function
    ) -> list[Op]:
        """Intrinsics, the reading of parameters, both forms of the product, epilogues."""
        kernel = mapping.kernel
        single = mapping.l1.resident and mapping.tile.k_steps == 1
        return [
            *declarations(kernel, epilogues),
            *([] if mapping.memtile.is_fixed else [take_function(mapping, _PARAMETERS)]),
            kernel.function("start", fresh=True),
            *([] if single else [kernel.function("multiply")]),
            *epilogue_functions(epilogues, write),
        ]

    def finishes(self, epilogues: Sequence[Mapping]) -> dict[str, CoreEpilogue]:
        """All of them."""
        return {name: each.epilogue for name, each in named_epilogues(epilogues).items()}

    def write_core(
        self,
        w: Builder,
        mapping: Mapping,
        epilogues: Sequence[Mapping],
        place: tuple[int, int],
        buffers: NamedValues,
    ) -> None:
        """The core's loops."""
        core = Core(w, mapping, epilogues, place, (LOOPS, buffers.get("parameters")))
        LoopCore(core, buffers["acc"]).write()

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

    def epilogue_key(self, mapping: Mapping) -> EpilogueKey:
        """The function, and how many objects bring a tile's residual."""
        return mapping.epilogue_text, mapping.residual.objects, False


_PARAMETERS = memref("i32", LOOPS.words)


def declarations(kernel: Kernel, epilogues: Sequence[Mapping]) -> list[Op]:
    """What a product and epilogues need declared, each once."""
    declared = [*kernel.declared(), *(op for each in epilogues for op in each.epilogue.declared())]
    return list({op.attrs["sym_name"]: op for op in declared}.values())


def epilogue_functions(epilogues: Sequence[Mapping], write: Writer) -> list[Op]:
    """The functions of a program's epilogues, each once."""
    return [write(each.epilogue, name) for name, each in named_epilogues(epilogues).items()]


def named_epilogues(epilogues: Sequence[Mapping]) -> dict[str, Mapping]:
    """Of a program's epilogues the first of each function, by the function's name."""
    names = [epilogue_name(number, epilogues) for number in range(len(epilogues))]
    return {
        name: each
        for number, (name, each) in enumerate(zip(names, epilogues, strict=True))
        if name == _own_name(number, epilogues)
    }


class Core:
    """What the bodies of all cores share: FIFOs, run-time parameters, a choice of epilogues.

    Args:
        w: where the body is written.
        mapping: what is run.
        epilogues: mappings that stand for the program's epilogues.
        place: (column, row) of the core.
        parameters: what they are, and the memref that holds them, if there are any.
    """

    def __init__(
        self,
        w: Builder,
        mapping: Mapping,
        epilogues: Sequence[Mapping],
        place: tuple[int, int],
        parameters: tuple[ParameterBlock, Value | None],
    ) -> None:
        self.w = w
        self.mapping = mapping
        self.epilogues = epilogues
        self.column, self.row = place
        self._block, self._memory = parameters

    @property
    def memory(self) -> Value:
        """The memref that holds the parameters."""
        if self._memory is None:
            raise ValueError("a program without parameters")
        return self._memory

    def acquire(self, fifo: str, port: str, elements: int, dtype: str, count: int = 1) -> Value:
        """An object of a FIFO: the last of ``count``, those before which are there already."""
        w = self.w
        view = subview(dtype, elements)
        named = {"objFifo_name": fifo, "port": port, "size": count}
        s = w.value("s", "aie.objectfifo.acquire", to=view, **named)
        return w.value("o", "aie.objectfifo.subview.access", s, index=count - 1)

    def release(self, fifo: str, port: str) -> None:
        """Give an object back."""
        attrs = {"objFifo_name": fifo, "port": port, "size": 1}
        self.w.op("aie.objectfifo.release", attrs=attrs)

    def acquire_input(self) -> tuple[str, Value]:
        """The FIFO of the input, and its next object."""
        m = self.mapping
        fifo = input_name(m, self.column, self.row)
        return fifo, self.acquire(fifo, "Consume", m.l1.input, m.view.dtype)

    def acquire_filter(self, count: int = 1) -> tuple[str, Value]:
        """The FIFO of the filter, and its next object, which makes ``count`` that are held."""
        m = self.mapping
        fifo = f"b_l1_{m.grid.stream_to(self.column, self.row)}"
        return fifo, self.acquire(fifo, "Consume", m.l1.filter, m.view.dtype, count)

    def acquire_output(self) -> tuple[str, Value]:
        """The FIFO of the output, and a free object."""
        m = self.mapping
        fifo = f"c_l1_{self.column}_{self.row}"
        dtype = m.view.problem.out.dtype
        return fifo, self.acquire(fifo, "Produce", m.l1.output, dtype)

    def load(self, name: str, number: int = 0) -> Value:
        """A run-time parameter as an index."""
        return self._block.load(self.w, self.memory, name, number)

    def epilogue_number(self) -> Value | None:
        """Which epilogue the call takes; nothing where there is one."""
        return self.load("epilogue") if len(self.epilogues) > 1 else None

    def choose(
        self,
        numbers: Sequence[int],
        chosen: Value | None,
        run: Callable[[int], None],
        alike: Callable[[int], Hashable] = lambda number: number,
    ) -> None:
        """Run the epilogue ``chosen``, one of ``numbers``; the last kind needs no comparison.

        Args:
            numbers: of epilogues.
            chosen: the number of one of them.
            run: writes what one does.
            alike: what is equal of those for which that is the same, which then is written once.
        """
        kinds: dict[Hashable, list[int]] = {}
        for number in numbers:
            kinds.setdefault(alike(number), []).append(number)
        self._choose(list(kinds.values()), chosen, run)

    def _choose(
        self, kinds: Sequence[Sequence[int]], chosen: Value | None, run: Callable[[int], None]
    ) -> None:
        w, (first, *others) = self.w, kinds
        if not others or chosen is None:
            run(first[0])
            return
        is_each = [w.compare("eq", chosen, w.constant(number)) for number in first]
        is_one = reduce(lambda one, other: w.value("is", "arith.ori", one, other), is_each)
        with w.branch(is_one, otherwise=True) as other:
            run(first[0])
        with w.inside(other):
            self._choose(others, chosen, run)


Acquired = tuple[str, Value]
"""A FIFO and an object of it."""


class LoopCore:
    """Writes one core's body: acquire, multiply, finish, release."""

    def __init__(self, core: Core, acc: Value) -> None:
        self._w, self._m, self._core, self._acc = core.w, core.mapping, core, acc

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
                w.run("take", first[1], core.memory)
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

    def _tiles(
        self, kept: Acquired | None, counts: tuple[Value, Value], bounds: tuple[Value, Value]
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

    def _multiply(self, function: str, kept: Acquired | None, chunk: Value) -> None:
        """One step of K, with chunk ``chunk`` of the filter's object."""
        core = self._core
        a_fifo, a = core.acquire_input()
        b_fifo, b = kept or core.acquire_filter()
        self._w.run(function, a, b, self._acc, chunk)
        core.release(a_fifo, "Consume")
        if not kept:
            core.release(b_fifo, "Consume")

    def _finish(self, b: Value | None, bounds: tuple[Value, Value]) -> None:
        """Run this call's epilogue into an output object."""
        core = self._core
        fifo, out = core.acquire_output()
        every, number = range(len(core.epilogues)), core.epilogue_number()
        core.choose(every, number, lambda chosen: self._epilogue(chosen, (b, out), bounds))
        core.release(fifo, "Produce")

    def _skip_inputs(self, count: int, bounds: tuple[Value, Value]) -> None:
        if not count:
            return
        w = self._w
        with w.loop("i", bounds[0], w.constant(count), bounds[1]):
            fifo, _ = self._core.acquire_input()
            self._core.release(fifo, "Consume")

    def _epilogue(
        self, number: int, objects: tuple[Value | None, Value], bounds: tuple[Value, Value]
    ) -> None:
        """Run one epilogue, with the residual's objects if it has one."""
        w, core = self._w, self._core
        one, (b, out) = core.epilogues[number], objects
        vectors = [b] if b and one.view.vectors else []
        arguments, name = (self._acc, *vectors, out), epilogue_name(number, core.epilogues)
        if one.view.residual is None:
            w.run(name, *arguments)
            return
        n, per_object, rst = one.tile.n, one.residual.channels, one.kernel.rst
        used = max(1, n // per_object)
        start = 0 if one.grid.unicast else core.row * n
        first = start // per_object
        self._skip_inputs(first, bounds)
        blocks = min(n, per_object) // rst[2]
        # Where this core's channels begin in a shared object, in blocks of A.
        inside = start % per_object * one.parameters.tile_k
        kb = w.constant(inside // (per_object * rst[1]))
        with w.loop("j", bounds[0], w.constant(used), bounds[1]) as j:
            fifo, a = core.acquire_input()
            nb = w.times(j, blocks)
            w.run(name, *arguments, a, nb, kb)
            core.release(fifo, "Consume")
        self._skip_inputs(one.residual.objects - first - used, bounds)
