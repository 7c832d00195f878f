"""An exported program as one graph of tensors alone: its state as constants, nothing changed in place.

The importer's own form of this erases nodes of the program that it is given; here the graph is a copy.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch.fx import GraphModule, Node

    Values = dict[str, Any]


def freeze(program: ExportedProgram) -> GraphModule:
    """A graph whose placeholders are the program's input tensors, and whose output is a tuple of its tensors.

    Parameters, buffers and constants are `get_attr` nodes on the program's own tensors. Inputs and results
    that are no tensors are left out, and so are changes of inputs and of state: outputs do not show them;
    the graph's `meta` names them ("mutates", and "changed" for :func:`check_stateless`).

    Raises:
        UsageError: the program has a dynamic dim, or takes a number that varies, or f64.
    """
    from torch.fx import Graph, GraphModule

    program = _without_changes_in_place(program)
    _check_static(program)
    graph = Graph()
    copies: dict[Node, Any] = {}
    state = _state(program)
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in state:
            copy = graph.get_attr(_attribute(node.name))
        elif node.op == "placeholder" and not _is_tensor(node):
            copies[node] = node.meta.get("val")
            continue
        elif _is_assertion(node):
            continue
        elif node.op == "output":
            graph.output(tuple(copies[result] for result in _results(program, node)))
            continue
        else:
            copy = graph.node_copy(node, lambda other: copies[other])
        copy.meta = dict(node.meta)
        copies[node] = copy
    attributes: Values = {_attribute(name): value for name, value in state.items()}
    attributes |= dict(program.graph_module.named_children())
    graph.eliminate_dead_code()
    graph_module = GraphModule(attributes, graph)
    graph_module.meta["changed"] = _find_changes(program)
    graph_module.meta["mutates"] = [
        *program.graph_signature.buffers_to_mutate.values(),
        *program.graph_signature.user_inputs_to_mutate.values(),
    ]
    return graph_module


def _attribute(name: str) -> str:
    return f"_{name}"


def _is_tensor(node: Node) -> bool:
    import torch

    return isinstance(node.meta.get("val"), torch.Tensor)


def _is_assertion(node: Node) -> bool:
    """Whether a node only checks what a graph of fixed shapes and types knows."""
    return not node.users and str(node.target).startswith("aten._assert")


def _state(program: ExportedProgram) -> Values:
    """The tensor of each placeholder that stands for a parameter, a buffer or a constant."""
    from torch.export.graph_signature import InputKind

    state: Values = {}
    for spec in program.graph_signature.input_specs:
        if spec.kind == InputKind.USER_INPUT:
            continue
        target = str(spec.target)
        source: Any = program.state_dict if target in program.state_dict else program.constants
        state[str(getattr(spec.arg, "name", target))] = source[target]
    return state


def _results(program: ExportedProgram, output: Node) -> list[Node]:
    """The nodes of the results that a user sees and that are tensors."""
    from torch.export.graph_signature import OutputKind, TensorArgument

    nodes: Sequence[Any] = output.args[0]  # pyright: ignore[reportAssignmentType]
    specs = program.graph_signature.output_specs
    return [
        node
        for node, spec in zip(nodes, specs, strict=True)
        if spec.kind == OutputKind.USER_OUTPUT and isinstance(spec.arg, TensorArgument)
    ]


def _check_static(program: ExportedProgram) -> None:
    """Refuse dynamic dims by the name of the input, and numbers that vary."""
    import torch

    for name in program.graph_signature.user_inputs:
        node = next((n for n in program.graph.nodes if n.name == name), None)
        value = None if node is None else node.meta.get("val")
        if isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool):
            raise UsageError(f"input '{name}': a number that varies: export it as a constant")
        if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
            raise UsageError(
                f"input '{name}': float64, which IREE computes in float32: convert the model with .float()"
            )
        for dim, size in enumerate(value.shape if isinstance(value, torch.Tensor) else ()):
            if type(size) is not int:
                raise UsageError(
                    f"input '{name}': its dim {dim} is dynamic ({size}): export the model with fixed sizes"
                )
    for node in program.graph.nodes:
        value = node.meta.get("val")
        shape = value.shape if isinstance(value, torch.Tensor) else ()
        if any(type(size) is not int for size in shape):
            raise UsageError(
                f"{node.target}: the size of its result depends on values: shapes must be fixed"
            )


def _find_changes(program: ExportedProgram) -> dict[str, str]:
    """The attribute of each buffer that the program changes -> the buffer's name."""
    changed = set(program.graph_signature.buffers_to_mutate.values())
    buffers = program.graph_signature.inputs_to_buffers
    return {_attribute(name): target for name, target in buffers.items() if target in changed}


def check_stateless(graph_module: GraphModule) -> None:
    """Refuse a graph that reads state which its program changes: the next call would have to see the change.

    Raises:
        UsageError: it does; with the buffer's name.
    """
    for node in graph_module.graph.nodes:
        if node.op == "get_attr" and node.target in graph_module.meta["changed"]:
            raise UsageError(
                f"buffer '{graph_module.meta['changed'][node.target]}': the model changes it and reads it"
                " again: a compiled function keeps no state: take it as an input and return it"
            )


def _without_changes_in_place(program: ExportedProgram) -> ExportedProgram:
    """The program in which every operation gives a new tensor, and stands in no graph inside of it.

    Most networks have no operation in place but activations of values that nothing else reads; those become
    their plain forms one by one, the rest is torch's own rewriting, which takes seconds. It also writes out
    what stands under autocast or no_grad, with the conversions that autocast makes, and what torch.vmap maps.
    """
    nodes = program.graph.nodes
    if all(_is_operation(n) and (_is_pure(n) or _plain_form(n) is not None) for n in nodes):
        return program
    with warnings.catch_warnings():
        # torch 2.13 uses what it deprecates itself.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return program.run_decompositions({})
        except Exception as error:
            # torch's tracing may raise anything.
            reason = next(iter(str(error).strip().splitlines()), "")
            raise UsageError(
                f"torch cannot write the model out: {type(error).__name__}: {reason}"
            ) from error


def _is_operation(node: Node) -> bool:
    """Whether a node is no call of a graph, nor of what torch does around one."""
    known = node.target is operator.getitem or hasattr(node.target, "_schema")
    return node.op != "call_function" or known


def _is_pure(node: Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return node.op != "call_function" or schema is None or not schema.is_mutable


def _plain_form(node: Node) -> Any:
    """`relu` for `relu_` and the like, where nothing else can see the change; else None."""
    import torch
    from torch.fx import Node

    name = str(node.target).split(".")
    base = node.args[0] if node.args else None
    if name[0] != "aten" or len(name) != 3 or not name[1].endswith("_"):
        return None
    if not isinstance(base, Node) or base.op != "call_function" or len(base.users) != 1:
        return None
    packet = getattr(torch.ops.aten, name[1].rstrip("_"), None)
    schema: Any = getattr(base.target, "_schema", None)
    shares = schema is None or any(result.alias_info is not None for result in schema.returns)
    return None if shares or packet is None else getattr(packet, name[2], None)


def plain_forms(graph_module: GraphModule) -> None:
    """Give each operation in place that is left its plain form."""
    for node in graph_module.graph.nodes:
        if not _is_pure(node):
            node.target = _plain_form(node)
