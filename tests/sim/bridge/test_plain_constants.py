"""bf16 constants in resources, where IREE inlines them into dispatches of the CPU."""

from typing import Any

import numpy as np
import pytest
import torch

from aie_conv import isolate
from aie_conv.bridge import compiler
from aie_conv.bridge.flow import to_flow
from aie_conv.bridge.torch_import import import_graph
from aie_conv.errors import UsageError
from aie_conv.frontends.export import export
from aie_conv.frontends.frozen import freeze, plain_forms
from aie_conv.runtime.program import load_program
from tests.support.frontends.models import Function

COUNT = 32


def module_text(blob: bytes) -> bytes:
    """A bias that is added to rows, its numbers in a resource."""
    same, row = "affine_map<(i, j) -> (i, j)>", "affine_map<(i, j) -> (j)>"
    kind, bias = f"tensor<4x{COUNT}xbf16>", f"tensor<{COUNT}xbf16>"
    return f"""func.func @main(%x: {kind}) -> {kind} {{
  %b = arith.constant dense_resource<bias> : {bias}
  %e = tensor.empty() : {kind}
  %y = linalg.generic {{indexing_maps = [{same}, {row}, {same}],
      iterator_types = ["parallel", "parallel"]}} ins(%x, %b : {kind}, {bias}) outs(%e : {kind}) {{
  ^bb0(%p: bf16, %q: bf16, %r: bf16):
    %s = arith.addf %p, %q : bf16
    linalg.yield %s : bf16
  }} -> {kind}
  return %y : {kind}
}}
{{-# dialect_resources: {{ builtin: {{ bias: "0x02000000{blob.hex()}" }} }} #-}}
""".encode()


def bias_of(*numbers: float) -> bytes:
    bits = torch.tensor(numbers).to(torch.bfloat16).view(torch.int16)
    return bits.numpy().astype("<i2").tobytes()


SEVERAL = bias_of(*np.linspace(-3, 5, COUNT).tolist())
SPECIAL = bias_of(*[float("nan"), float("inf"), -0.0, 1e-40] * (COUNT // 4))
ONE = bias_of(*[1.5] * COUNT)


def compile_as_stock(source: bytes, mended: bool) -> bytes:
    """A .vmfb with IREE's own flags: in a process of its own, since IREE takes this flag once a process."""
    if not mended:
        compiler.write_out_constants = lambda *_: 0
    flow = to_flow(source, "bias", "stock", ())
    return flow.compilation.to_vmfb(flow.operation, "bias")


def compile_apart(source: bytes, *, mended: bool) -> bytes:
    return isolate.call(f"{__name__}:compile_as_stock", (source, mended), {})


@pytest.mark.parametrize("blob", [SEVERAL, SPECIAL, ONE], ids=["several", "special", "one"])
def test_a_resource_is_inlined_with_its_numbers(blob: bytes) -> None:
    vmfb = compile_apart(module_text(blob), mended=True)
    x = torch.arange(4.0 * COUNT).reshape(4, COUNT).to(torch.bfloat16)
    answer: Any = load_program(vmfb, "null")(x)
    bias = torch.from_numpy(np.frombuffer(blob, "<i2").copy()).view(torch.bfloat16)
    assert torch.equal(torch.nan_to_num(answer), torch.nan_to_num(x + bias))


def test_the_rewrite_is_still_needed() -> None:
    # Where this is no error, IREE has mended the fault: take plain_constants.py away.
    with pytest.raises(UsageError, match="have same type"):
        compile_apart(module_text(SEVERAL), mended=False)


def test_a_bias_of_torch_is_inlined() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(16, COUNT).to(torch.bfloat16)
    model = Function(lambda x: (layer.bias.detach() + x).relu()).eval()
    x = torch.randn(4, COUNT).to(torch.bfloat16)
    graph_module = freeze(export(model, ((x,), {})))
    plain_forms(graph_module)
    graph_module.recompile()
    vmfb = compile_apart(import_graph(graph_module, "main"), mended=True)
    assert torch.equal(load_program(vmfb, "null")(x), model(x))
