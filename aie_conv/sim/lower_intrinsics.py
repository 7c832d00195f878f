"""The device's multiply-accumulate intrinsics, whose configuration word says what they do.

conf = zero_acc | amode << 1 | bmode << 3 | variant << 5 | sgn_y << 8 | sgn_x << 9; x is the first
operand. The shift and negation bits above are not simulated. The modes are those that mlir-aie's
lowering of aievec computes (matrix and element-wise ones) and those of llvm-aie's conv_* functions,
whose sums aie_api documents as sliding multiplications.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aie_conv.sim.ir import Op, Value
from aie_conv.sim.lower import Lower, Lowering, intrinsic, llvm_type
from aie_conv.sim.lower_mac import (
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
"""Of llvm-aie's AIE2P functions: the lanes of the 64x2 and 8-channel ones follow AIE2's pattern."""
AIE2_BF16: Modes = {
    configuration(2, 3, 0): Mode("bf16 4x8x4", 16, 16, matrix_terms(4, 8, 4)),
    configuration(2, 3, 1): Mode("bf16 element-wise 16x2", 16, 16, element_terms(16, 2)),
}


def _element_mode(lanes: int) -> Modes:
    """AIE2P's bf16 element-wise MAC into ``lanes`` f32 lanes: one product each."""
    mode = Mode(f"bf16 element-wise {lanes}x1", 16, 16, element_terms(lanes, 1))
    return {configuration(2, 3, 1): mode}


def _cast(low: Lowering, value: Value, target: str) -> str:
    source = llvm_type(value.type)
    if source == target:
        return low.name(value)
    return low.emit(f"bitcast {source} {low.name(value)} to {target}")


def _head(low: Lowering, op: Op, number: int, bits: int, reach: int) -> tuple[str, int]:
    """The elements of an operand that a mode multiplies, seen as integers; name and number."""
    value = op.operands[number]
    total = value.type.bits // bits
    if total < reach:
        low.refuse(
            op, f"operand {number} is {value.type}: {reach} elements of {bits} bits are read"
        )
    flat = _cast(low, value, f"<{total} x i{bits}>")
    if total == reach:
        return flat, total
    return shuffled(low, f"<{total} x i{bits}>", flat, range(reach)), reach


def _mode(low: Lowering, op: Op, modes: Modes, signs: int) -> tuple[Mode, int]:
    conf = low.constant_of(op.operands[3])
    if conf is None:
        low.refuse(op, "the configuration word must be a constant")
    mode = modes.get(conf & ~(ZERO_ACC | signs))
    if mode is None:
        known = ", ".join(f"{word | signs} ({mode.name})" for word, mode in modes.items())
        also = " and sign bits 256, 512 off" if signs else ""
        low.refuse(op, f"configuration {conf}: simulated are {known}, each with bit 0 (no "
                       f"accumulator){also}")  # fmt: skip
    return mode, conf


def _operands(low: Lowering, op: Op, mode: Mode) -> tuple[tuple[str, int], tuple[str, int]]:
    x_reach = 1 + max(max(left) for left, _ in mode.terms)
    y_reach = 1 + max(max(right) for _, right in mode.terms)
    return _head(low, op, 0, mode.x, x_reach), _head(low, op, 1, mode.y, y_reach)


def _finish(low: Lowering, op: Op, kind: str, result: str) -> None:
    target = llvm_type(op.results[0].type)
    if target == kind:
        low.alias(op, result)
    else:
        low.set(op, f"bitcast {kind} {result} to {target}")


def _integer(modes: Modes, bits: int) -> Lower:
    """An integer intrinsic (x, y, accumulator, conf) with accumulator lanes of ``bits``."""

    def lower(low: Lowering, op: Op) -> None:
        mode, conf = _mode(low, op, modes, SIGN_X | SIGN_Y)
        lanes = len(mode.terms[0][0])
        kind = f"<{lanes} x i{bits}>"
        x, y = _operands(low, op, mode)
        acc = "zeroinitializer" if conf & ZERO_ACC else _cast(low, op.operands[2], kind)
        signs = (bool(conf & SIGN_X), bool(conf & SIGN_Y))
        result = integer_products(low, mode.terms, (*x, mode.x), (*y, mode.y), (acc, bits), signs)
        _finish(low, op, kind, result)
        charge_macs(low, lanes * len(mode.terms), "i8")

    return lower


def _bf16(modes: Modes) -> Lower:
    """A bf16 intrinsic (x, y, accumulator, conf)."""

    def lower(low: Lowering, op: Op) -> None:
        mode, conf = _mode(low, op, modes, 0)
        lanes = len(mode.terms[0][0])
        kind = f"<{lanes} x float>"
        x, y = _operands(low, op, mode)
        acc = "zeroinitializer" if conf & ZERO_ACC else _cast(low, op.operands[2], kind)
        _finish(low, op, kind, bf16_products(low, mode.terms, x, y, acc))
        charge_macs(low, lanes * len(mode.terms), "bf16")

    return lower


intrinsic("llvm.aie2.I512.I512.ACC1024.acc32.mac.conf")(_integer(AIE2_ACC32, 32))
intrinsic("llvm.aie2.I512.I512.ACC1024.acc64.mac.conf")(_integer(AIE2_ACC64, 64))
intrinsic("llvm.aie2.bf.mac16.conf")(_bf16(AIE2_BF16))
intrinsic("llvm.aie2p.I512.I512.ACC2048.mac.conf")(_integer(AIE2P_512_512, 32))
intrinsic("llvm.aie2p.I1024.I512.ACC2048.mac.conf")(_integer(AIE2P_1024_512, 32))
intrinsic("llvm.aie2p.I1024.I1024.ACC2048.mac.conf")(_integer(AIE2P_1024_1024, 32))
intrinsic("llvm.aie2p.I512.I512.ACC512.bf.mac.conf")(_bf16(_element_mode(16)))
intrinsic("llvm.aie2p.I512.I512.ACC1024.bf.mac.conf")(_bf16(_element_mode(32)))
intrinsic("llvm.aie2p.I1024.I1024.ACC2048.bf.mac.conf")(_bf16(_element_mode(64)))
