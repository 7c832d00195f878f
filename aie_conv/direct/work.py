"""What a direct mapping's work is, besides its products: the runs in which its objects lie."""

from collections.abc import Callable
from typing import Any

from aie_conv.direct.addresses import TileAddresses
from aie_conv.direct.view import DirectView
from aie_conv.mapping.cost import Work
from aie_conv.mapping.mapping import Grid, ResidualStream
from aie_conv.mapping.numbers import each, where
from aie_conv.problem import DTYPE_BYTES


def make_work(
    view: DirectView,
    grid: Grid,
    residual: ResidualStream,
    tile_cycles: int,
    addresses: Callable[..., TileAddresses],
    *parameters: Any,
) -> Work:
    """What a cost needs besides the sizes.

    Args:
        view, grid, residual: what, who computes it, and how a residual comes.
        tile_cycles: cycles of a core for one tile.
        addresses: of rows of cores with inputs of their own (or 1), of the residual's channels and
            objects, and of the parameters.
        parameters: what else tells addresses apart.
    """
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    given = view.residual

    def runs(
        n_tiles: tuple[int, ...], parts: int, channels: int, objects: int, *others: Any
    ) -> tuple[int, ...]:
        made = addresses(parts, (channels, objects), *others)
        found: list[tuple[int, int]] = []
        names = {view.lhs.name: size}
        if given is not None:
            names[given.argument.name] = DTYPE_BYTES[given.dtype]
        seen: dict[str, tuple[int, int]] = {}
        for name, pattern in made.input_patterns(0, n_tiles):
            seen.setdefault(name, pattern.runs(names[name]))
            if len(seen) == len(names):
                break
        runs = list(seen.values())
        found = [runs[0], runs[-1], next(made.output_patterns(0, n_tiles)).runs(out)]
        return tuple(number for run in found for number in run)

    def of_rows(rows: int, n_tiles: int, group: int, unicast: bool, *rest: Any) -> tuple[int, ...]:
        last = n_tiles if unicast else group
        first = tuple(
            row % n_tiles if n_tiles < rows else min(row, last - 1) for row in range(rows)
        )
        return runs(first, *rest)

    parts = where(grid.unicast, grid.rows, 1)
    a, b, c, d, e, f = each(
        of_rows, grid.rows, grid.n_tiles, grid.group_n_tiles, grid.unicast, parts,
        residual.channels, residual.objects, *parameters,
    )  # fmt: skip
    return Work(tile_cycles, (a, b), (c, d), (e, f))
