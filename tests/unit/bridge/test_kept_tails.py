"""A sum of two products: each gives its own type, and what stands behind it is not the other's to do."""

from typing import Any

import pytest
import torch
from iree.compiler import ir
from torch import nn

import aie_conv
from aie_conv.bridge.flow import find_dispatches, to_flow
from aie_conv.bridge.input.kept_tails import keep_tails
from aie_conv.bridge.tensors import walk
from aie_conv.frontends.source import read_source
from aie_conv.problem import ConvProblem, OperationProblem


class Joined(nn.Module):
    """Two convolutions with bias of one input, added; one of them behind another."""

    def __init__(self, reader: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(32, 32, 1)
        self.second, self.side = nn.Conv2d(32, 64, 1), nn.Conv2d(32, 64, 1)
        self.reader = reader

    def forward(self, x: torch.Tensor) -> Any:
        product = self.second(torch.relu(self.first(x)))
        total = torch.relu(product + self.side(x))
        return (total, product) if self.reader else total


def flow_of(model: nn.Module, dtype: torch.dtype) -> Any:
    source: Any = read_source(model.to(dtype).eval(), (torch.rand(1, 32, 16, 16).to(dtype),), None)
    return to_flow(source, "model", "auto", ())


def calls_of(dtype: torch.dtype, *, reader: bool = False) -> Any:
    module = flow_of(Joined(reader), dtype)
    calls = find_dispatches(module)
    return module, [c.recognised.problem for c in calls if c.recognised.problem is not None]


@pytest.mark.parametrize("reader", [False, True])
def test_no_product_gives_sums_of_f32(reader: bool) -> None:
    module, problems = calls_of(torch.bfloat16, reader=reader)
    products = [problem for problem in problems if hasattr(problem, "rhs")]
    assert [problem.out.dtype for problem in products] == ["bf16"] * 3
    assert not [op for op in walk(module.operation) if op.name == "util.optimization_barrier"]


def test_each_product_adds_its_own_bias() -> None:
    _, problems = calls_of(torch.float32)
    products = [problem for problem in problems if hasattr(problem, "rhs")]
    inputs = sorted(len(problem.epilogue.inputs) for problem in products)
    assert inputs == [1, 1, 2]


def test_a_number_beside_a_product_is_passed_over() -> None:
    """It is a scalar operand of the sum, and no tensor."""
    text = """
func.func @main(%x: tensor<64x32xbf16>, %s: f32) -> tensor<64x32xf32> {
  %w = arith.constant dense<0.5> : tensor<32x32xbf16>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x32xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<64x32xf32>) -> tensor<64x32xf32>
  %p = linalg.matmul ins(%x, %w : tensor<64x32xbf16>, tensor<32x32xbf16>)
    outs(%i : tensor<64x32xf32>) -> tensor<64x32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> ()>,
    affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
    ins(%p, %s : tensor<64x32xf32>, f32) outs(%e : tensor<64x32xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %c = arith.addf %a, %b : f32
      linalg.yield %c : f32
  } -> tensor<64x32xf32>
  return %y : tensor<64x32xf32>
}"""
    module = to_flow(text.encode(), "scaled", "auto", ())
    assert [call.recognised.contraction for call in find_dispatches(module)] == [True]


class Averaged(nn.Module):
    """A mean of what an activation function gives behind a product."""

    def __init__(self, mean: Any) -> None:
        super().__init__()
        self.conv, self.mean = nn.Conv2d(32, 64, 1), mean

    def forward(self, x: torch.Tensor) -> Any:
        return self.mean(torch.relu(self.conv(x)))


@pytest.mark.parametrize("mean", [lambda x: x.mean((2, 3)), nn.AdaptiveAvgPool2d(1)])
def test_an_activation_in_front_of_a_mean_stays_with_its_product(mean: Any) -> None:
    module = flow_of(Averaged(mean), torch.bfloat16)
    problems = [call.recognised.problem for call in find_dispatches(module)]
    (product,) = (problem for problem in problems if isinstance(problem, ConvProblem))
    assert "arith.maximumf" in [step.op for step in product.epilogue.steps]
    assert any(isinstance(problem, OperationProblem) for problem in problems)


def test_the_sum_equals_torchs() -> None:
    """In one call, and rounded where the model rounds."""
    torch.manual_seed(0)
    model, x = Joined(reader=False).to(torch.bfloat16).eval(), torch.rand(1, 32, 16, 16)
    x = x.to(torch.bfloat16)
    artifact = aie_conv.compile(model, example_inputs=(x,), route="direct", direct="parametric")
    program = aie_conv.load(artifact, device="sim")
    result: Any = program(x)
    assert len(program.records) == 1
    torch.testing.assert_close(result, model(x), rtol=2**-7, atol=2**-7)


@pytest.mark.parametrize("joins", [False, True], ids=["sum", "join"])
def test_what_stands_before_a_sum_is_looked_at_once(joins: bool) -> None:
    """Each of 40 operations reads the one before twice, so that 2^40 ways lead to the first; none is a product."""
    real, bytes_ = "tensor<4x8xf32>", "tensor<4x8xi8>"
    same, none = "affine_map<(a, b) -> (a, b)>", "affine_map<(a, b) -> ()>"
    quantised = (
        f"<indexing_maps = [{same}, {none}, {none}, {same}], quant_min = -128, quant_max = 127>"
    )
    doubled = "\n".join(
        f"""%y{n + 1} = linalg.generic {{indexing_maps = [{same}, {same}, {same}],
    iterator_types = ["parallel", "parallel"]}} ins(%y{n}, %y{n} : {real}, {real}) outs(%e : {real}) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %v = arith.addf %a, %b : f32
    linalg.yield %v : f32
  }} -> {real}"""
        for n in range(40)
    )
    added = """^bb0(%a: f32, %o: f32):
    %v = arith.addf %a, %o : f32
    linalg.yield %v : f32"""
    result, reader = (
        (
            real,
            f"""%k = iree_linalg_ext.dequantize_affine {quantised} ins(%other, %s, %z : {bytes_}, f32, i64)
    outs(%e : {real}) -> {real}
  %r = linalg.generic {{indexing_maps = [{same}, {same}, {same}],
    iterator_types = ["parallel", "parallel"]}} ins(%d, %k : {real}, {real}) outs(%e : {real}) {{
  {added.replace("%o: f32", "%o: f32, %p: f32")}
  }} -> {real}""",
        )
        if joins
        else (
            "tensor<4xf32>",
            f"""%r = linalg.generic {{indexing_maps = [{same}, affine_map<(a, b) -> (a)>],
    iterator_types = ["parallel", "reduction"]}} ins(%d : {real}) outs(%i : tensor<4xf32>) {{
  {added}
  }} -> tensor<4xf32>""",
        )
    )
    text = f"""
func.func @f(%y0: {real}, %i: tensor<4xf32>, %other: {bytes_}, %s: f32, %z: i64) -> {result} {{
  %e = tensor.empty() : {real}
  %eb = tensor.empty() : {bytes_}
  {doubled}
  %q = iree_linalg_ext.quantize_affine {quantised} ins(%y40, %s, %z : {real}, f32, i64)
    outs(%eb : {bytes_}) -> {bytes_}
  %d = iree_linalg_ext.dequantize_affine {quantised} ins(%q, %s, %z : {bytes_}, f32, i64)
    outs(%e : {real}) -> {real}
  {reader}
  return %r : {result}
}}"""
    with ir.Context(), ir.Location.unknown():
        assert keep_tails(ir.Module.parse(text).operation) == 0


@pytest.mark.parametrize("behind", ["%m", "%y"], ids=["product", "its activation"])
def test_a_sum_of_bytes_reads_what_a_product_gives(behind: str) -> None:
    """The quantisation stays with the product: a sum of its bytes has no other operands."""
    real, same = "tensor<4x8xf32>", "affine_map<(a, b) -> (a, b)>"
    maps = f"{same}, affine_map<(a, b) -> ()>, affine_map<(a, b) -> ()>, {same}"
    text = f"""
func.func @f(%x: {real}, %w: tensor<8x8xf32>, %i: tensor<4xi32>, %s: f32, %z: i64) -> tensor<4xi32> {{
  %e = tensor.empty() : {real}
  %eb = tensor.empty() : tensor<4x8xi8>
  %m = linalg.matmul ins(%x, %w : {real}, tensor<8x8xf32>) outs(%e : {real}) -> {real}
  %y = linalg.generic {{indexing_maps = [{same}, {same}], iterator_types = ["parallel", "parallel"]}}
    ins(%m : {real}) outs(%e : {real}) {{
  ^bb0(%a: f32, %o: f32):
    %v = arith.mulf %a, %a : f32
    linalg.yield %v : f32
  }} -> {real}
  %q = iree_linalg_ext.quantize_affine <indexing_maps = [{maps}], quant_min = -128, quant_max = 127>
    ins({behind}, %s, %z : {real}, f32, i64) outs(%eb : tensor<4x8xi8>) -> tensor<4x8xi8>
  %r = linalg.generic {{indexing_maps = [{same}, affine_map<(a, b) -> (a)>],
    iterator_types = ["parallel", "reduction"]}} ins(%q : tensor<4x8xi8>) outs(%i : tensor<4xi32>) {{
  ^bb0(%a: i8, %o: i32):
    %u = arith.extsi %a : i8 to i32
    %v = arith.addi %o, %u : i32
    linalg.yield %v : i32
  }} -> tensor<4xi32>
  return %r : tensor<4xi32>
}}"""
    with ir.Context(), ir.Location.unknown():
        assert keep_tails(ir.Module.parse(text).operation) == 1
