"""Bounds keep NaN, bit for bit for every bf16 value, and the importer alone still loses it."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional

import aie_conv
from aie_conv.bridge import compiler
from aie_conv.bridge.passes import stock_cpu
from aie_conv.frontends.torch import import_model
from aie_conv.runtime.program import load_program
from tests.support.frontends.models import SPECIAL, Function, load
from tests.support.onnx.models import one_node, runtime_results

BOUNDS: dict[str, Callable[..., Any]] = {
    "relu6": functional.relu6,
    "hardtanh": functional.hardtanh,
    "clamp": lambda x: x.clamp(-1.5, 2),
    "clamp_min": lambda x: x.clamp_min(-1),
    "clamp_max": lambda x: x.clamp_max(1),
    "maximum": lambda x: torch.maximum(x, x.flip(0)),
    "minimum": lambda x: torch.minimum(x, x.flip(0)),
    "clamp-tensors": lambda x: torch.clamp(x, x.flip(0), torch.tensor(3.0, dtype=x.dtype)),
}


def every_bf16() -> torch.Tensor:
    """Every bit pattern once."""
    bits = np.arange(2**16, dtype=np.uint16).view(np.int16)
    return torch.from_numpy(bits).view(torch.bfloat16)


@pytest.mark.parametrize("name", BOUNDS)
def test_every_bf16_value_is_bounded_as_torch_does(name: str) -> None:
    x = every_bf16()
    expected, found = BOUNDS[name](x), load(Function(BOUNDS[name]).eval(), x)(x)
    # Of two zeros either may come out, and of NaNs any; IREE's CPU code flushes what is subnormal.
    torch.testing.assert_close(found, expected, rtol=0, atol=2.0**-126, equal_nan=True)


@pytest.mark.parametrize("name", BOUNDS)
def test_the_importer_alone_still_loses_nan(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = Function(BOUNDS[name]).eval(), SPECIAL[0]
    torch.testing.assert_close(load(model, x)(x), BOUNDS[name](x), equal_nan=True)
    monkeypatch.setattr(compiler, "keep_nan", lambda _module: 0)
    program = load_program(stock_cpu(import_model(model, (x,)), name), "null")
    assert not torch.isnan(program(x)[0])


@pytest.mark.parametrize("op", ["Clip", "Max", "Min"])
def test_onnx_bounds_keep_nan(op: str) -> None:
    x = {"x": np.array([np.nan, -1, 3, 9, np.inf, -np.inf], np.float32)}
    limits = {"low": np.asarray(0, np.float32), "high": np.asarray(6, np.float32)}
    model = one_node(op, x, limits)
    program = aie_conv.load(aie_conv.compile(model, route="cpu"), device="null")
    (wanted,) = runtime_results(model, x)
    np.testing.assert_array_equal(np.asarray(program.main(**x)), wanted)


LOSES = """
func.func @main(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %six = arith.constant 6.0 : bf16
  %e = tensor.empty() : tensor<4xbf16>
  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
      iterator_types = ["parallel"]} ins(%x : tensor<4xbf16>) outs(%e : tensor<4xbf16>) {
  ^bb0(%a: bf16, %o: bf16):
    %c = arith.cmpf ugt, %a, %six : bf16
    %s = arith.select %c, %six, %a : bf16
    linalg.yield %s : bf16
  } -> tensor<4xbf16>
  return %y : tensor<4xbf16>
}
"""


def test_what_an_author_wrote_stays() -> None:
    program = aie_conv.load(aie_conv.compile(LOSES, route="cpu"), device="null")
    x = np.array([np.nan, 1, 7, -np.inf], ml_dtypes.bfloat16)
    np.testing.assert_array_equal(np.asarray(program.main(x)).astype(float), [6, 1, 6, -np.inf])


def test_powers_of_negative_numbers_keep_their_sign() -> None:
    x = torch.tensor([-2.0, 3, 2, 1.5, -3, 2, 0, -1, 7, -0.5])
    y = torch.tensor([3.0, 2.5, -2, 0.5, 2, 0.5, 1, 1.5, 0, -1])
    program = load(Function(torch.pow).eval(), x, y)
    torch.testing.assert_close(program(x, y), torch.pow(x, y), rtol=1e-4, atol=1e-5, equal_nan=True)
