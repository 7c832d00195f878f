"""The route of programs for many shapes: which frames are tried, and which tilings in them.

Such plans are asked for where a module's plans are chosen together, or by the style's name.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from aie_conv.arch import Device
from aie_conv.arch.rates import WORD_BYTES, present_rates
from aie_conv.codegen import epilogue
from aie_conv.codegen.steered import SteeredKernel
from aie_conv.direct.spans import held_windows
from aie_conv.direct.steered import SteeredTiling
from aie_conv.direct.steered_tile import Frame, unit_shape
from aie_conv.direct.tiling import extent
from aie_conv.direct.view import DirectView, make_view
from aie_conv.errors import Unsupported
from aie_conv.mapping.operands import K_BLOCK
from aie_conv.mapping.route import ArrayRoute, Ways
from aie_conv.mapping.sizes import divisors
from aie_conv.problem import DTYPE_BYTES, ConvProblem
from aie_conv.rewrites.drop_unit_loops import matrix_dtype

FRAMES = (
    Frame(7168, 4608, 3584, 30720, 512, sevens=True),
    Frame(7168, 4608, 3584, 16384, 512, sevens=True),
    Frame(8192, 4608, 2048, 16384, 512, sevens=False),
)
"""Those that are tried. Images of networks are 7 by powers of two pixels wide, or powers of two alone;
channels are powers of two. The filter's object holds a 3x3 window over 32 channels of int8 for 16 others."""

_LIKELY = 6
"""Of the tilings in a frame, so many that a rough estimate puts first are looked at closely."""

_MAX_CHANNELS = 256


@dataclass(frozen=True)
class _Shape:
    """What a rough estimate needs to know of a tiling: its fields besides the view and the frame."""

    n: int
    kc: int
    height: int
    width: int
    held: int
    wide: int
    share: int
    span: int
    phases: int
    interleaved: bool


def _widths(view: DirectView, held: int, pixels: int, shape: tuple[int, int]) -> Iterator[int]:
    """Pixels in a row of a strip of ``pixels``, for ``shape`` (rows, columns) that a tile needs."""
    high, broad = shape
    down, across = view.rows, view.columns
    pitch = across.pitch if held else across.lhs
    row = down.pitch if held == 2 else down.lhs
    if pitch and row % pitch == 0 and broad <= row // pitch <= pixels:
        whole = row // pitch
        if (high - 1) * whole + broad <= pixels:
            yield whole
    fits = (wide for wide in range(broad, pixels // high + 1) if pixels % wide == 0)
    yield from (wide for wide in list(fits)[:1] if pixels // wide >= high)


@dataclass(frozen=True)
class _Room:
    """What strips of one kind have room for.

    Attributes:
        pixels: of the input in a strip.
        each: output pixels of a strip in an object of the output.
        most: output pixels of a strip whose sums fit.
        phases: worth trying.
    """

    pixels: int
    each: int
    most: int
    phases: tuple[int, ...]


def _strips(
    view: DirectView, strips: int, held: int, room: _Room
) -> Iterator[tuple[int, int, int, int, bool]]:
    """(height, width, wide, phases, interleaved) of strips that may fit."""
    apart = held < 2 or view.rows.taps == 1
    for outputs in range(room.each, room.most + 1, room.each):
        for height in divisors(outputs):
            width = outputs // height
            if height * strips > view.rows.size or width > view.columns.size:
                continue
            high = extent(view.rows, height) if held == 2 else height
            broad = extent(view.columns, width) if held else width
            phases = [count for count in room.phases if count * height * strips <= view.rows.size]
            for wide in _widths(view, held, room.pixels, (high, broad)):
                able = apart and wide * height == room.pixels and outputs > room.each
                for count, interleaved in product(phases, [True, False] if able else [False]):
                    if unit_shape(height, width, room.each, interleaved) != (0, 0):
                        yield height, width, wide, count, interleaved


def _shapes(
    view: DirectView, kernel: SteeredKernel, frame: tuple[int, int, int, int, int], rows: int
) -> Iterator[_Shape]:
    """Everything that may fit a frame, on so many rows of cores."""
    strip, part, unit, sums, _ = frame
    (y, x), (r, s, t) = kernel.group, kernel.rst
    quantum, least = x * t, kernel.least_blocks * t
    channels = [n for n in divisors(view.n) if n % quantum == 0 and least <= n <= _MAX_CHANNELS]
    depths = [kc for kc in divisors(view.channels) if kc % s == 0 and strip % kc == 0]
    for held, kc, n in product(held_windows(view, every=True), depths, channels):
        taps = (view.rows.taps if held == 2 else 1) * (view.columns.taps if held else 1)
        share = next((n // i for i in divisors(n // quantum) if n // i * taps * kc <= part), 0)
        if unit % (r * n) or share < least:
            continue
        chunks, most = view.k // taps // kc, part // (share * taps * kc)
        span = -(-chunks // -(-chunks // min(most, chunks))) if share == n else 1
        phases = [1]
        if view.n // n < rows and rows % (view.n // n) == 0 and view.residual is None:
            phases.append(rows // (view.n // n))
        held_sums = min(strip // kc, sums // (r * n) // y * y)
        room = _Room(strip // kc, unit // (r * n), held_sums, tuple(phases))
        for height, width, wide, count, interleaved in _strips(view, r, held, room):
            yield _Shape(n, kc, height, width, held, wide, share, span, count, interleaved)


def _rough(
    view: DirectView, shape: _Shape, kernel: SteeredKernel, frame: Frame, device: Device
) -> float:
    """About how long a tiling takes, by its bytes and by the products of its cores."""
    arch, size = device.arch, DTYPE_BYTES[view.dtype]
    _, host = present_rates(arch)
    (y, x), (strips, s, t) = kernel.group, kernel.rst
    out = DTYPE_BYTES[view.problem.out.dtype]
    outer = prod(loop.size for loop in view.outer)
    high = strips * shape.height * shape.phases
    tiles = outer * -(-view.rows.size // high) * -(-view.columns.size // shape.width)
    passes = max(1, -(-view.n // (shape.n * arch.core_rows)))
    steps = passes * -(-tiles // device.columns)
    held = (view.rows.taps if shape.held == 2 else 1) * (view.columns.taps if shape.held else 1)
    chunks = view.k // held // shape.kc
    whole = shape.kc == view.channels
    run = shape.kc * size * (shape.wide if whole else 1)
    pitch = (view.rows.lhs if whole else view.columns.lhs or view.rows.lhs) * size
    input_ = passes * tiles * chunks * shape.phases * frame.input
    objects = shape.n // shape.share
    filters = steps * arch.core_rows * -(-chunks // shape.span) * objects * frame.filter
    outputs = shape.height * shape.width
    results = passes * tiles * arch.core_rows * strips * outputs * shape.n * out
    moved = input_ * host.factor(run, max(run, pitch)) + filters
    moved += results * host.factor(
        shape.n * out, max(shape.n, view.columns.out or view.rows.out) * out
    )
    memory = max((input_ + filters) / host.read, results / host.write, moved / host.total)
    groups = -(-outputs // y), shape.share // (x * t)
    each = objects * kernel.cycles_of(held * shape.kc // s, *groups)
    if shape.phases > 1:
        each = (each + frame.input // WORD_BYTES) * shape.phases // 2
    return max(memory, steps * chunks * each) + min(memory, steps * chunks * each) / 8


def likely(view: DirectView, device: Device, frame: Frame) -> Iterator[SteeredTiling]:
    """The tilings of a frame that are worth a closer look."""
    arch = device.arch
    elements = frame.elements(view, device)
    strip, part, _, sums, _ = elements
    strips = arch.matmul[view.dtype][0]
    kernel = SteeredKernel(arch, view.dtype, strips * strip, part, sums, frame.sevens)
    found = dict.fromkeys(_shapes(view, kernel, elements, arch.core_rows))
    ranked = sorted(found, key=lambda shape: _rough(view, shape, kernel, frame, device))
    for shape in ranked[:_LIKELY]:
        yield SteeredTiling(
            device, shape.n, shape.kc, False, 2, view, shape.height, shape.width, shape.held, shape.wide,
            shape.share, shape.span, shape.phases, shape.interleaved, *elements, frame.sevens,
        )  # fmt: skip


class SteeredRoute(ArrayRoute):
    """Direct convolution by programs for many shapes; asked for plans to share, or by its name."""

    name = "direct"
    style = "steered"

    def __init__(self, frames: Sequence[Frame] = FRAMES) -> None:
        self._frames = frames

    def _view(self, problem: ConvProblem, device: Device) -> DirectView:
        epilogue.check(problem.epilogue, problem.accumulator)
        view = make_view(problem, matrix_dtype(problem), K_BLOCK, None)
        if view.groups > 1:
            raise Unsupported("direct: programs for many shapes take no groups")
        return view

    def ways(self, problem: ConvProblem, device: Device) -> Ways:
        """See :class:`ArrayRoute`."""
        view = self._view(problem, device)
        made = (tiling for frame in self._frames for tiling in likely(view, device, frame))
        return Ways(SteeredTiling, {"direct": view, "device": device}, made)

    def plain(self, problem: ConvProblem, device: Device) -> Iterable[SteeredTiling]:
        """See :class:`ArrayRoute`."""
        view = self._view(problem, device)
        for frame in self._frames:
            yield from likely(view, device, frame)
