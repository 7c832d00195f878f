"""simulate(emit(p)) equals torch: the emitted text, parsed back and run, for random problems."""

from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import device_names
from aie_conv.direct.vector import VectorRoute

from .strategies import Case, cases, simulate


@given(cases(["i8", "bf16"]), st.sampled_from(device_names()))
def test_simulated_text_equals_torch(case: Case, device: str) -> None:
    plan = VectorRoute().propose(case.problem(), device)
    got, arrays = simulate(case, plan, plan.emit())
    case.check(got, arrays)
