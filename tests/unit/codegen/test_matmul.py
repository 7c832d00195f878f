"""Register blocking and text of the matrix product."""

import pytest

from aie_conv.arch import device_names, get_device
from aie_conv.codegen.matmul import MatmulKernel


def kernel(device: str, dtype: str, m: int, n: int, kc: int) -> MatmulKernel:
    return MatmulKernel(get_device(device).arch, dtype, m, n, kc, m * kc, n * kc)


@pytest.mark.parametrize(("dtype", "least"), [("i8", 2), ("bf16", 4)])
def test_enough_accumulators_are_live(dtype: str, least: int) -> None:
    """AIE2 issues one MAC a cycle with 2 (int8) or 4 (bf16) independent accumulators."""
    rows, cols = kernel("npu1_4col", dtype, 64, 64, 64).blocking
    assert least <= rows * cols <= 8


@pytest.mark.parametrize("dtype", ["i8", "bf16"])
@pytest.mark.parametrize("device", device_names())
def test_blocking_divides_the_tile(device: str, dtype: str) -> None:
    made = kernel(device, dtype, 56, 24, 16)
    r, _, t = made.rst
    rows, cols = made.blocking
    assert 56 // r % rows == 0
    assert 24 // t % cols == 0


def test_cycles_are_near_the_instructions_issued() -> None:
    made = kernel("npu1_4col", "i8", 64, 64, 128)
    ideal = 64 * 64 * 128 // 256
    assert ideal <= made.cycles() <= 2 * ideal


def test_int8_is_signed_on_every_tool_version() -> None:
    text = kernel("npu1_4col", "i8", 8, 8, 8).text("multiply")
    assert "arith.constant 776 : i32" in text
    assert "aievec.matmul" not in text
