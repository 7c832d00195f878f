"""The final form of random networks equals torch, on the CPU and on the simulated NPU."""

import numpy as np
import torch
from hypothesis import given, settings

from aie_conv.frontends.torch import import_model
from aie_conv.offload import Offloaded, offload
from aie_conv.runtime import load_offloaded
from tests.support.offload.nets import Case, Layer, cases


def run(case: Case, made: Offloaded, device: str) -> tuple[np.ndarray, list[str]]:
    """The result of the final form, and the executables that ran on the NPU."""
    program = load_offloaded(made.bundle, device)
    with torch.no_grad():
        shape = tuple(case.net()(torch.from_numpy(case.image())).shape)
    out = np.full(shape, np.nan, np.float32)
    assert program.main(case.image(), out) is None
    return out, [record["executable"] for record in program.records]


def expected(case: Case) -> np.ndarray:
    with torch.no_grad():
        exact = case.net().double()(torch.from_numpy(case.image()).double()).numpy()
    assert np.abs(exact).max() < 2**24
    return exact


def source(case: Case) -> bytes:
    return import_model(case.net(), (torch.from_numpy(case.image()),))


@settings(max_examples=max(3, settings.default.max_examples // 8))
@given(cases())
def test_on_the_cpu(case: Case) -> None:
    made = offload(source(case), route="cpu")
    got, npu = run(case, made, "cpu")
    np.testing.assert_array_equal(got, expected(case))
    assert npu == []
    convolutions = [name for name in made.sources if "_rest_" not in name]
    assert len(convolutions) >= len(case.layers)


@settings(max_examples=max(3, settings.default.max_examples // 8))
@given(cases())
def test_on_the_simulated_npu(case: Case) -> None:
    """Whatever a route refuses stays on the CPU; what is declared to run on the NPU did run there."""
    made = offload(source(case), route="direct", f32="bf16x3", device="npu1_4col")
    got, npu = run(case, made, "sim")
    np.testing.assert_array_equal(got, expected(case))
    declared = [
        name for name, artifact in made.artifacts.items() if artifact.report["totals"]["npu"]
    ]
    assert sorted(set(npu)) == sorted(declared)


EVERYTHING = Case(
    (1, 8, 9, 7),
    (
        Layer(16, (3, 2), (1, 2), (1, 1), (2, 0, 1, 1), 1, True, True),
        Layer(16, (3, 3), (1, 1), (2, 1), (1, 1, 2, 2), 2, True, True),
        Layer(16, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 16, False, True),
    ),
    residual=True,
)
"""Uneven borders, strides, dilation, groups, depthwise, bias, ReLU and a residual."""


def test_every_convolution_can_go_to_the_npu() -> None:
    made = offload(source(EVERYTHING), route="direct", f32="bf16x3")
    got, npu = run(EVERYTHING, made, "sim")
    np.testing.assert_array_equal(got, expected(EVERYTHING))
    assert npu == ["main_conv_0", "main_conv_1", "main_conv_2"]
    assert list(made.sources) == npu
    assert "arith.addf" in made.sources["main_conv_2"]
