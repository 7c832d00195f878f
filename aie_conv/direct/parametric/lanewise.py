"""Work on lanes in the programs of matrix products: pooling, element-wise operations, depthwise convolutions.

A window's taps are combined, or multiplied by a filter of each channel, in place of a matrix product, and
behind them stands the epilogue of a product. To the program an operation is a convolution whose channels are
its groups, without weights; a depthwise convolution has them in the objects of a product's filter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.depthwise import ELEMENT_PRODUCTS
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.codegen.parametric_depthwise import ParametricDepthwise
from aie_conv.codegen.parametric_epilogue import ParametricEpilogue
from aie_conv.codegen.parametric_lanewise import COMBINATIONS, ParametricLanewise
from aie_conv.direct.parametric.layout import (
    ParametricParameters,
    ParametricTile,
    ResidualTile,
    has_channel_turns,
)
from aie_conv.direct.parametric.limits import CoreBlocks
from aie_conv.direct.parametric.program import Instead, ParametricProgram
from aie_conv.direct.parametric.scheme import ParametricScheme
from aie_conv.direct.view import DirectView, make_view
from aie_conv.errors import Unsupported
from aie_conv.mapping.check import Limit, limit
from aie_conv.mapping.mapping import Sizes
from aie_conv.mapping.numbers import each, least
from aie_conv.mapping.operands import K_BLOCK
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem, Epilogue, Loop, Operand, OperationProblem, Step

_ACCUMULATOR = {"i8": "i32", "i16": "i32", "bf16": "f32"}
"""Of the cores' sums, by the operands' type."""

LEAST_CHANNELS = 16
"""What fewer channels of a depthwise convolution are padded to; operations of fewer are refused."""

_CUTS = (256, 128, 64, 32, 16)
"""Channels that a loop over everything is cut into."""


@dataclass(frozen=True)
class LanewiseProblem(ConvProblem):
    """An operation as a convolution without weights, whose channels are its groups.

    Attributes:
        operation: what it is.
        sent: numbers of the epilogue's inputs that are per-channel operands and differ from call to call.
    """

    operation: OperationProblem | None = None
    sent: tuple[int, ...] = ()

    @property
    def combine(self) -> str:
        """What taps are combined by; "" without a window."""
        return self.operation.combine if self.operation is not None else ""

    @cached_property
    def macs(self) -> int:
        """None: nothing is multiplied by weights."""
        return 0

    @cached_property
    def minimum_bytes(self) -> int:
        """The operation's."""
        return self.operation.minimum_bytes if self.operation is not None else 0

    def describe(self) -> str:
        """The operation's line."""
        return self.operation.describe() if self.operation is not None else super().describe()


def as_convolution(
    problem: OperationProblem, constants: frozenset[str] | None = None
) -> LanewiseProblem:
    """An operation as a convolution of as many groups as it has channels.

    Args:
        problem: the operation.
        constants: names of its operands that are equal at every call; None for all but the first.

    Raises:
        Unsupported: it has no channels that lie side by side, or a type or combination that no core has.
    """
    if problem.gathers or problem.same_as:
        raise Unsupported("lane-wise: elements that are taken in no even steps")
    dtype = problem.lhs.dtype
    if dtype not in _ACCUMULATOR or problem.combine not in COMBINATIONS or problem.by_rows:
        raise Unsupported(f"lane-wise: {problem.combine or problem.kind} of {dtype}")
    problem = _cut(problem)
    channel = next((loop for loop in problem.parallel if loop.lhs == loop.out == 1), None)
    if channel is None:
        raise Unsupported("lane-wise: no channels that lie side by side in input and output")
    taps, loops = 1, list[Loop]()
    for loop in reversed(problem.loops):
        if loop == channel:
            loops.append(replace(loop, role="g", rhs=0))
        else:
            loops.append(replace(loop, rhs=taps if loop.role == "k" else 0))
            taps *= loop.size if loop.role == "k" else 1
    loops = [replace(loop, rhs=taps) if loop.role == "g" else loop for loop in reversed(loops)]
    accumulator = _ACCUMULATOR[dtype]
    return LanewiseProblem(
        kind="conv",
        loops=tuple(loops),
        lhs=problem.lhs,
        rhs=Operand(dtype, (channel.size, *(loop.size for loop in problem.reduced))),
        out=problem.out,
        accumulator=accumulator,
        epilogue=_behind(problem.epilogue, accumulator, problem.accumulator),
        keeps_base=problem.keeps_base,
        arithmetic=problem.arithmetic,
        operation=problem,
        sent=tuple(
            number
            for number in range(len(problem.epilogue.inputs))
            if constants is not None and f"in{number}" not in constants
        ),
    )


def _cut(problem: OperationProblem) -> OperationProblem:
    """The same with the channels of a loop over all elements as a loop of their own."""
    if len(problem.loops) != 1:
        return problem
    (loop,) = problem.loops
    strides = [entry.strides[0] for entry in problem.epilogue.inputs]
    size = next((cut for cut in _CUTS if loop.size % cut == 0 and loop.size > cut), 0)
    if not size or loop.lhs != 1 or loop.out != 1 or any(s not in (0, 1) for s in strides):
        return problem
    outer = replace(loop, name="a", size=loop.size // size, lhs=size, out=size)
    inputs = tuple(
        replace(entry, strides=(size * stride, stride))
        for entry, stride in zip(problem.epilogue.inputs, strides, strict=True)
    )
    loops = (outer, replace(loop, name="b", size=size))
    return replace(problem, loops=loops, epilogue=replace(problem.epilogue, inputs=inputs))


def _behind(steps: Epilogue, accumulator: str, dtype: str) -> Epilogue:
    """An epilogue behind a wider accumulator, whose value it takes as ``dtype``.

    What it extends to the accumulator's type is there as it came.
    """
    if dtype == accumulator:
        return steps
    first = len(steps.inputs) + 1
    narrowed = Step("arith.truncf" if accumulator == "f32" else "arith.trunci", (0,), dtype)
    wide = {
        first + number
        for number, step in enumerate(steps.steps)
        if step.op in ("arith.extsi", "arith.extf")
        and step.args == (0,)
        and step.dtype == accumulator
    }
    kept = [step for number, step in enumerate(steps.steps) if first + number not in wide]
    is_narrow = steps.result == 0 or any(0 in step.args for step in kept)
    front = [narrowed] if is_narrow else []
    moved = {0: first if is_narrow else 0} | {value: value for value in range(1, first)}
    moved |= dict.fromkeys(wide, 0)
    rest = [first + number for number in range(len(steps.steps)) if first + number not in wide]
    moved |= {value: first + len(front) + place for place, value in enumerate(rest)}
    others = (replace(step, args=tuple(moved[value] for value in step.args)) for step in kept)
    return Epilogue(steps.inputs, (*front, *others), moved[steps.result])


def lanewise_view(problem: LanewiseProblem) -> DirectView:
    """An operation over buffers as they lie.

    Raises:
        Unsupported: the host would have to re-order or pad one.
    """
    channels = problem.extent("g")
    view = make_view(problem, problem.lhs.dtype, K_BLOCK, LEAST_CHANNELS)
    packed = [copy for copy in view.prologue if not copy.source.startswith("rhs")]
    sources = {view.lhs.name, *([view.residual.argument.name] if view.residual else [])}
    copied = any(copy.dest in sources for copy in packed)
    if not view.depthwise or view.n != channels or copied or view.finish:
        raise Unsupported("lane-wise: its operands do not lie as the DMA reads them")
    return replace(view, prologue=tuple(packed), filter="", sent=_sent(problem, view))


def _sent(problem: LanewiseProblem, view: DirectView) -> Argument | None:
    """The per-channel operand that the shim brings: the only one, of the input's type, as it lies."""
    if [index for index, _, _ in view.vectors] != [i for i in problem.sent if i != _tensor(view)]:
        return None
    if len(view.vectors) != 1:
        return None
    index, dtype, name = view.vectors[0]
    lies = name == f"in{index}" and problem.epilogue.inputs[index].operand.offset == 0
    return Argument(name, dtype, view.n) if lies and dtype == view.dtype else None


def _tensor(view: DirectView) -> int | None:
    """The number of the input that has an element for each of the output's."""
    return view.residual.index if view.residual is not None else None


def multiplies_channels(device: Device, unit: str) -> bool:
    """Whether an architecture has a product of lanes for the blocks of its matrix instruction.

    Args:
        device: where.
        unit: what the matrix instruction multiplies.
    """
    arch = device.arch
    if (arch.name, unit) not in ELEMENT_PRODUCTS:
        return False
    r, s, t = arch.matmul[unit]
    return s % t == 0 and arch.elementwise[unit][0] == r * t


@dataclass(frozen=True)
class LanewiseScheme(ParametricScheme):
    """The mappings of a lane-wise operation, or of a depthwise convolution, in layouts."""

    def instead(self, kernel: ParametricKernel) -> Instead:
        """What takes the product's place."""
        if self.view.filter:
            return ParametricDepthwise(kernel)
        problem = self.view.problem
        combine = problem.combine if isinstance(problem, LanewiseProblem) else ""
        return ParametricLanewise(kernel, combine)

    @cached_property
    def _bare(self) -> Instead:
        """The same without a layout, for what does not depend on it."""
        return self.instead(self._kernel(self.rst[1], 4096, 4096, False))

    @property
    def _taps_at_once(self) -> int:
        return self._bare.taps_at_once

    @property
    def _keeps_vectors(self) -> bool:
        """In any case, as the programs of nearly all convolutions do."""
        return True

    def filter_elements(self, taps: int, channels: int) -> int:
        """Elements of an object of the filter for so many taps of so many channels."""
        return each(self._bare.filter_elements, taps, channels)

    def _chunk(self, p: ParametricParameters, tile: ParametricTile) -> int:
        return self.filter_elements(tile.k_elements // self.rst[1], p.tile_n)

    def _blocks(self, p: ParametricParameters) -> CoreBlocks:
        blocks = super()._blocks(p)
        return replace(blocks, group=(self._bare.pixels, blocks.group[1]))

    def _channel_limits(
        self, p: ParametricParameters, s: Sizes, tile: ParametricTile
    ) -> Iterator[Limit]:
        view, (_, s_block, t) = self.view, self.rst
        _, _, x = self._of_kernel(p)
        rows, n_tiles, turns = s.grid.rows, s.grid.share_n_tiles, has_channel_turns(view, p)
        even = turns | (rows % n_tiles == 0) | (n_tiles % rows == 0)
        name = f"N tiles of {p.tile_n}"
        quantum = max(s_block, t)
        blocks = (p.tile_n % (x * t) == 0) & (p.tile_n % quantum == 0) & (p.tile_n <= view.n)
        even = even & (turns | (view.n % p.tile_n == 0))
        yield limit("channels", blocks & even, lambda: name)
        yield limit("channels", p.object_channels == p.tile_n, lambda: name)
        holds = turns | (p.tile_k == p.tile_n * least(rows, n_tiles))
        yield limit("K chunk", holds, lambda: f"{p.tile_k} channels for all rows of cores")
        fits = (self._chunk(p, tile) <= p.filter_elements) & (p.object_k_chunks == 1)
        yield limit("filter object", fits, lambda: f"all taps of {p.tile_n} channels")
        fits = p.input_row_elements % p.tile_k == 0
        yield limit("input row", fits, lambda: f"{p.input_row_elements} of {p.tile_k} channels")
        if view.sent is not None:
            fits = p.filter_elements % p.bias_elements == 0
            yield limit("per-channel operands", fits, lambda: f"{p.bias_elements} an object")
        yield from self._table_limits(p, tile)

    def _table_limits(self, p: ParametricParameters, tile: ParametricTile) -> Iterator[Limit]:
        """Of the tables of taps and of pixels."""
        taps = tile.k_elements // self.rst[1]

        def fits(outputs: int, taps: int, *layout: Any) -> tuple[bool, bool]:
            kernel = self._kernel(*layout)
            kind, (y, _) = self.instead(kernel), kernel.group
            filled = len(kind.fill_pixels([0] * outputs))
            steps = len(kind.fill_steps([0] * taps))
            return steps <= kernel.most_steps, -(-filled // y) * y <= kernel.most_pixels

        steps, pixels = each(
            fits, tile.outputs, taps, p.input_row_elements, p.filter_elements,
            p.accumulator_elements, p.seven_pixels,
        )  # fmt: skip
        yield limit("window", steps, lambda: f"{taps} taps")
        yield limit("accumulators", pixels, lambda: f"{tile.outputs} pixels")

    def _object_cycles(self, p: ParametricParameters, tile: ParametricTile) -> int:
        """Cycles of a core for one object of the input."""
        _, s, t = self.rst

        def combined(steps: int, pixels: int, channels: int, *layout: Any) -> int:
            return self.instead(self._kernel(*layout)).cycles_of(steps, pixels, channels)

        return each(
            combined, tile.k_elements // s, tile.outputs, p.tile_n // t, p.input_row_elements,
            p.filter_elements, p.accumulator_elements, p.seven_pixels,
        )  # fmt: skip

    def _program(
        self,
        kernel: ParametricKernel,
        epilogue: ParametricEpilogue,
        p: ParametricParameters,
        tile: ParametricTile,
        residual: ResidualTile,
    ) -> ParametricProgram:
        program = super()._program(kernel, epilogue, p, tile, residual)
        return replace(program, instead=self.instead(kernel))
