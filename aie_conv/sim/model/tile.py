"""A tile of the array by its place."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Tile:
    """A tile by its place; row 0 is shim, row 1 memory, the others cores."""

    col: int
    row: int

    @property
    def kind(self) -> str:
        """ "shim", "mem" or "core"."""
        return ("shim", "mem")[self.row] if self.row < 2 else "core"

    def __str__(self) -> str:
        return f"{self.kind} tile ({self.col}, {self.row})"
