"""Tensors that follow from constants alone: what IREE evaluates, or left to it."""

from collections.abc import Iterator

import numpy as np
import pytest
from iree.compiler import ir

from aie_conv.bridge.flow import to_flow
from aie_conv.bridge.graft import resource_bytes
from aie_conv.bridge.input.hoisted import compute_hoisted
from aie_conv.bridge.tensors import operations_of, walk
from tests.support.bridge.flow_texts import one_convolution

_SUM = """
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<2xi32>
  %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<2xi32>) -> tensor<2xi32>
  %sum = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
    iterator_types = ["parallel", "reduction"]
  } ins(%c : tensor<2x3xi8>) outs(%init : tensor<2xi32>) {
  ^bb0(%in: i8, %out: i32):
    %wide = arith.extsi %in : i8 to i32
    %total = OPERATION %out, %wide : i32
    linalg.yield %total : i32
  } -> tensor<2xi32>
  util.global.store %sum, @g : tensor<2xi32>
"""


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    with ir.Context(), ir.Location.unknown():
        yield


def initialised(constant: str, kind: str, body: str) -> ir.Operation:
    """A module that stores what a body computes of ``%c`` in ``@g`` of a type."""
    text = f"""
util.global private @g : {kind}
util.initializer {{
  %c = arith.constant {constant}
  {body}
  util.return
}}"""
    return ir.Module.parse(text).operation


def initial_value(module: ir.Operation) -> ir.Attribute:
    (only,) = operations_of(module)
    return only.attributes["initial_value"]


def test_a_filter_is_put_into_another_order() -> None:
    module = initialised(
        "dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>",
        "tensor<3x2xf32>",
        """
  %e = tensor.empty() : tensor<3x2xf32>
  %t = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%c : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<3x2xf32>
  util.global.store %t, @g : tensor<3x2xf32>""",
    )
    assert compute_hoisted(module)
    values = np.array(initial_value(module))
    assert (values == np.array([[1, 4], [2, 5], [3, 6]], np.float32)).all()


def test_integers_are_added_along_a_dim() -> None:
    constant = "dense<[[1, 2, 3], [-128, -128, 100]]> : tensor<2x3xi8>"
    module = initialised(constant, "tensor<2xi32>", _SUM.replace("OPERATION", "arith.addi"))
    assert compute_hoisted(module)
    assert np.array(initial_value(module)).tolist() == [6, -156]


def test_what_is_not_computed_here_is_left() -> None:
    constant = "dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>"
    module = initialised(constant, "tensor<2xi32>", _SUM.replace("OPERATION", "arith.maxsi"))
    before = str(module)
    assert not compute_hoisted(module)
    assert str(module) == before


def test_floats_are_not_computed_with() -> None:
    body = """
  %e = tensor.empty() : tensor<3xi8>
  %t = linalg.generic {
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]
  } ins(%c : tensor<3xf32>) outs(%e : tensor<3xi8>) {
  ^bb0(%in: f32, %out: i8):
    %v = arith.fptosi %in : f32 to i8
    linalg.yield %v : i8
  } -> tensor<3xi8>
  util.global.store %t, @g : tensor<3xi8>"""
    module = initialised("dense<[1.0, 2.0, 3.0]> : tensor<3xf32>", "tensor<3xi8>", body)
    assert not compute_hoisted(module)


def quotient(by: int) -> ir.Operation:
    """A module that divides bytes, the least one among them."""
    body = f"""
  %e = tensor.empty() : tensor<3xi8>
  %by = arith.constant {by} : i8
  %t = linalg.generic {{
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]
  }} ins(%c : tensor<3xi8>) outs(%e : tensor<3xi8>) {{
  ^bb0(%in: i8, %out: i8):
    %v = arith.divsi %in, %by : i8
    linalg.yield %v : i8
  }} -> tensor<3xi8>
  util.global.store %t, @g : tensor<3xi8>"""
    return initialised("dense<[-128, 127, -5]> : tensor<3xi8>", "tensor<3xi8>", body)


@pytest.mark.parametrize(("by", "values"), [(2, [-64, 63, -2]), (-3, [42, -42, 1])])
def test_the_least_integer_is_divided_too(by: int, values: list[int]) -> None:
    module = quotient(by)
    assert compute_hoisted(module)
    assert np.array(initial_value(module)).tolist() == values


@pytest.mark.filterwarnings("error")
def test_a_division_by_zero_is_left() -> None:
    assert not compute_hoisted(quotient(0))


@pytest.mark.parametrize("unsigned", [False, True])
def test_numbers_with_a_sign_are_dequantised(unsigned: bool) -> None:
    same = "affine_map<(d0) -> (d0)>"
    body = f"""
  %s = arith.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %t = iree_linalg_ext.dequantize_affine <indexing_maps = [{same}, {same}, {same}],
    quant_min = 0, quant_max = 255{", input_unsigned" * unsigned}>
    ins(%c, %s : tensor<2xi32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  util.global.store %t, @g : tensor<2xf32>"""
    module = initialised("dense<[-3, 8]> : tensor<2xi32>", "tensor<2xf32>", body)
    assert compute_hoisted(module) is not unsigned
    if not unsigned:
        assert np.array(initial_value(module)).tolist() == [-1.5, 2.0]


def test_bytes_are_dequantised_by_one_scale() -> None:
    same = "affine_map<(d0) -> (d0)>"
    body = f"""
  %s = arith.constant 0.375 : f32
  %e = tensor.empty() : tensor<3xf32>
  %t = iree_linalg_ext.dequantize_affine <indexing_maps = [{same}, affine_map<(d0) -> ()>, {same}],
    quant_min = -128, quant_max = 127>
    ins(%c, %s : tensor<3xi8>, f32) outs(%e : tensor<3xf32>) -> tensor<3xf32>
  util.global.store %t, @g : tensor<3xf32>"""
    module = initialised("dense<[-3, 8, 127]> : tensor<3xi8>", "tensor<3xf32>", body)
    assert compute_hoisted(module)
    assert np.array(initial_value(module)).tolist() == [-1.125, 3.0, 47.625]


def round_twice(numbers: str, first: str, second: str) -> ir.Operation:
    """A module that computes twice with three f32 numbers: ``%v`` of ``%in``, then ``%r`` of ``%v``."""
    body = f"""
  %k = arith.constant 1.0e-5 : f32
  %e = tensor.empty() : tensor<3xf32>
  %t = linalg.generic {{
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]
  }} ins(%c : tensor<3xf32>) outs(%e : tensor<3xf32>) {{
  ^bb0(%in: f32, %out: f32):
    %v = {first} : f32
    %r = {second} : f32
    linalg.yield %r : f32
  }} -> tensor<3xf32>
  util.global.store %t, @g : tensor<3xf32>"""
    return initialised(f"dense<[{numbers}]> : tensor<3xf32>", "tensor<3xf32>", body)


def test_a_batch_norms_root_is_rounded_operation_by_operation() -> None:
    module = round_twice("0.3, 7.0, 0.0", "arith.addf %in, %k", "math.rsqrt %v")
    assert compute_hoisted(module)
    sums = np.array([0.3, 7.0, 0.0], np.float32) + np.float32(1e-5)
    roots = np.float32(1) / np.sqrt(sums)
    assert (
        np.array(initial_value(module)).view(np.uint32).tolist() == roots.view(np.uint32).tolist()
    )


@pytest.mark.parametrize(
    ("numbers", "first"),
    [
        ("0.3, 7.0, 0.0", "arith.mulf %in, %k"),  # IREE may round it together with a sum
        ("0.3, 7.0, 1.0e-40", "arith.addf %in, %k"),  # IREE computes with zero
    ],
)
def test_what_rounds_otherwise_is_left(numbers: str, first: str) -> None:
    assert not compute_hoisted(round_twice(numbers, first, "math.rsqrt %v"))


def test_a_resource_is_read() -> None:
    module = ir.Module.parse("""
util.func private @f() {
  %c = arith.constant dense_resource<r> : tensor<2xbf16>
  util.return
}
{-# dialect_resources: { builtin: { r: "0x02000000803F0040" } } #-}""").operation
    op = next(op for op in walk(module) if op.name == "arith.constant")
    assert resource_bytes(op, 4) == bytes.fromhex("803F0040")


@pytest.mark.parametrize("dtype", ["f32", "i8"])
def test_a_module_is_the_same_as_with_irees_own_evaluation(dtype: str) -> None:
    flags: tuple[tuple[str, ...], ...] = ((), ("--iree-opt-const-eval=true",))
    texts = [str(to_flow(one_convolution(dtype), "m", "auto", each).operation) for each in flags]
    assert texts[0] == texts[1]
    assert "util.initializer" not in texts[0]
