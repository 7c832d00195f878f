"""What IREE's library is known to die of: refused in a line before it is asked.

Each rule has a test that says when IREE has mended it (tests/sim/cli/test_known_faults.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from iree.compiler import ir

from aie_conv.bridge.tensors import owner, walk
from aie_conv.errors import UsageError

_TORCH = re.compile(r"!torch\.v?tensor<\[(?P<dims>[^\]]*)\],(?P<type>[^<>]+(?:<[^<>]*>)?)>")
_RANKED = re.compile(r"tensor<(?P<dims>(?:[\d?]+x)*)(?P<type>[^x].*)>")
_BYTES = ("si8", "ui8")


def _sizes(kind: object) -> tuple[list[str], str] | None:
    """The extents and the element type of a tensor type of torch's or MLIR's; None for another."""
    text = str(kind)
    match = _TORCH.fullmatch(text)
    if match is not None:
        return [size for size in match["dims"].split(",") if size], match["type"]
    match = _RANKED.fullmatch(text)
    if match is not None:
        return [size for size in match["dims"].split("x") if size], match["type"]
    return None


def _operands(op: ir.Operation) -> list[tuple[list[str], str]]:
    tensors = (_sizes(value.type) for value in op.operands)
    return [sizes for sizes in tensors if sizes is not None]


def _torch_convolution(op: ir.Operation) -> str | None:
    image, kernel = (_sizes(op.operands[number].type) for number in (0, 1))
    if image is None or kernel is None or "unk" in (image[1], kernel[1]):
        return "a convolution of a tensor whose shape or type is not known: give its shape and type"
    if len(image[0]) != len(kernel[0]):
        return (
            f"a convolution of {len(image[0])} dims with a filter of {len(kernel[0])}: give the input a"
            " batch dim of its own"
        )
    result = _sizes(op.results[0].type)
    if result is not None and image[1] in _BYTES and result[1] in _BYTES:
        return f"a convolution of {image[1]} whose sums are {result[1]}: let them be si32"
    groups = owner(op.operands[len(op.operands) - 1])
    if groups is not None and groups.name == "torch.constant.int":
        count = ir.IntegerAttr(groups.attributes["value"]).value
        if count < 1:
            return f"a convolution of {count} groups: give it one or more"
    return _empty_sum(op)


def _complex_padding(op: ir.Operation) -> str | None:
    if any(kind.startswith("complex") for _, kind in _operands(op)):
        return f"{op.name} pads complex numbers: pad their real and imaginary parts"
    return None


def _check_padding(op: ir.Operation) -> str | None:
    """A convolution or window of StableHLO that pads."""
    padding = str(op.attributes["padding"]) if "padding" in op.attributes else ""
    numbers = re.sub(r":.*", "", padding)
    return (_complex_padding(op) if re.search(r"[1-9]", numbers) else None) or _empty_sum(op)


def _empty_sum(op: ir.Operation) -> str | None:
    """A contraction over no elements, with a result of some."""
    results = [_sizes(value.type) for value in op.results]
    if any(sizes is None or "0" in sizes[0] for sizes in results):
        return None
    if any("0" in sizes for sizes, _ in _operands(op)):
        return f"{op.name} sums over no elements: give its operands some"
    return None


def _scatter_from_the_end(op: ir.Operation) -> str | None:
    dim = owner(op.operands[1])
    if dim is not None and dim.name == "torch.constant.int":
        count = ir.IntegerAttr(dim.attributes["value"]).value
        if count < 0:
            return f"{op.name} along dim {count}: count its dim from the start"
    return None


_CONVOLUTIONS = (
    "convolution", "_convolution", "conv1d", "conv2d", "conv3d", "conv1d.padding", "conv2d.padding",
    "conv3d.padding", "conv_transpose1d", "conv_transpose2d.input", "conv_transpose3d.input",
)  # fmt: skip
_SCATTERS = ("scatter.src", "scatter.value", "scatter_add", "scatter_reduce.two")
_PRODUCTS = ("mm", "bmm", "matmul", "linear", "addmm", "baddbmm")

_RULES: dict[str, Callable[[ir.Operation], str | None]] = {
    **{f"torch.aten.{name}": _torch_convolution for name in _CONVOLUTIONS},
    **{f"torch.aten.{name}": _empty_sum for name in _PRODUCTS},
    **{f"torch.aten.{name}": _scatter_from_the_end for name in _SCATTERS},
    "torch.aten.constant_pad_nd": _complex_padding,
    "torch.aten.pad": _complex_padding,
    "tensor.pad": _complex_padding,
    "stablehlo.pad": _complex_padding,
    "stablehlo.convolution": _check_padding,
    "stablehlo.reduce_window": _check_padding,
    "stablehlo.dot": _empty_sum,
    "stablehlo.dot_general": _empty_sum,
    "tosa.conv2d": _empty_sum,
    "tosa.conv3d": _empty_sum,
    "tosa.depthwise_conv2d": _empty_sum,
    "tosa.matmul": _empty_sum,
}
_LINALG = re.compile(
    r"linalg\.(?:\w*conv\w*|pooling\w*|\w*matmul\w*|\w*matvec|\w*vecmat|dot|contract)"
)

_ESCAPED = re.compile(rb'"[^"\\]*\\(?:[^"\\]|\\.)*"')
_ESCAPE = re.compile(rb"\\(?:([0-9A-F]{2})|.)")


def refuse_known_faults(module: ir.Operation, name: str) -> None:
    """Raise UsageError for a module that IREE's library would die of, or that holds nothing.

    Args:
        module: as it was parsed.
        name: what messages call it.
    """
    if not any(len(block.operations) for region in module.regions for block in region.blocks):
        raise UsageError(f"{name}: nothing in it: give a module with a function")
    if not _is_text(module):
        raise UsageError(f"{name}: a name in it is no UTF-8: give it another")
    rules = dict(_RULES)
    for op in walk(module):
        kind = op.name
        if kind not in rules:
            # Most operations have no rule; which one is asked once for each kind.
            rules[kind] = _empty_sum if _LINALG.fullmatch(kind) else _no_rule
        why = rules[kind](op)
        if why is not None:
            raise UsageError(f"{name}: {why}: IREE's library dies of it as it is")


def _is_text(module: ir.Operation) -> bool:
    """Whether all names are UTF-8: of another IREE's Python bindings end the process, or raise."""
    asm: bytes = module.get_asm(
        binary=True, large_elements_limit=0, large_resource_limit=0, assume_verified=True
    )
    try:
        for string in _ESCAPED.findall(asm):
            _ESCAPE.sub(lambda e: bytes.fromhex((e[1] or b"").decode()), string).decode()
        asm.decode()
    except UnicodeDecodeError:
        return False
    return True


def _no_rule(op: ir.Operation) -> str | None:
    del op
    return None
