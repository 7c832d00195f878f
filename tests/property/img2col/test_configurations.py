"""Programs of one configuration: equal but for runtime sequence and parameters, and each still right."""

import re
from bisect import bisect_left
from collections.abc import Hashable
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.artifact import Verifier
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.layout.hostcopy import apply
from aie_conv.mapping.configuration import configuration
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.runtime.executable import Executable
from aie_conv.sim import Simulator, verify
from aie_conv.sim.model import verifier
from tests.property.img2col.test_simulated import assert_equal, simulate
from tests.support.img2col.strategies import Case
from tests.support.mappings import emit_anew


@st.composite
def neighbours(draw: st.DrawFn) -> list[Case]:
    """Convolutions of one type that may share a configuration, with several epilogues."""
    dtype = draw(st.sampled_from(["i8", "bf16"]))
    outputs = draw(st.sampled_from([16, 32, 64]))

    def case() -> Case:
        size, stride = draw(st.integers(4, 9)), draw(st.sampled_from([1, 2]))
        window = draw(st.sampled_from([1, 3]))
        channels = draw(st.sampled_from([32, 64])), outputs
        epilogue = draw(st.sampled_from(["bias", "residual", "scaled"]))
        dims = (1, size, size + draw(st.integers(0, 3)), *channels, window, window)
        return Case(
            dims, (stride, stride), (1, 1), dtype, "nhwc", "oyxc", "npqo", (0, 0, 0), epilogue
        )

    return [case() for _ in range(draw(st.integers(2, 4)))]


@given(neighbours(), st.sampled_from(["npu1_4col", "npu4"]), st.integers(0, 99))
def test_sharers_differ_in_sequence_and_parameters_alone(
    cases: list[Case], device: str, pick: int
) -> None:
    offers = [
        {plan.configuration: plan for plan in Im2colRoute().shareable(case.problem(), device)}
        for case in cases
    ]
    common = [key for key in offers[0] if all(key in offer for offer in offers)]
    assume(common)
    key = common[pick % len(common)]
    plans = [offer[key] for offer in offers]
    whole = [cast("ArrayPlan", plan.shared_with(plans)) for plan in plans]
    texts = [emit_anew(plan) for plan in whole]
    loaded = {Executable(device, (), False, text).configuration for text in texts}
    assert len(loaded) == 1
    for case, plan, text in zip(cases, whole, texts, strict=True):
        verify(text)
        got, arrays = simulate(case, plan, text)
        assert_equal(case, got, arrays)


@given(neighbours(), st.sampled_from(["npu1_4col", "npu4"]))
def test_a_parametric_array_is_the_same_whoever_it_is_made_for(
    cases: list[Case], device: str
) -> None:
    """Of one configuration and epilogue; programs made one after the other share its text."""
    arrays: dict[Hashable, str] = {}
    for case in cases:
        for plan in ParametricRoute().shareable(case.problem(), device):
            array, _, _ = emit_anew(plan).partition("    aie.runtime_sequence")
            key = plan.configuration, plan.mapping.epilogue_key
            assert arrays.setdefault(key, array) == array
            assert plan.emit().startswith(array)


def test_another_tile_is_another_configuration() -> None:
    case = Case(
        (1, 8, 8, 64, 64, 1, 1), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "bias"
    )
    plans = Im2colRoute().shareable(case.problem(), "npu1_4col")
    texts = [plan.emit() for plan in plans]
    assert len({plan.configuration for plan in plans}) == len(plans)
    loaded = {Executable("npu1_4col", (), False, text).configuration for text in texts}
    assert len(loaded) == len(plans) > 4


def test_a_program_without_parameters_has_one_epilogue() -> None:
    """A filter that is repeated in the mem tile carries none."""

    def forced(epilogue: str) -> ArrayPlan:
        case = Case(
            (1, 8, 16, 64, 64, 1, 1),
            (1, 1),
            (1, 1),
            "i8",
            "nhwc",
            "oyxc",
            "npqo",
            (0, 0, 0),
            epilogue,
        )
        parameters = {
            "tile_n": 16, "tile_k": 32, "resident": False, "filter_buffers": 2, "tile_h": 1, "tile_w": 16,
            "pixel_repeats": 1, "k_chunks": 1, "input_reuse": 1, "filter_reuse": 2, "output_buffers": 2,
        }  # fmt: skip
        return Im2colRoute().propose(case.problem(), "npu1_4col", parameters)

    plain, scaled, again = forced("bias"), forced("scaled"), forced("bias")
    assert plain.mapping.memtile.is_fixed
    assert plain.configuration == again.configuration != scaled.configuration
    assert emit_anew(cast("ArrayPlan", again.shared_with([plain, again]))) == emit_anew(plain)


SEQUENCE = re.compile(r"    aie\.runtime_sequence @sequence\((.*)\) \{\n(.*?)    \}\n", re.DOTALL)


def one_after_the_other(texts: list[str]) -> str:
    """A module whose sequence is those of modules of one configuration, each with arguments of its own."""
    heads, bodies = [], []
    for number, text in enumerate(texts):
        found = SEQUENCE.search(text)
        assert found is not None
        head, body = (re.sub(r"%(\w+)", rf"%\1_{number}", part) for part in found.groups())
        heads.append(head)
        bodies.append(body)
    whole = f"    aie.runtime_sequence @sequence({', '.join(heads)}) {{\n{''.join(bodies)}    }}\n"
    return SEQUENCE.sub(lambda _: whole, texts[0])


def test_a_configured_array_serves_calls_of_different_layers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cores are never started again between them."""
    # One sequence with the buffers of three calls is more than the host may pass at once.
    monkeypatch.setattr(verifier, "verify_host", lambda model, commands: None)

    def case(size: int, channels: int, epilogue: str) -> Case:
        dims = (1, size, size, channels, 64, 1, 1)
        return Case(dims, (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), epilogue)

    cases = [case(8, 64, "bias"), case(12, 128, "residual"), case(8, 64, "scaled")]
    offers = [
        {plan.configuration: plan for plan in Im2colRoute().shareable(case.problem(), "npu1_4col")}
        for case in cases
    ]
    key = next(key for key in offers[0] if all(key in offer for offer in offers))
    plans = [
        cast("ArrayPlan", offer[key].shared_with([o[key] for o in offers])) for offer in offers
    ]
    simulator = Simulator(one_after_the_other([plan.emit() for plan in plans]))
    for seed in (1, 0):
        flat, wanted = [], []
        for given_case, plan in zip(cases, plans, strict=True):
            arrays = given_case.operands(seed)
            buffers = apply(plan.prologue, arrays)
            buffers["result"] = arrays["out"].reshape(-1).copy()
            assert not plan.finish
            flat += [np.ascontiguousarray(buffers[a.name]).reshape(-1) for a in plan.arguments]
            wanted.append((flat[-1], given_case.reference(arrays)))
        simulator.run(flat)
        for got, want in wanted:
            np.testing.assert_array_equal(got.reshape(want.shape), want)


@pytest.mark.parametrize("device", ["npu1_1col", "npu4"])
def test_one_core_tells_whether_a_program_has_room(device: str) -> None:
    dims = (1, 8, 8, 64, 64, 1, 1)
    case = Case(dims, (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "scaled")
    problem = case.problem()
    (plan, *_) = Im2colRoute().shareable(problem, device)
    values = plan.mapping.parameters

    def bounded(least: int) -> ArrayPlan:
        """The same product with another function behind it."""
        steps = [
            replace(step, attr=float(least)) if step.attr == -100.0 else step
            for step in problem.epilogue.steps
        ]
        epilogue = replace(problem.epilogue, steps=tuple(steps))
        return Im2colRoute().propose(replace(problem, epilogue=epilogue), device, vars(values))

    plans, verifier_ = [bounded(-least) for least in range(1, 65)], Verifier()

    def shared_by(count: int) -> ArrayPlan:
        return cast("ArrayPlan", plans[0].shared_with(plans[:count]))

    counts = range(1, 65)
    most = bisect_left(counts, True, key=lambda n: not verifier_.has_room(shared_by(n)))
    assert 1 < most < 64
    assert verifier_.fits(shared_by(most))
    assert not verifier_.fits(shared_by(most + 1))


@settings(max_examples=10)
@given(neighbours(), st.sampled_from(["npu1_4col", "npu4"]))
def test_candidates_of_one_program_have_one_configuration(cases: list[Case], device: str) -> None:
    route, problem = ParametricRoute(), cases[0].problem()
    space = route.common(problem, get_device(device))
    fitting, _ = space.fitting(range(len(space)))
    assume(fitting)
    configurations: dict[Hashable, set[Hashable]] = {}
    for candidate in fitting:
        configurations.setdefault(space.program_key(candidate), set()).add(
            configuration(space.mapping(candidate))
        )
    assert all(len(each) == 1 for each in configurations.values())
    assert len(configurations) < len(fitting) or len(fitting) == 1
