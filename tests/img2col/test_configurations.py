"""Programs of one configuration: equal but for runtime sequence and parameters, and each still right."""

from typing import cast

from hypothesis import assume, given
from hypothesis import strategies as st

from aie_conv.array.plan import ArrayPlan
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.runtime.executable import Executable
from aie_conv.sim import verify

from .strategies import Case
from .test_simulated import assert_equal, simulate


@st.composite
def neighbours(draw: st.DrawFn) -> list[Case]:
    """Convolutions of one type that may share a configuration, with several epilogues."""
    dtype = draw(st.sampled_from(["i8", "bf16"]))

    def case() -> Case:
        size, stride = draw(st.integers(4, 9)), draw(st.sampled_from([1, 2]))
        window = draw(st.sampled_from([1, 3]))
        channels = draw(st.sampled_from([32, 64])), draw(st.sampled_from([16, 32, 64]))
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
    texts = [plan.emit() for plan in whole]
    loaded = {Executable(device, (), False, text).configuration for text in texts}
    assert len(loaded) == 1
    for case, plan, text in zip(cases, whole, texts, strict=True):
        verify(text)
        got, arrays = simulate(case, plan, text)
        assert_equal(case, got, arrays)


def test_another_tile_is_another_configuration() -> None:
    case = Case(
        (1, 8, 8, 64, 64, 1, 1), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "bias"
    )
    plans = Im2colRoute().shareable(case.problem(), "npu1_4col")
    texts = [plan.emit() for plan in plans]
    assert len({plan.configuration for plan in plans}) == len(plans)
    loaded = {Executable("npu1_4col", (), False, text).configuration for text in texts}
    assert len(loaded) == len(plans) > 4
