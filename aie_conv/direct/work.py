"""What a direct mapping's work is, besides its products: the runs in which its objects lie."""

from collections.abc import Callable
from typing import Any

from aie_conv.direct.addresses import NTiles, TileAddresses, input_dims, input_rows, segments
from aie_conv.direct.geometry import Geometry, WindowResidency, held_window, without_window
from aie_conv.direct.view import DirectView
from aie_conv.mapping.addresses import runs_of
from aie_conv.mapping.cost import Work
from aie_conv.mapping.mapping import Sizes
from aie_conv.mapping.numbers import absent, each, least, where
from aie_conv.problem import DTYPE_BYTES

Run = tuple[int, int]


def make_work(
    view: DirectView,
    s: Sizes,
    g: Geometry,
    cycles: int,
    window: int,
    channels: tuple[int, int],
    n_tiles: Callable[..., NTiles],
    addresses: Callable[..., TileAddresses],
    *parameters: Any,
) -> Work:
    """What a cost needs besides the sizes.

    Args:
        view, s, g: what, the sizes, and the pixels of a tile.
        cycles: of a core for one tile.
        window: what of the window is held.
        channels: of an object of the input, and steps of K along them.
        n_tiles: who they are, of their channels and the bands that they are in.
        addresses: of rows of cores with inputs of their own (or 1), of the residual's channels and
            objects, and of the parameters.
        parameters: what else tells addresses apart.
    """
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    grid, n = s.grid, s.tile.n

    def starts(rows: int, parts: int, n: int, band_rows: int, count: int) -> tuple[int, ...]:
        """Whether the parts of the input and the outputs of the rows lie evenly, and how far the parts."""
        tiles = n_tiles(n, -(-view.rows.size // band_rows))
        numbers = [row % count if count < rows else row for row in range(rows)]
        firsts = [min(t // tiles.band * band_rows, view.rows.size - band_rows) for t in numbers]
        inputs = [
            tiles.input_of(t) + f * view.rows.lhs for t, f in zip(numbers, firsts, strict=True)
        ]
        inputs = inputs[:parts]
        outputs = [
            tiles.channel_of(t) + f * view.rows.out for t, f in zip(numbers, firsts, strict=True)
        ]
        apart = inputs[1] - inputs[0] if parts > 1 else 0
        even = all(start == inputs[0] + i * apart for i, start in enumerate(inputs))
        together = all(start == outputs[0] + i * n for i, start in enumerate(outputs))
        return int(even), apart, int(together)

    parts = s.memtile.input_parts
    even, apart, together = each(starts, grid.rows, parts, n, g.band_rows, grid.n_tiles)
    one, count, by = _first_rows(view, g, window)
    pitch = where(window == WindowResidency.WHOLE, view.rows.pitch, without_window(view.rows).pitch)
    rows = (count, by * pitch)
    dims = input_dims(view, window, g.columns, channels, ((parts, apart), rows))
    merged = runs_of(dims, size)
    input_run = _either((even == 1) & (one == 1), merged, runs_of(dims[-3:], size))
    one, count, by = each(_first_outputs, g.rows_out, g.band_rows)
    pixels = ((count, by * view.rows.out), (g.width, view.columns.out), (n, 1))
    merged = runs_of(((grid.rows, n), *pixels), out)
    output_run = _either((together == 1) & (one == 1), merged, runs_of(pixels, out))
    residual_run = input_run
    if view.residual is not None:
        residual_run = _residual_run(view, s, addresses, parameters)
    return Work(cycles, input_run, residual_run, output_run)


def _either(condition: Any, yes: Run, no: Run) -> Run:
    return where(condition, yes[0], no[0]), where(condition, yes[1], no[1])


def _first_rows(view: DirectView, g: Geometry, window: int) -> tuple[int, int, int]:
    """Whether the first tile's rows of the input are one run, and the first run: its rows and step."""
    core_window = held_window(view, window)
    rows = core_window.extent(0, g.band_rows)
    origin = least(0, g.band_rows - g.rows_out)
    plain = absent(g.expanded) & (origin == 0) & (g.rows_in <= rows)

    def first(
        height: int, step: int, strip: int, rows_in: int, expanded: bool, plain: bool, *ends: int
    ) -> tuple[int, int, int]:
        if plain:
            return 1, rows_in, 1
        rows, origin, band_rows = ends
        of_tile = Geometry(
            g.strips, height, 0, strip, 0, (0, 0), (step, 0), (0, 0), band_rows, rows_in, expanded
        )  # fmt: skip
        runs = input_rows(of_tile, rows, origin)
        return int(len(runs) == 1), *runs[0][1:]

    sizes = g.height, g.step[0], g.rows, g.rows_in, g.expanded
    return each(first, *sizes, plain, rows, origin, g.band_rows)


def _first_outputs(rows_out: int, band_rows: int) -> tuple[int, int, int]:
    """The same of the first tile's rows of the output."""
    row = min(0, band_rows - rows_out)
    if row == 0:
        return 1, rows_out, int(rows_out > 1)
    runs = list(segments([max(row + i, 0) for i in range(rows_out)]))
    return int(len(runs) == 1), *runs[0][1:]


def _residual_run(
    view: DirectView, s: Sizes, addresses: Callable[..., TileAddresses], parameters: Any
) -> Run:
    residual = view.residual
    assert residual is not None
    name, size = residual.argument.name, DTYPE_BYTES[residual.dtype]

    def run(
        rows: int, group: int, count: int, unicast: bool, parts: int, w: int, objects: int, *others: Any
    ) -> Run:  # fmt: skip
        tile_addresses = addresses(parts, (w, objects), *others)
        last = count if unicast else group
        n_tiles = [row % count if count < rows else min(row, last - 1) for row in range(rows)]
        patterns = tile_addresses.residual_patterns(0, n_tiles)
        return next(pattern for of, pattern in patterns if of == name).runs(size)

    grid = s.grid
    return each(
        run, grid.rows, grid.group_n_tiles, grid.n_tiles, grid.unicast, s.memtile.input_parts,
        s.residual.channels, s.residual.objects, *parameters,
    )  # fmt: skip
