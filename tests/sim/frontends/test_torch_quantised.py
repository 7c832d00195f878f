"""PyTorch's quantised models: `quantized_decomposed` reaches the int8 units; torch.ao's modules are one line."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.errors import UsageError

torch = pytest.importorskip("torch")
nn = torch.nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    # Defines the operations that pt2e and torchao write.
    import torch.ao.quantization.fx._decomposed

Q: Any = torch.ops.quantized_decomposed
X = torch.randn(1, 8, 9, 9, generator=torch.Generator().manual_seed(1))


class Exported(nn.Module):
    """What convert_pt2e gives: f32 operations between quantisations.

    Args:
        unsigned: activations of uint8, as the x86 quantiser has them; else of int8.
    """

    def __init__(self, unsigned: bool) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(2)
        limits = (0, 255, torch.uint8) if unsigned else (-128, 127, torch.int8)
        self._limits, self._zero = limits, 100 if unsigned else -28
        for name, shape in (("w", (16, 8, 3, 3)), ("d", (16, 1, 3, 3)), ("l", (10, 16))):
            bytes_of = torch.randint(-127, 128, shape, generator=generator, dtype=torch.int8)
            self.register_buffer(name, bytes_of)
            scales = (torch.rand(shape[0], generator=generator) + 0.5) * 0.002
            self.register_buffer(f"{name}s", scales)
        self.register_buffer("zeros", torch.zeros(16, dtype=torch.int64))

    def _q(self, x: Any, scale: float) -> Any:
        byte = Q.quantize_per_tensor(x, scale, self._zero, *self._limits)
        return Q.dequantize_per_tensor(byte, scale, self._zero, *self._limits)

    def _w(self, name: str) -> Any:
        weight = getattr(self, name)
        scales, zeros = getattr(self, f"{name}s"), self.zeros[: weight.shape[0]]
        return Q.dequantize_per_channel(weight, scales, zeros, 0, -127, 127, torch.int8)

    def forward(self, x: Any) -> Any:
        y = self._q(torch.conv2d(self._q(x, 0.03), self._w("w"), padding=1).relu(), 0.02)
        z = self._q(torch.conv2d(y, self._w("d"), padding=1, groups=16), 0.01)
        pooled = self._q(torch.nn.functional.max_pool2d(self._q(y + z, 0.03), 3, 2), 0.03)
        mean = self._q(pooled.mean((2, 3)), 0.0217)
        return torch.nn.functional.linear(mean, self._w("l"))


@pytest.mark.parametrize("unsigned", [False, True], ids=["int8", "uint8"])
def test_decomposed_operations_reach_the_int8_units(unsigned: bool) -> None:
    model = Exported(unsigned).eval()
    artifact = aie_conv.compile(
        model, example_inputs=(X,), device="npu1_4col", route="direct", plan_cache=False
    )
    names = [e["name"] for e in artifact.report["dispatches"] if e["route"] != "cpu"]
    assert sum("_i8xi8xi32" in name for name in names) == 3
    y: Any = aie_conv.load(artifact, device="sim")(X)
    np.testing.assert_allclose(y.numpy(), model(X).detach().numpy(), rtol=1e-5, atol=1e-6)


def _eager() -> Any:
    ao: Any = torch.ao.quantization
    layers = nn.Sequential(ao.QuantStub(), nn.Conv2d(8, 8, 3), ao.DeQuantStub()).eval()
    layers.qconfig = ao.get_default_qconfig("x86")
    prepared = ao.prepare(layers)
    prepared(X)
    return prepared


def _dynamic() -> Any:
    layers = nn.Sequential(nn.Linear(9, 4)).eval()
    return torch.ao.quantization.quantize_dynamic(layers, {nn.Linear}, dtype=torch.qint8)


def _graph() -> Any:
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    mapping = torch.ao.quantization.get_default_qconfig_mapping("x86")
    prepared = prepare_fx(nn.Sequential(nn.Conv2d(8, 8, 3)).eval(), mapping, (X,))
    prepared(X)
    return convert_fx(prepared)


EAGER: dict[str, tuple[Callable[[], Any], str]] = {
    "converted": (
        lambda: torch.ao.quantization.convert(_eager()),
        "torch's Quantize, quantised by",
    ),
    "prepared": (_eager, "still observes values: call convert"),
    "dynamic": (_dynamic, "0 is torch's Linear, quantised by torch.ao: .*prepare_pt2e"),
    "graph": (_graph, "0 is torch's Conv2d, quantised by torch.ao: .* ONNX"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", EAGER)
def test_modules_of_torch_ao_are_one_line(kind: str) -> None:
    make, message = EAGER[kind]
    with pytest.raises(UsageError, match=message) as error:
        aie_conv.compile(make(), example_inputs=(X,))
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore")
def test_a_quantised_tensor_is_one_line() -> None:
    x = torch.quantize_per_tensor(X, 0.1, 0, torch.qint8)
    with pytest.raises(UsageError, match="example input 0: a quantised tensor"):
        aie_conv.compile(nn.ReLU().eval(), example_inputs=(x,))
