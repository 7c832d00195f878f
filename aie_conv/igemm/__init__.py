"""Convolutions as implicit GEMMs whose blocks the user chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aie_conv.igemm.kernel import IgemmKernel

__all__ = ["IgemmKernel", "get_igemm_conv2d"]

Axes = int | Sequence[int]
Borders = int | Sequence[int] | Sequence[Sequence[int]]


def get_igemm_conv2d(
    n: int,
    c: int,
    h: int,
    w: int,
    hf: int,
    wf: int,
    nf: int,
    stride: Axes = 1,
    padding: Borders = 0,
    dilation: Axes = 1,
    layout: str = "nchw_fchw",
    input_dtype: Any = "bf16",
    output_dtype: Any = None,
    block_m: int | None = None,
    block_n: int | None = None,
    block_k: int | None = None,
    *,
    tile: tuple[int, int] | None = None,
    resident: bool | None = None,
    f32: str = "cpu",
    device: str = "npu1_4col",
    run_on: str | None = None,
) -> tuple[IgemmKernel, dict[str, int]]:
    """Plan a 2-D convolution as an implicit GEMM of M = n·h_out·w_out by K = hf·wf·c by nf.

    Args:
        n, c, h, w: the input's batch, channels, height and width.
        hf, wf, nf: the filter's height and width, and the number of filters.
        stride, dilation: a number, or (vertical, horizontal).
        padding: the same, or ((top, bottom), (left, right)).
        layout: "nchw_fchw", "nhwc_hwcf" or "nhwc_fhwc"; "nchw" and "nhwc" for the first two.
        input_dtype: "bf16", "i8", or "f32" with ``f32="bf16"``; numpy's and torch's types do as well.
        output_dtype: "f32" or "bf16" of bf16; "i32", or "i8" (saturated) of i8; None for the first.
        block_m: output pixels that a core computes at a time.
        block_n: filters that it computes at a time.
        block_k: elements of the sums that it is brought at a time; a part of a contiguous run of K.
        tile: rows and columns of the output pixels that make block_m.
        resident: whether a core keeps its filters while it walks the pixels.
        f32: "bf16" to let products of bf16 stand for those of f32.
        device: "npu1_1col" … "npu1_4col" or "npu4".
        run_on: "sim", "xrt" or "null"; None for xrt where an NPU is found, else sim.

    None for a block is the planner's choice; what is given is used as it is, or refused.

    Returns:
        The kernel, called as ``kernel(input, filter)`` or ``kernel(input, filter, out)``, with ``.ir`` (the
        AIE module that runs), ``.maps`` (where the GEMM's elements lie) and ``.plan``; and its symbols by
        name: N, C, H, W, HF, WF, NF, H_OUT, W_OUT, M, K, BLOCK_M, BLOCK_N, BLOCK_K, ….

    Raises:
        UsageError: a size, layout or type that there is none of.
        Unsupported: the device has no instructions for it.
        ConfigRefused: the blocks do not fit the device; the message and ``limit`` name the limit.

    Example:
        >>> kernel, symbols = aie_conv.get_igemm_conv2d(1, 16, 12, 20, 3, 3, 32, padding=1, block_k=16)
        >>> y = kernel(x, filter)
    """
    from aie_conv.arch import get_device
    from aie_conv.igemm.blocks import Blocks
    from aie_conv.igemm.geometry import make_geometry

    sizes = dict(n=n, c=c, h=h, w=w, hf=hf, wf=wf, nf=nf)
    geometry = make_geometry(
        sizes, stride, padding, dilation, layout, input_dtype, output_dtype, f32
    )
    blocks = Blocks(block_m, block_n, block_k, tile, resident)
    arithmetic = "bf16" if geometry.input_dtype == "f32" else "native"
    kernel = IgemmKernel(geometry, blocks, get_device(device), arithmetic, run_on)
    return kernel, kernel.symbols()
