"""TFLite's form: tosa.conv2d with zero points and tosa.rescale, beside TOSA's own arithmetic in 64 bits."""

from typing import Any

import numpy as np
import pytest

import aie_conv

C, OC, SIZE = 8, 16, 6
RNG = np.random.default_rng(7)
X = RNG.integers(-128, 128, (1, SIZE, SIZE, C)).astype(np.int8)
# Small sums and shifts near 31, for which the two roundings differ often.
W = RNG.integers(-2, 3, (OC, 3, 3, C)).astype(np.int8)
B = RNG.integers(-90, 90, OC).astype(np.int32)
MULTIPLIERS = RNG.integers(2**30, 2**31 - 1, OC)
SHIFTS = RNG.integers(32, 35, OC)
X_ZERO, Y_ZERO = -3, 5

WEIGHTS = f"tensor<{OC}x3x3x{C}xi8>"
TEXT = f"""
func.func @main(%x: tensor<1x{SIZE}x{SIZE}x{C}xi8>PARAMETERS) -> tensor<1x{SIZE}x{SIZE}x{OC}xi8> {{
  CONSTANTS
  %xz = "tosa.const"() <{{values = dense<{X_ZERO}> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %wz = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %c = "tosa.conv2d"(%x, %w, %b, %xz, %wz) <{{acc_type = i32, dilation = array<i64: 1, 1>,
    pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>}}>
    : (tensor<1x{SIZE}x{SIZE}x{C}xi8>, {WEIGHTS}, tensor<{OC}xi32>, tensor<1xi8>, tensor<1xi8>)
    -> tensor<1x{SIZE}x{SIZE}x{OC}xi32>
  %m = "tosa.const"() <{{values = dense<{MULTIPLIERS.tolist()}> : tensor<{OC}xi32>}}> : () -> tensor<{OC}xi32>
  %s = "tosa.const"() <{{values = dense<{SHIFTS.tolist()}> : tensor<{OC}xi8>}}> : () -> tensor<{OC}xi8>
  %iz = "tosa.const"() <{{values = dense<0> : tensor<1xi32>}}> : () -> tensor<1xi32>
  %oz = "tosa.const"() <{{values = dense<{Y_ZERO}> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %y = "tosa.rescale"(%c, %m, %s, %iz, %oz) <{{scale32 = true, rounding_mode = #tosa.rounding_mode<MODE>,
    per_channel = true, input_unsigned = false, output_unsigned = false}}>
    : (tensor<1x{SIZE}x{SIZE}x{OC}xi32>, tensor<{OC}xi32>, tensor<{OC}xi8>, tensor<1xi32>, tensor<1xi8>)
    -> tensor<1x{SIZE}x{SIZE}x{OC}xi8>
  return %y : tensor<1x{SIZE}x{SIZE}x{OC}xi8>
}}
"""


def _reference(mode: str) -> np.ndarray:
    """TOSA's apply_scale_32 of the sums."""
    padded = np.pad(X.astype(np.int64) - X_ZERO, ((0, 0), (1, 1), (1, 1), (0, 0)))
    sums = np.zeros((1, SIZE, SIZE, OC), np.int64) + B
    for i in range(3):
        for j in range(3):
            sums += padded[:, i : i + SIZE, j : j + SIZE] @ W[:, i, j].astype(np.int64).T
    half = np.broadcast_to(np.int64(1) << (SHIFTS - 1), sums.shape)
    if mode == "DOUBLE_ROUND":
        half = np.where(SHIFTS > 31, half + np.where(sums >= 0, 1 << 30, -(1 << 30)), half)
    return np.clip(((sums * MULTIPLIERS + half) >> SHIFTS) + Y_ZERO, -128, 127).astype(np.int8)


def test_the_roundings_differ() -> None:
    assert (_reference("SINGLE_ROUND") != _reference("DOUBLE_ROUND")).sum() > 20


@pytest.mark.parametrize("constant", [True, False], ids=["constants", "arguments"])
@pytest.mark.parametrize("mode", ["SINGLE_ROUND", "DOUBLE_ROUND"])
def test_each_rounding_is_exact(mode: str, constant: bool) -> None:
    constants = "\n  ".join(
        f'%{name} = "tosa.const"() <{{values = dense<{value.tolist()}> : {kind}}}> : () -> {kind}'
        for name, value, kind in (("w", W, WEIGHTS), ("b", B, f"tensor<{OC}xi32>"))
    )
    parameters = "" if constant else f", %w: {WEIGHTS}, %b: tensor<{OC}xi32>"
    text = TEXT.replace("MODE", mode).replace("PARAMETERS", parameters)
    text = text.replace("CONSTANTS", constants if constant else "")
    artifact = aie_conv.compile(text, device="npu1_4col", route="direct", plan_cache=False)
    (entry,) = [e for e in artifact.report["dispatches"] if "_i8xi8xi32" in e["name"]]
    assert entry["route"] == "direct"
    assert not constant or "requantised in integers, equal for every sum" in entry["reason"]
    y: Any = aie_conv.load(artifact, device="sim")(X, *(() if constant else (W, B)))
    np.testing.assert_array_equal(np.asarray(y), _reference(mode))
