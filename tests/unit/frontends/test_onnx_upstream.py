"""Each rewrite of frontends/onnx/rewrites: what IREE's importer makes of the form without it.

A test here that fails says that upstream has mended the form: the rewrite can go.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.errors import AieConvError
from tests.support.onnx.models import Arrays, graph_of, importer_bytecode, one_node, runtime_results

onnx = pytest.importorskip("onnx")
helper = onnx.helper
pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(5)


def _real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def _bytes(*shape: int) -> np.ndarray:
    return RNG.integers(0, 255, shape, np.uint8)


def _padding() -> tuple[Any, Arrays]:
    x = {"x": _real(1, 2, 5, 6)}
    amounts = {"p": np.array([0, 0, 2, 3, 0, 0, 4, 1], np.int64)}
    return one_node("Pad", x, amounts, mode="reflect"), x


def _conv_transpose(**attributes: Any) -> tuple[Any, Arrays]:
    x = {"x": _real(1, 4, 5, 6)}
    return one_node("ConvTranspose", x, {"w": _real(4, 3, 3, 3)}, **attributes), x


def _auto_pads() -> tuple[Any, Arrays]:
    return _conv_transpose(auto_pad="SAME_UPPER", strides=[2, 2])


def _depth_to_space() -> tuple[Any, Arrays]:
    x = {"x": _real(1, 16, 3, 5)}
    return one_node("DepthToSpace", x, blocksize=2, mode="CRD"), x


def _transposed() -> tuple[Any, Arrays]:
    return _conv_transpose(group=2, strides=[2, 1], pads=[1, 0, 0, 1], output_padding=[1, 0])


def _ceil_pooling() -> tuple[Any, Arrays]:
    x = {"x": _real(1, 2, 8, 8)}
    values = {"kernel_shape": [3, 3], "dilations": [2, 2], "strides": [2, 2], "opset": 19}
    return one_node("AveragePool", x, ceil_mode=1, count_include_pad=1, **values), x


def _average_ties() -> tuple[Any, Arrays]:
    x = {"x": RNG.integers(-128, 128, (1, 16, 16, 16)).astype(np.int8)}
    constants = {"s": np.asarray(np.float32(0.0371)), "z": np.asarray(np.int8(3))}
    nodes = [
        onnx.helper.make_node("DequantizeLinear", ["x", "s", "z"], ["r"]),
        onnx.helper.make_node("AveragePool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        onnx.helper.make_node("QuantizeLinear", ["p", "s", "z"], ["y"]),
    ]
    return graph_of(nodes, x, constants, ["y"]), x


def _resize_ties() -> tuple[Any, Arrays]:
    x = {"x": RNG.integers(-128, 128, (1, 16, 8, 8)).astype(np.int8)}
    constants = {"s": np.asarray(np.float32(0.0371)), "z": np.asarray(np.int8(3))}
    constants["n"] = np.array([1, 1, 2, 2], np.float32)
    nodes = [
        onnx.helper.make_node("DequantizeLinear", ["x", "s", "z"], ["r"]),
        onnx.helper.make_node("Resize", ["r", "", "n"], ["p"], mode="linear"),
        onnx.helper.make_node("QuantizeLinear", ["p", "s", "z"], ["y"]),
    ]
    return graph_of(nodes, x, constants, ["y"]), x


def _leftover() -> tuple[Any, Arrays]:
    x = {"x": _real(1, 3, 5, 4)}
    return one_node("Conv", x, {"w": _real(2, 3, 3, 3)}, strides=[4, 3]), x


def _unsigned() -> tuple[Any, Arrays]:
    x = {"x": _bytes(1, 2, 8, 8)}
    return one_node("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), x


def _vector_matmul() -> tuple[Any, Arrays]:
    x = {"a": _real(4), "b": _real(2, 4, 3)}
    return one_node("MatMul", x), x


def _batched_qlinear() -> tuple[Any, Arrays]:
    x = {"a": _bytes(2, 3, 4)}
    one, zero = np.float32(0.01), np.uint8(7)
    constants = {"as": one, "az": zero, "b": _bytes(2, 4, 3), "bs": one, "bz": zero}
    constants |= {"ys": np.float32(0.03), "yz": zero}
    return one_node("QLinearMatMul", x, {k: np.asarray(v) for k, v in constants.items()}), x


def _matmul_integer() -> tuple[Any, Arrays]:
    x = {"a": _bytes(2, 3, 4)}
    return one_node("MatMulInteger", x, {"b": _bytes(4, 5).view(np.int8)}), x


def _saturating_f8() -> tuple[Any, Arrays]:
    import ml_dtypes

    x = {"x": np.array([1, 300, -2000, 1e9], np.float32)}
    constants = {"s": np.asarray(2, np.float32), "z": np.asarray(0, ml_dtypes.float8_e4m3fn)}
    return one_node("QuantizeLinear", x, constants, opset=19), x


def _wide_quantisation() -> tuple[Any, Arrays]:
    x = {"x": RNG.integers(0, 65535, (3, 4), np.uint16)}
    constants = {"s": np.array([0.1, 0.2, 0.3], np.float32), "z": np.array([9, 700, 3], np.uint16)}
    return one_node("DequantizeLinear", x, constants, opset=21, axis=0), x


def _wide_activations() -> tuple[Any, Arrays]:
    """Numbers of 16 bits without sign between a quantisation, a move, and two dequantisations."""
    x = {"x": RNG.standard_normal((3, 4)).astype(np.float32) * 9}
    constants = {"s": np.array(0.0003, np.float32), "z": np.array(30001, np.uint16)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("Transpose", ["q"], ["t"], perm=[1, 0]),
        helper.make_node("DequantizeLinear", ["t", "s", "z"], ["y0"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y1"]),
    ]
    return graph_of(nodes, x, constants, ["y0", "y1"], opset=21), x


def _microsoft_quantised() -> tuple[Any, Arrays]:
    x = {"x": _bytes(2, 3)}
    constants = {"s": 0.02, "z": 3, "b": _bytes(2, 3), "bs": 0.01, "bz": 5, "ys": 0.03, "yz": 9}
    arrays = {
        k: np.asarray(v, np.float32 if isinstance(v, float) else np.uint8)
        for k, v in constants.items()
    }
    return one_node("QLinearAdd", x, arrays, domain="com.microsoft"), x


FORMS: dict[str, Callable[[], tuple[Any, Arrays]]] = {
    "auto_pads": _auto_pads,
    "average_ties": _average_ties,
    "batched_qlinear": _batched_qlinear,
    "ceil_pooling": _ceil_pooling,
    "depth_to_space": _depth_to_space,
    "leftover": _leftover,
    "matmul_integer": _matmul_integer,
    "microsoft_quantised": _microsoft_quantised,
    "padding": _padding,
    "resize_ties": _resize_ties,
    "saturating_f8": _saturating_f8,
    "transposed": _transposed,
    "unsigned": _unsigned,
    "vector_matmul": _vector_matmul,
    "wide_quantisation": _wide_quantisation,
    "wide_quantisation of activations": _wide_activations,
}


def _agree(results: list[np.ndarray], wanted: list[np.ndarray]) -> bool:
    return all(
        r.shape == w.shape
        and r.view(w.dtype).dtype == w.dtype
        and np.allclose(
            r.view(w.dtype).astype(np.float64), w.astype(np.float64), 1e-4, 1e-5, equal_nan=True
        )
        for r, w in zip(results, wanted, strict=True)
    )


def _results(source: Any, inputs: Arrays) -> list[np.ndarray] | None:
    """What the compiled model gives; None where it does not compile."""
    try:
        program = aie_conv.load(aie_conv.compile(source, plan_cache=False), device="sim")
    except AieConvError:
        return None
    return program[program.functions[0]].invoke(list(inputs.values()))


@pytest.mark.parametrize("name", FORMS)
def test_the_rewritten_form_agrees_with_onnxruntime(name: str) -> None:
    model, inputs = FORMS[name]()
    results = _results(model, inputs)
    assert results is not None
    assert _agree(results, runtime_results(model, inputs))


@pytest.mark.parametrize("name", FORMS)
def test_the_importer_alone_still_does_it_wrong(name: str) -> None:
    model, inputs = FORMS[name]()
    try:
        plain = importer_bytecode(model)
    except AieConvError:
        return
    results = _results(plain, inputs)
    assert results is None or not _agree(results, runtime_results(model, inputs))


def test_every_rewrite_has_a_form() -> None:
    from aie_conv.frontends.onnx.rewrites import FOREIGN, REWRITES

    used = {module for table in (FOREIGN, REWRITES) for names in table.values() for module in names}
    without_fault = {"qlinear_conv", "qlinear_matmul", "convinteger_padding"}
    assert used - without_fault == {name.partition(" ")[0] for name in FORMS}


def test_qlinear_conv_alone_writes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    x = {"x": _bytes(1, 2, 6, 6)}
    one = np.asarray(0.01, np.float32)
    constants = {"s": one, "z": np.asarray(7, np.uint8), "w": _bytes(4, 2, 3, 3), "ws": one}
    constants |= {"wz": np.asarray(9, np.uint8), "ys": np.asarray(0.05, np.float32)}
    constants |= {"yz": np.asarray(3, np.uint8)}
    model = one_node("QLinearConv", x, constants, pads=[1, 1, 1, 1])
    _results(importer_bytecode(model), x)
    assert "torch.onnx" in capfd.readouterr().err
    results = _results(model, x)
    assert capfd.readouterr().err == ""
    assert results is not None
    (want,) = runtime_results(model, x)
    assert np.abs(results[0].astype(int) - want.astype(int)).max() <= 1


def test_convinteger_pads_with_the_zero_point() -> None:
    x = {"x": _bytes(1, 2, 5, 5)}
    zeros = {"w": _bytes(3, 2, 3, 3), "z": np.asarray(200, np.uint8), "wz": np.asarray(3, np.uint8)}
    model = one_node("ConvInteger", x, zeros, pads=[1, 1, 1, 1])
    results = _results(model, x)
    assert results is not None
    np.testing.assert_array_equal(results[0], runtime_results(model, x)[0])


@pytest.mark.parametrize(
    "op", ["Max", "Min", "Less", "GreaterOrEqual", "Div", "ReduceMax", "ArgMax"]
)
def test_unsigned_bytes_are_ordered_as_such(op: str) -> None:
    x = {"x": np.array([[1, 200, 100]], np.uint8), "y": np.array([[3, 7, 250]], np.uint8)}
    if op in ("ReduceMax", "ArgMax"):
        del x["y"]
    model = one_node(op, x)
    results = _results(model, x)
    assert results is not None
    np.testing.assert_array_equal(results[0], runtime_results(model, x)[0])


@pytest.mark.parametrize("mode", ["wrap", "constant", "edge"])
def test_padding_of_every_mode(mode: str) -> None:
    x = {"x": _real(1, 2, 5, 6)}
    amounts = [0, 0, -2, 3, 0, 0, 4, -1] if mode == "constant" else [0, 0, 2, 3, 1, 0, 4, 1]
    model = one_node("Pad", x, {"p": np.array(amounts, np.int64)}, opset=19, mode=mode)
    results = _results(model, x)
    assert results is not None
    np.testing.assert_array_equal(results[0], runtime_results(model, x)[0])


def test_graph_of_keeps_its_name() -> None:
    model = graph_of([], {"x": _real(1)}, {}, ["x"], name="a b")
    assert model.graph.name == "a b"
