"""What the cores of a parametric mapping run, and the parameters that they read."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product

from aie_conv.arch import Device
from aie_conv.codegen.joined_epilogue import functions_of
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.codegen.parametric_depthwise import ParametricDepthwise
from aie_conv.codegen.parametric_epilogue import ParametricEpilogue
from aie_conv.codegen.parametric_lanewise import ParametricLanewise
from aie_conv.codegen.tables import ByteHinges, TablePass
from aie_conv.codegen.window import Window
from aie_conv.direct.parametric.kept import bias_type, keep_function
from aie_conv.direct.parametric.layout import ParametricParameters, ParametricTile, ResidualTile
from aie_conv.direct.parametric.turns import encode_turns
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import ENDLESS, Op, Type, Value
from aie_conv.mapping.core import (
    Acquired,
    Core,
    Writer,
    declarations,
    take_function,
)
from aie_conv.mapping.finish import FINISH, finish_function, finish_text
from aie_conv.mapping.interface import CoreEpilogue
from aie_conv.mapping.mapping import EpilogueKey, Mapping, NamedValues
from aie_conv.problem import DTYPE_BYTES

PROGRAM_PARAMETERS = (
    "input_row_elements", "filter_elements", "output_elements", "accumulator_elements", "bias_elements",
    "seven_pixels",
)  # fmt: skip
"""Those that a program's text holds: cores read all others."""

Instead = ParametricLanewise | ParametricDepthwise
"""What may take the place of the matrix product, with channels of each row of cores' own."""


@dataclass(frozen=True)
class ParametricProgram:
    """Loops all of whose trips are run-time parameters; see :class:`aie_conv.mapping.mapping.CoreProgram`.

    Attributes:
        device: where.
        kernel, epilogue: the functions of the cores.
        p: the mapping's parameters.
        tile: how it fills its layout.
        residual: how a residual comes.
        look_up: the pass behind the epilogue, where outputs are bytes.
        table: what it looks up; None where the epilogue ends with no table.
        instead: what takes the place of the matrix product; None for the product.
    """

    device: Device
    kernel: ParametricKernel
    epilogue: ParametricEpilogue
    p: ParametricParameters
    tile: ParametricTile
    residual: ResidualTile
    look_up: TablePass
    table: ByteHinges | None
    instead: Instead | None = None

    def row_turn(self, row: int) -> int:
        """Which of the rows that share time a row of cores is."""
        return row * self.p.time_shared // self.device.arch.core_rows

    def encode(self, mapping: Mapping, epilogue: int) -> tuple[int, ...]:
        """All sizes of the tile, and the two tables."""
        p, tile, kernel, grid = self.p, self.tile, self.kernel, mapping.grid
        (y, x), (_, s, t) = kernel.group, kernel.rst
        rows, turns, tail = range(grid.rows), p.time_shared, mapping.filters.tail_objects
        values: dict[str, int | Sequence[int]] = {
            "rounds": grid.rounds,
            "tiles": grid.column_tiles,
            "k_steps": tile.k_objects,
            "epilogue": epilogue,
            "filter_objects": tile.channel_objects,
            "output_objects": tile.output_objects,
            "steps": tile.k_elements // s,
            "pixel_groups": -(-tile.outputs // y),
            "channel_groups": p.object_channels // (x * t),
            "channel_blocks": p.tile_n // t,
            "output_pixels": tile.output_pixels,
            "k_chunks": p.object_k_chunks,
            "first_k_chunks": tile.first_k_chunks,
            "chunk_elements": self.kernel.unit.chunk_b(p.object_channels * tile.k_elements),
            "input_before": [self.row_turn(row) for row in rows],
            "input_after": [turns - 1 - self.row_turn(row) for row in rows],
            "input_between": turns - 1,
            "bias_inside": 1 - tail,
            "bias_object": tail,
        }
        values |= encode_turns(mapping)
        values |= self._residual_values(mapping) | self._instead_values(mapping)
        values |= self.look_up.encode(self.table)
        return kernel.block.encode({**values, **self._tables()})

    def _instead_values(self, mapping: Mapping) -> dict[str, int | Sequence[int]]:
        """What differs where no matrix product is made: its steps, and channels of each row of cores."""
        if self.instead is None:
            return {}
        (r, s, _), rows = self.kernel.rst, range(mapping.grid.rows)
        # Of a pixel for each row of the instruction; where rows of cores take turns, the object's first.
        firsts = [mapping.grid.n_tile_of(0, row) * self.p.tile_n % self.p.tile_k for row in rows]
        kept = mapping.filters.tail_objects if mapping.view.vectors else 1
        return {
            "lanes_first": [first * r for first in firsts],
            "bias_inside": 1 - kept,
            "steps": self.instead.steps(self.tile.k_elements // s),
            "pixel_groups": self.instead.pixel_groups(self.tile.outputs),
        }

    def _residual_values(self, mapping: Mapping) -> dict[str, int | Sequence[int]]:
        view, residual = mapping.view, self.residual
        if view.residual is None:
            return {}
        size = DTYPE_BYTES[view.dtype]
        of_block = self.kernel.rst[1] * size // DTYPE_BYTES[view.residual.dtype]
        places = [
            divmod(mapping.addresses.channel_of(n_tile), residual.channels)
            for n_tile in mapping.grid.row_n_tiles(0)
        ]
        return {
            "residual_blocks": residual.channels // of_block,
            "residual_pixels": residual.pixels,
            "residual_calls": residual.calls,
            "residual_before": [first for first, _ in places],
            "residual_block": [inside // of_block for _, inside in places],
            "residual_after": [residual.objects - 1 - first for first, _ in places],
        }

    def _tables(self) -> dict[str, Sequence[int]]:
        """Where each step's block of A, and each block of output pixels, lies."""
        p, tile, (r, s, _) = self.p, self.tile, self.kernel.rst
        block, depth, (down, across) = r * s, p.tile_k // s, tile.step
        window = Window(0, p.input_width, tile.taps, tile.step, tile.dilation)
        taps = window.tap_offsets()
        of_tap = range(1 if self.instead else depth)
        steps = [(tap * depth + i) * block for tap in taps for i in of_tap]
        high, wide = tile.output_shape
        # The pixels of a strip, an object of the output after the other.
        places = [
            (i + y, j + x)
            for i, j in product(range(0, p.height, high), range(0, p.width, wide))
            for y, x in product(range(high), range(wide))
        ]
        if p.interleaved:
            # The rows of an object follow those that fill the one before up.
            places = [(i + i // high * (tile.part_rows - high), j) for i, j in places]
        pixels = [(i * down * p.input_width + j * across) * depth * block for i, j in places]
        if self.instead is not None:
            steps, pixels = self.instead.fill_steps(steps), self.instead.fill_pixels(pixels)
        constants = tuple(n for each in functions_of(self.epilogue) for n in each.constants)
        return self.kernel.tables(steps, pixels, constants)

    def buffers(self, mapping: Mapping) -> list[tuple[str, Type]]:
        """Parameters and sums in one, and the per-channel operands."""
        vectors = [("vectors", bias_type(mapping))] if mapping.l1.bias else []
        return [("memory", self.kernel.memory), *vectors]

    def functions(
        self, mapping: Mapping, epilogues: Sequence[Mapping], write: Writer = finish_function
    ) -> list[Op]:
        """Intrinsics, the reading of parameters and per-channel operands, the product, epilogues."""
        looks_up = looked_up(epilogues)
        declared = [
            *declarations(self.kernel, epilogues),
            *(op for each in self._instead(epilogues) for op in each.declared()),
            *(self.look_up.declared() if looks_up else []),
        ]
        return [
            *{op.attrs["sym_name"]: op for op in declared}.values(),
            take_function(mapping, self.kernel.memory),
            *([keep_function(mapping)] if mapping.l1.bias else []),
            *self._kernels(epilogues),
            *(write(each, name) for name, each in self.finishes(epilogues).items()),
            *([self.look_up.function("look_up")] if looks_up else []),
        ]

    def _instead(self, epilogues: Sequence[Mapping]) -> list[Instead]:
        """What takes the product's place for some of the program's sharers, each once."""
        kinds = [instead_of(each) for each in epilogues]
        return list({kind.name: kind for kind in kinds if kind is not None}.values())

    def _kernels(self, epilogues: Sequence[Mapping]) -> list[Op]:
        """The product, and what takes its place, as far as the program's sharers need them."""
        multiplies = any(instead_of(each) is None for each in epilogues)
        product = [self.kernel.function("multiply")] if multiplies else list[Op]()
        return [*product, *(kind.function() for kind in self._instead(epilogues))]

    def finishes(self, epilogues: Sequence[Mapping]) -> dict[str, CoreEpilogue]:
        """Of different functions, whatever is in front of them and behind."""
        functions = [each for mapping in epilogues for each in _functions_of(mapping)]
        distinct = {finish_text(each): each for each in functions}
        if len(distinct) == 1:
            return {FINISH: functions[0]}
        return {f"{FINISH}_{number}": each for number, each in enumerate(distinct.values())}

    def write_core(
        self,
        w: Builder,
        mapping: Mapping,
        epilogues: Sequence[Mapping],
        place: tuple[int, int],
        buffers: NamedValues,
    ) -> None:
        """The core's loops."""
        core = Core(w, mapping, epilogues, place, (self.kernel.block, buffers["memory"]))
        ParametricCore(core, buffers.get("vectors")).write()

    def key(self, mapping: Mapping) -> tuple[object, ...]:
        """The layout alone."""
        del mapping
        return tuple(getattr(self.p, name) for name in PROGRAM_PARAMETERS)

    def epilogue_key(self, mapping: Mapping) -> EpilogueKey:
        """The function, what is in front of it (the product, or a combination), and whether a table follows.

        How many objects bring a residual is a run-time parameter.
        """
        kind = self.instead.number if self.instead is not None else 0
        return mapping.epilogue_text, kind, self.table is not None


def looked_up(epilogues: Sequence[Mapping]) -> bool:
    """Whether one of a program's epilogues ends with a table."""
    programs = [each.program for each in epilogues]
    return any(p.table is not None for p in programs if isinstance(p, ParametricProgram))


def _functions_of(mapping: Mapping) -> tuple[ParametricEpilogue, ...]:
    """The functions of a mapping's epilogue, in the order in which they are called."""
    program = mapping.program
    return functions_of(program.epilogue) if isinstance(program, ParametricProgram) else ()


def instead_of(mapping: Mapping) -> Instead | None:
    """What takes the place of a mapping's product."""
    program = mapping.program
    return program.instead if isinstance(program, ParametricProgram) else None


class ParametricCore:
    """Writes the body of a core whose tile has several objects of filter and output."""

    def __init__(self, core: Core, bias: Value | None) -> None:
        self._w, self._m, self._core, self._bias = core.w, core.mapping, core, bias
        functions = self._m.program.finishes(core.epilogues)
        self._names = {finish_text(each): name for name, each in functions.items()}

    def write(self) -> None:
        """The core's program, inside ``aie.core``."""
        w, core = self._w, self._core
        zero, one = w.constant(0), w.constant(1)
        # A core is started once a configuration and then serves every call.
        with w.loop("call", zero, w.constant(ENDLESS), one):
            fifo, first = core.acquire_filter()
            w.run("take", first, core.memory)
            # Of this column alone.
            rounds, turns = core.load("rounds"), core.load("column_turns", core.column)
            k_steps = core.load("k_steps")
            core.release(fifo, "Consume")
            with w.loop("p", zero, rounds, one):
                self._turns((turns, k_steps), (zero, one))

    def _turns(self, counts: tuple[Value, Value], bounds: tuple[Value, Value]) -> None:
        """All tiles of one round: with the filters of each in turn, or with one that stays for all."""
        w, core, (turns, k_steps), (zero, one) = self._w, self._core, counts, bounds
        with w.loop("t", zero, turns, one), w.loop("q", zero, k_steps, one) as q:
            last = w.compare("eq", w.sum(q, one), k_steps)
            self._objects(w.compare("eq", q, zero), last, bounds)
        with w.loop("t", zero, core.load("idle_objects", core.column), one):
            passed, _ = core.acquire_filter()
            core.release(passed, "Consume")

    def _objects(self, first: Value, last: Value, bounds: tuple[Value, Value]) -> None:
        """An object of the filter for the tiles that it serves, and what follows a tile's last one.

        Args:
            first, last: whether it is a tile's first, and its last.
            bounds: 0 and 1.
        """
        m, w, core, (zero, one) = self._m, self._w, self._core, bounds

        def only(when: Value, name: str) -> Value:
            return w.value("i", "arith.select", when, core.load(name), zero)

        b_fifo, b = core.acquire_filter()
        if m.l1.bias:
            with w.branch(w.compare("ne", only(first, "bias_inside"), zero)):
                self._keep(b)
        with w.loop("g", zero, core.load("turn_tiles", core.column), one):
            self._products((b_fifo, b), first, bounds)
            if m.l1.bias:
                with w.branch(w.compare("ne", only(last, "bias_object"), zero)):
                    _, vectors = core.acquire_filter(2)
                    self._keep(vectors)
                    core.release(b_fifo, "Consume")
            self._finish(only(last, "output_objects"), bounds)
        core.release(b_fifo, "Consume")

    def _products(self, filters: Acquired, first: Value, bounds: tuple[Value, Value]) -> None:
        """An object of the filter with those of the input that it spans, or the other way round.

        Either an object of the filter spans one object of the input, and further ones meet the same, or it
        spans several, and there is no further one. Where rows of cores take turns with the input, all
        pass over the objects of the others.

        Args:
            filters: the filter's object; the last one is left acquired.
            first: whether it is a tile's first.
            bounds: 0 and 1.
        """
        w, core, (zero, one) = self._w, self._core, bounds
        fresh = w.value("i", "arith.select", first, one, zero)
        if not self._multiplies:
            self._product(filters, (zero, fresh), core.load("input_before", core.row), bounds)
        else:
            before, between = core.load("input_before", core.row), core.load("input_between")
            counts = core.load("first_k_chunks"), core.load("k_chunks")
            chunks = w.value("i", "arith.select", first, *counts)
            with w.loop("k", zero, chunks, one) as k:
                starts = w.compare("eq", k, zero)
                skipped = w.value("i", "arith.select", starts, before, between)
                begins = w.value("i", "arith.select", starts, fresh, zero)
                self._product(filters, (k, begins), skipped, bounds)
        self._skip(core.load("input_after", core.row), bounds)

    @cached_property
    def _multiplies(self) -> bool:
        """Whether the program has the matrix product."""
        return any(instead_of(each) is None for each in self._core.epilogues)

    def _product(
        self,
        filters: Acquired,
        numbers: tuple[Value, Value],
        skipped: Value,
        bounds: tuple[Value, Value],
    ) -> None:
        """An object of the input with the one of the filter that is there, and with those that follow it.

        Args:
            filters: the filter's object; the last one is left acquired.
            numbers: that of the input's object in the filter's, and whether its sums begin.
            skipped: objects of the input in front of it, which are for other rows of cores.
            bounds: 0 and 1.
        """
        w, core, (zero, one), (b_fifo, b) = self._w, self._core, bounds, filters
        self._skip(skipped, bounds)
        a_fifo, a = core.acquire_input()
        self._begin((a, b), numbers, zero)
        if self._multiplies:
            with w.loop("o", one, core.load("filter_objects"), one) as number:
                core.release(b_fifo, "Consume")
                _, following = core.acquire_filter()
                w.run("multiply", a, following, core.memory, number, zero, numbers[1])
        core.release(a_fifo, "Consume")

    def _begin(
        self, objects: tuple[Value, Value], numbers: tuple[Value, Value], zero: Value
    ) -> None:
        """The product of an object of the input with the first of the filter, or what takes its place."""
        w, core, (a, b), (k, fresh) = self._w, self._core, objects, numbers
        kinds = [instead_of(each) for each in core.epilogues]
        products = [number for number, kind in enumerate(kinds) if kind is None]
        others = [number for number, kind in enumerate(kinds) if kind is not None]

        def run(number: int) -> None:
            kind = kinds[number]
            if kind is None:
                w.run("multiply", a, b, core.memory, zero, k, fresh)
            else:
                filters = [b] if kind.weighs else []
                first = core.load("lanes_first", core.row)
                w.run(kind.name, a, *filters, core.memory, first, fresh)

        # Of products one stands for all: the last needs no comparison.
        distinct = [*others, *products[:1]]
        chosen = core.epilogue_number() if others else None
        core.choose(distinct, chosen, run, lambda number: getattr(kinds[number], "name", ""))

    def _keep(self, b: Value) -> None:
        """Keep the per-channel operands that lie at the end of an object of the filter."""
        if self._bias is not None:
            self._w.run("keep", b, self._bias)

    def _finish(self, objects: Value, bounds: tuple[Value, Value]) -> None:
        """Run this call's epilogue for every object of the tile's output."""
        w, core, (zero, one) = self._w, self._core, bounds
        number = core.epilogue_number()
        joined = [i for i, each in enumerate(core.epilogues) if each.view.residual]
        # What begins without a residual is the same for both.
        plain = [i for i in range(len(core.epilogues)) if i not in joined or self._is_joined(i)]
        calls = core.load("residual_calls") if joined else None
        with w.loop("u", zero, objects, one) as object_:
            fifo, out = core.acquire_output()
            if plain:
                begins = self._begins_alone(plain, number)
                with w.branch(begins) if begins else nullcontext():
                    core.choose(
                        plain, number, lambda chosen: self._call(chosen, out, object_), self._name
                    )
            if calls is not None:
                self._join(joined, (number, calls), (out, object_), bounds)
            if looked_up(core.epilogues):
                w.run("look_up", core.memory, out)
            core.release(fifo, "Produce")

    def _begins_alone(self, plain: Sequence[int], number: Value | None) -> Value | None:
        """Whether the call's epilogue is one that begins without a residual; None where all are."""
        w = self._w
        others = [i for i in range(len(self._core.epilogues)) if i not in plain]
        if not others or number is None:
            return None
        is_each = [w.compare("ne", number, w.constant(other)) for other in others]
        return reduce(lambda one, other: w.value("is", "arith.andi", one, other), is_each)

    def _join(
        self,
        numbers: Sequence[int],
        wanted: tuple[Value | None, Value],
        objects: tuple[Value, Value],
        bounds: tuple[Value, Value],
    ) -> None:
        """The epilogues with a residual, as often as its objects make one of the output's.

        Without a residual that is not at all.

        Args:
            numbers: of these epilogues.
            wanted: which one, and how often.
            objects: the output's object, and its number in the tile.
            bounds: 0 and 1.
        """
        w, core, (out, object_), (zero, one) = self._w, self._core, objects, bounds
        number, calls = wanted
        place = core.load("residual_block", core.row)
        before = core.load("residual_before", core.row)
        count = w.sum(w.sum(before, one), core.load("residual_after", core.row))
        with (
            w.loop("r", zero, calls, one) as call,
            w.loop("i", zero, count, one) as brought,
        ):
            fifo, residual = core.acquire_input()
            with w.branch(w.compare("eq", brought, before)):
                core.choose(
                    numbers,
                    number,
                    lambda chosen: self._call_last(chosen, (out, residual), (object_, call, place)),
                    lambda each: self._name(each, -1),
                )
            core.release(fifo, "Consume")

    def _call(self, number: int, *others: Value) -> None:
        """Call an epilogue's first function: sums, per-channel operands if it has any, and the others."""
        core = self._core
        kept = [self._bias] if core.epilogues[number].view.vectors and self._bias else []
        self._w.run(self._name(number), core.memory, *kept, *others)

    def _name(self, number: int, which: int = 0) -> str:
        """The name of a function of an epilogue."""
        return self._names[finish_text(_functions_of(self._core.epilogues[number])[which])]

    def _call_last(
        self, number: int, objects: tuple[Value, Value], places: tuple[Value, Value, Value]
    ) -> None:
        """Call what takes a residual: an epilogue's only function, or its second.

        Args:
            number: of the epilogue.
            objects: of the output and of the residual.
            places: the output's number in the tile, that of the call, and the residual's block.
        """
        if self._is_joined(number):
            self._w.run(self._name(number, 1), self._core.memory, *objects, *places[1:])
        else:
            self._call(number, *objects, *places)

    def _is_joined(self, number: int) -> bool:
        """Whether an epilogue's first function takes no residual, and its second does."""
        return len(_functions_of(self._core.epilogues[number])) > 1

    def _skip(self, count: Value, bounds: tuple[Value, Value]) -> None:
        """Pass over objects of the input stream for other rows of cores."""
        w, core, (zero, one) = self._w, self._core, bounds
        with w.loop("i", zero, count, one):
            fifo, _ = core.acquire_input()
            core.release(fifo, "Consume")
