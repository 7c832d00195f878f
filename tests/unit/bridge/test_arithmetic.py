"""An epilogue's evaluation and a constant's agree, wrapped around and with a sign."""

from collections.abc import Callable

import numpy as np
import pytest
from iree.compiler import ir

from aie_conv.bridge.recognition.arithmetic import BINARY, ORDERS
from aie_conv.bridge.recognition.interpreter import ScalarBody
from aie_conv.bridge.requantisation.epilogue_model import apply_step
from aie_conv.problem import Step

INTEGERS = np.array([-(2**31), -7, -1, 0, 1, 9, 2**31 - 1], np.int32)
FLOATS = np.array([-3.4e38, -1.5, -0.0, 0.25, 3.4e38], np.float32)


def scalar_body(name: str, kind: str, count: int) -> tuple[ir.Context, ir.Module, ir.Operation]:
    text = f"""
    func.func @f(%a: tensor<{count}x{kind}>, %b: tensor<{count}x{kind}>, %o: tensor<{count}x{kind}>) {{
      %r = linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>,
          affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}}
          ins(%a, %b : tensor<{count}x{kind}>, tensor<{count}x{kind}>) outs(%o : tensor<{count}x{kind}>) {{
      ^bb0(%x: {kind}, %y: {kind}, %z: {kind}):
        %v = arith.{name} %x, %y : {kind}
        linalg.yield %v : {kind}
      }} -> tensor<{count}x{kind}>
      return
    }}"""
    context = ir.Context()
    module = ir.Module.parse(text, context)
    function = module.body.operations[0].operation
    return context, module, function.regions[0].blocks[0].operations[0].operation


@pytest.mark.parametrize("name", BINARY)
def test_both_compute_the_same(name: str) -> None:
    numbers, kind = (FLOATS, "f32") if name.endswith("f") else (INTEGERS, "i32")
    left, right = (each.ravel() for each in np.meshgrid(numbers, numbers))
    if name.startswith("sh"):
        right = np.abs(right) % 31
    _, module, op = scalar_body(name, kind, left.size)
    tensors = dict(zip(list(op.operands)[:2], (left, right), strict=True))
    operation = op.regions[0].blocks[0].operations[0].operation
    body = ScalarBody(op, [np.arange(left.size)], lambda value: tensors[value])
    got = body.numbers(operation.results[0])
    step = Step(f"arith.{name}", (1, 2), kind)
    np.testing.assert_array_equal(got, apply_step(step, [left, right]))
    assert got.dtype == left.dtype
    assert module.operation.verify()


PYTHON: dict[str, Callable[[int, int], int]] = {
    "addi": lambda a, b: a + b,
    "subi": lambda a, b: a - b,
    "muli": lambda a, b: a * b,
    "maxsi": max,
    "minsi": min,
    "shrsi": lambda a, b: a >> b % 31,
    "shli": lambda a, b: a << b % 31,
}


@pytest.mark.parametrize("name", PYTHON)
def test_integers_wrap_around(name: str) -> None:
    for a in INTEGERS:
        for b in np.abs(INTEGERS[1:]):
            amount = b % np.int32(31) if name.startswith("sh") else b
            with np.errstate(over="ignore"):
                got = BINARY[name](a, amount)
            expected = (PYTHON[name](int(a), int(b)) + 2**31) % 2**32 - 2**31
            assert int(got) == expected


def test_orders_of_numbers_with_a_sign() -> None:
    signs = {
        name: [bool(ORDERS[name](np.int8(-1), np.int8(b))) for b in (-2, -1, 1)] for name in ORDERS
    }
    assert signs == {
        "eq": [False, True, False], "ne": [True, False, True],
        "lt": [False, False, True], "le": [False, True, True],
        "gt": [True, False, False], "ge": [True, True, False],
    }  # fmt: skip
