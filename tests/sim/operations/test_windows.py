"""Windows that overlap: a column that two of them have is read and combined once."""

import re

import numpy as np
import pytest
import torch

from aie_conv.operations.plan import OperationPlan, OperationRoute
from aie_conv.problem import Epilogue, Loop, Operand, OperationProblem
from tests.support.operations.cases import operands, simulate

CHANNELS, OUT = 64, 8


def _pool(size: int, stride: int, dilation: int = 1) -> OperationProblem:
    side = (OUT - 1) * stride + (size - 1) * dilation + 1
    loops = (
        Loop("oh", "m", OUT, stride * side * CHANNELS, 0, OUT * CHANNELS),
        Loop("ow", "m", OUT, stride * CHANNELS, 0, CHANNELS),
        Loop("c", "m", CHANNELS, 1, 0, 1),
        Loop("kh", "k", size, dilation * side * CHANNELS, 0, 0),
        Loop("kw", "k", size, dilation * CHANNELS, 0, 0),
    )
    lhs, out = Operand("i8", (side, side, CHANNELS)), Operand("i8", (OUT, OUT, CHANNELS))
    return OperationProblem("window", loops, lhs, out, Epilogue((), (), 0), "i8", "arith.maxsi")


def _plan(problem: OperationProblem) -> OperationPlan:
    sizes = {"size_0": 4, "size_1": OUT, "size_2": CHANNELS}
    taps = {f"taps_{axis}": loop.size for axis, loop in enumerate(problem.loops[3:])}
    grid = {"columns": 1, "channels": 1, "rows": 2}
    return OperationRoute().propose(problem, "npu1_4col", sizes | taps | {"taps_2": 1} | grid)


def _core(text: str) -> str:
    """The first core's loop that keeps vectors, without what stands before it."""
    core = text[text.index("aie.core") :]
    core = core[: core.index("aie.end")]
    return core[core.index("iter_args") :] if "iter_args" in core else core


@pytest.mark.parametrize(("size", "stride", "loads"), [(3, 1, 3), (3, 2, 6), (5, 1, 5), (2, 2, 4)])
def test_a_window_reads_what_the_one_before_did_not(size: int, stride: int, loads: int) -> None:
    problem = _pool(size, stride)
    plan = _plan(problem)
    assert _core(plan.emit()).count("vector.load") == loads
    arrays = operands(problem)
    lhs = arrays["lhs"].reshape(problem.lhs.shape).astype(np.float32)
    image = torch.from_numpy(lhs).permute(2, 0, 1)[None]
    want = torch.nn.functional.max_pool2d(image, size, stride)[0].permute(1, 2, 0)
    got, _ = simulate(plan, arrays)
    assert np.array_equal(got.reshape(-1), want.numpy().astype(np.int8).reshape(-1))


def test_columns_that_are_kept_decide_the_result() -> None:
    problem = _pool(3, 1)
    plan, arrays = _plan(problem), operands(problem)
    right, _ = simulate(plan, arrays)
    stale = re.sub(r"(iter_args\(%(\w+) = .*?%(\w+) = .*?)(scf\.yield) %\w+, %\w+", r"\1\4 %\2, %\3",
                   plan.emit(), flags=re.DOTALL)  # fmt: skip
    assert stale != plan.emit()
    wrong, _ = simulate(plan, arrays, stale)
    assert not np.array_equal(right, wrong)


def test_windows_with_holes_are_read_one_by_one() -> None:
    assert "iter_args" not in _plan(_pool(3, 1, dilation=2)).emit()
