"""ConvProblem: the one description of a convolution that every part of aie_conv takes.

A convolution, a matmul and everything between them is one thing here: a *strided contraction*

    out[sum(l.out * i_l)] = epilogue(sum over the "k" loops of lhs[sum(l.lhs * i_l)] * rhs[sum(l.rhs * i_l)])

where every loop ``l`` walks each operand with one element stride. Strides, dilations, layouts and
the overlap of windows are nothing but strides, so nothing downstream knows the letters NHWC.
Padding is in the operand (its buffer holds the border) by the time a problem is made.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from math import prod
from struct import pack
from typing import Literal

DTYPE_BYTES: dict[str, int] = {
    "i1": 1,
    "i8": 1,
    "i16": 2,
    "i32": 4,
    "bf16": 2,
    "f16": 2,
    "f32": 4,
}
"""Bytes of one element of each data type a problem may name."""

Role = Literal["m", "n", "k", "g"]

BLOCK_FLOAT = "bfp16"
"""Blocks of eight values that share an exponent, in nine bytes: what AIE2P's matrix unit multiplies at its
full rate (AMD's bfp16ebs8)."""

BLOCK = 8
"""Values of K that share an exponent."""

Arithmetic = Literal["native", "bf16", "bf16x3", "bfp16"]
"""How products are computed: in the operands' own type, f32 or f16 by way of bf16, or f32 or bf16 as bfp16.

With u = 2^-8 and v = 2^-24, the unit roundoffs of bf16 and f32, g(n) = nv / (1 - nv), and S the sum of
the magnitudes of the K exact products of one output, a sum in f32, in any order, is off by at most

* "bf16": ``(2u + u^2) S`` from rounding both operands once, and ``g(K) (1 + u)^2 S`` from adding;
* "bf16x3": ``(3u^2 + 2u^3 + 2u^4) S`` from the products that are left out (lo * lo, and what hi + lo
  leaves over on either side: at most u^2 S each, to first order), and
  ``g(3K) (1 + u)^2 (1 + 2u) S`` from adding three times as many. Of f16 operands only lo * lo is left out:
  ``u^2 S`` in place of the first. f16 has 11 significant bits and its values are multiples of 2^-24; bf16(x)
  leaves at most half a unit of its last place, a multiple of 2^-24 with at most three bits, and neither part
  overflows or is subnormal. So hi + lo is x for every finite x, f16's subnormal values included;

* "bfp16": ``(2d + d^2) K A B`` from both operands, and ``g(K) (1 + d)^2 K A B`` from adding, A and B being
  their largest magnitudes and d = 2^-6 where they are bf16, 2^-6 (1 + u) + u where they were rounded to it.
  An element is off by at most one unit of its block of eight along K, which is 2^-6 of the block's largest
  magnitude or less, however the device rounds. An infinity or a NaN makes NaNs of all sums that its block
  takes part in.

A part of an operand below 2^-126 may count as zero: at most 2^-126 times the other's magnitude for each.
A magnitude that bf16 rounds to infinity (above 3.39e38) is infinite in both.
"""


@dataclass(frozen=True)
class Loop:
    """One loop of a contraction.

    Attributes:
        name: the loop's name for people: "n", "oh", "ow", "oc", "kh", "kw", "ic", "g", "m", "k".
        role: "m" walks lhs and out, "n" walks rhs and out, "k" walks lhs and rhs, "g" all three.
        size: trip count, at least 1.
        lhs, rhs, out: stride in elements in each operand; 0 where the loop does not walk it.
    """

    name: str
    role: Role
    size: int
    lhs: int
    rhs: int
    out: int


@dataclass(frozen=True)
class Operand:
    """A dense row-major buffer: its type, its shape, and the element where index 0 of the loops lies."""

    dtype: str
    shape: tuple[int, ...]
    offset: int = 0

    @property
    def elements(self) -> int:
        """Length of the whole buffer in elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Length of the whole buffer in bytes."""
        return self.elements * DTYPE_BYTES[self.dtype]


@dataclass(frozen=True)
class EpilogueInput:
    """An operand of the epilogue besides the accumulator.

    Attributes:
        operand: the buffer.
        strides: element stride for each loop of the problem, in the problem's loop order; a bias
            has zeros for every "m" loop, a residual walks "m" and "n" loops.
    """

    operand: Operand
    strides: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """One scalar operation of the epilogue, by its MLIR name.

    Equal steps compute the same bits: 0.0 is not -0.0, nor 1.0 the integer 1, and a NaN equals itself. Caches
    are keyed by problems, and so by steps.

    Attributes:
        op: "arith.addf", "arith.cmpf", "arith.constant", …
        args: value numbers. 0 is the accumulator, 1 … len(inputs) the inputs, then each step's result.
        dtype: result type ("f32", "bf16", "i32", "i8", "i1", …).
        attr: the constant's value, or the comparison's predicate; None elsewhere.
    """

    op: str
    args: tuple[int, ...]
    dtype: str
    attr: int | float | str | None = None

    @property
    def _bits(self) -> tuple[object, ...]:
        attr = pack("<d", self.attr) if isinstance(self.attr, float) else self.attr
        return self.op, self.args, self.dtype, type(self.attr), attr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self._bits == other._bits

    def __hash__(self) -> int:
        return hash(self._bits)


@dataclass(frozen=True)
class Epilogue:
    """What is fused behind the contraction; an empty one stores the accumulator as it is."""

    inputs: tuple[EpilogueInput, ...] = ()
    steps: tuple[Step, ...] = ()
    result: int = 0

    def value_dtype(self, value: int, accumulator: str) -> str:
        """The type of a value number, given the accumulator's type."""
        if value == 0:
            return accumulator
        if value <= len(self.inputs):
            return self.inputs[value - 1].operand.dtype
        return self.steps[value - 1 - len(self.inputs)].dtype


@dataclass(frozen=True)
class ConvProblem:
    """One convolution or matmul, with its epilogue; frozen, hashable, the key of every cache.

    Attributes:
        kind: "conv" where a loop of the window is larger than 1 or strided, else "matmul".
        loops: every loop, outermost first; the order of "m" and "n" loops is the output's.
        lhs, rhs, out: the buffers; ``out`` may be larger than what is written.
        accumulator: "i32" (wrapping) or "f32".
        epilogue: the fused operations.
        keeps_base: the output is a slice of a buffer whose other elements keep their values.
        arithmetic: how the products are computed.
    """

    kind: Literal["conv", "matmul"]
    loops: tuple[Loop, ...]
    lhs: Operand
    rhs: Operand
    out: Operand
    accumulator: str
    epilogue: Epilogue = Epilogue()
    keeps_base: bool = False
    arithmetic: Arithmetic = "native"

    def of_role(self, role: Role) -> tuple[Loop, ...]:
        """The loops of one role, outermost first."""
        return tuple(loop for loop in self.loops if loop.role == role)

    def extent(self, role: Role) -> int:
        """The product of the sizes of one role's loops (M, N, K or the number of groups)."""
        return prod(loop.size for loop in self.of_role(role))

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of the whole problem."""
        return prod(loop.size for loop in self.loops)

    @cached_property
    def minimum_bytes(self) -> int:
        """Bytes moved if every operand crossed the array's border once.

        Counts the elements that are touched, not the buffers' borders.
        """
        m, n, k, g = (self.extent(role) for role in ("m", "n", "k", "g"))
        lhs = min(m * k * g, self.lhs.elements) * DTYPE_BYTES[self.lhs.dtype]
        rhs = n * k * g * DTYPE_BYTES[self.rhs.dtype]
        out = m * n * g * DTYPE_BYTES[self.out.dtype]
        fused = 0
        for entry in self.epilogue.inputs:
            walked = prod(loop.size for loop, s in zip(self.loops, entry.strides, strict=True) if s)
            fused += min(walked, entry.operand.elements) * DTYPE_BYTES[entry.operand.dtype]
        return lhs + rhs + out + fused

    def describe(self) -> str:
        """A line for people, e.g. "conv oh56 ow56 oc64 kh3 kw3 ic64 bf16xbf16->f32->bf16"."""
        loops = " ".join(f"{loop.name}{loop.size}" for loop in self.loops)
        types = f"{self.lhs.dtype}x{self.rhs.dtype}->{self.accumulator}"
        if self.out.dtype != self.accumulator:
            types += f"->{self.out.dtype}"
        how = "" if self.arithmetic == "native" else f" as {self.arithmetic}"
        return f"{self.kind} {loops} {types}{how}"


OperationKind = Literal["elementwise", "window", "reduction", "normalisation", "move"]
"""What stands between contractions: see :class:`OperationProblem`."""

REDUCE = "reduce"
"""A step whose argument is combined over all "k" loops, by the operation that its ``attr`` names."""


@dataclass(frozen=True)
class Gather:
    """Elements that a loop takes of an operand in no even steps: a resize, a reflection.

    Attributes:
        operand: 0 for ``lhs``, else the epilogue's inputs, counted from 1.
        loop: number of the loop.
        places: for each of its trips how many of its strides from the operand's first element, at least 0.
    """

    operand: int
    loop: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class OperationProblem:
    """One operation that multiplies no two operands' sums: element-wise, a reduction, or a move.

        out[sum(l.out * i_l)] = epilogue(combine over the "k" loops of lhs[sum(l.lhs * i_l)])

    Without "k" loops the value in front of the epilogue is the element of ``lhs`` itself. Broadcasting,
    transposition, slices and windows are nothing but strides. A window's padding is in the operand.

    *By rows* nothing is combined in front: the "k" loops walk the elements of a row, and the epilogue's
    REDUCE steps combine a value of each element to one of the row, which any later step may use. So a
    softmax is a maximum, a sum of exponentials and a quotient; a variance the sum of what is computed.

    Attributes:
        kind: "window" where a "k" loop walks what an "m" loop walks too, "reduction" of other "k" loops,
            "normalisation" where the output has an element for each of a row's, "elementwise" without "k"
            loops, "move" where nothing is computed either.
        loops: every loop, outermost first, of roles "m" and "k"; ``rhs`` is 0.
        lhs, out: the buffers.
        epilogue: its value 0 is the element or the reduced value; its other inputs walk "m" loops, by rows
            any.
        accumulator: type of value 0; wider than ``lhs`` where elements are extended before they are added.
        combine: "arith.addi", "arith.maximumf", …; empty without "k" loops. Sums of bf16 are of f32.
        keeps_base: as of :class:`ConvProblem`.
        arithmetic: "native", or "bfp16" where its program is to be one of products in bfp16; its result is
            the same.
        gathers: loops that take elements of operands in no even steps.
        same_as: for each of the epilogue's inputs the first operand of its buffer, counted as in
            :class:`Gather`; empty where each is a buffer of its own.
        cpu_work: scalar operations of what the CPU computes, where the cores compute the same otherwise.
    """

    kind: OperationKind
    loops: tuple[Loop, ...]
    lhs: Operand
    out: Operand
    epilogue: Epilogue
    accumulator: str
    combine: str = ""
    keeps_base: bool = False
    arithmetic: Arithmetic = "native"
    gathers: tuple[Gather, ...] = ()
    same_as: tuple[int, ...] = ()
    cpu_work: int = 0

    def places(self, operand: int, loop: int) -> tuple[int, ...]:
        """Where a loop's trips find an operand's elements, in its strides; empty: one behind the other."""
        same = (g.places for g in self.gathers if (g.operand, g.loop) == (operand, loop))
        return next(same, ())

    @property
    def parallel(self) -> tuple[Loop, ...]:
        """The loops that the output walks."""
        return tuple(loop for loop in self.loops if loop.role == "m")

    @property
    def reduced(self) -> tuple[Loop, ...]:
        """The loops that are combined."""
        return tuple(loop for loop in self.loops if loop.role == "k")

    @cached_property
    def by_rows(self) -> bool:
        """Whether steps combine what is computed of a row's elements."""
        return any(step.op == REDUCE for step in self.epilogue.steps)

    @property
    def stored(self) -> tuple[Loop, ...]:
        """The loops that walk the output."""
        return tuple(loop for loop in self.loops if loop.role == "m" or loop.out)

    @cached_property
    def elements(self) -> int:
        """Elements of the output."""
        return prod(loop.size for loop in self.stored)

    @cached_property
    def work(self) -> int:
        """Scalar operations: combinations, and the epilogue's."""
        steps = sum(step.op != "arith.constant" for step in self.epilogue.steps)
        if self.by_rows:
            return prod(loop.size for loop in self.loops) * steps
        return self.elements * (prod(loop.size for loop in self.reduced) + steps)

    @property
    def macs(self) -> int:
        """Multiply-accumulates: none."""
        return 0

    @cached_property
    def minimum_bytes(self) -> int:
        """Bytes moved if every operand crossed the array's border once."""
        walked = prod(loop.size for loop in self.loops if loop.lhs)
        total = min(walked, self.lhs.elements) * DTYPE_BYTES[self.lhs.dtype]
        total += self.elements * DTYPE_BYTES[self.out.dtype]
        for entry in self.epilogue.inputs:
            walked = prod(loop.size for loop, s in zip(self.loops, entry.strides, strict=True) if s)
            total += min(walked, entry.operand.elements) * DTYPE_BYTES[entry.operand.dtype]
        return total

    def describe(self) -> str:
        """A line for people, e.g. "window max oh28 ow28 c64 kh3 kw3 bf16->bf16"."""
        inside = [str(step.attr) for step in self.epilogue.steps if step.op == REDUCE]
        names = [_combination(name) for name in ([self.combine] if self.combine else inside)]
        others = [entry.operand.dtype for entry in self.epilogue.inputs]
        words = [self.kind, *names]
        words += [f"{loop.name}{loop.size}" for loop in self.loops]
        if self.gathers:
            digest = hashlib.sha256(repr(self.gathers).encode()).hexdigest()[:8]
            words.append(f"gathered-{digest}")
        return " ".join([*words, f"{','.join([self.lhs.dtype, *others])}->{self.out.dtype}"])


def _combination(name: str) -> str:
    """What people call a combining operation."""
    what = name.removeprefix("arith.").rstrip("fiu").removesuffix("s")
    return {"maximum": "max", "minimum": "min", "maxnum": "max", "minnum": "min"}.get(what, what)


Problem = ConvProblem | OperationProblem
"""What a dispatch computes."""


def contraction_of(problem: Problem) -> ConvProblem:
    """A problem that is known to be a contraction.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(problem, ConvProblem):
        raise TypeError(f"{problem.describe()} is no contraction")
    return problem


def conv2d(
    n: int,
    h: int,
    w: int,
    c: int,
    oc: int,
    kh: int,
    kw: int,
    *,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    dtype: str = "bf16",
    out_dtype: str | None = None,
    epilogue: Epilogue = Epilogue(),
    filter_layout: Literal["ohwi", "hwio"] = "ohwi",
) -> ConvProblem:
    """A 2-D convolution of an (already padded) NHWC input, with dense operands.

    Args:
        n, h, w, c: the input's shape, border included.
        oc, kh, kw: output channels and the window.
        stride, dilation: (vertical, horizontal).
        dtype: "bf16" (f32 accumulator) or "i8" (i32 accumulator).
        out_dtype: the output's type; the accumulator's if None.
        epilogue: its input strides follow the loop order n, oh, ow, oc, kh, kw, ic.
        filter_layout: order of the filter's dimensions.
    """
    oh = (h - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (w - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    if min(n, oh, ow, c, oc, kh, kw) < 1:
        raise ValueError(f"conv2d: empty convolution: input {n}x{h}x{w}x{c}, window {kh}x{kw}")
    r_oc, r_kh, r_kw, r_ic = (
        (kh * kw * c, kw * c, c, 1) if filter_layout == "ohwi" else (1, kw * c * oc, c * oc, oc)
    )
    accumulator = "i32" if dtype == "i8" else "f32"
    loops = (
        Loop("n", "m", n, h * w * c, 0, oh * ow * oc),
        Loop("oh", "m", oh, stride[0] * w * c, 0, ow * oc),
        Loop("ow", "m", ow, stride[1] * c, 0, oc),
        Loop("oc", "n", oc, 0, r_oc, 1),
        Loop("kh", "k", kh, dilation[0] * w * c, r_kh, 0),
        Loop("kw", "k", kw, dilation[1] * c, r_kw, 0),
        Loop("ic", "k", c, 1, r_ic, 0),
    )
    return ConvProblem(
        kind="matmul" if (kh, kw, *stride) == (1, 1, 1, 1) else "conv",
        loops=loops,
        lhs=Operand(dtype, (n, h, w, c)),
        rhs=Operand(dtype, (oc, kh, kw, c) if filter_layout == "ohwi" else (kh, kw, c, oc)),
        out=Operand(out_dtype or accumulator, (n, oh, ow, oc)),
        accumulator=accumulator,
        epilogue=epilogue,
    )
