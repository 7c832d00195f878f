"""f16 on the NPU, as three products of bf16: what the artifact computes, against torch."""

import numpy as np
import pytest
import torch
from torch import nn

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.numerics import error_share
from tests.support.bridge import modules

DEVICES = ["npu1_4col", "npu4"]
HALF_UNIT = 2.0**-11
"""Unit roundoff of f16."""


def convolutions(artifact: Artifact) -> list[dict[str, object]]:
    return [d for d in artifact.report["dispatches"] if d["contraction"]]


class Small(nn.Module):
    """A convolution with bias and ReLU."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(16, 32, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x))


@pytest.mark.parametrize("route", ["direct", "im2col"])
@pytest.mark.parametrize("device", DEVICES)
def test_a_layer_stays_within_the_bound(device: str, route: str) -> None:
    model, x = Small().eval().half(), torch.randn(1, 16, 14, 14).half()
    artifact = aie_conv.compile(model, example_inputs=x, device=device, route=route, f16="bf16x3")
    (entry,) = convolutions(artifact)
    assert (entry["route"], entry["arithmetic"]) == (route, "bf16x3")
    got = aie_conv.load(artifact, device="sim")(x)
    assert got.dtype == torch.float16
    double = model.double()
    exact = double(x.double()).detach()
    assert double.conv.bias is not None
    absolute = nn.functional.conv2d(
        x.double().abs(), double.conv.weight.abs(), double.conv.bias.abs(), padding=1
    ).detach()
    share = error_share("bf16x3", 16 * 9 + 1, rounded=False, in_two=True)
    assert entry["error_bound"] == f"{error_share('bf16x3', 144, rounded=False, in_two=True):.3g} S"
    off = share * absolute
    # Sums are rounded to f16 before the bias is added, or behind it: twice at most.
    assert ((got.double() - exact).abs() <= off + 2 * HALF_UNIT * (absolute + off)).all()


@pytest.mark.parametrize("device", DEVICES)
def test_every_finite_value_survives(device: str) -> None:
    """Times one, hi + lo is the value to its last bit, subnormal ones and 65504 included."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    x = every[np.isfinite(every)].reshape(992, 64)
    text = modules.matmul("matmul", [992, 64], [64, 64], [992, 64], "f16")
    artifact = aie_conv.compile(text, device=device, route="direct", f16="bf16x3")
    assert [d["arithmetic"] for d in convolutions(artifact)] == ["bf16x3"]
    got = aie_conv.load(artifact, device="sim")(x, np.eye(64, dtype=np.float16))
    np.testing.assert_array_equal(got, x.astype(np.float32))


@pytest.mark.parametrize("device", DEVICES)
def test_infinities_nans_and_overflow_are_as_torch_has_them(device: str) -> None:
    layer = nn.Linear(32, 16, bias=False).eval().half()
    x = torch.randn(24, 32, generator=torch.manual_seed(3)).half()
    x[0, 3], x[1, 4], x[2, 5] = torch.inf, -torch.inf, torch.nan
    x[3, 6] = x[3, 7] = torch.inf
    weight = torch.rand(16, 32, generator=torch.manual_seed(4)).half() + 0.25
    weight[5, 3] = 0
    weight[6, 9] = torch.inf
    weight[7, 6] *= -1
    # Sums around the largest number of f16: what is 65520 or more is infinite.
    weight[8], weight[9] = 0, 0
    weight[8, 0] = weight[9, 0] = 1
    weight[9, 1] = 1
    x[4:, 0] = 65504
    x[4:, 1] = torch.tensor([15.0, 16.0, 8.0, 17.0, -1.0] * 4).half()
    with torch.no_grad():
        layer.weight.copy_(weight)
        artifact = aie_conv.compile(
            layer, example_inputs=x, device=device, route="direct", f16="bf16x3"
        )
        assert [d["arithmetic"] for d in convolutions(artifact)] == ["bf16x3"]
        got = aie_conv.load(artifact, device="sim")(x)
        want = layer(x)
    wild = ~torch.isfinite(want)
    assert wild.any()
    assert (~wild).any()
    assert (want[4:, 9] == torch.inf).any()
    torch.testing.assert_close(got[wild], want[wild], equal_nan=True, rtol=0, atol=0)
    torch.testing.assert_close(got[:, 8:10], want[:, 8:10], equal_nan=True, rtol=0, atol=0)
    assert torch.isfinite(got[~wild]).all()


SUMS = {
    "matmul": "linalg.matmul",
    "transposed": "linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,"
    " affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]",
    "generic": """linalg.generic {iterator_types = ["parallel", "parallel", "reduction"],
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
      affine_map<(m, n, k) -> (m, n)>]}""",
}
BODY = """{
    ^bb0(%l: f16, %r: f16, %o: f16):
      %p = arith.mulf %l, %r : f16
      %s = arith.addf %o, %p : f16
      linalg.yield %s : f16 }"""


@pytest.mark.parametrize("form", SUMS)
def test_sums_of_f16_are_of_f32_and_rounded_once(form: str) -> None:
    t = "tensor<64x64xf16>"
    body = f"""
    %zero = arith.constant 0.0 : f16
    %empty = tensor.empty() : {t}
    %init = linalg.fill ins(%zero : f16) outs(%empty : {t}) -> {t}
    %y = {SUMS[form]} ins(%a, %b : {t}, {t}) outs(%init : {t})
      {BODY if form == "generic" else ""} -> {t}"""
    artifact = aie_conv.compile(
        modules.function([("a", t), ("b", t)], body, "y", t), route="direct", f16="bf16x3"
    )
    assert [d["arithmetic"] for d in convolutions(artifact)] == ["bf16x3"]
    rng = np.random.default_rng(5)
    a, b = (rng.standard_normal((64, 64)).astype(np.float16) for _ in range(2))
    right = b.T if form == "transposed" else b
    exact = a.astype(np.float64) @ right
    off = np.abs(a.astype(np.float64)) @ np.abs(right)
    off *= error_share("bf16x3", 64, rounded=False, in_two=True)
    got = aie_conv.load(artifact, device="sim")(a, b)
    assert (np.abs(got - exact) <= off + HALF_UNIT * (np.abs(exact) + off)).all()


def test_it_stays_on_the_cpu_unless_it_is_allowed() -> None:
    model, x = nn.Conv2d(64, 64, 3, padding=1).eval().half(), torch.zeros(1, 64, 56, 56).half()
    report = aie_conv.compile(model, example_inputs=x).report
    (entry,) = [d for d in report["dispatches"] if d["contraction"]]
    assert entry["route"] == "cpu"
    assert "--amd-aie-f16=bf16x3" in str(entry["reason"])
    assert report["totals"]["f16_on_cpu"] == 1
    assert report["totals"]["f32_on_cpu"] == 0
