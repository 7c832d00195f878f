"""A scatter to one constant place writes its number there, from every front end; with IREE alone it does not."""

import numpy as np
import onnx
import pytest
from iree.compiler import ir

from aie_conv.bridge import compiler
from aie_conv.bridge.input.single_numbers import compute_single_numbers
from aie_conv.compiler import compile_source
from aie_conv.frontends.onnx import import_onnx
from aie_conv.options import Options
from aie_conv.runtime.program import load_program

ONNX = """
<ir_version: 10, opset_import: ["" : 21]>
main (float[8] x) => (float[8] y) <int64[1, 1] places = {5}, float[1] numbers = {7}> {
  y = ScatterND (x, places, numbers)
}
"""
ELEMENTS = ONNX.replace("[1, 1]", "[1]").replace("ScatterND", "ScatterElements")
BRANCH = """
<ir_version: 10, opset_import: ["" : 21]>
main (float[8] x) => (float[8] y) <float zero = {0}> {
  sum = ReduceSum <keepdims = 0> (x)
  known = Less (sum, zero)
  y = If (known) <
    then_branch = t () => (float[8] a) { a = Neg (x) },
    else_branch = e () => (float[8] b) <int64[1, 1] places = {5}, float[1] numbers = {7}> {
      b = ScatterND (x, places, numbers)
    }
  >
}
"""
TORCH = """
func.func @main(%x: !torch.vtensor<[8],f32>) -> !torch.vtensor<[8],f32> {
  %p = torch.vtensor.literal(dense<5> : tensor<1xsi64>) : !torch.vtensor<[1],si64>
  %u = torch.vtensor.literal(dense<7.0> : tensor<1xf32>) : !torch.vtensor<[1],f32>
  %d = torch.constant.int 0
  %0 = torch.aten.scatter.src %x, %d, %p, %u : !torch.vtensor<[8],f32>, !torch.int,
    !torch.vtensor<[1],si64>, !torch.vtensor<[1],f32> -> !torch.vtensor<[8],f32>
  return %0 : !torch.vtensor<[8],f32>
}"""

SOURCES = {
    "nd": lambda: import_onnx(onnx.parser.parse_model(ONNX)),
    "elements": lambda: import_onnx(onnx.parser.parse_model(ELEMENTS)),
    "branch": lambda: import_onnx(onnx.parser.parse_model(BRANCH)),
    "torch": TORCH.encode,
}
X = np.arange(1, 9, dtype=np.float32)
EXPECTED = np.where(np.arange(8) == 5, np.float32(7), X)


def run(source: bytes, route: str) -> np.ndarray:
    artifact = compile_source(source, Options(route=route, plan_cache="off"))
    return np.asarray(load_program(artifact, "sim")(X)).reshape(8)


@pytest.mark.parametrize("route", ["auto", "cpu"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_number_is_written_to_its_place(name: str, route: str) -> None:
    np.testing.assert_array_equal(run(SOURCES[name](), route), EXPECTED)


@pytest.mark.filterwarnings("error:module. for the CPU alone:UserWarning")
def test_the_rewrite_is_still_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    # When this fails, single_numbers.py can go. IREE refuses the module, or writes another number.
    monkeypatch.setattr(compiler, "compute_single_numbers", lambda module: 0)
    with pytest.raises((UserWarning, AssertionError)):
        np.testing.assert_array_equal(run(SOURCES["elements"](), "cpu"), EXPECTED)


GENERIC = """
func.func @main(%o: tensor<NxTYPE>, %t: tensor<Nxi64>) -> (tensor<NxTYPE>, tensor<Nxi64>) {
  %n = arith.constant NUMBER : TYPE
  %a = arith.constant 40 : i64
  %0:2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
      iterator_types = ["parallel"]} outs(%o, %t : tensor<NxTYPE>, tensor<Nxi64>) {
  ^bb0(%x: TYPE, %y: i64):
    %i = linalg.index 0 : index
    %j = arith.index_cast %i : index to i64
    %s = arith.addi %j, %a : i64
    linalg.yield VALUE, %s : TYPE, i64
  } -> (tensor<NxTYPE>, tensor<Nxi64>)
  return %0#0, %0#1 : tensor<NxTYPE>, tensor<Nxi64>
}"""


@pytest.mark.parametrize(
    ("size", "kind", "number", "value", "count"),
    [
        ("1", "f32", "7.5", "%n", 2),
        ("1", "i8", "-3", "%n", 2),
        ("1", "bf16", "7.5", "%n", 1),
        ("1", "f32", "7.5", "%x", 1),
        ("2", "f32", "7.5", "%n", 0),
        ("?", "f32", "7.5", "%n", 0),
    ],
)
def test_what_becomes_a_constant(size: str, kind: str, number: str, value: str, count: int) -> None:
    text = GENERIC.replace("N" + "x", size + "x").replace("NUMBER", number)
    text = text.replace("TYPE", kind).replace("VALUE", value)
    with ir.Context() as context, ir.Location.unknown(context):
        module = ir.Module.parse(text)
        assert compute_single_numbers(module.operation) == count
        assert module.operation.verify()
        printed = str(module)
    assert ("linalg.generic" in printed) == (count < 2)
    assert ("dense<40> : tensor<1xi64>" in printed) == (count > 0)
