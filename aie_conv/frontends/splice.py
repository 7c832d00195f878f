"""A node of a graph in other operations: what a Python function of tensors does, traced in its place."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch.fx import GraphModule, Node

Rule = Callable[..., Any]
"""What to do instead of an operation: a function of the same arguments. It gives NotImplemented, before
it computes anything, where the operation may stay."""


class _Stays(Exception):
    """A rule that has nothing to say about a node."""


def rewrite(graph_module: GraphModule, rules: dict[Any, list[Rule]]) -> int:
    """Apply rules until none applies; how many nodes have changed.

    What a rule's function is made of is looked at again, so that one may leave work to others.
    """
    count = 0
    waiting = [node for node in graph_module.graph.nodes if node.target in rules]
    while waiting:
        node = waiting.pop()
        for rule in rules[node.target]:
            fresh = replace(graph_module, node, rule)
            if fresh is not None:
                count += 1
                waiting += [other for other in fresh if other.target in rules]
                break
    graph_module.graph.eliminate_dead_code()
    return count


def replace(graph_module: GraphModule, node: Node, rule: Rule) -> list[Node] | None:
    """Put what a rule does in a node's place; the new nodes, or None where it stays."""
    from torch.fx import Node

    traced = _trace(node, rule)
    if traced is None:
        return None
    graph = graph_module.graph
    inputs = [n for n in traced.graph.nodes if n.op == "placeholder"]
    copies: dict[Any, Any] = dict(zip(inputs, node.all_input_nodes, strict=True))
    results: Any = None
    with graph.inserting_before(node):
        for inner in traced.graph.nodes:
            if inner.op == "output":
                results = inner.args[0]
            elif isinstance(inner.target, type):
                # torch's own kind of named tuple around several results
                values: Any = inner.args[0] if len(inner.args) == 1 else inner.args
                copies[inner] = [copies[value] for value in values]
            elif inner.op != "placeholder":
                copy = graph.node_copy(inner, lambda other: copies[other])
                if "stack_trace" in node.meta:
                    copy.meta["stack_trace"] = node.meta["stack_trace"]
                copies[inner] = copy
    several = isinstance(results, Sequence)
    _use(node, [copies.get(r) for r in results] if several else copies[results])
    graph.erase_node(node)
    fresh = [
        copies[inner] for inner in traced.graph.nodes if inner.op not in ("placeholder", "output")
    ]
    return [copy for copy in fresh if isinstance(copy, Node)]


def _use(node: Node, results: Any) -> None:
    """Let the users of a node read its replacement: one value, or several behind `getitem`."""
    if not isinstance(results, list):
        node.replace_all_uses_with(results)
        return
    for user in list(node.users):
        if user.target is not operator.getitem:
            raise TypeError(f"{node}: {user} reads all of its results at once")
        user.replace_all_uses_with(results[cast("int", user.args[1])])
        node.graph.erase_node(user)


def _trace(node: Node, rule: Rule) -> GraphModule | None:
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch._subclasses.functional_tensor import dispatch_functionalize
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.node import map_arg

    nodes = node.all_input_nodes
    values: list[Any] = [other.meta["val"] for other in nodes]

    def call(*tensors: Any) -> Any:
        known = dict(zip(nodes, tensors, strict=True))
        arguments: Any = map_arg(node.args, lambda other: known[other])
        options: Any = map_arg(node.kwargs, lambda other: known[other])
        result = rule(*arguments, **options)
        if result is NotImplemented:
            raise _Stays
        return result

    modes = [getattr(value, "fake_mode", None) for value in values]
    mode = next((mode for mode in modes if mode is not None), FakeTensorMode())
    try:
        with mode, warnings.catch_warnings():
            # torch says what is slow on its own CPU.
            warnings.simplefilter("ignore")
            traced = make_fx(call)(*values)
            if any(_is_mutable(inner) for inner in traced.graph.nodes):
                traced = make_fx(dispatch_functionalize(call))(*values)
    except _Stays:
        return None
    # What torch calls a decomposition may be the operation itself: without this it is replaced for ever.
    return None if _is_same(traced, node) else traced


def _is_mutable(node: Node) -> bool:
    """Whether a node changes one of its operands in place, as torch's ways of recurrent layers do."""
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable


def _is_same(traced: GraphModule, node: Node) -> bool:
    """Whether all that a rule does is what the node does."""
    from torch.fx.node import map_arg

    calls = [inner for inner in traced.graph.nodes if inner.op == "call_function"]
    if [inner.target for inner in calls] != [node.target]:
        return False
    inputs = [inner for inner in traced.graph.nodes if inner.op == "placeholder"]
    nodes = dict(zip(inputs, node.all_input_nodes, strict=True))
    arguments: Any = map_arg(
        (calls[0].args, calls[0].kwargs), lambda inner: nodes.get(inner, inner)
    )
    return bool(arguments == (node.args, node.kwargs))
