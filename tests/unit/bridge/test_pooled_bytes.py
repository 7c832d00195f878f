"""Which sums of dequantised bytes are of the bytes."""

import pytest
from iree.compiler import ir

from aie_conv.bridge.input.quantised import use_integers


def _sum(image: str, result: str, read: str) -> str:
    """A sum of a dequantised image over the second loop."""
    same, none = "affine_map<(d0, d1) -> (d0, d1)>", "affine_map<(d0, d1) -> ()>"
    bytes_, real, sums = f"tensor<{image}xi8>", f"tensor<{image}xf32>", f"tensor<{result}xf32>"
    return f"""func.func @f(%q: {bytes_}) -> {sums} {{
  %s = arith.constant 0.5 : f32
  %p = arith.constant 3 : i64
  %e = tensor.empty() : {real}
  %r = iree_linalg_ext.dequantize_affine <indexing_maps = [{same}, {none}, {none}, {same}],
    quant_min = -128, quant_max = 127> ins(%q, %s, %p : {bytes_}, f32, i64) outs(%e : {real}) -> {real}
  %z = arith.constant 0.0 : f32
  %o = tensor.empty() : {sums}
  %i = linalg.fill ins(%z : f32) outs(%o : {sums}) -> {sums}
  %y = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> {read}>, affine_map<(d0, d1) -> (d0)>],
    iterator_types = ["parallel", "reduction"]}} ins(%r : {real}) outs(%i : {sums}) {{
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %b, %a : f32
    linalg.yield %c : f32
  }} -> {sums}
  return %y : {sums}
}}"""


@pytest.mark.parametrize(
    ("image", "result", "read", "taken"),
    [
        ("4x6", "4", "(d0, d1)", True),
        ("6x4", "4", "(d1, d0)", True),
        ("4x4", "1", "(d1, d1)", False),  # a trace
        ("7x6", "4", "(d0 * 2, d1)", False),
        ("5x6", "4", "(d0 + 1, d1)", False),
    ],
)
def test_what_walks_all_of_the_image_alone(image: str, result: str, read: str, taken: bool) -> None:
    with ir.Context():
        module = ir.Module.parse(_sum(image, result, read))
        use_integers(module.operation)
        module.operation.verify()
        assert ("arith.extsi" in str(module)) is taken
