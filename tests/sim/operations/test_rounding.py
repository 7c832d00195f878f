"""Sums of bf16 are torch's, to the bit, for all values: rounded in lanes of 16 bits."""

import numpy as np
import pytest
import torch

from aie_conv.operations.plan import OperationRoute
from aie_conv.problem import Epilogue, EpilogueInput, Loop, Operand, OperationProblem
from tests.support.operations.cases import FUNCTIONS, Array, simulate

ALL = 1 << 16
OTHERS = (0x0000, 0x8000, 0x0001, 0x3F80, 0x3B81, 0xBB81, 0x7F7F, 0xFF80, 0x7FFF)
"""Zeros, the least subnormal, one, numbers that make ties, the largest, an infinity, a NaN."""


def _sums(device: str) -> tuple[str, torch.Tensor, torch.Tensor]:
    bits = np.tile(np.arange(ALL, dtype=np.uint16), len(OTHERS))
    other = np.repeat(np.array(OTHERS, np.uint16), ALL)
    x, y = (torch.from_numpy(v.view(np.int16)).view(torch.bfloat16) for v in (bits, other))
    operand, function = Operand("bf16", (bits.size,)), FUNCTIONS["add bf16"]
    epilogue = Epilogue((EpilogueInput(operand, (1,)),), function.steps, function.result)
    loops = (Loop("a", "m", bits.size, 1, 0, 1),)
    problem = OperationProblem("elementwise", loops, operand, operand, epilogue, "bf16")
    plan = OperationRoute().propose(problem, device)
    named: dict[str, Array] = {"lhs": bits, "in0": other, "out": np.zeros_like(bits)}
    got, _ = simulate(plan, named)
    result = torch.from_numpy(got.reshape(-1).view(np.int16)).view(torch.bfloat16)
    return plan.emit(), result, x + y


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_sums_of_all_values_are_torchs(device: str) -> None:
    text, got, want = _sums(device)
    assert "arith.ori" in text
    assert torch.equal(got.isnan(), want.isnan())
    numbers = ~want.isnan()
    assert torch.equal(got.view(torch.int16)[numbers], want.view(torch.int16)[numbers])
