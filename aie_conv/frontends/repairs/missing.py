"""Operations that IREE 3.13's importer lacks, in those that torch itself makes of them.

Most are found by trying (:mod:`aie_conv.frontends.probe`). The ones below bring IREE's importer to an
exception of its own, or torch's usual way leads to an operation that nothing else knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from aie_conv.frontends.splice import Rule


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    aten = torch.ops.aten
    recurrent = (aten.gru.input, aten.rnn_tanh.input, aten.rnn_relu.input)
    return {
        aten.cdist.default: _distances,
        aten.lstm.input: _lstm,
        **{op: rule for op in recurrent for rule in decompositions(op)[:1]},
    }


def _distances(x: Tensor, y: Tensor, p: float = 2.0, compute_mode: int | None = None) -> Any:
    """Norms of differences; torch's own way asks a kernel of its own for them."""
    import torch

    del compute_mode
    return torch.linalg.vector_norm(x.unsqueeze(-2) - y.unsqueeze(-3), p, -1)


def _lstm(
    x: Tensor,
    state: list[Tensor],
    parameters: list[Tensor],
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    """Step by step; torch's own way takes a library's layer where it can."""
    import torch
    from torch._decomp import decompositions

    inner: Any = decompositions
    projected = state[0].size(2) != state[1].size(2)
    weights = inner.gather_params(parameters, has_biases, projected)
    pairs = list(zip(state[0], state[1], strict=True))
    result, last = inner._rnn_helper(
        x, pairs, weights, has_biases, layers, dropout, train, bidirectional, batch_first,
        inner.one_layer_lstm,
    )  # fmt: skip
    hidden, cell = zip(*last, strict=True)
    return result, torch.stack(hidden, 0), torch.stack(cell, 0)


def decompositions(operation: Any) -> list[Rule]:
    """What torch makes of an operation, in the order in which to try it."""
    import torch
    from torch._decomp import decomposition_table

    composite = torch._C.DispatchKey.CompositeImplicitAutograd  # pyright: ignore[reportPrivateUsage]
    has_kernel = getattr(operation, "has_kernel_for_dispatch_key", None)
    # Called on traced tensors, a composite operation shows what it is made of.
    forms = [operation] if has_kernel is not None and has_kernel(composite) else []
    if operation in decomposition_table:
        forms.append(decomposition_table[operation])
    return [_guard(form) for form in forms]


def _guard(simpler: Any) -> Rule:
    def decompose(*arguments: Any, **options: Any) -> Any:
        try:
            return simpler(*arguments, **options)
        except (RuntimeError, TypeError, ValueError, NotImplementedError):
            # Some of torch's take fewer forms than their operation.
            return NotImplemented

    return decompose
