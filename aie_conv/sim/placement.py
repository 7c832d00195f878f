"""Where a core's buffers come to lie in its memory banks, as mlir-aie's allocator places them.

Bank-aware: the largest first, banks in turn, none across a border; the stack lies at the start of the
first bank. Where that does not fit, one after the other from the end of the stack.
"""

from collections.abc import Hashable, Mapping, Sequence
from math import lcm

from aie_conv.sim.model import Core, Model
from aie_conv.sim.network import depth_at

Place = tuple[tuple[float, ...], ...]
"""For each object of a ring, the share of it in each bank."""


def place(
    sizes: Mapping[Hashable, int], stack: int, bank_bytes: int, banks: int
) -> dict[Hashable, tuple[float, ...]]:
    """The share of each buffer that lies in each bank."""
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
    for key, size in sizes.items():
        shares = [
            max(0, min(at + size, (bank + 1) * bank_bytes) - max(at, bank * bank_bytes))
            for bank in range(banks)
        ]
        found[key] = tuple(share / max(1, size) for share in shares)
        at += size
    return found


def core_places(model: Model, core: Core, banks: int) -> dict[Hashable, Place]:
    """Places of a core's memory, by buffer value or by (FIFO, "Produce" or "Consume")."""
    sizes: dict[Hashable, int] = {}
    rings: dict[Hashable, list[Hashable]] = {}
    for value, (tile, _) in model.buffers.items():
        if tile == core.tile:
            sizes[value] = value.type.bytes
            rings[value] = [value]
    for fifo in model.fifos.values():
        ends = [("Produce", 0)] if fifo.producer == core.tile else []
        ends += [("Consume", 1 + i) for i, tile in enumerate(fifo.consumers) if tile == core.tile]
        for side, end in ends:
            keys: list[Hashable] = [(fifo.name, side, i) for i in range(depth_at(model, fifo, end))]
            sizes.update(dict.fromkeys(keys, fifo.bytes))
            rings[fifo.name, side] = keys
    shares = place(sizes, core.stack, model.arch.core_data_bytes // banks, banks)
    return {key: tuple(shares[one] for one in ring) for key, ring in rings.items()}


def meeting(one: Place, other: Place) -> float:
    """Probability that accesses of two buffers need the same bank; rings go round in step."""
    turns = lcm(len(one), len(other))
    total = sum(
        sum(a * b for a, b in zip(one[i % len(one)], other[i % len(other)], strict=True))
        for i in range(turns)
    )
    return round(total / turns, 3)


def weights(places: Sequence[tuple[int, Place]]) -> tuple[tuple[tuple[int, int], float], ...]:
    """Pairs of numbered buffers that may meet, with the probability that they do."""
    pairs = [
        ((min(a, b), max(a, b)), meeting(first, second))
        for at, (a, first) in enumerate(places)
        for b, second in places[:at]
        if a != b
    ]
    return tuple(sorted((pair, share) for pair, share in pairs if share))
