"""A graph as the rewrites see it: types and constants by name, and new nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

Array = NDArray[Any]


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python's values; strings are ``str``."""
    from onnx import helper

    values = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {
        name: v.decode(errors="replace") if isinstance(v, bytes) else v
        for name, v in values.items()
    }


def changed(
    node: onnx.NodeProto, inputs: Sequence[str] | None = None, **values: Any
) -> onnx.NodeProto:
    """A copy of a node with other attributes (None takes one away), and other inputs if there are any."""
    from onnx import NodeProto, helper

    copy = NodeProto()
    copy.CopyFrom(node)
    kept = [each for each in node.attribute if each.name not in values]
    del copy.attribute[:]
    copy.attribute.extend(kept)
    copy.attribute.extend(
        helper.make_attribute(name, value) for name, value in values.items() if value is not None
    )
    if inputs is not None:
        del copy.input[:]
        copy.input.extend(inputs)
    return copy


def opset_of(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators that a model uses; 1 where it does not say."""
    return next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 1)


def graphs_inside(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """The branches of an If, the body of a loop; empty for other nodes."""
    return [each.g for each in node.attribute if each.HasField("g")]


def defined(graph: onnx.GraphProto) -> set[str]:
    """The names of a graph's own values, which hide those of the graphs around it."""
    names = {value.name for value in [*graph.input, *graph.initializer]}
    return names.union(*(node.output for node in graph.node))


def _mentioned(graph: onnx.GraphProto) -> set[str]:
    """Every name in a graph and in those inside it."""
    values = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
    names = {value.name for value in values}
    for node in graph.node:
        names.update(node.input, node.output, *map(_mentioned, graphs_inside(node)))
    return names


_NUMBERS = {
    "value_int": np.int64,
    "value_ints": np.int64,
    "value_float": np.float32,
    "value_floats": np.float32,
}
"""Attributes of a Constant in which its numbers may stand, and the types that they have there."""


def _tensor(node: onnx.NodeProto) -> onnx.TensorProto | None:
    """The tensor of a Constant; None for another node, and for one of strings or one that is sparse."""
    from onnx import numpy_helper

    if node.op_type != "Constant" or node.domain not in ("", "ai.onnx"):
        return None
    for name, value in attributes(node).items():
        if name == "value":
            return value
        if name in _NUMBERS:
            return numpy_helper.from_array(np.array(value, _NUMBERS[name]), node.output[0])
    return None


class Graph:
    """The values of a graph, and nodes and constants with names of their own.

    Args:
        graph: types inferred.
        opset: the version of ONNX's own operators.
        outer: the graph in whose node it stands, as a branch of an If or the body of a loop, whose values it
            sees. New constants go to the outermost graph's initializers.
    """

    def __init__(self, graph: onnx.GraphProto, opset: int, outer: Graph | None = None) -> None:
        self._graph, self._outer, self.opset = graph, outer, opset
        self._types = {v.name: v.type for v in [*graph.value_info, *graph.output, *graph.input]}
        self._constants: dict[str, Any] = {tensor.name: tensor for tensor in graph.initializer}
        for node in graph.node:
            tensor = _tensor(node)
            if tensor is not None:
                self._constants[node.output[0]] = tensor
        self._defined = defined(graph)
        self._producers = {name: node for node in graph.node for name in node.output}
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in {*node.input, *(n for g in graphs_inside(node) for n in _mentioned(g))}:
                self._readers.setdefault(name, []).append(node)
        self._results = {value.name for value in graph.output}
        self._taken: set[str] = _mentioned(graph) if outer is None else outer._taken

    def inside(self, graph: onnx.GraphProto) -> Graph:
        """The graph of one of its nodes."""
        return Graph(graph, self.opset, self)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The sizes of a value; None where one is not known."""
        if name in self._constants:
            return tuple(self._constants[name].dims)
        kind = self._types.get(name)
        if kind is None and name not in self._defined and self._outer is not None:
            return self._outer.shape(name)
        if kind is None or not kind.tensor_type.HasField("shape"):
            return None
        dims = kind.tensor_type.shape.dim
        if any(not dim.HasField("dim_value") for dim in dims):
            return None
        return tuple(dim.dim_value for dim in dims)

    def element_type(self, name: str) -> int:
        """ONNX's number of a value's element type; 0 where it is not known."""
        if name in self._constants:
            return int(self._constants[name].data_type)
        kind = self._types.get(name)
        if kind is None and name not in self._defined and self._outer is not None:
            return self._outer.element_type(name)
        return int(kind.tensor_type.elem_type) if kind is not None else 0

    def constant(self, name: str) -> Array | None:
        """The elements of a constant; None for another value, or no name."""
        from onnx import numpy_helper

        tensor = self._constants.get(name)
        if tensor is None and name not in self._defined and self._outer is not None:
            return self._outer.constant(name)
        return None if tensor is None else np.asarray(numpy_helper.to_array(tensor))

    def producer(self, name: str) -> onnx.NodeProto | None:
        """The node of the model that gives a value; None for an input or a constant."""
        return self._producers.get(name)

    def only_reader(self, name: str) -> onnx.NodeProto | None:
        """The node of the model that alone reads a value; None where others do, or the caller."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._results else None

    def is_result(self, name: str) -> bool:
        """Whether the graph gives a value to its caller."""
        return name in self._results

    def fresh(self, hint: str) -> str:
        """A name that nothing has."""
        name, number = hint, 0
        while name in self._taken:
            number += 1
            name = f"{hint}_{number}"
        self._taken.add(name)
        return name

    def add_constant(self, array: Array | np.generic, hint: str) -> str:
        """A new constant's name."""
        from onnx import numpy_helper

        if self._outer is not None:
            return self._outer.add_constant(array, hint)
        name = self.fresh(hint)
        tensor = numpy_helper.from_array(np.asarray(array), name)
        self._graph.initializer.append(tensor)
        self._constants[name] = tensor
        return name

    def constant_node(self, name: str, array: Array | np.generic) -> onnx.NodeProto:
        """A node that gives a value, which is known to be a constant from now on."""
        from onnx import numpy_helper

        self._constants[name] = numpy_helper.from_array(np.asarray(array), name)
        return self.node("Constant", [], [name], value=self._constants[name])

    def add_integers(self, numbers: Sequence[int], hint: str) -> str:
        """A new constant's name: sizes, axes or places, as ONNX has them."""
        return self.add_constant(np.array(numbers, np.int64), hint)

    def node(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str] | str, **values: Any
    ) -> onnx.NodeProto:
        """A node of ONNX's own operators; attributes that are None are left out.

        Args:
            op: its operator.
            inputs: names of its inputs, "" for one left out.
            outputs: names of its outputs, or a hint for the name of its only one.
            values: its attributes.
        """
        from onnx import helper

        names = [self.fresh(outputs)] if isinstance(outputs, str) else list(outputs)
        attributes = {key: value for key, value in values.items() if value is not None}
        return helper.make_node(op, list(inputs), names, **attributes)
