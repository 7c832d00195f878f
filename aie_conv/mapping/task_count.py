"""How many tasks a mapping's shim channels have, and how long it takes to issue them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from aie_conv.layout.chain import Part
from aie_conv.mapping.cost import task_cycles
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.streams import (
    cut_tasks,
    in_chains,
    input_patterns,
    output_patterns,
    plain_descriptors,
    tasks_of,
)

_COUNTED = 4096
"""About how many patterns of a channel are looked at to count tasks: a large program's all take minutes."""

_MOST_COUNTED, _SAMPLED = 1 << 15, 1 << 10
"""Tasks of a channel that are looked at at most, and where a program has far more steps than are looked at
anyhow; those of 32 steps always are. So a problem's planning ends, however large it is."""


def count_tasks(mapping: Mapping) -> int:
    """About how many shim descriptors a mapping writes, from those of columns that differ.

    Of very many steps the first ones are counted.

    Raises:
        ConfigRefused: one of them cannot be expressed.
    """
    sample = _Sample.of(mapping)
    return sample.scaled(sample.chained)


def issue_cycles(mapping: Mapping, least: int = 0) -> int:
    """Cycles to issue a mapping's tasks, or ``least`` where that is more.

    Raises:
        ConfigRefused: one of them cannot be expressed.
    """
    sample, each = _Sample.of(mapping), task_cycles(mapping.device.arch)
    # Chains have no more descriptors than their tasks, and take longer to find.
    if sample.scaled(lambda tasks: sum(map(len, tasks))) * each <= least:
        return least
    return max(least, sample.scaled(sample.chained) * each)


@dataclass(frozen=True)
class _Sample:
    """A mapping's tasks, as far as they are looked at to count them.

    Attributes:
        mapping: whose.
        steps: of a core that are looked at.
        columns: inputs, filters and outputs of columns that differ, and how many there are of each.
    """

    mapping: Mapping
    steps: int
    columns: tuple[tuple[list[list[Part]], int], ...]

    @classmethod
    def of(cls, mapping: Mapping) -> Self:
        """A mapping's; raises ConfigRefused where one cannot be expressed."""
        grid = mapping.grid
        steps, shared = grid.steps, len(grid.filter_streams(0))
        each = 1 if mapping.l1.resident or shared == 1 else shared * mapping.filters.objects
        most = min(steps, max(32, _COUNTED // each))
        of_step = max(
            len(cut_tasks(mapping, patterns))
            for patterns in (input_patterns(mapping, 0, 1), output_patterns(mapping, 0, 1))
        )
        bound = _MOST_COUNTED if steps <= 4 * _COUNTED else _SAMPLED
        most = min(most, max(32, bound // max(1, of_step)))
        shims = range(max(grid.columns, grid.filter_columns))
        streams = [grid.filter_streams(c) for c in shims]
        kinds = [
            (c < grid.columns, grid.tiles_of(c), c == grid.columns - 1, len(streams[c]))
            for c in shims
        ]
        firsts = {kind: kinds.index(kind) for kind in kinds}
        columns = tuple(
            (tasks_of(mapping, column, streams[column], most), kinds.count(kind))
            for kind, column in firsts.items()
        )
        return cls(mapping, most, columns)

    def scaled(self, count: Callable[[list[list[Part]]], int]) -> int:
        """What a function counts in a column, for all columns and steps."""
        total = sum(count(tasks) * times for tasks, times in self.columns)
        return -(-total * self.mapping.grid.steps // self.steps)

    def chained(self, tasks: list[list[Part]]) -> int:
        """The descriptors of a column's tasks."""
        streams, _ = in_chains(
            tasks, self.mapping.device.arch, plain_descriptors(self.mapping, self.steps)
        )
        return sum(len(chain) for each in streams for _, chain in each)
