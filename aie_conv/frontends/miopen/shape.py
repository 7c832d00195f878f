"""ConvShape: a convolution as frameworks name it, with its shapes, layouts, types and direction.

A convolution and a transposed one are the same relation between a *big* and a *small* tensor: element
``o`` of the small one and tap ``r`` of the filter meet element ``stride * o + dilation * r - padding`` of
the big one. What a command computes is one of three walks over that relation:

* ``gather``: the small tensor from the big one (forward; the input gradient of a transposed one);
* ``scatter``: the big tensor from the small one (input gradient; transposed forward);
* ``correlate``: the filter from both (weight gradient).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal, Self

from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.layouts import check_layout, default_layout, spatial_letters

if TYPE_CHECKING:
    import torch

Direction = Literal["fwd", "bwd", "wrw", "bias"]
AccessPattern = Literal["gather", "scatter", "correlate", "sum"]

MODES: dict[str, Direction] = {"fwd": "fwd", "bwd": "bwd", "wrw": "wrw", "bias": "bias"}
"""Forward, input gradient, weight gradient, bias gradient."""

DTYPES: dict[str, tuple[str, str]] = {
    "f32": ("f32", "f32"),
    "bf16": ("f32", "bf16"),
    "f16": ("f32", "f16"),
    "i8": ("i32", "i32"),
}
"""Type of the operands -> (type of the sums, type of the result)."""

_NAMES = {
    "float32": "f32",
    "float": "f32",
    "bfloat16": "bf16",
    "float16": "f16",
    "half": "f16",
    "int8": "i8",
}


def _dtype_name(dtype: object) -> str:
    name = str(dtype).removeprefix("torch.")
    name = _NAMES.get(name, name)
    if name not in DTYPES:
        raise UsageError(f"dtype {dtype}: unknown: use one of {', '.join(DTYPES)}")
    return name


def _spread(value: int | Sequence[int], rank: int, what: str, least: int) -> tuple[int, ...]:
    """One number for every spatial dim, or one each."""
    numbers = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(numbers) != rank:
        raise UsageError(f"{what} {list(numbers)}: give one number, or {rank} for a {rank}-D one")
    if any(number < least for number in numbers):
        raise UsageError(f"{what} {min(numbers)}: give at least {least}")
    return numbers


@dataclass(frozen=True, init=False)
class ConvShape:
    """A convolution's shapes, layouts, types and direction; the argument names are the ancestors'.

    Attributes:
        input_shape: shape of the forward input, in ``input_layout``'s order.
        kernel_shape: shape of the filter, in ``kernel_layout``'s order; its "N" is the output
            channels and its "C" the input channels of one group (transposed: the input channels, and
            the output channels of one group).
        dtype: "f32", "bf16", "f16", "i8" (forward only), or the torch type of that name.
        shared_layout: layout of all three tensors, where the three are not given.
        input_layout, kernel_layout, output_layout: permutations of "NCW", "NCHW" or "NCDHW".
        bias: whether the forward adds one; gradients do not depend on it.
        stride, padding, dilation, output_padding: a number, or one for each spatial dim.
        groups: number of groups.
        transposed: a transposed convolution.
        mode: "fwd", "bwd" (gradient of the input), "wrw" (of the filter) or "bias" (of the bias).

    Raises:
        UsageError: a value that no convolution can have.
    """

    input_shape: tuple[int, ...]
    kernel_shape: tuple[int, ...]
    dtype: str
    input_layout: str
    kernel_layout: str
    output_layout: str
    bias: bool
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    transposed: bool
    mode: Direction

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        kernel_shape: Sequence[int],
        dtype: "str | torch.dtype" = "bf16",
        shared_layout: str | None = None,
        input_layout: str | None = None,
        kernel_layout: str | None = None,
        output_layout: str | None = None,
        bias: bool = False,
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        transposed: bool = False,
        mode: str = "fwd",
    ) -> None:
        rank = len(input_shape) - 2
        if rank not in (1, 2, 3) or len(kernel_shape) != rank + 2:
            raise UsageError(
                f"shapes {list(input_shape)} and {list(kernel_shape)}:"
                " a convolution has 1, 2 or 3 spatial dims, and a batch and channels"
            )
        if mode not in MODES:
            raise UsageError(f"mode '{mode}': unknown: use one of {', '.join(MODES)}")

        def layout(letters: str | None, what: str) -> str:
            return check_layout(letters or shared_layout or default_layout(rank), rank, what)

        values: dict[str, object] = {
            "input_shape": tuple(map(int, input_shape)),
            "kernel_shape": tuple(map(int, kernel_shape)),
            "dtype": _dtype_name(dtype),
            "input_layout": layout(input_layout, "input_layout"),
            "kernel_layout": layout(kernel_layout, "kernel_layout"),
            "output_layout": layout(output_layout, "output_layout"),
            "bias": bool(bias),
            "stride": _spread(stride, rank, "stride", 1),
            "padding": _spread(padding, rank, "padding", 0),
            "dilation": _spread(dilation, rank, "dilation", 1),
            "output_padding": _spread(output_padding, rank, "output_padding", 0),
            "groups": int(groups),
            "transposed": bool(transposed),
            "mode": MODES[mode],
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        for what, shape in (("input", self.input_shape), ("filter", self.kernel_shape)):
            if min(shape) < 1:
                raise UsageError(f"{what} shape {list(shape)}: every size is at least 1")
        if self.dtype == "i8" and self.mode != "fwd":
            raise UsageError("convint8: integers have no gradients: only forward (-F 1)")
        self._check_channels()
        self._check_extent()

    def _check_channels(self) -> None:
        channels = self.input_dims["C"]
        filters = self.kernel_dims
        if self.groups < 1:
            raise UsageError(f"groups {self.groups}: give at least 1")
        if channels % self.groups or filters["N"] % self.groups:
            raise UsageError(
                f"groups {self.groups}: does not divide {channels} input channels and"
                f" {self.out_channels} output channels"
            )
        wanted = channels if self.transposed else channels // self.groups
        filter_channels = filters["N" if self.transposed else "C"]
        if filter_channels != wanted:
            raise UsageError(
                f"filter shape {list(self.kernel_shape)}: its input channels are {filter_channels},"
                f" the input's {channels} in {self.groups} groups need {wanted}"
            )

    def _check_extent(self) -> None:
        beyond = self.output_padding
        if any(beyond) and not self.transposed:
            raise UsageError("output padding: transposed convolutions alone have one: add -m trans")
        for extra, stride, dilation in zip(beyond, self.stride, self.dilation, strict=True):
            if extra and extra >= max(stride, dilation):
                raise UsageError(
                    f"output padding {extra}: must be smaller than the stride or the dilation"
                )
        for letter in self.letters:
            if self.output_dims[letter] < 1:
                raise UsageError(
                    f"empty convolution: the output's {letter} would be {self.output_dims[letter]}:"
                    " a larger input or more padding is needed"
                )

    # -- sizes --------------------------------------------------------------------------------------
    @property
    def rank(self) -> int:
        """Number of spatial dims."""
        return len(self.input_shape) - 2

    @property
    def letters(self) -> str:
        """Letters of the spatial dims, outermost first."""
        return spatial_letters(self.rank)

    @property
    def input_dims(self) -> dict[str, int]:
        """Size of each letter of the input."""
        return dict(zip(self.input_layout, self.input_shape, strict=True))

    @property
    def kernel_dims(self) -> dict[str, int]:
        """Size of each letter of the filter."""
        return dict(zip(self.kernel_layout, self.kernel_shape, strict=True))

    @property
    def out_channels(self) -> int:
        """Output channels of all groups."""
        kernel = self.kernel_dims
        return kernel["C"] * self.groups if self.transposed else kernel["N"]

    @property
    def output_dims(self) -> dict[str, int]:
        """Size of each letter of the output."""
        inputs, kernel = self.input_dims, self.kernel_dims
        dims = {"N": inputs["N"], "C": self.out_channels}
        for axis, letter in enumerate(self.letters):
            reach = self.dilation[axis] * (kernel[letter] - 1) + 1
            stride, pad = self.stride[axis], 2 * self.padding[axis]
            if self.transposed:
                dims[letter] = (inputs[letter] - 1) * stride - pad + reach
                dims[letter] += self.output_padding[axis]
            else:
                dims[letter] = (inputs[letter] + pad - reach) // stride + 1
        return dims

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the forward output, in ``output_layout``'s order."""
        return tuple(self.output_dims[letter] for letter in self.output_layout)

    @property
    def walk(self) -> AccessPattern:
        """How the mode walks the relation between the big and the small tensor."""
        if self.mode == "bias":
            return "sum"
        if self.mode == "wrw":
            return "correlate"
        return "gather" if (self.mode == "fwd") != self.transposed else "scatter"

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the convolution; a bias gradient has none."""
        if self.mode == "bias":
            return 0
        kernel = self.kernel_dims
        small = self.input_dims if self.transposed else self.output_dims
        taps = prod(kernel[letter] for letter in self.letters)
        pixels = prod(small[letter] for letter in self.letters)
        return small["N"] * pixels * taps * kernel["N"] * kernel["C"]

    # -- operands -----------------------------------------------------------------------------------
    @property
    def argument_shapes(self) -> tuple[tuple[str, tuple[int, ...], str], ...]:
        """Name, shape and type of each operand, in order.

        "fwd" takes x, w and the bias where there is one, "bwd" dy and w, "wrw" dy and x, "bias" dy.
        """
        x = ("x", self.input_shape, self.dtype)
        w = ("w", self.kernel_shape, self.dtype)
        dy = ("dy", self.output_shape, self.dtype)
        if self.mode == "fwd":
            accumulator, result = DTYPES[self.dtype]
            kind = accumulator if self.dtype == "i8" else result
            return (x, w, ("b", (self.out_channels,), kind)) if self.bias else (x, w)
        return {"bwd": (dy, w), "wrw": (dy, x), "bias": (dy,)}[self.mode]

    @property
    def result_shape(self) -> tuple[int, ...]:
        """Shape of what the mode computes, in its tensor's layout."""
        return {
            "fwd": self.output_shape,
            "bwd": self.input_shape,
            "wrw": self.kernel_shape,
            "bias": (self.out_channels,),
        }[self.mode]

    @property
    def result_layout(self) -> str:
        """Layout of what the mode computes; "C" for a bias gradient."""
        return {
            "fwd": self.output_layout,
            "bwd": self.input_layout,
            "wrw": self.kernel_layout,
            "bias": "C",
        }[self.mode]

    @property
    def result_dtype(self) -> str:
        """Type of what the mode computes."""
        return DTYPES[self.dtype][1]

    @property
    def name(self) -> str:
        """A name that no other signature has, fit for a file and a function."""

        def sizes(shape: Sequence[int], layout: str = "") -> str:
            return "x".join(map(str, shape)) + (f"_{layout.lower()}" if layout else "")

        parts = [
            f"conv_{self.rank}d_{self.dtype}_{self.mode}",
            sizes(self.input_shape, self.input_layout),
            sizes(self.kernel_shape, self.kernel_layout),
            self.output_layout.lower(),
            f"{sizes(self.stride)}s_{sizes(self.padding)}p_{sizes(self.dilation)}d",
            f"{self.groups}g",
        ]
        if self.transposed:
            parts.append(f"trans_{sizes(self.output_padding)}op")
        return "_".join([*parts, *(["b"] if self.bias else [])])

    def with_batch(self, batch: int) -> Self:
        """The same with at most ``batch`` images."""
        axis = self.input_layout.index("N")
        shape = list(self.input_shape)
        shape[axis] = min(batch, shape[axis])
        return replace(self, input_shape=tuple(shape))
