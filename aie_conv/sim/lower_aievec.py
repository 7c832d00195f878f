"""LLVM IR of the aievec dialect and of the matrix intrinsics: matmul and the MAC intrinsics.

Integer products wrap in 32-bit (or 64-bit) accumulators. bf16 products go into f32 by fused
multiply-adds (fast) or by the device's common alignment (exact, :mod:`aie_conv.sim.exact`).
"""

from dataclasses import dataclass

from aie_conv.sim.costs import ACC_DISTANCE, Cost
from aie_conv.sim.exact import exact_dot
from aie_conv.sim.ir import Op, Value, parse_type
from aie_conv.sim.lower import Lower, Lowering, intrinsic, llvm_type, lowers
from aie_conv.sim.lower_arith import call_same, widen


@dataclass(frozen=True)
class Shape:
    """One matrix instruction: M x K by K x N; ``issue`` VMACs, ``shuffles`` besides them."""

    m: int
    k: int
    n: int
    issue: int = 1
    shuffles: int = 0


MATMULS: dict[tuple[str, str, str, str], tuple[Shape, ...]] = {
    ("aie2", "i8", "i8", "i32"): (Shape(4, 8, 8),),
    ("aie2", "i16", "i8", "i32"): (Shape(4, 4, 8),),
    ("aie2", "i16", "i16", "i32"): (Shape(4, 2, 8),),
    ("aie2", "i16", "i8", "i64"): (Shape(2, 8, 8), Shape(4, 8, 4)),
    ("aie2", "i16", "i16", "i64"): (Shape(2, 4, 8), Shape(4, 4, 4)),
    ("aie2", "bf16", "bf16", "f32"): (Shape(4, 8, 4),),
    ("aie2p", "i8", "i8", "i32"): (Shape(8, 8, 8),),
    ("aie2p", "i16", "i16", "i32"): (Shape(8, 2, 8),),
    ("aie2p", "bf16", "bf16", "f32"): (
        Shape(8, 8, 4, 8, 8),
        Shape(4, 8, 4, 8, 8),
        Shape(8, 8, 8, 1, 8),
        Shape(4, 8, 8, 1, 8),
    ),
}
"""Shapes with a lowering in the vendor's tools; AIE2P bf16 is emulated (8 element-wise MACs, whose
shuffles are taken to hide behind them: about 32 MACs a cycle were measured), and its 8x8x8 and 4x8x8
go through bfp16 and lose bits, which is not simulated."""


def _shuffled(low: Lowering, kind: str, name: str, mask: list[int]) -> str:
    text = ", ".join(f"i32 {index}" for index in mask)
    return low.emit(f"shufflevector {kind} {name}, {kind} poison, <{len(mask)} x i32> <{text}>")


# -- integer products -----------------------------------------------------------------------------
def _pairs_host(low: Lowering) -> tuple[int, str] | None:
    """Lanes and symbol of the host's pairwise 16-bit multiply-add, if it has one."""
    features = low.program.target.features
    if "avx512bw" in features:
        return 16, "llvm.x86.avx512.pmaddw.d.512"
    if "avx2" in features:
        return 8, "llvm.x86.avx2.pmadd.wd"
    return None


def integer_matmul(
    low: Lowering, shape: Shape, a: str, b: str, acc: str, signs: tuple[bool, bool]
) -> str:
    """acc + a x b for flat <MK x i8>, <KN x i8>, <MN x i32>; ``signs`` of a and b."""
    m, k, n = shape.m, shape.k, shape.n
    lanes = m * n
    wide_a = low.emit(f"{'sext' if signs[0] else 'zext'} <{m * k} x i8> {a} to <{m * k} x i16>")
    wide_b = low.emit(f"{'sext' if signs[1] else 'zext'} <{k * n} x i8> {b} to <{k * n} x i16>")
    pairs = low.emit(f"bitcast <{m * k} x i16> {wide_a} to <{m * k // 2} x i32>")
    host = _pairs_host(low)
    width = host[0] if host else lanes
    parts = []
    for first in range(0, lanes, width):
        span = range(first, first + width)
        part = _shuffled(low, f"<{lanes} x i32>", acc, list(span))
        for j in range(k // 2):
            left = _shuffled(
                low, f"<{m * k // 2} x i32>", pairs, [lane // n * (k // 2) + j for lane in span]
            )
            left = low.emit(f"bitcast <{width} x i32> {left} to <{2 * width} x i16>")
            mask = [index for lane in span for index in _column_pair(lane % n, j, n)]
            right = _shuffled(low, f"<{k * n} x i16>", wide_b, mask)
            part = low.emit(
                f"add <{width} x i32> {part}, {_pair_sums(low, host, width, left, right)}"
            )
        parts.append(part)
    return join(low, parts, width, "i32")


def _column_pair(column: int, j: int, n: int) -> tuple[int, int]:
    return 2 * j * n + column, (2 * j + 1) * n + column


def _pair_sums(
    low: Lowering, host: tuple[int, str] | None, width: int, left: str, right: str
) -> str:
    """a[2i]*b[2i] + a[2i+1]*b[2i+1] of i16 lanes, as i32."""
    kind = f"<{2 * width} x i16>"
    if host:
        low.program.declarations.add(f"declare <{width} x i32> @{host[1]}({kind}, {kind})")
        return low.emit(f"call <{width} x i32> @{host[1]}({kind} {left}, {kind} {right})")
    wide = f"<{2 * width} x i32>"
    a = low.emit(f"sext {kind} {left} to {wide}")
    b = low.emit(f"sext {kind} {right} to {wide}")
    product = low.emit(f"mul {wide} {a}, {b}")
    even = _shuffled(low, wide, product, list(range(0, 2 * width, 2)))
    odd = _shuffled(low, wide, product, list(range(1, 2 * width, 2)))
    return low.emit(f"add <{width} x i32> {even}, {odd}")


def join(low: Lowering, parts: list[str], length: int, element: str) -> str:
    """Concatenate equally long vectors."""
    while len(parts) > 1:
        kind = f"<{length} x {element}>"
        mask = ", ".join(f"i32 {i}" for i in range(2 * length))
        parts = [
            low.emit(f"shufflevector {kind} {x}, {kind} {y}, <{2 * length} x i32> <{mask}>")
            for x, y in zip(parts[::2], parts[1::2], strict=True)
        ]
        length *= 2
    return parts[0]


def _wide_matmul(low: Lowering, shape: Shape, op: Op) -> str:
    """The general integer product, element by element of K in the accumulator's width."""
    a, b, acc = op.operands
    m, k, n = shape.m, shape.k, shape.n
    element = acc.type.elem
    total = low.name(acc)
    wide_a = low.emit(f"sext {low.typed(a)} to <{m * k} x {element}>")
    wide_b = low.emit(f"sext {low.typed(b)} to <{k * n} x {element}>")
    kind = f"<{m * n} x {element}>"
    for j in range(k):
        left = _shuffled(
            low, f"<{m * k} x {element}>", wide_a, [i * k + j for i in range(m) for _ in range(n)]
        )
        right = _shuffled(
            low, f"<{k * n} x {element}>", wide_b, [j * n + c for _ in range(m) for c in range(n)]
        )
        total = low.emit(f"add {kind} {total}, {low.emit(f'mul {kind} {left}, {right}')}")
    return total


# -- bf16 products --------------------------------------------------------------------------------
def bf16_matmul(low: Lowering, shape: Shape, a: str, b: str, acc: str) -> str:
    """acc + a x b for flat <MK x i16>, <KN x i16> (bf16 bits) and <MN x float>."""
    m, k, n = shape.m, shape.k, shape.n
    if low.program.target.exact:
        return exact_dot(low, (m, k, n), a, b, acc)
    wide_a = widen(low, a, parse_type(f"vector<{m * k}xbf16>"))
    wide_b = widen(low, b, parse_type(f"vector<{k * n}xbf16>"))
    for j in range(k):
        left = _shuffled(
            low, f"<{m * k} x float>", wide_a, [i * k + j for i in range(m) for _ in range(n)]
        )
        right = _shuffled(
            low, f"<{k * n} x float>", wide_b, [j * n + c for _ in range(m) for c in range(n)]
        )
        acc = call_same(low, "fma", f"<{m * n} x float>", [left, right, acc])
    return acc


def _charge_matmul(low: Lowering, shape: Shape, dtype: str) -> None:
    distance = ACC_DISTANCE[low.program.target.arch]["bf16" if dtype == "bf16" else "i8"]
    low.latency = distance * shape.issue
    low.cost.add(Cost(mac=shape.issue, mv=shape.shuffles, macs=shape.m * shape.k * shape.n))


def _signless(element: str) -> str:
    return "i8" if element == "si8" else element


@lowers("aievec.matmul", "aievec.matmul_aie2p")
def _matmul(low: Lowering, op: Op) -> None:
    a, b, acc = op.operands
    arch = low.program.target.arch
    if (op.name == "aievec.matmul_aie2p") != (arch == "aie2p"):
        low.refuse(op, f"not an operation of {arch}")
    if len(a.type.shape) != 2 or len(b.type.shape) != 2:
        low.refuse(op, f"{a.type} by {b.type}: operands are 2-D")
    m, k, n = *a.type.shape, b.type.shape[1]
    elems = (_signless(a.type.elem), _signless(b.type.elem), acc.type.elem)
    shapes = MATMULS.get((arch, *elems), ())
    shape = next((s for s in shapes if (s.m, s.k, s.n) == (m, k, n)), None)
    if shape is None or acc.type.shape != (m, n) or b.type.shape[0] != k:
        known = ", ".join(f"{s.m}x{s.k}x{s.n}" for s in shapes) or "none"
        low.refuse(
            op,
            f"{a.type} by {b.type} into {acc.type}: no such instruction; of these "
            f"types there is: {known}",
        )
    x, y, z = (low.name(value) for value in op.operands)
    if elems[0] == "bf16":
        low.alias(op, bf16_matmul(low, shape, x, y, z))
    elif elems == ("i8", "i8", "i32"):
        low.alias(op, integer_matmul(low, shape, x, y, z, (True, True)))
    else:
        low.alias(op, _wide_matmul(low, shape, op))
    _charge_matmul(low, shape, elems[0])


# -- matrix intrinsics ----------------------------------------------------------------------------
def _cast(low: Lowering, value: Value, target: str) -> str:
    source = llvm_type(value.type)
    if source == target:
        return low.name(value)
    return low.emit(f"bitcast {source} {low.name(value)} to {target}")


def _head(low: Lowering, value: Value, element: str, count: int) -> str:
    """The first ``count`` elements of a vector seen as ``element``."""
    bits = {"i8": 8, "i16": 16}[element]
    total = value.type.bits // bits
    flat = _cast(low, value, f"<{total} x {element}>")
    if total == count:
        return flat
    return _shuffled(low, f"<{total} x {element}>", flat, list(range(count)))


def _conf(low: Lowering, op: Op) -> int:
    conf = low.constant_of(op.operands[3])
    if conf is None:
        low.refuse(op, "the configuration word must be a constant")
    return conf


def _mac_conf(shape: Shape) -> Lower:
    """An int8 matrix intrinsic (x, y, accumulator, conf)."""

    def lower(low: Lowering, op: Op) -> None:
        conf = _conf(low, op)
        if conf & ~0x301 not in (0x008,):
            low.refuse(
                op,
                f"configuration {conf}: only amode 0, bmode 1, variant 0 with the sign "
                "bits 8, 9 and zero_acc are simulated",
            )
        kind = f"<{shape.m * shape.n} x i32>"
        x = _head(low, op.operands[0], "i8", shape.m * shape.k)
        y = _head(low, op.operands[1], "i8", shape.k * shape.n)
        acc = "zeroinitializer" if conf & 1 else _cast(low, op.operands[2], kind)
        result = integer_matmul(low, shape, x, y, acc, (bool(conf & 0x200), bool(conf & 0x100)))
        low.set(op, f"bitcast {kind} {result} to {llvm_type(op.results[0].type)}")
        _charge_matmul(low, shape, "i8")

    return lower


intrinsic("llvm.aie2.I512.I512.ACC1024.acc32.mac.conf")(_mac_conf(Shape(4, 8, 8)))
intrinsic("llvm.aie2p.I512.I512.ACC2048.mac.conf")(_mac_conf(Shape(8, 8, 8)))


@intrinsic("llvm.aie2.bf.mac16.conf")
def _bf_mac(low: Lowering, op: Op) -> None:
    conf = _conf(low, op)
    if conf & ~1 != 28:
        low.refuse(op, f"configuration {conf}: only 28 (4x8x4) is simulated")
    shape = Shape(4, 8, 4)
    x = _head(low, op.operands[0], "i16", 32)
    y = _head(low, op.operands[1], "i16", 32)
    acc = "zeroinitializer" if conf & 1 else _cast(low, op.operands[2], "<16 x float>")
    result = bf16_matmul(low, shape, x, y, acc)
    target = llvm_type(op.results[0].type)
    if target == "<16 x float>":
        low.alias(op, result)
    else:
        low.set(op, f"bitcast <16 x float> {result} to {target}")
    _charge_matmul(low, shape, "bf16")
