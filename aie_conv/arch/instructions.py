"""What a core's instructions are by architecture: products, control registers, register blocks.

Operands are named by element type ("i8", "i16", "bf16"); cycles are issue cycles of a core.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class MatmulShape:
    """One matrix instruction: M x K by K x N; ``issue`` VMACs, ``shuffles`` besides them.

    ``converts`` are operations of the vector unit that bring an operand into another format first,
    once for each operand however often it is used.
    """

    m: int
    k: int
    n: int
    issue: int = 1
    shuffles: int = 0
    converts: int = 0


MATMULS: dict[tuple[str, str, str, str], tuple[MatmulShape, ...]] = {
    ("aie2", "i8", "i8", "i32"): (MatmulShape(4, 8, 8),),
    ("aie2", "i16", "i8", "i32"): (MatmulShape(4, 4, 8),),
    ("aie2", "i16", "i16", "i32"): (MatmulShape(4, 2, 8),),
    ("aie2", "i16", "i8", "i64"): (MatmulShape(2, 8, 8), MatmulShape(4, 8, 4)),
    ("aie2", "i16", "i16", "i64"): (MatmulShape(2, 4, 8), MatmulShape(4, 4, 4)),
    ("aie2", "bf16", "bf16", "f32"): (MatmulShape(4, 8, 4),),
    ("aie2p", "i8", "i8", "i32"): (MatmulShape(8, 8, 8),),
    ("aie2p", "i16", "i16", "i32"): (MatmulShape(8, 2, 8),),
    ("aie2p", "bf16", "bf16", "f32"): (
        MatmulShape(8, 8, 4, 8, 8),
        MatmulShape(4, 8, 4, 8, 8),
        MatmulShape(8, 8, 8, 1, converts=2),
        MatmulShape(4, 8, 8, 1, converts=1),
    ),
}
"""By architecture and types of A, B and C: shapes with a lowering in the vendor's tools; AIE2P bf16 is
emulated (8 element-wise MACs, whose shuffles are taken to hide behind them: about 32 MACs a cycle were
measured), and its 8x8x8 and 4x8x8 go through bfp16 and lose bits, which is not simulated: an operand
becomes f32 by two products with one, 32 lanes each, and bfp16 by a move (three cycles a product in blocks
of 2 x 2 [Taka et al.])."""

MATMUL_OPERATION = {"aie2": "aievec.matmul", "aie2p": "aievec.matmul_aie2p"}
"""The operation that stands for a matrix instruction [mlir-aie's aievec dialect]."""

ELEMENT_LANES = {
    "aie2": {"aievec.mul_elem": (16,), "aievec.mac_elem": (16,)},
    "aie2p": {"aievec.mul_elem": (16, 32), "aievec.mac_elem": (16, 32)},
}
"""Lanes of the bf16 element-wise operations that the vendor's tools lower."""

CONTROL_REGISTERS = {
    "aie2": {6: "rounding", 9: "saturation"},
    "aie2p": {1: "rounding", 0: "saturation"},
}
"""Numbers of crRnd and crSat by architecture [llvm-aie's aiev2_defines.h and aie2p_defines.h; mlir-aie wrote
AIE2's to both until pull request 2987]."""

API_MATMUL = {
    ("aie2", "i8"): (4, 8, 8),
    ("aie2", "i16"): (4, 2, 8),
    ("aie2", "bf16"): (4, 8, 4),
    ("aie2p", "i8"): (8, 8, 8),
    ("aie2p", "bf16"): (8, 8, 8),
}
"""r, s, t of the matrix instruction that others' kernels use; AIE2P does bf16 through bfp16, 8x8x8
[aie_api]."""

BLOCK_FLOATS = frozenset({"aie2p"})
"""Architectures with matrix instructions for bfp16, blocks of 8 x 8 in 72 bytes [aie_api]."""

ACCUMULATOR_DISTANCE = {
    ("aie2", "i8"): 2,
    ("aie2", "i16"): 2,
    ("aie2", "bf16"): 4,
    ("aie2p", "i8"): 2,
    ("aie2p", "i16"): 2,
    ("aie2p", "bf16"): 3,
    ("aie2p", "bfp16"): 3,
}
"""Cycles between two products on one accumulator [llvm-aie schedule]."""

MOST_BLOCKS = {
    ("aie2", "i8"): 4,
    ("aie2", "i16"): 4,
    ("aie2", "bf16"): 8,
    ("aie2p", "i8"): 4,
    ("aie2p", "i16"): 4,
    ("aie2p", "bf16"): 4,
    ("aie2p", "bfp16"): 4,
}
"""Blocks of C in registers, by architecture and type: half of the file, the rest is in flight."""

GROUPS = {
    ("aie2", "i8"): (3, 2),
    ("aie2", "i16"): (3, 2),
    ("aie2", "bf16"): (3, 4),
    ("aie2p", "i8"): (2, 2),
    ("aie2p", "i16"): (2, 2),
    ("aie2p", "bf16"): (2, 2),
    ("aie2p", "bfp16"): (2, 2),
}
"""Blocks of pixels and of channels of a group, by architecture and type: whatever is fastest where a
compiler may fill the file of accumulators and still not slow where it may not, or where it pairs loads that
meet in a bank. More blocks need fewer loads a product; eight of AIE2's integer sums fill the file."""

SEVEN_PIXEL_GROUPS = {("aie2", "i8"): (7, 1), ("aie2", "bf16"): (7, 2)}
"""The same for register blocks of seven pixels, of which images computed so waste none; where seven fit."""

OPEN_BLOCKS = {("aie2", "bf16"): (4, 2)}
"""Accumulator blocks (rows, columns) that others' kernels hold where it is not 2 x 2: half of the file."""

OPEN_BLOCKS_PEANO = {("aie2", "bf16"): (4, 4)}
"""The same in the open tools' code: the whole accumulator file (32 bundles, 16 VMAC.f [ignite-xdna])."""

GROUP_OVERHEAD = {"aie2": 0, "aie2p": 8}
"""Cycles that a loop over groups takes more than AIE2's: an estimate by the simulator's schedules."""

TABLE_OVERHEAD = {"aie2": (0, 6), "aie2p": (5, 9)}
"""Cycles around each channel group and each pixel group of a product steered by tables, likewise."""

SPILL_FREE_BLOCKS = {"aie2": 4, "aie2p": 2}
"""Chains of sums with which long depthwise bodies fill the slots without overlapping groups, likewise."""

WIDE_CHAINS = frozenset({("aie2p", "i8")})
"""Depthwise products whose sums are so wide that four chains of them do not run at full pace, likewise."""
