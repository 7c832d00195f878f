"""The DMA streams of a plan are the mathematical im2col: multiplied in numpy, they give the result.

This checks addresses, order and packing without any IR or simulator: whatever the shim sends down a
column and along a row is multiplied object by object, and written where the output stream says.
"""

from dataclasses import replace
from itertools import chain as joined

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.arch import device_names, get_device
from aie_conv.errors import ConfigRefused
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.img2col.scheme import GemmParameters, GemmScheme
from aie_conv.img2col.view import MLoop, make_view
from aie_conv.layout.chain import expand
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.layout.pattern import Pattern
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.schedule import StartChain, schedule
from aie_conv.mapping.search import make_mapping
from aie_conv.mapping.streams import Channel, channels
from aie_conv.problem import conv2d
from tests.support.img2col.strategies import Case, cases
from tests.support.mappings import remade


def _stream(channel: Channel, buffers: dict[str, NDArray[np.generic]]) -> NDArray[np.uint8]:
    parts = []
    for part in joined.from_iterable(expand(chain) for _, chain in channel.chains):
        task = part.task
        walk = Pattern(task.offset, tuple(zip(task.sizes, task.strides, strict=True)))
        found = buffers[part.name].reshape(-1)[list(walk.addresses())]
        parts.append(found.view(np.uint8).reshape(-1))
    return np.concatenate(parts)


def multiply_streams(plan: ArrayPlan, buffers: dict[str, NDArray[np.generic]]) -> None:
    """Run the plan's data flow in numpy without its epilogue, writing buffers["result"]."""
    m = plan.mapping
    grid, tile, l1, filters_, p = m.grid, m.tile, m.l1, m.filters, m.parameters
    dtype = NUMPY_DTYPE[m.view.dtype]
    made = {channel.symbol: channel for channel in channels(m)}
    filters: dict[int, NDArray[np.float64]] = {}
    _, s, n_block = m.kernel.rst
    k, n, steps = p.tile_k, p.tile_n, tile.k_steps
    for c in range(grid.filter_columns):
        rows = grid.filter_streams(c)
        sent = _stream(made[f"b_l3_{c}"], buffers).view(dtype)
        objects = sent[len(rows) * filters_.header :].reshape(-1, len(rows), l1.filter)
        for i, row in enumerate(rows):
            filters[row] = objects[:, i].astype(np.float64)
    for c in range(grid.columns):
        a = _stream(made[f"a_l3_{c}"], buffers).view(dtype).astype(np.float64)
        whole = steps + m.residual.objects
        a = a.reshape(-1, whole // p.k_chunks, tile.pixels, p.k_chunks, k).transpose(0, 1, 3, 2, 4)
        a = a.reshape(-1, whole, tile.pixels, k)
        tiles = []
        for number, (p_, _) in enumerate(grid.walk(p.input_reuse)):
            for row in range(grid.rows):
                if l1.resident:
                    b = filters[row][p_, : n * m.view.k]
                else:
                    start = number // p.filter_reuse * (steps + filters_.tail_objects)
                    b = filters[row][start : start + steps].reshape(-1)
                b = b.reshape(steps, n // n_block, k // s, s, n_block)
                b = b.transpose(0, 2, 3, 1, 4).reshape(steps, k, n)
                held = a[number // p.input_reuse]
                tiles.append(sum(held[q] @ b[q] for q in range(steps)))
        values = np.concatenate([tile.reshape(-1) for tile in tiles])
        at = 0
        written = made[f"c_l3_{c}"].chains
        for part in joined.from_iterable(expand(chain) for _, chain in written):
            task = part.task
            walk = Pattern(task.offset, tuple(zip(task.sizes, task.strides, strict=True)))
            flat = buffers[part.name].reshape(-1)
            for address in walk.addresses():
                flat[address] = values[at]
                at += 1
        assert at == len(values)


def run(case: Case, device: str) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    plan = Im2colRoute().propose(case.problem(), device)
    arrays = case.operands()
    buffers = apply(plan.prologue, arrays)
    last = plan.arguments[-1]
    start = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = start if plan.finish else arrays["out"].reshape(-1).copy()
    multiply_streams(plan, buffers)
    if plan.finish:
        buffers = apply(plan.finish, {"result": buffers["result"], "out": arrays["out"].copy()})
        got = buffers["out"]
    else:
        got = buffers["result"].reshape(arrays["out"].shape)
    return got, case.reference(arrays)


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from(device_names()))
def test_streams_multiply_to_the_convolution(case: Case, device: str) -> None:
    case = Case(**{**case.__dict__, "epilogue": "none"})
    got, want = run(case, device)
    if case.dtype == "i8":
        np.testing.assert_array_equal(got, want)
    else:
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-4)


def test_a_moved_stride_is_noticed() -> None:
    """The property can fail: a wrong address in one task changes the product."""
    case = Case(
        (1, 6, 6, 8, 8, 3, 3), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "none"
    )
    plan = Im2colRoute().propose(case.problem(), "npu1_1col")
    arrays = case.operands()
    buffers = apply(plan.prologue, arrays)
    buffers["lhs"] = np.roll(buffers["lhs"].reshape(-1), 8)
    buffers["result"] = arrays["out"].reshape(-1).copy()
    multiply_streams(plan, buffers)
    assert not np.array_equal(
        buffers["result"].reshape(arrays["out"].shape), case.reference(arrays)
    )


def test_a_tile_over_a_limit_names_it() -> None:
    case = Case(
        (1, 64, 64, 512, 512, 1, 1), (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "none"
    )
    plan = Im2colRoute().propose(case.problem(), "npu1_1col")
    sizes = {"tile_h": 1, "tile_w": 64, "pixel_repeats": 4, "tile_n": 128, "tile_k": 512}
    with pytest.raises(ConfigRefused, match="core memory") as caught:
        remade(Im2colRoute(), plan, **sizes, resident=True, filter_buffers=2)
    assert caught.value.limit == "core memory"


def test_an_output_in_many_tasks_does_not_wait_for_inputs_behind_it() -> None:
    """Rows 8 MiB apart are a task each; the fifth follows the tile's inputs."""
    problem = conv2d(1, 8, 2048, 8, 2048, 1, 1, stride=(1, 1), dtype="bf16")
    m = (MLoop(8, 2048 * 8, 2048 * 2048, 0), MLoop(2048, 8, 2048, 0))
    scheme = GemmScheme(replace(make_view(problem), m=m), get_device("npu1_4col"))
    parameters = GemmParameters(
        tile_n=32, tile_k=8, resident=True, filter_buffers=2, tile_h=8, tile_w=4, pixel_repeats=1
    )
    mapping = make_mapping(scheme, parameters)
    made = {channel.symbol: channel for channel in channels(mapping)}
    outputs = [step for step, _ in made["c_l3_0"].chains[:8]]
    last_input = mapping.tile.k_steps - 1
    assert outputs[:4] == [0] * 4
    assert min(outputs[4:]) > last_input
    # Tasks of one step are pushed in the channels' order: a column's input and its filters, then outputs.
    pushes = [op.symbol for op in schedule(list(made.values()), 4) if isinstance(op, StartChain)]
    first = [pushes.index(symbol) for symbol in ("a_l3_0", "b_l3_0", "a_l3_3", "b_l3_3", "c_l3_0")]
    assert first == sorted(first)
