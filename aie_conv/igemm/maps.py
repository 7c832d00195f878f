"""Index maps of an implicit GEMM: where element (m, k), (k, f) or (m, f) lies. The matrices never exist.

An index is a sum of *digits*: a row or column number, divided, taken modulo, and times a step. So maps are
data, which prints, and which is evaluated on numbers or on arrays of numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.igemm.geometry import ConvGeometry

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Digit:
    """``number // divisor % modulus * step``; a modulus of 0 takes none."""

    number: str
    divisor: int
    modulus: int
    step: int = 1

    def __call__(self, numbers: dict[str, Any]) -> Any:
        """Its value, given the numbers by name."""
        value = numbers[self.number] // self.divisor
        return (value % self.modulus if self.modulus else value) * self.step

    def most(self, sizes: dict[str, int]) -> int:
        """Its largest value, given how many of each number there are."""
        last = (sizes[self.number] - 1) // self.divisor
        return (min(last, self.modulus - 1) if self.modulus else last) * self.step

    def __str__(self) -> str:
        """As an expression, without what changes nothing."""
        if self.modulus == 1:
            return "0"
        text = self.number
        text += f" // {self.divisor}" * (self.divisor > 1)
        text += f" % {self.modulus}" * (self.modulus > 0)
        if self.step == 1:
            return text
        return f"({text}) * {self.step}" if " " in text else f"{text} * {self.step}"


@dataclass(frozen=True)
class OperandAxis:
    """One dimension of an operand: its index is the sum of digits and an offset.

    Attributes:
        name: "n", "c", "h", "w" or "f".
        size: of the dimension; an index outside of it is padding, which counts as zero.
        digits: what the index is made of.
        offset: what is added; minus the padding before the first row or column.
    """

    name: str
    size: int
    digits: tuple[Digit, ...]
    offset: int = 0

    def __call__(self, numbers: dict[str, Any]) -> Any:
        """The index, given row and column numbers."""
        return sum(digit(numbers) for digit in self.digits) + self.offset

    def note(self, sizes: dict[str, int]) -> str:
        """Where the index may lie outside, given how many of each number there are."""
        most = self.offset + sum(digit.most(sizes) for digit in self.digits)
        if self.offset >= 0 and most < self.size:
            return ""
        return f"   (padding unless 0 <= {self.name} < {self.size})"

    def __str__(self) -> str:
        """As an expression, e.g. "(m // 10 % 8) * 2 + k // 96 - 1"."""
        texts = [text for digit in self.digits if (text := str(digit)) != "0"]
        text = " + ".join(texts) or "0"
        return text + (f" - {-self.offset}" if self.offset < 0 else "")


@dataclass(frozen=True)
class IndexMap:
    """Where the elements of one of the GEMM's matrices lie in an operand.

    Attributes:
        operand: "input", "filter" or "output".
        rows, columns: (name, size) of the matrix's row and column numbers.
        axes: the operand's dimensions, outermost first.
    """

    operand: str
    rows: tuple[str, int]
    columns: tuple[str, int]
    axes: tuple[OperandAxis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The operand's shape."""
        return tuple(axis.size for axis in self.axes)

    def __call__(self, row: int, column: int) -> tuple[int, ...] | None:
        """The operand's index of a matrix element; None where it is padding.

        Raises:
            IndexError: the matrix has no such element.
        """
        for value, (name, size) in ((row, self.rows), (column, self.columns)):
            if not 0 <= value < size:
                raise IndexError(f"{self.operand}: {name}={value} of {size}")
        numbers = {self.rows[0]: row, self.columns[0]: column}
        index = tuple(int(axis(numbers)) for axis in self.axes)
        inside = all(
            0 <= position < axis.size for position, axis in zip(index, self.axes, strict=True)
        )
        return index if inside else None

    def flat(self) -> Integers:
        """The whole matrix as row-major element numbers of the operand; -1 where it is padding."""
        rows = np.arange(self.rows[1], dtype=np.int64)[:, None]
        columns = np.arange(self.columns[1], dtype=np.int64)[None, :]
        numbers = {self.rows[0]: rows, self.columns[0]: columns}
        total = np.zeros((self.rows[1], self.columns[1]), np.int64)
        inside = np.ones(total.shape, bool)
        for axis in self.axes:
            position = axis(numbers)
            inside &= (position >= 0) & (position < axis.size)
            total = total * axis.size + position
        return np.where(inside, total, -1)

    def gather(self, operand: NDArray[Any]) -> NDArray[Any]:
        """The matrix itself, zeros for padding: for tests and for reading."""
        flat = self.flat()
        values = np.ascontiguousarray(operand).reshape(-1)
        return np.where(flat < 0, values.dtype.type(0), values[flat])

    def __str__(self) -> str:
        """One line a dimension."""
        (row, rows), (column, columns) = self.rows, self.columns
        names = ", ".join(axis.name for axis in self.axes)
        lines = [f"{self.operand}[{names}] of ({row} < {rows}, {column} < {columns})"]
        sizes = {row: rows, column: columns}
        lines += [f"  {axis.name} = {axis}{axis.note(sizes)}" for axis in self.axes]
        return "\n".join(lines)


@dataclass(frozen=True)
class StreamMap:
    """Where element k of a sum stands in the stream of K that the cores multiply.

    Attributes:
        k: length of the sums.
        length: length of the stream; the elements that no k maps to are zeros in the filter.
        digits: what the place is made of.
    """

    k: int
    length: int
    digits: tuple[Digit, ...]

    def __call__(self, k: int) -> int:
        """The place of one k.

        Raises:
            IndexError: there is no such k.
        """
        if not 0 <= k < self.k:
            raise IndexError(f"stream: k={k} of {self.k}")
        return int(sum(digit({"k": k}) for digit in self.digits))

    def places(self) -> Integers:
        """The place of every k."""
        numbers = {"k": np.arange(self.k, dtype=np.int64)}
        return sum((digit(numbers) for digit in self.digits), np.zeros(self.k, np.int64))

    def __str__(self) -> str:
        """One line."""
        text = " + ".join(t for digit in self.digits if (t := str(digit)) != "0") or "0"
        return f"stream of {self.length} from (k < {self.k}): {text}"


@dataclass(frozen=True)
class IndexMaps:
    """The three maps of the GEMM ``output[m, f] = sum over k of input[m, k] * filter[k, f]``.

    Attributes:
        input: (m, k) -> the input's index, or padding.
        filter: (k, f) -> the filter's index.
        output: (m, f) -> the output's index.
        stream: k -> its place in the cores' stream, where channels are padded to whole blocks.
    """

    input: IndexMap
    filter: IndexMap
    output: IndexMap
    stream: StreamMap

    def __iter__(self) -> Iterator[IndexMap]:
        """Input, filter, output."""
        return iter((self.input, self.filter, self.output))

    def __str__(self) -> str:
        """All of them."""
        return "\n".join(map(str, (*self, self.stream)))


def make_maps(g: ConvGeometry, k_order: tuple[tuple[str, int], ...]) -> IndexMaps:
    """The maps of a convolution.

    Args:
        g: the convolution.
        k_order: the stream's loops over K, outermost first, with their padded sizes: "kh", "kw", "ic".
    """
    high, wide = g.out_hw
    rows, sums, filters = ("m", g.m), ("k", g.k), ("f", g.nf)
    image, y, x = Digit("m", high * wide, 0), Digit("m", wide, high), Digit("m", 1, wide)
    taps = {
        "kh": Digit("k", g.wf * g.c, 0),
        "kw": Digit("k", g.c, g.wf),
        "ic": Digit("k", 1, g.c),
    }

    def stepped(digit: Digit, step: int) -> Digit:
        return Digit(digit.number, digit.divisor, digit.modulus, step)

    def window(pixel: Digit, tap: Digit, axis: int) -> tuple[Digit, Digit]:
        return stepped(pixel, g.stride[axis]), stepped(tap, g.dilation[axis])

    of_input = {
        "n": ((image,), 0),
        "c": ((taps["ic"],), 0),
        "h": (window(y, taps["kh"], 0), -g.padding[0][0]),
        "w": (window(x, taps["kw"], 1), -g.padding[1][0]),
    }
    of_filter = {
        "f": (Digit("f", 1, 0),),
        "c": (taps["ic"],),
        "h": (taps["kh"],),
        "w": (taps["kw"],),
    }
    of_output = {"n": (image,), "c": (Digit("f", 1, 0),), "h": (y,), "w": (x,)}
    input_axes = tuple(OperandAxis(a, size, *of_input[a]) for a, size in g.input_sizes.items())
    filter_axes = tuple(OperandAxis(a, size, of_filter[a]) for a, size in g.filter_sizes.items())
    output_axes = tuple(OperandAxis(a, size, of_output[a]) for a, size in g.output_sizes.items())
    steps: dict[str, int] = {}
    length = 1
    for name, size in reversed(k_order):
        steps[name] = length
        length *= size
    return IndexMaps(
        IndexMap("input", rows, sums, input_axes),
        IndexMap("filter", sums, filters, filter_axes),
        IndexMap("output", rows, filters, output_axes),
        StreamMap(
            g.k, length, tuple(stepped(taps[name], step) for name, step in sorted(steps.items()))
        ),
    )
