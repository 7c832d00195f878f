"""Operations that stay on the CPU have a price there, whether or not the array has a plan."""

from dataclasses import dataclass
from typing import Any

import pytest

from aie_conv.partitioner.cost import FIXED
from aie_conv.partitioner.operations import choose_operation, without_detours
from aie_conv.plan import Candidate, Decision
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


@dataclass(frozen=True)
class Placed:
    """A plan's configuration and problem."""

    configuration: str
    problem: Any


def decided(configuration: str, cost: int, *, operation: bool) -> Decision:
    plan: Any = Placed(configuration, transposition(64, 256, "i8") if operation else None)
    candidates = (Candidate("direct", "", plan, cost), Candidate("cpu", "", None, 1000))
    return Decision("direct", "a reason", plan, candidates)


@pytest.mark.parametrize(
    ("before", "behind", "cost", "stays"),
    [
        ("a", "a", 950, True),
        ("a", "a", 850, False),
        ("a", "b", 950, False),
        ("own", "b", 1050, False),
        (None, None, 950, False),
    ],
)
def test_a_call_of_one_operation_pays_for_the_change_back(
    before: str | None, behind: str | None, cost: int, stays: bool
) -> None:
    """A change takes 100 cycles, and the price of the operation by itself has one."""
    around = [decided(name, 1, operation=False) for name in (before, behind) if name is not None]
    decisions = [*around[:1], decided("own", cost, operation=True), *around[1:]]
    kept = without_detours(decisions, 100)
    number = len(around[:1])
    assert (kept[number].plan is None) == stays
    assert ("change back" in kept[number].reason) == stays
    assert [each for each in kept if each.plan is None] == [kept[number]] * stays
