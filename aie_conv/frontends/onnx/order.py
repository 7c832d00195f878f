"""Nodes in the order in which they can be computed.

ONNX asks for it, onnxruntime does not, and AMD Quark writes scaled pooling behind its readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import onnx


def order_nodes(graph: onnx.GraphProto) -> None:
    """Let every node stand behind those that it reads from; nodes in order stay as they are.

    Raises:
        UsageError: a node reads what is computed from its own results.
    """
    producers = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    reads = [{producers[name] for name in _names(node) if name in producers} for node in graph.node]
    if all(other < number for number, others in enumerate(reads) for other in others):
        return
    nodes = list(graph.node)
    order = _depth_first(nodes, reads)
    del graph.node[:]
    graph.node.extend(nodes[number] for number in order)


def _depth_first(nodes: list[onnx.NodeProto], reads: list[set[int]]) -> list[int]:
    order: list[int] = []
    finished, open_ = [False] * len(nodes), [False] * len(nodes)
    for first in range(len(nodes)):
        stack = [first]
        while stack:
            number = stack[-1]
            waiting = [other for other in sorted(reads[number]) if not finished[other]]
            if any(open_[other] for other in waiting):
                node = nodes[number]
                raise UsageError(
                    f"operator {node.op_type} (node '{node.name}'): it reads what is computed from its result"
                )
            if waiting and not finished[number]:
                open_[number] = True
                stack.append(waiting[0])
                continue
            stack.pop()
            open_[number] = False
            if not finished[number]:
                finished[number] = True
                order.append(number)
    return order


def _names(node: onnx.NodeProto) -> set[str]:
    """What a node reads, in its inner graphs too."""
    names = {name for name in node.input if name}
    for attribute in node.attribute:
        for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            names |= {name for each in inner.node for name in _names(each)}
            names |= {value.name for value in inner.output}
    return names
