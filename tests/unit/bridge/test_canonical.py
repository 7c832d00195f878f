"""The one form of a bound computes what the others do, on every kind of float and integer."""

import itertools
import math

import numpy as np
import pytest

from aie_conv.bridge.recognition.canonical import RawStep, Ref, canonical

_COMPARE = {"gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal}
_FLOATS = (math.nan, -math.inf, -6.5, -1.5, -1.0, -0.0, 0.0, 1.0, 6.0, 7.0, math.inf)
_CONSTANTS = (0.0, -0.0, 6.0, -1.5)
_INTEGERS = (-(2**31), -5, -1, 0, 1, 63, 127, 128, 2**31 - 1)


def maximum(a: float, b: float) -> float:
    """IEEE's maximum: NaN if either is, and -0 below +0."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return max(a, b, key=lambda v: (v, math.copysign(1.0, v)))


def value(ref: Ref, steps: list[RawStep], x: float) -> float:
    if ref[0] == "acc":
        return x
    op, args, _, attr = steps[ref[1]]
    if op == "arith.constant":
        assert isinstance(attr, int | float)
        return attr
    given = [value(arg, steps, x) for arg in args]
    if op == "arith.cmpf":
        predicate = str(attr)
        if any(math.isnan(v) for v in given):
            return predicate[0] == "u"
        return bool(_COMPARE[predicate[1:]](*given))
    if op == "arith.select":
        return given[1] if given[0] else given[2]
    if op == "arith.maximumf":
        return maximum(*given)
    if op == "arith.minimumf":
        return -maximum(-given[0], -given[1])
    if op in ("arith.maxsi", "arith.minsi"):
        return (max if op == "arith.maxsi" else min)(given)
    assert op == "arith.minui"
    return min(given, key=lambda v: int(v) % 2**32)


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (
        a == b and math.copysign(1, a) == math.copysign(1, b)
    )


def bounds() -> list[tuple[str, bool, bool, float, str | None]]:
    predicates = [kind + order for kind in "ou" for order in _COMPARE]
    before = [None, "ogt", "ugt"]
    return list(itertools.product(predicates, (False, True), (False, True), _CONSTANTS, before))


def selection(
    predicate: str, compare_swapped: bool, select_swapped: bool, constant: float, before: str | None
) -> tuple[list[RawStep], tuple[Ref, ...]]:
    """Steps up to a selection, and the selection's arguments."""
    steps: list[RawStep] = [("arith.constant", (), "f32", constant)]
    x: Ref = ("acc", 0)
    if before is not None:
        steps.append(("arith.constant", (), "f32", -1.0))
        steps.append(("arith.cmpf", (x, ("step", 1)), "i1", before))
        steps.append(("arith.select", (("step", 2), x, ("step", 1)), "f32", None))
        x = ("step", 3)
    c: Ref = ("step", 0)
    steps.append(("arith.cmpf", (c, x) if compare_swapped else (x, c), "i1", predicate))
    holds: Ref = ("step", len(steps) - 1)
    return steps, (holds, *((c, x) if select_swapped else (x, c)))


def test_every_selection_keeps_its_meaning() -> None:
    replaced = 0
    for case in bounds():
        steps, args = selection(*case)
        op, made = canonical("arith.select", args, steps)
        replaced += op != "arith.select"
        place: Ref = ("step", len(steps))
        for x in _FLOATS:
            want = value(place, [*steps, ("arith.select", args, "f32", None)], x)
            got = value(place, [*steps, (op, made, "f32", None)], x)
            assert same(got, want), f"{case} at {x}: {got} for {want}"
    assert replaced > 100


@pytest.mark.parametrize(
    ("case", "op"),
    [
        (("ugt", False, False, 0.0, None), "arith.maximumf"),  # torch's ReLU
        (("olt", True, True, 6.0, "ogt"), "arith.minimumf"),  # the second half of its ReLU6
        (("ogt", False, False, 0.0, None), "arith.select"),  # NaN becomes zero here
        (("ugt", False, False, -0.0, None), "arith.select"),
    ],
)
def test_known_forms(case: tuple[str, bool, bool, float, str | None], op: str) -> None:
    steps, args = selection(*case)
    assert canonical("arith.select", args, steps)[0] == op


@pytest.mark.parametrize("least", [-1, 0, 3])
@pytest.mark.parametrize("most", [-1, 127])
def test_an_unsigned_minimum_of_what_is_not_negative(least: int, most: int) -> None:
    steps: list[RawStep] = [
        ("arith.constant", (), "i32", least),
        ("arith.maxsi", (("acc", 0), ("step", 0)), "i32", None),
        ("arith.constant", (), "i32", most),
    ]
    args: tuple[Ref, ...] = (("step", 1), ("step", 2))
    op, made = canonical("arith.minui", args, steps)
    assert (op == "arith.minsi") == (least >= 0 and most >= 0)
    for x in _INTEGERS:
        want = value(("step", 3), [*steps, ("arith.minui", args, "i32", None)], x)
        assert value(("step", 3), [*steps, (op, made, "i32", None)], x) == want
