"""The product functions run: added to what C holds, or written to it, exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.codegen.window import Window, WindowKernel
from aie_conv.mapping.interface import Kernel
from tests.support.codegen.run import run_function

PRODUCTS = [(d, t) for d in ("npu1_4col", "npu4") for t in ("i8", "i16", "bf16")]
DTYPES = {"i8": np.int8, "i16": np.int16, "bf16": ml_dtypes.bfloat16}


@dataclass
class Case:
    """A kernel, its operands as matrices laid out for it, and the product of chunk ``chunk``."""

    kernel: Kernel
    a: np.ndarray
    b: np.ndarray
    product: np.ndarray
    chunk: int


def numbers(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Small integers: sums of their products are exact in every type, in any order."""
    return rng.integers(-9, 10, shape).astype(DTYPES[dtype])


def matmul(data: st.DataObject, device: str, dtype: str) -> Case:
    arch = get_device(device).arch
    r, s, t = arch.matmul[dtype]
    m, n, k = (data.draw(st.integers(1, most)) for most in (9, 6, 9))
    chunk = data.draw(st.integers(0, 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a, b = numbers(rng, dtype, (m * r, k * s)), numbers(rng, dtype, (2, n * t, k * s))
    kernel = MatmulKernel(arch, dtype, m * r, n * t, k * s, a.size, b.size)
    lies_a = a.reshape(m, r, k, s).transpose(2, 0, 1, 3)
    lies_b = b.reshape(2, n, t, k, s).transpose(0, 1, 3, 4, 2)
    out = a.astype(np.float64) @ b[chunk].astype(np.float64).T
    out = out.reshape(m, r, n, t).transpose(0, 2, 1, 3)
    return Case(kernel, lies_a, lies_b, out, chunk)


def window(data: st.DataObject, device: str, dtype: str) -> Case:
    arch = get_device(device).arch
    r, s, t = arch.matmul[dtype]
    height, width, n, k = (data.draw(st.integers(1, most)) for most in (4, 7, 4, 3))
    taps = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    step, dilation = (tuple(data.draw(st.integers(1, 2)) for _ in range(2)) for _ in range(2))
    chunk = data.draw(st.integers(0, 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    rows, columns = (
        (size - 1) * stride + (count - 1) * far + 1
        for size, count, stride, far in zip((height, width), taps, step, dilation, strict=True)
    )
    a = numbers(rng, dtype, (rows, columns, k, r, s))
    b = numbers(rng, dtype, (2, n, k, *taps, s, t))
    lies = Window(rows, columns, taps, step, dilation)
    kernel = WindowKernel(arch, dtype, height, width, n * t, k * s, lies, a.size, b.size)
    out = np.zeros((height, width, n, r, t))
    wide_a, wide_b = a.astype(np.float64), b[chunk].astype(np.float64)
    for y in range(taps[0]):
        for x in range(taps[1]):
            top, left = y * dilation[0], x * dilation[1]
            seen = wide_a[top :: step[0], left :: step[1]][:height, :width]
            out += np.einsum("hwkrs,nkst->hwnrt", seen, wide_b[:, :, y, x])
    return Case(kernel, a, b, out, chunk)


@pytest.mark.parametrize("make", [matmul, window])
@given(data=st.data())
def test_products_are_added_or_written(make: Callable[..., Case], data: st.DataObject) -> None:
    device, dtype = data.draw(st.sampled_from(PRODUCTS))
    case = make(data, device, dtype)
    fresh = data.draw(st.booleans())
    before = np.random.default_rng(1).integers(-99, 100, case.product.shape)
    c = before.astype(np.float32 if dtype == "bf16" else np.int32)
    text = case.kernel.declarations() + case.kernel.text("kernel", fresh=fresh)
    # Every address is known before: the counters that loops carry are followed.
    assert not run_function(device, text, [case.a, case.b, c], case.chunk)
    wanted = case.product if fresh else before + case.product
    np.testing.assert_array_equal(c.astype(np.float64), wanted)
