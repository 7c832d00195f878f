"""Contractions of dequantised bytes are contractions of the bytes, and mean the same to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bridge.quantised import QuantisedConv
from tests.support.bridge.reference import route_all


def check(conv: QuantisedConv) -> None:
    routed = route_all(conv.text())
    (problem,) = routed.problems
    zero = conv.filter_zero - 128 * conv.filter_unsigned
    dtype = "i16" if zero else "i8"
    assert (problem.lhs.dtype, problem.rhs.dtype, problem.accumulator) == (dtype, dtype, "i32")
    x = conv.bytes_in()
    got = np.asarray(routed.program.main(x))
    np.testing.assert_array_equal(got, conv.expected(x))


@pytest.mark.parametrize(
    "conv",
    [
        QuantisedConv(),
        QuantisedConv(unsigned=True, zero=115),
        QuantisedConv(unsigned=True, zero=0, filter_unsigned=True, filter_zero=133),
        QuantisedConv(filter_zero=-4, per_channel=False),
        QuantisedConv(filter_zero=5, padding=0, per_channel=False),
        QuantisedConv(
            filter_zero=5, filter_unsigned=True, padding=0, depthwise=True, unsigned=True
        ),
        QuantisedConv(depthwise=True, unsigned=True, zero=128),
        QuantisedConv(bias=False, zero=0, per_channel=False),
    ],
    ids=[
        "signed",
        "unsigned",
        "both unsigned",
        "filter zero",
        "no padding",
        "depthwise with a filter zero",
        "depthwise",
        "plain",
    ],
)
def test_forms(conv: QuantisedConv) -> None:
    check(conv)


@settings(max_examples=4)
@given(
    st.builds(
        QuantisedConv,
        c=st.integers(2, 9),
        oc=st.integers(2, 9),
        window=st.integers(2, 3),
        stride=st.integers(1, 2),
        padding=st.integers(0, 2),
        zero=st.integers(0, 127),
        filter_zero=st.sampled_from([0, 5, 127]),
        unsigned=st.booleans(),
        filter_unsigned=st.booleans(),
        per_channel=st.booleans(),
        depthwise=st.booleans(),
        bias=st.booleans(),
        seed=st.integers(0, 99),
    )
)
def test_random_convolutions(conv: QuantisedConv) -> None:
    check(conv)


def test_a_quantised_result_is_rounded_half_to_even() -> None:
    conv = QuantisedConv(out=(0.75, -3), unsigned=True, zero=99)
    routed = route_all(conv.text())
    x = conv.bytes_in()
    got = np.asarray(routed.program.main(x)).astype(np.int64)
    assert np.array_equal(got, conv.expected(x))


def test_a_bias_at_the_ends_of_i32_does_not_turn_the_sums() -> None:
    conv = QuantisedConv(clipped=True, out=(0.75, -3), unsigned=True, zero=99)
    routed = route_all(conv.text())
    (problem,) = routed.problems
    assert (problem.lhs.dtype, problem.rhs.dtype) == ("i8", "i8")
    x = conv.bytes_in()
    got = np.asarray(routed.program.main(x)).astype(np.int64)
    assert (got[:, 0] == 127).all()
    assert (got[:, 1] == -128).all()
    # The bias is added in f32, so that a sum next to a tie may go to the other side.
    off = np.abs(got - conv.expected(x))
    assert off.max() <= 1
    assert (off > 0).mean() < 0.005
