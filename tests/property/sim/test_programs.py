"""Whole programs against numpy: blocked products, windows, broadcast, padding, strides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.sim import RunStats, Simulator
from tests.support.sim.programs import GEMM, fan, relay


def signed(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)


def test_three_blocked_products_are_exact() -> None:
    a, b, o = signed((3, 32, 64)), signed((64, 16), 1), np.zeros((3, 32, 16), np.int32)
    stats = Simulator(GEMM).run([a.reshape(-1), b.reshape(-1), o.reshape(-1)])
    np.testing.assert_array_equal(o, a.astype(np.int32) @ b.astype(np.int32))
    assert stats.macs == 3 * 32 * 64 * 16
    assert stats.shim_bytes == a.nbytes + 3 * b.nbytes + o.nbytes


def test_a_second_run_gives_the_same() -> None:
    simulator = Simulator(GEMM)
    a, b = signed((6144,)), signed((1024,), 1)
    runs: list[tuple[np.ndarray, RunStats]] = []
    for _ in range(2):
        o = np.zeros(1536, np.int32)
        runs.append((o, simulator.run([a, b, o])))
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    assert runs[0][1].cycles == runs[1][1].cycles


def test_device_and_arguments_are_named() -> None:
    simulator = Simulator(GEMM)
    assert simulator.device == "npu1"
    assert simulator.arguments == [("i8", 6144), ("i8", 1024), ("i32", 1536)]


@pytest.mark.parametrize("conf", [776, 264, 520, 8, 777])
def test_the_configuration_word_sets_signs_and_the_accumulator(conf: int) -> None:
    a, b, o = signed((3, 32, 64)), signed((64, 16), 1), np.zeros((3, 32, 16), np.int32)
    text = GEMM.replace("776 : i32", f"{conf} : i32")
    Simulator(text).run([a.reshape(-1), b.reshape(-1), o.reshape(-1)])
    x = (a if conf & 0x200 else a.view(np.uint8)).astype(np.int32)
    y = (b if conf & 0x100 else b.view(np.uint8)).astype(np.int32)
    expected = x[:, :, 56:] @ y[56:] if conf & 1 else x @ y
    np.testing.assert_array_equal(o, expected)


def test_broadcast_distribute_and_join() -> None:
    x, w, o = signed((3, 64)), signed((2, 64), 1), np.zeros((3, 2, 64), np.int8)
    Simulator(fan()).run([x.reshape(-1), w.reshape(-1), o.reshape(-1)])
    np.testing.assert_array_equal(o, x[:, None] + w[None])


@pytest.mark.parametrize("dtype", ["i8", "bf16", "i32"])
def test_strides_on_the_way_to_the_core(dtype: str) -> None:
    width = {"i8": np.int8, "bf16": np.uint16, "i32": np.int32}[dtype]
    text = relay(
        128, dtype, to_stream="dimensionsToStream [<size = 8, stride = 4>, <size = 4, stride = 32>, "
        "<size = 4, stride = 1>]",
    )  # fmt: skip
    x = np.arange(256).astype(width)
    y = np.zeros_like(x)
    Simulator(text).run([x, y])
    expected = x.reshape(2, 4, 8, 4).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(y, expected.reshape(-1))


def test_strides_on_arrival() -> None:
    text = relay(
        64, "i8", from_stream="dimensionsFromStream [<size = 2, stride = 4>, <size = 8, stride = 8>, "
        "<size = 4, stride = 1>]",
    )  # fmt: skip
    x = signed((128,))
    y = np.zeros_like(x)
    Simulator(text).run([x, y])
    expected = x.reshape(2, 2, 8, 4).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(y, expected.reshape(-1))


def test_the_mem_tile_pads_with_zeros() -> None:
    text = relay(
        14 * 8,
        "i8",
        to_stream="dimensionsToStream [<size = 14, stride = 8>, <size = 8, stride = 1>]",
        attributes="{padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 1, "
        "const_pad_after = 1>, <const_pad_before = 0, const_pad_after = 0>]>}",
        received=16 * 8,
    )
    x, y = signed((2, 14, 8)), np.ones((2, 16, 8), np.int8)
    Simulator(text).run([x.reshape(-1), y.reshape(-1)])
    np.testing.assert_array_equal(y, np.pad(x, ((0, 0), (1, 1), (0, 0))))


def test_repeat_count_sends_each_object_again() -> None:
    text = relay(64, "i8", attributes="{repeat_count = 2 : i32}")
    text = text.replace("%n = arith.constant 2 : index", "%n = arith.constant 4 : index")
    text = text.replace("%y: memref<128xi8>", "%y: memref<256xi8>")
    text = text.replace("(%y[0, 0, 0, 0][1, 1, 1, 128]", "(%y[0, 0, 0, 0][1, 1, 1, 256]")
    text = text.replace("metadata = @o} : memref<128xi8>", "metadata = @o} : memref<256xi8>")
    x, y = signed((2, 64)), np.zeros((2, 2, 64), np.int8)
    Simulator(text).run([x.reshape(-1), y.reshape(-1)])
    np.testing.assert_array_equal(y, np.repeat(x[:, None], 2, axis=1))


def test_a_task_writes_only_its_own_elements() -> None:
    text = relay(64, "i8", out_sizes=(1, 1, 32, 4), out_strides=(0, 0, 8, 1))
    text = text.replace("%y: memref<128xi8>", "%y: memref<256xi8>")
    text = text.replace("metadata = @o} : memref<128xi8>", "metadata = @o} : memref<256xi8>")
    x, y = signed((128,)), np.full((32, 8), 7, np.int8)
    Simulator(text).run([x, y.reshape(-1)])
    np.testing.assert_array_equal(y[:, :4].reshape(-1), x)
    assert (y[:, 4:] == 7).all()


def test_overlapping_windows_are_read_by_addresses() -> None:
    text = relay(64, "i8", objects=6)
    text = text.replace("%x: memref<384xi8>", "%x: memref<256xi8>")
    text = text.replace(
        "(%x[0, 0, 0, 0][1, 1, 1, 384][0, 0, 0, 1]", "(%x[0, 0, 0, 0][1, 2, 6, 32][0, 32, 32, 1]"
    ).replace("issue_token = true} : memref<384xi8>", "issue_token = true} : memref<256xi8>")
    x, y = signed((8, 32)), np.zeros((2, 6, 32), np.int8)
    Simulator(text).run([x.reshape(-1), y.reshape(-1)])
    np.testing.assert_array_equal(y, np.stack([x[:6], x[1:7]]))


@given(st.permutations(range(3)), st.tuples(*[st.integers(1, 5)] * 2), st.integers(1, 3))
def test_any_permutation_of_words(order: list[int], sizes: tuple[int, int], objects: int) -> None:
    shape = (*sizes, 4)
    steps = (sizes[1] * 4, 4, 1)
    dims = ", ".join(f"<size = {shape[i]}, stride = {steps[i]}>" for i in order)
    elements = int(np.prod(shape))
    text = relay(elements, "i32", to_stream=f"dimensionsToStream [{dims}]", objects=objects)
    x = np.arange(elements * objects, dtype=np.int32)
    y = np.zeros_like(x)
    Simulator(text).run([x, y])
    expected = x.reshape(objects, *shape).transpose(0, *(i + 1 for i in order))
    np.testing.assert_array_equal(y, expected.reshape(-1))
