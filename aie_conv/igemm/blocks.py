"""The mapping of an implicit GEMM whose blocks a user has given, all or some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aie_conv.arch import Device
from aie_conv.errors import ConfigRefused, UsageError
from aie_conv.igemm.geometry import OP
from aie_conv.img2col.scheme import GemmParameters, GemmScheme, candidates
from aie_conv.img2col.view import GemmView
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.search import Space, finalists
from aie_conv.mapping.sizes import BUFFERINGS, divisors
from aie_conv.mapping.table import table_of
from aie_conv.problem import DTYPE_BYTES


@dataclass(frozen=True)
class Blocks:
    """What a core computes at a time; None is the planner's choice.

    Attributes:
        m: output pixels of a tile.
        n: filters of a slice.
        k: elements of the sums that are brought at a time.
        tile: (rows, columns) of the output pixels of a tile.
        resident: whether a core keeps its slice of the filter across tiles.
    """

    m: int | None = None
    n: int | None = None
    k: int | None = None
    tile: tuple[int, int] | None = None
    resident: bool | None = None

    def __str__(self) -> str:
        """What was given, as it was written."""
        values = {
            "block_m": self.m,
            "block_n": self.n,
            "block_k": self.k,
            "tile": self.tile and f"{self.tile[0]}x{self.tile[1]}",
            "resident": self.resident,
        }
        return ", ".join(f"{name}={value}" for name, value in values.items() if value is not None)

    def __post_init__(self) -> None:
        """Raise UsageError for what is no size."""
        sizes = {"block_m": self.m, "block_n": self.n, "block_k": self.k}
        for number, size in enumerate(self.tile or ()):
            sizes[f"tile[{number}]"] = size
        for name, size in sizes.items():
            if size is not None and (type(size) is not int or size < 1):
                raise UsageError(f"{OP}: {name}={size}: give a whole number from 1, or None")
        if self.tile is not None and len(self.tile) != 2:
            raise UsageError(f"{OP}: tile={self.tile}: give (rows, columns) of output pixels")


def mapping_of(view: GemmView, device: Device, blocks: Blocks) -> tuple[Mapping, int]:
    """The best mapping with the blocks, and its predicted cycles.

    Raises:
        ConfigRefused: none with these blocks fits; names the limit, and what would do.
    """
    scheme = GemmScheme(view, device)
    none = ConfigRefused("tile", f"tile: no tiling of {view.problem.describe()}")
    if blocks == Blocks():
        return finalists(Space(scheme, candidates(scheme)), none)[0]
    try:
        _check(view, device, blocks)
        rows = list(_parameters(scheme, blocks))
        if not rows:
            raise ConfigRefused("tile", _tile_hint(view, device, blocks))
        fitting, refused = _fitting(scheme, rows)
        try:
            if not fitting:
                raise refused
            return finalists(Space(scheme, table_of(GemmParameters, fitting)), refused)[0]
        except ConfigRefused as error:
            message = f"{error}: use smaller blocks, or None"
            raise ConfigRefused(error.limit, message) from None
    except ConfigRefused as refusal:
        raise ConfigRefused(
            refusal.limit,
            f"{OP}: {blocks}: on {device.name}: {refusal}",
        ) from None


def _fitting(
    scheme: GemmScheme, rows: list[GemmParameters]
) -> tuple[list[GemmParameters], ConfigRefused]:
    """The candidates that fit, and what hinders the one that takes the least memory."""
    ordered = sorted(rows, key=lambda p: _memory(scheme, p), reverse=True)
    space = Space(scheme, table_of(GemmParameters, ordered))
    accepted, refused = space.fitting(range(len(ordered)))
    fitting = [ordered[number] for number in sorted(c.order[1] for c in accepted)]
    # With room for two whole filters of an N tile nothing else is faster.
    doubled = {_cut(p) for p in fitting if p.resident and p.filter_buffers == 2}
    best = [p for p in fitting if (p.resident and p.filter_buffers == 2) or _cut(p) not in doubled]
    return best, refused or ConfigRefused("tile", "tile: none fits")


def _cut(p: GemmParameters) -> tuple[int, ...]:
    return p.tile_n, p.tile_k, p.tile_h, p.tile_w, p.pixel_repeats


def _memory(scheme: GemmScheme, p: GemmParameters) -> int:
    view, s = scheme.view, scheme.sizes(p)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    a, b = 2 * s.l1.input * size, p.filter_buffers * s.l1.filter * size
    return a + b + s.tile.pixels * p.tile_n * (2 * out + 4)


def _channels(view: GemmView, device: Device) -> list[int]:
    _, s, t = device.arch.matmul[view.dtype]
    return [d for d in divisors(view.n) if d % max(s, t) == 0]


def _depths(view: GemmView, device: Device) -> list[int]:
    return [d for d in divisors(view.run) if d % device.arch.matmul[view.dtype][1] == 0]


def _check(view: GemmView, device: Device, blocks: Blocks) -> None:
    """Raise ConfigRefused for a block that no mapping of the problem has."""
    for name, limit, value, known in (
        ("block_n", "channels", blocks.n, _channels(view, device)),
        ("block_k", "K chunk", blocks.k, _depths(view, device)),
    ):
        if value is not None and value not in known:
            raise ConfigRefused(
                limit, f"{limit}: {name} is one of {', '.join(map(str, known))} here, or None"
            )
    rows, columns = view.grid
    if blocks.tile is not None and (blocks.tile[0] > rows or blocks.tile[1] > columns):
        raise ConfigRefused(
            "tile", f"tile: the output's pixels lie as {rows}x{columns}: cut it from them"
        )


def _tile_hint(view: GemmView, device: Device, blocks: Blocks) -> str:
    """Why there is no tile of so many pixels."""
    r = device.arch.matmul[view.dtype][0]
    rows, columns = view.grid
    extent = f"{blocks.tile[0]}x{blocks.tile[1]}" if blocks.tile else f"{rows}x{columns}"
    count = f"{blocks.m} pixels" if blocks.m is not None else "whole blocks"
    return (
        f"tile: {count} cannot be cut from {extent}: a tile is whole blocks of {r} pixels, or None"
    )


def _list_known(scheme: GemmScheme) -> Iterator[GemmParameters]:
    """Those worth checking where nothing is given."""
    space = Space(scheme, candidates(scheme))
    return map(space.parameters, range(len(space)))


def _shapes(scheme: GemmScheme, blocks: Blocks) -> Iterator[tuple[int, int, int]]:
    """(rows, columns, repeats) of the tiles that have the pixels wanted, repeated only if need be."""
    r, (rows, columns) = scheme.rst[0], scheme.view.grid
    if blocks.m is None:
        if blocks.tile is None:
            yield from dict.fromkeys(
                (p.tile_h, p.tile_w, p.pixel_repeats) for p in _list_known(scheme)
            )
            return
        pixels = blocks.tile[0] * blocks.tile[1]
        yield *blocks.tile, next(rep for rep in range(1, r + 1) if pixels * rep % r == 0)
        return
    if blocks.m % r:
        return
    by_repeats: dict[int, list[tuple[int, int, int]]] = {}
    shapes = (
        [blocks.tile]
        if blocks.tile is not None
        else [(th, tw) for th in range(1, rows + 1) for tw in range(1, columns + 1)]
    )
    for th, tw in shapes:
        if blocks.m % (th * tw) == 0:
            rep = blocks.m // (th * tw)
            by_repeats.setdefault(rep, []).append((th, tw, rep))
    yield from by_repeats[min(by_repeats)] if by_repeats else ()


def _parameters(scheme: GemmScheme, blocks: Blocks) -> Iterator[GemmParameters]:
    """Those of every mapping with the blocks that are given, fitting or not."""
    known = list(_list_known(scheme)) if None in (blocks.n, blocks.k) else []
    ns = [blocks.n] if blocks.n is not None else sorted({p.tile_n for p in known})
    depths = [blocks.k] if blocks.k is not None else sorted({p.tile_k for p in known})
    for th, tw, repeats in _shapes(scheme, blocks):
        for n in ns:
            for k in depths:
                for resident, depth in BUFFERINGS:
                    if blocks.resident in (None, resident):
                        yield GemmParameters(
                            tile_n=n, tile_k=k, resident=resident, filter_buffers=depth,
                            tile_h=th, tile_w=tw, pixel_repeats=repeats,
                        )  # fmt: skip
