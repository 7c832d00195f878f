"""The device's multiply-accumulate intrinsics, whose configuration word says what they do.

conf = zero_acc | amode << 1 | bmode << 3 | variant << 5 | sgn_y << 8 | sgn_x << 9; x is the first
operand. The shift and negation bits above are not simulated. The modes are those that mlir-aie's
lowering of aievec computes (matrix and element-wise ones) and those of llvm-aie's conv_* functions,
whose sums aie_api documents as sliding multiplications.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aie_conv.ir.core import Op, Value
from aie_conv.sim.functional.lower import Lower, Lowering, intrinsic, llvm_type
from aie_conv.sim.functional.lower_mac import (
    Terms,
    bf16_products,
    channel_terms,
    charge_macs,
    element_terms,
    integer_products,
    matrix_terms,
    shuffled,
    sliding_terms,
)

ZERO_ACC, SIGN_Y, SIGN_X = 0x001, 0x100, 0x200


@dataclass(frozen=True)
class Mode:
    """What a configuration multiplies: its name, the bits of x's and y's elements, the products."""

    name: str
    x: int
    y: int
    terms: Terms


def configuration(amode: int, bmode: int, variant: int) -> int:
    """The mode bits of a configuration word."""
    return amode << 1 | bmode << 3 | variant << 5


Modes = Mapping[int, Mode]

AIE2_ACC32: Modes = {
    configuration(0, 1, 0): Mode("i8 4x8x8", 8, 8, matrix_terms(4, 8, 8)),
    configuration(0, 1, 1): Mode("i8 element-wise 32x2", 8, 8, element_terms(32, 2)),
    configuration(0, 1, 2): Mode("i8 4 taps, 8 channels", 8, 8, channel_terms(4, 4, 8)),
    configuration(0, 1, 3): Mode("i8 8 taps, 4 channels", 8, 8, channel_terms(8, 8, 4)),
    configuration(0, 1, 4): Mode("i8 sliding 32x8", 8, 8, sliding_terms(32, 8)),
    configuration(0, 2, 0): Mode("i16 by i8 4x4x8", 16, 8, matrix_terms(4, 4, 8)),
    configuration(0, 3, 0): Mode("i16 4x2x8", 16, 16, matrix_terms(4, 2, 8)),
    configuration(0, 3, 1): Mode("i16 element-wise 32x1", 16, 16, element_terms(32, 1)),
}
AIE2_ACC64: Modes = {
    configuration(1, 2, 0): Mode("i16 by i8 2x8x8", 16, 8, matrix_terms(2, 8, 8)),
    configuration(1, 2, 1): Mode("i16 by i8 4x8x4", 16, 8, matrix_terms(4, 8, 4)),
    configuration(1, 3, 0): Mode("i16 2x4x8", 16, 16, matrix_terms(2, 4, 8)),
    configuration(1, 3, 1): Mode("i16 4x4x4", 16, 16, matrix_terms(4, 4, 4)),
    configuration(1, 3, 2): Mode("i16 element-wise 16x2", 16, 16, element_terms(16, 2)),
    configuration(1, 3, 3): Mode("i16 sliding 16x4", 16, 16, sliding_terms(16, 4)),
}
# Lanes of the 64x2 and the 8-channel form on AIE2P: by AIE2's pattern, from llvm-aie's names of them.
AIE2P_512_512: Modes = {
    configuration(0, 1, 0): Mode("i8 8x8x8", 8, 8, matrix_terms(8, 8, 8)),
    configuration(0, 1, 1): Mode("i8 element-wise 64x1", 8, 8, element_terms(64, 1)),
}
AIE2P_1024_512: Modes = {
    configuration(0, 1, 2): Mode("i8 8 taps, 8 channels", 8, 8, channel_terms(8, 8, 8)),
}
AIE2P_1024_1024: Modes = {
    configuration(0, 1, 1): Mode("i8 element-wise 64x2", 8, 8, element_terms(64, 2)),
    configuration(0, 3, 0): Mode("i16 8x2x8", 16, 16, matrix_terms(8, 2, 8)),
}
AIE2_BF16: Modes = {
    configuration(2, 3, 0): Mode("bf16 4x8x4", 16, 16, matrix_terms(4, 8, 4)),
    configuration(2, 3, 1): Mode("bf16 element-wise 16x2", 16, 16, element_terms(16, 2)),
}


def _element_mode(lanes: int) -> Modes:
    """AIE2P's bf16 element-wise MAC into ``lanes`` f32 lanes: one product each."""
    mode = Mode(f"bf16 element-wise {lanes}x1", 16, 16, element_terms(lanes, 1))
    return {configuration(2, 3, 1): mode}


@dataclass(frozen=True)
class Instruction:
    """An intrinsic (x, y, accumulator, conf): types of its vectors, bits of a lane, what it does."""

    types: tuple[str, str, str]
    bits: int
    modes: Modes


_AIE2 = ("vector<64xi8>", "vector<16xi32>", "vector<16xi64>")
_BF16 = "vector<32xbf16>"
INTEGER: dict[str, Instruction] = {
    "llvm.aie2.I512.I512.ACC1024.acc32.mac.conf": Instruction(_AIE2, 32, AIE2_ACC32),
    "llvm.aie2.I512.I512.ACC1024.acc64.mac.conf": Instruction(_AIE2, 64, AIE2_ACC64),
    "llvm.aie2p.I512.I512.ACC2048.mac.conf": Instruction(
        ("vector<16xi32>", "vector<32xi16>", "vector<32xi64>"), 32, AIE2P_512_512
    ),
    "llvm.aie2p.I1024.I512.ACC2048.mac.conf": Instruction(
        ("vector<32xi32>", "vector<32xi16>", "vector<32xi64>"), 32, AIE2P_1024_512
    ),
    "llvm.aie2p.I1024.I1024.ACC2048.mac.conf": Instruction(
        ("vector<32xi32>", "vector<64xi16>", "vector<32xi64>"), 32, AIE2P_1024_1024
    ),
}
FLOAT: dict[str, Instruction] = {
    "llvm.aie2.bf.mac16.conf": Instruction((_BF16, _BF16, "vector<8xi64>"), 32, AIE2_BF16),
    "llvm.aie2p.I512.I512.ACC512.bf.mac.conf": Instruction(
        (_BF16, _BF16, "vector<16xf32>"), 32, _element_mode(16)
    ),
    "llvm.aie2p.I512.I512.ACC1024.bf.mac.conf": Instruction(
        (_BF16, _BF16, "vector<32xf32>"), 32, _element_mode(32)
    ),
    "llvm.aie2p.I1024.I1024.ACC2048.bf.mac.conf": Instruction(
        ("vector<64xbf16>", "vector<64xbf16>", "vector<64xf32>"), 32, _element_mode(64)
    ),
}
"""By name; the types are those of mlir-aie's intrinsic operations."""


def _cast(low: Lowering, value: Value, target: str) -> str:
    source = llvm_type(value.type)
    if source == target:
        return low.name(value)
    return low.emit(f"bitcast {source} {low.name(value)} to {target}")


def _head(low: Lowering, value: Value, bits: int, reach: int) -> tuple[str, int]:
    """The elements of an operand that a mode multiplies, seen as integers; name and number."""
    total = value.type.bits // bits
    flat = _cast(low, value, f"<{total} x i{bits}>")
    if total == reach:
        return flat, total
    return shuffled(low, f"<{total} x i{bits}>", flat, range(reach)), reach


def _check(low: Lowering, op: Op, name: str, types: tuple[str, str, str]) -> None:
    """The call is one of this core's architecture, with the intrinsic's own types."""
    arch = low.program.target.arch
    if name.split(".")[1] != arch:
        low.refuse(op, f"@{name} is not an intrinsic of {arch}")
    actual = (*(str(value.type) for value in op.operands[:3]), str(op.results[0].type))
    if actual != (*types, types[2]) or len(op.operands) != 4:
        low.refuse(op, f"@{name} takes ({', '.join(types)}, i32) and gives {types[2]}")


def _mode(low: Lowering, op: Op, modes: Modes, signs: int) -> tuple[Mode, int]:
    conf = low.constant_of(op.operands[3])
    if conf is None:
        low.refuse(op, "the configuration word must be a constant")
    mode = modes.get(conf & ~(ZERO_ACC | signs))
    if mode is None:
        known = ", ".join(f"{word | signs} ({mode.name})" for word, mode in modes.items())
        also = " and sign bits 256, 512 off" if signs else ""
        low.refuse(
            op,
            f"configuration {conf}: simulated are {known}, each with bit 0 (no accumulator){also}",
        )
    return mode, conf


def _meaning(name: str, instruction: Instruction, *, integer: bool) -> Lower:
    """What a call of the intrinsic does."""

    def lower(low: Lowering, op: Op) -> None:
        _check(low, op, name, instruction.types)
        mode, conf = _mode(low, op, instruction.modes, SIGN_X | SIGN_Y if integer else 0)
        lanes = len(mode.terms[0][0])
        kind = f"<{lanes} x {f'i{instruction.bits}' if integer else 'float'}>"
        x = _head(low, op.operands[0], mode.x, 1 + max(max(left) for left, _ in mode.terms))
        y = _head(low, op.operands[1], mode.y, 1 + max(max(right) for _, right in mode.terms))
        acc = "zeroinitializer" if conf & ZERO_ACC else _cast(low, op.operands[2], kind)
        if integer:
            signs = (bool(conf & SIGN_X), bool(conf & SIGN_Y))
            left, right = (*x, mode.x), (*y, mode.y)
            sums = (acc, instruction.bits)
            result = integer_products(low, mode.terms, left, right, sums, signs)
        else:
            result = bf16_products(low, mode.terms, x, y, acc)
        target = llvm_type(op.results[0].type)
        low.alias(
            op, result if target == kind else low.emit(f"bitcast {kind} {result} to {target}")
        )
        charge_macs(low, lanes * len(mode.terms), adds=not conf & ZERO_ACC)

    return lower


for _name, _instruction in INTEGER.items():
    intrinsic(_name)(_meaning(_name, _instruction, integer=True))
for _name, _instruction in FLOAT.items():
    intrinsic(_name)(_meaning(_name, _instruction, integer=False))
