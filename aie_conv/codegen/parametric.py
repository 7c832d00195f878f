"""The matrix product of one core whose sizes are all run-time parameters: one program for every convolution.

A step of K is one block of input channels at one tap of a window. A table says how far each step's block
lies from a pixel's first, and another where each block of output pixels begins, so that windows, strides
and dilations are nothing but tables. One loop walks the steps with a group of accumulators in registers.
Only the buffers' lengths are fixed.

The parameters lie in front of the sums, in one buffer of 32-bit words: the product reads a word of a table in
every step, at the time at which it reads A and B, and the tools place a small buffer of its own behind the
others, in the bank of B.

The code is in ``kernels/``, a file by architecture and type.

Blocked layouts, all contiguous: A as [pixels of a strip][kc/s][r][s], B as
[objects of A][channel groups][steps][x][s][t], C as [output pixels of a strip][n/t][r][t].
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.arch.instructions import GROUPS, SEVEN_PIXEL_GROUPS, TABLE_OVERHEAD
from aie_conv.codegen.library import load_function
from aie_conv.codegen.matrix_kernel import MatrixKernel
from aie_conv.codegen.parameters import (
    ARRAY_COLUMNS,
    CORE_ROWS,
    LOOP_FIELDS,
    VECTOR_WORDS,
    Field,
    ParameterBlock,
)
from aie_conv.codegen.tables import TABLE_FIELDS
from aie_conv.ir.core import INDEX, Op, Type, memref
from aie_conv.ir.printer import print_op
from aie_conv.lazy import cached_property

FIELDS = (
    *LOOP_FIELDS,
    Field("filter_objects"),
    Field("output_objects"),
    Field("steps"),
    Field("pixel_groups"),
    Field("channel_groups"),
    Field("channel_blocks"),
    Field("output_pixels"),
    Field("residual_blocks"),
    Field("k_chunks"),
    Field("chunk_elements"),
    Field("first_k_chunks"),
    Field("residual_before", CORE_ROWS),
    Field("residual_block", CORE_ROWS),
    Field("residual_after", CORE_ROWS),
    Field("input_before", CORE_ROWS),
    Field("input_after", CORE_ROWS),
    Field("column_turns", ARRAY_COLUMNS),
    Field("turn_tiles", ARRAY_COLUMNS),
    Field("idle_objects", ARRAY_COLUMNS),
    Field("bias_inside"),
    Field("bias_object"),
    Field("input_between"),
    Field("residual_pixels"),
    Field("residual_calls"),
    Field("lanes_first", CORE_ROWS),
)
"""What a core reads besides its tables.

rounds, tiles, epilogue: as :data:`aie_conv.codegen.parameters.LOOP_FIELDS`; tiles of the fullest column.
k_steps: groups of objects of A of a tile that one object of B, or all that meet one, serve.
filter_objects: objects of B that meet one object of A.
output_objects: objects of the output of a tile.
steps: steps of K of an object of B.
pixel_groups: groups of y blocks of output pixels of a tile.
channel_groups: groups of x blocks of output channels of an object of B.
channel_blocks: blocks of t output channels of an N tile.
output_pixels: blocks of output pixels of an object of the output.
residual_blocks: blocks of s channels of a pixel in an object of the residual.
k_chunks, first_k_chunks: objects of A whose steps an object of B holds; of a tile's first.
chunk_elements: elements of an object of B for one of these objects of A.
residual_before, residual_after: objects of the residual for other rows of cores before and behind a row's.
residual_block: block of the pixel at which a row's channels begin.
input_before, input_after: objects of the input for other rows before and behind each of a row's.
input_between: objects of the input for other rows between two of a row's.
column_turns, turn_tiles: how often a column takes filters in a round, and tiles that each time serves: all of
its tiles one by one, or at once with an object that stays.
idle_objects: objects of B in a round for tiles that other columns have more.
bias_inside: whether an N tile's per-channel operands lie behind the weights of a tile's first object of B.
bias_object: whether an object of their own comes behind a tile's others.
residual_pixels: blocks of output pixels for which an object of the residual holds the channels.
residual_calls: how many of them make an object of the output.
lanes_first: element of a pixel in A at which a row's channels begin, where lanes are combined in place of
a product (:mod:`aie_conv.codegen.parametric_lanewise`).
"""

_LEAST_CHANNELS = 16
"""Channels that an N tile has at least, so that the tables of its pixels are short."""

MOST_CONSTANTS = 2 * VECTOR_WORDS
"""Constants of an epilogue that are parameters: bounds and shifts, which differ from layer to layer."""


@dataclass(frozen=True)
class ParametricKernel(MatrixKernel):
    """The buffers of one kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16", "bf16" or "bfp16".
        a_elements, b_elements: lengths of the A and B buffers.
        sums: length of C without the parameters in front of it.
        seven_pixels: whether a group has seven blocks of pixels.
    """

    a_elements: int
    b_elements: int
    sums: int
    seven_pixels: bool

    @property
    def group(self) -> tuple[int, int]:
        """Blocks of pixels and blocks of t channels of a group of accumulators."""
        key = self.arch.name, self.dtype
        return SEVEN_PIXEL_GROUPS.get(key, GROUPS[key]) if self.seven_pixels else GROUPS[key]

    @property
    def least_blocks(self) -> int:
        """Blocks of t channels that an object of B has at least, for which the tables have room."""
        return max(_LEAST_CHANNELS // self.rst[2], self.group[1])

    @cached_property
    def most_steps(self) -> int:
        """Steps of K that an object of B can hold."""
        return self.b_elements // (self.least_blocks * self.unit.block_b)

    @cached_property
    def most_pixels(self) -> int:
        """Blocks of pixels that C can hold, whole groups."""
        r, _, t = self.rst
        y, _ = self.group
        blocks = self.sums // (r * self.least_blocks * t)
        return blocks - blocks % y

    @cached_property
    def block(self) -> ParameterBlock:
        """The run-time parameters, tables included.

        A word for each step of an object of B: the distance of its block of A from the pixel's first block;
        and for each block of output pixels: where it begins in A; in elements. Behind them the constants
        of an epilogue, and a table of bytes.
        """
        return ParameterBlock(
            (
                *FIELDS,
                Field("step_table", self.most_steps, alignment=4),
                Field("pixel_table", self.most_pixels, alignment=1),
                Field("constants", MOST_CONSTANTS, alignment=VECTOR_WORDS),
                *TABLE_FIELDS,
            )
        )

    @property
    def memory(self) -> Type:
        """The type of the parameters with the sums behind them."""
        return memref("i32", self.block.words + self.sums)

    @property
    def arguments(self) -> list[tuple[str, Type]]:
        """The function's arguments: names and types; ``c`` holds the parameters and the sums."""
        return [
            ("a", memref(self.unit.element, self.a_elements)),
            ("b", memref(self.unit.element, self.b_elements)),
            ("c", self.memory),
            ("q", INDEX),
            ("k", INDEX),
            ("fresh", INDEX),
        ]

    def tables(
        self, steps: Sequence[int], pixels: Sequence[int], constants: Sequence[int] = ()
    ) -> dict[str, Sequence[int]]:
        """The tables of :attr:`block`.

        Args:
            steps: distance of each step's block of A from the pixel's first, in elements.
            pixels: where each block of output pixels begins in A, in elements; the last one is repeated
                to fill a group.
            constants: of the epilogue.
        """
        filled = -(-len(pixels) // self.group[0]) * self.group[0]
        assert len(steps) <= self.most_steps
        assert 0 < filled <= self.most_pixels
        return {
            "step_table": steps,
            "pixel_table": [*pixels, *[pixels[-1]] * (filled - len(pixels))],
            "constants": constants,
        }

    def cycles_of(self, steps: int, pixel_groups: int, channel_groups: int) -> int:
        """Issue cycles of one call, an estimate; too high for fewer steps than fill a pipeline.

        A group's sums are read before its steps and written behind them, at the pace of one buffer; the
        more products a step has, the more of them run while sums are still on their way.

        Args:
            steps: of an object of B.
            pixel_groups, channel_groups: groups that meet.
        """
        unit, (y, x) = self.unit, self.group
        r, _, t = self.rst
        blocks, (per_channels, per_pixels) = y * x, TABLE_OVERHEAD[self.arch.name]
        # The table's word takes a load besides.
        a, b = y * unit.loads_a(), x * unit.loads_b()
        interval = max(blocks * unit.issue, a, b, -(-(a + b + 1) // 2), unit.distance)
        way = blocks * unit.vectors(r * t, unit.accumulator)
        around = 2 * way + 16
        each = steps * interval + around + per_channels
        return pixel_groups * (channel_groups * each + per_pixels) + 5

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name, fresh=fresh), 2)

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function ``name(a, b, c, q, k, fresh)``: the products of A with its object q of B.

        They are added to C, or written to it where ``fresh`` is not 0: one function for both, since the
        program memory also holds the epilogues of all sharers.

        Of C's channels these are the groups from q times the object's on. An object of B may hold the
        steps of several objects of A, one behind the other: k is the number of this one.

        Args:
            name: of the function.
            fresh: makes no difference.
        """
        del fresh
        kernel = f"parametric_product_{self.dtype}{'_seven_pixels' * self._has_sevens}"
        return load_function(self.arch.name, kernel, name, dict(self.arguments), self._place)

    @property
    def _has_sevens(self) -> bool:
        return self.seven_pixels and (self.arch.name, self.dtype) in SEVEN_PIXEL_GROUPS

    def _place(self, parameter: str, entry: int) -> int:
        """The word of a run-time parameter, or of the first of the sums behind them."""
        return self.block.words if parameter == "sums" else self.block.place(parameter, entry)
