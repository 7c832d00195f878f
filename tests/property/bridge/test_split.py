"""A dispatch that is cut behind its product computes what it computed uncut, wherever the cut lies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bridge.bodies import Body, Line, bodies, numbered, turned_dispatch
from tests.support.bridge.modules import Conv
from tests.support.bridge.reference import Routed, on_cpu, route_split, small_integers


def check(body: Body, number: int) -> None:
    text = body.text()
    routed = route_split(text, number)
    if routed is not None:
        compare(text, routed, len(body.results))


def compare(text: str, routed: Routed, results: int = 1) -> None:
    function = routed.program.main
    inputs = small_integers(function)
    expected, found = on_cpu(text).main(*inputs), function(*inputs)
    if results == 1:
        expected, found = [expected], [found]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@settings(max_examples=6, deadline=None)
@given(bodies(), st.integers(0, 30))
def test_the_parts_compute_what_the_whole_did(body: Body, number: int) -> None:
    check(body, number)


@pytest.mark.parametrize("number", range(3))
def test_loops_of_the_rest_may_be_in_another_order(number: int) -> None:
    text = turned_dispatch(5, 6, 7)
    routed = route_split(text, number)
    assert routed is not None
    compare(text, routed)


@pytest.mark.parametrize("number", range(3))
def test_numbers_that_are_read_in_a_body_come_with_the_rest(number: int) -> None:
    text = numbered(5, 6, 7)
    routed = route_split(text, number)
    assert routed is not None
    compare(text, routed)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(bodies(), st.integers(0, 30))
def test_more_parts_compute_what_the_whole_did(body: Body, number: int) -> None:
    check(body, number)


def test_the_rests_of_several_results_have_names_of_their_own() -> None:
    """The first result's product is cut, and so is what the second one is computed by, of the same dispatch."""
    conv = Conv(h=3, w=3, c=1, oc=3, kh=1, kw=3)
    lines = (Line("arith.truncf", (0,), "bf16", "f32"),)
    check(Body(conv, (), lines, (1, 1), (False, True), 1, (0, 1, 2, 3)), 0)
