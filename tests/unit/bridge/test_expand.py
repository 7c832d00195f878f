"""Operations that the cores lack, written in those that they have, mean the same on every kind of value."""

import itertools
import math

import numpy as np
import pytest

from aie_conv.bridge.recognition.bounds import Bounds, Interval, of_type
from aie_conv.bridge.recognition.canonical import RawStep, Ref, canonical
from aie_conv.bridge.recognition.expand import expanded

_FLOATS = (math.nan, -math.inf, -6.5, -1.0, -0.0, 0.0, 1.0, 6.0, math.inf)
_INTEGERS = {"i8": np.int8, "i16": np.int16, "i32": np.int32}
_X: Ref = ("acc", 0)
_Y: Ref = ("in", 0)


def value(ref: Ref, steps: list[RawStep], leaves: dict[Ref, float]) -> float:
    """An element's value; integers are those of their type."""
    if ref in leaves:
        return leaves[ref]
    op, args, dtype, attr = steps[ref[1]]
    name = op.partition(".")[2]
    if name == "constant":
        assert isinstance(attr, int | float)
        return attr
    given = [value(arg, steps, leaves) for arg in args]
    if name == "cmpf":
        if any(map(math.isnan, given)):
            return str(attr)[0] == "u"
        return {"ogt": given[0] > given[1], "olt": given[0] < given[1], "uno": False}[str(attr)]
    if name == "select":
        return given[1] if given[0] else given[2]
    if name in ("maximumf", "minimumf"):
        pick = np.maximum if name == "maximumf" else np.minimum
        return float(pick(*given))
    if name == "sitofp":
        return float(np.float32(given[0]))
    numbers = [int(v) for v in given]
    bits = int(dtype[1:])
    made = {
        "extsi": lambda: numbers[0],
        "trunci": lambda: numbers[0],
        "fptosi": lambda: numbers[0],
        "shli": lambda: numbers[0] << numbers[1],
        "shrui": lambda: numbers[0] % 2**bits >> numbers[1],
    }[name]()
    return (made + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def write(
    op: str, args: tuple[Ref, ...], dtype: str, sources: dict[Ref, str], numbers: frozenset[Ref]
) -> tuple[Ref, list[RawStep]]:
    """An operation as the reader of epilogues writes it."""
    steps: list[RawStep] = []

    def is_number(ref: Ref) -> bool:
        return ref in numbers or (ref[0] == "step" and steps[ref[1]][0] == "arith.constant")

    def emit(op: str, args: tuple[Ref, ...], dtype: str, attr: float | str | None) -> Ref:
        op, args = canonical(op, args, steps, is_number)
        source = sources.get(args[0], "") if args else ""
        made = expanded(emit, op, args, dtype, source=source, is_number=is_number)
        if made is None:
            steps.append((op, args, dtype, attr))
            made = ("step", len(steps) - 1)
        return made

    return emit(op, args, dtype, None), steps


@pytest.mark.parametrize("op", ["arith.maxnumf", "arith.minnumf"])
@pytest.mark.parametrize("numbers", [(), (_X,), (_Y,), (_X, _Y)])
def test_bounds_pass_over_nan(op: str, numbers: tuple[Ref, ...]) -> None:
    ref, steps = write(op, (_X, _Y), "f32", {_X: "f32", _Y: "f32"}, frozenset(numbers))
    assert len(steps) == (1, 2, 4)[2 - len(numbers)]
    pick = np.fmax if op == "arith.maxnumf" else np.fmin
    for x, y in itertools.product(_FLOATS, _FLOATS):
        if (math.isnan(x) and _X in numbers) or (math.isnan(y) and _Y in numbers):
            continue
        got, want = value(ref, steps, {_X: x, _Y: y}), float(pick(x, y))
        assert got == want or (math.isnan(got) and math.isnan(want)), (x, y, got)


@pytest.mark.parametrize(("source", "dtype"), [("i8", "i16"), ("i8", "i32"), ("i16", "i32")])
def test_unsigned_extension(source: str, dtype: str) -> None:
    ref, steps = write("arith.extui", (_X,), dtype, {_X: source}, frozenset())
    bits = int(source[1:])
    wide = _INTEGERS[dtype]
    for x in range(-(2 ** (bits - 1)), 2 ** (bits - 1), 1 if bits == 8 else 97):
        assert value(ref, steps, {_X: x}) == int(np.array(x % 2**bits).astype(wide))


def test_conversions_of_unsigned_bytes() -> None:
    up, steps = write("arith.uitofp", (_X,), "f32", {_X: "i8"}, frozenset())
    assert [value(up, steps, {_X: x}) for x in (-128, -1, 0, 127)] == [128.0, 255.0, 0.0, 127.0]
    down, steps = write("arith.fptoui", (_X,), "i8", {_X: "f32"}, frozenset())
    assert [value(down, steps, {_X: x}) for x in (0.0, 127.9, 128.0, 255.0)] == [0, 127, -128, -1]


def of(steps: list[RawStep], leaf: str = "i32") -> Interval | None:
    return Bounds(steps, lambda _: of_type(leaf)).of(("step", len(steps) - 1))


def test_what_comes_of_an_integer_is_a_number() -> None:
    scale: RawStep = ("arith.constant", (), "f32", 0.01)
    steps: list[RawStep] = [
        ("arith.sitofp", (_X,), "f32", None),
        scale,
        ("arith.mulf", (("step", 0), ("step", 1)), "f32", None),
    ]
    found = of(steps)
    assert found is not None
    assert found[0] <= -(2.0**31) * 0.01
    assert found[1] >= (2.0**31 - 1) * 0.01
    # A product with a float that is not known may be NaN; a bound passes over it, on one side only.
    unknown: list[RawStep] = [
        ("arith.constant", (), "f32", -128.0),
        ("arith.maxnumf", (_X, ("step", 0)), "f32", None),
        ("arith.constant", (), "f32", 127.0),
        ("arith.minnumf", (("step", 1), ("step", 2)), "f32", None),
    ]
    assert of(unknown[:2], "f32") == (-128.0, math.inf)
    assert of(unknown, "f32") == (-128.0, 127.0)
    assert of([("arith.negf", (_X,), "f32", None)], "f32") is None


def test_what_may_overflow_is_not_called_finite() -> None:
    steps: list[RawStep] = [
        ("arith.sitofp", (_X,), "f32", None),
        ("arith.constant", (), "f32", 1e30),
        ("arith.mulf", (("step", 0), ("step", 1)), "f32", None),
    ]
    assert of(steps) == (-math.inf, math.inf)
    steps.append(("arith.subf", (("step", 2), ("step", 2)), "f32", None))
    assert of(steps) is None  # infinity minus infinity


def test_integers_that_wrap_are_anywhere_in_their_type() -> None:
    double: RawStep = ("arith.addi", (_X, _X), "i32", None)
    assert of([double], "i8") == (-256.0, 254.0)
    assert of([double], "i32") == of_type("i32")
