"""Where a core's buffers come to lie in its memory banks, and which of them meet there."""

from collections.abc import Hashable, Sequence

from aie_conv.arch.banks import Place, meeting, place
from aie_conv.sim.functional.network import depth_at
from aie_conv.sim.model.module import CoreModel, Model


def core_places(model: Model, core: CoreModel, banks: int) -> dict[Hashable, Place]:
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


def weights(places: Sequence[tuple[int, Place]]) -> tuple[tuple[tuple[int, int], float], ...]:
    """Pairs of numbered buffers that may meet, with the probability that they do."""
    pairs = [
        ((min(a, b), max(a, b)), meeting(first, second))
        for number, (a, first) in enumerate(places)
        for b, second in places[:number]
        if a != b
    ]
    return tuple(sorted((pair, share) for pair, share in pairs if share))
