"""ONNX models that compute with their sizes, and choose branches by them, as exporters write them."""

from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.errors import AieConvError

onnx = pytest.importorskip("onnx")

HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'

PADDED = """
main (float[1, n] x) => (float[a, b] y) {
  shape = Shape (x)
  last = Constant <value_int = 1> ()
  n = Gather (shape, last)
  eight = Constant <value_int = 8> ()
  more = Sub (eight, n)
  axes = Constant <value_ints = [0]> ()
  row = Unsqueeze (more, axes)
  zeros = Constant <value_ints = [0, 0, 0]> ()
  amounts = Concat <axis = 0> (zeros, row)
  wide = Pad (x, amounts)
  two = Constant <value_ints = [0, 2, 0, 3]> ()
  y = Pad <mode = "reflect"> (wide, two)
}
"""
"""Filled up to 8 elements, then reflected: by amounts that are no constants."""

BRANCH = """
main (float[1, 4, n, m] x, float[6, 4, 3, 3] w) => (float[a, b, c, d] y) {
  shape = Shape <start = 2> (x)
  limit = Constant <value_int = 5> ()
  least = ReduceMin <keepdims = 0> (shape)
  small = Less (least, limit)
  z = If (small) <
    then_branch = small_one () => (inner) { inner = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) },
    else_branch = large_one () => (inner) {
      half = Constant <value_float = 0.5> ()
      scaled = Mul (x, half)
      inner = Conv <strides = [2, 2]> (scaled, w) }
  >
  y = Relu (z)
}
"""
"""Both branches name their result alike."""


OUTSIDE = """
main (bool flag, float[4, n] x, float[6, 4, 3] w) => (float[1, 6, m] y) {
  axis = Constant <value_ints = [0]> ()
  y = If (flag) <
    then_branch = one () => (float[1, 6, ?] a) {
      b = Unsqueeze (x, axis)
      a = Conv <strides = [3]> (b, w) },
    else_branch = two () => (float[1, 6, ?] c) {
      d = Unsqueeze (x, axis)
      e = Neg (d)
      c = Conv <strides = [3]> (e, w) }
  >
}
"""
"""Branches that read an axis outside of them."""


def _model(text: str) -> Any:
    return onnx.parser.parse_model(HEAD + text)


def _run(text: str, *inputs: np.ndarray[Any, Any], **shapes: tuple[int, ...]) -> Any:
    artifact = aie_conv.compile(_model(text), input_shapes=shapes, route="cpu", plan_cache=False)
    return np.asarray(aie_conv.load(artifact, device="null")(*inputs))


def _expected(text: str, **inputs: np.ndarray[Any, Any]) -> Any:
    from onnx.reference import ReferenceEvaluator

    results: Any = ReferenceEvaluator(_model(text)).run(None, inputs)
    return results[0]


@pytest.mark.parametrize("size", [3, 7, 8])
def test_amounts_of_padding_are_computed(size: int) -> None:
    x = np.random.default_rng(size).standard_normal((1, size), np.float32)
    assert np.array_equal(_run(PADDED, x, x=(1, size)), _expected(PADDED, x=x))


@pytest.mark.parametrize("shape", [(1, 4, 2, 2), (1, 4, 4, 7), (1, 4, 6, 9)])
def test_the_branch_that_sizes_choose_stands_alone(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(shape[-1])
    x, w = rng.standard_normal(shape, np.float32), rng.standard_normal((6, 4, 3, 3), np.float32)
    result = _run(BRANCH, x, w, x=shape)
    np.testing.assert_allclose(result, _expected(BRANCH, x=x, w=w), rtol=1e-5, atol=1e-5)


def test_a_value_that_a_branch_reads_stays() -> None:
    """A rewrite may take a value away that one node reads; a branch inside another node reads it too."""
    text = """
main (float[1, 2, 6, 6] x, bool c) => (float[1, 2, 6, 6] y) {
  one = Constant <value_float = 0.1> ()
  zero = Constant <value = int8 {0}> ()
  q = QuantizeLinear (x, one, zero)
  d = DequantizeLinear (q, one, zero)
  y = If (c) <
    then_branch = plain () => (float[1, 2, 6, 6] same) { same = Identity (d) },
    else_branch = twice () => (float[1, 2, 6, 6] sum) { sum = Add (d, d) }
  >
}
"""
    x = np.random.default_rng(1).standard_normal((1, 2, 6, 6), np.float32)
    for condition in (np.array(True), np.array(False)):
        assert np.array_equal(_run(text, x, condition), _expected(text, x=x, c=condition))


@pytest.mark.parametrize("flag", [True, False])
def test_an_axis_outside_of_a_branch_says_sizes_inside(flag: bool) -> None:
    """One step of the window, with a pixel left over, which the importer takes in one form alone."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((4, 4), np.float32), rng.standard_normal((6, 4, 3), np.float32)
    expected = _expected(OUTSIDE, flag=np.array(flag), x=x, w=w)
    result = _run(OUTSIDE, np.array(flag), x, w, x=x.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


def test_a_branch_without_types_is_one_line() -> None:
    """IREE's importer takes all memory for a convolution without a rank."""
    text = """
main (float[2, 6, 6] x, float[2, 2, 3, 3] w, bool c, int64[1] s) => (float[1, 2, 4, 4] y) {
  axes = Constant <value_ints = [0]> ()
  z = Unsqueeze (x, axes)
  y = If (c) <
    then_branch = one () => (float[1, 2, 4, 4] a) { r = Unsqueeze (x, s)  a = Conv (r, w) },
    else_branch = two () => (float[1, 2, 4, 4] b) { b = Conv (z, w) }
  >
}
"""
    with pytest.raises(
        AieConvError, match="operator Unsqueeze.*: the type of its result is not known"
    ):
        aie_conv.compile(_model(text), plan_cache=False)
