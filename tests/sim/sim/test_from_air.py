"""A module that mlir-air made of the air form, recorded, runs on the simulator."""

import pytest

from aie_conv.errors import AieConvError
from aie_conv.mapping.plan import ArrayPlan
from tests.property.direct.test_air import scalar_route
from tests.support.air.modules import RECORDED, RECORDED_CASE, check_module


def recorded_plan() -> ArrayPlan:
    """The plan that the record is of."""
    plan = scalar_route().propose(RECORDED_CASE.problem(), "npu1_1col")
    assert isinstance(plan, ArrayPlan)
    return plan


def test_what_mlir_air_made_equals_torch() -> None:
    check_module(RECORDED_CASE, recorded_plan(), RECORDED.read_text())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%arg0 : memref<96xi8>, 0,", "%arg0 : memref<96xi8>, 8,"),
        ("arith.addi", "arith.subi"),
        ("Release, 1)", "Release, 2)"),
        ("aiex.dma_await_task", "aiex.dma_free_task"),
    ],
)
def test_a_changed_one_does_not(old: str, new: str) -> None:
    text = RECORDED.read_text()
    assert old in text
    with pytest.raises((AssertionError, AieConvError)):
        check_module(RECORDED_CASE, recorded_plan(), text.replace(old, new, 1))
