"""The direct route in scalar code: every type, stride, dilation and grouping, one value at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd, lcm, prod

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import ResidualBlocks
from aie_conv.codegen.scalar import SCALAR_TYPES, ScalarKernel
from aie_conv.codegen.scalar_epilogue import ScalarEpilogue, check_scalar
from aie_conv.direct.depthwise import DepthwiseTiling
from aie_conv.direct.spans import held_windows, spans
from aie_conv.direct.tiling import DirectTiling
from aie_conv.direct.view import DirectView, make_view
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.lazy import cached_property
from aie_conv.mapping.route import ArrayRoute, Ways
from aie_conv.mapping.sizes import BUFFERINGS, divisors, fits_roughly
from aie_conv.mapping.tiling import limit
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_DMA_BYTES = 4
"""Granularity of the DMA: channels come in groups that fill it."""

_MAX_CHANNELS = 64
_MAX_PIXELS = 1024

_ZEROED = 16
"""Accumulators that are cleared at a time."""


class _Scalar(DirectTiling):
    """What both scalar tilings share: the core works pixel by pixel."""

    @cached_property
    def strips(self) -> int:
        """One strip: the whole tile."""
        return 1

    @cached_property
    def matmul(self) -> ScalarKernel:
        """The core's multiply-accumulate."""
        return ScalarKernel(
            dtype=self.direct.dtype,
            accumulator=self.direct.problem.accumulator,
            height=self.height,
            width=self.width,
            n=self.n,
            kc=self.kc,
            depthwise=self.direct.depthwise,
            window=self.window,
            k_elements=self.k_elements,
            a_elements=self.a_elements,
            b_elements=self.b_elements,
        )

    @cached_property
    def epilogue(self) -> ScalarEpilogue:
        """The core's epilogue."""
        row = self.window.columns * self.kc
        blocks = ResidualBlocks(self.height, self.width, row, self.kc, 1)
        return self.finish(ScalarEpilogue, blocks)

    def _whole_taps(self, channels: int) -> int:
        """Taps with the padding that makes a chunk of the filter whole vectors."""
        unit = self.quantum // self.size
        unit //= gcd(unit, self.n * channels)
        return -(-prod(self.window.taps) // unit) * unit

    def _check_sizes(self) -> None:
        view = self.direct
        limit(self.width <= view.columns.size, "tile", f"{self.width} columns")
        limit(self.height > 0 and self.width > 0 and self.n > 0, "tile", "empty")
        whole = self.pixels * self.n % _ZEROED == 0
        limit(whole, "tile", f"{self.pixels * self.n} values are no multiple of {_ZEROED}")
        residual = view.residual
        if residual is not None:
            ratio = max(1, self.size // DTYPE_BYTES[residual.dtype])
            limit(self.n % ratio == 0, "residual object", f"slices of {self.n} share operands")


@dataclass(frozen=True)
class ScalarTiling(_Scalar):
    """Groups of channels: each core sums all channels of a group."""

    @cached_property
    def k_elements(self) -> int:
        """Elements of one output channel's filter in one object of the input, padding included."""
        return self._whole_taps(self.kc) * self.kc

    def check_shapes(self) -> None:
        """Raise ConfigRefused where the tile does not fit the problem."""
        self._check_sizes()
        view, unit = self.direct, _quantum(self.direct.problem, self.direct.dtype)
        limit(view.n % self.n == 0 and self.n % unit == 0, "channels", f"slices of {self.n}")
        whole = view.channels % self.kc == 0 and self.kc % unit == 0
        limit(self.kc > 0 and whole, "K chunk", f"{self.kc}")

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to [slices][chunks][n][taps, padded][kc]."""
        view, n, kc = self.direct, self.n, self.kc
        outer, taps = prod(size for size, _ in self.k_outer), prod(self.window.taps)
        parts = view.channels // kc
        split = (self.slices, n, outer, taps, parts, kc)
        shape = (self.slices, outer, parts, n, self.k_elements // kc, kc)
        zeros, order, dtype = (0,) * 6, (0, 2, 4, 1, 3, 5), view.dtype
        return (
            HostCopy(view.filter, split, dtype, zeros, split, order, dest, shape, dtype, zeros),
        )


@dataclass(frozen=True)
class ScalarDepthwise(_Scalar, DepthwiseTiling):
    """Depthwise: each output channel reads its own input channel."""

    @cached_property
    def k_elements(self) -> int:
        """Taps in one object of the input, padding included."""
        return self._whole_taps(1)

    def check_shapes(self) -> None:
        """Raise ConfigRefused where the tile does not fit the problem."""
        self._check_sizes()
        view, unit = self.direct, _quantum(self.direct.problem, self.direct.dtype)
        holds = self.n == self.kc and self.n % unit == 0 and self.n <= view.n
        limit(holds, "channels", f"blocks of {self.n}")
        limit(0 < self.bands <= view.rows.size, "bands", f"{self.bands}")


def _quantum(problem: ConvProblem, dtype: str) -> int:
    """Channels that fill the DMA's granularity in every operand that has them innermost."""
    types = [dtype, problem.out.dtype]
    types += [given.operand.dtype for given in problem.epilogue.inputs]
    return max(1, _DMA_BYTES // min(DTYPE_BYTES[ty] for ty in types))


def _few(values: list[int], most: int) -> list[int]:
    """At most ``most`` of ascending values, evenly chosen, both ends among them."""
    if len(values) <= most:
        return values
    last = len(values) - 1
    return [values[round(i * last / (most - 1))] for i in range(most)]


def _heights(view: DirectView, rows: int, width: int, n: int, quantum: int) -> list[int]:
    """Heights whose tiles are whole objects and whole clears, for a width and channels."""
    out = DTYPE_BYTES[view.problem.out.dtype]
    values = lcm(quantum // gcd(quantum, out), quantum // gcd(quantum, 4), _ZEROED)
    unit = values // gcd(values, width * n)
    return sorted({height * unit for height in _few(spans(rows, unit, 1), 8)})


def _shapes(view: DirectView, device: Device, rows: int, n: int) -> Iterator[tuple[int, int]]:
    for width in _few(spans(view.columns.size), 8):
        for height in _heights(view, rows, width, n, device.arch.vector_load_bytes):
            if height * width <= _MAX_PIXELS:
                yield height, width


def _dense(view: DirectView, device: Device) -> Iterator[ScalarTiling]:
    unit = _quantum(view.problem, view.dtype)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [d for d in divisors(view.n) if d % unit == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in divisors(view.channels) if d % unit == 0 and d <= 512]
    for held in held_windows(view):
        for n in _few(channels, 6):
            for height, width in _shapes(view, device, view.rows.size, n):
                for kc in _few(depths, 4):
                    for resident, b_depth in BUFFERINGS:
                        made = ScalarTiling(
                            device, n, kc, resident, b_depth, view, height, width, held
                        )
                        results = made.pixels * n
                        filters = n * (view.k if resident else made.k_elements) * size
                        a = made.a_elements * size
                        if fits_roughly(
                            device.arch, a, b_depth * filters, results * out, results * 4
                        ):
                            yield made


def _depthwise(view: DirectView, device: Device) -> Iterator[ScalarDepthwise]:
    unit = _quantum(view.problem, view.dtype)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    blocks = {min(view.n, unit * 2**i) for i in range(5)} | {min(view.n, _MAX_CHANNELS)}
    for held in held_windows(view):
        for n in sorted(n for n in blocks if n % unit == 0):
            for bands in {1, 2, 4}:
                if bands > view.rows.size or (bands > 1 and -(-view.n // n) >= 4):
                    continue
                for height, width in _shapes(view, device, -(-view.rows.size // bands), n):
                    for resident, b_depth in BUFFERINGS:
                        made = ScalarDepthwise(
                            device, n, n, resident, b_depth, view, height, width, held, bands
                        )
                        results, a = made.pixels * n, made.a_elements * size
                        b = b_depth * made.b_elements * size
                        if fits_roughly(device.arch, a, b, results * out, results * 4):
                            yield made


def operand_dtype(problem: ConvProblem) -> str:
    """The type of the operands on the array.

    Raises:
        Unsupported: no scalar code multiplies the problem's types.
    """
    types = (problem.lhs.dtype, problem.rhs.dtype, problem.accumulator)
    if types not in SCALAR_TYPES:
        raise Unsupported(f"{types[0]} x {types[1]} -> {types[2]} has no scalar code")
    return types[0] if problem.arithmetic == "native" else "bf16"


class ScalarRoute(ArrayRoute):
    """Direct convolution by scalar loops."""

    name = "direct"
    style = "scalar"

    def ways(self, problem: ConvProblem, device: Device) -> Ways:
        """See :class:`ArrayRoute`."""
        dtype = operand_dtype(problem)
        check_scalar(problem.epilogue, problem.accumulator)
        unit = _quantum(problem, dtype)
        view = make_view(problem, dtype, unit, lanes=unit)
        known = {"direct": view, "device": device}
        if view.depthwise:
            return Ways(ScalarDepthwise, known, _depthwise(view, device))
        return Ways(ScalarTiling, known, _dense(view, device))
