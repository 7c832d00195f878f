"""Tables of candidates: a route's parameters with a column in each field."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aie_conv.mapping.mapping import Parameters

P = TypeVar("P", bound=Parameters)


def make_table(kind: type[P], columns: dict[str, Any]) -> P:
    """A table of the columns; a number stands for a column of it, what is left out for its usual value."""
    length = max((len(c) for c in columns.values() if isinstance(c, np.ndarray)), default=1)
    usual = {f.name: f.default for f in fields(kind)}
    names: dict[str, Any] = {
        name: np.broadcast_to(np.asarray(columns.get(name, usual[name])), (length,))
        for name in usual
    }
    return kind(**names)


def table_of(kind: type[P], rows: Sequence[P]) -> P:
    """A table with a row for each of some parameters."""
    names: dict[str, Any] = {
        f.name: np.array([getattr(row, f.name) for row in rows]) for f in fields(kind)
    }
    return kind(**names)


def length_of(table: Parameters) -> int:
    """Rows of a table."""
    column: Any = table.tile_n
    return len(column)


def take(table: P, rows: Any) -> P:
    """Some rows, by their numbers or a column of truths."""
    names: dict[str, Any] = {f.name: getattr(table, f.name)[rows] for f in fields(table)}
    return type(table)(**names)


def row_of(table: P, number: int) -> P:
    """One row, as numbers."""
    names: dict[str, Any] = {f.name: getattr(table, f.name)[number].item() for f in fields(table)}
    return type(table)(**names)


def joined(tables: Iterable[P]) -> P:
    """The rows of all tables."""
    first, *others = tables
    if not others:
        return first
    names: dict[str, Any] = {
        f.name: np.concatenate([getattr(table, f.name) for table in (first, *others)])
        for f in fields(first)
    }
    return type(first)(**names)


def pairs(values: Iterable[Sequence[int]], places: int = 2) -> NDArray[np.int64]:
    """Tuples of numbers as an array, which may be none."""
    return np.array(list(values), np.int64).reshape(-1, places)


def product_columns(*values: Any) -> list[Any]:
    """A column for each list of values: every combination, the last list the fastest.

    A list of tuples gives a column for each place of them.
    """
    counts = [len(each) for each in values]
    total = int(np.prod(counts)) if counts else 0
    columns: list[NDArray[Any]] = []
    inner = total
    for count, each in zip(counts, values, strict=True):
        inner = inner // count if count else 0
        numbers = np.tile(
            np.repeat(np.arange(count), inner), total // (inner * count) if inner else 0
        )
        places = np.asarray(each)
        if places.ndim == 2:
            columns += [places[numbers, place] for place in range(places.shape[1])]
        else:
            columns.append(places[numbers] if count else places[:0])
    return columns
