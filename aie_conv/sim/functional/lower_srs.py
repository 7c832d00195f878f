"""LLVM IR of shift-round-saturate (srs), its inverse (ups) and integer element-wise MACs.

With lsb the last kept bit, grd the first dropped, stk any other dropped and sgn the sign:
det is lsb (modes 12, 13), sgn (2, 3, 10, 11) or 0, inverted in modes 1, 3, 9, 11, 13; the result
is (x >> shift) plus grd & (det | stk) in the half-way modes (8 and up), det & (grd | stk) below.
"""

from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Op, Type, Value
from aie_conv.sim.functional.lower import LLVM_ELEMENT, Lowering, llvm_type, lowers
from aie_conv.sim.functional.lower_arith import call_same, charge, narrow, widen
from aie_conv.sim.timing.costs import ACC_LANES, OperationCost

ROUNDING_MODES = {
    0: "floor",
    1: "ceil",
    2: "symmetric floor (to zero)",
    3: "symmetric ceil (from zero)",
    8: "nearest, half down",
    9: "nearest, half up",
    10: "nearest, half to zero",
    11: "nearest, half from zero",
    12: "nearest, half to even",
    13: "nearest, half to odd",
}
"""The values of crRnd."""


class Lanes:
    """Builds integer instructions of one LLVM type."""

    def __init__(self, low: Lowering, kind: Type, element: str) -> None:
        self.low = low
        self.element = element
        self.vector = kind.kind == "vector"
        self.text = f"<{kind.elements} x {element}>" if self.vector else element

    def const(self, value: int) -> str:
        """The same constant in each lane."""
        return f"splat ({self.element} {value})" if self.vector else str(value)

    def __call__(self, instruction: str, a: str, b: str | int) -> str:
        """``instruction a, b``; an int operand is a constant."""
        if isinstance(b, int):
            b = self.const(b)
        if instruction in ("smax", "smin"):
            return call_same(self.low, instruction, self.text, [a, b])
        return self.low.emit(f"{instruction} {self.text} {a}, {b}")

    def flag(self, predicate: str, a: str, b: int) -> str:
        """A comparison with a constant, as 0 or 1."""
        bit = self.low.emit(f"icmp {predicate} {self.text} {a}, {self.const(b)}")
        bits = self.text.replace(self.element, "i1") if self.vector else "i1"
        return self.low.emit(f"zext {bits} {bit} to {self.text}")

    def spread(self, value: Value) -> str:
        """A scalar integer in each lane."""
        name = self.low.name(value)
        bits, element_bits = ELEMENT_BITS[value.type.elem], int(self.element[1:])
        if bits != element_bits:
            cast = "sext" if bits < element_bits else "trunc"
            name = self.low.emit(f"{cast} {self.low.typed(value)} to {self.element}")
        if not self.vector:
            return name
        one = self.low.emit(f"insertelement {self.text} poison, {self.element} {name}, i64 0")
        count = int(self.text[1:].split(" ")[0])
        return self.low.emit(
            f"shufflevector {self.text} {one}, {self.text} poison, <{count} x i32> zeroinitializer"
        )


def shift_round(lanes: Lanes, x: str, by: str, mode: int) -> str:
    """``x >> by`` rounded by ``mode``; a shift of 0 changes nothing."""
    if mode not in ROUNDING_MODES:
        raise VerifyError(
            f"rounding mode {mode}: crRnd takes {', '.join(map(str, ROUNDING_MODES))}"
        )
    kept = lanes("ashr", x, by)
    if mode == 0:
        return kept
    shifted = lanes.flag("sgt", by, 0)
    below = lanes("smax", lanes("sub", by, 1), 0)
    guard = lanes("and", lanes("and", lanes("lshr", x, below), 1), shifted)
    mask = lanes("sub", lanes("shl", lanes.const(1), below), 1)
    sticky = lanes("and", lanes.flag("ne", lanes("and", x, mask), 0), shifted)
    if mode in (12, 13):
        det = lanes("and", kept, 1)
    elif mode in (2, 3, 10, 11):
        det = lanes.flag("slt", x, 0)
    else:
        det = lanes.const(0)
    if mode in (1, 3, 9, 11, 13):
        det = lanes("xor", det, 1)
    if mode >= 8:
        return lanes("add", kept, lanes("and", guard, lanes("or", det, sticky)))
    return lanes("add", kept, lanes("and", det, lanes("or", guard, sticky)))


def saturate(lanes: Lanes, x: str, bits: int, saturation: int, signed: bool) -> str:
    """Clamp to ``bits`` by crSat: 0 none, 1 saturate, 3 symmetric."""
    if saturation == 0:
        return x
    if saturation not in (1, 3):
        raise VerifyError(f"saturation mode {saturation}: crSat takes 0, 1 and 3")
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    low = 0 if not signed else -high - (saturation == 1)
    return lanes("smin", lanes("smax", x, low), high)


@lowers("aievec.srs")
def _srs(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    low.cost.add(OperationCost(store=max(1, target.elements / (2 * ACC_LANES))))
    if source.type.elem == "f32":
        low.alias(op, narrow(low, low.name(source), source.type))
        return
    lanes = Lanes(low, source.type, LLVM_ELEMENT[source.type.elem])
    by = lanes.spread(op.operands[1])
    rounded = shift_round(lanes, low.name(source), by, low.registers.rounding)
    bits = ELEMENT_BITS[target.elem]
    signed = bool(op.attrs.get("sign", 1))
    if bits < ELEMENT_BITS[source.type.elem]:
        rounded = saturate(lanes, rounded, bits, low.registers.saturation, signed)
        low.set(op, f"trunc {lanes.text} {rounded} to {llvm_type(target)}")
    else:
        low.alias(op, rounded)


@lowers("aievec.ups")
def _ups(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    charge(low, target, "mv")
    if target.elem == "f32":
        low.alias(op, widen(low, low.name(source), source.type))
        return
    wide = low.emit(f"sext {low.typed(source)} to {llvm_type(target)}")
    shift = int(op.attrs.get("shift", 0))
    lanes = Lanes(low, target, LLVM_ELEMENT[target.elem])
    low.alias(op, lanes("shl", wide, shift))
