"""Small emitted programs of every kind, with operands."""

from functools import cache

import numpy as np

from aie_conv.direct.parametric.layout import L1Layout
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.direct.scalar import ScalarRoute
from aie_conv.direct.sliding import SlidingRoute
from aie_conv.direct.vector import VectorRoute
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.plan import Route
from tests.support.direct.strategies import Case, flat_operands

LAST = (0, 2, 3, 1)
PLANES = (0, 1, 2, 3)
LAYOUT = L1Layout(2048, 2304, 1024, 6144, 512, seven_pixels=False)


def _case(
    side: int, channels: int, outputs: int, taps: int, dtype: str, epilogue: str, groups: int = 1,
    order: tuple[int, ...] = LAST, filters: tuple[int, ...] = LAST,
) -> Case:  # fmt: skip
    shape = ((side, side), (taps, taps), (1, 1), (1, 1))
    return Case(1, groups, channels, outputs, *shape, dtype, order, filters, order, 0, epilogue)


CASES: dict[str, tuple[Route, str, Case]] = {
    "im2col i8": (Im2colRoute(), "npu1_1col", _case(8, 64, 32, 3, "i8", "residual")),
    "im2col bf16": (Im2colRoute(), "npu1_1col", _case(8, 128, 16, 1, "bf16", "bias")),
    "im2col i8 on npu4": (Im2colRoute(), "npu4", _case(8, 256, 32, 1, "i8", "none")),
    "windows i8": (VectorRoute(), "npu1_1col", _case(10, 64, 32, 3, "i8", "bias")),
    "windows bf16 on npu4": (VectorRoute(), "npu4", _case(10, 64, 16, 3, "bf16", "residual")),
    "depthwise i8": (VectorRoute(), "npu1_1col", _case(8, 1, 1, 3, "i8", "none", groups=32)),
    "scalar f32": (ScalarRoute(), "npu1_1col", _case(5, 4, 4, 2, "f32", "bias")),
    "scalar i16": (ScalarRoute(), "npu4", _case(5, 4, 4, 3, "i16", "none")),
    "sliding i8": (
        SlidingRoute(), "npu1_1col", _case(10, 1, 1, 3, "i8", "none", 2, PLANES, PLANES),
    ),
    "parametric i8": (ParametricRoute([LAYOUT]), "npu1_1col", _case(12, 64, 64, 3, "i8", "residual")),
}  # fmt: skip


@cache
def emitted(name: str) -> tuple[str, list[list[np.ndarray]]]:
    """A program's text, and the operands of two calls."""
    route, device, case = CASES[name]
    plan = route.propose(case.problem(), device)
    return plan.emit(), [flat_operands(plan, case.operands(seed)) for seed in (0, 1)]
