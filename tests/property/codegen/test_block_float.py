"""Products of bfp16: what the cores compute from bf16 and converted weights, to the bit and within the bound."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.arch import get_device
from aie_conv.codegen.block_float import BlockFloatUnit
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.codegen.window import Window, WindowKernel
from aie_conv.errors import VerifyError
from aie_conv.ir.printer import print_op
from aie_conv.layout.block_float import Rounding, from_blocks, stored_bytes, to_blocks, units
from aie_conv.problem import BLOCK
from tests.support.codegen.run import run_function

DEVICE = "npu4"
ARCH = get_device(DEVICE).arch
BF16 = ml_dtypes.bfloat16
SIDE = 8


def values(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Numbers of many magnitudes."""
    scale = np.exp2(rng.integers(-6, 7, shape))
    return (rng.standard_normal(shape) * scale).astype(BF16)


def packed(chunks: NDArray[Any]) -> NDArray[np.int8]:
    """Chunks of weights, [chunks][blocks][8][8], as the host stores them."""
    mantissas, exponents = to_blocks(chunks)
    flat = mantissas.reshape(len(chunks), -1)
    made = np.zeros((len(chunks), stored_bytes(flat.shape[1])), np.int8)
    made[:, : flat.shape[1]] = flat
    made[:, flat.shape[1] : flat.shape[1] * 9 // 8] = exponents.reshape(len(chunks), -1).view(
        np.int8
    )
    return made


def converted(x: NDArray[Any], rounding: Rounding) -> NDArray[np.float64]:
    return from_blocks(*to_blocks(x, rounding))


def off_by(x: NDArray[Any]) -> NDArray[np.float64]:
    """What each element may be off by: a unit of its block."""
    return np.repeat(np.ldexp(1.0, units(to_blocks(x)[1])), BLOCK, axis=-1)


def within(out: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> None:
    """[m][n] is [m][k] times [n][k] up to a unit of each element's block and the rounding of its sums."""
    wide_a, wide_b, u, v = a.astype(float), b.astype(float), off_by(a), off_by(b)
    bound = np.abs(wide_a) @ v.T + u @ np.abs(wide_b).T + u @ v.T
    sums = (np.abs(wide_a) + u) @ (np.abs(wide_b) + v).T
    error = np.abs(out - wide_a @ wide_b.T)
    assert (error <= bound + sums * a.shape[1] * 2.0**-24).all()


@settings(max_examples=10)
@given(data=st.data())
def test_a_matrix_product(data: st.DataObject) -> None:
    m, n, k = (data.draw(st.integers(1, most)) for most in (9, 6, 9))
    chunk, fresh = data.draw(st.integers(0, 1)), data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a, b = values(rng, (m * SIDE, k * SIDE)), values(rng, (2, n * SIDE, k * SIDE))
    lies_a = a.reshape(m, SIDE, k, SIDE).transpose(2, 0, 1, 3)
    lies_b = packed(b.reshape(2, n, SIDE, k, SIDE).transpose(0, 1, 3, 2, 4))
    kernel = MatmulKernel(ARCH, "bfp16", m * SIDE, n * SIDE, k * SIDE, a.size, lies_b.size // 2)
    before = rng.integers(-9, 10, (m, n, SIDE, SIDE)).astype(np.float32)
    c = before.copy()
    text = kernel.declarations() + kernel.text("kernel", fresh=fresh)
    assert not run_function(DEVICE, text, [lies_a.copy(), lies_b, c], chunk)
    out = (c if fresh else c.astype(float) - before).transpose(0, 2, 1, 3).reshape(m * SIDE, -1)
    exact = converted(a, "down") @ converted(b[chunk], "nearest").T
    sums = np.abs(converted(a, "down")) @ np.abs(converted(b[chunk], "nearest")).T + 9
    assert (np.abs(out - exact) <= 2 * k * 2.0**-24 * sums).all()
    if fresh:
        within(out, a, b[chunk])


@settings(max_examples=10)
@given(data=st.data())
def test_a_window(data: st.DataObject) -> None:
    height, width, n, k = (data.draw(st.integers(1, most)) for most in (4, 7, 4, 3))
    taps = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    step, dilation = (tuple(data.draw(st.integers(1, 2)) for _ in range(2)) for _ in range(2))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    rows, columns = (
        (size - 1) * stride + (count - 1) * far + 1
        for size, count, stride, far in zip((height, width), taps, step, dilation, strict=True)
    )
    a, b = values(rng, (rows, columns, k, SIDE, SIDE)), values(rng, (2, n, k, *taps, SIDE, SIDE))
    lies_b = packed(b.reshape(2, -1, SIDE, SIDE))
    lies = Window(rows, columns, taps, step, dilation)
    sizes = height, width, n * SIDE, k * SIDE
    kernel = WindowKernel(ARCH, "bfp16", *sizes, lies, a.size, lies_b.size // 2)
    c = np.zeros((height, width, n, SIDE, SIDE), np.float32)
    text = kernel.declarations() + kernel.text("kernel", fresh=True)
    assert not run_function(DEVICE, text, [a, lies_b, c], 1)
    wide_a, wide_b = converted(a, "down"), converted(b[1], "nearest")
    exact, sums = np.zeros(c.shape), np.zeros(c.shape)
    for y in range(taps[0]):
        for x in range(taps[1]):
            top, left = y * dilation[0], x * dilation[1]
            seen = wide_a[top :: step[0], left :: step[1]][:height, :width]
            weights = wide_b[:, :, y, x]
            exact += np.einsum("hwkrs,nkts->hwnrt", seen, weights)
            sums += np.einsum("hwkrs,nkts->hwnrt", np.abs(seen), np.abs(weights))
    assert (np.abs(c - exact) <= 2 * k * taps[0] * taps[1] * 2.0**-24 * sums).all()


def conversion(register: int | None) -> str:
    """A function that converts 64 values as the rounding register says; None does not set it."""
    sets = ""
    head = "".join(print_op(op, 2) for op in BlockFloatUnit(ARCH, "bfp16").declared())
    if register is not None:
        head += "func.func private @llvm.aie2p.set.ctrl.reg(i32, i32)\n"
        sets = f"""
          %one = arith.constant 1 : i32
          %mode = arith.constant {register} : i32
          func.call @llvm.aie2p.set.ctrl.reg(%one, %mode) : (i32, i32) -> ()"""
    return f"""{head}
        func.func private @kernel(%x: memref<64xf32>, %m: memref<64xi8>, %e: memref<8xi8>) {{{sets}
          %zero = arith.constant 0 : index
          %v = vector.load %x[%zero] {{alignment = 32 : i64}} : memref<64xf32>, vector<64xf32>
          %y:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%v) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
          vector.store %y#0, %m[%zero] {{alignment = 32 : i64}} : memref<64xi8>, vector<64xi8>
          vector.store %y#1, %e[%zero] {{alignment = 8 : i64}} : memref<8xi8>, vector<8xi8>
          return
        }}
"""


@pytest.mark.parametrize(("register", "rounding"), [(None, "down"), (0, "down"), (12, "nearest")])
@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=64, max_size=64))
def test_the_conversion_rounds_as_the_register_says(
    register: int | None, rounding: Rounding, bits: list[int]
) -> None:
    x = np.array(bits, np.uint32).view(np.float32)
    mantissas, exponents = np.zeros(64, np.int8), np.zeros(8, np.int8)
    run_function(DEVICE, conversion(register), [x, mantissas, exponents])
    want = to_blocks(x, rounding)
    np.testing.assert_array_equal(exponents.view(np.uint8), want[1])
    # What lies beside an infinity or a NaN says nothing.
    kept = np.repeat(want[1] < 255, BLOCK)
    np.testing.assert_array_equal(mantissas[kept], want[0][kept])


def test_other_roundings_are_refused() -> None:
    arrays = [np.zeros(64, np.float32), np.zeros(64, np.int8), np.zeros(8, np.int8)]
    with pytest.raises(VerifyError, match=r"crRnd 9: simulated are 0 \(downwards\) and 12"):
        run_function(DEVICE, conversion(9), arrays)


@pytest.mark.parametrize("device", ["npu1_4col"])
def test_another_architecture_has_none(device: str) -> None:
    arrays = [np.zeros(64, np.float32), np.zeros(64, np.int8), np.zeros(8, np.int8)]
    with pytest.raises(VerifyError, match="is not an intrinsic of aie2"):
        run_function(device, conversion(None), arrays)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("left", [True, False])
def test_a_block_without_numbers_makes_nans(value: float, left: bool) -> None:
    a, b = np.ones((16, 16), BF16), np.ones((1, 16, 16), BF16)
    (a if left else b[0])[3, 9] = value
    lies_a = a.reshape(2, 8, 2, 8).transpose(2, 0, 1, 3)
    lies_b = packed(b.reshape(1, 2, 8, 2, 8).transpose(0, 1, 3, 2, 4))
    kernel = MatmulKernel(ARCH, "bfp16", 16, 16, 16, a.size, lies_b.size // 2)
    c = np.zeros((2, 2, 8, 8), np.float32)
    run_function(DEVICE, kernel.declarations() + kernel.text("kernel", fresh=True),
                 [lies_a.copy(), lies_b, c], 0)  # fmt: skip
    out = c.transpose(0, 2, 1, 3).reshape(16, 16)
    where = np.zeros((16, 16), bool)
    where[(3, slice(None)) if left else (slice(None), 3)] = True
    np.testing.assert_array_equal(np.isnan(out), where)
    np.testing.assert_array_equal(out[~where], np.float32(16))
