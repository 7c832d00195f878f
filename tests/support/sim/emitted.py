"""Small emitted programs of every kind, with operands."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.compiler import compile_source
from aie_conv.direct.parametric.layout import L1Layout
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.direct.scalar import ScalarRoute
from aie_conv.direct.sliding import SlidingRoute
from aie_conv.direct.vector import VectorRoute
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.layout.hostcopy import lengthened
from aie_conv.operations.plan import OperationRoute
from aie_conv.options import Options
from aie_conv.plan import Route
from aie_conv.problem import Arithmetic, OperationProblem
from aie_conv.runtime.devices import SimDevice
from aie_conv.runtime.executable import Executable
from aie_conv.runtime.program import load_program
from tests.support.direct.strategies import Case, flat_operands
from tests.support.operations.cases import flat_buffers, operands
from tests.support.operations.rows import rows
from tests.support.operations.samples import elementwise, enlarged, pooling, transposition
from tests.support.regions.graphs import module_text, random_network

Data = list[list[NDArray[np.generic]]]
Emitted = tuple[str, Data]

LAST = (0, 2, 3, 1)
PLANES = (0, 1, 2, 3)
LAYOUT = L1Layout(2048, 2304, 1024, 6144, 512, seven_pixels=False)


def _case(
    side: int, channels: int, outputs: int, taps: int, dtype: str, epilogue: str, groups: int = 1,
    order: tuple[int, ...] = LAST, filters: tuple[int, ...] = LAST,
) -> Case:  # fmt: skip
    shape = ((side, side), (taps, taps), (1, 1), (1, 1))
    return Case(1, groups, channels, outputs, *shape, dtype, order, filters, order, 0, epilogue)


_CONVOLUTIONS: dict[str, tuple[Route, str, Case]] = {
    "im2col i8": (Im2colRoute(), "npu1_1col", _case(8, 64, 32, 3, "i8", "residual")),
    "im2col bf16": (Im2colRoute(), "npu1_1col", _case(8, 128, 16, 1, "bf16", "bias")),
    "im2col i8 on npu4": (Im2colRoute(), "npu4", _case(8, 256, 32, 1, "i8", "none")),
    "windows i8": (VectorRoute(), "npu1_1col", _case(10, 64, 32, 3, "i8", "bias")),
    "windows bf16 on npu4": (VectorRoute(), "npu4", _case(10, 64, 16, 3, "bf16", "residual")),
    "depthwise i8": (VectorRoute(), "npu1_1col", _case(8, 1, 1, 3, "i8", "none", groups=32)),
    "block float": (Im2colRoute(), "npu4", _case(8, 128, 16, 1, "bf16", "bias")),
    "scalar f32": (ScalarRoute(), "npu1_1col", _case(5, 4, 4, 2, "f32", "bias")),
    "scalar i16": (ScalarRoute(), "npu4", _case(5, 4, 4, 3, "i16", "none")),
    "sliding i8": (
        SlidingRoute(), "npu1_1col", _case(10, 1, 1, 3, "i8", "none", 2, PLANES, PLANES),
    ),
    "parametric i8": (ParametricRoute([LAYOUT]), "npu1_1col", _case(12, 64, 64, 3, "i8", "residual")),
    "parametric depthwise": (
        ParametricRoute(), "npu1_1col", _case(12, 1, 1, 3, "i8", "bias", groups=64),
    ),
}  # fmt: skip


_OPERATIONS: dict[str, tuple[str, OperationProblem]] = {
    "element-wise": ("npu1_1col", elementwise("quantised sum", 12, 96)),
    "pooling": ("npu1_1col", pooling("i8", "max", 5, 32)),
    "average": ("npu4", pooling("bf16", "sum", 4, 16)),
    "softmax": ("npu4", rows("softmax", "bf16", last=True, size=(8, 32))),
    "resize": ("npu1_1col", enlarged("i8", 5, 9, 64)),
    "transposition": ("npu1_1col", transposition(32, 32, "i8")),
}

_REGIONS = {"region": ("npu1_1col", random_network(1, 2, size=8, channels=(64,)))}
CASES = (*_CONVOLUTIONS, *_OPERATIONS, *_REGIONS)


class _Recorder(SimDevice):
    """The simulated NPU, which keeps what it was called with."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.calls: Data = []

    def run(self, executable: Executable, buffers: Sequence[NDArray[np.generic]]) -> dict[str, Any]:
        """Run it."""
        self.texts.append(executable.text)
        slacks = [argument.slack for argument in executable.arguments]
        slacks += [0] * (len(buffers) - len(slacks))
        self.calls.append([lengthened(b, s).copy() for b, s in zip(buffers, slacks, strict=True)])
        return super().run(executable, buffers)


def _region(name: str) -> Emitted:
    device, network = _REGIONS[name]
    options = Options(device=device, route="direct", direct="parametric", regions="large")
    artifact = compile_source(module_text(network).encode(), options)
    recorder = _Recorder()
    program = load_program(artifact, recorder)
    for seed in (0, 1):
        image = np.random.default_rng(seed).integers(-128, 128, (1, *network.size), np.int8)
        program.main(image)
    (text,) = set(recorder.texts)
    return text, recorder.calls


@cache
def emitted(name: str) -> Emitted:
    """A program's text, and the operands of two calls."""
    if name in _REGIONS:
        return _region(name)
    if name in _OPERATIONS:
        device, problem = _OPERATIONS[name]
        plan = OperationRoute().propose(problem, device)
        floats = problem.combine == "arith.addf"
        calls = [operands(problem, seed, special=not floats) for seed in (0, 40)]
        return plan.emit(), [flat_buffers(plan, arrays) for arrays in calls]
    route, device, case = _CONVOLUTIONS[name]
    arithmetic: Arithmetic = "bfp16" if name == "block float" else "native"
    plan = route.propose(replace(case.problem(), arithmetic=arithmetic), device)
    return plan.emit(), [flat_operands(plan, case.operands(seed)) for seed in (0, 1)]
