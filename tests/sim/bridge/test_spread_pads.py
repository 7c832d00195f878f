"""Padding in front of a transposed convolution: every form equals torch, and IREE alone is still wrong."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
import torch
from iree.compiler import ir
from onnx import helper, numpy_helper
from torch import nn
from torch.nn import functional

import aie_conv
from aie_conv.bridge import compiler
from aie_conv.bridge.passes import stock_cpu
from aie_conv.frontends.torch import import_model
from aie_conv.runtime.program import load_program
from tests.support.frontends.models import Function

X = torch.randn((2, 8, 5, 4), generator=torch.Generator().manual_seed(1))
W = torch.randn((8, 4, 2, 3), generator=torch.Generator().manual_seed(2))


def spread(x: torch.Tensor) -> torch.Tensor:
    return functional.conv_transpose2d(x, W.to(x.dtype), stride=(2, 3), padding=(0, 1))


FORMS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "in front": lambda x: spread(functional.pad(x, (1, 0))),
    "all around": lambda x: spread(functional.pad(x, (1, 2, 3, 1))),
    "with a cut": lambda x: spread(functional.pad(x, (1, -1, 2, -2))),
    "reshaped": lambda x: spread(functional.pad(x, (1, 0)).reshape(2, 8, 5, 5)),
    "other number": lambda x: spread(functional.pad(x, (1, 0), value=2.0)),
    "read twice": lambda x: spread(p := functional.pad(x, (1, 0))) + p[:, :4, :1, :1],
    "behind relu": lambda x: spread(functional.pad(x, (2, 0)).relu()),
    "rows": lambda x: functional.conv_transpose1d(
        functional.pad(x[:, :, 0], (2, 1)), W[:, :, 0].to(x.dtype), stride=2
    ),
    "volumes": lambda x: functional.conv_transpose3d(
        functional.pad(x[:, :, None], (1, 0, 0, 1, 1, 0)), W[:, :, None].to(x.dtype), stride=2
    ),
    "scattered": lambda x: torch.slice_scatter(
        torch.zeros(2, 8, 5, 14, dtype=x.dtype), functional.pad(x, (1, 0)), 3, 2, 12, 2
    ),
}


@pytest.mark.parametrize(
    ("name", "route"), [*((name, "direct") for name in FORMS), ("all around", "cpu")]
)
def test_padded_images_are_where_torch_has_them(name: str, route: str) -> None:
    model, x = Function(FORMS[name]).eval(), X.to(torch.bfloat16)
    got = aie_conv.load(aie_conv.compile(model, example_inputs=(x,), route=route), device="sim")(x)
    torch.testing.assert_close(got.float(), FORMS[name](x.float()), rtol=2**-5, atol=2**-4)


def test_onnx() -> None:
    nodes = [
        helper.make_node("Pad", ["x", "amounts"], ["padded"]),
        helper.make_node("ConvTranspose", ["padded", "w"], ["y"], strides=[2, 3]),
    ]
    graph = helper.make_graph(
        nodes,
        "main",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, list(X.shape))],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(W.numpy(), "w"),
            numpy_helper.from_array(np.array([0, 0, 2, 1, 0, 0, 1, 0]), "amounts"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    got = aie_conv.load(aie_conv.compile(model), device="sim").main(X.numpy())
    want = functional.conv_transpose2d(functional.pad(X, (1, 0, 2, 1)), W, stride=(2, 3))
    np.testing.assert_allclose(np.asarray(got), want.numpy(), rtol=1e-4, atol=1e-4)


TEXT = """
func.func @main(%x: tensor<3xi32>) -> tensor<12xi32> {
  %z = arith.constant 0 : i32
  %p = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %z : i32
  } : tensor<3xi32> to tensor<5xi32>
  %e = tensor.empty() : tensor<12xi32>
  %f = linalg.fill ins(%z : i32) outs(%e : tensor<12xi32>) -> tensor<12xi32>
  %y = tensor.insert_slice %p into %f[1] [5] [2] : tensor<5xi32> into tensor<12xi32>
  return %y : tensor<12xi32>
}
"""


def test_mlir_s_own_operations() -> None:
    x = np.array([1, 2, 3], np.int32)
    found = aie_conv.load(aie_conv.compile(TEXT), device="null").main(x)
    np.testing.assert_array_equal(found, [0, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 0])


def test_iree_alone_is_still_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails, MLIR has mended it: take `bridge/input/spread_pads.py` away."""
    monkeypatch.setattr(compiler, "separate_pads", lambda _module: 0)
    model: nn.Module = Function(FORMS["in front"]).eval()
    program = load_program(stock_cpu(import_model(model, (X,)), "in front"), "null")
    assert np.abs(np.asarray(program.main(X.numpy())) - model(X).numpy()).max() > 1


def test_other_convolutions_have_no_barrier(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    separate = compiler.separate_pads

    def count(module: ir.Operation) -> int:
        counts.append(separate(module))
        return counts[-1]

    monkeypatch.setattr(compiler, "separate_pads", count)
    plain = nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(8, 4, 3, 2, 1)).eval()
    for model, barriers in ((plain, 0), (Function(FORMS["in front"]).eval(), 1)):
        aie_conv.compile(model, example_inputs=(X,), route="cpu")
        assert set(counts) == {barriers}
        counts.clear()
