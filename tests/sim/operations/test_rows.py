"""Softmax, norms and reductions from every front end, all of their dispatches on the simulated array."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import aie_conv
from tests.sim.operations.test_torch import BF16, Of
from tests.support.onnx.models import one_node

Case = tuple[Callable[..., torch.Tensor], Sequence[torch.Tensor], float]
"""A model, its inputs, and how far results may be off: relative, and absolute where they are small."""


def _normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def _quantised_softmax(a: torch.Tensor) -> torch.Tensor:
    y = F.softmax((a.float() - 3) * 0.05, 1)
    return torch.clamp(torch.round(y / 0.00390625) - 128, -128, 127).to(torch.int8)


_IMAGE, _TOKENS = (1, 32, 8, 8), (4, 16, 64)
_BYTES = torch.arange(-128, 128).repeat(8).reshape(_IMAGE).to(torch.int8)
_WEIGHTS = _normal(64), _normal(64)
_HALVES = [_normal(*_TOKENS).to(BF16), *(w.to(BF16) for w in _WEIGHTS)]

CASES: dict[str, Case] = {
    "softmax over channels": (lambda a: F.softmax(a, 1), [_normal(*_IMAGE).to(BF16)], 2.0**-7),
    "softmax over positions": (lambda a: F.softmax(a, -1), [_normal(*_TOKENS).to(BF16)], 2.0**-7),
    "softmax of f32": (lambda a: F.softmax(a, -1), [_normal(*_TOKENS)], 2.0**-18),
    "log softmax": (lambda a: F.log_softmax(a, -1), [_normal(16, 64)], 2.0**-18),
    "layer norm": (lambda a, w, b: F.layer_norm(a, (64,), w, b), _HALVES, 2.0**-4),
    "layer norm of f32": (
        lambda a, w, b: F.layer_norm(a, (64,), w, b), [_normal(*_TOKENS), *_WEIGHTS], 2.0**-17,
    ),
    "group norm": (lambda a: F.group_norm(a, 4), [_normal(*_IMAGE).to(BF16)], 2.0**-5),
    "instance norm of f32": (F.instance_norm, [_normal(*_IMAGE)], 2.0**-17),
    "RMS norm": (lambda a, w: F.rms_norm(a, (64,), w), _HALVES[:2], 2.0**-5),
    "L2 pooling": (lambda a: F.lp_pool2d(a, 2.0, 2), [_normal(*_IMAGE).to(BF16)], 2.0**-5),
    "L2 norm": (lambda a: F.normalize(a, dim=1), [_normal(*_IMAGE)], 2.0**-17),
    "variance": (lambda a: a.var((2, 3)), [_normal(*_IMAGE)], 2.0**-17),
    "SiLU of f32": (F.silu, [_normal(*_IMAGE)], 2.0**-18),
}  # fmt: skip


def _run(source: Any, inputs: Sequence[Any], device: str, **options: Any) -> Any:
    """What an artifact gives whose every dispatch is a call of the array."""
    artifact = aie_conv.compile(source, device=device, route="direct", **options)
    stays = [d for d in artifact.report["dispatches"] if d["route"] != "direct"]
    assert not stays, f"{stays[0]['name']}: {stays[0]['reason']}"
    return aie_conv.load(artifact, device="sim")(*inputs)


@pytest.mark.parametrize("name", CASES)
def test_torch_rows_on_the_array(name: str) -> None:
    function, inputs, bound = CASES[name]
    model = Of(function).eval()
    device = ("npu1_4col", "npu4")[len(name) % 2]
    got = _run(model, inputs, device, example_inputs=tuple(inputs)).double()
    want = model(*(x.double() for x in inputs))
    assert ((got - want).abs() <= bound * (want.abs() + 1)).all()


def test_a_quantised_softmax_is_the_cpus_but_where_two_bytes_are_as_near() -> None:
    model = Of(_quantised_softmax).eval()
    got = _run(model, [_BYTES], "npu4", example_inputs=(_BYTES,)).int()
    exact = F.softmax((_BYTES.double() - 3) * np.float64(np.float32(0.05)), 1) * 256 - 128
    assert ((got - exact).abs() <= 0.5 + 2.0**-10).all()


def test_onnx_softmax_and_norm_on_the_array() -> None:
    x = _normal(4, 16, 64).numpy()
    scale, bias = _WEIGHTS[0].numpy(), _WEIGHTS[1].numpy()
    got = _run(one_node("Softmax", {"x": x}, axis=-1), [x], "npu4")
    assert np.abs(got - torch.softmax(torch.from_numpy(x).double(), -1).numpy()).max() < 2.0**-20
    norm = one_node("LayerNormalization", {"x": x}, {"s": scale, "b": bias}, axis=-1)
    got = _run(norm, [x], "npu4")
    weights = [w.double() for w in _WEIGHTS]
    want = F.layer_norm(torch.from_numpy(x).double(), (64,), weights[0], weights[1])
    assert np.abs(got - want.numpy()).max() < 2.0**-16


TOSA = """
func.func @main(%x: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %m = "tosa.reduce_max"(%x) <{axis = 1 : i32}>
    : (tensor<16x64xf32>) -> tensor<16x1xf32>
  %d = tosa.sub %x, %m : (tensor<16x64xf32>, tensor<16x1xf32>) -> tensor<16x64xf32>
  %e = tosa.exp %d : (tensor<16x64xf32>) -> tensor<16x64xf32>
  %s = "tosa.reduce_sum"(%e) <{axis = 1 : i32}>
    : (tensor<16x64xf32>) -> tensor<16x1xf32>
  %r = tosa.reciprocal %s : (tensor<16x1xf32>) -> tensor<16x1xf32>
  %z = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %y = tosa.mul %e, %r, %z : (tensor<16x64xf32>, tensor<16x1xf32>, tensor<1xi8>) -> tensor<16x64xf32>
  return %y : tensor<16x64xf32>
}
"""

STABLEHLO = """
func.func @main(%x: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %m = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1]
    : (tensor<16x64xf32>, tensor<f32>) -> tensor<16xf32>
  %w = stablehlo.broadcast_in_dim %m, dims = [0] : (tensor<16xf32>) -> tensor<16x64xf32>
  %d = stablehlo.subtract %x, %w : tensor<16x64xf32>
  %e = stablehlo.exponential %d : tensor<16x64xf32>
  %s = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [1]
    : (tensor<16x64xf32>, tensor<f32>) -> tensor<16xf32>
  %v = stablehlo.broadcast_in_dim %s, dims = [0] : (tensor<16xf32>) -> tensor<16x64xf32>
  %y = stablehlo.divide %e, %v : tensor<16x64xf32>
  return %y : tensor<16x64xf32>
}
"""


@pytest.mark.parametrize("text", [TOSA, STABLEHLO], ids=["TOSA", "StableHLO"])
def test_a_softmax_in_other_words(text: str) -> None:
    x = _normal(16, 64).numpy()
    got = _run(text, [x], "npu1_4col")
    want = torch.softmax(torch.from_numpy(x).double(), -1).numpy()
    assert np.abs(got - want).max() < 2.0**-20
