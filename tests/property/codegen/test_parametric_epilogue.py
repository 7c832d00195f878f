"""Epilogues with run-time sizes: random operations on a random unit of a tile, against numpy to the bit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.arch import get_device
from aie_conv.codegen.joined_epilogue import functions_of
from aie_conv.codegen.parameters import VECTOR_WORDS, Field, ParameterBlock
from aie_conv.codegen.parametric import FIELDS, MOST_CONSTANTS
from aie_conv.codegen.parametric_epilogue import ParametricEpilogue, vector_offsets
from aie_conv.layout.hostcopy import NUMPY_DTYPE
from aie_conv.problem import DTYPE_BYTES, Epilogue, EpilogueInput, Operand, Step
from tests.property.direct.test_epilogues import (
    Expression,
    narrow,
    real_operations,
    real_step,
    some,
    whole_operations,
    whole_step,
)
from tests.support.codegen.run import call_function

Values = NDArray[Any]
PRODUCTS = [(d, t) for d in ("npu1_4col", "npu4") for t in ("i8", "i16", "bf16")]
BLOCK = ParameterBlock((*FIELDS, Field("constants", MOST_CONSTANTS, alignment=VECTOR_WORDS)))


class Shaped(Expression):
    """An epilogue over values of any shape."""

    def constant(self, value: float, dtype: str) -> int:
        number = np.full(self.values[0].shape, value)
        return self.add("arith.constant", (), dtype, number, value)


@dataclass
class Case:
    """A call: the sizes, the operations' numpy values for its unit, and the buffers.

    Attributes:
        kernel: the function.
        words: the parameters by name.
        unit, call, at: the arguments behind the buffers.
        arrays: the buffers before the call, in the order of the arguments.
        out: number of the output among them.
        want: the output's elements that the call writes, as it lies.
    """

    kernel: ParametricEpilogue
    words: dict[str, int]
    unit: int
    call: int
    at: int
    arrays: list[Values]
    out: int
    want: Values

    def run(self, device: str) -> Values:
        """The output's buffer after the call."""
        indices = (self.unit,) if self.kernel.residual is None else (self.unit, self.call, self.at)
        call_function(device, self.kernel.text("kernel"), self.arrays, *indices)
        return self.arrays[self.out]


def numbers(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Values:
    """Random values of a type; integers of all magnitudes, so that no input drowns in another."""
    if dtype in ("f32", "bf16"):
        return (rng.standard_normal(shape) * 100).astype(NUMPY_DTYPE[dtype])
    info = np.iinfo(NUMPY_DTYPE[dtype])
    found = rng.integers(info.min, info.max, shape, NUMPY_DTYPE[dtype], endpoint=True)
    return found >> rng.integers(0, info.bits, shape, NUMPY_DTYPE[dtype])


def add_input(made: Shaped, at: int, index: int, accumulator: str) -> int:
    """Value ``at`` and an input, as the accumulator's type."""
    dtype, value = made.inputs[index].operand.dtype, made.values[1 + index]
    number, op = 1 + index, "arith.addi" if accumulator == "i32" else "arith.addf"
    if dtype != accumulator:
        extend = {"bf16": "arith.extf", "f32": ""}.get(dtype, "arith.extsi")
        number = made.add(extend, (number,), accumulator, value)
    total = made.values[at] + made.values[number]
    return made.add(op, (at, number), accumulator, total)


def finish(made: Shaped, draw: st.DrawFn, at: int, accumulator: str) -> str:
    """Random operations behind the sum of all inputs; the result's type."""
    dtypes = ["i8", "i16", "i32"]
    if accumulator == "i32":
        if draw(st.booleans()):
            # What a network's requantisation is.
            number = draw(st.integers(0, 16))
            shift = made.constant(number, "i32")
            at = made.add("arith.shrsi", (at, shift), "i32", made.values[at] >> np.int32(number))
            for op, limit, do in (("maxsi", -100, np.maximum), ("minsi", 127, np.minimum)):
                bound = made.constant(limit, "i32")
                at = made.add(f"arith.{op}", (at, bound), "i32", do(made.values[at], limit))
            return narrow_to(made, draw, at, "i8")
        for op in draw(some(whole_operations(scalar=False))):
            at = whole_step(made, draw, at, op)
        if draw(st.booleans()):
            at = made.add("arith.sitofp", (at,), "f32", made.values[at].astype(np.float32))
            accumulator = "f32"
    if accumulator == "f32":
        for op in draw(some(real_operations(scalar=False))):
            at = real_step(made, draw, at, op)
        dtypes = ["bf16", "bf16", "f32", "i8", "i32"]
    return narrow_to(made, draw, at, draw(st.sampled_from(dtypes)))


def narrow_to(made: Shaped, draw: st.DrawFn, at: int, dtype: str) -> str:
    narrow(made, draw, at, dtype)
    return dtype


@st.composite
def cases(draw: st.DrawFn, device: str, operand: str) -> Case:
    """A function and a call of it; buffers are longer than what the call touches."""
    arch = get_device(device).arch
    r, s, t = arch.matmul[operand]
    accumulator = "f32" if operand == "bf16" else "i32"
    types = ["f32", "bf16"] if operand == "bf16" else ["i32", "i16", "i8"]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vectors = draw(st.lists(st.sampled_from(types), max_size=3))
    residual = draw(st.sampled_from([*types, None]))
    index = draw(st.integers(0, len(vectors))) if residual else None
    dtypes = [*vectors]
    if index is not None and residual:
        dtypes.insert(index, residual)

    size = DTYPE_BYTES[operand]
    wide = s * size // DTYPE_BYTES[residual or operand]
    step = max(1, wide // t) if residual else 1
    channels = step * draw(st.integers(1, 5))
    each, unit = draw(st.integers(1, 6)), draw(st.sampled_from([2, 1, 0]))
    # With a residual a call makes a part of a unit.
    calls = draw(st.integers(1, 3)) if residual else 1
    call, pixels = draw(st.integers(0, calls - 1)), calls * each
    units, n = draw(st.integers(unit + 1, 3)), channels * t
    own = slice(unit * pixels + call * each, unit * pixels + (call + 1) * each)
    at, behind = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    blocks = at + n // wide + behind

    sums = numbers(rng, accumulator, (units * pixels, r, n))
    rows = [numbers(rng, dtype, (n,)) for dtype in vectors]
    tile = numbers(rng, residual or "i8", (each, r, blocks * wide))
    values = [np.broadcast_to(row, (each, r, n)) for row in rows]
    if index is not None:
        values.insert(index, tile[:, :, at * wide :][:, :, :n])
    inputs = [EpilogueInput(Operand(dtype, (n,)), (0, 1, 0)) for dtype in dtypes]
    made = Shaped(inputs, [sums[own], *values])
    number = 0
    for i in draw(st.permutations(range(len(dtypes)))):
        number = add_input(made, number, i, accumulator)
    out_dtype = finish(made, draw, number, accumulator)

    more = st.integers(0, 3).map(lambda count: count * 64)
    lie = made.values[-1].reshape(each, r, channels, t).transpose(0, 2, 1, 3).reshape(-1)
    offsets, total = vector_offsets(n, vectors, size)
    buffers = {
        "acc": padded(sums.reshape(-1, r, channels, t).transpose(0, 2, 1, 3), draw(more)),
        "b": numbers(rng, "i8", ((total + draw(more) + 64) * size,)),
        "out": numbers(rng, out_dtype, (calls * lie.size + draw(more),)),
        "a": padded(tile.reshape(-1, r, blocks, wide).transpose(0, 2, 1, 3), draw(more)),
    }
    for offset, row in zip(offsets, rows, strict=True):
        raw = row.view(np.int8)
        buffers["b"][offset * size : offset * size + raw.size] = raw
    buffers["b"] = buffers["b"].view(NUMPY_DTYPE[operand])
    buffers["a"] = buffers["a"].view(NUMPY_DTYPE[operand])
    kernel = ParametricEpilogue(
        arch, Epilogue(tuple(inputs), tuple(made.steps), len(made.values) - 1),
        accumulator, out_dtype, operand, (r, s, t), buffers["acc"].size, buffers["out"].size,
        buffers["a"].size, buffers["b"].size, BLOCK, index, arch.vector_load_bytes,
    )  # fmt: skip
    assert kernel.channel_step == step
    assert kernel.vector_offsets(n) == (offsets, total)
    words = {"channel_blocks": channels, "output_pixels": pixels, "residual_blocks": blocks}
    words["residual_pixels"] = each
    used = ["acc", *(["b"] if vectors else []), "out", *(["a"] if residual else [])]
    buffers["acc"] = np.concatenate(
        [parameters(words, kernel.constants), buffers["acc"].view(np.int32)]
    )
    arrays = [buffers[name] for name in used]
    return Case(kernel, words, unit, call, at, arrays, used.index("out"), lie)


def padded(values: Values, more: int) -> Values:
    """Flat, with elements behind that are never read."""
    flat = np.ascontiguousarray(values).reshape(-1)
    return np.concatenate([flat, np.full(more, flat[-1])])


def parameters(words: dict[str, int], constants: Sequence[int]) -> Values:
    """The parameters' buffer; what is not said here is not read."""
    tables = list(constants)
    blank = {field.name: [-(2**20)] * field.words for field in BLOCK.fields}
    return np.array(BLOCK.encode({**blank, "constants": tables, **words}), np.int32)


@pytest.mark.parametrize(("device", "operand"), PRODUCTS)
@given(data=st.data())
def test_a_unit_equals_numpy_and_nothing_else_is_written(
    device: str, operand: str, data: st.DataObject
) -> None:
    case = data.draw(cases(device, operand))
    before = [array.copy() for array in case.arrays]
    got = case.run(device)
    made = slice(case.call * case.want.size, (case.call + 1) * case.want.size)
    np.testing.assert_array_equal(got[made], case.want)
    before[case.out][made] = got[made]
    for array, old in zip(case.arrays, before, strict=True):
        assert array.tobytes() == old.tobytes()


@given(
    st.integers(1, 4096),
    st.lists(st.sampled_from(["i8", "i16", "i32", "bf16", "f32"]), max_size=4),
    st.sampled_from([1, 2, 4]),
)
def test_vectors_lie_apart_and_each_is_aligned(n: int, dtypes: list[str], size: int) -> None:
    offsets, total = vector_offsets(n, dtypes, size)
    for dtype, begin, end in zip(dtypes, offsets, [*offsets, total][1:], strict=True):
        assert begin * size % 64 == 0
        assert 0 <= (end - begin) * size - n * DTYPE_BYTES[dtype] < 64
    assert [*offsets, total][0] == 0


def network(operand: str, residual: str | None) -> tuple[Epilogue, str]:
    """Bias, residual if any, ReLU and the operands' type, as networks have them."""
    whole, real = operand != "bf16", operand == "bf16"
    accumulator = "f32" if real else "i32"
    dtypes = [accumulator, *([residual] if residual else [])]
    steps: list[Step] = []

    def add(op: str, *args: int, dtype: str = accumulator, attr: float | None = None) -> int:
        steps.append(Step(op, args, dtype, attr))
        return len(dtypes) + len(steps)

    value = add("arith.addi" if whole else "arith.addf", 0, 1)
    if residual:
        more = 2 if residual == accumulator else add("arith.extsi" if whole else "arith.extf", 2)
        value = add("arith.addi" if whole else "arith.addf", value, more)
    if whole:
        value = add("arith.shrsi", value, add("arith.constant", attr=7))
        value = add("arith.maxsi", value, add("arith.constant", attr=0))
        value = add("arith.minsi", value, add("arith.constant", attr=127))
        value = add("arith.trunci", value, dtype="i8")
    else:
        value = add("arith.truncf", value, dtype="bf16")
        zero = add("arith.constant", dtype="bf16", attr=0.0)
        value = add("arith.maximumf", value, zero, dtype="bf16")
    inputs = [EpilogueInput(Operand(dtype, (8,)), (0, 1, 0)) for dtype in dtypes]
    return Epilogue(tuple(inputs), tuple(steps), value), "bf16" if real else "i8"


@given(data=st.data())
def test_an_estimate_is_near_the_schedule(data: st.DataObject) -> None:
    """Within a third, or what short loops save of filling and draining: 15 cycles each."""
    device, operand = data.draw(st.sampled_from(PRODUCTS))
    types = ["bf16", "f32"] if operand == "bf16" else ["i8", "i32"]
    residual = data.draw(st.sampled_from([None, *types]))
    epilogue, out = network(operand, residual)
    arch = get_device(device).arch
    most = 2**16
    kernel = ParametricEpilogue(
        arch, epilogue, "f32" if operand == "bf16" else "i32", out, operand, arch.matmul[operand],
        most, most, most, most, BLOCK, 1 if residual else None, arch.vector_load_bytes,
    )  # fmt: skip
    pixels = data.draw(st.integers(1, 30))
    channels = kernel.channel_step * data.draw(st.integers(1, 4))
    words = parameters(
        {
            "channel_blocks": channels,
            "output_pixels": pixels,
            "residual_blocks": 16,
            "residual_pixels": pixels,
        },
        kernel.constants,
    )
    types = [operand, out, *([operand] if residual else [])]
    memory = np.concatenate([words, np.zeros(most, np.int32)])
    arrays = [memory, *(np.zeros(most, NUMPY_DTYPE[dtype]) for dtype in types)]
    _, found = call_function(
        device, kernel.text("kernel"), arrays, *((0, 0, 0) if residual else (0,))
    )
    said = kernel.cycles_of(pixels, channels)
    near = abs(said - found) <= 20 + 15 * channels // kernel.channel_step
    assert near or 1 / 1.35 <= said / found <= 1.35, (kernel, said, found)


def requantised(shift: int, low: int) -> Epilogue:
    """A bias, a shift, bounds and int8."""
    ops = [
        Step("arith.addi", (0, 1), "i32"), Step("arith.constant", (), "i32", shift),
        Step("arith.shrsi", (2, 3), "i32"), Step("arith.constant", (), "i32", low),
        Step("arith.maxsi", (4, 5), "i32"), Step("arith.constant", (), "i32", 127),
        Step("arith.minsi", (6, 7), "i32"), Step("arith.trunci", (8,), "i8"),
    ]  # fmt: skip
    return Epilogue((EpilogueInput(Operand("i32", (8,)), (0, 1, 0)),), tuple(ops), 9)


@given(st.integers(1, 16), st.integers(1, 16), st.sampled_from([-128, 0]))
def test_layers_that_differ_in_constants_share_a_function(one: int, other: int, low: int) -> None:
    def made(shift: int, low: int) -> ParametricEpilogue:
        lengths = (1024, 1024, 1024, 1024, BLOCK, None, 32)
        return ParametricEpilogue(
            get_device("npu1_4col").arch,
            requantised(shift, low),
            "i32",
            "i8",
            "i8",
            (4, 8, 8),
            *lengths,
        )

    first, second = made(one, -128), made(other, low)
    assert first.text("f") == second.text("f")
    assert (first.constants == second.constants) == ((one, -128) == (other, low))


def test_what_channels_alone_decide_is_computed_once_for_all_pixels() -> None:
    """The operand's extension and its difference from a constant stand in front of the loop over pixels."""
    ops = [
        Step("arith.extsi", (1,), "i32"), Step("arith.constant", (), "i32", -7),
        Step("arith.addi", (2, 3), "i32"), Step("arith.muli", (0, 4), "i32"),
        Step("arith.trunci", (5,), "i8"),
    ]  # fmt: skip
    epilogue = Epilogue((EpilogueInput(Operand("i8", (8,)), (0, 1, 0)),), tuple(ops), 6)
    lengths = (1024, 1024, 1024, 1024, BLOCK, None, 64)
    arch = get_device("npu4").arch
    kernel = ParametricEpilogue(arch, epilogue, "i32", "i8", "i8", arch.matmul["i8"], *lengths)
    before, inside = kernel.text("f").rsplit("scf.for", 1)
    assert kernel.early == (0, 2)
    assert "arith.extsi" in before
    assert "arith.extsi" not in inside
    assert "arith.muli" in inside


def test_a_residual_joins_what_layers_without_one_make() -> None:
    """A long epilogue's first function is theirs; what comes behind has constants of its own."""
    bias = EpilogueInput(Operand("i32", (8,)), (0, 1, 0))
    start = [Step("arith.addi", (n if n > 1 else 0, 1), "i32") for n in range(1, 26)]
    behind = [
        Step("arith.constant", (), "i32", 9), Step("arith.shrsi", (26, 27), "i32"),
        Step("arith.trunci", (28,), "i8"),
    ]  # fmt: skip
    plain = Epilogue((bias,), (*start, *behind), 29)
    moved = [replace(s, args=tuple(v + (v > 1) for v in s.args)) for s in plain.steps]
    joins = [
        Step("arith.extsi", (30,), "i32"), Step("arith.extsi", (2,), "i32"),
        Step("arith.addi", (31, 32), "i32"), Step("arith.trunci", (33,), "i8"),
    ]  # fmt: skip
    residual = EpilogueInput(Operand("i8", (8,)), (0, 1, 0))
    arch = get_device("npu4").arch

    def kernel(epilogue: Epilogue, index: int | None) -> ParametricEpilogue:
        lengths = (1024, 1024, 1024, 1024, BLOCK, index, 64)
        return ParametricEpilogue(arch, epilogue, "i32", "i8", "i8", arch.matmul["i8"], *lengths)

    first, second = functions_of(kernel(Epilogue((bias, residual), (*moved, *joins), 34), 1))
    assert first.text("f") == kernel(plain, None).text("f")
    assert second.skipped == len(first.constants)
