"""Which operations of a graph IREE cannot lower, each tried alone.

IREE's own message is often about a constant that an operation reads, without the operation's name.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.fx import GraphModule, Node

_TRUSTED = frozenset((
    "_softmax", "_to_copy", "abs", "adaptive_avg_pool2d", "add", "addmm", "alias", "arange",
    "avg_pool2d", "bmm", "cat", "chunk", "clone", "constant_pad_nd", "contiguous", "convolution",
    "detach", "detach_", "div", "dropout", "elu", "embedding", "eq", "erf", "exp", "expand",
    "flatten", "flip", "full", "ge", "gelu", "group_norm", "gt", "hardsigmoid", "hardswish",
    "layer_norm", "le", "leaky_relu", "linear", "log", "lt", "matmul", "max_pool2d", "mean", "mm",
    "mul", "narrow", "ne", "neg", "permute", "pow", "relu", "reshape", "rsqrt", "select", "sigmoid",
    "silu", "slice", "softmax", "split", "sqrt", "square", "squeeze", "stack", "sub", "sum", "t",
    "tanh", "to", "transpose", "unflatten", "unsqueeze", "view", "where",
))  # fmt: skip
"""Operations that are not tried: most networks are made of them, and IREE takes them as they stand here."""


def refused_operations(graph_module: GraphModule) -> set[Any]:
    """The operations that IREE's torch dialect lacks, or that it cannot lower in a form found here."""
    from aie_conv.bridge.torch_import import lowers, unknown

    nodes = [n for n in graph_module.graph.nodes if hasattr(n.target, "_schema")]
    refused = unknown({node.target for node in nodes})
    tried: set[str] = set()
    for node in nodes:
        if node.target in refused or _word(node) in _TRUSTED:
            continue
        form = _form(node)
        if form not in tried:
            tried.add(form)
            if not lowers(_alone(node)):
                refused.add(node.target)
    return refused


def _word(node: Node) -> str:
    return str(node.target).split(".")[1]


def _form(node: Node) -> str:
    """What tells two uses of an operation apart: its arguments, tensors by type and shape."""
    from torch.fx.node import map_arg

    def describe(other: Node) -> Any:
        value = other.meta["val"]
        return str((value.dtype, tuple(value.shape))) if hasattr(value, "dtype") else str(value)

    return str((node.target, map_arg(node.args, describe), map_arg(node.kwargs, describe)))


def _alone(node: Node) -> GraphModule:
    """A graph of one operation, whose inputs are the function's."""
    import torch
    from torch.fx import Graph, GraphModule

    graph = Graph()
    copies: dict[Any, Any] = {}
    for number, other in enumerate(node.all_input_nodes):
        copies[other] = graph.placeholder(f"x{number}")
        copies[other].meta = {"val": other.meta["val"]}
    copy = graph.node_copy(node, lambda other: copies[other])
    results: list[Any] = [copy]
    if isinstance(node.meta["val"], tuple | list):
        results = []
        for number, value in enumerate(node.meta["val"]):
            if isinstance(value, torch.Tensor):
                results.append(graph.call_function(operator.getitem, (copy, number)))
                results[-1].meta = {"val": value}
    graph.output(tuple(results))
    return GraphModule(torch.nn.Module(), graph)
