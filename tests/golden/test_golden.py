"""The text of a few small designs, for people to read and for changes to show.

`pytest tests/golden --update-golden` writes the files anew; look at the difference before keeping it.
What the text does is tested by simulation in tests/img2col and tests/direct; here only its form is.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from aie_conv.direct.air.module import VERSIONS, air_module
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.direct.scalar import ScalarRoute
from aie_conv.direct.sliding import SlidingRoute
from aie_conv.direct.vector import VectorRoute
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.ir.xdsl import parse_module, print_module
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Route, blank_operands
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Loop, Operand, Step, conv2d

HERE = Path(__file__).parent


def bias_relu(channels: int) -> Epilogue:
    """f32 bias, rounding to bf16, ReLU."""
    bias = EpilogueInput(Operand("f32", (channels,)), (0, 0, 0, 1, 0, 0, 0))
    steps = (
        Step("arith.addf", (0, 1), "f32"),
        Step("arith.truncf", (2,), "bf16"),
        Step("arith.constant", (), "bf16", 0.0),
        Step("arith.maximumf", (3, 4), "bf16"),
    )
    return Epilogue((bias,), steps, 5)


def depthwise(channels: int) -> ConvProblem:
    """A 3x3 window over 8x8 pixels, int8, each channel by itself."""
    loops = (
        Loop("oh", "m", 6, 8 * channels, 0, 6 * channels),
        Loop("ow", "m", 6, channels, 0, channels),
        Loop("g", "g", channels, 1, 1, 1),
        Loop("kh", "k", 3, 8 * channels, 3 * channels, 0),
        Loop("kw", "k", 3, channels, channels, 0),
    )
    return ConvProblem(
        "conv",
        loops,
        Operand("i8", (8, 8, channels)),
        Operand("i8", (3, 3, channels)),
        Operand("i32", (6, 6, channels)),
        "i32",
    )


def planes(channels: int) -> ConvProblem:
    """A 3x3 window over planes of 8x34 pixels, int8, each channel by itself."""
    loops = (
        Loop("g", "g", channels, 8 * 34, 9, 6 * 32),
        Loop("oh", "m", 6, 34, 0, 32),
        Loop("ow", "m", 32, 1, 0, 1),
        Loop("kh", "k", 3, 34, 3, 0),
        Loop("kw", "k", 3, 1, 1, 0),
    )
    return ConvProblem(
        "conv",
        loops,
        Operand("i8", (channels, 8, 34)),
        Operand("i8", (channels, 3, 3)),
        Operand("i32", (channels, 6, 32)),
        "i32",
    )


def requantised(channels: int) -> Epilogue:
    """i32 bias, a shift right, bounds, i8."""
    bias = EpilogueInput(Operand("i32", (channels,)), (0, 0, 0, 1, 0, 0, 0))
    steps = (
        Step("arith.addi", (0, 1), "i32"),
        Step("arith.constant", (), "i32", 7),
        Step("arith.shrsi", (2, 3), "i32"),
        Step("arith.constant", (), "i32", 0),
        Step("arith.maxsi", (4, 5), "i32"),
        Step("arith.constant", (), "i32", 127),
        Step("arith.minsi", (6, 7), "i32"),
        Step("arith.trunci", (8,), "i8"),
    )
    return Epilogue((bias,), steps, 9)


DESIGNS: dict[str, tuple[Route, str, ConvProblem]] = {
    "pointwise-i8-npu1_1col": (
        Im2colRoute(),
        "npu1_1col",
        conv2d(1, 8, 8, 32, 16, 1, 1, dtype="i8"),
    ),
    "conv3x3-bias-relu-bf16-npu1_1col": (
        Im2colRoute(),
        "npu1_1col",
        conv2d(1, 10, 10, 16, 16, 3, 3, out_dtype="bf16", epilogue=bias_relu(16)),
    ),
    "pointwise-i8-npu4": (Im2colRoute(), "npu4", conv2d(1, 4, 4, 16, 8, 1, 1, dtype="i8")),
    "pointwise-bfp16-npu4": (
        Im2colRoute(),
        "npu4",
        replace(conv2d(1, 4, 4, 16, 8, 1, 1), arithmetic="bfp16"),
    ),
    "direct3x3-i8-npu1_1col": (
        VectorRoute(),
        "npu1_1col",
        conv2d(1, 10, 10, 16, 8, 3, 3, dtype="i8"),
    ),
    "direct3x3-bias-relu-bf16-npu4": (
        VectorRoute(),
        "npu4",
        conv2d(1, 17, 10, 8, 8, 3, 3, stride=(2, 1), out_dtype="bf16", epilogue=bias_relu(8)),
    ),
    "depthwise3x3-i8-npu1_1col": (VectorRoute(), "npu1_1col", depthwise(64)),
    "parametric3x3-i8-npu1_1col": (
        ParametricRoute(),
        "npu1_1col",
        conv2d(1, 10, 10, 32, 32, 3, 3, dtype="i8", out_dtype="i8", epilogue=requantised(32)),
    ),
    "sliding3x3-i8-npu1_1col": (SlidingRoute(), "npu1_1col", planes(8)),
    "scalar3x3-i8-npu1_1col": (
        ScalarRoute(),
        "npu1_1col",
        conv2d(1, 6, 6, 8, 8, 3, 3, dtype="i8"),
    ),
}


def operands(name: str) -> list[NDArray[Any]]:
    """What a golden program runs on: zeros but for its run-time parameters."""
    route, device, problem = DESIGNS[name]
    return blank_operands(route.propose(problem, device))


@pytest.mark.parametrize("name", DESIGNS)
def test_emitted_text(name: str, update_golden: bool) -> None:
    route, device, problem = DESIGNS[name]
    text = route.propose(problem, device).emit()
    file = HERE / f"{name}.mlir"
    if update_golden:
        assert "CI" not in os.environ, "golden files are not updated in CI"
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("version", VERSIONS)
def test_emitted_text_for_mlir_air(version: str, update_golden: bool) -> None:
    route, device, problem = DESIGNS["scalar3x3-i8-npu1_1col"]
    plan = route.propose(problem, device)
    assert isinstance(plan, ArrayPlan)
    text = air_module(plan, version)
    file = HERE / "air" / f"scalar3x3-i8-npu1_1col-{version}.mlir"
    if update_golden:
        assert "CI" not in os.environ, "golden files are not updated in CI"
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("name", DESIGNS)
def test_the_dialects_read_and_print_it(name: str) -> None:
    module = parse_module((HERE / f"{name}.mlir").read_text())
    assert parse_module(print_module(module)).is_structurally_equivalent(module)


def test_every_golden_file_is_read() -> None:
    assert {file.stem for file in HERE.glob("*.mlir")} == set(DESIGNS)
