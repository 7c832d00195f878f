"""The kernels' own estimates against the schedule of the code that they emit."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.codegen.depthwise import DepthwiseKernel
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.codegen.sliding import SlidingKernel, instruction_row
from aie_conv.codegen.window import Window, WindowKernel
from aie_conv.ir.text import read_module
from aie_conv.mapping.interface import Kernel
from aie_conv.problem import Epilogue, Step
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import function_cycles
from aie_conv.sim.model.module import build_model

PRODUCTS = [(d, t) for d in ("npu1_4col", "npu4") for t in ("i8", "i16", "bf16")]
LANES = [pair for pair in PRODUCTS if pair != ("npu4", "i16")]
SLIDING = [("npu1_4col", "i8"), ("npu1_4col", "i16")]


def scheduled(kernel: Kernel, device: str, *, fresh: bool = False) -> int:
    """Cycles of one call by the simulator's schedule."""
    return schedule_of(f"{kernel.declarations()}{kernel.text('kernel', fresh=fresh)}", device)


def schedule_of(text: str, device: str) -> int:
    """Cycles of a call of ``@kernel``."""
    where = get_device(device)
    model = build_model(read_module(f"module {{\naie.device({where.ir_name}) {{\n{text}}}\n}}\n"))
    target = Target(where.arch.name, machine=current(), profile="chess-like")
    return function_cycles(model.functions["kernel"], model.functions, target)


def matmul(device: str, dtype: str, pick: Callable[[list[int]], int]) -> Kernel:
    arch = get_device(device).arch
    r, s, t = arch.matmul[dtype]
    m, n, kc = r * pick([2, 4, 7, 8, 13, 14]), t * pick([1, 2, 4, 8]), s * pick([4, 8, 16, 32, 37])
    return MatmulKernel(arch, dtype, m, n, kc, m * kc, n * kc)


def slid(pick: Callable[[list[int]], int], step: int) -> tuple[int, int, Window]:
    """A tile of whole pixels, height and width, under a window."""
    height, width = pick([1, 2, 3, 4]), pick([4, 7, 8, 14])
    taps = pick([3, 3, 5])
    span = ((height - 1) * step + taps, (width - 1) * step + taps)
    return height, width, Window(*span, (taps, taps), (step, step), (1, 1))


def window(device: str, dtype: str, pick: Callable[[list[int]], int]) -> Kernel:
    arch = get_device(device).arch
    r, s, t = arch.matmul[dtype]
    height, width, lies = slid(pick, pick([1, 2]))
    n, kc = t * pick([1, 2, 4]), s * pick([2, 4, 8])
    a = lies.rows * lies.columns * r * kc
    taps = lies.taps[0] * lies.taps[1]
    return WindowKernel(arch, dtype, height, width, n, kc, lies, a, n * taps * kc)


def depthwise(device: str, dtype: str, pick: Callable[[list[int]], int]) -> Kernel:
    arch = get_device(device).arch
    lanes, many = arch.elementwise[dtype]
    height, width, lies = slid(pick, pick([1, 2]))
    b = -(-lies.taps[0] * lies.taps[1] // many) * many * lanes
    a = lies.rows * lies.columns * lanes
    return DepthwiseKernel(arch, dtype, height, width, lies, a, b)


def sliding(device: str, dtype: str, pick: Callable[[list[int]], int]) -> Kernel:
    arch = get_device(device).arch
    height, blocks, taps, step, n = (pick(v) for v in ([2, 4, 7], [1, 2, 3, 8], [3, 5], [1, 2], [1, 4]))  # fmt: skip
    row = instruction_row(arch, dtype, taps, step, 1)
    rows, slot = (height - 1) * step + taps, 32 if dtype == "i8" else 16
    a, b = n * rows * row.columns(blocks), n * taps * step * row.parts * slot
    return SlidingKernel(arch, dtype, n, n, height, blocks, rows, taps, step, 1, row, a, b)


@pytest.mark.parametrize(
    ("make", "types", "most"),
    [(matmul, PRODUCTS, 1.3), (window, PRODUCTS, 1.3), (depthwise, LANES, 2.6), (sliding, SLIDING, 3.0)],
)  # fmt: skip
@given(data=st.data())
def test_an_estimate_is_near_the_schedule(
    make: Callable[..., Kernel], types: list[tuple[str, str]], most: float, data: st.DataObject
) -> None:
    """Off by ``most`` at the worst, or by the filling of a loop: a search compares tiles by it."""
    device, dtype = data.draw(st.sampled_from(types))
    kernel = make(device, dtype, lambda values: data.draw(st.sampled_from(values)))
    fresh = data.draw(st.booleans())
    said, found = kernel.cycles(fresh=fresh), scheduled(kernel, device, fresh=fresh)
    near = abs(said - found) <= 60
    assert near or 1 / most <= said / found <= most, (kernel, said, found)


CUT = (
    *(("arith.constant", (), "i32", 7), ("arith.shrsi", (0, 1), "i32", None)),
    *(("arith.constant", (), "i32", 0), ("arith.maxsi", (2, 3), "i32", None)),
    *(("arith.constant", (), "i32", 127), ("arith.minsi", (4, 5), "i32", None)),
    ("arith.trunci", (6,), "i8", None),
)
ROUND = (
    ("arith.truncf", (0,), "bf16", None),
    *(("arith.constant", (), "bf16", 0.0), ("arith.maximumf", (1, 2), "bf16", None)),
)
TWICE = (*ROUND, ("arith.addf", (1, 3), "bf16", None))


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize(
    ("dtype", "out", "steps"),
    [("i8", "i32", ()), ("i8", "i8", CUT), ("bf16", "bf16", ROUND), ("bf16", "bf16", TWICE)],
)
@pytest.mark.parametrize("shape", [(4, 8), (14, 8), (56, 2)])
def test_an_epilogues_estimate_is_near_the_schedule(
    device: str, dtype: str, out: str, steps: tuple[Any, ...], shape: tuple[int, int]
) -> None:
    arch = get_device(device).arch
    r, s, t = arch.matmul[dtype]
    m, n = shape[0] * r, shape[1] * t
    epilogue = Epilogue((), tuple(Step(*step) for step in steps), len(steps))
    accumulator = "f32" if dtype == "bf16" else "i32"
    made = EpilogueKernel(
        arch, epilogue, accumulator, out, dtype, (r, s, t), m, n, n, {}, None,
        ResidualBlocks(1, 1, 0, 1, 1), m * s, n * s, arch.vector_load_bytes,
    )  # fmt: skip
    found = schedule_of(made.text("kernel"), device)
    assert 1 / 1.4 <= made.cycles() / found <= 1.4, (made.cycles(), found)


@pytest.mark.parametrize(("dtype", "k", "least"), [("i8", 232, 233), ("bf16", 104, 112)])
def test_a_core_comes_near_one_product_a_cycle(dtype: str, k: int, least: int) -> None:
    """64 x k x 64 on AIE2, sums added to C: the best published kernels' rate."""
    kernel = MatmulKernel(get_device("npu1_4col").arch, dtype, 64, 64, k, 64 * k, 64 * k)
    assert 64 * k * 64 / scheduled(kernel, "npu1_4col") >= least
