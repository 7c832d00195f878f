"""ONNX models read: files, external data, shapes, names, opsets; what is wrong is one line."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.errors import UsageError
from aie_conv.frontends.onnx.prepare import OPSET, prepare
from aie_conv.frontends.onnx.rewrites import FOREIGN, REWRITES
from aie_conv.frontends.onnx.rewrites.microsoft_quantised import OPERATORS
from tests.support.onnx.models import graph_of, one_node, runtime_results

onnx = pytest.importorskip("onnx")
helper = onnx.helper

W = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)


def _save(model: Any, path: Path, external: str | None = None) -> Path:
    kwargs = {"save_as_external_data": True, "location": external, "size_threshold": 0}
    onnx.save(model, path, **(kwargs if external else {}))
    return path


def _open(model: Any, *dims: str | int) -> Any:
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, dims, strict=True):
        if isinstance(size, str):
            dim.dim_param = size
    return model


def _conv(**attributes: Any) -> Any:
    return one_node("Conv", {"x": np.zeros((1, 3, 8, 8), np.float32)}, {"w": W}, **attributes)


def test_a_path_bytes_and_a_proto_compile_to_the_same(tmp_path: Path) -> None:
    model = _conv()
    path = _save(model, tmp_path / "m.onnx")
    before = model.SerializeToString()
    x = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)
    for source in (path, str(path), path.read_bytes(), model):
        y = aie_conv.load(aie_conv.compile(source), device="sim").main(x=x)
        np.testing.assert_allclose(y, runtime_results(model, {"x": x})[0], 1e-4, 1e-5)
    assert model.SerializeToString() == before


def test_external_data_is_read_and_missed_in_one_line(tmp_path: Path) -> None:
    path = _save(_conv(), tmp_path / "m.onnx", "weights.bin")
    aie_conv.compile(path)
    data = (tmp_path / "weights.bin").read_bytes()
    (tmp_path / "weights.bin").write_bytes(data[:100])
    with pytest.raises(UsageError, match=r"m.onnx: weights of 'w' lie in .*it was cut short"):
        aie_conv.compile(path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(UsageError, match=r"weights.bin: No such file .*: put it beside the model"):
        aie_conv.compile(path)
    with pytest.raises(UsageError, match=r"'w' lie in another file: give the model's path"):
        aie_conv.compile(onnx.load(path, load_external_data=False))


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x08", b"\x08\x08\x12\xff"])
def test_a_wrong_file_is_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"m.onnx: no ONNX model"):
        aie_conv.compile(path)


@pytest.mark.parametrize("quantised", [True, False])
def test_alpha_of_a_qgemm_is_its_biases_too(quantised: bool) -> None:
    rng = np.random.default_rng(7)
    x = {"x": rng.integers(0, 256, (5, 16), np.uint8)}
    constants = {
        "xs": np.array(0.02, np.float32), "xz": np.array(200, np.uint8),
        "w": rng.integers(-128, 128, (16, 8), np.int8), "ws": np.array(0.01, np.float32),
        "wz": np.array(3, np.int8), "b": rng.integers(-9000, 9000, 8, np.int32),
    }  # fmt: skip
    if quantised:
        constants |= {"ys": np.array(0.11, np.float32), "yz": np.array(99, np.uint8)}
    model = one_node("QGemm", x, constants, domain="com.microsoft", alpha=0.3)
    (got,) = aie_conv.load(aie_conv.compile(model), device="sim")["g"].invoke([x["x"]])
    (want,) = runtime_results(model, x)
    np.testing.assert_allclose(np.asarray(got, np.float32), want, 1e-4, 1.01 * quantised)
    assert (np.abs(np.asarray(got, np.float32) - want) > 0.01).mean() < 0.05


@pytest.mark.parametrize("word", [b"Conv", b"x", b"kernel_shape"])
def test_a_name_that_is_no_text_is_one_line(word: bytes) -> None:
    # Protobuf gives such a name as bytes, without a word.
    data = _conv(kernel_shape=[3, 3]).SerializeToString()
    with pytest.raises(UsageError, match=r"a damaged ONNX model: a name in it is no UTF-8"):
        aie_conv.compile(data.replace(word, b"\xff" * len(word)))


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"m.onnx: cannot be read: No such file"):
        aie_conv.compile(tmp_path / "m.onnx")


def test_open_sizes_are_asked_for_by_name_and_fixed() -> None:
    model = _open(_conv(), "N", 3, "H", "W")
    with pytest.raises(UsageError, match=r"input 'x' has open sizes, Nx3xHxW: .*--input-shape=x:"):
        aie_conv.compile(model)
    artifact = aie_conv.compile(model, input_shapes={"x": (2, 3, 10, 9)})
    program = aie_conv.load(artifact, device="sim")
    assert [str(each) for each in program.main.outputs or ()] == ["2x4x8x7xf32"]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"y": (1,)}, r"no such input"),
        ({"x": (1, 4, 8, 8)}, r"x:1x4x8x8: the model takes Nx3xHxH"),
        ({"x": (1, 3, 8)}, r"the model takes Nx3xHxH"),
        ({"x": (1, 3, 8, 9)}, r"H is 8 by another shape, and 9 here"),
        ({"x": (0, 3, 8, 8)}, r"sizes are 1 or more"),
    ],
)
def test_a_shape_that_does_not_fit_is_one_line(shapes: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        aie_conv.compile(_open(_conv(), "N", 3, "H", "H"), input_shapes=shapes)


def test_shapes_are_for_onnx_alone() -> None:
    with pytest.raises(UsageError, match="input_shapes: only ONNX models"):
        aie_conv.compile("func.func @f() {\n return\n}", input_shapes={"x": (1,)})


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("torch-jit-export", "torch_jit_export"),
        ("", "main"),
        ("2nd", "_2nd"),
        ("lambda", "_lambda"),
    ],
)
def test_a_graph_name_becomes_a_function_name(name: str, function: str) -> None:
    model = _conv()
    model.graph.name = name
    program = aie_conv.load(aie_conv.compile(model), device="sim")
    assert program.functions == (function,)
    assert program.main.name == function


def test_names_and_signs_are_kept() -> None:
    x = {"in.1": np.array([1, 2, 250], np.uint8), "b": np.array([1, 1, 4], np.uint8)}
    model = one_node("Add", x)
    program = aie_conv.load(aie_conv.compile(model), device="sim")
    assert repr(program.main) == "<aie_conv function g(in.1: 3xui8, b: 3xui8) -> (y0: 3xui8)>"
    np.testing.assert_array_equal(program.main(**x), np.array([2, 3, 254], np.uint8))
    assert program.main(x["in.1"], b=x["b"]).dtype == np.uint8
    with pytest.raises(UsageError, match=r"input 0 'in.1': 3xi8 given, the function takes 3xui8"):
        program.main(x["in.1"].view(np.int8), x["b"])
    with pytest.raises(UsageError, match=r"no input 'in1' \(did you mean in.1\?\)"):
        program.main(in1=x["b"])
    with pytest.raises(UsageError, match="input 'b' is missing"):
        program.main(**{"in.1": x["b"]})
    with pytest.raises(UsageError, match="input 'in.1' given twice"):
        program.main(x["b"], **x)


def test_doubles_stay_doubles() -> None:
    x = {"x": np.array([1 / 3, 1e-300])}
    y = aie_conv.load(aie_conv.compile(one_node("Add", x | {"y": x["x"]})), device="sim").main(
        x=x["x"], y=x["x"]
    )
    np.testing.assert_array_equal(y, 2 * x["x"])
    assert y.dtype == np.float64


def test_an_old_opset_is_raised() -> None:
    x = {"x": np.random.default_rng(2).standard_normal((1, 2, 3, 3)).astype(np.float32)}
    model = one_node("Clip", x, opset=6, min=-0.5, max=0.5)
    y = aie_conv.load(aie_conv.compile(model), device="sim").main(**x)
    np.testing.assert_array_equal(y, x["x"].clip(-0.5, 0.5))


def test_nodes_in_any_order_are_put_in_order() -> None:
    x = {"x": np.random.default_rng(2).standard_normal((2, 3)).astype(np.float32)}
    nodes = [
        helper.make_node("Add", ["c", "b"], ["y"]),
        helper.make_node("Exp", ["b"], ["c"]),
        helper.make_node("Neg", ["x"], ["b"]),
    ]
    y = aie_conv.load(aie_conv.compile(graph_of(nodes, x, {}, ["y"])), device="sim")(x["x"])
    np.testing.assert_allclose(y, np.exp(-x["x"]) - x["x"], rtol=1e-6)


def test_a_circle_of_nodes_is_one_line() -> None:
    nodes = [
        helper.make_node("Add", ["x", "b"], ["c"], name="first"),
        helper.make_node("Neg", ["c"], ["b"], name="second"),
    ]
    x = {"x": np.zeros(3, np.float32)}
    with pytest.raises(UsageError, match="reads what is computed from its result"):
        aie_conv.compile(graph_of(nodes, x, {}, ["c"]))


def test_local_functions_are_inlined() -> None:
    from onnx import helper

    body = [helper.make_node("Mul", ["a", "a"], ["t"]), helper.make_node("Relu", ["t"], ["b"])]
    square = helper.make_function(
        "own", "Square", ["a"], ["b"], body, [helper.make_opsetid("", 17)]
    )
    x = {"x": np.array([1, -2], np.float32)}
    model = graph_of([helper.make_node("Square", ["x"], ["y"], domain="own")], x, {}, ["y"])
    model.functions.append(square)
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 1, [2]))
    assert aie_conv.load(aie_conv.compile(model), device="sim").main(**x).tolist() == [1, 4]


@pytest.mark.parametrize(
    ("op", "domain", "message"),
    [
        ("Frobnicate", "", r"operator Frobnicate \(node 'n'\) is not supported"),
        ("Fused", "com.acme", r"operator com.acme.Fused \(node 'n'\) is not supported"),
    ],
)
def test_an_unsupported_operator_is_named(op: str, domain: str, message: str) -> None:
    model = one_node(op, {"x": np.zeros((2, 2), np.float32)}, domain=domain, name="n")
    model.graph.output[0].CopyFrom(onnx.helper.make_tensor_value_info("y0", 1, []))
    with pytest.raises(UsageError, match=message):
        aie_conv.compile(model)


def test_an_unsupported_form_of_an_operator_is_named() -> None:
    x = {"x": np.zeros((1, 1, 6, 6), np.float32)}
    model = one_node("LpPool", x, opset=18, kernel_shape=[2, 2], dilations=[2, 2], name="n")
    with pytest.raises(
        UsageError, match=r"operator LpPool \(node 'n'\) is not supported with these"
    ):
        aie_conv.compile(model)


def test_inputs_that_are_no_tensors_of_numbers_are_refused() -> None:
    model = _conv()
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.STRING
    with pytest.raises(UsageError, match=r"cannot be inferred|elements of string"):
        aie_conv.compile(model)


def test_without_onnx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aie_conv.frontends.onnx.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'aie_conv\[onnx\]'"):
        aie_conv.compile("m.onnx")


@pytest.mark.parametrize("operator", [*REWRITES, *FOREIGN])
def test_a_node_without_its_inputs_is_one_line(operator: str) -> None:
    domain, _, name = operator.rpartition(".")
    tensors = {"x": np.zeros((1, 4, 8, 8), np.float32)}
    schema = onnx.defs.get_schema(name, OPSET, "") if onnx.defs.has(name, OPSET, "") else None
    for count in range(schema.min_input if schema and not domain else OPERATORS[name]):
        node = helper.make_node(name, ["x"] * count, ["y"], domain=domain)
        with pytest.raises(UsageError, match=f"operator [a-z.]*{name}.* inputs"):
            prepare(graph_of([node], tensors, {}, ["y"]), {})


def test_a_result_too_many_and_an_input_that_is_not_there_are_one_line() -> None:
    tensors = {"x": np.zeros((1, 4, 8, 8), np.float32)}
    for node, lack in (
        (helper.make_node("Relu", ["x"], ["y", "z"]), "it has 2 results, and gives 1 to 1"),
        (helper.make_node("MatMul", ["x", ""], ["y"]), "its input B is not there"),
    ):
        with pytest.raises(UsageError, match=lack):
            prepare(graph_of([node], tensors, {}, ["y"]), {})


@pytest.mark.parametrize("version", [None, -(2**63), -1, 0, 1, 2**31, 2**63 - 1])
def test_any_opset_is_taken_or_refused_in_a_line(version: int | None) -> None:
    model = _conv()
    del model.opset_import[:]
    if version is not None:
        model.opset_import.add(domain="", version=version)
    with contextlib.suppress(UsageError):
        prepare(model, {})
