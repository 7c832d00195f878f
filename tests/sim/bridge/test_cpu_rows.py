"""Products of one row that stay on the CPU of a mixed module."""

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from aie_conv.bridge import flow
from aie_conv.bridge.cpu.stages import CpuCode, CpuFunction
from aie_conv.runtime.program import load_program

_TILES = {
    "distribution": (0, 256, 0),
    "vector_common_parallel": (1, 64, 0),
    "vector_reduction": (0, 0, 8),
}
_SUMS = {"i8": "i32", "f32": "f32", "bf16": "f32"}
_VMVX = "--iree-hal-local-target-device-backends=vmvx"


def _numbers(shape: tuple[int, ...], dtype: str) -> NDArray[np.generic]:
    rng = np.random.default_rng(sum(shape))
    if dtype == "i8":
        return rng.integers(-128, 128, shape, np.int8)
    kind = ml_dtypes.bfloat16 if dtype == "bf16" else np.float32
    return rng.standard_normal(shape).astype(kind)


def _module(weights: NDArray[np.generic], dtype: str, order: str, *, constant: bool = True) -> str:
    """A product of one row and a bias behind it; ``order`` is how the weights lie: "kn" or "nk"."""
    (depth, columns), sums = weights.shape, _SUMS[dtype]
    kind = f"tensor<{'x'.join(str({'k': depth, 'n': columns}[dim]) for dim in order)}x{dtype}>"
    numbers = np.ascontiguousarray(weights if order == "kn" else weights.T).tobytes().hex()
    value = f'%w = arith.constant dense<"0x{numbers}"> : {kind}'
    row, dims = f"tensor<1x{columns}x{sums}>", "(m, n, k) ->"
    maps = f"affine_map<{dims} (m, k)>, affine_map<{dims} ({order[0]}, {order[1]})>, affine_map<{dims} (m, n)>"
    add, zero = ("addi", "0") if dtype == "i8" else ("addf", "0.0")
    each = ", ".join(["affine_map<(m, n) -> (m, n)>"] * 3)
    return f"""func.func @main(%x: tensor<1x{depth}x{dtype}>, %b: {row}{"" if constant else f", %w: {kind}"}) -> {row} {{
  {value if constant else ""}
  %zero = arith.constant {zero} : {sums}
  %empty = tensor.empty() : {row}
  %init = linalg.fill ins(%zero : {sums}) outs(%empty : {row}) -> {row}
  %y = linalg.matmul indexing_maps = [{maps}] ins(%x, %w : tensor<1x{depth}x{dtype}>, {kind}) outs(%init : {row}) -> {row}
  %z = linalg.generic {{indexing_maps = [{each}], iterator_types = ["parallel", "parallel"]}}
      ins(%y, %b : {row}, {row}) outs(%empty : {row}) {{
  ^bb0(%p: {sums}, %q: {sums}, %r: {sums}):
    %t = arith.{add} %p, %q : {sums}
    linalg.yield %t : {sums}
  }} -> {row}
  return %z : {row}
}}
"""


def _left_on_cpu(text: str, *flags: str) -> flow.FlowModule:
    module = flow.to_flow(text.encode(), "row", "auto", flags)
    flow.replace(module, flow.find_dispatches(module), {})
    return module


def _compiled(text: str) -> CpuFunction:
    (product,) = (f for f in CpuCode(_left_on_cpu(text)).functions if f.macs)
    return product


@pytest.mark.parametrize("order", ["kn", "nk"])
def test_columns_are_innermost_and_fill_registers(order: str) -> None:
    product = _compiled(_module(_numbers((96, 100), "i8"), "i8", order))
    assert dict(product.tiles) == _TILES
    assert "tensor<96x100xi8>" in product.text


@pytest.mark.parametrize(
    "text",
    [
        _module(_numbers((96, 50), "i8"), "i8", "kn"),
        _module(_numbers((96, 100), "i8"), "i8", "nk", constant=False),
    ],
    ids=["narrow", "columns outermost, weights not known"],
)
def test_other_products_have_irees_tiles(text: str) -> None:
    assert dict(_compiled(text).tiles) != _TILES


@pytest.mark.parametrize("dtype", ["i8", "f32", "bf16"])
@pytest.mark.parametrize("order", ["kn", "nk"])
@pytest.mark.parametrize("shape", [(128, 256), (77, 331)])
def test_the_same_is_computed(shape: tuple[int, int], order: str, dtype: str) -> None:
    """Sizes that the tiles divide and others: integers exactly, floats within rounding."""
    weights, x = _numbers(shape, dtype), _numbers((1, shape[0]), dtype)
    bias = _numbers((1, shape[1]), dtype).astype(np.int32 if dtype == "i8" else np.float32)
    vmfb = flow.to_vmfb(_left_on_cpu(_module(weights, dtype, order)))
    result = np.asarray(load_program(vmfb, "null").main(x, bias))
    wide = np.int64 if dtype == "i8" else np.float64
    wanted = x.astype(wide) @ weights.astype(wide) + bias
    if dtype == "i8":
        np.testing.assert_array_equal(result, wanted)
    else:
        np.testing.assert_allclose(result, wanted, atol=1e-4)


def test_another_backend_chooses_its_tiles() -> None:
    """IREE's interpreter refuses tile sizes of its LLVM backend."""
    text = _module(_numbers((96, 100), "i8"), "i8", "kn")
    assert flow.to_vmfb(_left_on_cpu(text, _VMVX))
