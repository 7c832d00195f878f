"""Batch norms with known statistics: into the convolution before them, or one product and one sum.

On the exported graph every use of a value is visible. A norm goes into its convolution where nothing else
reads the convolution's result or its filter, the filter is a float constant (quantised filters are computed
ones) and the folded values are ordinary numbers. Everywhere else it becomes ``x * scale + shift``, as torch
computes it.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from aie_conv.frontends.splice import replace

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.fx import GraphModule, Node

LARGEST = 2.0**24
"""Folding is left where a channel is scaled by more than this, or by less than its inverse: products that
stayed within f32 might not."""


@dataclass(frozen=True)
class _Norm:
    """y = x * scale + shift, a channel each, in f64."""

    x: Node
    scale: Tensor
    shift: Tensor


def fold_batch_norms(graph_module: GraphModule) -> None:
    """Rewrite the batch norms of a frozen graph whose convolutions have their one form, in place."""
    for node in list(graph_module.graph.nodes):
        norm = _read(graph_module, node)
        if norm is None:
            continue
        if not _fold(graph_module, node, norm):
            _scale(graph_module, node, norm)
    graph_module.graph.eliminate_dead_code()


def _read(graph_module: GraphModule, node: Node) -> _Norm | None:
    """The constants of a batch norm that uses known statistics; None for anything else."""
    import torch

    aten = torch.ops.aten
    if node.target is aten.batch_norm.default:
        training, eps = node.args[5], node.args[7]
    elif node.target is aten._native_batch_norm_legit_no_training.default:
        training, eps = False, node.args[6]
        if any(user.target is not operator.getitem or user.args[1] for user in node.users):
            return None
    else:
        return None
    values = [constant(graph_module, argument) for argument in node.args[1:5]]
    weight, bias, mean, variance = values
    unknown = any(v is None and a is not None for v, a in zip(values, node.args[1:5], strict=True))
    if training or unknown or mean is None or variance is None:
        return None
    scale = (variance.double() + cast("float", eps)).rsqrt()
    scale = scale if weight is None else scale * weight.double()
    shift = -mean.double() * scale
    return _Norm(
        cast("Node", node.args[0]), scale, shift if bias is None else shift + bias.double()
    )


def constant(graph_module: GraphModule, argument: Any) -> Tensor | None:
    """The tensor that an argument stands for, where it is a constant of the graph."""
    from torch.fx import Node

    if not isinstance(argument, Node) or argument.op != "get_attr":
        return None
    return cast("Tensor", getattr(graph_module, str(argument.target))).detach().cpu()


def _fold(graph_module: GraphModule, node: Node, norm: _Norm) -> bool:
    """Put the norm into the convolution that it alone reads; whether that was possible."""
    import torch

    convolution = norm.x
    if convolution.target is not torch.ops.aten.convolution.default or len(convolution.users) != 1:
        return False
    weight = constant(graph_module, convolution.args[1])
    bias = constant(graph_module, convolution.args[2])
    if weight is None or (bias is None and convolution.args[2] is not None):
        return False
    readers = [
        n for n in graph_module.graph.nodes
        if n.op == "get_attr" and n.target == cast("Node", convolution.args[1]).target
    ]  # fmt: skip
    if not weight.is_floating_point() or sum(len(reader.users) for reader in readers) != 1:
        return False
    transposed, groups = cast("bool", convolution.args[6]), cast("int", convolution.args[8])
    filters = _scaled(weight, norm.scale, groups if transposed else 0)
    offsets = norm.shift if bias is None else norm.shift + bias.double() * norm.scale
    folded, added = filters.to(weight.dtype), offsets.to(weight.dtype)
    if not _ordinary(norm.scale, filters, folded, added):
        return False
    with graph_module.graph.inserting_before(convolution):
        nodes = [_add(graph_module, node, value) for value in (folded, added)]
    convolution.args = (convolution.args[0], *nodes, *convolution.args[3:])
    _replace(node, convolution)
    return True


def _scaled(weight: Tensor, scale: Tensor, groups: int) -> Tensor:
    """The filter times the scale of each output channel; groups are 0 for one that is not transposed."""
    wide = weight.double()
    taps = [1] * (weight.dim() - 2)
    if not groups:
        return wide * scale.reshape(-1, 1, *taps)
    inputs, outputs = weight.shape[0] // groups, weight.shape[1]
    parted = wide.reshape(groups, inputs, outputs, *weight.shape[2:])
    return (parted * scale.reshape(groups, 1, outputs, *taps)).reshape(weight.shape)


def _ordinary(scale: Tensor, filters: Tensor, folded: Tensor, added: Tensor) -> bool:
    """Whether rounding to the filter's type makes nothing infinite and loses nothing."""
    size = scale.abs()
    within = bool(((size <= LARGEST) & ((size >= 1 / LARGEST) | (size == 0))).all())
    finite = bool(folded.isfinite().all() and added.isfinite().all())
    return within and finite and not bool(((filters != 0) & (folded == 0)).any())


def _scale(graph_module: GraphModule, node: Node, norm: _Norm) -> None:
    """Compute the norm as one product and one sum, in f32 or f64 as torch does."""
    import torch

    value: Tensor = norm.x.meta["val"]
    kind = torch.float64 if value.dtype == torch.float64 else torch.float32
    shape = [1, -1, *[1] * (value.dim() - 2)]
    with graph_module.graph.inserting_before(node):
        scale, shift = (
            _add(graph_module, node, constant.to(kind).reshape(shape))
            for constant in (norm.scale, norm.shift)
        )
        product = graph_module.graph.call_function(_affine, (norm.x, scale, shift))
    product.meta = {
        "val": _result(node).meta["val"],
        "stack_trace": node.meta.get("stack_trace", ""),
    }
    _replace(node, product)
    replace(graph_module, product, _affine)


def _affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return (x.to(scale.dtype) * scale + shift).to(x.dtype)


def _result(node: Node) -> Node:
    """A norm's result: the node itself, or the first of several."""
    first = [user for user in node.users if user.target is operator.getitem]
    return first[0] if isinstance(node.meta.get("val"), tuple | list) and first else node


def _replace(node: Node, other: Node) -> None:
    several = isinstance(node.meta.get("val"), tuple | list)
    for user in list(node.users) if several else []:
        user.replace_all_uses_with(other)
        node.graph.erase_node(user)
    if not several:
        node.replace_all_uses_with(other)
    node.graph.erase_node(node)


def _add(graph_module: GraphModule, like: Node, value: torch.Tensor) -> Node:
    """A constant of the graph, where the next node goes."""
    number = sum(1 for name, _ in graph_module.named_buffers() if name.startswith("_folded"))
    name = f"_folded{number}"
    graph_module.register_buffer(name, value)
    node = graph_module.graph.get_attr(name)
    mode = cast("Node", like.args[0]).meta["val"].fake_mode
    node.meta = {"val": mode.from_tensor(value, static_shapes=True)}
    return node
