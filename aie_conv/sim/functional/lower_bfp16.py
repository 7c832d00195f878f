"""LLVM IR of AIE2P's bfp16: conversions and the product of blocks of 8 x 8 (bfp16ebs8).

Eight values share the exponent of the largest, a byte as of f32; each is a mantissa of 8 bits in two's
complement: ``m * 2**(e - 133)`` [mlir-aie's example of block data types]. What no public source says to the
bit is chosen here, and docs/numerics.md says so: the conversion rounds as crRnd says, downwards (0) or to
nearest with ties to even (12), and what would round up to 128 stays 127; a product is the exact sum of its
eight products, added to the accumulator with one rounding to nearest. A block with an infinity or a NaN has
the exponent 255, and every sum that it takes part in is a NaN.
"""

from aie_conv.ir.core import Op
from aie_conv.sim.functional.lower import Lowering, intrinsic, llvm_type
from aie_conv.sim.functional.lower_arith import call_same, widen
from aie_conv.sim.functional.lower_intrinsics import ZERO_ACC
from aie_conv.sim.functional.lower_mac import (
    Terms,
    integer_products,
    shuffled,
)
from aie_conv.sim.timing.costs import OperationCost

SIDE = 8
"""Values that share an exponent, and rows and columns of a block."""
LANES = SIDE * SIDE
PRODUCTS = LANES * SIDE
MULTIPLY = "llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf"
CONF = 780
"""The product's configuration [mlir-aie]; with bit 0 it starts from zero."""

DOWN, NEAREST = 0, 12
"""Values of crRnd that the conversion is simulated for."""

_I32, _FLOAT, _BYTES = f"<{LANES} x i32>", f"<{LANES} x float>", f"<{LANES} x i8>"
_SMALL = f"<{SIDE} x i8>"
_MANTISSAS, _EXPONENTS = "vector<64xi8>", "vector<8xi8>"

TERMS: Terms = [
    (
        [row * SIDE + k for row in range(SIDE) for _ in range(SIDE)],
        [column * SIDE + k for _ in range(SIDE) for column in range(SIDE)],
    )
    for k in range(SIDE)
]
"""out[i * 8 + j] += sum over k < 8 of A[i * 8 + k] * B[j * 8 + k]."""


def _splat(value: int) -> str:
    return f"<{', '.join([f'i32 {value}'] * LANES)}>"


def _check(low: Lowering, op: Op, takes: tuple[str, ...], gives: tuple[str, ...]) -> None:
    name = str(op.attrs["callee"])
    if name.split(".")[1] != low.program.target.arch:
        low.refuse(op, f"@{name} is not an intrinsic of {low.program.target.arch}")
    actual = tuple(tuple(str(v.type) for v in side) for side in (op.operands, op.results))
    if actual != (takes, gives):
        low.refuse(op, f"@{name} takes ({', '.join(takes)}) and gives ({', '.join(gives)})")


@intrinsic("llvm.aie2p.v32bf16.to.v32accfloat")
def _widen(low: Lowering, op: Op) -> None:
    _check(low, op, ("vector<32xbf16>",), ("vector<32xf32>",))
    (source,) = op.operands
    low.alias(op, widen(low, low.name(source), source.type))
    low.cost.add(OperationCost(mv=1))
    low.cost.widens = True


class _Integers:
    """Arithmetic on 64 lanes of i32."""

    def __init__(self, low: Lowering) -> None:
        self._low = low

    def do(self, operation: str, left: str, right: str | int) -> str:
        """An operation of two vectors, or of a vector and a number."""
        other = _splat(right) if isinstance(right, int) else right
        return self._low.emit(f"{operation} {_I32} {left}, {other}")

    def call(self, name: str, left: str, right: str | int) -> str:
        """An intrinsic of two vectors, or of a vector and a number."""
        other = _splat(right) if isinstance(right, int) else right
        return call_same(self._low, name, _I32, [left, other])

    def where(self, condition: str, then: str | int, other: str | int) -> str:
        """One or the other, lane by lane."""
        left, right = (_splat(v) if isinstance(v, int) else v for v in (then, other))
        kind = f"<{LANES} x i1>"
        return self._low.emit(f"select {kind} {condition}, {_I32} {left}, {_I32} {right}")

    def bits(self, value: str) -> str:
        """The bits as floats."""
        return self._low.emit(f"bitcast {_I32} {value} to {_FLOAT}")


@intrinsic("llvm.aie2p.v64accfloat.to.v64bfp16ebs8")
def _convert(low: Lowering, op: Op) -> None:
    _check(low, op, ("vector<64xf32>",), (_MANTISSAS, _EXPONENTS))
    mode = low.registers.rounding
    if mode not in (DOWN, NEAREST):
        low.refuse(op, f"crRnd {mode}: simulated are {DOWN} (downwards) and {NEAREST} (to even)")
    n = _Integers(low)
    bits = low.emit(f"bitcast {_FLOAT} {low.name(op.operands[0])} to {_I32}")
    exponent = n.do("and", n.do("lshr", bits, 23), 255)
    shared = exponent
    for distance in (1, 2, 4):
        other = shuffled(low, _I32, shared, [lane ^ distance for lane in range(LANES)])
        shared = n.call("umax", shared, other)
    normal = low.emit(f"icmp ne {_I32} {exponent}, zeroinitializer")
    size = n.do("or", n.do("and", bits, 0x7FFFFF), n.where(normal, 0x800000, 0))
    negative = low.emit(f"icmp slt {_I32} {bits}, zeroinitializer")
    value = n.where(negative, n.do("sub", "zeroinitializer", size), size)
    # A value of exponent 0 has the last place of those of exponent 1.
    apart = n.do("sub", n.call("umax", shared, 1), n.call("umax", exponent, 1))
    shift = n.call("umin", n.do("add", apart, 17), 31)
    if mode == NEAREST:
        odd = n.do("and", n.do("ashr", value, shift), 1)
        half = n.do("lshr", n.do("shl", _splat(1), shift), 1)
        value = n.do("add", value, n.do("add", n.do("sub", half, 1), odd))
    rounded = n.call("smin", n.do("ashr", value, shift), 127)
    mantissas, exponents = op.results
    low.names[mantissas] = low.emit(f"trunc {_I32} {rounded} to {_BYTES}")
    first = shuffled(low, _I32, shared, range(0, LANES, SIDE))
    low.names[exponents] = low.emit(f"trunc <{SIDE} x i32> {first} to {_SMALL}")
    low.cost.add(OperationCost(store=1))


def _spread(low: Lowering, exponents: str, lanes: list[int]) -> str:
    """The exponents of each lane's row or column, as integers."""
    wide = low.emit(f"zext {_SMALL} {exponents} to <{SIDE} x i32>")
    return shuffled(low, f"<{SIDE} x i32>", wide, lanes)


def _scaled(low: Lowering, sums: str, rows: str, columns: str) -> str:
    """Sums of products of mantissas as floats, by their exponents; NaN where one is 255.

    A sum has at most 18 bits, and both factors of the scale are powers of two: the result is exact unless it
    is subnormal.
    """
    n = _Integers(low)
    places = n.do("add", n.call("umax", rows, 1), n.call("umax", columns, 1))
    # Below, everything is less than half of the smallest number.
    power = n.call("smax", n.do("sub", places, 266), -252)
    half = n.do("ashr", power, 1)
    parts = [n.bits(n.do("shl", n.do("add", p, 127), 23)) for p in (half, n.do("sub", power, half))]
    product = low.emit(f"sitofp {_I32} {sums} to {_FLOAT}")
    for part in parts:
        product = low.emit(f"fmul {_FLOAT} {product}, {part}")
    top = n.call("umax", rows, columns)
    invalid = low.emit(f"icmp eq {_I32} {top}, {_splat(255)}")
    nan = n.bits(_splat(0x7FC00000))
    return low.emit(f"select <{LANES} x i1> {invalid}, {_FLOAT} {nan}, {_FLOAT} {product}")


@intrinsic(MULTIPLY)
def _multiply(low: Lowering, op: Op) -> None:
    factor = (_MANTISSAS, _EXPONENTS)
    _check(low, op, (*factor, *factor, "vector<64xi32>", "i32"), ("vector<64xi32>",))
    conf = low.constant_of(op.operands[5])
    if conf is None or conf & ~ZERO_ACC != CONF:
        low.refuse(op, f"configuration {conf}: simulated is {CONF}, with and without bit 0")
    a, a_exponents, b, b_exponents, acc = (low.name(value) for value in op.operands[:5])
    sums = integer_products(
        low, TERMS, (a, LANES, 8), (b, LANES, 8), ("zeroinitializer", 32), (True, True)
    )
    rows = _spread(low, a_exponents, [lane // SIDE for lane in range(LANES)])
    columns = _spread(low, b_exponents, [lane % SIDE for lane in range(LANES)])
    result = _scaled(low, sums, rows, columns)
    if not conf & ZERO_ACC:
        before = low.emit(f"bitcast {_I32} {acc} to {_FLOAT}")
        result = low.emit(f"fadd {_FLOAT} {before}, {result}")
    low.set(op, f"bitcast {_FLOAT} {result} to {llvm_type(op.results[0].type)}")
    low.cost.add(OperationCost(mac=1, macs=PRODUCTS))
    low.cost.adds = not conf & ZERO_ACC
    low.cost.accumulator, low.cost.floats = 4, True
