"""The lines of one function, and what every form of a convolution has: its padding and its end."""

from __future__ import annotations

from collections.abc import Sequence

from aie_conv.frontends.miopen.contraction import DimPlacement, LoopTerms, placements
from aie_conv.frontends.miopen.shape import DTYPES, ConvShape


def tensor(shape: Sequence[int], dtype: str) -> str:
    """A tensor type."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{dtype}>"


def _zero(dtype: str) -> str:
    return f"0 : {dtype}" if dtype[0] == "i" else f"0.0 : {dtype}"


def numbers(values: Sequence[object]) -> str:
    """A list in brackets."""
    return f"[{', '.join(map(str, values))}]"


def _sum(terms: LoopTerms) -> str:
    return " + ".join(loop if factor == 1 else f"{loop} * {factor}" for loop, factor in terms)


def indexing(loops: Sequence[str], index: Sequence[LoopTerms]) -> str:
    """An indexing map over the loops."""
    return f"affine_map<({', '.join(loops)}) -> ({', '.join(map(_sum, index))})>"


class Text:
    """The lines of one function.

    Attributes:
        signature: what it computes.
        accumulator: type of the sums.
        lines: what was added so far.
    """

    def __init__(self, signature: ConvShape) -> None:
        self.signature = signature
        self.accumulator = DTYPES[signature.dtype][0]
        self.lines: list[str] = []

    def add(self, *lines: str) -> None:
        """Add lines."""
        self.lines += lines

    def zero(self, dtype: str) -> str:
        """The constant, once."""
        line = f"%zero_{dtype} = arith.constant {_zero(dtype)}"
        if line not in self.lines:
            self.lines.insert(0, line)
        return f"%zero_{dtype}"

    def filled(self, name: str, shape: Sequence[int], dtype: str) -> str:
        """A tensor of zeros."""
        kind, zero = tensor(shape, dtype), self.zero(dtype)
        self.add(
            f"%{name}_empty = tensor.empty() : {kind}",
            f"%{name} = linalg.fill ins({zero} : {dtype}) outs(%{name}_empty : {kind}) -> {kind}",
        )
        return f"%{name}"

    # -- the operands ---------------------------------------------------------------------------------
    def padded(self, name: str, layout: str, shape: Sequence[int]) -> tuple[str, tuple[int, ...]]:
        """The left tensor, padded, cropped or with zeros between its elements, in its layout."""
        s = self.signature
        places = dict(zip(s.letters, placements(s), strict=True))
        placed = [
            places.get(letter, DimPlacement(size, 0, size, 0, 1))
            for letter, size in zip(layout, shape, strict=True)
        ]
        sizes = tuple(p.size for p in placed)
        if not all(p.count for p in placed):
            return self.filled("lhs", sizes, s.dtype), sizes
        value, kind = f"%{name}", tensor(shape, s.dtype)
        if any((p.first, p.count) != (0, size) for p, size in zip(placed, shape, strict=True)):
            part = tensor([p.count for p in placed], s.dtype)
            slices = _slices(
                [p.first for p in placed], [p.count for p in placed], [1] * len(placed)
            )
            self.add(f"%used = tensor.extract_slice {value}{slices} : {kind} to {part}")
            value, kind = "%used", part
        if any(p.step > 1 and p.count > 1 for p in placed):
            wide = tensor(sizes, s.dtype)
            base = self.filled("spread", sizes, s.dtype)
            slices = _slices(*zip(*[(p.offset, p.count, p.step) for p in placed], strict=True))
            self.add(f"%lhs = tensor.insert_slice {value} into {base}{slices} : {kind} into {wide}")
            return "%lhs", sizes
        low = [p.offset for p in placed]
        high = [p.size - p.offset - p.count for p in placed]
        if any(low) or any(high):
            indices = ", ".join(f"%i{d}: index" for d in range(len(sizes)))
            zero = self.zero(s.dtype)
            self.add(
                f"%lhs = tensor.pad {value} low{numbers(low)} high{numbers(high)} {{",
                f"^bb0({indices}):",
                f"  tensor.yield {zero} : {s.dtype}",
                f"}} : {kind} to {tensor(sizes, s.dtype)}",
            )
            value = "%lhs"
        return value, sizes

    def multiply_add_body(self) -> list[str]:
        """The lines of a product's block: both operands extended, multiplied, added."""
        dtype, acc = self.signature.dtype, self.accumulator
        lines = [f"^bb0(%v0: {dtype}, %v1: {dtype}, %v2: {acc}):"]
        a, b = "%v0", "%v1"
        if dtype != acc:
            extend = "arith.extsi" if acc == "i32" else "arith.extf"
            lines += [
                f"  %v3 = {extend} %v0 : {dtype} to {acc}",
                f"  %v4 = {extend} %v1 : {dtype} to {acc}",
            ]
            a, b = "%v3", "%v4"
        letter = "i" if acc == "i32" else "f"
        return [
            *lines,
            f"  %v5 = arith.mul{letter} {a}, {b} : {acc}",
            f"  %v6 = arith.add{letter} %v2, %v5 : {acc}",
            f"  linalg.yield %v6 : {acc}",
        ]

    def finished(
        self,
        value: str,
        shape: Sequence[int],
        channels: LoopTerms | None,
        order: Sequence[int] | None = None,
    ) -> str:
        """The sum with its bias, rounded to the result's type.

        Args:
            value: the sum.
            shape: its shape.
            channels: the dims of the bias in the result, with their sizes, where there is one.
            order: the result's dim of each dim of the sum; None where the two are alike.
        """
        acc, result = self.accumulator, self.signature.result_dtype
        order = order or range(len(shape))
        same = list(order) == list(range(len(shape)))
        if channels is None and acc == result and same:
            return value
        loops = [f"d{d}" for d in range(len(shape))]
        every = f"affine_map<({', '.join(loops)}) -> ({', '.join(loops)})>"
        read = f"affine_map<({', '.join(loops)}) -> ({', '.join(loops[d] for d in order)})>"
        operands, kinds, arguments, maps = [value], [tensor(shape, acc)], [f"%v0: {acc}"], [read]
        body, total = [], "%v0"
        if channels is not None:
            operands.append("%b" if len(channels) == 1 else "%bias")
            kinds.append(tensor([size for _, size in channels], result))
            arguments.append(f"%v1: {result}")
            maps.append(
                f"affine_map<({', '.join(loops)}) -> ({', '.join(d for d, _ in channels)})>"
            )
            bias, total = "%v1", "%v6"
            if acc != result:
                body.append(f"  %v7 = arith.extf %v1 : {result} to {acc}")
                bias = "%v7"
            body.append(f"  %v6 = arith.add{'i' if acc == 'i32' else 'f'} %v0, {bias} : {acc}")
        if acc != result:
            body.append(f"  %v8 = arith.truncf {total} : {acc} to {result}")
            total = "%v8"
        result_shape = [shape[list(order).index(d)] for d in range(len(shape))]
        kind = tensor(result_shape, result)
        self.add(
            f"%y_empty = tensor.empty() : {kind}",
            f"%y = linalg.generic {{indexing_maps = [{', '.join([*maps, every])}],",
            f"    iterator_types = {iterators(len(shape), 0)}}}",
            f"    ins({', '.join(operands)} : {', '.join(kinds)}) outs(%y_empty : {kind}) {{",
            f"^bb0({', '.join(arguments)}, %v9: {result}):",
            *body,
            f"  linalg.yield {total} : {result}",
            f"}} -> {kind}",
        )
        return "%y"


def _slices(*parts: Sequence[int]) -> str:
    return " ".join(map(numbers, parts))


def iterators(parallel: int, reduced: int) -> str:
    """The loops' kinds, those of the result first."""
    return numbers(['"parallel"'] * parallel + ['"reduction"'] * reduced)
