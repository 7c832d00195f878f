"""What the host costs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import UsageError
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.partitioner import cost
from aie_conv.partitioner.cost import DTYPES, FIXED, HostCost, as_json, from_json
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Loop, Operand, conv2d
from tests.support.partitioner.fakes import FakePlan

CONV = conv2d(1, 58, 58, 64, 64, 3, 3)


def test_every_type_of_a_problem_has_a_price() -> None:
    for dtype in cost.DTYPE_BYTES:
        problem = replace(CONV, lhs=Operand(dtype, CONV.lhs.shape))
        assert FIXED.seconds(problem) > FIXED.dispatch_seconds


@given(st.integers(4, 40), st.integers(1, 64), st.integers(1, 64), st.sampled_from([1, 3]))
def test_more_work_never_costs_less(size: int, c: int, oc: int, window: int) -> None:
    less, more = (conv2d(1, size, size, c, n, window, window) for n in (oc, oc + 1))
    assert FIXED.seconds(less) <= FIXED.seconds(more)
    assert FIXED.seconds(less) > FIXED.dispatch_seconds


def test_what_binds_the_cpu_is_named() -> None:
    assert FIXED.bound(CONV) == "MACs"
    assert FIXED.bound(conv2d(1, 1, 1, 2048, 1000, 1, 1)) == "memory"
    assert FIXED.bound(conv2d(1, 1, 1, 8, 8, 1, 1)) == "dispatch"


def test_grouped_convolutions_have_their_own_rate() -> None:
    grouped = replace(CONV, loops=(*CONV.loops, Loop("g", "g", 2, 0, 0, 0)))
    assert FIXED.seconds(grouped) > 2 * FIXED.seconds(CONV)
    batched = replace(grouped, kind="matmul")
    assert FIXED.seconds(batched) < FIXED.seconds(grouped)


# -- host copies ----------------------------------------------------------------------------------
def copy(
    source: str, dest: str, elements: int, *, padded: int = 0, dtype: str = "bf16"
) -> HostCopy:
    shape = (elements,)
    return HostCopy(
        source, shape, "f32", (0,), shape, (0,), dest, (padded or elements,), dtype, (0,)
    )


def plan(
    *prologue: HostCopy, finish: tuple[HostCopy, ...] = (), problem: ConvProblem = CONV
) -> FakePlan:
    return FakePlan("fake", problem, "npu1_4col", 1, prologue=prologue, finish=finish)


RATE = FIXED.copy_bytes_per_second
CALL = FIXED.dispatch_seconds


def test_each_call_pays_for_its_input_and_not_for_its_filter() -> None:
    packed = plan(copy("lhs", "a", 1000), copy("rhs", "b", 5000), copy("b", "c", 5000))
    assert FIXED.copy_seconds(packed) == pytest.approx(CALL + 6000 / RATE)


def test_a_filter_that_is_no_constant_is_paid_for() -> None:
    packed = plan(copy("rhs", "b", 5000), copy("b", "c", 5000))
    assert FIXED.copy_seconds(packed) == 0
    assert FIXED.copy_seconds(packed, ()) == pytest.approx(2 * CALL + 60000 / RATE)


def test_one_dest_of_constants_and_others_is_made_at_each_call() -> None:
    packed = plan(copy("rhs", "b", 1000, padded=2000), copy("lhs", "b", 1000, padded=2000))
    assert FIXED.copy_seconds(packed) == pytest.approx(2 * CALL + (12000 + 4000) / RATE)


def test_the_result_is_put_in_place_without_being_filled() -> None:
    placed = plan(finish=(copy("result", "out", 1000, padded=3000, dtype="f32"),))
    assert FIXED.copy_seconds(placed) == pytest.approx(CALL + 8000 / RATE)


def test_a_bias_is_a_constant_and_a_residual_is_not() -> None:
    bias = EpilogueInput(Operand("f32", (64,)), (0, 0, 0, 1, 0, 0, 0))
    residual = EpilogueInput(Operand("f32", (1, 56, 56, 64)), (0, 3584, 64, 1, 0, 0, 0))
    fused = replace(CONV, epilogue=Epilogue((bias, residual), (), 0))
    assert cost.usual_constants(fused) == {"rhs", "in0"}


# -- measured costs -------------------------------------------------------------------------------
RATES = st.floats(1e6, 1e15)
COSTS = st.builds(
    HostCost,
    st.just("measured"),
    RATES,
    RATES,
    RATES,
    st.fixed_dictionaries(dict.fromkeys(DTYPES, RATES)),
    st.fixed_dictionaries(dict.fromkeys(DTYPES, RATES)),
)


@given(COSTS)
def test_what_is_stored_is_read_back(given_cost: HostCost) -> None:
    read = from_json(json.loads(json.dumps(as_json(given_cost))), "measured")
    assert read.source == "measured"
    for key, value in as_json(given_cost).items():
        assert as_json(read)[key] == pytest.approx(value), key


def test_nothing_measured_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="run `aie-conv cpu-cost measure`"):
        cost.load_measured()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 99}', json.dumps({**as_json(FIXED), "dispatch_us": 0})],
)
def test_a_spoilt_measurement_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = cost.stored_path()
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UsageError, match="cpu-cost.json: no measurement of this version"):
        cost.load_measured()
