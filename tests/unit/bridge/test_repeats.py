"""Gathers that repeat their source are known by the places that they read, however these are computed."""

from collections.abc import Sequence

import pytest
from iree.compiler import ir

from aie_conv.bridge.input.repeats import Repeats, find_repeats
from aie_conv.bridge.tensors import walk

_FLOATS = """%s = arith.constant 0.5 : f32
%i0 = arith.index_cast %i : index to i32
%i1 = arith.sitofp %i0 : i32 to f32
%i2 = arith.mulf %i1, %s : f32
%i3 = math.floor %i2 : f32
%i4 = arith.fptosi %i3 : f32 to i32
%p = arith.index_cast %i4 : i32 to index
%q = arith.floordivsi %j, %two : index"""
_CLAMPED = """%p = arith.divui %i, %two : index
%h = arith.divui %j, %two : index
%top = arith.cmpi slt, %h, %two : index
%q = arith.select %top, %h, %two : index"""


def repeats(source: Sequence[int], shape: Sequence[int], body: str) -> Repeats | None:
    """What a gather at (%p, %q) repeats, which its body computes of (%i, %j)."""
    kinds = ["tensor<" + "".join(f"{size}x" for size in each) + "f32>" for each in (source, shape)]
    rank = len(shape)
    dims = ", ".join(f"d{dim}" for dim in range(rank))
    names = dict(zip("ij", range(rank), strict=False))
    index = "\n".join(f"%{name} = linalg.index {dim} : index" for name, dim in names.items())
    places = ", ".join(["%p", "%q"][:rank])
    types = ", ".join(['"parallel"'] * rank)
    with ir.Context(), ir.Location.unknown():
        module = ir.Module.parse(f"""
func.func @f(%x: {kinds[0]}) -> {kinds[1]} {{
  %two = arith.constant 2 : index
  %e = tensor.empty() : {kinds[1]}
  %r = linalg.generic {{indexing_maps = [affine_map<({dims}) -> ({dims})>], iterator_types = [{types}]}}
    outs(%e : {kinds[1]}) {{
  ^bb0(%out: f32):
    {index}
    {body}
    %v = tensor.extract %x[{places}] : {kinds[0]}
    linalg.yield %v : f32
  }} -> {kinds[1]}
  return %r : {kinds[1]}
}}""").operation
        return find_repeats(next(op for op in walk(module) if op.name == "linalg.generic"))


@pytest.mark.parametrize(
    ("source", "shape", "body", "factors"),
    [
        ([3, 5], [6, 10], _FLOATS, (2, 2)),
        ([3, 3], [6, 6], _CLAMPED, (2, 2)),
        ([3, 5], [3, 10], "%p = arith.addi %i, %z : index\n%q = arith.divsi %j, %two : index",
         (1, 2)),
        ([1, 5], [4, 5], "%p = arith.constant 0 : index\n%q = arith.addi %j, %z : index", (4, 1)),
    ],
)  # fmt: skip
def test_whole_repetitions(
    source: list[int], shape: list[int], body: str, factors: tuple[int, ...]
) -> None:
    gather = repeats(source, shape, f"%z = arith.constant 0 : index\n{body}")
    assert gather is not None
    assert gather.factors == factors


@pytest.mark.parametrize(
    ("source", "shape", "body"),
    [
        # The last one is read more often than the others, a dim is read by another, elements are left out, none repeats.
        ([3, 3], [6, 8], _CLAMPED),
        ([3, 3], [6, 6], "%p = arith.divsi %j, %two : index\n%q = arith.divsi %i, %two : index"),
        ([4, 4], [6, 6], _CLAMPED),
        ([3, 3], [3, 3], "%p = arith.maxsi %i, %i : index\n%q = arith.maxsi %j, %j : index"),
        ([], [], ""),
    ],
)
def test_anything_else(source: list[int], shape: list[int], body: str) -> None:
    assert repeats(source, shape, body) is None
