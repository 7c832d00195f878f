"""Where buffers come to lie in the banks of a core's memory, as mlir-aie's allocator places them.

Bank-aware: the largest first, banks in turn, none across a border; the stack lies at the start of the
first bank. Where that does not fit, one after the other from the end of the stack, the largest first.
"""

from collections.abc import Hashable, Mapping, Sequence
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Place = tuple[tuple[float, ...], ...]
"""For each object of a ring, the share of it in each bank."""


def place(
    sizes: Mapping[Hashable, int], stack: int, bank_bytes: int, banks: int
) -> dict[Hashable, tuple[float, ...]]:
    """The share of each buffer that lies in each bank; sizes in bytes, in the order of declaration."""
    used = [stack, *[0] * (banks - 1)]
    shares: dict[Hashable, tuple[float, ...]] = {}
    turn = 0
    for key, size in sorted(sizes.items(), key=lambda item: -item[1]):
        bank = next(
            (
                bank_number % banks
                for bank_number in range(turn, turn + banks)
                if used[bank_number % banks] + size <= bank_bytes
            ),
            None,
        )
        if bank is None:
            return _sequential(sizes, stack, bank_bytes, banks)
        used[bank] += size
        turn = bank + 1
        shares[key] = tuple(float(bank_number == bank) for bank_number in range(banks))
    return shares


def _sequential(
    sizes: Mapping[Hashable, int], stack: int, bank_bytes: int, banks: int
) -> dict[Hashable, tuple[float, ...]]:
    placed: dict[Hashable, tuple[float, ...]] = {}
    address = stack
    for key, size in sorted(sizes.items(), key=lambda item: -item[1]):
        shares = [
            max(0, min(address + size, (bank + 1) * bank_bytes) - max(address, bank * bank_bytes))
            for bank in range(banks)
        ]
        placed[key] = tuple(share / max(1, size) for share in shares)
        address += size
    return placed


def meeting(one: Place, other: Place) -> float:
    """Probability that accesses of two buffers need the same bank; rings go round in step."""
    turns = lcm(len(one), len(other))
    total = sum(
        sum(a * b for a, b in zip(one[i % len(one)], other[i % len(other)], strict=True))
        for i in range(turns)
    )
    return round(total / turns, 3)


def place_rows(sizes: NDArray[np.int64], stack: int, bank_bytes: int, banks: int) -> Floats:
    """:func:`place` for many sets of buffers at once.

    Args:
        sizes: bytes by set and buffer, in the order of declaration; below 0 for a buffer that is not there.
        stack, bank_bytes, banks: as in :func:`place`.

    Returns:
        Shares by set, buffer and bank.
    """
    count, buffers = sizes.shape
    rows = np.arange(count)
    order = np.argsort(-sizes, axis=1, kind="stable")
    used = np.zeros((count, banks), np.int64)
    used[:, 0] = stack
    shares = np.zeros((count, buffers, banks))
    turn, fits = np.zeros(count, np.int64), np.ones(count, bool)
    for place_ in range(buffers):
        buffer = order[:, place_]
        size = sizes[rows, buffer]
        there, bank_of = size >= 0, np.full(count, -1)
        for ahead in range(banks):
            bank = (turn + ahead) % banks
            free = there & (bank_of < 0) & (used[rows, bank] + size <= bank_bytes)
            bank_of = np.where(free, bank, bank_of)
        placed = bank_of >= 0
        fits &= placed | ~there
        used[rows[placed], bank_of[placed]] += size[placed]
        shares[rows[placed], buffer[placed], bank_of[placed]] = 1.0
        turn = np.where(placed, bank_of + 1, turn)
    if not fits.all():
        shares[~fits] = _sequential_rows(sizes[~fits], order[~fits], stack, bank_bytes, banks)
    return shares


def _sequential_rows(
    sizes: NDArray[np.int64], order: NDArray[np.int64], stack: int, bank_bytes: int, banks: int
) -> Floats:
    count, buffers = sizes.shape
    rows, begin = np.arange(count), np.arange(banks) * bank_bytes
    shares = np.zeros((count, buffers, banks))
    address = np.full(count, stack)
    for place_ in range(buffers):
        buffer = order[:, place_]
        size = np.maximum(sizes[rows, buffer], 0)
        ends = np.minimum((address + size)[:, None], begin + bank_bytes)
        inside = np.maximum(0, ends - np.maximum(address[:, None], begin))
        shares[rows, buffer] = inside / np.maximum(1, size)[:, None]
        address = address + size
    return shares


def meeting_rows(one: Sequence[Floats], other: Sequence[Floats]) -> Floats:
    """:func:`meeting` for many sets: shares by set and bank of each object of two rings."""
    turns = lcm(len(one), len(other))
    total: Any = 0
    for i in range(turns):
        a, b = one[i % len(one)], other[i % len(other)]
        both: Any = 0
        for bank in range(a.shape[1]):
            both = both + a[:, bank] * b[:, bank]
        total = total + both
    values, places = np.unique(total / turns, return_inverse=True)
    # Rounded as Python's numbers are.
    return np.array([round(value, 3) for value in values.tolist()])[places]
