"""Operations that stay on the CPU have a price there, whether or not the array has a plan."""

import pytest

from aie_conv.partitioner.cost import FIXED
from aie_conv.partitioner.operations import choose_operation
from aie_conv.problem import OperationProblem
from tests.support.operations.samples import pooling, transposition


@pytest.mark.parametrize(
    ("problem", "has_plan"),
    [(transposition(64, 256, "i8"), True), (pooling("i8", "max", 1 << 22, 16), False)],
)
def test_what_stays_has_the_cpus_price(problem: OperationProblem, has_plan: bool) -> None:
    decision = choose_operation(problem, "npu4", "auto", None, None, FIXED)
    assert decision.route == "cpu"
    assert any(c.plan is not None for c in decision.candidates) == has_plan
    assert decision.cpu_cycles is not None
    # What it reads and writes at 16 GB/s and 1.8 GHz, and a dispatch.
    assert decision.cpu_cycles > problem.minimum_bytes / 16e9 * 1.8e9
