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

from aie_conv.arch import device_names
from aie_conv.errors import ConfigRefused
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.img2col.view import MLoop
from aie_conv.layout.chain import expand
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.layout.pattern import Pattern
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.streams import Channel, Push, channels, filter_rows, schedule
from aie_conv.problem import conv2d
from tests.support.img2col.strategies import Case, cases


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
    t = plan.tiling
    dtype = NUMPY_DTYPE[t.view.dtype]
    made = {channel.symbol: channel for channel in channels(t)}
    filters: dict[int, NDArray[np.float64]] = {}
    _, s, n_block = t.matmul.rst
    for c in range(t.filter_columns):
        rows = filter_rows(t, c)
        sent = _stream(made[f"b_l3_{c}"], buffers).view(dtype)
        objects = sent[len(rows) * t.header :].reshape(-1, len(rows), t.b_elements)
        for i, row in enumerate(rows):
            filters[row] = objects[:, i].astype(np.float64)
    for c in range(t.columns):
        a = _stream(made[f"a_l3_{c}"], buffers).view(dtype).astype(np.float64)
        objects = (t.chunks + t.residual_objects) // t.staged
        a = a.reshape(-1, objects, t.pixels, t.staged, t.kc).transpose(0, 1, 3, 2, 4)
        a = a.reshape(-1, t.chunks + t.residual_objects, t.pixels, t.kc)
        tiles = []
        for number, (p, _) in enumerate(t.steps()):
            for row in range(t.rows):
                if t.resident:
                    b = filters[row][p, : t.n * t.view.k]
                else:
                    start = number // t.b_repeat * (t.chunks + t.tail_objects)
                    b = filters[row][start : start + t.chunks].reshape(-1)
                b = b.reshape(t.chunks, t.n // n_block, t.kc // s, s, n_block)
                b = b.transpose(0, 2, 3, 1, 4).reshape(t.chunks, t.kc, t.n)
                held = a[number // t.a_repeat]
                tiles.append(sum(held[q] @ b[q] for q in range(t.chunks)))
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
    tiling = replace(plan.tiling, th=1, tw=256, rep=1, n=128, kc=512, resident=True, b_depth=2)
    with pytest.raises(ConfigRefused, match="core memory") as caught:
        tiling.check()
    assert caught.value.limit == "core memory"


def test_an_output_in_many_tasks_does_not_wait_for_inputs_behind_it() -> None:
    """Rows 8 MiB apart are a task each; the fifth follows the tile's inputs."""
    problem = conv2d(1, 8, 2048, 8, 2048, 1, 1, stride=(1, 1), dtype="bf16")
    found = Im2colRoute().propose(problem, "npu1_4col").tiling
    m = (MLoop(8, 2048 * 8, 2048 * 2048, 0), MLoop(2048, 8, 2048, 0))
    tiling = replace(found, gemm=replace(found.view, m=m), th=8, tw=4, rep=1, n=32, kc=8)
    made = {channel.symbol: channel for channel in channels(tiling)}
    outputs = [step for step, _ in made["c_l3_0"].chains[:8]]
    last_input = tiling.chunks - 1
    assert outputs[:4] == [0] * 4
    assert min(outputs[4:]) > last_input
    # Tasks of one step are pushed in the channels' order: a column's input and its filters, then outputs.
    pushes = [op.symbol for op in schedule(list(made.values()), 4) if isinstance(op, Push)]
    first = [pushes.index(symbol) for symbol in ("a_l3_0", "b_l3_0", "a_l3_3", "b_l3_3", "c_l3_0")]
    assert first == sorted(first)
