"""Tilings of an implicit GEMM over the array, their limits and their cost.

The mapping: every column of cores takes its own tiles of output pixels, every row its own slice of
output channels. A tile of the input is broadcast down a column, a slice of the filter along a row.
The shim's DMA walks the overlapping windows, so the im2col matrix exists only on the streams.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log, prod

from aie_conv.arch import Device
from aie_conv.errors import ConfigRefused
from aie_conv.img2col.view import GemmView
from aie_conv.kernels.epilogue import EpilogueKernel
from aie_conv.kernels.matmul import MatmulKernel
from aie_conv.problem import DTYPE_BYTES

STACK_BYTES = 2048
"""Stack of each core, in bytes."""

OBJECT_BYTES = 64
"""Every object's size is a multiple of this: the tools align nothing, vector loads need it."""

TASK_CYCLES = 1075
"""Cycles to issue one shim task (dma_memcpy_nd, measured on Phoenix by xdna-emu: 1050-1100)."""

STEP_CYCLES = 30
"""Cycles of a core to acquire and release a step's objects, with the call between them."""

_MAX_PIXELS = 256
_MAX_CHANNELS = 256


@dataclass(frozen=True)
class Tiling:
    """One way to run a view on a device.

    Attributes:
        view, device: what and where.
        th, tw: output pixels of a tile along the two innermost pixel loops.
        rep: how often a tile's pixels are repeated, to fill the instruction's rows.
        n: output channels of a slice.
        kc: length of K brought at a time; divides the view's run.
        resident: the whole filter slice is kept in the core across its tiles.
        b_depth: buffers of the filter in the core.
    """

    view: GemmView
    device: Device
    th: int
    tw: int
    rep: int
    n: int
    kc: int
    resident: bool
    b_depth: int

    @cached_property
    def size(self) -> int:
        """Bytes of an operand element."""
        return DTYPE_BYTES[self.view.dtype]

    @cached_property
    def grid(self) -> tuple[int, int]:
        """Sizes of the two pixel loops that are tiled (rows, columns)."""
        sizes = (1, *(loop.size for loop in self.view.m))
        return sizes[-2], sizes[-1]

    @cached_property
    def pixels(self) -> int:
        """Rows of A in a tile."""
        return self.th * self.tw * self.rep

    @cached_property
    def tiles(self) -> int:
        """Tiles of output pixels of the whole problem."""
        rows, columns = self.grid
        outer = prod(loop.size for loop in self.view.m[:-2])
        return outer * -(-rows // self.th) * -(-columns // self.tw)

    @cached_property
    def columns(self) -> int:
        """Columns of the array in use."""
        most = min(self.device.columns, self.tiles)
        per = -(-self.tiles // most)
        return -(-self.tiles // per)

    @cached_property
    def column_tiles(self) -> int:
        """Tiles of each column (the last column may repeat the last tile)."""
        return -(-self.tiles // self.columns)

    @cached_property
    def slices(self) -> int:
        """Slices of output channels."""
        return self.view.n // self.n

    @cached_property
    def rows(self) -> int:
        """Rows of cores in use."""
        return min(self.device.arch.core_rows, self.slices)

    @cached_property
    def filter_columns(self) -> int:
        """Columns whose shim and mem tile bring filter slices; may be more than compute."""
        return min(self.device.columns, self.rows)

    @cached_property
    def passes(self) -> int:
        """How often the input is walked, each time for the next slices."""
        return -(-self.slices // self.rows)

    @cached_property
    def chunks(self) -> int:
        """Steps of K."""
        return self.view.k // self.kc

    @cached_property
    def vector_offsets(self) -> tuple[tuple[int, int], ...]:
        """(input index, offset behind the weights in operand elements) of per-channel operands."""
        out: list[tuple[int, int]] = []
        at = 0
        for index, dtype, _ in self.view.vectors:
            out.append((index, at))
            at += self._rounded(self.n * DTYPE_BYTES[dtype] // self.size)
        return tuple(out)

    @cached_property
    def tail(self) -> int:
        """Elements behind a slice's weights for the per-channel operands, padding included."""
        total = sum(
            self._rounded(self.n * DTYPE_BYTES[dtype] // self.size)
            for _, dtype, _ in self.view.vectors
        )
        if not total or self.resident:
            return total
        chunk = self.n * self.kc
        return -(-total // chunk) * chunk

    def _rounded(self, elements: int) -> int:
        quantum = OBJECT_BYTES // self.size
        return -(-elements // quantum) * quantum

    @cached_property
    def slice_elements(self) -> int:
        """Elements of the packed filter for one slice."""
        return self.n * self.view.k + self.tail

    @cached_property
    def a_elements(self) -> int:
        """Elements of one object of the input stream."""
        return self.pixels * self.kc

    @cached_property
    def b_elements(self) -> int:
        """Elements of one object of the filter stream."""
        return self.slice_elements if self.resident else self.n * self.kc

    @cached_property
    def tail_objects(self) -> int:
        """Objects of the filter stream that hold per-channel operands (streamed filter only)."""
        return 0 if self.resident else self.tail // (self.n * self.kc)

    @cached_property
    def residual_channels(self) -> int:
        """Channels of the residual that one object of the input stream holds; 0 without one."""
        residual = self.view.residual
        return self.kc * self.size // DTYPE_BYTES[residual.dtype] if residual else 0

    @cached_property
    def residual_objects(self) -> int:
        """Objects that bring a tile's residual for all rows of cores."""
        w = self.residual_channels
        return -(-self.rows * self.n // w) if w else 0

    @cached_property
    def matmul(self) -> MatmulKernel:
        """The core's matrix product."""
        return MatmulKernel(
            self.device.arch,
            self.view.dtype,
            self.pixels,
            self.n,
            self.kc,
            self.a_elements,
            self.b_elements,
        )

    @cached_property
    def epilogue(self) -> EpilogueKernel:
        """The core's epilogue."""
        view = self.view
        base = self.n * view.k if self.resident else 0
        return EpilogueKernel(
            epilogue=view.problem.epilogue,
            accumulator=view.problem.accumulator,
            out_dtype=view.problem.out.dtype,
            operand_dtype=view.dtype,
            rst=self.matmul.rst,
            m=self.pixels,
            n=self.n,
            columns=min(self.n, self.residual_channels or self.n),
            vector_at={index: base + at for index, at in self.vector_offsets},
            residual=view.residual.index if view.residual else None,
            a_elements=self.a_elements,
            b_elements=self.b_elements,
        )

    def check(self) -> None:
        """Raise ConfigRefused where a limit of the device is broken."""
        self._check_shapes()
        self._check_residual()
        arch = self.device.arch
        out_bytes = self.pixels * self.n * DTYPE_BYTES[self.view.problem.out.dtype]
        acc_bytes = self.pixels * self.n * 4
        objects = (self.a_elements * self.size, self.b_elements * self.size, out_bytes, acc_bytes)
        for size in objects:
            _limit(size % OBJECT_BYTES == 0, "object size", f"{size} B is no multiple of 64 B")
        core = STACK_BYTES + 2 * objects[0] + self.b_depth * objects[1] + 2 * out_bytes + acc_bytes
        _limit(core <= arch.core_data_bytes, "core memory", f"{core} B of {arch.core_data_bytes}")
        shared = -(-self.rows // self.filter_columns)
        memtile = 2 * (objects[0] + shared * objects[1] + self.rows * out_bytes)
        _limit(memtile <= arch.memtile_bytes, "mem tile memory", f"{memtile} B")
        words = max(objects[0], shared * objects[1], out_bytes) // 4
        _limit(words < 1 << 14, "core buffer length", f"{words} words")
        r, s, t = self.matmul.rst
        most = max(self.pixels // r, self.kc // s, self.n // t)
        _limit(most <= arch.static_bd_size_limit, "BD size", f"{most} blocks")
        steps = self.n * r * DTYPE_BYTES[self.view.problem.out.dtype] // 4
        _limit(steps <= 1 << arch.memtile_step_bits, "mem tile step", f"{steps} words")

    def _check_shapes(self) -> None:
        r, s, t = self.matmul.rst
        rows, columns = self.grid
        fits = self.th <= rows and self.tw <= columns and self.pixels % r == 0
        _limit(fits, "tile", f"{self.th}x{self.tw} pixels")
        _limit(self.n % t == 0 and self.view.n % self.n == 0, "channels", f"slices of {self.n}")
        _limit(self.tail_objects <= 1, "filter object", f"{self.tail} elements of vectors")
        _limit(self.view.run % self.kc == 0 and self.kc % s == 0, "K chunk", f"{self.kc}")

    def _check_residual(self) -> None:
        w = self.residual_channels
        if not w:
            return
        t = self.matmul.rst[2]
        _limit(w % t == 0, "residual object", f"{w} channels are no blocks of {t}")
        if self.n % w:
            whole = w % self.n == 0 and (self.rows * self.n) % w == 0
            even = self.slices % self.rows == 0
            _limit(whole and even, "residual object", f"{w} channels for slices of {self.n}")

    @cached_property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return sum(self._stream_bytes())

    def _stream_bytes(self) -> tuple[int, int, int]:
        """Bytes of input (with residual), filter and output over all columns."""
        a_object = self.a_elements * self.size
        steps = self.passes * self.column_tiles
        a = steps * self.columns * (self.chunks + self.residual_objects) * a_object
        slices = self.passes * self.rows * (1 if self.resident else self.column_tiles)
        out = self.pixels * self.n * DTYPE_BYTES[self.view.problem.out.dtype]
        return (a, slices * self.slice_elements * self.size, steps * self.columns * self.rows * out)

    @cached_property
    def cycles(self) -> int:
        """Predicted cycles: the slowest of cores and channels, and what cannot overlap it."""
        a, b, out = self._stream_bytes()
        rate = self.device.arch.stream_bytes_per_cycle
        calls = max(1, self.n // self.epilogue.columns)
        tile = self.chunks * (self.matmul.cycles() + STEP_CYCLES) + calls * self.epilogue.cycles()
        tile += self.pixels * self.n // 16 + 40
        steps = self.passes * self.column_tiles
        streams = (a // self.columns, b // self.filter_columns, out // self.columns)
        first = (self.a_elements + self.b_elements) * self.size // rate
        return max(steps * tile, *(s // rate for s in streams)) + first + 4 * TASK_CYCLES


def _limit(holds: bool, limit: str, message: str) -> None:
    if not holds:
        raise ConfigRefused(limit, f"im2col: {limit}: {message}")


def _divisors(value: int) -> list[int]:
    return [d for d in range(1, value + 1) if value % d == 0]


def _spans(size: int, r: int) -> list[int]:
    """Tile lengths worth trying along a loop of ``size``: even cuts, and those in blocks of r."""
    cuts = {-(-size // i) for i in range(1, min(size, 16) + 1)}
    blocks = {-(-cut // r) * r for cut in cuts}
    small = {2**i for i in range(9)}
    return sorted(c for c in cuts | blocks | small if 0 < c <= min(size, _MAX_PIXELS))


def _pixel_tiles(view: GemmView, r: int) -> Iterator[tuple[int, int, int]]:
    """(th, tw, rep) worth trying: whole blocks of r pixels, else pixels repeated to fill one."""
    rows, columns = (1, *(loop.size for loop in view.m))[-2:]
    whole: list[tuple[int, int, int]] = []
    for tw in _spans(columns, r):
        for th in _spans(rows, r):
            if th * tw <= _MAX_PIXELS and th * tw % r == 0:
                whole.append((th, tw, 1))
    yield from whole
    if not whole:
        for tw in _spans(columns, r):
            for th in _spans(rows, r):
                rep = next(rep for rep in (2, 4, 8) if th * tw * rep % r == 0)
                yield th, tw, rep
    for rep in (4 * r, 2 * r):
        yield 1, 1, rep


def _distinct(view: GemmView, shapes: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Of the tiles with equal pixels and equal count, which cost the same, the widest and tallest."""
    rows, columns = (1, *(loop.size for loop in view.m))[-2:]
    groups: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for th, tw, rep in shapes:
        count = -(-rows // th) * -(-columns // tw)
        groups.setdefault((th * tw * rep, count), []).append((th, tw, rep))
    picked = ((max(g, key=lambda s: s[1]), max(g, key=lambda s: s[0])) for g in groups.values())
    return list(dict.fromkeys(shape for pair in picked for shape in pair))


def _candidates(view: GemmView, device: Device) -> Iterator[Tiling]:
    arch = device.arch
    r, s, t = arch.matmul[view.dtype]
    channels = [d for d in _divisors(view.n) if d % max(s, t) == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in _divisors(view.run) if d % s == 0 and d <= 512]
    # The deepest are the fastest; the shallowest carry a residual of any number of channels.
    depths = sorted({*depths[:1], *depths[-6:]})
    shapes = _distinct(view, _pixel_tiles(view, r))
    size = DTYPE_BYTES[view.dtype]
    out = 4 + 2 * DTYPE_BYTES[view.problem.out.dtype]
    room = arch.core_data_bytes - STACK_BYTES
    for n in channels:
        for kc in depths:
            for resident, b_depth in ((True, 2), (True, 1), (False, 2)):
                filters = b_depth * n * (view.k if resident else kc) * size
                for th, tw, rep in shapes:
                    pixels = th * tw * rep
                    # Most candidates overflow the core; saying so early is most of the search.
                    if filters + pixels * (2 * kc * size + n * out) <= room:
                        yield Tiling(view, device, th, tw, rep, n, kc, resident, b_depth)


def search(
    view: GemmView, device: Device, tasks_of: Callable[[Tiling], int], finalists: int = 16
) -> tuple[Tiling, int]:
    """The tiling with the fewest predicted cycles; deterministic.

    Args:
        view, device: what and where.
        tasks_of: counts the shim tasks of a tiling; too slow to ask of every candidate.
        finalists: how many of the best are ranked with the time to issue their tasks.

    Returns:
        The tiling and its predicted cycles.

    Raises:
        ConfigRefused: none fits; the error is the last limit met.
    """
    fitting: list[tuple[tuple[int, ...], int, Tiling]] = []
    refused = ConfigRefused("tile", f"im2col: tile: no tiling of {view.problem.describe()}")
    for number, tiling in enumerate(_candidates(view, device)):
        try:
            tiling.check()
        except ConfigRefused as error:
            refused = error
            continue
        steps = tiling.passes * tiling.column_tiles * tiling.chunks
        # Within 3 % of each other the model says nothing: more cores, then fewer, larger steps.
        rank = int(log(tiling.cycles) / log(1.03))
        idle = device.cores - tiling.columns * tiling.rows
        fitting.append(((rank, idle, steps, tiling.shim_bytes), number, tiling))
    best: tuple[int, Tiling] | None = None
    for _, _, tiling in sorted(fitting, key=lambda f: f[:2])[:finalists]:
        try:
            cycles = max(tiling.cycles, tasks_of(tiling) * TASK_CYCLES)
        except ConfigRefused as error:
            refused = error
            continue
        if best is None or cycles * 1.03 < best[0]:
            best = (cycles, tiling)
    if best is None:
        raise refused
    return best[1], best[0]
