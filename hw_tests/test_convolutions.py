"""Small convolutions through the public API, the same on the simulated and on a real NPU."""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hw_tests.conftest import Runner


@dataclass(frozen=True)
class Case:
    """A convolution: NCHW input, channels out, square window."""

    n: int
    c: int
    h: int
    w: int
    oc: int
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __str__(self) -> str:
        return (
            f"{self.n}x{self.c}x{self.h}x{self.w}-oc{self.oc}-k{self.kernel}"
            f"-s{self.stride}-p{self.padding}-d{self.dilation}"
        )


CASES = (
    Case(1, 64, 14, 14, 64, 1),
    Case(1, 32, 14, 14, 32, 3, padding=1),
    Case(1, 64, 14, 14, 128, 1, stride=2),
    Case(1, 3, 30, 30, 16, 7, stride=2, padding=3),
    Case(1, 24, 13, 11, 40, 3, stride=2, padding=1),
    Case(2, 16, 9, 9, 24, 3, padding=2, dilation=2),
    Case(1, 8, 7, 7, 8, 7),
)


def bf16_conv(case: Case) -> tuple[object, object, NDArray[np.float32]]:
    """A torch convolution with ReLU in bf16, its input, and what torch gives for it."""
    torch.manual_seed(1)
    conv = torch.nn.Conv2d(
        case.c, case.oc, case.kernel, case.stride, case.padding, dilation=case.dilation
    )
    model = torch.nn.Sequential(conv, torch.nn.ReLU()).eval().to(torch.bfloat16)
    x = torch.randn(case.n, case.c, case.h, case.w).to(torch.bfloat16)
    with torch.no_grad():
        expected = model.float()(x.float()).numpy()
        model.to(torch.bfloat16)
    return model, x, expected


def assert_nearest(result: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    """The f32 sums, rounded once to bf16, to nearest; only their order of summation may differ."""
    np.testing.assert_allclose(result, expected, rtol=2**-7, atol=2**-12)
    rounded = expected.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert (result == rounded).mean() > 0.99


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bf16_equals_torch(case: Case, runner: Runner) -> None:
    model, x, expected = bf16_conv(case)
    artifact = runner.compile(model, example_inputs=(x,), route="im2col")
    assert [e["route"] for e in artifact.report["dispatches"] if e["macs"]] == ["im2col"]
    result = runner.run(artifact, x).astype(np.float32)
    assert_nearest(result, expected)


class Residual(torch.nn.Module):
    """The end of a residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(32, 48, 1)

    def forward(self, x: torch.Tensor, identity: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x) + identity)


def test_bf16_residual_rounds_as_torch(runner: Runner) -> None:
    torch.manual_seed(4)
    model = Residual().eval().to(torch.bfloat16)
    x = torch.randn(1, 32, 14, 14).to(torch.bfloat16)
    identity = torch.randn(1, 48, 14, 14).to(torch.bfloat16)
    with torch.no_grad():
        expected = model(x, identity).float().numpy()
    artifact = runner.compile(model, example_inputs=(x, identity), route="im2col")
    assert [e["route"] for e in artifact.report["dispatches"] if e["macs"]] == ["im2col"]
    result = runner.run(artifact, x, identity).astype(np.float32)
    assert (result == expected).mean() > 0.99


def int8_text(case: Case, oh: int, ow: int) -> str:
    """The same convolution in integers, NHWC: i8 x i8 -> i32, requantised to i8 with a ReLU."""
    h, w, p = case.h + 2 * case.padding, case.w + 2 * case.padding, case.padding
    x, padded = f"{case.n}x{case.h}x{case.w}x{case.c}xi8", f"{case.n}x{h}x{w}x{case.c}xi8"
    filters = f"{case.kernel}x{case.kernel}x{case.c}x{case.oc}xi8"
    out = f"{case.n}x{oh}x{ow}x{case.oc}"
    identity = "affine_map<(n, h, w, c) -> (n, h, w, c)>"
    return f"""
func.func @main(%x: tensor<{x}>, %f: tensor<{filters}>) -> tensor<{out}xi8> {{
  %z8 = arith.constant 0 : i8
  %z = arith.constant 0 : i32
  %half = arith.constant 128 : i32
  %s = arith.constant 8 : i32
  %top = arith.constant 127 : i32
  %p = tensor.pad %x low[0, {p}, {p}, 0] high[0, {p}, {p}, 0] {{
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %z8 : i8
  }} : tensor<{x}> to tensor<{padded}>
  %e = tensor.empty() : tensor<{out}xi32>
  %i = linalg.fill ins(%z : i32) outs(%e : tensor<{out}xi32>) -> tensor<{out}xi32>
  %acc = linalg.conv_2d_nhwc_hwcf {{
    dilations = dense<{case.dilation}> : vector<2xi64>,
    strides = dense<{case.stride}> : vector<2xi64>
  }} ins(%p, %f : tensor<{padded}>, tensor<{filters}>) outs(%i : tensor<{out}xi32>)
    -> tensor<{out}xi32>
  %o = tensor.empty() : tensor<{out}xi8>
  %y = linalg.generic {{indexing_maps = [{identity}, {identity}],
    iterator_types = ["parallel", "parallel", "parallel", "parallel"]
  }} ins(%acc : tensor<{out}xi32>) outs(%o : tensor<{out}xi8>) {{
  ^bb0(%v: i32, %unused: i8):
    %r = arith.addi %v, %half : i32
    %q = arith.shrsi %r, %s : i32
    %l = arith.maxsi %q, %z : i32
    %m = arith.minsi %l, %top : i32
    %t = arith.trunci %m : i32 to i8
    linalg.yield %t : i8
  }} -> tensor<{out}xi8>
  return %y : tensor<{out}xi8>
}}
"""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_int8_is_exact(case: Case, runner: Runner) -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(-128, 128, (case.n, case.h, case.w, case.c), np.int8)
    filters = rng.integers(-128, 128, (case.kernel, case.kernel, case.c, case.oc), np.int8)
    acc = torch.nn.functional.conv2d(
        torch.from_numpy(x).permute(0, 3, 1, 2).double(),
        torch.from_numpy(filters).permute(3, 2, 0, 1).double(),
        None,
        case.stride,
        case.padding,
        case.dilation,
    )
    expected = ((acc.permute(0, 2, 3, 1).long() + 128) >> 8).clamp(0, 127).to(torch.int8).numpy()
    text = int8_text(case, expected.shape[1], expected.shape[2])
    artifact = runner.compile(text, route="im2col")
    assert [e["route"] for e in artifact.report["dispatches"] if e["macs"]] == ["im2col"]
    result = runner.run(artifact, x, filters)
    np.testing.assert_array_equal(result, expected)


def test_bfp16_rounds_as_simulated(runner: Runner) -> None:
    """One input channel of each block decides, beside a larger one that fixes the exponent.

    With an exponent of 1 the unit is 2^-6: 1 + 2^-7 is half a unit beyond one, -(1 + 2^-7) as well, and
    2^-7 + 2^-8 three quarters of one. The filter takes the one channel alone, and is exact.
    """
    if runner.npu != "npu4":
        pytest.skip("AIE2P alone has blocks with shared exponents")
    small = torch.tensor([1 + 2**-7, -(1 + 2**-7), 2**-7 + 2**-8, -(2**-7 + 2**-8)])
    x = torch.zeros(1, 32, 14, 14)
    x[:, 0::8] = 1.5
    for place, value in enumerate(small):
        x[0, 1, place::4] = value
    conv = torch.nn.Conv2d(32, 16, 1, bias=False).eval()
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[:, 1] = 1.0
    model = conv.to(torch.bfloat16)
    artifact = runner.compile(
        model, example_inputs=(x.to(torch.bfloat16),), route="im2col", bf16="bfp16"
    )
    assert [e["arithmetic"] for e in artifact.report["dispatches"] if e["macs"]] == ["bfp16"]
    result = runner.run(artifact, x.to(torch.bfloat16)).astype(np.float32)
    units = (result[0, 0, :4, 0] * 2**6).tolist()
    rules = {
        "downwards": [64.0, -65.0, 0.0, -1.0],
        "towards zero": [64.0, -64.0, 0.0, 0.0],
        "to nearest": [64.0, -64.0, 1.0, -1.0],
    }
    told = next(
        (name for name, wanted in rules.items() if wanted == units), f"none of these: {units}"
    )
    assert told == "downwards", (
        f"the device rounds {told}: docs/numerics.md and the simulator are wrong"
    )
