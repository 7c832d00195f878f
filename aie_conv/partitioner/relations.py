"""How dispatches follow from one another: which results come to which operands, and through what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from aie_conv.graph import DispatchGraph


@dataclass(frozen=True)
class Relation:
    """How one of several dispatches follows from the others, which are numbered.

    Attributes:
        barrier: the last one whose result comes to it through something else, so that no call holds both;
            -1 for none.
        sources: the number of the one that writes an operand, by the operand's name.
    """

    barrier: int = -1
    sources: Mapping[str, int] = field(default_factory=dict[str, int])


def find_relations(graphs: Sequence[DispatchGraph], names: Collection[str]) -> dict[str, Relation]:
    """How dispatches follow from one another, by their names.

    Args:
        graphs: of each block, in the order of the program.
        names: of the dispatches, which are numbered in that order.
    """
    relations: dict[str, Relation] = {}
    for graph in graphs:
        # No call holds dispatches of two blocks.
        last = len(relations) - 1
        writers: dict[int, int] = {}
        through: dict[int, int] = {}
        for node in graph.nodes:
            if node.name in names:
                barrier = max((through.get(value, last) for value in node.reads), default=last)
                sources = {n: writers[v] for n, v in node.operands.items() if v in writers}
                writers.update(dict.fromkeys(node.writes, len(relations)))
                relations[node.name] = Relation(barrier, sources)
                continue
            latest = max(
                (max(writers.get(v, last), through.get(v, last)) for v in node.reads), default=last
            )
            through.update(dict.fromkeys(node.writes, latest))
    return relations
