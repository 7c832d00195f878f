"""What arith's operations compute, in numpy: for who evaluates a module's constants or its epilogues.

Integers wrap around in their type, as numpy's arrays do. Where the two evaluate on purpose otherwise, each
says so: a requantisation knows a number without a sign and what holds for NaN, constants with such numbers
are left to IREE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

BINARY: Mapping[str, Callable[..., Any]] = {
    "addi": np.add, "subi": np.subtract, "muli": np.multiply,
    "addf": np.add, "subf": np.subtract, "mulf": np.multiply, "divf": np.divide,
    "maxsi": np.maximum, "minsi": np.minimum, "maximumf": np.maximum, "minimumf": np.minimum,
    "shrsi": np.right_shift, "shli": np.left_shift,
}  # fmt: skip
"""By name without "arith.": operations on two numbers that rise or fall, all the way, in each of them."""

ORDERS: Mapping[str, Callable[..., Any]] = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip
"""By a predicate without its "s" or "o": of integers with a sign, of floats that are ordered."""
