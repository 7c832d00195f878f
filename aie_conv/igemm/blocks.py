"""The tiling of an implicit GEMM whose blocks a user has given, all or some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aie_conv.arch import Device
from aie_conv.errors import ConfigRefused, UsageError
from aie_conv.igemm.geometry import OP
from aie_conv.img2col.tiling import GemmTiling, best, candidates
from aie_conv.img2col.view import GemmView
from aie_conv.mapping.search import finalists
from aie_conv.mapping.sizes import BUFFERINGS, divisors
from aie_conv.mapping.streams import count_tasks


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
        given = {
            "block_m": self.m,
            "block_n": self.n,
            "block_k": self.k,
            "tile": self.tile and f"{self.tile[0]}x{self.tile[1]}",
            "resident": self.resident,
        }
        return ", ".join(f"{name}={value}" for name, value in given.items() if value is not None)

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


def tiling_of(view: GemmView, device: Device, blocks: Blocks) -> tuple[GemmTiling, int]:
    """The best tiling with the blocks, and its predicted cycles.

    Raises:
        ConfigRefused: none with these blocks fits; names the limit, and what would do.
    """
    if blocks == Blocks():
        return best(view, device)[0]
    try:
        _check(view, device, blocks)
        tilings = list(_tilings(view, device, blocks))
        if not tilings:
            raise ConfigRefused("tile", _tile_hint(view, device, blocks))
        fitting, refused = _fitting(tilings)
        try:
            return finalists(fitting, refused, count_tasks)[0]
        except ConfigRefused as error:
            message = f"{error}: use smaller blocks, or None"
            raise ConfigRefused(error.limit, message) from None
    except ConfigRefused as refusal:
        raise ConfigRefused(
            refusal.limit,
            f"{OP}: {blocks}: on {device.name}: {refusal}",
        ) from None


def _fitting(tilings: list[GemmTiling]) -> tuple[list[GemmTiling], ConfigRefused]:
    """The tilings that fit, and what hinders the one that takes the least memory: it is lacking for good."""
    fitting: list[GemmTiling] = []
    refused = ConfigRefused("tile", "tile: none fits")
    for tiling in sorted(tilings, key=_memory, reverse=True):
        try:
            tiling.check()
        except ConfigRefused as error:
            refused = error
        else:
            fitting.append(tiling)
    # With room for two whole slices nothing else is faster.
    whole = {_cut(t) for t in fitting if t.resident and t.b_depth == 2}
    best = [t for t in fitting if (t.resident and t.b_depth == 2) or _cut(t) not in whole]
    return best, refused


def _cut(tiling: GemmTiling) -> tuple[int, ...]:
    return tiling.n, tiling.kc, tiling.th, tiling.tw, tiling.rep


def _memory(tiling: GemmTiling) -> int:
    a = 2 * tiling.a_elements * tiling.size
    b = tiling.b_depth * tiling.b_elements * tiling.size
    return a + b + tiling.pixels * tiling.n * (2 * tiling.out_size + 4)


def _channels(view: GemmView, device: Device) -> list[int]:
    _, s, t = device.arch.matmul[view.dtype]
    return [d for d in divisors(view.n) if d % max(s, t) == 0]


def _depths(view: GemmView, device: Device) -> list[int]:
    return [d for d in divisors(view.run) if d % device.arch.matmul[view.dtype][1] == 0]


def _grid(view: GemmView) -> tuple[int, int]:
    """Output pixels that lie behind one another as rows and columns."""
    rows, columns = (1, *(loop.size for loop in view.m))[-2:]
    return rows, columns


def _check(view: GemmView, device: Device, blocks: Blocks) -> None:
    """Raise ConfigRefused for a block that no tiling of the problem has."""
    for name, limit, value, known in (
        ("block_n", "channels", blocks.n, _channels(view, device)),
        ("block_k", "K chunk", blocks.k, _depths(view, device)),
    ):
        if value is not None and value not in known:
            raise ConfigRefused(
                limit, f"{limit}: {name} is one of {', '.join(map(str, known))} here, or None"
            )
    rows, columns = _grid(view)
    if blocks.tile is not None and (blocks.tile[0] > rows or blocks.tile[1] > columns):
        raise ConfigRefused(
            "tile", f"tile: the output's pixels lie as {rows}x{columns}: cut it from them"
        )


def _tile_hint(view: GemmView, device: Device, blocks: Blocks) -> str:
    """Why there is no tile of so many pixels."""
    r = device.arch.matmul[view.dtype][0]
    rows, columns = _grid(view)
    at = f"{blocks.tile[0]}x{blocks.tile[1]}" if blocks.tile else f"{rows}x{columns}"
    count = f"{blocks.m} pixels" if blocks.m is not None else "whole blocks"
    return f"tile: {count} cannot be cut from {at}: a tile is whole blocks of {r} pixels, or None"


def _shapes(view: GemmView, device: Device, blocks: Blocks) -> Iterator[tuple[int, int, int]]:
    """(th, tw, rep) of the tiles that have the pixels wanted; pixels are repeated only if need be."""
    r = device.arch.matmul[view.dtype][0]
    rows, columns = _grid(view)
    if blocks.m is None:
        if blocks.tile is None:
            yield from dict.fromkeys((t.th, t.tw, t.rep) for t in candidates(view, device))
            return
        pixels = blocks.tile[0] * blocks.tile[1]
        yield *blocks.tile, next(rep for rep in range(1, r + 1) if pixels * rep % r == 0)
        return
    if blocks.m % r:
        return
    found: dict[int, list[tuple[int, int, int]]] = {}
    shapes = (
        [blocks.tile]
        if blocks.tile is not None
        else [(th, tw) for th in range(1, rows + 1) for tw in range(1, columns + 1)]
    )
    for th, tw in shapes:
        if blocks.m % (th * tw) == 0:
            rep = blocks.m // (th * tw)
            found.setdefault(rep, []).append((th, tw, rep))
    yield from found[min(found)] if found else ()


def _tilings(view: GemmView, device: Device, blocks: Blocks) -> Iterator[GemmTiling]:
    """Every tiling with the blocks that are given, fitting or not."""
    known = list(candidates(view, device)) if None in (blocks.n, blocks.k) else []
    ns = [blocks.n] if blocks.n is not None else sorted({t.n for t in known})
    depths = [blocks.k] if blocks.k is not None else sorted({t.kc for t in known})
    for th, tw, rep in _shapes(view, device, blocks):
        for n in ns:
            for kc in depths:
                for resident, b_depth in BUFFERINGS:
                    if blocks.resident in (None, resident):
                        yield GemmTiling(device, n, kc, resident, b_depth, view, th, tw, rep)
