"""Means of dequantised bytes: the bytes are added as integers, and their sum is scaled once."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

import aie_conv
from aie_conv.artifact import Artifact
from tests.support.onnx.models import Arrays, graph_of

SCALE, TARGET, ZERO, SHIFT = np.float32(0.0371), np.float32(0.0213), 5, -7
SPREAD = np.linspace(0.01, 0.09, 24, dtype=np.float32)
"""Scales of channels."""


def _mean(
    x: np.ndarray, op: str, scale: np.ndarray, zero: np.ndarray, **attributes: Any
) -> onnx.ModelProto:
    """A mean of a dequantised image, quantised with another scale."""
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "s", "z"], ["r"], axis=1),
        helper.make_node(op, ["r"], ["m"], **attributes),
        helper.make_node("QuantizeLinear", ["m", "t", "u"], ["y"]),
    ]
    constants: Arrays = {
        "s": scale, "z": zero, "t": np.asarray(TARGET), "u": np.asarray(np.int8(SHIFT)),
    }  # fmt: skip
    return graph_of(nodes, {"x": x}, constants, ["y"])


def _image(dtype: Any, *shape: int) -> np.ndarray:
    limits = np.iinfo(dtype)
    return np.random.default_rng(3).integers(limits.min, limits.max + 1, shape).astype(dtype)


def _compile(model: onnx.ModelProto) -> Artifact:
    return aie_conv.compile(model, device="npu4", plan_cache=False, route="cpu")


def _sums(artifact: Artifact) -> list[str]:
    """The type of the sums of each reduction."""
    problems = (entry["problem"] for entry in artifact.report["dispatches"])
    return [p["dtypes"][1] for p in problems if p["kind"] in ("reduction", "window")]


def _run(artifact: Artifact, x: np.ndarray) -> np.ndarray:
    program = aie_conv.load(artifact, device="null")
    (result,) = program[program.functions[0]].invoke([x])
    return np.asarray(result)


def _quantised(sums: np.ndarray, scale: Any, count: Any) -> np.ndarray:
    """What integer sums of differences give: each step behind them rounds as f32 does."""
    real = sums.astype(np.float32) * np.float32(scale)
    steps = np.rint(real / np.float32(count) / TARGET) + np.float32(SHIFT)
    return np.clip(steps, -128, 127).astype(np.int8)


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_the_mean_of_an_image_adds_integers(dtype: Any, keep: int) -> None:
    x = _image(dtype, 1, 96, 7, 7)
    model = _mean(
        x, "ReduceMean", np.asarray(SCALE), np.asarray(dtype(ZERO)), axes=[2, 3], keepdims=keep
    )
    artifact = _compile(model)
    if dtype == np.int8:
        assert _sums(artifact) == ["i32"]
    want = _quantised((x.astype(np.int64) - ZERO).sum(axis=(2, 3)), SCALE, 49)
    np.testing.assert_array_equal(_run(artifact, x).reshape(1, 96), want)


def test_the_pool_of_an_image_adds_integers() -> None:
    x = _image(np.int8, 2, 96, 7, 9)
    artifact = _compile(_mean(x, "GlobalAveragePool", np.asarray(SCALE), np.asarray(np.int8(ZERO))))
    assert _sums(artifact) == ["i32"]
    want = _quantised((x.astype(np.int64) - ZERO).sum(axis=(2, 3)), SCALE, 63)
    np.testing.assert_array_equal(_run(artifact, x)[:, :, 0, 0], want)


def test_a_padded_window_adds_integers_and_zero_points() -> None:
    x = _image(np.int8, 1, 32, 9, 9)
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    model = _mean(
        x,
        "AveragePool",
        np.asarray(SCALE),
        np.asarray(np.int8(ZERO)),
        count_include_pad=1,
        **window,
    )
    artifact = _compile(model)
    assert _sums(artifact) == ["i32"]
    padded = np.pad(x.astype(np.int64) - ZERO, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2]
    np.testing.assert_array_equal(_run(artifact, x), _quantised(windows.sum((4, 5)), SCALE, 9))


def test_scales_of_channels_that_stay() -> None:
    x = _image(np.int8, 1, 24, 5, 7)
    zero = np.full(24, ZERO, np.int8)
    artifact = _compile(_mean(x, "ReduceMean", SPREAD, zero, axes=[2, 3], keepdims=0))
    assert _sums(artifact) == ["i32"]
    want = _quantised((x.astype(np.int64) - ZERO).sum(axis=(2, 3)), SPREAD, 35)
    np.testing.assert_array_equal(_run(artifact, x), want)


def test_scales_of_channels_that_are_added_up_stay_in_the_sum() -> None:
    x = _image(np.int8, 1, 24, 5, 7)
    zero = np.full(24, ZERO, np.int8)
    artifact = _compile(_mean(x, "ReduceMean", SPREAD, zero, axes=[1], keepdims=0))
    assert _sums(artifact) != ["i32"]
    real = ((x.astype(np.float64) - ZERO) * SPREAD[:, None, None].astype(np.float64)).mean(axis=1)
    steps = real / np.float64(TARGET) + SHIFT
    assert np.abs(_run(artifact, x) - np.clip(steps, -128, 127)).max() <= 0.5 + 1e-3
