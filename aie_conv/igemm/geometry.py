"""The convolution of an implicit GEMM: its sizes, its layouts, and its problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.problem import Arithmetic, ConvProblem, Epilogue, Loop, Operand, Step

OP = "get_igemm_conv2d"

LAYOUTS: dict[str, tuple[str, str]] = {
    "nchw_fchw": ("nchw", "fchw"),
    "nhwc_hwcf": ("nhwc", "hwcf"),
    "nhwc_fhwc": ("nhwc", "fhwc"),
}
"""Layout -> order of the input's (and output's) dims, order of the filter's."""

_SHORT = {"nchw": "nchw_fchw", "nhwc": "nhwc_hwcf"}

RESULTS: dict[str, tuple[str, ...]] = {
    "bf16": ("f32", "bf16"),
    "i8": ("i32", "i8"),
    "f32": ("f32",),
}
"""Input type -> the types that its result may have, the default first; i8 saturates."""

_NAMES = {"bfloat16": "bf16", "int8": "i8", "int32": "i32", "float32": "f32", "float16": "f16"}


def dtype_name(dtype: Any) -> str:
    """The project's name of a type that is given by its own name, numpy's or torch's."""
    name = str(getattr(dtype, "__name__", dtype)).removeprefix("torch.")
    return _NAMES.get(name, name)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _two(value: Any, name: str, hint: str) -> tuple[Any, Any]:
    if isinstance(value, int):
        return value, value
    parts = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
    if len(parts) != 2:
        raise UsageError(f"{OP}: {name}={value}: give {hint}")
    return parts[0], parts[1]


def _pair(value: Any, name: str, least: int, hint: str) -> tuple[int, int]:
    first, second = _two(value, name, hint)
    if not (_whole(first, least) and _whole(second, least)):
        raise UsageError(f"{OP}: {name}={value}: give {hint}, each from {least}")
    return first, second


def _borders(value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    hint = "a number, (vertical, horizontal), or ((top, bottom), (left, right))"
    vertical, horizontal = _two(value, "padding", hint)
    return _pair(vertical, "padding", 0, hint), _pair(horizontal, "padding", 0, hint)


@dataclass(frozen=True)
class ConvGeometry:
    """One convolution.

    Attributes:
        n, c, h, w: the input's batch, channels, height and width.
        hf, wf, nf: the filter's height and width, and the number of filters.
        stride, dilation: (vertical, horizontal).
        padding: ((top, bottom), (left, right)).
        layout: one of :data:`LAYOUTS`.
        input_dtype, output_dtype: as :data:`RESULTS` pairs them.
    """

    n: int
    c: int
    h: int
    w: int
    hf: int
    wf: int
    nf: int
    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    dilation: tuple[int, int]
    layout: str
    input_dtype: str
    output_dtype: str

    @property
    def out_hw(self) -> tuple[int, int]:
        """Height and width of the output."""
        (top, bottom), (left, right) = self.padding
        high = self.h + top + bottom - self.dilation[0] * (self.hf - 1) - 1
        wide = self.w + left + right - self.dilation[1] * (self.wf - 1) - 1
        return high // self.stride[0] + 1, wide // self.stride[1] + 1

    @property
    def m(self) -> int:
        """Rows of the GEMM: output pixels of the whole batch."""
        return self.n * prod(self.out_hw)

    @property
    def k(self) -> int:
        """Length of its sums: the taps' channels."""
        return self.hf * self.wf * self.c

    @property
    def input_sizes(self) -> dict[str, int]:
        """The input's dims in its layout."""
        return _order(LAYOUTS[self.layout][0], n=self.n, c=self.c, h=self.h, w=self.w)

    @property
    def padded_sizes(self) -> dict[str, int]:
        """The input's dims with its border."""
        high, wide = (sum(border) for border in self.padding)
        return _order(LAYOUTS[self.layout][0], n=self.n, c=self.c, h=self.h + high, w=self.w + wide)

    @property
    def filter_sizes(self) -> dict[str, int]:
        """The filter's dims in its layout."""
        return _order(LAYOUTS[self.layout][1], f=self.nf, c=self.c, h=self.hf, w=self.wf)

    @property
    def output_sizes(self) -> dict[str, int]:
        """The output's dims, in the input's layout; "c" are the filters."""
        high, wide = self.out_hw
        return _order(LAYOUTS[self.layout][0], n=self.n, c=self.nf, h=high, w=wide)

    def problem(self, arithmetic: Arithmetic = "native") -> ConvProblem:
        """The convolution of the padded input."""
        high, wide = self.out_hw
        i, f, o = map(_strides, (self.padded_sizes, self.filter_sizes, self.output_sizes))
        loops = (
            Loop("n", "m", self.n, i["n"], 0, o["n"]),
            Loop("oh", "m", high, i["h"] * self.stride[0], 0, o["h"]),
            Loop("ow", "m", wide, i["w"] * self.stride[1], 0, o["w"]),
            Loop("oc", "n", self.nf, 0, f["f"], o["c"]),
            Loop("kh", "k", self.hf, i["h"] * self.dilation[0], f["h"], 0),
            Loop("kw", "k", self.wf, i["w"] * self.dilation[1], f["w"], 0),
            Loop("ic", "k", self.c, i["c"], f["c"], 0),
        )
        accumulator = "i32" if self.input_dtype == "i8" else "f32"
        window = (self.hf, self.wf, *self.stride) != (1, 1, 1, 1)
        return ConvProblem(
            kind="conv" if window else "matmul",
            loops=loops,
            lhs=Operand(self.input_dtype, tuple(self.padded_sizes.values())),
            rhs=Operand(self.input_dtype, tuple(self.filter_sizes.values())),
            out=Operand(self.output_dtype, tuple(self.output_sizes.values())),
            accumulator=accumulator,
            epilogue=_EPILOGUES.get(self.output_dtype, Epilogue()),
            arithmetic=arithmetic,
        )


_EPILOGUES = {
    "bf16": Epilogue((), (Step("arith.truncf", (0,), "bf16"),), 1),
    "i8": Epilogue(
        (),
        (
            Step("arith.constant", (), "i32", -128),
            Step("arith.maxsi", (0, 1), "i32"),
            Step("arith.constant", (), "i32", 127),
            Step("arith.minsi", (2, 3), "i32"),
            Step("arith.trunci", (4,), "i8"),
        ),
        5,
    ),
}
"""Result type -> how the sums become it, where they are not of it."""


def _order(order: str, **sizes: int) -> dict[str, int]:
    return {letter: sizes[letter] for letter in order}


def _strides(sizes: dict[str, int]) -> dict[str, int]:
    shape = tuple(sizes.values())
    return {letter: prod(shape[i + 1 :]) for i, letter in enumerate(sizes)}


def make_geometry(
    sizes: dict[str, int],
    stride: Any,
    padding: Any,
    dilation: Any,
    layout: str,
    input_dtype: Any,
    output_dtype: Any,
    f32: str,
) -> ConvGeometry:
    """The convolution that a user's words describe; see :func:`aie_conv.get_igemm_conv2d`.

    Raises:
        UsageError: a size, layout or type that there is none of, or an empty output.
    """
    for name, value in sizes.items():
        if not _whole(value, 1):
            raise UsageError(f"{OP}: {name}={value}: give a whole number from 1")
    name = layout.lower()
    name = _SHORT.get(name, name)
    if name not in LAYOUTS:
        raise UsageError(f"{OP}: layout '{layout}': unknown: use one of {', '.join(LAYOUTS)}")
    dtype = dtype_name(input_dtype)
    if dtype not in RESULTS:
        known = ", ".join(RESULTS)
        raise UsageError(f"{OP}: input_dtype {dtype}: no matrix instruction: use one of {known}")
    if dtype == "f32" and f32 != "bf16":
        raise UsageError(
            f"{OP}: input_dtype f32: no matrix instruction: add f32='bf16' to let bf16 products"
            " stand for it"
        )
    result = RESULTS[dtype][0] if output_dtype is None else dtype_name(output_dtype)
    if result not in RESULTS[dtype]:
        known = " or ".join(RESULTS[dtype])
        raise UsageError(f"{OP}: output_dtype {result} of {dtype}: use {known}")
    hint = "a number, or (vertical, horizontal)"
    geometry = ConvGeometry(
        **sizes,
        stride=_pair(stride, "stride", 1, hint),
        padding=_borders(padding),
        dilation=_pair(dilation, "dilation", 1, hint),
        layout=name,
        input_dtype=dtype,
        output_dtype=result,
    )
    if min(geometry.out_hw) < 1:
        raise UsageError(
            f"{OP}: empty output: a window of {geometry.hf}x{geometry.wf} with dilation"
            f" {geometry.dilation[0]}x{geometry.dilation[1]} is larger than the padded input"
            f" {geometry.padded_sizes['h']}x{geometry.padded_sizes['w']}"
        )
    return geometry
