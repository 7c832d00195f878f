"""LLVM IR of the arith dialect on scalars and vectors, and the rounding that the core does.

Integer arithmetic wraps. bf16 arithmetic is done in f32 and rounded back by crRnd, as the device's
accumulators do it.
"""

import math
import struct
from typing import Any

from aie_conv.ir.core import Op, Type, Value
from aie_conv.sim.functional.lower import LLVM_ELEMENT, Lowering, llvm_type, lowers
from aie_conv.sim.model.code_size import is_table
from aie_conv.sim.model.ranges import Range, range_of
from aie_conv.sim.timing.costs import ACC_LANES

FLOATS = frozenset({"bf16", "f16", "f32", "f64"})


def like(kind: Type, element: str) -> str:
    """The LLVM type of ``kind`` with another LLVM element type."""
    return f"<{kind.elements} x {element}>" if kind.kind == "vector" else element


def splat(kind: Type, element: str, value: object) -> str:
    """A constant of the shape of ``kind``."""
    return f"splat ({element} {value})" if kind.kind == "vector" else str(value)


def charge(low: Lowering, kind: Type, slot: str, factor: float = 1) -> None:
    """Charge an element-wise operation: 64 bytes an operation on mv, 16 lanes elsewhere.

    Only lanes that are live count.
    """
    if kind.kind != "vector":
        _charge_scalar(low, kind)
        return
    lanes = kind.elements if low.lanes is None else min(low.lanes, kind.elements)
    bits = kind.bits * lanes / kind.elements
    count = bits / 512 if slot == "mv" else lanes / ACC_LANES
    low.cost.use(slot, max(1.0, count) * factor)


def _charge_scalar(low: Lowering, kind: Type, operation: str = "alu") -> None:
    """Charge a scalar operation; addresses are cheaper and hide behind data."""
    if kind.elem == "index":
        low.cost.address += 1
        return
    timing = low.program.target.machine.scalar
    wide = timing.wide_alu if kind.elem == "i64" else 1
    low.cost.alu += wide
    low.cost.latency = wide * (timing.mul if operation == "mul" else timing.alu)


def charge_soft(low: Lowering, name: str, kind: Type) -> bool:
    """Charge a scalar operation that the core does in software; False if it is none."""
    if kind.kind == "vector":
        return False
    soft = low.program.target.machine.soft
    cycles = soft.get(f"{name} {kind.elem}", soft.get(name))
    if cycles is None:
        return False
    low.cost.inner += cycles
    return True


# -- constants ------------------------------------------------------------------------------------
def float_bits(value: Any, element: str) -> int:
    """The bits of a literal in its own format: bf16 and f16 as 16 bits, f32 as 32."""
    if isinstance(value, tuple):
        return int(value[1])
    if element == "f16":
        return int.from_bytes(struct.pack("<e", float(value)), "little")
    if element == "f64":
        return int.from_bytes(struct.pack("<d", float(value)), "little")
    bits = int.from_bytes(struct.pack("<f", float(value)), "little")
    if element == "f32":
        return bits
    if math.isnan(float(value)):
        return bits >> 16 | 0x40
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def literal(value: Any, element: str) -> str:
    """An LLVM literal of one element (floats by their bits)."""
    if element in FLOATS:
        bits = float_bits(value, element)
        if element == "bf16":
            return str(bits)
        if element == "f16":
            return f"0xH{bits:04X}"
        if element == "f64":
            return f"0x{bits:016X}"
        wide = struct.unpack("<f", bits.to_bytes(4, "little"))[0]
        if math.isnan(wide):
            sign, rest = bits >> 31, bits & 0x7FFFFF
            return f"0x{(sign << 63) | (0x7FF << 52) | (rest << 29):016X}"
        return f"0x{int.from_bytes(struct.pack('<d', wide), 'little'):016X}"
    if isinstance(value, tuple):
        value = value[1]
    if element == "i1":
        return str(int(bool(value)))
    return str(int(value))


def _flatten(value: Any) -> list[Any]:
    return (
        [leaf for item in value for leaf in _flatten(item)] if isinstance(value, list) else [value]
    )


def constant_text(kind: Type, value: Any) -> str:
    """An LLVM constant of type ``kind``."""
    if kind.kind != "vector":
        return literal(value, kind.elem)
    element = LLVM_ELEMENT[kind.elem]
    if not isinstance(value, list):
        return f"splat ({element} {literal(value, kind.elem)})"
    items = _flatten(value)
    return "<" + ", ".join(f"{element} {literal(item, kind.elem)}" for item in items) + ">"


@lowers("arith.constant")
def _constant(low: Lowering, op: Op) -> None:
    kind = op.results[0].type
    value = op.attrs["value"]
    low.alias(op, constant_text(kind, value))
    if is_table(op):
        low.cost.use("load", max(1, kind.bytes // low.program.target.rules.core.vector_bytes))
    if kind.kind == "scalar" and kind.elem not in FLOATS:
        low.ranges[op.results[0]] = Range(int(value), int(value))


# -- integers -------------------------------------------------------------------------------------
_INTEGER = {
    "addi": "add", "subi": "sub", "muli": "mul", "divsi": "sdiv", "divui": "udiv",
    "remsi": "srem", "remui": "urem", "andi": "and", "ori": "or", "xori": "xor",
    "shli": "shl", "shrui": "lshr",
}  # fmt: skip
_MINMAX = {"maxsi": "smax", "minsi": "smin", "maxui": "umax", "minui": "umin"}


def _keep_range(low: Lowering, op: Op) -> None:
    """Note the result's values unless the operation may have wrapped."""
    known = range_of(op.name, [low.ranges.get(value) for value in op.operands])
    if known is not None and known.fits(op.results[0].type):
        low.ranges[op.results[0]] = known


def _is_power_of_two(value: int | None) -> bool:
    return value is not None and value > 0 and value & (value - 1) == 0


@lowers("affine.apply")
def _apply(low: Lowering, op: Op) -> None:
    constant = op.attrs["constant"]
    name, known = str(constant), Range(constant, constant)
    total: Range | None = known
    for value, factor in zip(op.operands, op.attrs["factors"], strict=True):
        one = low.ranges.get(value)
        scaled = (
            low.emit(f"mul i64 {low.name(value)}, {factor}") if factor != 1 else low.name(value)
        )
        name = low.emit(f"add i64 {name}, {scaled}")
        total = total + one * Range(factor, factor) if total is not None and one else None
    low.alias(op, name)
    if total is not None:
        low.ranges[op.results[0]] = total


@lowers(*(f"arith.{name}" for name in _INTEGER))
def _integer(low: Lowering, op: Op) -> None:
    kind = op.results[0].type
    a, b = (low.name(value) for value in op.operands)
    instruction = _INTEGER[op.name[6:]]
    low.set(op, f"{instruction} {llvm_type(kind)} {a}, {b}")
    _keep_range(low, op)
    name = op.name[6:]
    if op.name == "arith.muli" and kind.kind == "vector":
        charge(low, kind, "mac", 4 if kind.elem == "i32" else 1)
        return
    shift = name[:3] in ("div", "rem") and _is_power_of_two(low.constant_of(op.operands[1]))
    if not shift and charge_soft(low, name, kind):
        return
    if kind.kind == "scalar" and kind.elem != "index":
        _charge_scalar(low, kind, "mul" if name == "muli" else "alu")
    elif kind.kind == "vector":
        charge(low, kind, "mv")


@lowers(*(f"arith.{name}" for name in _MINMAX))
def _minmax(low: Lowering, op: Op) -> None:
    kind = op.results[0].type
    low.alias(op, call_same(low, _MINMAX[op.name[6:]], kind, [low.name(v) for v in op.operands]))
    _keep_range(low, op)
    charge(low, kind, "mv")


def mangled(text: str) -> str:
    """The suffix of an overloaded LLVM intrinsic for a type's text."""
    short = {"float": "f32", "double": "f64", "half": "f16"}
    if text.startswith("<"):
        count, element = text[1:-1].split(" x ")
        return f"v{count}{short.get(element, element)}"
    return short.get(text, text)


def call_same(low: Lowering, name: str, kind: Type | str, args: list[str]) -> str:
    """Call ``llvm.<name>`` whose operands and result all have one type."""
    text = kind if isinstance(kind, str) else llvm_type(kind)
    symbol = f"@llvm.{name}.{mangled(text)}"
    low.program.declarations.add(f"declare {text} {symbol}({', '.join([text] * len(args))})")
    return low.emit(f"call {text} {symbol}({', '.join(f'{text} {arg}' for arg in args)})")


@lowers("arith.shrsi")
def _shrsi(low: Lowering, op: Op) -> None:
    kind = op.results[0].type
    if kind.kind == "scalar" and kind.elem in ("i8", "i16"):
        low.set(op, f"ashr {low.typed(op.operands[0])}, {low.name(op.operands[1])}")
        charge(low, kind, "mv")
        return
    low.refuse(
        op,
        "the vendor's tools turn it into an aievec.srs that rounds and saturates by the control "
        "registers (and crash on i64 scalars): write aievec.srs and set both registers, or unsigned "
        "shifts",
    )


@lowers("arith.cmpi")
def _cmpi(low: Lowering, op: Op) -> None:
    kind = op.operands[0].type
    a, b = (low.name(value) for value in op.operands)
    low.set(op, f"icmp {op.attrs['predicate']} {llvm_type(kind)} {a}, {b}")
    charge(low, kind, "mv")


@lowers("arith.select")
def _select(low: Lowering, op: Op) -> None:
    low.set(op, "select " + ", ".join(low.typed(value) for value in op.operands))
    _keep_range(low, op)
    charge(low, op.results[0].type, "mv")


# -- casts ----------------------------------------------------------------------------------------
_CASTS = {
    "extsi": "sext", "extui": "zext", "trunci": "trunc", "index_cast": "sext",
    "index_castui": "zext", "sitofp": "sitofp", "uitofp": "uitofp", "fptosi": "fptosi",
    "fptoui": "fptoui",
}  # fmt: skip


def _width(kind: Type) -> int:
    return int(LLVM_ELEMENT[kind.elem][1:])


@lowers("arith.extsi", "arith.extui", "arith.trunci", "arith.index_cast", "arith.index_castui")
def _integer_cast(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    instruction = _CASTS[op.name[6:]]
    if "index" in op.name and _width(target) <= _width(source.type):
        instruction = "trunc"
    if _width(target) == _width(source.type):
        low.alias(op, low.name(source))
    else:
        low.set(op, f"{instruction} {low.typed(source)} to {llvm_type(target)}")
    known = low.ranges.get(source)
    if known is not None and op.name != "arith.extui" and known.fits(target):
        low.ranges[op.results[0]] = known
    if target.kind == "vector":
        charge(low, target, "store" if op.name == "arith.trunci" else "mv")


@lowers("arith.sitofp", "arith.uitofp", "arith.fptosi", "arith.fptoui")
def _float_cast(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    name, kind = low.name(source), source.type
    if kind.elem == "bf16":
        name, kind = widen(low, name, kind), Type(kind.kind, "f32", kind.shape)
    wide = Type(target.kind, "f32", target.shape) if target.elem == "bf16" else target
    instruction = _CASTS[op.name[6:]]
    result = low.emit(f"{instruction} {llvm_type(kind)} {name} to {llvm_type(wide)}")
    low.alias(op, narrow(low, result, wide) if target.elem == "bf16" else result)
    if not charge_soft(low, op.name[6:], target):
        charge(low, target, "mv", 2)


@lowers("arith.bitcast")
def _bitcast(low: Lowering, op: Op) -> None:
    source = op.operands[0]
    target = llvm_type(op.results[0].type)
    if target == llvm_type(source.type):
        low.alias(op, low.name(source))
    else:
        low.set(op, f"bitcast {low.typed(source)} to {target}")


def widen(low: Lowering, name: str, kind: Type) -> str:
    """bf16 bits to f32: exact."""
    wide = low.emit(f"zext {like(kind, 'i16')} {name} to {like(kind, 'i32')}")
    up = low.emit(f"shl {like(kind, 'i32')} {wide}, {splat(kind, 'i32', 16)}")
    return low.emit(f"bitcast {like(kind, 'i32')} {up} to {like(kind, 'float')}")


def narrow(low: Lowering, name: str, kind: Type) -> str:
    """f32 to bf16 bits, rounded by crRnd; NaN stays NaN, infinities and denormals stay."""
    i32, i16 = like(kind, "i32"), like(kind, "i16")

    def op(instruction: str, a: str, b: int | str) -> str:
        return low.emit(
            f"{instruction} {i32} {a}, {splat(kind, 'i32', b) if isinstance(b, int) else b}"
        )

    bits = low.emit(f"bitcast {like(kind, 'float')} {name} to {i32}")
    top = op("lshr", bits, 16)
    mode = low.registers.rounding
    if mode == 12:
        odd = op("and", top, 1)
        rounded = op("lshr", op("add", op("add", bits, 0x7FFF), odd), 16)
    else:
        increment = _bf16_increment(mode, kind, op, bits, top)
        rounded = op("add", top, increment) if increment else top
    is_nan = low.emit(f"fcmp uno {like(kind, 'float')} {name}, {name}")
    i1 = like(kind, "i1")
    chosen = low.emit(f"select {i1} {is_nan}, {i32} {op('or', top, 0x40)}, {i32} {rounded}")
    return low.emit(f"trunc {i32} {chosen} to {i16}")


def _bf16_increment(mode: int, kind: Type, op: Any, bits: str, top: str) -> str | None:
    """1 where the magnitude grows, else 0: grd = first dropped bit, stk = any other, as integers."""
    sign = op("lshr", bits, 31)
    positive = op("xor", sign, 1)
    guard = op("and", op("lshr", bits, 15), 1)
    rest = op("and", bits, 0x7FFF)
    sticky = op("lshr", op("add", rest, 0x7FFF), 15)  # 1 if any bit of the rest is set
    dropped = op("or", guard, sticky)
    even_up = op("and", top, 1)
    if mode == 2:
        return None
    table = {
        0: lambda: op("and", dropped, sign),
        1: lambda: op("and", dropped, positive),
        3: lambda: dropped,
        8: lambda: op("and", guard, op("or", sticky, sign)),
        9: lambda: op("and", guard, op("or", sticky, positive)),
        10: lambda: op("and", guard, sticky),
        11: lambda: guard,
        12: lambda: op("and", guard, op("or", sticky, even_up)),
        13: lambda: op("and", guard, op("or", sticky, op("xor", even_up, 1))),
    }
    return table[mode]()


@lowers("arith.extf")
def _extf(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    if source.type.elem == "bf16" and target.elem == "f32":
        low.alias(op, widen(low, low.name(source), source.type))
    else:
        low.set(op, f"fpext {low.typed(source)} to {llvm_type(target)}")
    charge(low, target, "load")


@lowers("arith.truncf")
def _truncf(low: Lowering, op: Op) -> None:
    source, target = op.operands[0], op.results[0].type
    if target.elem == "bf16" and source.type.elem == "f32":
        low.alias(op, narrow(low, low.name(source), source.type))
    else:
        low.set(op, f"fptrunc {low.typed(source)} to {llvm_type(target)}")
    if not charge_soft(low, "truncf", target):
        charge(low, target, "store")


# -- floats ---------------------------------------------------------------------------------------
_FLOAT = {"addf": "fadd", "subf": "fsub", "mulf": "fmul", "divf": "fdiv", "remf": "frem"}
_FLOAT_MINMAX = {
    "maximumf": "maximum", "minimumf": "minimum", "maxnumf": "maxnum", "minnumf": "minnum",
}  # fmt: skip


def as_f32(low: Lowering, value: Value) -> tuple[str, Type]:
    """A float value as f32 (or its own wider type), and that type."""
    kind = value.type
    if kind.elem != "bf16":
        return low.name(value), kind
    return widen(low, low.name(value), kind), Type(kind.kind, "f32", kind.shape)


@lowers(*(f"arith.{name}" for name in (*_FLOAT, *_FLOAT_MINMAX)), "vector.fma", "arith.negf")
def _float(low: Lowering, op: Op) -> None:
    operands = [as_f32(low, value) for value in op.operands]
    kind = operands[0][1]
    names = [name for name, _ in operands]
    text = llvm_type(kind)
    short = op.name.split(".")[1]
    if short in _FLOAT:
        result = low.emit(f"{_FLOAT[short]} {text} {names[0]}, {names[1]}")
    elif short == "negf":
        result = low.emit(f"fneg {text} {names[0]}")
    else:
        result = call_same(low, _FLOAT_MINMAX.get(short, short), kind, names)
    low.alias(op, narrow(low, result, kind) if op.results[0].type.elem == "bf16" else result)
    slow = {"mulf": 3, "fma": 3, "divf": 32, "remf": 64}
    if not charge_soft(low, short, kind):
        charge(low, kind, "mv" if short in _FLOAT_MINMAX else "mac", slow.get(short, 1))


@lowers("arith.cmpf")
def _cmpf(low: Lowering, op: Op) -> None:
    (a, kind), (b, _) = (as_f32(low, value) for value in op.operands)
    low.set(op, f"fcmp {op.attrs['predicate']} {llvm_type(kind)} {a}, {b}")
    if not charge_soft(low, "cmpf", kind):
        charge(low, kind, "mv")
