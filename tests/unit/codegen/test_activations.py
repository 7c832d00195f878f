"""Chains of operations as functions: which are found, and what stays as it is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aie_conv.codegen.activations import absorbed_by, activations
from aie_conv.codegen.epilogue import check
from aie_conv.codegen.functions import describe, values_of
from aie_conv.codegen.functions.evaluate import evaluate
from aie_conv.codegen.functions.hinges import to_bf16
from aie_conv.codegen.functions.named import FUNCTIONS
from aie_conv.codegen.functions.values import error, numbers, rounded
from aie_conv.errors import Unsupported
from aie_conv.problem import Epilogue, EpilogueInput, Operand, Step

BIAS = EpilogueInput(Operand("f32", (8,)), (0, 0, 1, 0))


def body(dtype: str, *operations: tuple[Any, ...]) -> Epilogue:
    """Operations on the rounded sum of accumulator and bias, which is value "x"."""
    names: dict[str, int] = {}
    steps = [Step("arith.addf", (0, 1), "f32")]
    if dtype == "bf16":
        steps.append(Step("arith.truncf", (2,), "bf16"))
    names["x"] = 1 + len(steps)
    for name, op, *args in operations:
        kind = "i1" if op == "arith.cmpf" else dtype
        attr = next((arg for arg in args if isinstance(arg, float)), None)
        if attr is not None and dtype == "bf16":
            attr = to_bf16(attr)
        if op == "arith.cmpf":
            attr = args.pop()
        steps.append(Step(op, tuple(names[a] for a in args if isinstance(a, str)), kind, attr))
        names[name] = 1 + len(steps)
    return Epilogue((BIAS,), tuple(steps), 1 + len(steps))


def one(value: float, name: str = "c") -> tuple[Any, ...]:
    return (name, "arith.constant", value)


SIGMOID = (
    one(1.0), ("n", "arith.negf", "x"), ("e", "math.exp", "n"), ("s", "arith.addf", "e", "c"),
    ("y", "arith.divf", "c", "s"),
)  # fmt: skip
BODIES: dict[str, Sequence[tuple[Any, ...]]] = {
    "sigmoid": SIGMOID,
    "silu": (*SIGMOID, ("z", "arith.mulf", "y", "x")),
    "tanh": (("y", "math.tanh", "x"),),
    "gelu": (
        one(2.0, "two"), ("q", "math.sqrt", "two"), ("z", "arith.divf", "x", "q"),
        ("f", "math.erf", "z"), one(1.0), ("g", "arith.addf", "f", "c"), one(0.5, "h"),
        ("k", "arith.mulf", "g", "h"), ("y", "arith.mulf", "x", "k"),
    ),
    "gelu_tanh": (
        one(3.0, "three"), ("p", "math.powf", "x", "three"), one(0.044715, "a"),
        ("q", "arith.mulf", "p", "a"), ("r", "arith.addf", "x", "q"), one(0.7978845608028654, "b"),
        ("t", "arith.mulf", "r", "b"), ("u", "math.tanh", "t"), one(1.0),
        ("g", "arith.addf", "u", "c"), one(0.5, "h"), ("k", "arith.mulf", "g", "h"),
        ("y", "arith.mulf", "x", "k"),
    ),
    "elu": (
        one(0.0, "o"), ("a", "arith.maximumf", "x", "o"), ("b", "arith.minimumf", "x", "o"),
        ("e", "math.exp", "b"), one(1.0), ("m", "arith.subf", "e", "c"), ("y", "arith.addf", "a", "m"),
    ),
    "softplus": (
        one(20.0, "t"), ("g", "arith.cmpf", "x", "t", "ogt"), one(0.0, "o"),
        ("a", "arith.maximumf", "x", "o"), ("b", "math.absf", "x"), ("n", "arith.negf", "b"),
        ("e", "math.exp", "n"), ("l", "math.log1p", "e"), ("s", "arith.addf", "a", "l"),
        ("y", "arith.select", "g", "x", "s"),
    ),
    "hard_swish": (
        one(3.0, "t"), ("a", "arith.addf", "x", "t"), one(0.0, "o"), ("b", "arith.maximumf", "a", "o"),
        one(6.0, "s"), ("d", "arith.minimumf", "b", "s"), ("e", "arith.divf", "d", "s"),
        ("y", "arith.mulf", "e", "x"),
    ),
    "rsqrt": (("y", "math.rsqrt", "x"),),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["bf16", "f32"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_the_function_that_it_computes(name: str, dtype: str) -> None:
    epilogue = body(dtype, *BODIES[name])
    found = activations(epilogue, "f32")
    last = len(epilogue.steps) - 1
    assert list(found) == [last]
    assert found[last].source == (3 if dtype == "bf16" else 2)
    steps = {2 + i: step for i, step in enumerate(epilogue.steps)}
    values = evaluate(steps, found[last].source, epilogue.result, numbers())
    exact = values_of(FUNCTIONS[name])
    assert error(rounded(values), exact).max() <= 0.7
    check(epilogue, "f32")


def test_bf16_constants_are_what_they_are_rounded_from() -> None:
    exact = values_of(FUNCTIONS["gelu_tanh"])
    with np.errstate(invalid="ignore"):
        inner = 0.796875 * (numbers() + 0.044677734375 * numbers() ** 3)
        rough = 0.5 * numbers() * (1 + np.tanh(inner))
    inside = np.abs(numbers()) < 4
    assert np.nanmax(error(rounded(rough), exact)[inside]) > 2


def test_what_follows_a_function_stays() -> None:
    epilogue = body("bf16", *SIGMOID)
    more = Step("arith.addf", (epilogue.result + 1, 2), "bf16")
    residual = Epilogue((BIAS, BIAS), (*_shifted(epilogue), more), epilogue.result + 2)
    found = activations(residual, "f32")
    assert list(found) == [len(epilogue.steps) - 1]
    inside = absorbed_by(residual, found)
    assert not inside & {0, 1, len(epilogue.steps)}


def _shifted(epilogue: Epilogue) -> list[Step]:
    """The operations, with one more input in front of them."""
    return [
        replace(step, args=tuple(arg + (arg > 1) for arg in step.args)) for step in epilogue.steps
    ]


def test_operations_of_the_cores_stay_as_they_are() -> None:
    relu = body("bf16", one(0.0), ("y", "arith.maximumf", "x", "c"))
    assert not activations(relu, "f32")


def test_what_has_no_form_is_refused_by_its_name() -> None:
    sine = body("bf16", ("y", "math.sin", "x"))
    assert not activations(sine, "f32")
    with pytest.raises(Unsupported, match=r"math\.sin"):
        check(sine, "f32")
    logarithm = body("bf16", ("y", "math.log", "x"))
    assert describe(values_of(np.log)) is None
    with pytest.raises(Unsupported, match=r"math\.log"):
        check(logarithm, "f32")


def test_f32_in_three_products_has_no_functions_of_bf16() -> None:
    silu = body("f32", *BODIES["silu"])
    check(silu, "f32", "bf16")
    with pytest.raises(Unsupported, match="bf16"):
        check(silu, "f32", "bf16x3")
