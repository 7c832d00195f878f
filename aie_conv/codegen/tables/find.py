"""Tables in an epilogue: chains of operations by which one byte alone decides another one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from aie_conv.arch import Arch
from aie_conv.codegen.activations import is_foreign, live_steps, steps_between
from aie_conv.codegen.step_work import step_work
from aie_conv.codegen.tables.evaluate import entries, is_chain
from aie_conv.codegen.tables.hinges import ByteHinges, fit
from aie_conv.codegen.tables.vectors import TableVectors
from aie_conv.problem import Epilogue, Step

MOST = 128
"""Hinges beyond which a table is refused: more fill a core's memories."""

_AROUND = 4
"""Operations of a table besides its hinges': bytes are doubled and picked, sums shifted."""


@dataclass(frozen=True)
class ByteTable:
    """A table in the place of operations.

    Attributes:
        source: value number of its argument.
        form: the table.
        dtype: "i8".
    """

    source: int
    form: ByteHinges
    dtype: str = "i8"

    def vectors(self, arch: Arch) -> TableVectors:
        """Its code, from bytes to bytes."""
        return TableVectors(arch, self.form)

    @property
    def sources(self) -> tuple[int, ...]:
        """The argument alone."""
        return (self.source,)

    @property
    def work(self) -> int:
        """Operations for a vector of sums: of 64 bytes."""
        return _AROUND + -(-len(self.form.terms) // 2)


@lru_cache(maxsize=512)
def byte_tables(epilogue: Epilogue, accumulator: str) -> Mapping[int, ByteTable]:
    """The tables of an epilogue, by the number of their last step.

    A chain of operations that the cores have stays as it is where that is cheaper.
    """
    first = 1 + len(epilogue.inputs)
    tables: dict[int, ByteTable] = {}
    live = live_steps(epilogue, tables)
    for number in reversed(range(len(epilogue.steps))):
        if number not in live or epilogue.steps[number].dtype != "i8":
            continue
        table = _table(epilogue, accumulator, first + number)
        if table is not None and len(table.form.terms) <= MOST:
            tables[number] = table
            live = live_steps(epilogue, tables)
    return tables


def _table(epilogue: Epilogue, accumulator: str, value: int) -> ByteTable | None:
    """The table that gives a value, of the first byte that decides it alone."""
    first = 1 + len(epilogue.inputs)
    for source in range(value):
        if epilogue.value_dtype(source, accumulator) != "i8":
            continue
        inner = steps_between(epilogue, source, value)
        if inner is None:
            continue
        steps = {first + i: epilogue.steps[i] for i in inner}
        if not _is_worth(list(steps.values())) or not is_chain(list(steps.values())):
            return None
        values = entries(steps, source, value)
        if values is None:
            return None
        table = ByteTable(source, fit(values))
        foreign = any(map(is_foreign, steps.values()))
        computed = sum(map(step_work, steps.values()))
        return table if foreign or table.work < computed else None
    return None


def cut_last(epilogue: Epilogue, accumulator: str) -> tuple[Epilogue, ByteTable | None]:
    """An epilogue up to the table that it ends with, and the table; all of it, where it ends with none."""
    first = 1 + len(epilogue.inputs)
    table = byte_tables(epilogue, accumulator).get(epilogue.result - first)
    if table is None or table.source == 0:
        return epilogue, None
    live = sorted(live_steps(replace(epilogue, result=table.source), {}))
    places = {value: value for value in range(first)}
    places |= {first + step: first + place for place, step in enumerate(live)}
    steps = tuple(
        replace(epilogue.steps[i], args=tuple(places[arg] for arg in epilogue.steps[i].args))
        for i in live
    )
    return Epilogue(epilogue.inputs, steps, places[table.source]), table


def _is_worth(steps: list[Step]) -> bool:
    """Whether operations may cost more than the cheapest table."""
    return any(map(is_foreign, steps)) or sum(map(step_work, steps)) > _AROUND
