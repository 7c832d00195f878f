"""ONNX's operators on bytes with zero points, on the simulated NPU: onnxruntime's integers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import aie_conv

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import helper

from tests.support.onnx.models import Arrays, graph_of, one_node, runtime_results

_RNG = np.random.default_rng(16)


def numbers(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Every value of a type, at random; both ends among them."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    found = _RNG.integers(low, high + 1, shape).astype(dtype)
    found.flat[0], found.flat[-1] = low, high
    return found


@dataclass(frozen=True)
class Case:
    """One node; its inputs at run time and its constants, in the order of the node's inputs."""

    op: str
    inputs: Arrays
    constants: Arrays
    factors: str = "i8xi8"
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])


def _scale(value: float) -> np.ndarray:
    return np.array(value, np.float32)


def _matmul_case(shape: tuple[int, ...], zero: int, result: bool = False) -> Case:
    """A product of unsigned bytes and a signed filter with a zero point; its sums, or bytes again."""
    x, w = numbers(shape, np.uint8), numbers((32, 16), np.int8)
    if not result:
        constants = {"w": w, "xz": np.array(120, np.uint8), "wz": np.array(zero, np.int8)}
        return Case("MatMulInteger", {"x": x}, constants, "i16xi16" if zero else "i8xi8")
    constants: Arrays = {
        "xs": _scale(0.02), "xz": np.array(120, np.uint8), "w": w, "ws": _scale(0.01),
        "wz": np.array(zero, np.int8), "ys": _scale(0.37), "yz": np.array(100, np.uint8),
    }  # fmt: skip
    return Case("QLinearMatMul", {"x": x}, constants)


def _columns_case(shape: tuple[int, ...]) -> Case:
    """A product whose filter has a scale for each column: powers of two, so that no f32 rounding tells."""
    columns = np.exp2(_RNG.integers(-9, -4, 16)).astype(np.float32)
    constants: Arrays = {
        "xs": _scale(2**-5), "xz": np.array(120, np.uint8), "w": numbers((32, 16), np.int8),
        "ws": columns, "wz": np.zeros(16, np.int8), "ys": _scale(0.5), "yz": np.array(100, np.uint8),
    }  # fmt: skip
    return Case("QLinearMatMul", {"x": numbers(shape, np.uint8)}, constants)


def _signs_case(shape: tuple[int, ...]) -> Case:
    """A product of unsigned and signed bytes without zero points; its sums."""
    return Case("MatMulInteger", {"x": numbers(shape, np.uint8)}, {"w": numbers((32, 16), np.int8)})


def _conv_case(c: int, oc: int, kind: Any, zero: int, **attributes: Any) -> Case:
    w = numbers((oc, c // attributes.get("group", 1), 3, 3), kind)
    constants = {"w": w, "xz": np.array(200, np.uint8), "wz": np.array(zero, kind)}
    wide = zero != (128 if kind is np.uint8 else 0)
    factors = "i16xi16" if wide else "i8xi8"
    return Case(
        "ConvInteger", {"x": numbers((1, c, 9, 9), np.uint8)}, constants, factors, attributes
    )


def _linear_case(c: int, oc: int, group: int) -> Case:
    constants: Arrays = {
        "xs": _scale(0.02), "xz": np.array(120, np.uint8), "w": numbers((oc, c // group, 3, 3), np.int8),
        "ws": np.linspace(0.001, 0.01, oc).astype(np.float32), "wz": np.zeros(oc, np.int8),
        "ys": _scale(0.113), "yz": np.array(100, np.uint8),
        "b": _RNG.integers(-1000, 1000, oc).astype(np.int32),
    }  # fmt: skip
    attributes = {"group": group, "pads": [1, 1, 1, 1]}
    return Case(
        "QLinearConv", {"x": numbers((1, c, 8, 8), np.uint8)}, constants, "i8xi8", attributes
    )


CASES = {
    "ConvInteger": _conv_case(8, 16, np.int8, 0, pads=[1, 1, 1, 1]),
    "ConvInteger, strided": _conv_case(8, 16, np.int8, 0, strides=[2, 2], pads=[0, 1, 1, 0]),
    "ConvInteger, groups": _conv_case(16, 16, np.int8, 0, group=2, pads=[1, 1, 1, 1]),
    "ConvInteger, unsigned filter": _conv_case(8, 16, np.uint8, 128, pads=[1, 1, 1, 1]),
    "ConvInteger, filter's zero point": _conv_case(8, 16, np.uint8, 125, pads=[1, 1, 1, 1]),
    "MatMulInteger": _matmul_case((24, 32), 0),
    "MatMulInteger, filter's zero point": _matmul_case((24, 32), 3),
    "QLinearMatMul": _matmul_case((24, 32), 0, result=True),
    "QLinearMatMul, batch": _matmul_case((2, 24, 32), 0, result=True),
    "QLinearConv": _linear_case(8, 16, 1),
    "QLinearConv, depthwise": _linear_case(16, 16, 16),
    "QLinearMatMul, columns": _columns_case((24, 32)),
    "QLinearMatMul, columns, batch": _columns_case((2, 24, 32)),
    "MatMulInteger, no zero points": _signs_case((24, 32)),
    "MatMulInteger, no zero points, batch": _signs_case((2, 24, 32)),
}


GROUPED = ("ConvInteger, groups", "QLinearConv, depthwise")
"""What im2col does not take, whatever its zero points."""


@pytest.mark.parametrize(
    ("name", "route"),
    [(n, r) for n in CASES for r in ("direct", "im2col") if r == "direct" or n not in GROUPED],
)
def test_results_are_onnxruntimes(name: str, route: str) -> None:
    case = CASES[name]
    model = one_node(case.op, case.inputs, case.constants, **case.attributes)
    artifact = aie_conv.compile(model, route=route, device="npu1_1col")
    (entry,) = [d for d in artifact.report["dispatches"] if d["macs"]]
    assert entry["route"] == route, entry["reason"]
    assert case.factors in entry["problem"]["text"]
    got = np.asarray(aie_conv.load(artifact, device="sim")(*case.inputs.values()))
    (want,) = runtime_results(model, case.inputs)
    assert got.dtype == want.dtype
    exact = want.dtype == np.int32 or "columns" in name or "equal for every sum" in entry["reason"]
    if exact:
        np.testing.assert_array_equal(got, want)
    else:
        assert np.abs(got.astype(int) - want).max() <= 1
        assert (got != want).mean() <= 1e-3
    assert len(np.unique(got)) > 20


def test_a_zero_point_and_a_filter_may_be_given_at_run_time() -> None:
    inputs = {
        "x": numbers((1, 8, 9, 9), np.uint8),
        "w": numbers((16, 8, 3, 3), np.int8),
        "xz": np.array(77, np.uint8),
    }
    model = one_node("ConvInteger", inputs)
    artifact = aie_conv.compile(model, route="direct", device="npu1_1col")
    (entry,) = [d for d in artifact.report["dispatches"] if d["macs"]]
    assert entry["route"] == "direct", entry["reason"]
    got = np.asarray(aie_conv.load(artifact, device="sim")(*inputs.values()))
    np.testing.assert_array_equal(got, runtime_results(model, inputs)[0])


@pytest.mark.parametrize("shape", [(24, 32), (2, 24, 32)], ids=["matrix", "batch"])
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_a_zero_point_of_a_product_may_be_given_at_run_time(
    shape: tuple[int, ...], kind: type
) -> None:
    inputs = {"x": numbers(shape, kind)}
    constants = {"w": numbers((32, 16), np.int8)}
    zero = {"xz": np.array(77, kind)}
    node = helper.make_node("MatMulInteger", ["x", "w", "xz"], ["y0"])
    model = graph_of([node], inputs | zero, constants, ["y0"])
    artifact = aie_conv.compile(model, route="direct", device="npu1_1col")
    (entry,) = [d for d in artifact.report["dispatches"] if d["macs"]]
    assert entry["route"] == "direct", entry["reason"]
    assert "i8xi8" in entry["problem"]["text"]
    program = aie_conv.load(artifact, device="sim")
    for value in (np.iinfo(kind).min, 77, np.iinfo(kind).max):
        arrays = inputs | {"xz": np.array(value, kind)}
        got = np.asarray(program(*arrays.values()))
        np.testing.assert_array_equal(got, runtime_results(model, arrays)[0])


def test_a_product_of_what_is_quantised_at_run_time() -> None:
    """onnxruntime's dynamic quantisation: DynamicQuantizeLinear, MatMulInteger."""
    x = {"x": _RNG.normal(0.7, 2, (2, 24, 32)).astype(np.float32)}
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("MatMulInteger", ["q", "w", "z"], ["y0"]),
    ]
    model = graph_of(nodes, x, {"w": numbers((32, 16), np.int8)}, ["y0"])
    artifact = aie_conv.compile(model, route="direct", device="npu1_1col")
    (entry,) = [d for d in artifact.report["dispatches"] if d["macs"]]
    assert entry["route"] == "direct", entry["reason"]
    assert "i8xi8" in entry["problem"]["text"]
    got = np.asarray(aie_conv.load(artifact, device="sim")(*x.values()))
    np.testing.assert_array_equal(got, runtime_results(model, x)[0])
