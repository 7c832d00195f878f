"""Operations on unsigned bytes, on numbers of 16 bits with sign that hold the same.

IREE 3.13's importer reads the bytes as signed in most of them, without a word: 200 / 255 is -0.22. The
quotient of two signed bytes, rounded down, ends its process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from aie_conv.frontends.splice import Rule

_NAMES = (
    "abs", "add", "amax", "amin", "argmax", "argmin", "argsort", "bitwise_right_shift", "cat", "clamp",
    "clamp_max", "clamp_min", "cumsum", "cumprod", "div", "eq", "floor_divide", "fmod", "ge", "gt", "le",
    "lt", "max", "max_pool2d", "maximum", "mean", "min", "minimum", "mul", "ne", "neg", "pow", "prod",
    "remainder", "rsub", "sort", "square", "sub", "sum", "topk", "where", "__rshift__",
)  # fmt: skip


_DIVIDE = ("div", "floor_divide")


def rules() -> dict[Any, Rule]:
    """Operation -> what to do instead."""
    import torch

    rules: dict[Any, Rule] = {}
    for name in _NAMES:
        packet: Any = getattr(torch.ops.aten, name, None)
        for overload in packet.overloads() if packet is not None else ():
            if "out" not in overload:
                operation = getattr(packet, overload)
                bytes_ = {torch.uint8, torch.int8} if name in _DIVIDE else {torch.uint8}
                rules[operation] = _wider(operation, bytes_)
    return rules


def _wider(operation: Any, narrow_types: set[torch.dtype]) -> Rule:
    import torch
    from torch.utils import _pytree as pytree

    def call(*arguments: Any, **options: Any) -> Any:
        values = pytree.tree_leaves((arguments, options))
        types = {value.dtype for value in values if isinstance(value, torch.Tensor)}
        if not types & narrow_types:
            return NotImplemented
        # What torch's result would be, were it not wider: mixed signs, as 16 bits beside 8, give 16 bits.
        kept = torch.uint8 if torch.uint8 in types else torch.int8
        narrows = not types & {torch.int8, torch.uint8, torch.int16} - {kept}

        def widen(value: Any) -> Any:
            is_byte = isinstance(value, torch.Tensor) and value.dtype in narrow_types
            return value.to(torch.int16) if is_byte else value

        def narrow(value: Any) -> Any:
            wide = isinstance(value, torch.Tensor) and value.dtype == torch.int16
            return value.to(kept) if wide else value

        wide, named = pytree.tree_map(widen, (arguments, options))
        result = operation(*wide, **named)
        return pytree.tree_map(narrow, result) if narrows else result

    return call
