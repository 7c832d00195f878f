"""Quantised models of torch's that cannot be exported, named with what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

_PACKED = (
    "torch.ao.nn.quantized",
    "torch.ao.nn.intrinsic.quantized",
    "torch.ao.nn.sparse.quantized",
)
"""Modules whose weights are packed for torch's own CPU code."""

_OBSERVING = (
    "torch.ao.quantization.observer", "torch.ao.quantization.fake_quantize",
    "torchao.quantization.pt2e.observer", "torchao.quantization.pt2e.fake_quantize",
)  # fmt: skip

INSTEAD = (
    "quantise with torchao's pt2e (prepare_pt2e, convert_pt2e), or export the float model to ONNX and"
    " quantise it with onnxruntime"
)


def refuse_quantised(model: nn.Module) -> None:
    """Raise UsageError for the first module that is quantised in torch.ao's way, or about to be."""
    for name, module in model.named_modules():
        kind = type(module)
        where = f"{name or 'the model'} is {kind.__module__.partition('.')[0]}'s {kind.__name__}"
        if _within(kind, _PACKED):
            raise UsageError(
                f"{where}, quantised by torch.ao: torch.export cannot take it: {INSTEAD}"
            )
        if _within(kind, _OBSERVING):
            raise UsageError(
                f"{where}, which still observes values: call convert (of pt2e, convert_pt2e) first"
            )


def _within(kind: type, packages: tuple[str, ...]) -> bool:
    return any(f"{kind.__module__}.".startswith(f"{package}.") for package in packages)
