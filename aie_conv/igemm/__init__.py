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
    """See :func:`aie_conv.get_igemm_conv2d`."""
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
