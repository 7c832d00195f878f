"""Two tiles at once: their loads share a cycle, and the banks of their objects are not met by the stores."""

import re
from dataclasses import replace

import numpy as np
import pytest

from aie_conv.operations.plan import OperationPlan, OperationRoute
from aie_conv.problem import Epilogue, EpilogueInput, Loop, Operand, OperationProblem
from aie_conv.sim import Simulator
from tests.support.operations.cases import FUNCTIONS, answer, operands, simulate

SIZE = 1 << 15


def _maximum() -> OperationProblem:
    function, operand = FUNCTIONS["max i8"], Operand("i8", (SIZE,))
    epilogue = Epilogue((EpilogueInput(operand, (1,)),), function.steps, function.result)
    loops = (Loop("a", "m", SIZE, 1, 0, 1),)
    return OperationProblem("elementwise", loops, operand, operand, epilogue, "i8")


def _plan(device: str, together: int) -> OperationPlan:
    parameters = {"size_0": 2048 // together, "taps_0": 1, "columns": 2, "channels": 1, "rows": 2}
    return OperationRoute().propose(_maximum(), device, parameters | {"together": together})


def _busy(plan: OperationPlan, text: str) -> int:
    flat = [np.zeros(a.elements + a.slack, np.int8) for a in plan.arguments]
    return sum(Simulator(text).run(flat).core_cycles.values())


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_two_tiles_take_less_of_the_cores(device: str) -> None:
    one, two = (_plan(device, together) for together in (1, 2))
    arrays = operands(_maximum())
    want = answer(_maximum(), arrays, FUNCTIONS["max i8"])
    for plan in (one, two):
        got, _ = simulate(plan, arrays)
        assert np.array_equal(got, want)
    alone, both = _busy(one, one.emit()), _busy(two, two.emit())
    assert both < 0.7 * alone
    # Without the buffers between them an output lies in an input's bank, and each store waits.
    text = "\n".join(line for line in two.emit().splitlines() if "spacer" not in line)
    assert text.count("\n") < two.emit().count("\n")
    assert _busy(two, text) > 1.3 * both


def test_an_object_of_the_other_tile_is_told_apart() -> None:
    plan = _plan("npu1_4col", 2)
    arrays = operands(_maximum())
    text = re.sub(r"(subview\.access %\w+)\[1\]", r"\1[0]", plan.emit())
    got, _ = simulate(plan, arrays, text)
    assert not np.array_equal(got, answer(_maximum(), arrays, FUNCTIONS["max i8"]))


def test_a_single_tile_is_no_pair() -> None:
    plan = _plan("npu1_4col", 1)
    assert replace(plan.chosen.tile, together=1) == plan.chosen.tile
    assert "spacer" not in plan.emit()
