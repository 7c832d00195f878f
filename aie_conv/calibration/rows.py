"""A file of measured points: one row a measurement, in the columns of benchmarks/calibration.csv."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aie_conv.errors import UsageError
from aie_conv.files import read_text

COLUMNS = (
    "source", "device", "dtype", "kind", "M", "N", "K", "cores", "tile", "measured_value", "unit",
    "notes", "conv_shape",
)  # fmt: skip
"""Columns of the file; all but kind and device may be empty or absent."""


@dataclass(frozen=True)
class Measurement:
    """One measurement, or one to be predicted.

    Attributes:
        kind: "kernel", "array", "dma" or "host".
        m, n, k: of the product (M x K by K x N); for transfers ``m`` is the number of elements.
        cores: how many worked; None if the source does not say.
        tile, notes, shape: as the source puts it.
        measured: the measured value; None where there is none.
        unit: of the value: cycles, cycles/call, MAC/cycle/core, us, ms, GFLOPS, TOPS, GB/s …
    """

    source: str
    device: str
    dtype: str
    kind: str
    m: int | None
    n: int | None
    k: int | None
    cores: int | None
    tile: str
    measured: float | None
    unit: str
    notes: str
    shape: str

    @property
    def text(self) -> str:
        """Everything the source says in words, lower case."""
        return " ".join((self.source, self.device, self.tile, self.notes)).lower()

    @property
    def dims(self) -> tuple[int, int, int] | None:
        """(M, K, N) if all are given."""
        if self.m is None or self.n is None or self.k is None:
            return None
        return self.m, self.k, self.n

    @property
    def operands(self) -> tuple[str, str]:
        """Element types of what is multiplied and of what comes out; the same if only one is named."""
        first, _, last = self.dtype.partition("->")
        left = re.split(r"[ x*]", first, maxsplit=1)[0].strip()
        return left, (last.strip() or left).split(" ")[0]

    @property
    def has_blocks(self) -> bool:
        """Whether bf16 is multiplied by bfp16, as "bf16 x bfp16"."""
        return re.match(r"bf16\s*(x|\*|by)\s*bfp16", self.dtype) is not None

    @property
    def tile_dims(self) -> tuple[int, int, int] | None:
        """(m, k, n) of a core's tile, if the source names it."""
        match = re.search(r"(\d+)x(\d+)x(\d+)", self.tile)
        sides = tuple(int(side) for side in match.groups()) if match else ()
        return (sides[0], sides[1], sides[2]) if sides and all(sides) else None


def _whole(text: str) -> int | None:
    """A count; None for nothing, 0 or text."""
    digits = text.strip().lstrip("~")
    return (int(digits) or None) if digits.isascii() and digits.isdigit() else None


def _real(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def read_rows(path: str | Path) -> list[Measurement]:
    """The rows of a file.

    Raises:
        UsageError: it cannot be read, or has no columns ``kind`` and ``device``.
    """
    text = read_text(Path(path), "file of CSV in UTF-8").removeprefix("\ufeff")
    return parse_rows(text.splitlines(), str(path))


def parse_rows(lines: Sequence[str], who: str) -> list[Measurement]:
    """The rows of a file's lines, ``who`` being its name for messages."""
    reader = csv.DictReader(lines)
    columns = reader.fieldnames or []
    missing = [name for name in ("kind", "device") if name not in columns]
    if missing:
        raise UsageError(f"{who}: no column {missing[0]}: the columns are {', '.join(COLUMNS)}")
    rows: list[Measurement] = []
    for entry in reader:
        cell = {name: (entry.get(name) or "").strip() for name in COLUMNS}
        rows.append(
            Measurement(
                cell["source"],
                cell["device"],
                cell["dtype"],
                cell["kind"],
                _whole(cell["M"]),
                _whole(cell["N"]),
                _whole(cell["K"]),
                _whole(cell["cores"]),
                cell["tile"],
                _real(cell["measured_value"]),
                cell["unit"],
                cell["notes"],
                cell["conv_shape"],
            )
        )
    return rows
