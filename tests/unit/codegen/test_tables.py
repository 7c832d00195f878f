"""Tables of bytes: exact on every byte, on both architectures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.codegen.tables import MOST_HINGES, byte_tables, cut_last, fit
from aie_conv.codegen.tables.evaluate import entries
from aie_conv.codegen.tables.hinges import Corridor, shifts_of
from aie_conv.problem import Epilogue, Step
from tests.support.tables import X, entries_of, looked_up, passed_over, table_pass, tables

DEVICES = ("npu1_4col", "npu4")


@settings(max_examples=25)
@given(tables())
def test_every_table_has_an_exact_form(values: tuple[int, ...]) -> None:
    form = fit(values)
    np.testing.assert_array_equal(form(X), values)
    assert all(-128 <= number <= 127 for term in form.terms for number in term)


@settings(max_examples=10)
@given(
    tables().filter(lambda values: len(fit(values).terms) <= 48),
    st.sampled_from(DEVICES),
    st.sampled_from([16, 32, 64]),
)
def test_code_gives_every_entry(values: tuple[int, ...], device: str, lanes: int) -> None:
    result, _ = looked_up(device, fit(values), lanes)
    np.testing.assert_array_equal(result, values)


@pytest.mark.parametrize(
    ("values", "hinges"),
    [
        (np.full(256, 3), 0),
        (X, 1),
        (np.maximum(X, 0), 1),
        (np.clip(2 * X, -50, 60), 2),
        (-X, 1),
        (np.where(X > 7, 50, 0), 2),
    ],
    ids=("constant", "identity", "relu", "clamp", "minus", "step"),
)
def test_no_more_hinges_than_needed(values: np.ndarray, hinges: int) -> None:
    assert len(fit(entries_of(values)).terms) == hinges


@settings(max_examples=10)
@given(tables())
def test_no_coarser_corridor_has_fewer_hinges(values: tuple[int, ...]) -> None:
    table = np.array(values)
    forms = [Corridor(table, shift).hinges()[0] for shift in shifts_of(table)]
    assert fit(values) == min(forms, key=lambda form: len(form.terms))


@pytest.mark.parametrize("device", DEVICES)
def test_a_silu_takes_half_a_cycle_a_lane(device: str) -> None:
    x = X * 0.05
    form = fit(entries_of(x / (1 + np.exp(-x)) / 0.026 - 110))
    assert len(form.terms) < 20
    assert looked_up(device, form, 64)[1] < 256 * 0.75


@settings(max_examples=10)
@given(
    tables().filter(lambda values: len(fit(values).terms) <= MOST_HINGES),
    st.sampled_from(DEVICES),
)
def test_a_pass_reads_any_table(values: tuple[int, ...], device: str) -> None:
    given_ = np.concatenate([X, X]).astype(np.int8)
    result, _ = passed_over(device, fit(values), given_)
    np.testing.assert_array_equal(result, values + values)
    np.testing.assert_array_equal(passed_over(device, None, given_)[0], given_)


@pytest.mark.parametrize("device", DEVICES)
def test_a_pass_costs_about_what_is_estimated(device: str) -> None:
    x = X * 0.05
    form = fit(entries_of(x / (1 + np.exp(-x)) / 0.026 - 110))
    bytes_ = np.tile(X, 14).astype(np.int8)
    _, cycles = passed_over(device, form, bytes_)
    estimate = table_pass(device, len(bytes_)).cycles_of(form)
    assert 0.8 * cycles <= estimate <= 1.25 * cycles


def test_an_epilogue_is_cut_at_its_last_table() -> None:
    whole = sigmoid(0, 0.05)
    rest, table = cut_last(whole, "i32")
    assert table is not None
    assert rest == Epilogue((), whole.steps[:1], 1)
    assert cut_last(rest, "i32") == (rest, None)


def quantised(*inner: tuple[str, str, tuple[int, ...], float | None]) -> Epilogue:
    """Operations between a byte that an i32 sum becomes (value 1) and a byte."""
    steps = [Step("arith.trunci", (0,), "i8")]
    steps += [Step(op, args, dtype, attr) for op, dtype, args, attr in inner]
    return Epilogue((), tuple(steps), len(steps))


def sigmoid(zero: int, scale: float, rounding: str = "math.roundeven") -> Epilogue:
    """A sigmoid of x = (q - zero) scale, in 255 steps."""
    return quantised(
        ("arith.extsi", "i16", (1,), None),
        ("arith.constant", "i16", (), zero),
        ("arith.subi", "i16", (2, 3), None),
        ("arith.sitofp", "f32", (4,), None),
        ("arith.constant", "f32", (), scale),
        ("arith.mulf", "f32", (5, 6), None),
        ("arith.negf", "f32", (7,), None),
        ("math.exp", "f32", (8,), None),
        ("arith.constant", "f32", (), 1.0),
        ("arith.addf", "f32", (9, 10), None),
        ("arith.divf", "f32", (10, 11), None),
        ("arith.constant", "f32", (), 255.0),
        ("arith.mulf", "f32", (12, 13), None),
        (rounding, "f32", (14,), None),
        ("arith.constant", "f32", (), -128.0),
        ("arith.addf", "f32", (15, 16), None),
        ("arith.fptosi", "i8", (17,), None),
    )


@pytest.mark.parametrize(("zero", "scale"), [(0, 0.05), (-128, 0.01), (100, 3.0), (5, 0.0)])
def test_a_chain_between_bytes_is_a_table(zero: int, scale: float) -> None:
    (table,) = byte_tables(sigmoid(zero, scale), "i32").values()
    assert table.source == 1
    x = (X - zero).astype(np.float32) * np.float32(scale)
    with np.errstate(over="ignore"):
        y = 1 / (1 + np.exp(-x.astype(np.float64)).astype(np.float32))
    np.testing.assert_array_equal(table.form(X), np.rint(y * np.float32(255)) - 128)


def test_an_undefined_conversion_is_no_table() -> None:
    nan = quantised(
        ("arith.sitofp", "f32", (1,), None),
        ("math.sqrt", "f32", (2,), None),
        ("arith.fptosi", "i8", (3,), None),
    )
    assert not byte_tables(nan, "i32")
    assert entries({2: nan.steps[1], 3: nan.steps[2], 4: nan.steps[3]}, 1, 4) is None


def test_cheap_operations_stay_as_they_are() -> None:
    relu = quantised(
        ("arith.constant", "i8", (), -100),
        ("arith.maxsi", "i8", (1, 2), None),
    )
    assert not byte_tables(relu, "i32")


def test_more_hinges_than_memory_holds_are_no_table() -> None:
    modulo = quantised(
        ("arith.constant", "i8", (), 77),
        ("arith.muli", "i8", (1, 2), None),
        ("arith.muli", "i8", (3, 3), None),
        ("arith.muli", "i8", (4, 1), None),
    )
    assert not byte_tables(modulo, "i32")


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (Step("arith.extui", (0,), "i32"), np.arange(256)),
        (Step("arith.shrui", (0, 1), "i8"), (X & 255) >> 3),
        (Step("arith.shrsi", (0, 1), "i8"), X >> 3),
        (Step("arith.muli", (0, 0), "i8"), (X * X).astype(np.int8)),
        (Step("arith.cmpi", (0, 1), "i1", "ult"), (X & 255) < 3),
        (Step("arith.sitofp", (0,), "bf16"), X),
    ],
    ids=lambda value: value.op if isinstance(value, Step) else "",
)
def test_operations_are_those_of_their_types(step: Step, wanted: np.ndarray) -> None:
    steps = {1: Step("arith.constant", (), "i8", 3), 2: step}
    assert entries(steps, 0, 2) == tuple(
        int(v) for v in np.roll(wanted, 128 if step.op == "arith.extui" else 0)
    )
