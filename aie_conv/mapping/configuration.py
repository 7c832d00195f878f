"""Configurations of the array: programs that differ in their runtime sequences and parameters alone.

Changing the array's configuration takes as long as several layers of a network, so that layers share one
where their tiles and kernels are equal: loop counts are run-time parameters, and the epilogues of all of
them stand in the program.
"""

from collections.abc import Container, Hashable, Iterable, Sequence

from aie_conv.mapping.mapping import EpilogueKey, Mapping


def configuration(mapping: Mapping) -> Hashable:
    """What a mapping's program, but for its epilogue, depends on; equal for those that may share one."""
    grid, view = mapping.grid, mapping.view
    array = (grid.columns, grid.rows, grid.filter_columns, grid.filter_groups, grid.unicast)
    # Cores may keep room for per-channel operands that a mapping itself does not have.
    vectors = bool(view.vectors) or bool(mapping.l1.bias)
    types = (mapping.device.name, view.dtype, view.unit, view.problem.out.dtype, vectors)
    return (type(mapping.kernel), types, array, mapping.program.key(mapping))


def distinct_epilogues(mappings: Iterable[Mapping]) -> tuple[Mapping, ...]:
    """Mappings that stand for the different epilogues of a program; in an order that all sharers agree on.

    One that serves another stands for both.
    """
    known = {mapping.epilogue_key: mapping for mapping in mappings}
    serving = {_serving(key, known) for key in known}
    return tuple(known[key] for key in sorted(serving))


def _serving(key: EpilogueKey, known: Container[EpilogueKey]) -> EpilogueKey:
    """Of the keys of a program's epilogues the one that serves another: what it has more takes no step."""
    text, number, _ = key
    return (text, number, True) if (text, number, True) in known else key


def epilogue_number(mapping: Mapping, epilogues: Sequence[Mapping]) -> int:
    """Which of a program's epilogues a mapping wants."""
    keys = [each.epilogue_key for each in epilogues]
    return keys.index(_serving(mapping.epilogue_key, keys)) if len(keys) > 1 else 0
