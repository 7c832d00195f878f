"""Where buffers come to lie in the banks of a core's memory, as mlir-aie's allocator places them.

Bank-aware: the largest first, banks in turn, none across a border; the stack lies at the start of the
first bank. Where that does not fit, one after the other from the end of the stack, the largest first.
"""

from collections.abc import Hashable, Mapping
from math import lcm

Place = tuple[tuple[float, ...], ...]
"""For each object of a ring, the share of it in each bank."""


def place(
    sizes: Mapping[Hashable, int], stack: int, bank_bytes: int, banks: int
) -> dict[Hashable, tuple[float, ...]]:
    """The share of each buffer that lies in each bank; sizes in bytes, in the order of declaration."""
    used = [stack, *[0] * (banks - 1)]
    found: dict[Hashable, tuple[float, ...]] = {}
    turn = 0
    for key, size in sorted(sizes.items(), key=lambda item: -item[1]):
        bank = next(
            (
                at % banks
                for at in range(turn, turn + banks)
                if used[at % banks] + size <= bank_bytes
            ),
            None,
        )
        if bank is None:
            return _sequential(sizes, stack, bank_bytes, banks)
        used[bank] += size
        turn = bank + 1
        found[key] = tuple(float(at == bank) for at in range(banks))
    return found


def _sequential(
    sizes: Mapping[Hashable, int], stack: int, bank_bytes: int, banks: int
) -> dict[Hashable, tuple[float, ...]]:
    found: dict[Hashable, tuple[float, ...]] = {}
    at = stack
    for key, size in sorted(sizes.items(), key=lambda item: -item[1]):
        shares = [
            max(0, min(at + size, (bank + 1) * bank_bytes) - max(at, bank * bank_bytes))
            for bank in range(banks)
        ]
        found[key] = tuple(share / max(1, size) for share in shares)
        at += size
    return found


def meeting(one: Place, other: Place) -> float:
    """Probability that accesses of two buffers need the same bank; rings go round in step."""
    turns = lcm(len(one), len(other))
    total = sum(
        sum(a * b for a, b in zip(one[i % len(one)], other[i % len(other)], strict=True))
        for i in range(turns)
    )
    return round(total / turns, 3)
