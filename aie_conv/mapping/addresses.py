"""What the routes' address patterns share."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aie_conv.mapping.numbers import absent, where


def residual_starts(
    n: int,
    per_object: int,
    objects: int,
    n_tiles: Sequence[int],
    channel_of: Callable[[int], int],
    *,
    unicast: bool,
) -> Iterator[list[int]]:
    """For each object of the residual, its first channel; one a row where rows have their own.

    Args:
        n: channels of an N tile.
        per_object: channels that an object holds.
        objects: that bring a tile's residual.
        n_tiles: of the rows of cores.
        channel_of: an N tile's first channel.
        unicast: whether rows have their own.
    """
    if unicast:
        for i in range(objects):
            yield [channel_of(n_tile) + i * per_object for n_tile in n_tiles]
        return
    per = max(1, n // per_object)
    for i in range(objects):
        row = i // per if per_object <= n else i * (per_object // n)
        n_tile = n_tiles[min(row, len(n_tiles) - 1)]
        yield [channel_of(n_tile) + (i % per) * per_object * (per_object <= n)]


def runs_of(dims: Sequence[tuple[Any, Any]], itemsize: int) -> tuple[Any, Any]:
    """Bytes of a walk's contiguous run, and from one to the next: as of a pattern, of numbers or columns.

    Args:
        dims: (size, stride) pairs in elements, outermost first.
        itemsize: bytes of an element.
    """
    run, pitch, ended = 1, 0, False
    for size, stride in reversed(dims):
        moves = (size != 1) & absent(ended)
        follows = moves & (stride == run)
        breaks = moves & (stride != run)
        pitch = where(breaks, abs(stride), pitch)
        run = where(follows, run * size, run)
        ended = ended | breaks
    return run * itemsize, where(ended, pitch, run) * itemsize
