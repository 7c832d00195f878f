"""Runs an AIE module that mlir-air made of a plan's air form."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.direct.air.module import air_arguments
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.sim import Simulator
from tests.support.direct.strategies import Case

RECORDED = Path(__file__).parent / "grouped1d-i8.mlir"
"""What air-opt of March 2026 (d1ade562) made of :data:`RECORDED_CASE` on npu1_1col, by tests/tools/test_air.py's
passes without ping-pong."""

RECORDED_CASE = Case(
    1, 2, 4, 4, (12,), (3,), (1,), (1,), "i8", (0, 2, 1), (0, 2, 1), (0, 2, 1), 0, "none"
)  # fmt: skip


def host_buffers(plan: ArrayPlan, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The buffers of a plan by name, copied as the host does, and one for its result."""
    mapping = plan.mapping
    copies = (*mapping.view.prologue, *mapping.addresses.filter_copies("weights"))
    buffers = apply(copies, arrays)
    last = plan.arguments[-1]
    fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = fresh if plan.finish else arrays["out"].reshape(-1).copy()
    return buffers


def check_module(case: Case, plan: ArrayPlan, text: str) -> None:
    """The module on the simulator equals torch, twice: what a call leaves in the array must not matter."""
    simulator, mapping = Simulator(text), plan.mapping
    for _ in range(2):
        arrays = case.operands()
        buffers = host_buffers(plan, arrays)
        data = [
            np.ascontiguousarray(buffers[argument.name]).reshape(-1).copy()
            for argument in air_arguments(mapping)
        ]
        simulator.run(data)
        out = data[-1]
        if plan.finish:
            out = apply(plan.finish, {"result": out, "out": arrays["out"].copy()})["out"]
        case.check(out.reshape(arrays["out"].shape), arrays)
