"""Places that a module computes of constants: those that MLIR defines, or none."""

from collections.abc import Iterator

import numpy as np
import pytest
from iree.compiler import ir

from aie_conv.bridge.recognition.interpreter import KnownTensors, NumberArray, ScalarBody, spread
from aie_conv.bridge.recognition.recognise import function_of
from aie_conv.bridge.tensors import operations_of, walk
from aie_conv.errors import Unsupported

_COUNT = 6


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    with ir.Context(), ir.Location.unknown():
        yield


def computed(body: str, dtype: str = "index") -> NumberArray:
    """What a body computes as ``%v``, of ``%i``, the place along its one dim."""
    kind = f"tensor<{_COUNT}x{dtype}>"
    module = ir.Module.parse(f"""
func.func @f() -> {kind} {{
  %t = arith.constant dense<[3, 1, 4, 1]> : tensor<4xindex>
  %two = arith.constant 2 : index
  %e = tensor.empty() : {kind}
  %r = linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}}
    outs(%e : {kind}) {{
  ^bb0(%out: {dtype}):
    %i = linalg.index 0 : index
    %below = arith.subi %i, %two : index
    {body}
    linalg.yield %v : {dtype}
  }} -> {kind}
  return %r : {kind}
}}""").operation
    op = next(op for op in walk(module) if op.name == "linalg.generic")
    known = KnownTensors(module, function_of)
    body_of = ScalarBody(op, spread([_COUNT]), known.of)
    return np.broadcast_to(body_of.numbers(operations_of(op)[-1].operands[0]), _COUNT)


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("%v = arith.divsi %below, %two : index", [-1, 0, 0, 0, 1, 1]),
        ("%v = arith.floordivsi %below, %two : index", [-1, -1, 0, 0, 1, 1]),
        ("%v = arith.remsi %below, %two : index", [0, -1, 0, 1, 0, 1]),
        ("%v = arith.divui %i, %two : index", [0, 0, 1, 1, 2, 2]),
        (
            "%c = arith.cmpi ult, %i, %two : index\n%v = arith.select %c, %i, %two : index",
            [0, 1, 2, 2, 2, 2],
        ),
        ("%h = arith.divui %i, %two : index\n%v = tensor.extract %t[%h] : tensor<4xindex>",
         [3, 3, 1, 1, 4, 4]),
    ],
)  # fmt: skip
def test_places_are_mlirs(body: str, values: list[int]) -> None:
    np.testing.assert_array_equal(computed(body), values)


@pytest.mark.parametrize(
    "body",
    [
        "%v = arith.divui %below, %two : index",
        "%v = arith.remui %below, %two : index",
        "%v = arith.divsi %two, %i : index",
        "%c = arith.cmpi ult, %below, %two : index\n%v = arith.select %c, %i, %two : index",
        "%v = tensor.extract %t[%i] : tensor<4xindex>",
        "%v = tensor.extract %t[%below] : tensor<4xindex>",
    ],
)
def test_what_numpy_would_compute_otherwise_is_unknown(body: str) -> None:
    with pytest.raises(Unsupported):
        computed(body)


def test_a_bit_is_no_number() -> None:
    # As a signed number it would be -1.
    with pytest.raises(Unsupported):
        computed(
            "%c = arith.cmpi slt, %i, %two : index\n%v = arith.extsi %c : i1 to i32", dtype="i32"
        )


@pytest.mark.parametrize("mutable", [False, True])
def test_a_global_that_may_be_stored_to_is_unknown(mutable: bool) -> None:
    module = ir.Module.parse(f"""
util.global private {"mutable" if mutable else ""} @stored : tensor<2xi64>
util.global private {"mutable" if mutable else ""} @places = dense<[5, 6]> : tensor<2xi64>
util.initializer {{
  %c = arith.constant dense<[7, 8]> : tensor<2xi64>
  util.global.store %c, @stored : tensor<2xi64>
  util.return
}}
util.func public @main() -> (tensor<2xi64>, tensor<2xi64>) {{
  %0 = util.global.load @places : tensor<2xi64>
  %1 = util.global.load @stored : tensor<2xi64>
  util.return %0, %1 : tensor<2xi64>, tensor<2xi64>
}}""").operation
    known = KnownTensors(module, function_of)
    loads = [op.results[0] for op in walk(module) if op.name == "util.global.load"]
    if mutable:
        for load in loads:
            with pytest.raises(Unsupported):
                known.of(load)
    else:
        np.testing.assert_array_equal([known.of(load) for load in loads], [[5, 6], [7, 8]])


def test_what_is_combined_is_unknown() -> None:
    module = ir.Module.parse("""
flow.executable private @total {
  flow.executable.export public @total
  builtin.module {
    func.func @total(%arg0: !iree_tensor_ext.dispatch.tensor<readonly:tensor<2x4xi64>>,
                     %arg1: !iree_tensor_ext.dispatch.tensor<writeonly:tensor<2xi64>>) {
      %zero = arith.constant dense<0> : tensor<2xi64>
      %x = iree_tensor_ext.dispatch.tensor.load %arg0, offsets = [0, 0], sizes = [2, 4], strides = [1, 1]
        : !iree_tensor_ext.dispatch.tensor<readonly:tensor<2x4xi64>> -> tensor<2x4xi64>
      %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]} ins(%x : tensor<2x4xi64>) outs(%zero : tensor<2xi64>) {
      ^bb0(%a: i64, %b: i64):
        %s = arith.addi %a, %b : i64
        linalg.yield %s : i64
      } -> tensor<2xi64>
      iree_tensor_ext.dispatch.tensor.store %y, %arg1, offsets = [0], sizes = [2], strides = [1]
        : tensor<2xi64> -> !iree_tensor_ext.dispatch.tensor<writeonly:tensor<2xi64>>
      return
    }
  }
}
util.func public @main() -> tensor<2xi64> {
  %0 = flow.tensor.constant dense<1> : tensor<2x4xi64>
  %1 = flow.dispatch @total::@total(%0) : (tensor<2x4xi64>) -> tensor<2xi64>
  util.return %1 : tensor<2xi64>
}""").operation
    (call,) = (op for op in walk(module) if op.name == "flow.dispatch")
    with pytest.raises(Unsupported):
        KnownTensors(module, function_of).of(call.results[0])
