"""Each repair of IREE's importer: right with it, and wrong or refused without it.

Where the second half of a test fails, upstream has mended the fault: take the repair away.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.ao.quantization.fx._decomposed  # pyright: ignore[reportUnusedImport] # it defines operations
from torch import nn
from torch.nn import functional

from aie_conv.bridge.torch_import import import_graph
from aie_conv.compiler import compile_source
from aie_conv.errors import AieConvError
from aie_conv.frontends.export import export
from aie_conv.frontends.frozen import freeze, plain_forms
from aie_conv.frontends.repairs import NAMES, repair
from aie_conv.frontends.torch import import_model
from aie_conv.options import Options
from aie_conv.runtime.program import load_program
from tests.support.frontends.models import (
    SPECIAL,
    Function,
    assert_equal,
    check,
    load,
    randn,
    with_statistics,
)

X = randn(1, 8, 9, 10)
QUANTISED: Any = torch.ops.quantized_decomposed
UNSIGNED = torch.tensor([[3, 200, 255, 0, 128, 127, 1, 90]], dtype=torch.uint8)


@dataclass(frozen=True)
class Sample:
    """A model that a repair is for."""

    repair: str
    model: Callable[[], nn.Module]
    inputs: tuple[torch.Tensor, ...]


def function(call: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Function(call)


def slopes(count: int) -> nn.Module:
    layer = nn.PReLU(count)
    nn.init.uniform_(layer.weight, -1, 1)
    return layer


def mixed_norm() -> nn.Module:
    return with_statistics(nn.BatchNorm2d(8))


def dynamic(x: torch.Tensor) -> torch.Tensor:
    """As torchao's dynamic quantisation writes it: scale and zero point of the values."""
    limits = (-128, 127, torch.int8)
    scale, zero = QUANTISED.choose_qparams.tensor(x, -128, 127, 1e-9, torch.int8)
    byte = QUANTISED.quantize_per_tensor.tensor(x, scale, zero, *limits)
    return QUANTISED.dequantize_per_tensor.tensor(byte, scale, zero, *limits)


SAMPLES = {
    "same": Sample("same_padding", lambda: nn.Conv2d(8, 6, (4, 2), padding="same", dilation=(1, 3)), (X,)),
    "same-1d": Sample("same_padding", lambda: nn.Conv1d(8, 6, 4, padding="same"), (randn(2, 8, 9),)),
    "same-3d": Sample("same_padding", lambda: nn.Conv3d(2, 3, 2, padding="same"), (randn(1, 2, 4, 5, 3),)),
    "one-step": Sample("leftover", lambda: nn.Conv2d(8, 6, 3, 2, 1), (randn(1, 8, 2, 2),)),
    "one-step-3d": Sample("leftover", lambda: nn.Conv3d(4, 6, 3, 3), (randn(2, 4, 6, 6, 4),)),
    "one-step-groups": Sample("leftover", lambda: nn.Conv2d(8, 6, 3, 2, 1, groups=2), (randn(1, 8, 2, 2),)),
    "max-pool": Sample("leftover", lambda: nn.MaxPool2d(3, 3), (randn(1, 8, 4, 4),)),
    "average-pool": Sample("leftover", lambda: nn.AvgPool2d(3, 3), (randn(1, 8, 4, 4),)),
    "transposed": Sample("depthwise", lambda: nn.ConvTranspose2d(4, 4, 3, 2, groups=4), (randn(1, 4, 5, 5),)),
    "depthwise-3d": Sample("depthwise", lambda: nn.Conv3d(4, 4, 2, groups=4), (randn(1, 4, 3, 4, 5),)),
    "prelu": Sample("prelu", lambda: slopes(6), (randn(2, 6, 6),)),
    "shrink": Sample("shrink", nn.Softshrink, (SPECIAL,)),
    "circular": Sample("padding", lambda: nn.Conv2d(8, 6, 3, padding=1, padding_mode="circular"), (X,)),
    "reflect-3d": Sample("padding", lambda: nn.ReflectionPad3d(1), (randn(1, 2, 3, 4, 3),)),
    "negative": Sample("padding", function(lambda x: functional.pad(x, (-1, 1, -2, 0))), (X,)),
    "mixed-norm": Sample("batch_norm", mixed_norm, (X.to(torch.bfloat16),)),
    "instance-norm": Sample("instance_norm", lambda: nn.InstanceNorm2d(8), (X,)),
    "nearest-exact": Sample("resize", function(lambda x: functional.interpolate(x, scale_factor=1.5, mode="nearest-exact")), (X,)),
    "scatter": Sample("scatter", function(lambda x: x.scatter(-1, torch.tensor([1]), 7.0)), (randn(64),)),
    "unsigned": Sample("unsigned", function(lambda x: x / 255), (UNSIGNED,)),
    "unsigned-mixed": Sample("unsigned", function(lambda x: x * torch.arange(-4, 4)), (UNSIGNED,)),
    "unsigned-joined": Sample("unsigned", function(lambda x: torch.cat([x, x.int()])), (UNSIGNED,)),
    "hardshrink": Sample("special_values", nn.Hardshrink, (SPECIAL,)),
    "threshold": Sample("special_values", lambda: nn.Threshold(0.1, 20), (SPECIAL,)),
    "logsigmoid": Sample("special_values", nn.LogSigmoid, (SPECIAL * 1e30,)),
    "isfinite": Sample("special_values", function(torch.isfinite), (SPECIAL,)),
    "tanh-gelu": Sample("special_values", lambda: nn.GELU("tanh"), (randn(40),)),
    "sinh": Sample("special_values", function(lambda x: torch.sinh(x) * 1e6), (randn(40) * 1e-6,)),
    "sinc": Sample("special_values", function(torch.sinc), (randn(40) * 1e-6,)),
    "log10": Sample("special_values", function(torch.log10), (randn(40).abs(),)),
    "fmod": Sample("special_values", function(lambda x: torch.fmod(x, 0.3)), (randn(40),)),
    "hypot": Sample("special_values", function(torch.hypot), (randn(40) * 1e30, randn(40, seed=1) * 1e30)),
    "erfc": Sample("special_values", function(torch.erfc), (randn(40) * 3,)),
    "magnitude": Sample("special_values", function(lambda x: torch.fft.rfft(x).abs()), (randn(3, 8),)),
    "dynamic": Sample("quantised", function(dynamic), (X,)),
    "lstm": Sample("missing", lambda: nn.LSTM(4, 6), (randn(3, 1, 4),)),
    "gru": Sample("missing", lambda: nn.GRU(4, 6), (randn(3, 1, 4),)),
    "cdist": Sample("missing", function(torch.cdist), (randn(3, 5), randn(4, 5, seed=1))),
}  # fmt: skip


def run_without(name: str, model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> Any:
    """What IREE makes of a model with every repair but one."""
    program = export(model, (inputs, {}))
    graph_module = freeze(program)
    plain_forms(graph_module)
    repair(graph_module, [other for other in NAMES if other != name])
    graph_module.recompile()
    artifact = compile_source(import_graph(graph_module, "main"), Options(route="cpu"))
    return load_program(artifact, "null")(*inputs)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_repair_is_right_and_still_needed(name: str) -> None:
    torch.manual_seed(0)
    sample = SAMPLES[name]
    model = sample.model().eval()
    check(model, *sample.inputs)
    expected = model(*sample.inputs)
    # assert_equal raises AssertionError.
    with pytest.raises((AieConvError, AssertionError)):
        assert_equal(run_without(sample.repair, model, sample.inputs), expected)


SCALARS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "mul": lambda x: x * 0.1,
    "add": lambda x: torch.add(x, x, alpha=0.1) + 0.7,
    "sub": lambda x: 0.3 - x,
    "div": lambda x: x / 0.3,
    "clamp": lambda x: x.clamp(-0.1, 0.7),
    "compare": lambda x: (x.mul(0.5).round() * 0.1 > 0.3).float(),
    "where": lambda x: torch.where(x > 0.1, x, 0.1),
    "fill": lambda x: x + torch.full((10,), 0.1),
    "integers": lambda x: x.int() * 0.1,
    "dequantise": lambda x: QUANTISED.dequantize_per_tensor(x.to(torch.int8), 0.1, 3, -128, 127, torch.int8),
}  # fmt: skip


@pytest.mark.parametrize("name", SCALARS)
def test_a_number_is_rounded_as_torch_rounds_it(name: str) -> None:
    model = Function(SCALARS[name]).eval()
    artifact = compile_source(import_model(model, (X,)), Options(route="cpu"))
    assert torch.equal(load_program(artifact, "null")(X), model(X))


NARROW: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], torch.dtype]] = {
    "float": (lambda x: x * 0.1, torch.bfloat16),
    "integer": (lambda x: x * 257, torch.bfloat16),
    "beyond": (lambda x: x * 1e-3 / 100001, torch.float16),
    "tensor": (lambda x: x * torch.tensor(0.1), torch.bfloat16),
    "celu": (lambda x: functional.celu(x, 0.3), torch.bfloat16),
    "selu": (functional.selu, torch.bfloat16),
    "quotient": (lambda x: x.abs() // 0.7, torch.bfloat16),
}
"""Functions with numbers that their tensors' type does not hold."""


@pytest.mark.parametrize("name", NARROW)
def test_a_number_beside_a_narrow_type_is_one_of_f32(name: str) -> None:
    call, dtype = NARROW[name]
    model, x = Function(call).eval(), X.to(dtype)
    artifact = compile_source(import_model(model, (x,)), Options(route="cpu"))
    assert torch.equal(load_program(artifact, "null")(x), model(x))
    assert not torch.equal(run_without("narrow_scalars", model, (x,)), model(x))


STEPS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "lerp": lambda x: torch.lerp(x, x.flip(3), 0.3),
    "addcmul": lambda x: torch.addcmul(x, x.flip(3), x.flip(2), value=0.3),
    "addcdiv": lambda x: torch.addcdiv(x, x.flip(3), x.flip(2), value=0.3),
}
"""Functions of several steps."""


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", STEPS)
def test_steps_on_a_narrow_type_are_rounded_once(name: str, dtype: torch.dtype) -> None:
    model, x = Function(STEPS[name]).eval(), X.to(dtype)
    artifact = compile_source(import_model(model, (x,)), Options(route="cpu"))
    assert torch.equal(load_program(artifact, "null")(x), model(x))
    assert not torch.equal(run_without("single_rounding", model, (x,)), model(x))


def test_the_remainder_has_the_sign_of_what_is_divided() -> None:
    x, y = randn(60) * 9, randn(60, seed=1)
    check(Function(torch.fmod), x, y)
    check(Function(torch.fmod), (x * 9).int(), (y * 5).int().abs() + 1)
    check(Function(lambda x: torch.fmod(x, torch.inf)), x)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_a_recurrent_cell_changes_nothing_in_place(cell: Callable[[int, int], nn.Module]) -> None:
    torch.manual_seed(0)
    check(cell(4, 6), randn(2, 4))


def test_a_complement_is_right_where_it_is_next_to_nothing() -> None:
    x = torch.cat([torch.linspace(-11, 10, 400), SPECIAL.flatten()])
    found = load(Function(torch.erfc).eval(), x)(x)
    wanted = torch.erfc(x.double()).float()
    torch.testing.assert_close(found, wanted, rtol=2e-6, atol=1e-38, equal_nan=True)


def test_a_hyperbolic_sine_is_finite_where_the_power_is_not() -> None:
    check(Function(torch.sinh), torch.tensor([88.5, 88.8, 89.3, -89.4, 89.5, torch.inf]))


def test_the_least_integer_has_a_remainder() -> None:
    """Though it has no magnitude."""
    x = torch.tensor([-128, -128, 5, -5, 127, -127], dtype=torch.int8)
    y = torch.tensor([3, -128, -128, -128, -128, 127], dtype=torch.int8)
    check(Function(torch.fmod), x, y)


@pytest.mark.filterwarnings("error:overflow:RuntimeWarning")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_number_beyond_all_is_infinite_without_a_word(dtype: torch.dtype) -> None:
    model, x = Function(lambda x: x * 1e300).eval(), X.to(dtype)
    artifact = compile_source(import_model(model, (x,)), Options(route="cpu"))
    assert torch.equal(load_program(artifact, "null")(x), model(x))


def test_scatters_with_constant_places() -> None:
    places, one = torch.tensor([[1, 2], [0, 7]]), torch.tensor([[3]])
    x = randn(8, 8)
    check(Function(lambda x: x.scatter(-1, places, 0.1)), x)
    check(Function(lambda x: x.scatter(-2, one, 0.1)), x.to(torch.bfloat16))
    check(Function(lambda x: x.scatter_add(-1, places, x)), x)
    check(Function(lambda x: x.scatter_reduce(-2, places, x, "amax")), x)
    check(Function(lambda x, y: torch.scatter(x, dim=0, index=places, src=y)), x, randn(3, 4))
    check(Function(lambda x, i: x.scatter(1, i, 9)), x.to(torch.int32), places)


def test_the_importer_cuts_numbers_off() -> None:
    # When this fails, frontends/scalars.py can go.
    model = Function(SCALARS["mul"]).eval()
    assert not torch.equal(run_without("", model, (X,)), model(X))


UNBATCHED = """
import torch
from tests.sim.frontends.test_repairs import run_without
print(run_without({without!r}, torch.nn.Conv2d(8, 8, 3).eval(), (torch.randn(8, 6, 6),)).shape)
"""


@pytest.mark.parametrize(("without", "ends"), [("unbatched", True), ("prelu", False)])
def test_an_unbatched_convolution_ends_the_process_without_its_repair(
    without: str, ends: bool
) -> None:
    code = UNBATCHED.format(without=without)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode != 0) == ends, done.stderr


def test_every_repair_has_a_sample() -> None:
    # Giving convolutions and means one form mends nothing; three have tests of their own.
    others = {"forms", "unbatched", "adaptive", "narrow_scalars", "single_rounding"}
    assert {s.repair for s in SAMPLES.values()} == set(NAMES) - others
