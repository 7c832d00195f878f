"""The matrix unit of AIE2P for bfp16: blocks of 8 x 8, of which each 8 values of K share an exponent.

A block of A lies in its buffer as bf16 and is converted when it is loaded. A block of B was converted by the
host: a chunk of B is the mantissas of all its blocks, 64 bytes each as [t][s], and behind them the exponents,
8 bytes each; its buffer is one of bf16 elements, as a whole number of which both come. The value of a
mantissa m beside an exponent e is ``m * 2**(e - 133)``.

The conversion rounds as the core's rounding register says, which is downwards where nobody sets it; a program
cannot, since mlir-aie declares the function that would itself.

The operations are those of mlir-aie's lowering of ``aievec.matmul_aie2p`` 8x8x8, in its operands' order: the
second factor is transposed.
"""

from aie_conv.codegen.matrix_unit import I32, ZERO_ACC, Factor, MatrixUnit, bitcast
from aie_conv.ir.builder import Builder, declaration
from aie_conv.ir.core import Op, Type, Value, vector
from aie_conv.layout.block_float import stored_bytes
from aie_conv.lazy import cached_property
from aie_conv.problem import BLOCK, DTYPE_BYTES

CONVERT_UP = "llvm.aie2p.v32bf16.to.v32accfloat"
CONVERT = "llvm.aie2p.v64accfloat.to.v64bfp16ebs8"
MULTIPLY = "llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf"
CONF = 780
"""8x8x8 of bfp16 [mlir-aie, AIEVecToLLVM.cpp]."""

_MANTISSAS, _EXPONENTS = vector("i8", 64), vector("i8", 8)
_SUMS = vector("i32", 64)
EXPONENT_ALIGNMENT = 4
"""Bytes: exponents are loaded as two words."""


class BlockFloatUnit(MatrixUnit):
    """See the module; where exponents begin is counted in elements of B, and so are blocks of mantissas."""

    @property
    def element(self) -> str:
        """Both buffers hold elements of two bytes."""
        return "bf16"

    @property
    def block_b(self) -> int:
        """A block's mantissas."""
        return super().block_b // DTYPE_BYTES[self.element]

    def chunk_b(self, elements: int) -> int:
        """Mantissas and exponents."""
        return stored_bytes(elements) // DTYPE_BYTES[self.element]

    def exponents_b(self, w: Builder, chunk: Value, elements: int) -> Value | None:
        """Behind the mantissas of the chunk.

        A block's exponents begin at an eighth of where its mantissas do, and this.
        """
        whole = self.chunk_b(elements)
        return w.plus(w.times(chunk, whole - whole // BLOCK), elements // DTYPE_BYTES[self.element])

    def declared(self) -> list[Op]:
        """The conversions and the product."""
        half, whole = vector("bf16", 32), vector("f32", 64)
        factors = (_MANTISSAS, _EXPONENTS) * 2
        return [
            declaration(CONVERT_UP, (half,), (vector("f32", 32),)),
            declaration(CONVERT, (whole,), (_MANTISSAS, _EXPONENTS)),
            declaration(MULTIPLY, (*factors, _SUMS, I32), (_SUMS,)),
        ]

    def words(self, w: Builder, *, fresh: bool) -> tuple[Value | None, Value | None]:
        """The configurations of a sum's first product and of the others."""
        adds = w.constant(CONF, I32)
        return (w.constant(CONF | ZERO_ACC, I32) if fresh else adds), adds

    @cached_property
    def carried(self) -> Type:
        """Sums in registers."""
        return _SUMS

    def loads_a(self) -> int:
        """A block of bf16."""
        r, s, _ = self.rst
        return self.vectors(r * s, self.element)

    def loads_b(self) -> int:
        """Mantissas, and two words of exponents."""
        return 1 + 2

    def load_acc(self, w: Builder, c: Value, index: Value) -> Value:
        """A block of sums."""
        return bitcast(w, w.load("acc", c, index, _SUMS.elements), _SUMS)

    def store_acc(self, w: Builder, c: Value, index: Value, value: Value) -> None:
        """Write a block of sums back."""
        w.store(bitcast(w, value, vector(c.type.elem, _SUMS.elements)), c, index)

    def load_a(self, w: Builder, a: Value, index: Value) -> Factor:
        """A block of A, converted."""
        lanes = 32
        low, high = (
            w.call(
                CONVERT_UP,
                w.load("a", a, w.plus(index, place), lanes),
                to=vector("f32", lanes),
                stem="w",
            )
            for place in (0, lanes)
        )
        whole = w.shuffle("v", low, high, range(2 * lanes))
        name = w.name("x")
        op = w.op(
            "func.call",
            whole,
            types=(_MANTISSAS, _EXPONENTS),
            names=(f"{name}#0", f"{name}#1"),
            attrs={"callee": CONVERT},
        )
        return tuple(op.results)

    def places_b(self, w: Builder, index: Value, exponents: Value | None) -> Factor:
        """Of mantissas and of exponents."""
        if exponents is None:
            raise ValueError("bfp16: blocks without a place for their exponents")
        eighth = w.value("i", "arith.shrui", index, w.constant(3))
        return index, w.sum(eighth, exponents)

    def load_b(self, w: Builder, b: Value, places: Factor, offset: int) -> Factor:
        """The block of B whose mantissas lie ``offset`` elements behind the group's first."""
        size = DTYPE_BYTES[self.element]
        mantissas = w.load("b", b, w.plus(places[0], offset), _MANTISSAS.elements // size)
        exponents = w.load(
            "e", b, w.plus(places[1], offset // BLOCK), _EXPONENTS.elements // size,
            alignment=EXPONENT_ALIGNMENT,
        )  # fmt: skip
        return bitcast(w, mantissas, _MANTISSAS), bitcast(w, exponents, _EXPONENTS)

    def mac(self, w: Builder, a: Factor, b: Factor, acc: Value, conf: Value | None) -> Value:
        """acc + a x b."""
        if conf is None:
            raise ValueError("bfp16: a product without a configuration")
        return w.call(MULTIPLY, *a, *b, acc, conf, to=_SUMS)
