"""Operations in the programs of convolutions equal torch: the emitted text, parsed back and run."""

from collections.abc import Hashable
from dataclasses import fields, replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.arch import device_names, get_device
from aie_conv.direct.parametric.lanewise import as_convolution
from aie_conv.direct.parametric.lanewise_route import LanewiseOperations, LanewiseRoute, likely
from aie_conv.direct.parametric.layout import LAYOUTS, L1Layout
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import AieConvError, ConfigRefused, Unsupported
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.operations.plan import OperationPlan
from aie_conv.problem import (
    Arithmetic,
    Epilogue,
    EpilogueInput,
    Loop,
    Operand,
    OperationProblem,
    Step,
    conv2d,
)
from tests.support.mappings import emit_anew
from tests.support.operations.cases import (
    COMBINATIONS,
    FUNCTIONS,
    Function,
    check_elementwise,
    check_equal,
    check_reduction,
    operands,
    reduced,
    simulate,
)

ABOUT_20 = settings(max_examples=max(20, settings().max_examples * 3 // 5))
WIDE = ("i8", "bf16")


@st.composite
def pools(draw: st.DrawFn) -> tuple[OperationProblem, str]:
    """A pooling of images, channels last, as large as the programs' tiles need."""
    kinds = [key for key in sorted(COMBINATIONS) if key[0] in WIDE]
    dtype, what = draw(st.sampled_from(kinds))
    combine, accumulator = COMBINATIONS[dtype, what]
    channels = draw(st.sampled_from([32, 64, 128]))
    kernel = [draw(st.integers(1, 5)) for _ in range(2)]
    outputs = [draw(st.sampled_from([4, 7, 8, 14])), draw(st.sampled_from([4, 7, 8, 14, 28]))]
    stride = [draw(st.integers(1, 2)) for _ in range(2)]
    sides = [(o - 1) * s + k for o, s, k in zip(outputs, stride, kernel, strict=True)]
    row, pixel = sides[1] * channels, channels
    loops = (
        Loop("oh", "m", outputs[0], stride[0] * row, 0, outputs[1] * channels),
        Loop("ow", "m", outputs[1], stride[1] * pixel, 0, channels),
        Loop("c", "m", channels, 1, 0, 1),
        Loop("kh", "k", kernel[0], row, 0, 0),
        Loop("kw", "k", kernel[1], pixel, 0, 0),
    )
    kept = tuple(loop for loop in loops if loop.role == "m" or loop.size > 1)
    if len(kept) == 3:
        kept = loops
    shapes = (*sides, channels), (*outputs, channels)
    out = Operand(accumulator, shapes[1])
    lhs = Operand(dtype, shapes[0])
    return OperationProblem("window", kept, lhs, out, Epilogue(), accumulator, combine), what


@st.composite
def sums(draw: st.DrawFn) -> tuple[OperationProblem, Function]:
    """An element-wise operation of two tensors, or of one, over all elements or channels last."""
    names = [n for n, f in FUNCTIONS.items() if set(f.inputs) <= set(WIDE) and f.out in WIDE]
    function = FUNCTIONS[draw(st.sampled_from(sorted(names)))]
    pixels = draw(st.sampled_from([64, 128, 196, 784]))
    channels = draw(st.sampled_from([64, 128, 256]))
    flat = draw(st.booleans())
    shape = (pixels * channels,) if flat else (pixels, channels)
    steps = (1,) if flat else (channels, 1)
    per_channel = not flat and draw(st.booleans())
    loops = tuple(
        Loop("ab"[d], "m", size, step, 0, step)
        for d, (size, step) in enumerate(zip(shape, steps, strict=True))
    )
    entries = [
        EpilogueInput(Operand(dtype, shape[-1:]), (0, 1))
        if per_channel
        else EpilogueInput(Operand(dtype, shape), steps)
        for dtype in function.inputs[1:]
    ]
    epilogue = Epilogue(tuple(entries), function.steps, function.result)
    kind = "elementwise" if function.steps else "move"
    lhs, out = Operand(function.inputs[0], shape), Operand(function.out, shape)
    return OperationProblem(kind, loops, lhs, out, epilogue, lhs.dtype), function


def plan_of(problem: OperationProblem, device: str) -> OperationPlan | None:
    """A plan, as those know it that simulate one; None where tiles of the layouts do not fit."""
    try:
        return cast("OperationPlan", LanewiseOperations().propose(problem, device))
    except (Unsupported, ConfigRefused):
        return None


def test_enough_is_taken() -> None:
    """What the random tests pass over is no more than half."""
    taken = total = 0
    for device in device_names():
        for outputs, channels in ((7, 64), (8, 64), (14, 128), (28, 64)):
            for window in (2, 3):
                problem = _pool(outputs, channels, window)
                taken += plan_of(problem, device) is not None
                total += 1
    assert taken > total / 2


def _pool(outputs: int, channels: int, window: int) -> OperationProblem:
    side = outputs + window - 1
    loops = (
        Loop("oh", "m", outputs, side * channels, 0, outputs * channels),
        Loop("ow", "m", outputs, channels, 0, channels),
        Loop("c", "m", channels, 1, 0, 1),
        Loop("kh", "k", window, side * channels, 0, 0),
        Loop("kw", "k", window, channels, 0, 0),
    )
    lhs, out = Operand("i8", (side, side, channels)), Operand("i8", (outputs, outputs, channels))
    return OperationProblem("window", loops, lhs, out, Epilogue(), "i8", "arith.maxsi")


@ABOUT_20
@given(pools(), st.sampled_from(device_names()))
def test_pools_equal_torch(case: tuple[OperationProblem, str], device: str) -> None:
    problem, what = case
    plan = plan_of(problem, device)
    if plan is not None:
        check_reduction(plan, problem, what)


@pytest.mark.parametrize("layout", LAYOUTS[:4:3])
def test_rows_of_cores_with_the_same_channels_take_other_pixels(layout: L1Layout) -> None:
    """Two N tiles, each of two rows of cores: an object brings the channels of both, for two rows in turn."""
    problem = _pool(32, 64, 3)
    route = LanewiseRoute((layout,))
    scheme = route.scheme(as_convolution(problem), get_device("npu1_4col"))
    shared = [p for p in likely(scheme, layout) if p.tile_k > p.tile_n and p.time_shared > 1]
    for p in shared[:2]:
        parameters = {f.name: getattr(p, f.name) for f in fields(p)}
        plan = route.propose(as_convolution(problem), "npu1_4col", parameters)
        check_reduction(cast("OperationPlan", plan), problem, "max")
    assert shared


@pytest.mark.parametrize("device", ["npu1_3col", "npu4"])
def test_operands_that_are_sent_come_with_the_taps_that_rows_take_in_turn(device: str) -> None:
    """Of each tap's object of the filter the rows take four of the input: it must not come before them."""
    pool = _pool(14, 80, 5)
    operand, added = Operand("i8", (80,)), Step("arith.addi", (0, 1), "i8")
    behind = Epilogue((EpilogueInput(operand, (0, 0, 1, 0, 0)),), (added,), 2)
    problem = as_convolution(replace(pool, epilogue=behind), frozenset())
    route = LanewiseRoute(LAYOUTS[3:4])
    scheme = route.scheme(problem, get_device(device))
    in_turn = [p for p in likely(scheme, LAYOUTS[3]) if not p.window and p.time_shared == 4]
    parameters = {f.name: getattr(in_turn[0], f.name) for f in fields(in_turn[0])}
    plan = route.propose(problem, device, parameters)
    assert plan.mapping.view.sent is not None
    assert plan.mapping.filters.objects == 25
    arrays = operands(replace(pool, epilogue=behind))
    largest = reduced(pool, {name: arrays[name] for name in ("lhs", "out")}, "max")
    want = np.add(largest.reshape(-1, 80).astype(np.int8), arrays["in0"].astype(np.int8))
    got, _ = simulate(cast("OperationPlan", plan), arrays)
    check_equal(got.reshape(-1, 80), want)


@settings(max_examples=4)
@given(pools().filter(lambda case: case[0].lhs.dtype == "bf16"))
def test_pools_in_programs_of_bfp16_are_exact(case: tuple[OperationProblem, str]) -> None:
    """Lanes are not converted: the result is that of a pool in any other program."""
    problem, what = case
    plan = plan_of(replace(problem, arithmetic="bfp16"), "npu4")
    if plan is not None:
        check_reduction(plan, problem, what)


def test_programs_of_bfp16_are_no_programs_of_bf16() -> None:
    """Blocks of channels are longer in those: an operation joins the products whose blocks it was made for."""
    pool = replace(_pool(14, 64, 3), accumulator="bf16", combine="arith.maximumf")
    lhs, out = replace(pool.lhs, dtype="bf16"), replace(pool.out, dtype="bf16")
    pool = replace(pool, lhs=lhs, out=out)
    keys: dict[Arithmetic, set[Hashable]] = {}
    arithmetics: tuple[Arithmetic, ...] = ("native", "bfp16")
    for how in arithmetics:
        pools_ = LanewiseOperations().shareable(replace(pool, arithmetic=how), "npu4")
        keys[how] = {p.configuration for p in pools_}
    assert all(keys.values())
    assert not keys["native"] & keys["bfp16"]


@ABOUT_20
@given(sums(), st.sampled_from(device_names()))
def test_elementwise_equals_torch(case: tuple[OperationProblem, Function], device: str) -> None:
    problem, function = case
    plan = plan_of(problem, device)
    if plan is not None:
        check_elementwise(plan, problem, function)


@ABOUT_20
@given(
    st.lists(st.one_of(pools(), sums()), min_size=2, max_size=4), st.sampled_from(device_names())
)
def test_an_array_is_the_same_whoever_it_is_made_for(
    cases: list[tuple[OperationProblem, str | Function]], device: str
) -> None:
    """Of one configuration and epilogue; programs made one after the other share its text."""
    arrays: dict[Hashable, str] = {}
    for problem, _ in [*cases, (_pool(8, 64, 2), ""), (_pool(14, 64, 3), "")]:
        try:
            plans = LanewiseOperations().shareable(problem, device)
        except (Unsupported, ConfigRefused):
            continue
        for plan in plans:
            array, _, _ = emit_anew(plan).partition("    aie.runtime_sequence")
            key = plan.configuration, plan.mapping.epilogue_key
            assert arrays.setdefault(key, array) == array
            assert plan.emit().startswith(array)


def test_operations_of_one_configuration_are_told_apart() -> None:
    """Pools of unlike sizes share an array's text; another combination is another text."""
    arrays: dict[Hashable, dict[str, set[str]]] = {}
    emitted: list[tuple[ArrayPlan, str]] = []
    for outputs, window, combine in ((8, 2, ""), (14, 3, ""), (8, 2, "arith.minsi")):
        problem = _pool(outputs, 64, window)
        problem = replace(problem, combine=combine) if combine else problem
        for plan in LanewiseOperations().shareable(problem, "npu1_4col"):
            array, _, _ = emit_anew(plan).partition("    aie.runtime_sequence")
            arrays.setdefault(plan.configuration, {}).setdefault(combine, set()).add(array)
            emitted.append((plan, array))
    both = [texts for texts in arrays.values() if len(texts) == 2]
    assert both
    assert all(len(texts[c]) == 1 for texts in both for c in texts)
    assert all(texts[""] != texts["arith.minsi"] for texts in both)
    # One after the other, each with what was cached for those before it.
    assert all(plan.emit().startswith(array) for plan, array in emitted)


def test_a_changed_program_is_noticed() -> None:
    problem = _pool(8, 64, 3)
    plan = plan_of(problem, "npu1_4col")
    assert plan is not None
    text, arrays = plan.emit(), operands(problem)
    want = reduced(problem, arrays, "max")
    check_equal(simulate(plan, arrays, text)[0], want)
    with pytest.raises((AssertionError, AieConvError)):
        check_equal(simulate(plan, arrays, text.replace("arith.maxsi", "arith.minsi"))[0], want)


def test_a_pool_is_no_product() -> None:
    """Routes of contractions refuse what stands for an operation, and the other way round."""
    plan = LanewiseOperations().propose(_pool(8, 64, 3), "npu1_4col")
    with pytest.raises(Unsupported, match="another kind of problem"):
        ParametricRoute().propose(plan.problem, "npu1_4col")
    keys = {p.configuration for p in ParametricRoute().shareable(
        conv2d(1, 16, 16, 64, 64, 1, 1, dtype="i8", out_dtype="i8"), "npu1_4col"
    )}  # fmt: skip
    assert keys
