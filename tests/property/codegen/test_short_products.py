"""Sums of products of 16-bit lanes in core code: exact for every sum, whatever they are added to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.arch import get_device
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.replacements import replacements
from aie_conv.ir.printer import print_op
from aie_conv.problem import Epilogue, Step
from tests.support.codegen.run import run_function

DEVICES = ("npu1_4col", "npu4")


def kernel(device: str, epilogue: Epilogue) -> EpilogueKernel:
    """The epilogue on one block of accumulators of int8."""
    arch = get_device(device).arch
    r, s, t = arch.matmul["i8"]
    return EpilogueKernel(
        arch, epilogue, "i32", "i32", "i8", (r, s, t), r, t, t, (), None,
        ResidualBlocks(1, 1, 0, 1, 1), r * s, s * t, arch.vector_load_bytes,
    )  # fmt: skip


class Written:
    """Steps, and what numpy makes of each value."""

    def __init__(self, sums: NDArray[np.int32]) -> None:
        self.steps: list[Step] = []
        self.values: list[NDArray[np.int32]] = [sums]

    def add(self, op: str, args: tuple[int, ...], dtype: str, value: NDArray[np.int32]) -> int:
        """Append a step; its value's number."""
        self.steps.append(Step(op, args, dtype))
        self.values.append(value)
        return len(self.steps)

    def constant(self, number: int) -> int:
        """A constant of i32."""
        self.steps.append(Step("arith.constant", (), "i32", number))
        self.values.append(np.full_like(self.values[0], number))
        return len(self.steps)

    def plus(self, left: int, right: int) -> int:
        """A sum of i32, which wraps."""
        value = self.values[left] + self.values[right]
        return self.add("arith.addi", (left, right), "i32", value)

    def short(self, more: int) -> int:
        """The low half of the sums and a number, as i32."""
        value = self.plus(0, self.constant(more))
        low = self.values[value].astype(np.int16).astype(np.int32)
        narrow = self.add("arith.trunci", (value,), "i16", low)
        return self.add("arith.extsi", (narrow,), "i32", low)

    def product(self, left: int, right: int) -> int:
        """A product of i32."""
        value = self.values[left] * self.values[right]
        return self.add("arith.muli", (left, right), "i32", value)

    def epilogue(self, result: int) -> Epilogue:
        """All of it."""
        return Epilogue((), tuple(self.steps), result)


def sums_of(seed: int, lanes: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    sums = rng.integers(-(2**31), 2**31, lanes).astype(np.int32)
    sums[:6] = (-(2**31), 2**31 - 1, -(2**15), 2**15 - 1, 0x7FFF8000, -0x8000_0000)
    return sums


def check(device: str, written: Written, result: int) -> str:
    """Run it, and compare; the code."""
    unit = kernel(device, written.epilogue(result))
    text = "".join(print_op(op, 2) for op in unit.declared()) + unit.text("kernel")
    out = np.zeros(unit.m * unit.n, np.int32)
    run_function(device, text, [written.values[0], out])
    np.testing.assert_array_equal(out, written.values[result])
    return text


@pytest.mark.parametrize("device", DEVICES)
@settings(max_examples=15)
@given(data=st.data())
def test_products_and_terms_in_any_order_are_added(device: str, data: st.DataObject) -> None:
    lanes = 32 if device == "npu1_4col" else 64
    written = Written(sums_of(data.draw(st.integers(0, 99)), lanes))
    number = st.integers(-(2**16), 2**16)
    shorts = [written.short(data.draw(number)) for _ in range(data.draw(st.integers(1, 3)))]
    factor = st.sampled_from(shorts)
    terms = [
        written.product(data.draw(factor), data.draw(factor))
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    terms += data.draw(st.lists(factor, max_size=2))
    terms += data.draw(st.lists(st.just(0), max_size=2))
    terms = data.draw(st.permutations(terms))
    total = terms[0]
    for term in terms[1:]:
        pair = (total, term) if data.draw(st.booleans()) else (term, total)
        total = written.plus(*pair)
    code = check(device, written, total)
    multiplied = [line for line in code.splitlines() if "arith.muli" in line and "vector" in line]
    assert device == "npu4" or not multiplied


@pytest.mark.parametrize("device", DEVICES)
def test_a_sum_that_is_read_twice_is_made_once(device: str) -> None:
    lanes = 32 if device == "npu1_4col" else 64
    written = Written(sums_of(1, lanes))
    product = written.product(written.short(5), written.short(-9))
    inner = written.plus(product, written.constant(1 << 15))
    outer = written.plus(inner, written.product(written.short(77), written.short(5)))
    both = written.add(
        "arith.maxsi", (inner, outer), "i32",
        np.maximum(written.values[inner], written.values[outer]),
    )  # fmt: skip
    check(device, written, both)


def test_wider_factors_are_no_such_products() -> None:
    written = Written(sums_of(1, 32))
    product = written.product(written.short(5), 0)
    assert not replacements(written.epilogue(product), "i32", shorts=True).products
    assert not replacements(written.epilogue(product), "f32", shorts=True).products
