"""The product whose sizes are parameters: what it adds, where it stops, and how long it takes."""

from dataclasses import dataclass, replace
from math import prod

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.codegen.parametric import FIELDS, ParametricKernel
from tests.support.codegen.run import call_function, run_function

PRODUCTS = [(d, t) for d in ("npu1_4col", "npu4") for t in ("i8", "i16", "bf16")]
DTYPES = {"i8": np.int8, "i16": np.int16, "bf16": ml_dtypes.bfloat16}


@dataclass(frozen=True)
class Sizes:
    """What the parameters say, and blocks of A."""

    steps: int
    pixels: int
    channel_groups: int
    objects: int
    blocks: int
    k_chunks: int = 1
    seven_pixels: bool = False

    @property
    def b_blocks(self) -> int:
        """Steps of all channel groups for one object of A."""
        return self.channel_groups * self.steps


@dataclass
class Case:
    """A kernel with room to spare, its operands, and C as it should become."""

    kernel: ParametricKernel
    arrays: list[np.ndarray]
    wanted: np.ndarray

    @property
    def sums(self) -> np.ndarray:
        """What lies behind the parameters."""
        dtype = np.float32 if self.kernel.dtype == "bf16" else np.int32
        return self.arrays[2][self.kernel.block.words :].view(dtype)


def kernel_for(device: str, dtype: str, sizes: Sizes, spare: int) -> ParametricKernel:
    arch = get_device(device).arch
    r, s, t = arch.matmul[dtype]
    blank = ParametricKernel(arch, dtype, 0, 0, 0, sizes.seven_pixels)
    (y, x), least = blank.group, blank.least_blocks
    # The tables are for N tiles of at least so many blocks.
    channels = max(sizes.objects * sizes.channel_groups * x, least)
    whole = -(-sizes.pixels // y) * y
    b = (max(sizes.k_chunks * sizes.b_blocks * x, sizes.steps * least) + spare * x) * s * t
    return ParametricKernel(
        arch, dtype, sizes.blocks * r * s, b, (whole + spare) * channels * r * t, sizes.seven_pixels
    )


def words(
    kernel: ParametricKernel, sizes: Sizes, steps: np.ndarray, pixels: np.ndarray
) -> np.ndarray:
    """The parameters of offsets in blocks of A."""
    (r, s, _), (y, x) = kernel.rst, kernel.group
    tables = kernel.tables((steps * r * s).tolist(), (pixels * r * s).tolist())
    values = {
        "steps": sizes.steps,
        "pixel_groups": -(-sizes.pixels // y),
        "channel_groups": sizes.channel_groups,
        "k_chunks": sizes.k_chunks,
        "chunk_elements": sizes.b_blocks * x * kernel.rst[1] * kernel.rst[2],
        "channel_blocks": sizes.objects * sizes.channel_groups * x,
        **tables,
    }
    # What is not said here is not read.
    others = {field.name: [-1] * field.words for field in FIELDS if field.name not in values}
    return np.array(kernel.block.encode({**others, **values}), np.int32)


def case(
    device: str,
    dtype: str,
    sizes: Sizes,
    number: tuple[int, int],
    rng: np.random.Generator,
    *,
    fresh: bool,
) -> Case:
    """Small integers, whose sums of products are exact in every type and any order."""
    kernel = kernel_for(device, dtype, sizes, int(rng.integers(0, 3)))
    (r, s, t), (y, x) = kernel.rst, kernel.group
    steps = rng.integers(0, sizes.blocks // 2 + 1, sizes.steps)
    pixels = rng.integers(0, (sizes.blocks + 1) // 2, sizes.pixels)
    a = rng.integers(-9, 10, (sizes.blocks, r, s)).astype(DTYPES[dtype])
    b = rng.integers(-9, 10, kernel.b_elements).astype(DTYPES[dtype])
    c = rng.integers(-99, 100, kernel.sums)
    groups = (sizes.channel_groups, sizes.steps, x, s, t)
    seen = a.astype(np.float64)[pixels[:, None] + steps]
    begin = number[1] * prod(groups)
    filters = b[begin : begin + prod(groups)].astype(np.float64).reshape(groups)
    product = np.einsum("pkrs,gkxst->pgxrt", seen, filters)
    # The last block of pixels fills the last group.
    whole = -(-sizes.pixels // y) * y
    product = product[np.minimum(np.arange(whole), sizes.pixels - 1)]
    wanted = c.astype(np.float64)
    shape = (whole, sizes.objects, sizes.channel_groups, x, r, t)
    own = wanted[: prod(shape)].reshape(shape)[:, number[0]]
    own[...] = product if fresh else own + product
    sums = c.astype(np.float32 if dtype == "bf16" else np.int32)
    memory = np.concatenate([words(kernel, sizes, steps, pixels), sums.view(np.int32)])
    return Case(kernel, [a, b, memory], wanted)


@given(data=st.data())
def test_products_are_added_or_written_where_the_tables_say(data: st.DataObject) -> None:
    device, dtype = data.draw(st.sampled_from(PRODUCTS))
    sizes = Sizes(*(data.draw(st.integers(1, most)) for most in (9, 9, 3, 3, 24, 3)))
    sizes = replace(sizes, seven_pixels=data.draw(st.booleans()))
    number = tuple(data.draw(st.integers(0, most - 1)) for most in (sizes.objects, sizes.k_chunks))
    fresh = data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    made = case(device, dtype, sizes, number, rng, fresh=fresh)
    text = made.kernel.declarations() + made.kernel.text("kernel")
    run_function(device, text, made.arrays, *number, int(fresh))
    np.testing.assert_array_equal(made.sums.astype(np.float64), made.wanted)


@pytest.mark.parametrize(("device", "dtype"), PRODUCTS)
def test_an_object_without_steps_leaves_the_sums_and_clears_fresh_ones(
    device: str, dtype: str
) -> None:
    sizes = Sizes(1, 5, 2, 1, 8)
    for fresh in (False, True):
        made = case(device, dtype, sizes, (0, 0), np.random.default_rng(0), fresh=fresh)
        made.arrays[2][made.kernel.block.place("steps")] = 0
        before = made.sums.copy()
        text = made.kernel.declarations() + made.kernel.text("kernel")
        run_function(device, text, made.arrays, 0, 0, int(fresh))
        written = np.prod([-(-5 // made.kernel.group[0]), *made.kernel.group, 2])
        before[: written * made.kernel.rst[0] * made.kernel.rst[2]] *= not fresh
        np.testing.assert_array_equal(made.sums, before)


@given(data=st.data())
def test_an_estimate_is_near_the_schedule(data: st.DataObject) -> None:
    """Within a twelfth, or a loop's filling; fewer steps than fill a pipeline take less than it says."""
    device, dtype = data.draw(st.sampled_from(PRODUCTS))
    steps = data.draw(st.integers(1, 80))
    sizes = Sizes(steps, data.draw(st.integers(1, 24)), *(data.draw(st.integers(1, 4)) for _ in "js"), 8)  # fmt: skip
    sizes = replace(sizes, seven_pixels=data.draw(st.booleans()))
    fresh = data.draw(st.booleans())
    made = case(device, dtype, sizes, (0, 0), np.random.default_rng(0), fresh=fresh)
    text = made.kernel.declarations() + made.kernel.text("kernel")
    _, found = call_function(device, text, made.arrays, 0, 0, int(fresh))
    pixel_groups = -(-sizes.pixels // made.kernel.group[0])
    said = made.kernel.cycles_of(steps, pixel_groups, sizes.channel_groups)
    least, most = (0.92, 1.08) if steps >= 8 else (0.85, 1.5)
    assert abs(said - found) <= 20 or least <= said / found <= most, (made.kernel, said, found)


@pytest.mark.parametrize(
    ("device", "dtype", "least"),
    [("npu1_4col", "i8", 0.86), ("npu1_4col", "i16", 0.89), ("npu1_4col", "bf16", 0.93),
     ("npu4", "i8", 0.81), ("npu4", "i16", 0.81), ("npu4", "bf16", 0.97)],
)  # fmt: skip
def test_a_core_comes_near_its_rate(device: str, dtype: str, least: float) -> None:
    """72 steps, as a window of 3x3 over 64 channels of int8 has: one product a cycle of a step."""
    sizes = Sizes(72, 24, 2, 1, 8)
    made = case(device, dtype, sizes, (0, 0), np.random.default_rng(0), fresh=False)
    text = made.kernel.declarations() + made.kernel.text("kernel")
    _, cycles = call_function(device, text, made.arrays, 0, 0, 0)
    products = 24 * 2 * made.kernel.group[1] * 72
    assert products * made.kernel.unit.issue / cycles >= least


@given(data=st.data())
def test_tables_and_counts_have_a_place_of_their_own(data: st.DataObject) -> None:
    device, dtype = data.draw(st.sampled_from(PRODUCTS))
    lengths = (data.draw(st.integers(1, 20000)) * 64 for _ in range(3))
    kernel = ParametricKernel(get_device(device).arch, dtype, *lengths, data.draw(st.booleans()))
    (r, s, t), (y, x) = kernel.rst, kernel.group
    assert kernel.most_steps * x * s * t <= kernel.b_elements
    assert kernel.most_pixels % y == 0
    assert kernel.most_pixels * r * x * t <= kernel.sums
    block = kernel.block
    used = [block.place(field.name, i) for field in block.fields for i in range(field.words)]
    assert len(set(used)) == len(used)
    assert max(used) < block.words
    assert block.words % 16 == 0
    words = {field.name: field.words for field in block.fields}
    assert words["input_before"] >= get_device(device).arch.core_rows
    assert words["column_turns"] >= get_device("npu4").columns
    # A core reads an epilogue's constants as vectors.
    assert block.place("constants") % 16 == 0


def test_a_field_keeps_to_its_words() -> None:
    block = ParametricKernel(get_device("npu1_4col").arch, "i8", 64, 4096, 4096, False).block
    with pytest.raises(ValueError, match="input_before: 5 words of 4"):
        block.encode({"input_before": [0] * 5})
    with pytest.raises(KeyError, match="rows"):
        block.encode({"rows": 1})
