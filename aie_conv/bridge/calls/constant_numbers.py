"""The numbers of a module's constants at IREE's `flow` phase, and constants of numbers.

What copies make of them is computed in numpy (:func:`aie_conv.layout.hostcopy.apply`) when a module is
compiled: as an initialiser each kind of copy would be code that IREE compiles for the CPU, to run once.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.dispatch import initial_values
from aie_conv.bridge.graft import attribute_bytes, dense_attribute, dense_numbers
from aie_conv.bridge.tensors import owner, tensor_type
from aie_conv.layout.hostcopy import NUMPY_DTYPE

FlatNumbers = NDArray[Any]

_MOST_BYTES = 1 << 26
"""Of a tensor whose numbers are looked at: reading one takes several times its bytes."""

_WORD = re.compile(r"0x[0-9A-Fa-f]+|-?[0-9.]+(?:[eE][+-]?[0-9]+)?")
"""A float as MLIR prints it: decimal, or by its bits."""

_BYTES = re.compile(r'dense<"0x(?P<numbers>[0-9A-Fa-f]+)">')


class ConstantNumbers:
    """The numbers of constant values.

    Args:
        module: whose.
    """

    def __init__(self, module: ir.Operation) -> None:
        self._module = module

    @cached_property
    def _globals(self) -> dict[str, ir.Attribute]:
        return initial_values(self._module)

    def of(self, value: ir.Value) -> FlatNumbers | None:
        """The elements of a tensor in their order; None where they are not known before it is loaded."""
        op = owner(value)
        if op is None:
            return None
        _, dtype = tensor_type(value)
        if dtype not in NUMPY_DTYPE:
            return None
        if op.name == "util.global.load":
            name = ir.FlatSymbolRefAttr(op.attributes["global"]).value
            known = self._globals.get(name)
            return _elements(value, known) if known is not None else None
        if op.name in ("flow.tensor.constant", "arith.constant"):
            return _elements(value, op.attributes["value"])
        if op.name in ("flow.tensor.reshape", "flow.tensor.bitcast"):
            numbers = self.of(op.operands[0])
            return numbers.view(NUMPY_DTYPE[dtype]) if numbers is not None else None
        return None


def _elements(value: ir.Value, attribute: ir.Attribute) -> FlatNumbers | None:
    """The elements of a constant's attribute; None where it does not hold them."""
    shape, dtype = tensor_type(value)
    kind, count = NUMPY_DTYPE[dtype], int(np.prod(shape))
    if count * kind.itemsize > _MOST_BYTES:
        return None
    if isinstance(attribute, ir.DenseElementsAttr):
        if dtype != "bf16":
            return dense_numbers(attribute, kind).reshape(-1)
        # The bindings have no buffers of it.
        numbers = _read_printed(str(attribute), kind)
        return np.full(count, numbers[0], kind) if attribute.is_splat else numbers
    data = attribute_bytes(attribute, count * kind.itemsize)
    if data is None or len(data) != count * kind.itemsize:
        return None
    return np.frombuffer(data, kind)


def _read_printed(text: str, kind: np.dtype) -> FlatNumbers:
    """The elements of a dense constant of floats as MLIR prints it."""
    blob = _BYTES.match(text)
    if blob is not None:
        return np.frombuffer(bytes.fromhex(blob["numbers"]), kind)
    words = _WORD.findall(text.rpartition(" : ")[0])
    bits = f"u{kind.itemsize}"
    return np.array(
        [
            np.array(int(word, 16), bits).view(kind) if word.startswith("0x") else kind.type(word)
            for word in words
        ],
        kind,
    )


def dense(
    numbers: FlatNumbers, dtype: str, shape: tuple[int, ...], context: ir.Context
) -> ir.Attribute:
    """A constant tensor of numbers."""
    return dense_attribute(numbers, ir.Type.parse(dtype, context), shape)
