"""The documented bf16 multiply-accumulate of AIE2, bit by bit, as LLVM IR.

For each output lane: products of 8-bit significands are exact; every product and the accumulator
are shifted to the largest exponent among them, each rounded to nearest even at 23 fraction bits;
the integer sum is normalised and rounded once. Denormal results become zero. Infinities and NaNs
follow IEEE here (their payload is not the device's). The AIE2P form is not documented; the same
arithmetic is used for it.

In numbers: a product p of biased exponents ea, eb stands for p * 2^9 * 2^(e - 278) with e =
ea + eb + 1, an accumulator m for m * 2^(e - 278) with e = exponent + 128; E is the largest e.
"""

from collections.abc import Sequence

from aie_conv.sim.functional.lower import Lowering

HELPER = "bf16_dot"


def exact_dot(
    low: Lowering,
    terms: Sequence[tuple[Sequence[int], Sequence[int]]],
    a: tuple[str, int],
    b: tuple[str, int],
    acc: str,
) -> str:
    """acc (floats) + at most 8 terms' products, lane by lane.

    Args:
        terms: for each product, the elements of ``a`` and ``b`` for each lane.
        a, b: name and length of vectors of bf16 bits.
    """
    low.program.texts.setdefault(HELPER, _HELPER_TEXT)
    low.program.declarations.update(_DECLARATIONS)
    result = acc
    lanes = len(terms[0][0])
    kind = f"<{lanes} x float>"
    for lane in range(lanes):
        left = _pick(low, a, [term[0][lane] for term in terms])
        right = _pick(low, b, [term[1][lane] for term in terms])
        old = low.emit(f"extractelement {kind} {acc}, i64 {lane}")
        new = low.emit(f"call float @{HELPER}(<8 x i16> {left}, <8 x i16> {right}, float {old})")
        result = low.emit(f"insertelement {kind} {result}, float {new}, i64 {lane}")
    return result


def _pick(low: Lowering, vector: tuple[str, int], mask: list[int]) -> str:
    """Up to 8 elements; zeros, whose products count for nothing, behind them."""
    name, count = vector
    kind = f"<{count} x i16>"
    full = [*mask, *[count] * (8 - len(mask))]
    text = ", ".join(f"i32 {index}" for index in full)
    return low.emit(f"shufflevector {kind} {name}, {kind} zeroinitializer, <8 x i32> <{text}>")


def _half_even(name: str, value: str, by: str, kind: str) -> str:
    """LLVM text: %name = value >> by, rounded to nearest even; ``kind`` is an i64 type."""
    one, zero = ("splat (i64 1)", "zeroinitializer") if kind != "i64" else ("1", "0")
    bits = kind.replace("i64", "i1")
    return f"""
  %{name}.kept = ashr {kind} {value}, {by}
  %{name}.odd = and {kind} %{name}.kept, {one}
  %{name}.unit = shl {kind} {one}, {by}
  %{name}.half = lshr {kind} %{name}.unit, {one}
  %{name}.less = sub {kind} %{name}.half, {one}
  %{name}.bias = add {kind} %{name}.less, %{name}.odd
  %{name}.any = icmp ne {kind} {by}, {zero}
  %{name}.used = select {bits} %{name}.any, {kind} %{name}.bias, {kind} {zero}
  %{name}.sum = add {kind} {value}, %{name}.used
  %{name} = ashr {kind} %{name}.sum, {by}"""


def _split(name: str) -> str:
    """LLVM text: exponent (1 for denormals), significand and raw exponent of bf16 bits %name."""
    return f"""
  %{name}.w = zext <8 x i16> %{name} to <8 x i64>
  %{name}.s = lshr <8 x i64> %{name}.w, splat (i64 7)
  %{name}.e = and <8 x i64> %{name}.s, splat (i64 255)
  %{name}.f = and <8 x i64> %{name}.w, splat (i64 127)
  %{name}.n = icmp ne <8 x i64> %{name}.e, zeroinitializer
  %{name}.i = select <8 x i1> %{name}.n, <8 x i64> splat (i64 128), <8 x i64> zeroinitializer
  %{name}.m = or <8 x i64> %{name}.f, %{name}.i
  %{name}.x = call <8 x i64> @llvm.umax.v8i64(<8 x i64> %{name}.e, <8 x i64> splat (i64 1))
  %{name}.o = icmp eq <8 x i64> %{name}.e, splat (i64 255)"""


_HELPER_TEXT = f"""define internal float @{HELPER}(<8 x i16> %a, <8 x i16> %b, float %q) #0 {{
{_split("a")}{_split("b")}
  %q.b = bitcast float %q to i32
  %q.w = zext i32 %q.b to i64
  %q.s = lshr i64 %q.w, 23
  %q.e = and i64 %q.s, 255
  %q.f = and i64 %q.w, 8388607
  %q.n = icmp ne i64 %q.e, 0
  %q.i = select i1 %q.n, i64 8388608, i64 0
  %q.m = or i64 %q.f, %q.i
  %q.x = call i64 @llvm.umax.i64(i64 %q.e, i64 1)
  %q.o = icmp eq i64 %q.e, 255
  %odd = or <8 x i1> %a.o, %b.o
  %odd.any = call i1 @llvm.vector.reduce.or.v8i1(<8 x i1> %odd)
  %special = or i1 %odd.any, %q.o
  br i1 %special, label %ieee, label %aligned
ieee:
  %a.h = shl <8 x i64> %a.w, splat (i64 16)
  %b.h = shl <8 x i64> %b.w, splat (i64 16)
  %a.t = trunc <8 x i64> %a.h to <8 x i32>
  %b.t = trunc <8 x i64> %b.h to <8 x i32>
  %a.v = bitcast <8 x i32> %a.t to <8 x float>
  %b.v = bitcast <8 x i32> %b.t to <8 x float>
  %v = fmul <8 x float> %a.v, %b.v
  %v.sum = call float @llvm.vector.reduce.fadd.v8f32(float %q, <8 x float> %v)
  ret float %v.sum
aligned:
  %p = mul <8 x i64> %a.m, %b.m
  %p.z = icmp eq <8 x i64> %p, zeroinitializer
  %p.e1 = add <8 x i64> %a.x, %b.x
  %p.e2 = add <8 x i64> %p.e1, splat (i64 1)
  %p.e = select <8 x i1> %p.z, <8 x i64> zeroinitializer, <8 x i64> %p.e2
  %q.z = icmp eq i64 %q.m, 0
  %q.e2 = add i64 %q.x, 128
  %q.k = select i1 %q.z, i64 0, i64 %q.e2
  %p.max = call i64 @llvm.vector.reduce.umax.v8i64(<8 x i64> %p.e)
  %e = call i64 @llvm.umax.i64(i64 %p.max, i64 %q.k)
  %e.1 = insertelement <8 x i64> poison, i64 %e, i64 0
  %e.8 = shufflevector <8 x i64> %e.1, <8 x i64> poison, <8 x i32> zeroinitializer
  %p.d = sub <8 x i64> %e.8, %p.e
  %p.by = call <8 x i64> @llvm.umin.v8i64(<8 x i64> %p.d, <8 x i64> splat (i64 40))
  %p.u = shl <8 x i64> %p, splat (i64 9)
  %p.neg = sub <8 x i64> zeroinitializer, %p.u
  %sign = xor <8 x i16> %a, %b
  %minus = icmp slt <8 x i16> %sign, zeroinitializer
  %p.v = select <8 x i1> %minus, <8 x i64> %p.neg, <8 x i64> %p.u
{_half_even("p.r", "%p.v", "%p.by", "<8 x i64>")}
  %q.d = sub i64 %e, %q.k
  %q.by = call i64 @llvm.umin.i64(i64 %q.d, i64 40)
{_half_even("q.r", "%q.m", "%q.by", "i64")}
  %q.neg = sub i64 0, %q.r
  %q.minus = icmp slt i32 %q.b, 0
  %q.v = select i1 %q.minus, i64 %q.neg, i64 %q.r
  %p.sum = call i64 @llvm.vector.reduce.add.v8i64(<8 x i64> %p.r)
  %sum = add i64 %p.sum, %q.v
  %once = sitofp i64 %sum to float
  %wide = fpext float %once to double
  %s.e = add i64 %e, 745
  %s.b = shl i64 %s.e, 52
  %scale = bitcast i64 %s.b to double
  %value = fmul double %wide, %scale
  %size = call double @llvm.fabs.f64(double %value)
  %tiny = fcmp olt double %size, 0x3810000000000000
  %narrow = fptrunc double %value to float
  %result = select i1 %tiny, float 0.0, float %narrow
  ret float %result
}}"""

_DECLARATIONS = (
    "declare <8 x i64> @llvm.umax.v8i64(<8 x i64>, <8 x i64>)",
    "declare <8 x i64> @llvm.umin.v8i64(<8 x i64>, <8 x i64>)",
    "declare i64 @llvm.umax.i64(i64, i64)",
    "declare i64 @llvm.umin.i64(i64, i64)",
    "declare i1 @llvm.vector.reduce.or.v8i1(<8 x i1>)",
    "declare i64 @llvm.vector.reduce.umax.v8i64(<8 x i64>)",
    "declare i64 @llvm.vector.reduce.add.v8i64(<8 x i64>)",
    "declare float @llvm.vector.reduce.fadd.v8f32(float, <8 x float>)",
    "declare double @llvm.fabs.f64(double)",
)
