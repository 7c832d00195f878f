"""The form for the CPU: one matrix product for each tap of the window, on channels-last copies.

IREE 3.13's CPU code of a large convolution computes 1 to 7 GMAC a second on two cores where it is one
operation over all loops, and up to a hundred times as many as matrix products, for which it has packed
layouts and micro-kernels. The NPU's form is never this one.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from aie_conv.frontends.miopen.contraction import Sides, placements
from aie_conv.frontends.miopen.text import Text, iterators, numbers, tensor

if TYPE_CHECKING:
    from aie_conv.frontends.miopen.shape import ConvShape

LEAST_MACS = 20_000_000
"""Below this a convolution takes milliseconds in any form, and the other form compiles faster."""

MOST_TAPS = 125


def is_tapped(s: ConvShape) -> bool:
    """Whether a signature's form for the CPU is this one: large, in one group, of few taps."""
    taps = prod(s.kernel_dims[x] for x in s.letters)
    return s.groups == 1 and taps <= MOST_TAPS and s.macs >= LEAST_MACS


def permute(text: Text, value: str, name: str, layout: str, shape: tuple[int, ...], to: str) -> str:
    """A copy of a tensor in another order of its letters."""
    if layout == to:
        return value
    dtype = text.signature.dtype
    order = [layout.index(letter) for letter in to]
    kind = tensor([shape[d] for d in order], dtype)
    text.add(
        f"%{name}_empty = tensor.empty() : {kind}",
        f"%{name} = linalg.transpose ins({value} : {tensor(shape, dtype)}) outs(%{name}_empty :"
        f" {kind}) permutation = {numbers(order)}",
    )
    return f"%{name}"


def _flat(text: Text, value: str, name: str, shape: list[int], dtype: str) -> str:
    """A channels-last tensor as pixels x channels."""
    groups = f"[{numbers(range(len(shape) - 1))}, [{len(shape) - 1}]]"
    flat = [prod(shape[:-1]), shape[-1]]
    text.add(
        f"%{name} = tensor.collapse_shape {value} {groups} :"
        f" {tensor(shape, dtype)} into {tensor(flat, dtype)}"
    )
    return f"%{name}"


class _Taps:
    """One signature's products.

    Attributes:
        pixels: batch and the spatial sizes that a product walks.
    """

    def __init__(self, text: Text) -> None:
        self.text = text
        self.s = s = text.signature
        self.letters = s.letters
        sides = Sides.of(s)
        scatters = s.walk == "scatter"
        dims = sides.big_dims if scatters else sides.small_dims
        self.pixels = [dims["N"], *(dims[x] for x in self.letters)]
        self.places = placements(s)
        self.steps = [1] * s.rank if scatters else list(s.stride)
        kernel = s.kernel_dims
        self.sizes = [kernel[x] for x in self.letters]
        self.small, self.big = kernel["N"], kernel["C"]
        self.summed, self.result_channels = (
            (self.small, self.big) if scatters else (self.big, self.small)
        )

    def windows(self) -> str:
        """The left tensor, padded or spread, channels last."""
        s, sides, text = self.s, Sides.of(self.s), self.text
        big, small = ("dy", "x") if s.transposed else ("x", "dy")
        name, layout = (small, sides.small) if s.walk == "scatter" else (big, sides.big)
        shape = {n: shape for n, shape, _ in s.argument_shapes}[name]
        value, sizes = text.padded(name, layout, shape)
        return permute(text, value, "lhs_last", layout, sizes, f"N{self.letters}C")

    def at(self, tap: tuple[int, ...], value: str, channels: int, name: str) -> str:
        """What one tap meets, as pixels x channels."""
        s, dtype = self.s, self.s.dtype
        wide = [self.pixels[0], *(p.size for p in self.places), channels]
        part = [*self.pixels, channels]
        low = [0, *(d * t for d, t in zip(s.dilation, tap, strict=True)), 0]
        steps = [1, *self.steps, 1]
        self.text.add(
            f"%{name}_at = tensor.extract_slice {value}{numbers(low)} {numbers(part)} {numbers(steps)}"
            f" : {tensor(wide, dtype)} to {tensor(part, dtype)}"
        )
        return _flat(self.text, f"%{name}_at", name, part, dtype)

    def product(
        self, name: str, lhs: str, rhs: str, start: str, maps: str, shapes: list[list[int]]
    ) -> str:
        """A matrix product added to what ``start`` holds; shapes of lhs, rhs and result."""
        s, acc = self.s, self.text.accumulator
        kinds = [tensor(shapes[0], s.dtype), tensor(shapes[1], s.dtype), tensor(shapes[2], acc)]
        self.text.add(
            f"%{name} = linalg.generic {{indexing_maps = [{maps}], iterator_types = {iterators(2, 1)}}}",
            f"    ins({lhs}, {rhs} : {kinds[0]}, {kinds[1]}) outs({start} : {kinds[2]}) {{",
            *self.text.multiply_add_body(),
            f"}} -> {kinds[2]}",
        )
        return f"%{name}"

    def forwards(self) -> tuple[str, list[int]]:
        """A gather or scatter: pixels x made channels."""
        s, text, rank = self.s, self.text, self.s.rank
        lhs = self.windows()
        inner = "NC" if s.walk == "scatter" else "CN"
        order = self.letters + inner
        kernel = permute(text, "%w", "w_last", s.kernel_layout, s.kernel_shape, order)
        shape = [*self.sizes, self.summed, self.result_channels]
        pixels = prod(self.pixels)
        total = text.filled("start", [pixels, self.result_channels], text.accumulator)
        names = "(m, n, k)"
        maps = ", ".join(f"affine_map<{names} -> {of}>" for of in ("(m, k)", "(k, n)", "(m, n)"))
        shapes = [
            [pixels, self.summed],
            [self.summed, self.result_channels],
            [pixels, self.result_channels],
        ]
        for tap in product(*map(range, self.sizes)):
            name = "_".join(map(str, tap))
            # A scatter meets its taps from the last to the first.
            of = [size - 1 - t for size, t in zip(self.sizes, tap, strict=True)]
            place = of if s.walk == "scatter" else list(tap)
            part = self.at(tap, lhs, self.summed, f"lhs_{name}")
            text.add(
                f"%w_{name} = tensor.extract_slice {kernel}{numbers([*place, 0, 0])}"
                f" {numbers([*[1] * rank, *shape[-2:]])} {numbers([1] * len(shape))} :"
                f" {tensor(shape, s.dtype)} to {tensor(shape[-2:], s.dtype)}"
            )
            total = self.product(f"sum_{name}", part, f"%w_{name}", total, maps, shapes)
        return self.unflatten(total), [*self.pixels, self.result_channels]

    def unflatten(self, value: str) -> str:
        """Pixels x channels as batch, space and channels."""
        shape = [*self.pixels, self.result_channels]
        groups = f"[{numbers(range(len(shape) - 1))}, [{len(shape) - 1}]]"
        acc = self.text.accumulator
        self.text.add(
            f"%whole = tensor.expand_shape {value} {groups} output_shape {numbers(shape)} :"
            f" {tensor([prod(self.pixels), self.result_channels], acc)} into {tensor(shape, acc)}"
        )
        return "%whole"

    def correlate(self) -> tuple[str, list[int]]:
        """A weight gradient: taps, small channels, big channels."""
        s, text, acc = self.s, self.text, self.text.accumulator
        lhs, sides = self.windows(), Sides.of(self.s)
        name = "x" if s.transposed else "dy"
        dims = {n: shape for n, shape, _ in s.argument_shapes}[name]
        last = permute(text, f"%{name}", "rhs_last", sides.small, dims, f"N{self.letters}C")
        rhs = _flat(text, last, "rhs_flat", [*self.pixels, self.small], s.dtype)
        start = text.filled("start", [self.small, self.big], acc)
        filter_shape = [*self.sizes, self.small, self.big]
        kind, part = tensor(filter_shape, acc), tensor([self.small, self.big], acc)
        text.add(f"%whole_0 = tensor.empty() : {kind}")
        names = "(m, n, k)"
        maps = ", ".join(f"affine_map<{names} -> {of}>" for of in ("(k, m)", "(k, n)", "(m, n)"))
        pixels = prod(self.pixels)
        shapes = [[pixels, self.small], [pixels, self.big], [self.small, self.big]]
        value = "%whole_0"
        for number, tap in enumerate(product(*map(range, self.sizes)), 1):
            name = "_".join(map(str, tap))
            window = self.at(tap, lhs, self.big, f"lhs_{name}")
            self.product(f"sum_{name}", rhs, window, start, maps, shapes)
            text.add(
                f"%whole_{number} = tensor.insert_slice %sum_{name} into {value}{numbers([*tap, 0, 0])}"
                f" {numbers([*[1] * s.rank, self.small, self.big])} {numbers([1] * len(filter_shape))} :"
                f" {part} into {kind}"
            )
            value = f"%whole_{number}"
        return value, filter_shape


def tap_filter(text: Text) -> str:
    """Every line of a signature in this form; returns the result's name."""
    s = text.signature
    taps = _Taps(text)
    correlates = s.walk == "correlate"
    value, shape = taps.correlate() if correlates else taps.forwards()
    order = f"{s.letters}NC" if correlates else f"N{s.letters}C"
    places = [s.result_layout.index(letter) for letter in order]
    channel = f"d{s.result_layout.index('C')}" if s.bias and s.mode == "fwd" else None
    bias = None if channel is None else ((channel, s.out_channels),)
    return text.finished(value, shape, bias, places)
