"""Buffers that values share which enter or leave a call, where one for each is more than a call takes."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from aie_conv.mapping.arena import ALIGNMENT
from aie_conv.mapping.region import BufferPlace
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES


def count_types(values: Sequence[Argument]) -> int:
    """In how few buffers values come: those of a type can lie behind one another."""
    return len({value.dtype for value in values})


def share_buffers(
    values: Mapping[Hashable, Argument], most: int, name: str
) -> tuple[list[Argument], dict[Hashable, BufferPlace]]:
    """Buffers for values, and the place of each.

    As many as can have a buffer of their own, the longest; the others lie behind one another, in a buffer for
    each type. There are more buffers than ``most`` only where values have more types.

    Args:
        values: by what tells them apart; their names are not looked at.
        most: how many buffers there may be.
        name: what the buffers' names begin with.
    """
    ranked = sorted(values, key=lambda key: -values[key].elements * DTYPE_BYTES[values[key].dtype])
    alone = len(ranked)
    while alone and alone + count_types([values[key] for key in ranked[alone:]]) > most:
        alone -= 1
    single = set(ranked[:alone])
    numbers: dict[Hashable, int] = {}
    buffers: list[Argument] = []
    places: dict[Hashable, BufferPlace] = {}
    for key, value in values.items():
        which = key if key in single else value.dtype
        number = numbers.setdefault((key in single, which), len(buffers))
        if number == len(buffers):
            buffers.append(replace(value, name=f"{name}_{number}"))
            places[key] = BufferPlace(f"{name}_{number}")
            continue
        buffer = buffers[number]
        quantum = ALIGNMENT // DTYPE_BYTES[value.dtype]
        # What is read over the end of one is the next one's, or between them.
        offset = -(-(buffer.elements + buffer.slack) // quantum) * quantum
        places[key] = BufferPlace(buffer.name, offset)
        buffers[number] = replace(buffer, elements=offset + value.elements, slack=value.slack)
    return buffers, places
