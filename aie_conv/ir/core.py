"""The simulator's own light view of an AIE module: types, values, operations, blocks.

These carry no verification: they are what :mod:`aie_conv.ir.reader` fills and what the rest of the
simulator walks. Element counts and strides are in elements, bit widths in bits.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any

from aie_conv.errors import VerifyError

ELEMENT_BITS: dict[str, int] = {
    "i1": 1,
    "i4": 4,
    "i8": 8,
    "si8": 8,
    "ui8": 8,
    "i16": 16,
    "i32": 32,
    "i64": 64,
    "bf16": 16,
    "f16": 16,
    "f32": 32,
    "f64": 64,
    "index": 64,
}
"""Bits of one element of each scalar type; ``index`` as the simulator computes it."""


@dataclass(frozen=True)
class Type:
    """A type of the subset: a scalar, vector, memref or object FIFO.

    Attributes:
        kind: "scalar", "vector", "memref", "fifo", "subview" or "none".
        elem: element type by its MLIR name.
        shape: () for scalars.
        strides, offset: of a memref in elements; None strides mean row-major.
    """

    kind: str
    elem: str
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] | None = None
    offset: int = 0

    @property
    def elements(self) -> int:
        """Number of elements (1 for a scalar)."""
        return prod(self.shape)

    @property
    def bits(self) -> int:
        """Bits of all elements together."""
        return self.elements * ELEMENT_BITS[self.elem]

    @property
    def bytes(self) -> int:
        """Bytes of all elements together."""
        return self.bits // 8

    @property
    def steps(self) -> tuple[int, ...]:
        """Stride of each dimension in elements."""
        if self.strides is not None:
            return self.strides
        return tuple(prod(self.shape[i + 1 :]) for i in range(len(self.shape)))

    def __str__(self) -> str:
        dims = "".join(f"{size}x" for size in self.shape)
        if self.kind == "scalar":
            return self.elem
        if self.kind in ("fifo", "subview"):
            name = "objectfifo" + ("subview" if self.kind == "subview" else "")
            return f"!aie.{name}<memref<{dims}{self.elem}>>"
        return f"{self.kind}<{dims}{self.elem}>"


@dataclass(eq=False, slots=True)
class Value:
    """An SSA value: its type and the name it has in the text (without %)."""

    type: Type
    name: str


@dataclass(eq=False, slots=True)
class Op:
    """One operation; ``attrs`` holds its attributes and properties as Python values."""

    name: str
    line: int
    operands: list[Value] = field(default_factory=list)
    results: list[Value] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Block:
    """One block: its arguments and operations."""

    args: list[Value] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)


NONE = Type("none", "none")
INDEX = Type("scalar", "index")
_SHAPED = re.compile(r"(memref|vector|tensor)<((?:\d+x)*)([a-z]\w*)\s*(?:,\s*(.*))?>$", re.S)
_STRIDED = re.compile(r"strided<\[([^\]]*)\](?:,\s*offset:\s*(\d+))?>\s*(?:,.*)?$")


@cache
def parse_type(text: str) -> Type:
    """The type that ``text`` names.

    Raises:
        VerifyError: a type outside the subset.
    """
    if text in ELEMENT_BITS:
        return Type("scalar", text)
    if text.startswith("!aie.objectfifo"):
        kind = "subview" if text.startswith("!aie.objectfifosubview<") else "fifo"
        inner = parse_type(text[text.index("<") + 1 : -1].strip())
        return Type(kind, inner.elem, inner.shape)
    match = _SHAPED.match(text)
    if not match or match[3] not in ELEMENT_BITS:
        raise VerifyError(
            f"simulator: type {text} is not in its subset: use static scalars, vectors and memrefs"
        )
    shape = tuple(int(size) for size in match[2].split("x") if size)
    if not match[4] or match[1] != "memref":
        return Type(match[1], match[3], shape)
    strided = _STRIDED.match(match[4])
    if not strided:
        return Type(match[1], match[3], shape)
    strides = tuple(int(step) for step in strided[1].split(","))
    return Type(match[1], match[3], shape, strides, int(strided[2] or 0))
