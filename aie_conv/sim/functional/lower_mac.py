"""LLVM IR of multiply-accumulates: which products go into which lane, and their arithmetic.

An instruction is a list of *terms*; each term gives every output lane one product, by the elements
of the two operands that it multiplies. Integer products are exact and wrap in 32-bit or 64-bit
accumulators. bf16 products go into f32 by fused multiply-adds (fast) or by the device's common
alignment (exact, :mod:`aie_conv.sim.functional.exact`).
"""

from collections.abc import Sequence

from aie_conv.ir.core import parse_type
from aie_conv.sim.functional.exact import exact_dot
from aie_conv.sim.functional.lower import Lowering
from aie_conv.sim.functional.lower_arith import call_same, widen
from aie_conv.sim.timing.costs import OperationCost

Terms = Sequence[tuple[Sequence[int], Sequence[int]]]
"""For each term: the element of the left and of the right operand for each lane."""

MacOperand = tuple[str, int, int]
"""An LLVM vector of integers: its name, how many, bits of each."""


def matrix_terms(m: int, k: int, n: int) -> Terms:
    """out[i*n + c] += sum over j < k of A[i*k + j] * B[j*n + c]."""
    lanes = [(i, c) for i in range(m) for c in range(n)]
    return [([i * k + j for i, _ in lanes], [j * n + c for _, c in lanes]) for j in range(k)]


def element_terms(lanes: int, products: int) -> Terms:
    """out[c] += sum over j < products of A[c + j*lanes] * B[c + j*lanes]."""
    rows = [[c + j * lanes for c in range(lanes)] for j in range(products)]
    return [(row, row) for row in rows]


def sliding_terms(lanes: int, taps: int) -> Terms:
    """out[c] += sum over j < taps of A[c + j] * B[j]."""
    return [([c + j for c in range(lanes)], [j] * lanes) for j in range(taps)]


def channel_terms(rows: int, taps: int, channels: int) -> Terms:
    """out[r*channels + c] += sum over j < taps of A[(r + j)*channels + c] * B[j*channels + c]."""
    lanes = [(r, c) for r in range(rows) for c in range(channels)]
    return [
        ([(r + j) * channels + c for r, c in lanes], [j * channels + c for _, c in lanes])
        for j in range(taps)
    ]


def shuffled(low: Lowering, kind: str, name: str, mask: Sequence[int]) -> str:
    """The elements of an LLVM vector that ``mask`` names."""
    text = ", ".join(f"i32 {index}" for index in mask)
    return low.emit(f"shufflevector {kind} {name}, {kind} poison, <{len(mask)} x i32> <{text}>")


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


def charge_macs(
    low: Lowering, macs: int, issue: int = 1, shuffles: int = 0, *, adds: bool = True
) -> None:
    """Charge ``issue`` VMACs on one accumulator that do ``macs`` products; ``adds`` if they read it."""
    low.cost.add(OperationCost(mac=issue, mv=shuffles, macs=macs))
    low.cost.adds = adds


# -- integer products -----------------------------------------------------------------------------
def _pairs_host(low: Lowering) -> tuple[int, str] | None:
    """Lanes and symbol of the host's pairwise 16-bit multiply-add, if it has one."""
    features = low.program.target.features
    if "avx512bw" in features:
        return 16, "llvm.x86.avx512.pmaddw.d.512"
    if "avx2" in features:
        return 8, "llvm.x86.avx2.pmadd.wd"
    return None


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
    even = shuffled(low, wide, product, list(range(0, 2 * width, 2)))
    odd = shuffled(low, wide, product, list(range(1, 2 * width, 2)))
    return low.emit(f"add <{width} x i32> {even}, {odd}")


def _widened(low: Lowering, operand: MacOperand, signed: bool, bits: int) -> str:
    name, count, width = operand
    if width == bits:
        return name
    cast = "sext" if signed else "zext"
    return low.emit(f"{cast} <{count} x i{width}> {name} to <{count} x i{bits}>")


def _bytes_in_pairs(
    low: Lowering, terms: Terms, a: MacOperand, b: MacOperand, acc: str, signs: tuple[bool, bool]
) -> str:
    """8-bit products two terms at a time: any pair of them fits 32 bits."""
    lanes = len(terms[0][0])
    wide_a, wide_b = (_widened(low, x, s, 16) for x, s in zip((a, b), signs, strict=True))
    host = _pairs_host(low)
    width = host[0] if host else lanes
    parts = []
    for first in range(0, lanes, width):
        span = range(first, first + width)
        part = shuffled(low, f"<{lanes} x i32>", acc, list(span))
        for one, other in zip(terms[::2], terms[1::2], strict=True):
            left, right = (
                shuffled(
                    low,
                    f"<{operand[1]} x i16>",
                    wide,
                    [index for lane in span for index in (one[side][lane], other[side][lane])],
                )
                for side, (operand, wide) in enumerate(((a, wide_a), (b, wide_b)))
            )
            sums = _pair_sums(low, host, width, left, right)
            part = low.emit(f"add <{width} x i32> {part}, {sums}")
        parts.append(part)
    return join(low, parts, width, "i32")


def integer_products(
    low: Lowering,
    terms: Terms,
    a: MacOperand,
    b: MacOperand,
    acc: tuple[str, int],
    signs: tuple[bool, bool],
) -> str:
    """acc + the terms' products; ``acc`` is a name and the bits of its lanes, ``signs`` of a and b."""
    name, bits = acc
    if (a[2], b[2], bits) == (8, 8, 32) and len(terms) % 2 == 0:
        return _bytes_in_pairs(low, terms, a, b, name, signs)
    kind = f"<{len(terms[0][0])} x i{bits}>"
    wide_a, wide_b = (_widened(low, x, s, bits) for x, s in zip((a, b), signs, strict=True))
    for left, right in terms:
        x = shuffled(low, f"<{a[1]} x i{bits}>", wide_a, left)
        y = shuffled(low, f"<{b[1]} x i{bits}>", wide_b, right)
        name = low.emit(f"add {kind} {name}, {low.emit(f'mul {kind} {x}, {y}')}")
    return name


# -- bf16 products --------------------------------------------------------------------------------
def bf16_products(
    low: Lowering, terms: Terms, a: tuple[str, int], b: tuple[str, int], acc: str
) -> str:
    """acc (floats) + the terms' products of bf16 bits; operands are names and lengths."""
    if low.program.target.exact:
        return exact_dot(low, terms, a, b, acc)
    lanes = len(terms[0][0])
    wide_a, wide_b = (widen(low, name, parse_type(f"vector<{n}xbf16>")) for name, n in (a, b))
    for left, right in terms:
        x = shuffled(low, f"<{a[1]} x float>", wide_a, left)
        y = shuffled(low, f"<{b[1]} x float>", wide_b, right)
        acc = call_same(low, "fma", f"<{lanes} x float>", [x, y, acc])
    return acc
