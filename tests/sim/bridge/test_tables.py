"""Functions between bytes behind int8 convolutions, from ONNX, on the simulated NPU."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aie_conv
from tests.support.onnx.functions import FUNCTIONS, convolution_with
from tests.support.onnx.models import Arrays, graph_of, runtime_results
from tests.support.onnx.shared import Block

ROUTES: tuple[dict[str, Any], ...] = (
    {"route": "direct", "direct": "vector"},
    {"route": "direct", "direct": "parametric"},
    {"route": "im2col"},
)


def _check(
    name: str, seed: int, dtype: type[np.integer], device: str, options: dict[str, Any]
) -> None:
    """The convolution and its function are one dispatch; a sum in a thousand may be requantised one step off."""
    model, inputs = convolution_with(name, seed, dtype)
    artifact = aie_conv.compile(model, device=device, **options)
    (convolution,) = [d for d in artifact.report["dispatches"] if d["contraction"]]
    assert convolution["route"] == options["route"]
    assert not convolution["split"]
    result: Any = aie_conv.load(artifact, device="sim")(*inputs.values())
    (wanted,) = runtime_results(model, inputs)
    assert (np.asarray(result) != wanted).mean() <= 0.002


@pytest.mark.parametrize("name", ["silu", "gelu", "hardswish"])
def test_a_function_goes_with_its_convolution(name: str) -> None:
    _check(name, 0, np.uint8, "npu1_4col", ROUTES[0])


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_convolutions_of_other_tables_are_one_call(device: str) -> None:
    block = Block(4, np.int8)
    value, count = block.quantised("x"), 3
    for _ in range(count):
        value = block.quantised(block.conv(value, block.scale_of(value), (32, 32), 3))
        value = block.quantised(FUNCTIONS["silu"](block, value))
    # What follows may be in the call too.
    value = block.quantised(block.conv(value, block.scale_of(value), (32, 32), 1))
    rng = np.random.default_rng(0)
    inputs: Arrays = {"x": rng.standard_normal((1, 32, 16, 16)).astype(np.float32)}
    model = graph_of(block.nodes, inputs, block.constants, [value])
    options: dict[str, Any] = {**ROUTES[1], "regions": "large"}
    artifact = aie_conv.compile(model, device=device, **options)
    convolutions = [d for d in artifact.report["dispatches"] if d["contraction"]]
    assert not any(d["split"] for d in convolutions)
    first, *_ = artifact.report["regions"]
    assert first["dispatches"][:count] == [d["name"] for d in convolutions[:count]]
    result: Any = aie_conv.load(artifact, device="sim")(*inputs.values())
    (wanted,) = runtime_results(model, inputs)
    assert (np.asarray(result) != wanted).mean() <= 0.01


ANY = given(
    st.sampled_from(sorted(FUNCTIONS)),
    st.integers(0, 2**16),
    st.sampled_from([np.uint8, np.int8]),
    st.sampled_from(["npu1_4col", "npu4"]),
    st.sampled_from(ROUTES),
)
"""A function, a seed, a type, a device, and a kind of program."""


@settings(max_examples=3)
@ANY
def test_functions_in_every_program(
    name: str, seed: int, dtype: type[np.integer], device: str, options: dict[str, Any]
) -> None:
    _check(name, seed, dtype, device, options)


@pytest.mark.slow
@settings(max_examples=100)
@ANY
def test_many_functions_in_every_program(
    name: str, seed: int, dtype: type[np.integer], device: str, options: dict[str, Any]
) -> None:
    _check(name, seed, dtype, device, options)
