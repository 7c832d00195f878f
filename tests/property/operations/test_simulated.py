"""simulate(emit(p)) equals torch: the emitted text, parsed back and run, for random operations."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.errors import AieConvError, ConfigRefused, Unsupported
from aie_conv.operations.plan import OperationPlan, OperationRoute
from aie_conv.problem import Epilogue, EpilogueInput, Loop, Operand, OperationProblem
from tests.support.operations.cases import (
    FUNCTIONS,
    Function,
    answer,
    check_elementwise,
    check_reduction,
    elementwise,
    operands,
    simulate,
    windows,
)

ABOUT_20 = settings(max_examples=max(20, settings().max_examples * 3 // 5))

REFUSED = (
    "a move to elements that are no neighbours",
    "every loop of the output walks a window",
    "everything is reduced to one element",
    "a broadcast operand",
    "lanes that are a part of a dimension",
)
"""What may be refused, by how the reason begins."""


def plan_of(problem: OperationProblem, device: str) -> OperationPlan | None:
    """A plan; None where a reason that may be is given."""
    try:
        return OperationRoute().propose(problem, device)
    except Unsupported as refusal:
        known = str(refusal).startswith(REFUSED)
    except ConfigRefused:
        # An operand that is broadcast along the lanes has runs too short for the DMA; a move's rows are odd.
        known = any(0 in entry.strides for entry in problem.epilogue.inputs)
        known = known or problem.kind == "move"
    assert known
    return None


@ABOUT_20
@given(elementwise(), st.sampled_from(device_names()))
def test_elementwise_equals_torch(case: tuple[OperationProblem, Function], device: str) -> None:
    problem, function = case
    plan = plan_of(problem, device)
    if plan is not None:
        check_elementwise(plan, problem, function)


@ABOUT_20
@given(windows(), st.sampled_from(device_names()))
def test_windows_equal_torch(case: tuple[OperationProblem, str], device: str) -> None:
    problem, what = case
    plan = plan_of(problem, device)
    if plan is not None:
        check_reduction(plan, problem, what)


@pytest.mark.parametrize("shape", [(65536, 4, 8, 8), (100000, 3, 7, 5), (3, 1 << 22, 2, 2)])
def test_planning_of_what_is_very_large_ends_soon(shape: tuple[int, ...]) -> None:
    """Millions of tiles are not looked at one by one: there is a plan, or a refusal that says why."""
    problem = _permuted(shape)
    start, refused = time.process_time(), ""
    try:
        OperationRoute().propose(problem, "npu1_4col")
    except ConfigRefused as refusal:
        refused = str(refusal)
    assert not refused or refused.startswith("tile: no tiling of elementwise")
    assert time.process_time() - start < 20


def _permuted(shape: tuple[int, ...]) -> OperationProblem:
    """The larger of two numbers at each place of NCHW, stored as NHWC."""
    n, c, h, w = shape
    function = FUNCTIONS["max i8"]
    inner = (c * h * w, h * w, w, 1)
    outer = (c * h * w, 1, w * c, c)
    loops = tuple(
        Loop(name, "m", size, inner[i], 0, outer[i])
        for i, (name, size) in enumerate(zip("nchw", shape, strict=True))
    )
    operand = Operand("i8", shape)
    epilogue = Epilogue((EpilogueInput(operand, inner),), function.steps, function.result)
    return OperationProblem(
        "elementwise", loops, operand, Operand("i8", (n, h, w, c)), epilogue, "i8"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arith.maxsi", "arith.minsi"),
        ("aie.objectfifo.release @in_l1_0_0(Consume, 2)", ""),
        ("([] [0, ", "([] [64, "),
        ("dense<3.000000e+00>", "dense<4.000000e+00>"),
    ],
)
def test_a_changed_program_is_noticed(old: str, new: str) -> None:
    """Nothing but the text decides: each change is an error or a wrong result."""
    name = "quantised sum" if "dense" in old else "max i8"
    function, shape = FUNCTIONS[name], Operand("i8", (4096,))
    problem = OperationProblem(
        "elementwise",
        (Loop("a", "m", 4096, 1, 0, 1),),
        shape,
        shape,
        Epilogue((EpilogueInput(shape, (1,)),), function.steps, function.result),
        "i8",
    )
    plan = OperationRoute().propose(problem, "npu1_4col")
    text = plan.emit()
    assert old in text
    arrays = operands(problem)
    try:
        got, _ = simulate(plan, arrays, text.replace(old, new))
    except AieConvError:
        return
    assert not np.array_equal(got, answer(problem, arrays, function))


def test_columns_wait_for_no_other_columns_tokens() -> None:
    """Two columns' channels have descriptors of their own: waiting for the other's ended in a deadlock."""
    channels, side, out = 64, 56, 28
    loops = (
        Loop("oh", "m", out, 2 * side * channels, 0, out * channels),
        Loop("ow", "m", out, 2 * channels, 0, channels),
        Loop("c", "m", channels, 1, 0, 1),
        Loop("kh", "k", 2, side * channels, 0, 0),
        Loop("kw", "k", 2, channels, 0, 0),
    )
    shapes = Operand("bf16", (side, side, channels)), Operand("bf16", (out, out, channels))
    problem = OperationProblem("window", loops, *shapes, Epilogue(), "bf16", "arith.maximumf")
    sizes = {"size_0": 1, "size_1": 14, "size_2": 32, "taps_0": 2, "taps_1": 2, "taps_2": 1}
    grid = {"columns": 2, "channels": 2, "rows": 2, "padded": 0}
    plan = OperationRoute().propose(problem, "npu1_4col", sizes | grid)
    check_reduction(plan, problem, "max")
