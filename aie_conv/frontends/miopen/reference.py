"""A signature in torch: the module, its operands, and the reference that results are held against."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from aie_conv.frontends.miopen.layouts import default_layout
from aie_conv.frontends.miopen.shape import ConvShape
from aie_conv.layout.hostcopy import NUMPY_DTYPE

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor


def torch_dtype(name: str) -> torch.dtype:
    """torch's type of "f32", "bf16", "f16", "i8", "i32" or "f64"."""
    import torch

    return {
        "f64": torch.float64,
        "f32": torch.float32,
        "bf16": torch.bfloat16,
        "f16": torch.float16,
        "i8": torch.int8,
        "i32": torch.int32,
    }[name]


def _order(layout: str, wanted: str) -> list[int]:
    return [layout.index(letter) for letter in wanted]


def compute(s: ConvShape, arguments: Sequence[Tensor]) -> Tensor:
    """What a signature computes of its operands in their layouts, by torch's own operations.

    The operands' types are taken as they are, but for i8: torch has no convolution of integers in every
    form, so it goes by way of f64, in which its sums are exact.
    """
    import torch

    plain = default_layout(s.rank)
    if arguments[0].dtype == torch.int8:
        wide = compute(s, [a.to(torch.float64) for a in arguments])
        # Past 2^31 the result wraps, as i32 does.
        return wide.to(torch.int64).to(torch.int32)
    if s.mode == "bias":
        dims = [d for d, letter in enumerate(s.output_layout) if letter != "C"]
        return arguments[0].sum(dims)
    layouts = {"x": s.input_layout, "w": s.kernel_layout, "dy": s.output_layout, "b": "C"}
    operands = {
        name: a.permute(_order(layouts[name], plain)) if name != "b" else a
        for (name, _, _), a in zip(s.argument_shapes, arguments, strict=True)
    }
    if s.mode == "fwd":
        x, w, b = operands["x"], operands["w"], operands.get("b")
        result: Tensor = torch.ops.aten.convolution(
            x, w, b, s.stride, s.padding, s.dilation, s.transposed, s.output_padding, s.groups
        )
    else:
        result = _gradient(s, operands, plain)
    return result.permute(_order(plain, s.result_layout))


def _gradient(s: ConvShape, operands: dict[str, Tensor], plain: str) -> Tensor:
    import torch

    dy = operands["dy"]
    # The one of input and filter that is not read gives its shape alone.
    x = operands["x"] if "x" in operands else dy.new_empty([s.input_dims[x] for x in plain])
    w = operands["w"] if "w" in operands else dy.new_empty([s.kernel_dims[x] for x in plain])
    mask = [s.mode == "bwd", s.mode == "wrw", False]
    results = torch.ops.aten.convolution_backward(
        dy, x, w, None, s.stride, s.padding, s.dilation, s.transposed, s.output_padding,
        s.groups, mask,
    )  # fmt: skip
    return cast("Tensor", results[0 if s.mode == "bwd" else 1])


def module(s: ConvShape) -> torch.nn.Module:
    """A torch module that computes a signature."""
    import torch

    class Convolution(torch.nn.Module):
        def forward(self, *arguments: Any) -> Any:
            return compute(s, arguments).contiguous()

    return Convolution().eval()


def sample_arguments(
    s: ConvShape, seed: int, splat_value: float | None = None
) -> tuple[Tensor, ...]:
    """Operands in their layouts: normal values, integers from -128 to 127, or one value for all."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    tensors: list[Tensor] = []
    for _, shape, dtype in s.argument_shapes:
        kind = torch_dtype(dtype)
        if splat_value is not None:
            tensors.append(torch.full(shape, splat_value).to(kind))
        elif dtype[0] == "i":
            tensors.append(torch.randint(-128, 128, shape, generator=generator, dtype=kind))
        else:
            tensors.append(torch.randn(shape, generator=generator).to(kind))
    return tuple(tensors)


def sample_arrays(
    s: ConvShape, seed: int, splat_value: float | None = None
) -> tuple[NDArray[Any], ...]:
    """The same kinds of operands without torch, of numpy's generator: other numbers for a seed."""
    generator = np.random.default_rng(seed)
    arrays: list[NDArray[Any]] = []
    for _, shape, dtype in s.argument_shapes:
        kind = NUMPY_DTYPE[dtype]
        if splat_value is not None:
            arrays.append(np.full(shape, splat_value).astype(kind))
        elif dtype[0] == "i":
            arrays.append(generator.integers(-128, 128, shape).astype(kind))
        else:
            arrays.append(generator.standard_normal(shape, np.float32).astype(kind))
    return tuple(arrays)


def reference(s: ConvShape, arguments: Sequence[Tensor], dtype: str) -> tuple[Tensor, Tensor]:
    """The result in a chosen type, unrounded, and the sums of the magnitudes of its products.

    Args:
        s: the signature.
        arguments: its operands.
        dtype: "f64" or another float type to compute in; i8 results are exact in any case.

    Returns:
        Both as f64 tensors, in the result's layout.
    """
    import torch

    # Sums of int8 products below 2^53 are exact in f64; a larger one wraps to i32 as the result does.
    kind = torch.float64 if s.dtype == "i8" else torch_dtype(dtype)
    with torch.no_grad(), warnings.catch_warnings():
        # torch warns that some of its own CPU paths are slow.
        warnings.simplefilter("ignore", UserWarning)
        converted = [a.to(kind) for a in arguments]
        exact = compute(s, converted)
        magnitudes = compute(s, [a.abs() for a in converted])
        if s.dtype == "i8":
            exact = exact.to(torch.int64).to(torch.int32)
    return exact.to(torch.float64), magnitudes.to(torch.float64)
