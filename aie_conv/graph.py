"""What the parts of a function's program read and write of each other: the graph that regions are cut from.

Values are numbers: two operations name the same one where one reads what the other writes, reshaped or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Base:
    """What a dispatch's result starts from, where it writes but a slice of it.

    Attributes:
        value: the value's number.
        fill: the one number that all of its elements are, at every call; None where it is anything else.
        undefined: whether nothing was ever written there.
    """

    value: int
    fill: int | float | None
    undefined: bool = False


@dataclass(frozen=True)
class Node:
    """An operation of the program.

    Attributes:
        name: the dispatch's; "" for everything else (what leaves the function, calls, moves of data).
        reads: the values that it reads.
        writes: the values that it writes.
        operands: of a dispatch that a route may take, the value of each operand that is no constant.
        base: what its result starts from; None where it writes all of it.
        refusal: of a dispatch that no route takes, why.
    """

    name: str
    reads: frozenset[int]
    writes: tuple[int, ...]
    operands: Mapping[str, int] = field(default_factory=dict[str, int])
    base: Base | None = None
    refusal: str = ""


@dataclass(frozen=True)
class DispatchGraph:
    """The operations of one block of a function, in program order."""

    nodes: tuple[Node, ...]
