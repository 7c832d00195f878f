"""Convolutions as torch exports them: grouped, depthwise, transposed and backward, in one to three dims.

Their inputs are small whole numbers, whose sums are exact in every type, so results are equal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from aie_conv.frontends.torch import import_model
from aie_conv.problem import ConvProblem
from tests.support.bridge.reference import Routed, route_all

_CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_NUMPY = {torch.bfloat16: ml_dtypes.bfloat16, torch.float32: np.float32}
_ACTIVATION: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
}


@dataclass(frozen=True)
class TorchConv:
    """A convolution of torch; ``cin`` and ``cout`` are channels of one group."""

    rank: int = 2
    n: int = 1
    size: int = 7
    groups: int = 1
    cin: int = 4
    cout: int = 4
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    bias: bool = True
    activation: str = "none"
    dtype: torch.dtype = torch.bfloat16

    @property
    def out(self) -> int:
        """Size of the output in each direction."""
        wide = self.size + 2 * self.padding - self.dilation * (self.kernel - 1) - 1
        return wide // self.stride + 1

    def module(self) -> nn.Module:
        convolution = _CONV[self.rank](
            self.cin * self.groups,
            self.cout * self.groups,
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            self.bias,
        )
        return nn.Sequential(convolution, _ACTIVATION[self.activation]())

    def input(self) -> torch.Tensor:
        return whole((self.n, self.cin * self.groups, *[self.size] * self.rank), self.dtype, 1)


def whole(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> torch.Tensor:
    """Small whole numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-3, 4, shape, generator=generator).to(dtype)


@torch.no_grad()
def check(module: nn.Module, *inputs: torch.Tensor) -> Routed:
    """The module computes through ConvProblems what torch computes."""
    for number, parameter in enumerate(module.parameters()):
        parameter.copy_(whole(tuple(parameter.shape), torch.float32, 2 + number))
    dtype = inputs[0].dtype
    module = module.eval()
    expected = module.double()(*(x.double() for x in inputs)).to(dtype).double().numpy()
    routed = route_all(import_model(module.to(dtype), inputs))
    given = [x.float().numpy().astype(_NUMPY[x.dtype]) for x in inputs]
    found = np.asarray(routed.program.main(*given)).astype(np.float64)
    np.testing.assert_array_equal(found, expected)
    return routed


def the_problem(conv: TorchConv) -> ConvProblem:
    """The one contraction of a convolution, checked against torch and against its sizes."""
    routed = check(conv.module(), conv.input())
    (found,) = [d for d in routed.compiled.dispatches if d.contraction]
    assert found.decision.route == "test", found.decision.reason
    problem = found.problem
    assert problem is not None
    pixels = conv.n * conv.out**conv.rank
    assert problem.macs == pixels * conv.cout * conv.groups * conv.cin * conv.kernel**conv.rank
    assert problem.extent("g") == conv.groups
    assert problem.extent("k") == conv.cin * conv.kernel**conv.rank
    return problem


convolutions = st.builds(
    TorchConv,
    rank=st.integers(1, 3),
    n=st.integers(1, 2),
    size=st.integers(5, 7),
    groups=st.integers(1, 5),
    cin=st.integers(1, 4),
    cout=st.integers(1, 4),
    kernel=st.integers(2, 3),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
    bias=st.booleans(),
    activation=st.sampled_from(list(_ACTIVATION)),
    dtype=st.sampled_from([torch.bfloat16, torch.float32]),
)


@settings(max_examples=settings.default.max_examples // 2)
@given(convolutions)
def test_any_convolution_equals_torch(conv: TorchConv) -> None:
    the_problem(conv)


@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_walks_its_group_in_all_three(multiplier: int, stride: int) -> None:
    conv = TorchConv(groups=8, cin=1, cout=multiplier, stride=stride, padding=1, activation="relu6")
    problem = the_problem(conv)
    assert problem.kind == "conv"
    assert problem.extent("n") == multiplier
    (group,) = problem.of_role("g")
    assert min(group.lhs, group.rhs, group.out) > 0
    (bias,) = problem.epilogue.inputs
    walked = [problem.loops[i].role for i, stride in enumerate(bias.strides) if stride]
    assert walked == (["g"] if multiplier == 1 else ["g", "n"])
    ops = [s.op for s in problem.epilogue.steps if s.op != "arith.constant"]
    assert ops[-2:] == ["arith.maximumf", "arith.minimumf"]


def test_depthwise_between_pointwise_has_its_channels_innermost() -> None:
    """The transposes of the two ends do not reach it, and each result goes into the next border."""
    block = nn.Sequential(
        nn.Conv2d(8, 24, 1),
        nn.ReLU6(),
        nn.Conv2d(24, 24, 3, 2, 1, groups=24),
        nn.ReLU6(),
        nn.Conv2d(24, 8, 1),
    )
    routed = check(block, whole((1, 8, 9, 9), torch.bfloat16, 1))
    wide, depthwise, _ = routed.problems
    assert wide.keeps_base
    (group,) = depthwise.of_role("g")
    assert (group.lhs, group.out) == (1, 1)


class Backward(nn.Module):
    """The gradient of a convolution's input or weight, as torch's own operation."""

    def __init__(self, conv: TorchConv, which: int) -> None:
        super().__init__()
        self.conv, self.which = conv, which

    def forward(self, g: torch.Tensor, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        c = self.conv
        mask = [self.which == 0, self.which == 1, False]
        result = torch.ops.aten.convolution_backward(
            g, x, w, None, [c.stride] * 2, [c.padding] * 2, [c.dilation] * 2, False, [0, 0],
            c.groups, mask,
        )  # fmt: skip
        return result[self.which]


BACKWARD = {
    "plain": TorchConv(n=2),
    "stride": TorchConv(n=2, stride=2, padding=1),
    "dilation": TorchConv(n=2, dilation=2, padding=2),
    "groups": TorchConv(n=2, groups=2),
}


@pytest.mark.parametrize("which", [0, 1], ids=["data", "weights"])
@pytest.mark.parametrize("name", BACKWARD)
def test_backward_is_a_convolution_too(name: str, which: int) -> None:
    conv = BACKWARD[name]
    x = conv.input()
    w = whole((conv.cout * conv.groups, conv.cin, 3, 3), conv.dtype, 2)
    g = whole((conv.n, conv.cout * conv.groups, conv.out, conv.out), conv.dtype, 3)
    (problem,) = check(Backward(conv, which), g, x, w).problems
    assert problem.kind == "conv"
    assert problem.extent("g") == conv.groups


class WeightGradientByHand(nn.Module):
    """The filter's gradient as a convolution of the input with the gradient: strides are dilations."""

    def forward(self, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.conv2d(x.transpose(0, 1), g.transpose(0, 1), dilation=2, padding=1)
        return y.transpose(0, 1)


def test_a_weight_gradient_by_hand() -> None:
    g, x = whole((2, 12, 5, 5), torch.bfloat16, 3), whole((2, 8, 9, 9), torch.bfloat16, 1)
    (problem,) = check(WeightGradientByHand(), g, x).problems
    window = [loop.size for loop in problem.loops if loop.name in ("kh", "kw")]
    assert window == [5, 5]


_TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


@pytest.mark.parametrize(
    ("rank", "cin", "cout", "groups", "stride", "dilation", "padding", "beyond"),
    [
        (2, 4, 6, 1, 1, 1, 1, 0),
        (3, 4, 6, 2, 2, 1, 0, 0),
        (1, 4, 4, 4, 2, 2, 3, 1),
        (2, 4, 4, 4, 1, 2, 1, 0),
        (3, 4, 4, 4, 3, 1, 1, 2),
    ],
)
def test_a_transposed_convolution_is_one_of_a_spread_input(
    rank: int,
    cin: int,
    cout: int,
    groups: int,
    stride: int,
    dilation: int,
    padding: int,
    beyond: int,
) -> None:
    conv = _TRANSPOSED[rank](
        cin, cout, 3, stride, padding, beyond, groups, bias=True, dilation=dilation
    )
    (problem,) = check(conv, whole((2, cin, *[4] * rank), torch.bfloat16, 1)).problems
    assert problem.extent("g") == groups
    assert problem.extent("n") == cout // groups
    assert problem.extent("k") == cin // groups * 3**rank
