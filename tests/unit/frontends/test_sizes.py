"""What models compute from sizes alone, folded: the model computes what it did, names and ranks included."""

from typing import Any

import numpy as np
import pytest

from aie_conv.errors import UsageError
from aie_conv.frontends.onnx.prepare import prepare

onnx = pytest.importorskip("onnx")

X = np.arange(4, dtype=np.float32).reshape(1, 4)

HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'

HIDDEN_CONSTANT = """
main (float[1, 4] x) => (float[1, 4] y) {
  s = Size (x)
  c = Equal (s, s)
  y = If (c) <
    then_branch = outer () => (a) <float[1] k = {3}> {
      w = Add (x, k)
      a = If (c) <
        then_branch = inner () => (b) <float[1] k = {5}> { b = Mul (w, k) },
        else_branch = other () => (b) { b = Neg (w) }
      >
    },
    else_branch = none () => (a) { a = Neg (x) }
  >
}
"""
"""A branch's constant has the name of one of the branch around it."""

HIDDEN_INPUT = """
main (float[1, 4] x) => (float[1, 4] y) <int64 trips = {3}, bool yes = {1}> {
  s = Size (x)
  c = Equal (s, s)
  y = If (c) <
    then_branch = one () => (a) {
      v = Neg (x)
      a = Loop (trips, yes, x) <
        body = turn (int64 i, bool on, float[1, 4] v) => (bool still, float[1, 4] w) {
          still = Identity (on)
          f = Cast <to = 1> (i)
          w = Add (v, f)
        }
      >
    },
    else_branch = none () => (a) { a = Neg (x) }
  >
}
"""
"""A body's input has the name of a value of the branch around it."""

RANKS = """
main (float[1, 4] x) => (float[a, b] y) <int64 one = {1}> {
  shape = Shape (x)
  n = Gather (shape, one)
  axes = Constant <value_ints = [0]> ()
  row = Unsqueeze (n, axes)
  table = Unsqueeze (row, axes)
  f = Cast <to = 1> (table)
  y = Add (f, f)
}
"""
"""A size is a number, not a row of one."""

NUMBERS = """
main (float[1, 4] x) => (float[n] y) {
  i = Constant <value_int = 2> ()
  is = Constant <value_ints = [3, 4]> ()
  f = Constant <value_float = 0.5> ()
  fs = Constant <value_floats = [1.5, 2.5]> ()
  sums = Add (i, is)
  others = Mul (f, fs)
  wide = Cast <to = 1> (sums)
  y = Add (wide, others)
}
"""


def _prepared(text: str) -> Any:
    return prepare(onnx.parser.parse_model(HEAD + text), {})


def _results(model: Any) -> Any:
    from onnx import reference

    results: Any = reference.ReferenceEvaluator(model).run(None, {"x": X})
    return results[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HIDDEN_CONSTANT, (X + 3) * 5),
        (HIDDEN_INPUT, X + 0 + 1 + 2),
        (RANKS, np.full((1, 1), 8, np.float32)),
        (NUMBERS, np.array([5.75, 7.25], np.float32)),
    ],
    ids=["hidden-constant", "hidden-input", "ranks", "numbers"],
)
def test_a_folded_model_computes_the_same(text: str, expected: Any) -> None:
    result = _results(_prepared(text))
    assert result.shape == expected.shape
    assert np.array_equal(result, expected)


def test_numbers_in_every_form_of_a_constant_are_known() -> None:
    kinds = {node.op_type for node in _prepared(NUMBERS).graph.node}
    assert kinds == {"Constant", "Add"}


@pytest.mark.parametrize("sizes", ["4096, 4096, 4096, 64", "9223372036854775807, 2, 2, 2"])
def test_a_large_tensor_of_known_sizes_is_not_computed(sizes: str) -> None:
    model = _prepared(f"""
main (float[1, 4] x) => (float[1, 4] y) <int64[4] sizes = {{{sizes}}}, int64 none = {{0}}> {{
  zeros = ConstantOfShape (sizes)
  first = Gather (zeros, none)
  least = ReduceMin <keepdims = 0> (first)
  y = Add (x, least)
}}
""")
    assert "ConstantOfShape" in {node.op_type for node in model.graph.node}


def test_a_negative_size_is_an_open_one() -> None:
    text = "main (float[-1, 4] x) => (float[-1, 4] y) { y = Relu (x) }"
    with pytest.raises(UsageError, match=r"'x' has open sizes, \?x4: fix them"):
        _prepared(text)
    model = prepare(onnx.parser.parse_model(HEAD + text), {"x": (2, 4)})
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [2, 4]


@pytest.mark.parametrize("condition", ["bool[2] c = {1, 0}", "bool[0] c = {}"])
def test_a_condition_that_is_no_number_is_left(condition: str) -> None:
    model = _prepared(f"""
main (float[1, 4] x) => (float[1, 4] y) <{condition}> {{
  y = If (c) <
    then_branch = one () => (float[1, 4] a) {{ a = Relu (x) }},
    else_branch = two () => (float[1, 4] b) {{ b = Neg (x) }}
  >
}}
""")
    assert [node.op_type for node in model.graph.node] == ["If"]
