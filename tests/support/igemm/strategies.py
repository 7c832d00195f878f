"""Random implicit-GEMM convolutions, as the arguments of get_igemm_conv2d, and torch's answer."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.igemm.geometry import LAYOUTS, ConvGeometry
from aie_conv.layout.hostcopy import NUMPY_DTYPE

TYPES = [("bf16", "f32"), ("bf16", "bf16"), ("i8", "i32"), ("i8", "i8")]


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Any sizes, strides, dilations and paddings, equal on both axes or not."""
    hf, wf = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    padding = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(2))
    # An output of at least one pixel; the input alone may be smaller than the window.
    least = (
        max(1, d * (f - 1) + 1 - sum(p))
        for d, f, p in zip(dilation, (hf, wf), padding, strict=True)
    )
    h, w = (low + draw(st.integers(0, 11)) for low in least)
    channels = st.one_of(st.integers(1, 20), st.sampled_from([8, 16, 32, 64]))
    kinds = draw(st.sampled_from(TYPES))
    return dict(
        n=draw(st.integers(1, 2)),
        c=draw(channels),
        h=h,
        w=w,
        hf=hf,
        wf=wf,
        nf=draw(channels),
        stride=stride,
        padding=padding,
        dilation=dilation,
        layout=draw(st.sampled_from(sorted(LAYOUTS))),
        input_dtype=kinds[0],
        output_dtype=kinds[1],
    )


def operands(g: ConvGeometry, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Random input and filter: every int8, or normal deviates."""
    rng = np.random.default_rng(seed)
    shapes = (tuple(sizes.values()) for sizes in (g.input_sizes, g.filter_sizes))
    if g.input_dtype == "i8":
        x, w = (rng.integers(-128, 128, shape, dtype=np.int8) for shape in shapes)
    else:
        kind = NUMPY_DTYPE[g.input_dtype]
        x, w = (rng.standard_normal(shape).astype(kind) for shape in shapes)
    return x, w


def convolved(g: ConvGeometry, x: NDArray[Any], w: NDArray[Any]) -> NDArray[np.float64]:
    """The convolution by torch in float64, in the layout; exact for int8."""
    order, filters = LAYOUTS[g.layout]
    (top, bottom), (left, right) = g.padding
    image = torch.from_numpy(x.astype(np.float64)).permute([order.index(a) for a in "nchw"])
    kernel = torch.from_numpy(w.astype(np.float64)).permute([filters.index(a) for a in "fchw"])
    y = torch.nn.functional.conv2d(
        torch.nn.functional.pad(image, (left, right, top, bottom)),
        kernel,
        stride=g.stride,
        dilation=g.dilation,
    )
    return y.permute(["nchw".index(a) for a in order]).numpy()
