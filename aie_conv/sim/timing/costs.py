"""What the simulator's clock charges: the table's numbers for one architecture, and counts of machine
operations.

[DOC] AMD manual, [DER] derived, [EST] our estimate. One clock is assumed for cores, streams and memory
tiles; a cycle is what the trace unit counts.
"""

import math
from dataclasses import dataclass

from aie_conv.arch.machine import default_machine

SCALAR_LATENCY = {"load": 7, "mul": 2}
"""Cycles until a scalar operation's result can be used, for the size of code [llvm-aie schedule]."""

WIDE_ALU = 4
"""A 64-bit scalar operation in 32-bit ones: llvm-aie makes the carry by comparing [EST]."""

SOFT = frozenset(default_machine().soft)
"""Scalar operations without an instruction, as the table names them."""

VECTOR_ALIGNMENT = 32
"""Bytes to which a vector access is aligned (its own size, if it is shorter), or the compiler makes it
of scalar ones: no vector unit takes unaligned addresses [DOC AM020; llvm-aie, mlir-aie #2969]."""

ACC_LANES = 16
"""Lanes of one accumulator-side operation (VADD.f, VSRS, VCONV) [DOC AM020]."""


def access_pieces(size: int, element: int, alignment: int | None) -> int:
    """Scalar accesses of which the compiler makes a vector access; 0 if it stays one.

    Args:
        size, element: bytes of the vector and of one element.
        alignment: bytes that the operation promises; None promises the element's.
    """
    promised = alignment or element
    if promised >= min(VECTOR_ALIGNMENT, size):
        return 0
    return math.ceil(size / min(4, promised))


@dataclass
class OperationCost:
    """Machine operations of one operation of the IR, by the slot that does them, and its work.

    ``inner`` are cycles of a routine in software; ``macs`` is work; ``latency`` is that of a scalar
    operation, and what a scalar store keeps its port for. ``adds`` says that a multiply-accumulate
    reads its accumulator, operand ``accumulator``; ``converts`` how often the vector unit touches each
    operand before that; ``floats`` that it has the latency of floats, whatever its types; ``widens`` that
    it is a conversion that a load can do.
    """

    mac: float = 0
    mv: float = 0
    load: float = 0
    store: float = 0
    alu: float = 0
    address: float = 0
    inner: float = 0
    macs: float = 0
    latency: int = 0
    adds: bool = True
    converts: int = 0
    accumulator: int = 2
    floats: bool = False
    widens: bool = False

    def use(self, slot: str, count: float) -> None:
        """So many more operations of one slot, by its name here."""
        setattr(self, slot, getattr(self, slot) + count)

    def add(self, other: "OperationCost") -> None:
        """Add what another part of the operation does."""
        for name in ("mac", "mv", "load", "store", "alu", "address", "inner", "macs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
