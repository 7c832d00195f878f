"""onnxruntime's operators between bytes: its results, with scales and zero points that make ties on purpose."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

import aie_conv
from tests.support.onnx.models import Arrays, graph_of, runtime_results

pytest.importorskip("onnxruntime")

FEW = 0.001
"""The share of elements that may be one step off, where a sum's order is not fixed."""

SCALES = st.one_of(st.sampled_from((0.02, 0.025, 0.03, 0.05, 0.06, 0.1)), st.floats(0.005, 0.1))


def _bytes(dtype: Any, shape: Sequence[int], seed: int) -> np.ndarray:
    limits = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(limits.min, limits.max + 1, shape).astype(dtype)


def _differing(model: onnx.ModelProto, inputs: Arrays, **options: Any) -> tuple[int, int]:
    """Elements that differ from onnxruntime's, none by more than a step, and all elements."""
    options = options or {"route": "cpu"}
    program = aie_conv.load(aie_conv.compile(model, plan_cache=False, **options), device="sim")
    (result,) = program[program.functions[0]].invoke(list(inputs.values()))
    (want,) = runtime_results(model, inputs)
    assert (result.shape, result.dtype) == (want.shape, want.dtype)
    steps = np.abs(result.astype(np.int64) - want.astype(np.int64))
    assert steps.max() <= 1
    return int((steps > 0).sum()), steps.size


@st.composite
def _nodes(draw: st.DrawFn, operators: Sequence[str]) -> tuple[onnx.ModelProto, Arrays]:
    """Several operators of one type of bytes, each with scales and zero points of its own."""
    dtype = draw(st.sampled_from((np.uint8, np.int8)))
    middle = 128 if dtype is np.uint8 else 0
    inputs: Arrays = {
        "a": _bytes(dtype, (1, 8, 16, 16), 1),
        "b": _bytes(dtype, (1, 8, 16, 16), 2),
        "c": _bytes(dtype, (8, 1, 1), 3),
        "d": _bytes(dtype, (1,), 4),
    }
    constants: Arrays = {}

    def scaled(name: str) -> list[str]:
        key = f"n{len(constants)}"
        constants[f"{key}s"] = np.asarray(draw(SCALES), np.float32)
        constants[f"{key}z"] = np.asarray(middle + draw(st.integers(-20, 20)), dtype)
        return [*([name] if name else []), f"{key}s", f"{key}z"]

    nodes: list[onnx.NodeProto] = []
    for number, operator in enumerate(operators):
        first, second = draw(st.sampled_from(("ab", "ac", "ca", "ad", "da")))
        pair = operator in ("QLinearAdd", "QLinearMul")
        read = [*scaled(first), *scaled(second)] if pair else scaled("a")
        node = helper.make_node(
            operator, [*read, *scaled("")], [f"r{number}"], domain="com.microsoft"
        )
        nodes.append(node)
        nodes.append(helper.make_node("Flatten", [f"r{number}"], [f"f{number}"]))
    parts = [f"f{number}" for number in range(len(operators))]
    nodes.append(helper.make_node("Concat", parts, ["y"], axis=1))
    return graph_of(nodes, inputs, constants, ["y"]), inputs


@settings(max_examples=3, deadline=None)
@given(_nodes(("QLinearAdd",) * 4 + ("QLinearMul",) * 4 + ("QLinearGlobalAveragePool",) * 2))
def test_sums_products_and_means_are_equal(model: tuple[onnx.ModelProto, Arrays]) -> None:
    assert _differing(*model)[0] == 0


@pytest.mark.parametrize("scales", [(0.02, 0.05, 0.06), (0.05, 0.05, 0.1)], ids=str)
def test_sums_are_equal_on_the_npu_too(scales: tuple[float, float, float]) -> None:
    inputs: Arrays = {
        "a": np.repeat(np.arange(256), 256).reshape(1, 64, 32, 32).astype(np.uint8),
        "b": np.tile(np.arange(256), 256).reshape(1, 64, 32, 32).astype(np.uint8),
    }
    constants: Arrays = {f"s{n}": np.asarray(s, np.float32) for n, s in enumerate(scales)}
    constants |= {f"z{n}": np.asarray(z, np.uint8) for n, z in enumerate((120, 131, 127))}
    names = ["a", "s0", "z0", "b", "s1", "z1", "s2", "z2"]
    node = helper.make_node("QLinearAdd", names, ["y"], domain="com.microsoft")
    model = graph_of([node], inputs, constants, ["y"])
    assert _differing(model, inputs, route="direct", device="npu1_1col")[0] == 0


@pytest.mark.parametrize(("dtype", "opset"), [(np.uint8, 11), (np.int8, 13)])
def test_softmax_is_within_the_bound(dtype: Any, opset: int) -> None:
    inputs: Arrays = {"x": _bytes(dtype, (64, 12, 16), 5)}
    zero = np.asarray(np.iinfo(dtype).min, dtype)
    constants: Arrays = {"s": np.asarray(0.0371, np.float32), "z": np.asarray(3, dtype)}
    constants |= {"t": np.asarray(1 / 256, np.float32), "u": zero}
    model = graph_of([], inputs, constants, ["y"])
    names = ["x", "s", "z", "t", "u"]
    model.graph.node.append(
        helper.make_node(
            "QLinearSoftmax", names, ["y"], domain="com.microsoft", axis=1, opset=opset
        )
    )
    differing, count = _differing(model, inputs)
    assert differing <= FEW * count


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_where_is_equal(dtype: Any) -> None:
    inputs: Arrays = {
        "c": np.random.default_rng(6).random((4, 8, 16)) < 0.5,
        "a": _bytes(dtype, (4, 8, 16), 7),
        "b": _bytes(dtype, (8, 1), 8),
    }
    constants: Arrays = {
        f"s{n}": np.asarray(s, np.float32) for n, s in enumerate((0.02, 0.05, 0.04))
    }
    constants |= {f"z{n}": np.asarray(z, dtype) for n, z in enumerate((3, 20, 7))}
    names = ["c", "a", "s0", "z0", "b", "s1", "z1", "s2", "z2"]
    node = helper.make_node("QLinearWhere", names, ["y"], domain="com.microsoft")
    assert _differing(graph_of([node], inputs, constants, ["y"]), inputs)[0] == 0


RESIZES: dict[str, tuple[str, list[int], Sequence[float]]] = {
    "twice": ("half_pixel", [], (2, 2)),
    "torch's": ("pytorch_half_pixel", [16, 15], ()),
    "four times": ("asymmetric", [], (4, 4)),
    "one and a half": ("half_pixel", [], (1.5, 2)),
    "corners": ("align_corners", [15, 19], ()),
    "half": ("half_pixel", [], (0.5, 0.5)),
}


@pytest.mark.parametrize("name", RESIZES)
def test_resizes_of_bytes_are_equal(name: str) -> None:
    model, inputs = _resize(name, 0.0371)
    assert _differing(model, inputs)[0] == 0


def test_a_resize_on_the_npu_is_equal() -> None:
    model, inputs = _resize("twice", 0.05)
    assert _differing(model, inputs, route="direct", device="npu1_1col")[0] == 0


def _resize(name: str, scale: float) -> tuple[onnx.ModelProto, Arrays]:
    mode, sizes, scales = RESIZES[name]
    inputs: Arrays = {"x": _bytes(np.int8, (1, 32, 8, 10), 9)}
    constants: Arrays = {"s": np.asarray(scale, np.float32), "z": np.asarray(3, np.int8)}
    if sizes:
        constants["sizes"] = np.array([1, 32, *sizes], np.int64)
    else:
        constants["scales"] = np.array([1, 1, *scales], np.float32)
    read = ["r", "", "", "sizes"] if sizes else ["r", "", "scales"]
    attributes = {"mode": "linear", "coordinate_transformation_mode": mode}
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "s", "z"], ["r"]),
        helper.make_node("Resize", read, ["p"], **attributes),
        helper.make_node("QuantizeLinear", ["p", "s", "z"], ["y"]),
    ]
    return graph_of(nodes, inputs, constants, ["y"]), inputs
