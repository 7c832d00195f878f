"""torch models: batch norm folded, exported, imported.

torch is imported inside the functions only, so that the rest of the package runs without it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import nn

    Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
    Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


def fold_batch_norm(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the model in which no batch norm follows a convolution of its own.

    ``bn(conv(x))`` becomes one convolution with scaled weights and a bias; parameters keep their
    names. A model that torch.fx cannot trace (control flow on data) comes back as it is.

    Raises:
        UsageError: the model is in training mode.
    """
    import torch
    from torch.fx.proxy import TraceError
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    if model.training:
        raise UsageError("fold_batch_norm: the model is in training mode: call model.eval() first")
    try:
        traced = torch.fx.symbolic_trace(copy.deepcopy(model))
    except (TraceError, TypeError):
        return model
    for node in list(traced.graph.nodes):
        pair = _folded_pair(traced, node)
        if pair is None:
            continue
        name, convolution, norm = pair
        parent, _, leaf = name.rpartition(".")
        setattr(traced.get_submodule(parent), leaf, fuse_conv_bn_eval(convolution, norm))
        node.replace_all_uses_with(cast("torch.fx.Node", node.args[0]))
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


def _folded_pair(
    traced: torch.fx.GraphModule, node: torch.fx.Node
) -> tuple[str, Convolution, Norm] | None:
    """The convolution, with its name, that this batch norm alone reads, and the norm; else None."""
    from torch import nn
    from torch.fx import Node

    before = node.args[0] if node.op == "call_module" and node.args else None
    if not isinstance(before, Node) or before.op != "call_module" or len(before.users) > 1:
        return None
    norm = traced.get_submodule(str(node.target))
    name = str(before.target)
    convolution = traced.get_submodule(name)
    shared = sum(str(other.target) == name for other in traced.graph.nodes) > 1
    if shared or not isinstance(convolution, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return None
    if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
        return None
    return name, convolution, norm


def import_model(
    model: torch.nn.Module,
    example_inputs: Sequence[torch.Tensor],
    *,
    function_name: str = "main",
) -> bytes:
    """A torch model as MLIR bytecode of the torch dialect, weights inside.

    Args:
        model: in evaluation mode; a batch norm behind a convolution is folded into it.
        example_inputs: tensors of the shapes and types that the compiled function will take.
        function_name: name of the compiled function.

    Raises:
        UsageError: the model is in training mode.
    """
    import torch

    from aie_conv.bridge.torch_import import import_program
    from aie_conv.frontends.depthwise import importable

    folded = fold_batch_norm(model)
    with torch.no_grad():
        program = torch.export.export(folded, tuple(example_inputs))
    return import_program(importable(program), function_name)
