"""The values that the host has around a call of the NPU: one object each, told apart by identity.

A plan names its values (``Argument.name``, ``HostCopy.source`` and ``dest``). Here these names are looked up
once; behind it they are only printed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.plan import Plan


@dataclass(eq=False, frozen=True)
class HostValue:
    """A tensor on the host: an operand, what copies make, or the result. Equal to itself alone.

    Attributes:
        name: what a plan calls it, for the names of globals and for messages.
    """

    name: str


@dataclass(frozen=True)
class BoundCopy:
    """A host copy with the values that it reads and writes; the source is None for a literal."""

    copy: HostCopy
    source: HostValue | None
    dest: HostValue


@dataclass(frozen=True)
class HostProgram:
    """What the host does around a call.

    Attributes:
        operands: the dispatch's, in its order.
        prologue: copies before the call.
        inputs: what the call reads, in the order of its arguments.
        result: what it writes.
        finish: copies behind it.
        out: what these write in the end; the result itself where there are none.
    """

    operands: tuple[HostValue, ...]
    prologue: tuple[BoundCopy, ...]
    inputs: tuple[HostValue, ...]
    result: HostValue
    finish: tuple[BoundCopy, ...]
    out: HostValue

    def constants(self, operands: Collection[HostValue]) -> set[HostValue]:
        """The operands that are constant and every value that the prologue makes of nothing else.

        A value may be written before all of its sources are: two copies of a slice's halves, each behind
        what makes its own half.
        """
        known = set(operands)
        sources: dict[HostValue, set[HostValue]] = {}
        for bound in self.prologue:
            read = {bound.source} if bound.source is not None else set[HostValue]()
            sources.setdefault(bound.dest, set()).update(read)
        while new := {
            dest for dest, read in sources.items() if dest not in known and read <= known
        }:
            known |= new
        return known


class _Names:
    """The values of a plan by name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._values = {name: HostValue(name) for name in names}

    def read(self, name: str) -> HostValue:
        """The value of that name; raises KeyError where nothing makes it: the plan is broken."""
        return self._values[name]

    def bind(self, copies: Sequence[HostCopy]) -> tuple[BoundCopy, ...]:
        """The copies, each dest a value from there on."""
        bound: list[BoundCopy] = []
        for copy in copies:
            dest = self._values.setdefault(copy.dest, HostValue(copy.dest))
            bound.append(BoundCopy(copy, self.read(copy.source) if copy.source else None, dest))
        return tuple(bound)


def bind_plan(plan: Plan, operands: Sequence[str]) -> HostProgram:
    """The values of a plan for a dispatch with these operands."""
    inputs = [argument.name for argument in plan.arguments[:-1]]
    return bind(operands, plan.prologue, inputs, plan.finish)


def bind(
    operands: Sequence[str],
    prologue: Sequence[HostCopy],
    inputs: Sequence[str],
    finish: Sequence[HostCopy] = (),
) -> HostProgram:
    """Look up the names of copies and arguments.

    Args:
        operands: names of the dispatch's operands.
        prologue: copies that make inputs of them.
        inputs: names of what the call reads.
        finish: copies from "result" to "out".

    Raises:
        KeyError: a name that is neither an operand nor the dest of an earlier copy.
    """
    names = _Names([*operands, "result", "out"])
    before = names.bind(prologue)
    after = names.bind(finish)
    result = names.read("result")
    return HostProgram(
        tuple(map(names.read, operands)),
        before,
        tuple(map(names.read, inputs)),
        result,
        after,
        names.read("out") if finish else result,
    )
