"""One convolution of arrays, as torch.nn.functional.conv2d computes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.layouts import check_layout, default_layout
from aie_conv.frontends.miopen.signature import ConvSignature

if TYPE_CHECKING:
    from aie_conv.options import Options
    from aie_conv.runtime.program import Program

PROGRAMS_KEPT = 64
"""Loaded programs that are kept, least recently used first to go."""


@lru_cache(maxsize=PROGRAMS_KEPT)
def _program(s: ConvSignature, options: Options, device: str) -> Program:
    from aie_conv.frontends.miopen.levels import compile_best
    from aie_conv.runtime.program import load_program

    artifact = compile_best(s, options)
    return load_program(artifact, "null" if device == "cpu" else device)


def _padding(padding: Any, rank: int, kernel: Sequence[int], stride: Any, dilation: Any) -> Any:
    """torch's words for a padding, as numbers."""
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return 0
    if padding != "same":
        raise UsageError(f"conv: padding '{padding}': use numbers, 'valid' or 'same'")
    if stride not in (1, (1,) * rank, [1] * rank):
        raise UsageError("conv: padding 'same' needs stride 1")
    steps = (dilation,) * rank if isinstance(dilation, int) else tuple(dilation)
    reach = [d * (k - 1) for d, k in zip(steps, kernel, strict=True)]
    if any(r % 2 for r in reach):
        raise UsageError(
            "conv: padding 'same' is uneven for this filter: pad the input, use 'valid'"
        )
    return tuple(r // 2 for r in reach)


def conv(
    x: Any,
    w: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    transposed: bool = False,
    output_padding: int | Sequence[int] = 0,
    layout: str | None = None,
    input_layout: str | None = None,
    kernel_layout: str | None = None,
    output_layout: str | None = None,
    device: str | None = None,
    npu: str = "npu1_4col",
    route: str = "auto",
    f32: str = "cpu",
    direct: str = "auto",
) -> Any:
    """Run one convolution, as ``torch.nn.functional.conv1d`` to ``conv3d`` compute it.

    The first call with given shapes and options compiles; later ones run what it compiled.

    Args:
        x: numpy array or torch tensor of 3 to 5 dims, f32, bf16, f16 or int8.
        w: the filter, of the same type: (out, in / groups, ...), transposed (in, out / groups, ...).
        bias: (out,), in the result's type; None for none.
        stride, dilation, output_padding: a number, or one for each spatial dim.
        padding: the same, or "valid" or "same" (stride 1).
        groups: number of groups.
        transposed: a transposed convolution.
        layout: of all three tensors, e.g. "NHWC"; default "NCHW" and its kin.
        input_layout, kernel_layout, output_layout: of one of them.
        device: "sim", "xrt" or "cpu"; None for xrt where an NPU is found, else sim.
        npu, route, f32, direct: as in :func:`aie_conv.compile`.

    Returns:
        The result, as x is a numpy array or torch tensor: x's type, i32 for int8.

    Raises:
        UsageError: shapes, types or options that no convolution has.
        DeviceError: the device cannot run it.

    Example:
        >>> y = aie_conv.conv(x, w, bias, stride=2, padding=1, layout="NHWC", device="sim")
    """
    import numpy as np

    from aie_conv.options import Options
    from aie_conv.runtime.devices import default_device
    from aie_conv.runtime.program import as_array

    arrays = [as_array(a) for a in (x, w) if a is not None]
    if len({a.dtype for a in arrays}) > 1:
        raise UsageError(
            f"conv: input is {arrays[0].dtype}, filter {arrays[1].dtype}: use one type"
        )
    rank = arrays[0].ndim - 2
    if rank not in (1, 2, 3):
        raise UsageError(
            f"conv: an input of {arrays[0].ndim} dims: give batch, channels and 1 to 3 more"
        )
    kernel_layout = check_layout(
        kernel_layout or layout or default_layout(rank), rank, "kernel_layout"
    )
    kernel = dict(zip(kernel_layout, arrays[1].shape, strict=False))
    taps = [kernel[letter] for letter in default_layout(rank)[2:]]
    s = ConvSignature(
        input_shape=arrays[0].shape,
        kernel_shape=arrays[1].shape,
        dtype=str(arrays[0].dtype),
        shared_layout=layout,
        input_layout=input_layout or "",
        kernel_layout=kernel_layout,
        output_layout=output_layout or "",
        bias=bias is not None,
        stride=stride,
        padding=_padding(padding, rank, taps, stride, dilation),
        dilation=dilation,
        output_padding=output_padding,
        groups=groups,
        transposed=transposed,
    )
    device = device or default_device()
    where = "cpu" if device == "cpu" else route
    options = Options(device=npu, route=where, f32=f32, direct=direct)
    operands = [*arrays, *([as_array(bias)] if bias is not None else [])]
    result = np.asarray(_program(s, options, device)[s.name](*operands))
    return _like(x, result)


def _like(x: Any, result: Any) -> Any:
    """The result as a torch tensor where the input is one."""
    from aie_conv.runtime.tensors import as_tensor, is_tensor

    return as_tensor(result) if is_tensor(x) else result
