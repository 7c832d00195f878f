"""Every cost the simulator's clock uses, in core cycles, with the source of each number.

[HW] measured on silicon by the named source, [DOC] AMD manual, [DER] derived, [EST] our estimate.
One clock is assumed for cores, streams and memory tiles; a cycle is what the trace unit counts.
"""

import math
from dataclasses import dataclass, fields

WORD_BYTES = 4
"""A stream carries one 32-bit word a cycle in each channel [HW: 1.000061 cycles a word, Phoenix]."""

BD_START = 4
"""Loading a buffer descriptor before its first word [xdna-emu constant bd_setup]."""

STREAM_LATENCY = 21
"""Memory tile MM2S done to core S2MM done [HW, xdna-emu relay test]."""

RELAY_LATENCY = 13
"""Memory tile S2MM done to memory tile MM2S done for a small object [HW, xdna-emu]."""

LOCK_TO_CORE = 15
"""Core S2MM done until the core holds the lock [HW, xdna-emu]."""

LOCK_OP = 2
"""One acquire or release in the core: 1 cycle and 1 of arbitration [HW 2125 -> 2129]."""

SHIM_MM2S_START = 747
"""First word of a cold shim read task [HW Phoenix fit 747 + 1.05 * words, xdna-emu]."""

SHIM_MM2S_NEXT = 325
"""Start of a queued shim read task that follows another [HW model 'per task', xdna-emu]."""

SHIM_MM2S_WORD = 1.05
"""Cycles a word of shim reads [HW Phoenix fit]."""

SHIM_S2MM_START = 171
"""Start of a shim write task [HW Phoenix fit 171 + 1.00 * words, xdna-emu]."""

SHIM_S2MM_WORD = 1.0
"""Cycles a word of shim writes [HW Phoenix fit]."""

ISSUE = 1075
"""One aiex.npu.dma_memcpy_nd in the command stream [HW 1050-1100, xdna-emu]."""

WAIT = 100
"""One aiex.npu.dma_wait whose token has come: like a 32-bit write [HW ~100, xdna-emu; EST]."""

CALL = 20
"""A call from the core's body: an empty kernel call takes 19-20 cycles [HW, ignite-xdna]."""

LOOP = 12
"""Filling and draining a pipelined loop: load latency 7 and a MAC's 5 [DER llvm-aie schedule]."""

ACC_DISTANCE = {"aie2": {"i8": 2, "bf16": 4}, "aie2p": {"i8": 2, "bf16": 3}}
"""Least distance of two MACs on one accumulator [DER llvm-aie operand cycles]."""

LOAD_BYTES = {"aie2": 32, "aie2p": 64}
"""Bytes of one vector load or store; two loads and a store a cycle [DOC AM020, AM027]."""

SCALAR_ALU = 2
"""Share of the ``alu`` count of one scalar operation on data: the alu slot alone does them, while
address arithmetic also goes to the pointer units [DOC slots, llvm-aie]."""

SCALAR_LOAD = 2
"""Share of the ``load`` count of one scalar load: one of the two load ports does them [llvm-aie]."""

PART_WORD_STORE = 7
"""Cycles a store of 8 or 16 bits takes the store port: read, change, write [llvm-aie schedule]."""

SCALAR_LATENCY = {"load": 7, "mul": 2, "alu": 1, "store": 1}
"""Cycles until a scalar operation's result can be used [llvm-aie schedule]. A loop of scalar code is
not pipelined: 1024 times load, multiply, store of int16 took about 10,250 cycles [HW, mlir-aie
programming guide 4c], which is 7 + 2 + 1 each."""

WIDE_ALU = 4
"""A 64-bit scalar operation in 32-bit ones: llvm-aie makes the carry by comparing [EST]."""

SOFT = {
    "muli i64": 40, "divsi": 100, "divui": 100, "remsi": 100, "remui": 100,
    "addf": 14, "subf": 14, "mulf": 100, "divf": 300, "remf": 500, "cmpf": 30, "truncf": 8,
    "sitofp": 40, "uitofp": 40, "fptosi": 30, "fptoui": 30, "maximumf": 30, "minimumf": 30,
    "maxnumf": 30, "minnumf": 30,
}  # fmt: skip
"""Cycles of scalar operations without an instruction, one after the other. llvm-aie's legaliser
calls compiler-rt for all but f32 addition and the rounding to bf16, which go through a vector
register; addition is 2 to insert, 2 to move, 6 of VADD.f and 4 to extract [DER]; the calls [EST]."""

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
class Cost:
    """Use of the core's issue slots by a piece of code, in cycles each, and what it multiplies.

    ``mac``, ``mv``, ``load``, ``store``, ``alu`` count operations on a slot; ``chain`` is the longest
    chain of dependent MACs, ``path`` of dependent scalar operations, which counts where there are no
    MACs to wait for; ``inner`` are cycles of nested loops and calls; ``macs`` is work.
    """

    mac: float = 0
    mv: float = 0
    load: float = 0
    store: float = 0
    alu: float = 0
    chain: float = 0
    path: float = 0
    inner: float = 0
    macs: float = 0

    def add(self, other: "Cost", times: float = 1) -> None:
        """Add another piece of code ``times`` times."""
        for item in fields(self):
            value = getattr(self, item.name) + times * getattr(other, item.name)
            setattr(self, item.name, value)

    @property
    def cycles(self) -> int:
        """Cycles if the compiler packs perfectly: the fullest slot, or the longest chain."""
        path = 0 if self.mac else self.path
        slots = (self.mac, self.mv, self.load / 2, self.store, self.alu / 2, self.chain, path)
        return math.ceil(max(slots) + self.inner)
