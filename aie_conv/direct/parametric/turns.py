"""How objects of the filter serve the tiles of a program for many shapes: as run-time parameters."""

from collections.abc import Sequence

from aie_conv.mapping.mapping import Mapping


def encode_turns(mapping: Mapping) -> dict[str, int | Sequence[int]]:
    """The parameters that say how often a core takes filters, and when it gives them back.

    An N tile's objects come for each tile of pixels; where there is one, it stays for all of a column's
    tiles. A column without tiles takes and gives back what is sent to others.
    """
    grid, filters, stays = mapping.grid, mapping.filters, mapping.l1.resident
    tiles = [grid.tiles_of(column) for column in range(grid.columns)]
    sent = [grid.sent_tiles(column) for column in range(grid.columns)]
    if stays:
        turns, served, passed = [min(count, 1) for count in sent], tiles, [0] * grid.columns
    else:
        turns, served = tiles, [1] * grid.columns
        passed = [(n - used) * filters.objects for n, used in zip(sent, tiles, strict=True)]
    return {
        "column_turns": turns,
        "turn_tiles": served,
        "idle_objects": passed,
    }
