"""The device IR in memory: types, values, operations, blocks.

A module is an :class:`Op` named "module". Generators build it (:mod:`aie_conv.ir.builder`), text becomes it
(:mod:`aie_conv.ir.text`), and simulator and verifier walk it. What each operation looks like, as text and
in its types, stands in :mod:`aie_conv.ir.dialects`. Element counts and strides are in elements, bit widths
in bits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any, NoReturn

from aie_conv.errors import VerifyError
from aie_conv.lazy import cached_property

ENDLESS = 2**63 - 1
"""Trip count of a core's outermost loop, as mlir-aie's own designs write "for ever"."""

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


DYNAMIC = -(2**63)
"""What stands among numbers of the text for one that is an operand, or known when the program runs."""


@dataclass(frozen=True)
class Type:
    """A type of the subset: a scalar, vector, memref or object FIFO.

    Attributes:
        kind: "scalar", "vector", "memref", "fifo", "subview" or "none".
        elem: element type by its MLIR name.
        shape: () for scalars.
        strides, offset: of a memref in elements; None strides mean row-major, an offset of
            :data:`DYNAMIC` is known when the program runs.
        space: memory space of a memref.
    """

    kind: str
    elem: str
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] | None = None
    offset: int = 0
    space: int = 0

    @cached_property
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

    @cached_property
    def text(self) -> str:
        """The type as MLIR writes it."""
        dims = "".join(f"{size}x" for size in self.shape)
        if self.kind == "scalar":
            return self.elem
        if self.kind in ("fifo", "subview"):
            name = "objectfifo" + ("subview" if self.kind == "subview" else "")
            return f"!aie.{name}<memref<{dims}{self.elem}>>"
        layout = ""
        if self.strides is not None:
            offset = "?" if self.offset == DYNAMIC else self.offset
            begins = f", offset: {offset}" if offset else ""
            layout = f", strided<[{', '.join(map(str, self.strides))}]{begins}>"
        space = f", {self.space}" if self.space else ""
        return f"{self.kind}<{dims}{self.elem}{layout}{space}>"

    def __str__(self) -> str:
        return self.text


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


def refuse(op: Op, why: str) -> NoReturn:
    """Refuse an operation, by its line where it comes from text.

    Raises:
        VerifyError: always.
    """
    where = f"line {op.line}: " if op.line else ""
    raise VerifyError(f"{where}{op.name}: {why}")


def walk(op: Op) -> Iterator[Op]:
    """The operations inside of ``op``, each in front of what it holds."""
    for block in op.blocks:
        for inner in block.ops:
            yield inner
            yield from walk(inner)


def clone(op: Op, values: dict[Value, Value]) -> Op:
    """A copy of an operation and of what it holds.

    Args:
        op: what to copy.
        values: what stands for values from around it; those inside are added.
    """

    def renewed(old: list[Value]) -> list[Value]:
        new = [Value(value.type, value.name) for value in old]
        values.update(zip(old, new, strict=True))
        return new

    operands = [values.get(value, value) for value in op.operands]
    blocks = [
        Block(renewed(block.args), [clone(inner, values) for inner in block.ops])
        for block in op.blocks
    ]
    return Op(op.name, op.line, operands, renewed(op.results), dict(op.attrs), blocks)


NONE = Type("none", "none")
INDEX = Type("scalar", "index")


@cache
def scalar(elem: str) -> Type:
    """A scalar type by its MLIR name."""
    return INDEX if elem == "index" else Type("scalar", elem)


@cache
def vector(elem: str, *shape: int) -> Type:
    """``vector<shape x elem>``."""
    return Type("vector", elem, shape)


@cache
def memref(elem: str, *shape: int, space: int = 0) -> Type:
    """``memref<shape x elem>``, row-major."""
    return Type("memref", elem, shape, space=space)


@cache
def subview(elem: str, *shape: int) -> Type:
    """What is acquired of an object FIFO whose objects are ``memref<shape x elem>``."""
    return Type("subview", elem, shape)


@cache
def fifo(elem: str, *shape: int) -> Type:
    """An object FIFO of ``memref<shape x elem>``."""
    return Type("fifo", elem, shape)


_SHAPED = re.compile(r"(memref|vector|tensor)<((?:\d+x)*)([a-z]\w*)\s*(?:,\s*(.*))?>$", re.S)
_STRIDED = re.compile(r"strided<\[([^\]]*)\](?:,\s*offset:\s*(\d+|\?))?>\s*(?:,(.*))?$")
_SPACE = re.compile(r"\s*(\d+)(?:\s*:\s*\w+)?\s*$")


@cache
def parse_type(text: str) -> Type:
    """The type that ``text`` names.

    Raises:
        VerifyError: a type outside the subset.
    """
    if text in ELEMENT_BITS:
        return scalar(text)
    if text.startswith("!aie.objectfifo"):
        make = subview if text.startswith("!aie.objectfifosubview<") else fifo
        inner = parse_type(text[text.index("<") + 1 : -1].strip())
        return make(inner.elem, *inner.shape)
    match = _SHAPED.match(text)
    if not match or match[3] not in ELEMENT_BITS:
        raise VerifyError(
            f"simulator: type {text} is not in its subset: use static scalars, vectors and memrefs"
        )
    shape = tuple(int(size) for size in match[2].split("x") if size)
    if match[1] == "memref":
        return _memref(match[3], shape, match[4] or "")
    return vector(match[3], *shape) if match[1] == "vector" else Type(match[1], match[3], shape)


def _memref(elem: str, shape: tuple[int, ...], rest: str) -> Type:
    """A memref with what stands behind its element type: a layout, a memory space, both or nothing."""
    strided = _STRIDED.match(rest)
    where = _SPACE.match((strided[3] or "") if strided else rest)
    space = int(where[1]) if where else 0
    if not strided:
        return memref(elem, *shape, space=space) if space else memref(elem, *shape)
    strides = tuple(int(step) for step in strided[1].split(",") if step.strip())
    offset = DYNAMIC if strided[2] == "?" else int(strided[2] or 0)
    return Type("memref", elem, shape, strides, offset, space)
