"""Published products of bf16 by bfp16: one operand is converted in the core, the other comes so."""

from dataclasses import replace

import pytest

from aie_conv.arch.machine import current
from aie_conv.calibration.predict import predict_row
from aie_conv.calibration.rows import Measurement

ROW = Measurement(
    "a paper (xchesscc)", "Strix HX 370", "bf16 x bfp16->bf16", "kernel", 64, 64, 64, 1, "64x64x64", 1.0,
    "MAC/cycle/core", "", "",
)  # fmt: skip


def rate(row: Measurement) -> float:
    value = predict_row(row, current()).value
    assert value is not None
    return value


@pytest.mark.parametrize(
    "dtype", ["bf16 x bfp16->bf16", "bf16xbfp16 -> bf16", "bf16 * bfp16->bf16"]
)
def test_one_conversion_lies_between_none_and_two(dtype: str) -> None:
    mixed = rate(replace(ROW, dtype=dtype))
    both, none = (rate(replace(ROW, dtype=each)) for each in ("bf16->bf16", "bfp16->bfp16"))
    assert both < 0.8 * mixed
    assert mixed < 0.9 * none


def test_a_tile_of_it_is_smaller_and_moves_less() -> None:
    array = replace(
        ROW, kind="array", m=4096, n=2048, k=4096, cores=32, tile="160x64x96", unit="TFLOPS"
    )
    assert rate(array) > rate(replace(array, dtype="bf16->bf16"))
    # In a core's 64 KB beside 34560 bytes of C, with B in a byte each or in two.
    tight = replace(array, tile="144x64x120")
    assert rate(tight) > 0
    assert "is not a core's" in predict_row(replace(tight, dtype="bf16->bf16"), current()).reason
