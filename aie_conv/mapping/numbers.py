"""Arithmetic that is written once for one candidate and for a table of them.

A formula takes numbers, or columns: numpy arrays of int64, a row a candidate, of equal length. Both are
annotated as numbers. Python's operators do for most of it; what they do not do alike is here.
"""

from collections.abc import Callable, Sequence
from math import gcd as _gcd
from typing import Any

import numpy as np


def is_column(value: Any) -> bool:
    """Whether a value is a column."""
    return isinstance(value, np.ndarray)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """``yes`` where the condition holds, ``no`` elsewhere; both are computed."""
    if is_column(condition):
        return np.where(condition, yes, no)
    return yes if condition else no


def least(*values: Any) -> Any:
    """The least of some numbers, row by row."""
    return _reduce(min, np.minimum, values)


def most(*values: Any) -> Any:
    """The greatest of some numbers, row by row."""
    return _reduce(max, np.maximum, values)


def _reduce(one: Callable[..., Any], many: Callable[[Any, Any], Any], values: Sequence[Any]) -> Any:
    if not any(map(is_column, values)):
        return one(values)
    result = values[0]
    for value in values[1:]:
        result = many(result, value)
    return result


def ceil_div(value: Any, divisor: Any) -> Any:
    """The quotient, rounded up."""
    return -(-value // divisor)


def gcd(one: Any, other: Any) -> Any:
    """The greatest common divisor."""
    return np.gcd(one, other) if is_column(one) or is_column(other) else _gcd(one, other)


def absent(condition: Any) -> Any:
    """Whether a condition does not hold."""
    return ~condition if is_column(condition) else not condition


def truncated(value: Any) -> Any:
    """A real number without its fraction."""
    return value.astype(np.int64) if is_column(value) else int(value)


def pick(values: Sequence[int], index: Any) -> Any:
    """The ``index``-th of some numbers."""
    return np.asarray(values)[index] if is_column(index) else values[index]


def each(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function of numbers, once for every distinct row of its arguments.

    Args:
        function: gives a number, or a tuple of numbers.
        arguments: numbers and columns.

    Returns:
        What the function gives, as columns where an argument is one.
    """
    length = next((len(a) for a in arguments if is_column(a)), None)
    if length is None:
        return function(*arguments)
    columns = [a.tolist() if is_column(a) else [a] * length for a in arguments]
    known: dict[tuple[Any, ...], int] = {}
    results: list[Any] = []
    places: list[int] = []
    for row in zip(*columns, strict=True):
        place = known.get(row)
        if place is None:
            place = known[row] = len(results)
            results.append(function(*row))
        places.append(place)
    index = np.array(places, np.int64)
    if results and isinstance(results[0], tuple):
        return tuple(np.array(column)[index] for column in zip(*results, strict=True))
    return np.array(results)[index] if results else np.zeros(0, np.int64)


def every(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function of numbers for every row: for those that are not likely to come twice."""
    length = next((len(a) for a in arguments if is_column(a)), None)
    if length is None:
        return function(*arguments)
    columns = [a.tolist() if is_column(a) else [a] * length for a in arguments]
    return np.array([function(*row) for row in zip(*columns, strict=True)])
