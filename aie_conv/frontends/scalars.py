"""Numbers beside tensors, as torch has them: rounded to nearest in the type that is computed in.

IREE 3.13 carries a number as f64 and cuts it off when it makes f32 of it: `x * 0.1` multiplies by the f32
below the nearest one. A number that f32 holds stays what it is, so each is rounded first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch.fx import GraphModule, Node

_OTHERS = (
    "addmm", "baddbmm", "batch_norm", "constant_pad_nd", "dequantize_per_tensor", "fill", "full",
    "full_like", "group_norm", "instance_norm", "layer_norm", "masked_fill", "native_batch_norm",
    "native_group_norm", "native_layer_norm", "pad", "quantize_per_tensor", "rms_norm", "scalar_tensor",
    "scaled_dot_product_attention",
)  # fmt: skip
"""Operations that are no arithmetic of single elements, whose numbers are of their tensors' type."""


def round_scalars(graph_module: GraphModule) -> None:
    """Round the numbers of operations on f32 to f32, in place."""
    import torch

    for node in graph_module.graph.nodes:
        if node.op == "call_function" and _is_rounded(node) and _dtype(node) == torch.float32:
            node.args = tuple(_round(value) for value in node.args)
            node.kwargs = {name: _round(value) for name, value in node.kwargs.items()}


def _is_rounded(node: Node) -> bool:
    """Whether an operation takes its numbers in the type of its tensors."""
    import torch

    _, name, *_ = [*str(node.target).split("."), ""]
    return torch.Tag.pointwise in getattr(node.target, "tags", ()) or name in _OTHERS


def _dtype(node: Node) -> Any:
    """The type that an operation computes in; a comparison's is that of what it compares."""
    import torch

    tensors = [node.meta.get("val"), *(n.meta.get("val") for n in node.all_input_nodes)]
    dtypes = [t.dtype for t in tensors if isinstance(t, torch.Tensor) and t.dtype.is_floating_point]
    return dtypes[0] if dtypes else None


def _round(value: Any) -> Any:
    with np.errstate(over="ignore"):  # it is infinite then, as torch has it
        return float(np.float32(value)) if isinstance(value, float) else value
