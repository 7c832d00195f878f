"""The text of a few small designs, for people to read and for changes to show.

`pytest tests/golden --update-golden` writes the files anew; look at the difference before keeping it.
What the text does is tested by simulation in tests/img2col; here only its form is.
"""

import os
from pathlib import Path

import pytest

from aie_conv.dialects import parse_module, print_module
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Operand, Step, conv2d

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


DESIGNS: dict[str, tuple[str, ConvProblem]] = {
    "pointwise-i8-npu1_1col": ("npu1_1col", conv2d(1, 8, 8, 32, 16, 1, 1, dtype="i8")),
    "conv3x3-bias-relu-bf16-npu1_1col": (
        "npu1_1col",
        conv2d(1, 10, 10, 16, 16, 3, 3, out_dtype="bf16", epilogue=bias_relu(16)),
    ),
    "pointwise-i8-npu4": ("npu4", conv2d(1, 4, 4, 16, 8, 1, 1, dtype="i8")),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_emitted_text(name: str, update_golden: bool) -> None:
    device, problem = DESIGNS[name]
    text = Im2colRoute().propose(problem, device).emit()
    file = HERE / f"{name}.mlir"
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
