"""The aie dialect: the array's tiles, object FIFOs, cores and the runtime sequence.

Operations, property names and custom syntax as in mlir-aie 1e400306 (March 2026); but for buffer
descriptors only what both the March and the August 2026 tools accept. Limits of the hardware are
checked by the simulator's verifier; here stands what makes the IR well-formed.
"""

from xdsl.ir import Dialect

from aie_conv.ir.xdsl.aie_array import (
    BufferOp,
    CoreOp,
    DeviceOp,
    EndOp,
    RuntimeSequenceOp,
    TileOp,
)
from aie_conv.ir.xdsl.aie_bd import DMABDOp, NextBDOp
from aie_conv.ir.xdsl.aie_dma import (
    DMAStartOp,
    FlowOp,
    LockOp,
    MemOp,
    MemTileDMAOp,
    ShimDMAAllocationOp,
    UseLockOp,
)
from aie_conv.ir.xdsl.aie_fifo import (
    ObjectFifoAcquireOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    ObjectFifoReleaseOp,
    ObjectFifoSubviewAccessOp,
)
from aie_conv.ir.xdsl.aie_fifo_types import (
    BDDimLayoutArrayAttr,
    BDPadLayoutArrayAttr,
    ObjectFifoSubviewType,
    ObjectFifoType,
)

AIE = Dialect(
    "aie",
    [
        DeviceOp,
        TileOp,
        BufferOp,
        EndOp,
        CoreOp,
        RuntimeSequenceOp,
        DMABDOp,
        NextBDOp,
        LockOp,
        UseLockOp,
        FlowOp,
        ShimDMAAllocationOp,
        MemOp,
        MemTileDMAOp,
        DMAStartOp,
        ObjectFifoCreateOp,
        ObjectFifoLinkOp,
        ObjectFifoAcquireOp,
        ObjectFifoReleaseOp,
        ObjectFifoSubviewAccessOp,
    ],
    [BDDimLayoutArrayAttr, BDPadLayoutArrayAttr, ObjectFifoType, ObjectFifoSubviewType],
)
