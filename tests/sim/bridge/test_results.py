"""Products whose value is needed in two orders, in two types, or before and behind an activation function."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

import aie_conv

_CHANNELS_LAST, _CHANNELS_FIRST = "(c, h, w) -> (h, w, c)", "(c, h, w) -> (c, h, w)"


@dataclass(frozen=True)
class Pair:
    """Two results of a product.

    Attributes:
        kinds: their tensor types.
        maps: their indexing.
        yields: what they are: the shifted sums "%v", bytes of those "%n", or these at least zero "%r".
    """

    kinds: tuple[str, str]
    maps: tuple[str, str]
    yields: tuple[str, str]


PAIRS = {
    "orders": Pair(
        ("tensor<24x8x8xi8>", "tensor<8x8x24xi8>"),
        (_CHANNELS_FIRST, _CHANNELS_LAST),
        ("%n : i8", "%n : i8"),
    ),
    "types": Pair(
        ("tensor<8x8x24xi8>", "tensor<8x8x24xi32>"),
        (_CHANNELS_LAST, _CHANNELS_LAST),
        ("%n : i8", "%v : i32"),
    ),
    "activation": Pair(
        ("tensor<8x8x24xi8>", "tensor<8x8x24xi8>"),
        (_CHANNELS_LAST, _CHANNELS_LAST),
        ("%n : i8", "%r : i8"),
    ),
}


def _module(pair: Pair) -> bytes:
    (first, second), (map1, map2) = pair.kinds, pair.maps
    values, types = zip(*(each.split(" : ") for each in pair.yields), strict=True)
    return f"""
func.func @main(%x: tensor<8x8x16xi8>, %w: tensor<24x16xi8>) -> ({first}, {second}) {{
  %z = arith.constant 0 : i32
  %e = tensor.empty() : tensor<8x8x24xi32>
  %s = linalg.fill ins(%z : i32) outs(%e : tensor<8x8x24xi32>) -> tensor<8x8x24xi32>
  %y = linalg.generic {{indexing_maps = [affine_map<(h, w, n, k) -> (h, w, k)>,
      affine_map<(h, w, n, k) -> (n, k)>, affine_map<(h, w, n, k) -> (h, w, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}}
      ins(%x, %w : tensor<8x8x16xi8>, tensor<24x16xi8>) outs(%s : tensor<8x8x24xi32>) {{
  ^bb0(%a: i8, %b: i8, %o: i32):
    %p = arith.extsi %a : i8 to i32
    %q = arith.extsi %b : i8 to i32
    %m = arith.muli %p, %q : i32
    %t = arith.addi %o, %m : i32
    linalg.yield %t : i32
  }} -> tensor<8x8x24xi32>
  %e1 = tensor.empty() : {first}
  %e2 = tensor.empty() : {second}
  %r:2 = linalg.generic {{indexing_maps = [affine_map<{_CHANNELS_LAST}>, affine_map<{map1}>,
      affine_map<{map2}>], iterator_types = ["parallel", "parallel", "parallel"]}}
      ins(%y : tensor<8x8x24xi32>) outs(%e1, %e2 : {first}, {second}) {{
  ^bb0(%a: i32, %o1: {types[0]}, %o2: {types[1]}):
    %six = arith.constant 6 : i32
    %low = arith.constant -128 : i32
    %high = arith.constant 127 : i32
    %zero = arith.constant 0 : i8
    %v = arith.shrsi %a, %six : i32
    %u = arith.maxsi %v, %low : i32
    %t = arith.minsi %u, %high : i32
    %n = arith.trunci %t : i32 to i8
    %r = arith.maxsi %n, %zero : i8
    linalg.yield {", ".join(values)} : {", ".join(types)}
  }} -> ({first}, {second})
  return %r#0, %r#1 : {first}, {second}
}}""".encode()


def _value(pair: Pair, number: int, shifted: NDArray[np.int64]) -> NDArray[np.int64]:
    bytes_ = np.clip(shifted, -128, 127)
    name = pair.yields[number].partition(" ")[0]
    value = {"%v": shifted, "%n": bytes_, "%r": np.maximum(bytes_, 0)}[name]
    return value.transpose(2, 0, 1) if pair.maps[number] == _CHANNELS_FIRST else value


@pytest.mark.parametrize("name", PAIRS)
def test_the_product_gives_one_of_them(name: str) -> None:
    pair, rng = PAIRS[name], np.random.default_rng(4)
    x, w = (rng.integers(-128, 128, shape, np.int8) for shape in ((8, 8, 16), (24, 16)))
    shifted = np.einsum("hwk,nk->hwn", x.astype(np.int64), w.astype(np.int64)) >> 6
    artifact = aie_conv.compile(_module(pair), device="npu1_4col", route="direct")
    first, second = artifact.report["dispatches"]
    assert (first["route"], first["split"]) == ("direct", "")
    assert second["name"] == f"{first['name']}_rest"
    results = aie_conv.load(artifact, device="sim")(x, w)
    for number, got in enumerate(results):
        assert np.array_equal(np.asarray(got), _value(pair, number, shifted))
