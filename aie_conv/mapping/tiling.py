"""A tiling of a contraction over the array, whatever its route: what fits, what it costs, what else to hold.

How it is cut is :class:`aie_conv.mapping.cut.Cut`'s.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from aie_conv.arch.banks import meeting, place
from aie_conv.arch.machine import current
from aie_conv.arch.rates import WORD_BYTES, ChannelRates, HostRates, present_rates
from aie_conv.errors import ConfigRefused
from aie_conv.lazy import cached_property
from aie_conv.mapping.cut import Cut
from aie_conv.problem import DTYPE_BYTES

STACK_BYTES = 2048
"""Stack of each core, in bytes."""

COUNTER_BYTES = 12
"""What dynamic FIFO lowering keeps in each core: a 32-bit counter for each of its three FIFOs (mlir-aie)."""

BUFFERED_TILES = 4
"""Tiles that a column can finish before its output is taken: two in the cores, two in the mem tile."""

_JAM = 6
"""How much cores, streams and the host's memory wait for each other with two buffers between them: the time
is this norm of what each needs alone. Fit to the simulator's for the plans of ResNet-50's layers, int8 and
bf16, where the longest alone is 6 % too short in the mean."""

_MEETINGS = (("a", "b", 0.65), ("sums", "a", 0.35), ("sums", "b", 0.2))
"""What share of a product's cycles it loses where these always meet in a bank. Fit to the schedules of matrix
products of int8 and bf16, which lose from nothing to 65 %, within 5 %."""

_LONG_RUN = 1024
"""Bytes that the shim should read in one run: longer ones gain little of the host's memory."""

STEP_CYCLES = 30
"""Cycles of a core to acquire and release a step's objects, with the call between them."""


@dataclass(frozen=True)
class Tiling(Cut):
    """One way to run a view on a device; see :class:`Cut` for its fields."""

    # -- limits -----------------------------------------------------------------------------------
    def check(self) -> None:
        """Raise ConfigRefused where a limit of the device is broken."""
        self.check_shapes()
        limit(self.tail_objects <= 1, "filter object", f"{self.tail} elements of vectors")
        self._check_residual()
        for _, dtype, _ in self.view.vectors:
            whole = self.n * DTYPE_BYTES[dtype] % self.size == 0
            limit(whole, "channels", f"{self.n} of {dtype} are no whole operands")
        arch = self.device.arch
        out_bytes = self.out_elements * self.out_size
        acc_bytes = self.sums * DTYPE_BYTES[self.matmul.accumulator]
        a_bytes, b_bytes = self.a_elements * self.size, self.b_elements * self.size
        l3_bytes = self.a_parts * self.a_l3_elements * self.size
        limit(self.out_depth in (1, 2), "output buffers", f"{self.out_depth}: give 1 or 2")
        self._check_repeats()
        for size in (a_bytes, b_bytes, out_bytes, acc_bytes):
            whole = size % self.quantum == 0
            limit(whole, "object size", f"{size} B is no multiple of {self.quantum} B")
        limit(l3_bytes % 4 == 0, "object size", f"{l3_bytes} B in the mem tile are no words")
        core = 2 * a_bytes + self.b_depth * b_bytes + self.out_depth * out_bytes + acc_bytes
        core += STACK_BYTES + COUNTER_BYTES + 4 * self.words + self.kept * self.size
        limit(b_bytes >= 4 * self.words, "filter object", f"{b_bytes} B hold no parameters")
        limit(core <= arch.core_data_bytes, "core memory", f"{core} B of {arch.core_data_bytes}")
        memtile = self._memtile_bytes(self.a_l3_depth, self.b_l3_depth)
        limit(memtile <= arch.memtile_bytes, "mem tile memory", f"{memtile} B")
        words = max(a_bytes, b_bytes, out_bytes) // 4
        limit(words < 1 << 14, "core buffer length", f"{words} words")
        most = max(size for size, _ in (*self.a_to_stream, *self.out_to_stream, (1, 1)))
        limit(most <= arch.static_bd_size_limit, "BD size", f"{most} blocks")
        for dims, size in ((self.a_to_stream, self.size), (self.out_to_stream, self.out_size)):
            step = max((stride * size // 4 for _, stride in dims), default=0)
            limit(step <= 1 << arch.memtile_step_bits, "mem tile step", f"{step} words")

    def _check_repeats(self) -> None:
        """What the mem tile holds and sends several times."""
        least = min(self.staged, self.a_repeat, self.b_repeat)
        limit(least > 0, "mem tile", "staged and repeats are at least 1")
        steps = f"{self.staged} of {self.chunks} steps"
        limit(self.staged == 1 or self.staged in self.stages(), "staged input", steps)
        limit(self.staged == 1 or not self.spread, "staged input", "rows have their own")
        if self.a_repeat > 1:
            # What lies in the mem tile is all that is sent again.
            limit(self.staged == self.chunks, "repeated input", steps)
            limit(not self.residual_objects, "repeated input", "a residual is not repeated")
            whole = self.passes_of_input % self.a_repeat == 0
            limit(whole, "repeated input", f"{self.a_repeat} of {self.passes_of_input} passes")
            last = self.resident and self.column_tiles > 1
            limit(not last, "repeated input", "a resident filter stays for all tiles")
        if self.b_repeat > 1:
            limit(self.a_repeat == 1, "repeated filter", "the input is repeated")
            limit(not self.resident, "repeated filter", "it stays in the core")
            limit(self._shared_rows == 1, "repeated filter", "rows share a mem tile")
            whole = self.column_tiles % self.b_repeat == 0
            limit(whole, "repeated filter", f"{self.b_repeat} of {self.column_tiles} tiles")
        if self.a_repeat * self.b_repeat > 1:
            used = max(self._memtile_descriptors(self.a_l3_depth, self.b_l3_depth))
            half = self.device.arch.memtile_bds // 2
            limit(used <= half, "mem tile descriptors", f"{used} of {half}")

    # -- the mem tile -----------------------------------------------------------------------------
    @cached_property
    def _shared_rows(self) -> int:
        """Rows of cores whose filters come through one mem tile."""
        return -(-self.rows // self.filter_columns)

    def stages(self) -> list[int]:
        """Values of ``staged`` that the input's addresses allow, ascending."""
        return [1]

    @cached_property
    def passes_of_input(self) -> int:
        """How many passes in a row read the same input."""
        return 1

    def variants(self) -> Iterator[Self]:
        """The same work in the cores, with more of the input or filter held in the mem tiles.

        Not all of them fit.
        """
        stages = self.stages()
        wanted = _LONG_RUN / (self.kc * self.size)
        longest = max((s for s in stages if s < 2 * wanted), default=1)
        if longest > 1:
            yield replace(self, staged=longest)
        most = self.device.arch.memtile_bds // 2
        if stages[-1] == self.chunks and not self.residual_objects:
            for times in _divisors_to(self.passes_of_input, most):
                yield replace(self, staged=self.chunks, a_repeat=times)
        if self.column_tiles > 1 and not self.resident and self._shared_rows == 1:
            for times in _divisors_to(self.column_tiles, most):
                yield replace(self, staged=longest, b_repeat=times)

    def _memtile_bytes(self, a_depth: int, b_depth: int) -> int:
        a = a_depth * self.a_parts * self.a_l3_elements * self.size
        b = b_depth * self._shared_rows * self.b_l3_elements * self.size
        return a + b + 2 * self.rows * self.out_elements * self.out_size

    def _memtile_descriptors(self, a_depth: int, b_depth: int) -> tuple[int, int]:
        """Buffer descriptors on the even and on the odd channels of a mem tile, of each way.

        The tools write one for every time that a buffer is sent, and number channels as FIFOs come.
        """
        shared, parts = self._shared_rows, self.a_parts
        a = ([a_depth * parts], [a_depth * self.a_repeat] * parts)
        b = ([b_depth * shared], [b_depth * self.b_repeat] * shared)
        c = ([2] * self.rows, [2 * self.rows])
        # Some columns bring no filter.
        orders = [(b, c, a), (c, a)] if self.filter_columns < self.columns else [(b, c, a)]
        ways = [[[n for fifo in order for n in fifo[way]] for way in (0, 1)] for order in orders]
        even, odd = (max(sum(sum(way[i::2]) for way in both) for both in ways) for i in (0, 1))
        return even, odd

    def _fits(self, a_depth: int, b_depth: int) -> bool:
        arch = self.device.arch
        return (
            self._memtile_bytes(a_depth, b_depth) <= arch.memtile_bytes
            and max(self._memtile_descriptors(a_depth, b_depth)) <= arch.memtile_bds // 2
        )

    @cached_property
    def a_l3_depth(self) -> int:
        """Buffers of the input in the mem tile: one where it is repeated and two do not fit."""
        return 2 if self.a_repeat == 1 or self._fits(2, 2) else 1

    @cached_property
    def b_l3_depth(self) -> int:
        """Buffers of the filter in the mem tile: one where it is repeated and two do not fit."""
        return 2 if self.b_repeat == 1 or self._fits(2, 2) else 1

    def _check_residual(self) -> None:
        w, t = self.residual_channels, self.matmul.rst[2]
        if not w:
            return
        # An object in the mem tile holds channels of one slice.
        even = self.staged == 1 or (w <= self.n and self.n // w % self.staged == 0)
        limit(even, "staged input", f"{self.n // w} objects of the residual")
        limit(w % t == 0, "residual object", f"{w} channels are no blocks of {t}")
        if self.n % w:
            whole = w % self.n == 0 and (self.rows * self.n) % w == 0
            even = self.slices % self.rows == 0
            holds = whole and even and not self.spread
            limit(holds, "residual object", f"{w} channels for slices of {self.n}")

    # -- cost -------------------------------------------------------------------------------------
    @cached_property
    def _rates(self) -> tuple[ChannelRates, HostRates]:
        return present_rates(self.device.arch)

    @property
    def task_cycles(self) -> int:
        """Cycles to issue one shim task."""
        return self._rates[0].issue

    @property
    def _stream_bytes_a_cycle(self) -> float:
        """Of a stream inside the array."""
        return WORD_BYTES / self._rates[0].word

    @cached_property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return sum(self.streamed)

    @cached_property
    def _steps(self) -> int:
        return self.passes * self.column_tiles

    @cached_property
    def streamed(self) -> tuple[int, int, int]:
        """Bytes of input (with residual), filter and output over all columns."""
        a_object = self.a_parts * self.a_l3_elements * self.size
        objects = (self.input_objects + self.residual_objects) // self.staged
        tiles = self.passes * self.computed_tiles
        a = tiles // self.a_repeat * objects * a_object
        slices = self.passes * self.rows
        slices *= 1 if self.resident else self.column_tiles // self.b_repeat
        out = self.units * self.out_elements * self.out_size
        return (
            a,
            (slices * (self.slice_elements - self.header) + self.rows * self.header) * self.size,
            tiles * self.rows * out,
        )

    @cached_property
    def _slowdown(self) -> float:
        """How much longer a product takes whose operands and sums meet in banks of the core's memory."""
        sums = self.sums * DTYPE_BYTES[self.matmul.accumulator]
        counts = (
            ("sums", sums + 4 * self.words * self.steered, 1),
            ("parameters", 4 * self.words, int(not self.fixed and not self.steered)),
            ("vectors", self.kept * self.size, int(self.kept > 0)),
            ("b", self.b_elements * self.size, self.b_depth),
            ("out", self.out_elements * self.out_size, self.out_depth),
            ("a", self.a_elements * self.size, 2),
        )
        sizes: dict[Hashable, int] = {
            (name, i): size for name, size, depth in counts for i in range(depth)
        }
        arch = self.device.arch
        banks = current().core[arch.name].banks
        shares = place(sizes, STACK_BYTES, arch.core_data_bytes // banks, banks)
        rings = {name: tuple(shares[name, i] for i in range(depth)) for name, _, depth in counts}
        return 1 + sum(price * meeting(rings[one], rings[other]) for one, other, price in _MEETINGS)

    @cached_property
    def tile_cycles(self) -> int:
        """Cycles of a core for one tile."""
        calls, each = max(1, self.n // self.epilogue.columns), self.epilogue.cycles()
        finish = calls * each
        if self.residual_objects:
            # A core waits for the residual of the rows before it, two objects of which have come.
            object_ = int(self.a_elements * self.size / self._stream_bytes_a_cycle)
            finish = max(finish, max(0, self.residual_objects - 2) * object_ + each)
        product = self.matmul.cycles(fresh=True)
        if self.chunks > 1:
            product += (self.chunks - 1) * self.matmul.cycles()
        product = int(product * self._slowdown) + self.chunks * STEP_CYCLES
        if self.out_depth == 1:
            # The only buffer is sent while the next tile's sums are made.
            sent = self.out_elements * self.out_size / self._stream_bytes_a_cycle
            product = max(product, int(sent))
        return product + finish + 40

    @cached_property
    def loads(self) -> dict[str, int]:
        """Cycles that each resource is busy: cores, and the channels of the fullest column."""
        a, b, out = self.streamed
        rate, shim = self._stream_bytes_a_cycle, self._rates[0]
        read, write = shim.read_word / WORD_BYTES, shim.write_word / WORD_BYTES
        objects = self._steps * (self.input_objects + self.residual_objects)
        fullest = self.column_tiles / self.computed_tiles
        filters = self._steps * self.filter_objects * (not self.resident)
        return {
            "cores": self._steps * self.tile_cycles + self._filter_waits + self._refills,
            "input stream": int(a * fullest * read),
            "input blocks": int(objects * self.a_elements * self.size / rate),
            "filter stream": int(b / self.filter_columns * read),
            "filter blocks": int(filters * self.b_elements * self.size / rate),
            "output stream": int(out * fullest * write),
            "host memory": int(self._memory_cycles(a, b, out)),
        }

    @cached_property
    def _input_factors(self) -> tuple[float, float]:
        """What a byte of the input and of the residual takes of the host's memory."""
        _, rates = self._rates
        slices = [self.slice_of(0, row) for row in range(self.rows)]
        residual = self.view.residual
        sizes = {residual.argument.name: DTYPE_BYTES[residual.dtype]} if residual else {}
        factors: dict[str, float] = {}
        for name, pattern in self.input_patterns(0, slices):
            if name not in factors:
                factors[name] = rates.factor(*pattern.runs(sizes.get(name, self.size)))
            if len(factors) > len(sizes):
                break
        return next(iter(factors.values())), list(factors.values())[-1]

    def _memory_cycles(self, a: int, b: int, out: int) -> float:
        """Cycles of the host's memory, which short runs of addresses take more of."""
        _, rates = self._rates
        slices = [self.slice_of(0, row) for row in range(self.rows)]
        # The residual comes last, in as many objects of the same size.
        first, last = self._input_factors
        objects = self.input_objects + self.residual_objects
        weighted = a / objects * (self.input_objects * first + self.residual_objects * last) + b
        pattern = next(iter(self.slice_outputs(0, slices)))
        weighted += out * rates.factor(*pattern.runs(self.out_size))
        return max((a + b) / rates.read, out / rates.write, weighted / rates.total)

    @cached_property
    def _filter_waits(self) -> int:
        """Cycles that cores wait for filters that have no second buffer to come to."""
        if self.b_depth > 1:
            return 0
        fills = self.passes if self.resident else self._steps * self.chunks
        return int(fills * self.b_elements * self.size / self._stream_bytes_a_cycle)

    @cached_property
    def _refills(self) -> int:
        """Cycles that cores wait for what has one buffer in the mem tile, the first time left out."""
        shim, rates = self._rates
        read, waits = shim.read_word / WORD_BYTES, 0.0
        if self.a_l3_depth == 1:
            size = self.a_parts * self.a_l3_elements * self.size
            shared = self.busy_columns * max(1 / rates.read, self._input_factors[0] / rates.total)
            waits += (self._steps // self.a_repeat - 1) * size * max(read, shared)
        if self.b_l3_depth == 1:
            size = self.b_l3_elements * self.size
            waits += (self._steps // self.b_repeat - 1) * size * max(read, self.rows / rates.read)
        return int(waits)

    @cached_property
    def cycles(self) -> int:
        """Predicted cycles: what is busiest, and what cannot overlap it at either end."""
        rate, shim = self._stream_bytes_a_cycle, self._rates[0]
        a_words = (self.a_parts * self.a_l3_elements + self.a_elements) * self.size / rate
        b_words = (self._shared_rows * self.b_l3_elements + self.b_elements) * self.size / rate
        # The first tasks of all input and filter channels are issued one by one.
        first = (self.busy_columns + self.filter_columns) * shim.issue + shim.read_start
        first += max(a_words, b_words)
        part = self.out_elements * self.out_size / rate
        last = part * (1 + self.rows)
        loads = self.loads
        writing = loads["output stream"] + self.tile_cycles + part
        others = ("cores", "host memory", "output stream")
        stream = max(load for name, load in loads.items() if name not in others)
        busy = (loads["cores"], loads["host memory"], stream)
        reading = sum(load**_JAM for load in busy) ** (1 / _JAM)
        # Before its first output task a column gets as far as its buffers reach.
        issued = (2 * self.busy_columns + self.filter_columns) * shim.issue
        behind = max(0.0, 1 - BUFFERED_TILES / self._steps) * max(loads.values())
        return int(max(first + max(writing, reading + last), issued + behind + last))


def _divisors_to(value: int, most: int) -> list[int]:
    """Divisors from 2 to ``most``, the largest first."""
    return [d for d in range(min(value, most), 1, -1) if value % d == 0]


def limit(holds: bool, name: str, message: str) -> None:
    """Raise ConfigRefused for a limit that does not hold."""
    if not holds:
        raise ConfigRefused(name, f"{name}: {message}")
