"""The clock: more work or more data never takes less time, and statistics add up."""

from itertools import pairwise

import numpy as np
import pytest

from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.timing.costs import access_pieces
from tests.support.sim.programs import GEMM, relay


def stats(text: str, sizes: tuple[int, int]) -> RunStats:
    return Simulator(text).run([np.zeros(size, np.int8) for size in sizes])


def test_more_objects_take_longer() -> None:
    cycles = [stats(relay(64, "i8", objects=n), (64 * n, 64 * n)).cycles for n in range(1, 9)]
    assert all(a <= b for a, b in pairwise(cycles))
    assert cycles[0] < cycles[-1]


def test_larger_objects_take_longer() -> None:
    cycles = [stats(relay(n, "i8"), (2 * n, 2 * n)).cycles for n in (64, 256, 1024, 4096)]
    assert all(a < b for a, b in pairwise(cycles))


def test_double_buffers_do_not_slow_down() -> None:
    single, double = (
        stats(relay(1024, "i8", objects=8, depth=d), (8192, 8192)).cycles for d in (1, 2)
    )
    assert double < single


def test_words_and_bytes_are_counted() -> None:
    result = stats(relay(64, "i8", objects=4), (256, 256))
    assert result.shim_bytes == 512
    assert set(result.dma_words.values()) == {64}
    assert result.macs == 0
    assert 0 < result.core_cycles["core (0, 2)"] < result.cycles


def test_a_product_needs_a_cycle_a_mac_instruction() -> None:
    o = np.zeros(1536, np.int32)
    result = Simulator(GEMM).run([np.zeros(6144, np.int8), np.zeros(1024, np.int8), o])
    assert result.core_cycles["core (0, 2)"] >= result.macs // 256


def test_an_access_that_promises_no_alignment_is_made_of_scalars() -> None:
    """The core's vector units take aligned addresses only."""
    aligned = relay(1024, "i8")
    cycles = [
        stats(text, (2048, 2048)).core_cycles["core (0, 2)"]
        for text in (aligned, aligned.replace(" {alignment = 16 : i64}", ""))
    ]
    assert cycles[1] > 4 * cycles[0]


@pytest.mark.parametrize(
    ("size", "element", "alignment", "pieces"),
    [
        (64, 1, 32, 0),
        (64, 1, None, 64),
        (64, 1, 4, 16),
        (64, 4, None, 16),
        (16, 1, 16, 0),
        (16, 2, 8, 4),
    ],
)
def test_pieces_of_an_access(size: int, element: int, alignment: int | None, pieces: int) -> None:
    assert access_pieces(size, element, alignment) == pieces
