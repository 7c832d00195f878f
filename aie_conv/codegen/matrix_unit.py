"""The matrix instructions of a core: load operands and accumulators, multiply.

One block of A is r x s, of B s x t, of C r x t elements, each contiguous.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.arch.instructions import ACCUMULATOR_DISTANCE, MATMUL_OPERATION, MOST_BLOCKS
from aie_conv.ir.builder import Builder, declaration
from aie_conv.ir.core import ELEMENT_BITS, Op, Type, Value, scalar, vector
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES

I32 = scalar("i32")

ZERO_ACC = 1
"""Bit of a configuration word: the sum starts from zero, whatever the accumulator holds."""

_ACCUMULATOR = {"i8": "i32", "i16": "i32", "bf16": "f32", "bfp16": "f32"}

Factor = tuple[Value, ...]
"""An operand of a product: one vector, or the mantissas of a block and its exponents."""


@dataclass(frozen=True)
class Intrinsic:
    """A multiply-accumulate of the device, called as a function (x, y, accumulator, conf).

    Attributes:
        name: of the intrinsic.
        left, right, carried: types of x, y and the accumulator.
        conf: the configuration word, with the sign bits of x and y (512, 256) for integers.
        lane: type of the sums in the accumulator.
    """

    name: str
    left: Type
    right: Type
    carried: Type
    conf: int
    lane: str

    @property
    def arch(self) -> str:
        """The architecture that has it."""
        return self.name.split(".")[1]

    @property
    def declaration(self) -> Op:
        """What declares it in a module."""
        inputs = (self.left, self.right, self.carried, I32)
        return declaration(self.name, inputs, (self.carried,))

    def call(self, w: Builder, left: Value, right: Value, acc: Value, conf: Value) -> Value:
        """The new accumulator."""
        return w.call(self.name, left, right, acc, conf, to=self.carried)

    def words(self, w: Builder, *, fresh: bool) -> tuple[Value, Value]:
        """The configuration words of the first product of a sum and of the others.

        Args:
            w: where they are written.
            fresh: the first one does not read the accumulator.
        """
        adds = w.constant(self.conf, I32)
        return (w.constant(self.conf | ZERO_ACC, I32) if fresh else adds), adds

    def zero(self, w: Builder) -> Value:
        """An accumulator of zeros."""
        return w.constant(0, self.carried, "acc")

    def load(self, w: Builder, c: Value, index: Value, lanes: int) -> Value:
        """Sums of ``c`` as an accumulator."""
        value = w.load("acc", c, index, lanes)
        if self.lane == "i64":
            # What lies above the low 32 bits of a sum never comes back down.
            zero = w.constant(0, value.type, "k")
            value = w.shuffle("v", value, zero, [j for i in range(lanes) for j in (i, lanes + i)])
        return bitcast(w, value, self.carried)

    def store(self, w: Builder, c: Value, index: Value, value: Value, lanes: int) -> None:
        """Write an accumulator's sums back."""
        if self.lane == "i64":
            value = bitcast(w, value, vector(c.type.elem, 2 * lanes))
            value = w.shuffle("v", value, value, range(0, 2 * lanes, 2))
        else:
            value = bitcast(w, value, vector(c.type.elem, lanes))
        w.store(value, c, index)


HELD_FILTERS = 6
"""Filter vectors that stay in registers over all pixels: half of the 12 of 512 bits."""


def aie2_integer(conf: int, lane: str = "i32") -> Intrinsic:
    """AIE2's integer multiply-accumulate in the mode of ``conf``, with sums of 32 or 64 bits."""
    return Intrinsic(
        f"llvm.aie2.I512.I512.ACC1024.acc{lane[1:]}.mac.conf",
        vector("i8", 64),
        vector("i32", 16),
        vector("i64", 16),
        conf,
        lane,
    )


def by_architecture(
    intrinsics: Iterable[tuple[str, Intrinsic]],
) -> Mapping[tuple[str, str], Intrinsic]:
    """Pairs (element type, intrinsic) as a table by architecture and type."""
    return {(each.arch, dtype): each for dtype, each in intrinsics}


_MATRIX = by_architecture((
    ("i8", aie2_integer(776)),
    ("i16", aie2_integer(826, "i64")),
    ("bf16", Intrinsic(
        "llvm.aie2.bf.mac16.conf",
        vector("bf16", 32), vector("bf16", 32), vector("i64", 8), 28, "f32",
    )),
    ("i8", Intrinsic(
        "llvm.aie2p.I512.I512.ACC2048.mac.conf",
        vector("i32", 16), vector("i16", 32), vector("i64", 32), 776, "i32",
    )),
    ("i16", Intrinsic(
        "llvm.aie2p.I1024.I1024.ACC2048.mac.conf",
        vector("i32", 32), vector("i16", 64), vector("i64", 32), 792, "i32",
    )),
))  # fmt: skip
"""Products that are called by their intrinsic, by architecture and type. ``aievec.matmul`` takes the
left side of int8 as unsigned in the tools of March 2026, and ``aievec.matmul_aie2p`` both sides of
int16. Configurations: mlir-aie's own lowering, with the sign bits."""


def accumulator_distance(arch: Arch, dtype: str) -> int:
    """Cycles between two products on one accumulator (llvm-aie schedule)."""
    return ACCUMULATOR_DISTANCE[arch.name, dtype]


def reach(w: Builder, value: Value, wanted: Type) -> Value:
    """Lanes as a wider or equal vector type; further lanes are poison, and never read."""
    lanes, total = value.type.elements, wanted.bits // ELEMENT_BITS[value.type.elem]
    if total > lanes:
        value = w.shuffle("v", value, value, [i if i < lanes else -1 for i in range(total)])
    return bitcast(w, value, wanted)


def bitcast(w: Builder, value: Value, wanted: Type) -> Value:
    """The same bits as another vector type."""
    return value if value.type == wanted else w.value("v", "vector.bitcast", value, to=wanted)


@dataclass(frozen=True)
class MatrixUnit:
    """The matrix unit of one architecture for one type of operands ("i8", "i16" or "bf16")."""

    arch: Arch
    dtype: str

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return self.arch.matmul[self.dtype]

    @property
    def element(self) -> str:
        """Element type of the buffers that hold A and B."""
        return self.dtype

    @property
    def block_b(self) -> int:
        """Elements of B's buffer from one block of a chunk to the next."""
        _, s, t = self.rst
        return s * t

    def chunk_b(self, elements: int) -> int:
        """Elements of B's buffer that a chunk of so many weights takes, whole blocks."""
        return elements

    def exponents_b(self, w: Builder, chunk: Value, elements: int) -> Value | None:
        """Where the exponents of a chunk's blocks begin, from the chunk's number; None without them.

        Args:
            w: where it is written.
            chunk: the chunk's number in the buffer.
            elements: of the chunk.
        """
        del w, chunk, elements
        return None

    @property
    def issue(self) -> int:
        """Cycles to issue one product."""
        return self.arch.matmul_issue[self.dtype]

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return _ACCUMULATOR[self.dtype]

    @property
    def most_blocks(self) -> int:
        """Blocks of C that a kernel keeps in registers; half of the file, the rest is in flight."""
        return MOST_BLOCKS[self.arch.name, self.dtype]

    @property
    def distance(self) -> int:
        """Cycles between two products on one accumulator (llvm-aie schedule)."""
        return accumulator_distance(self.arch, self.dtype)

    @property
    def _intrinsic(self) -> Intrinsic | None:
        return _MATRIX.get((self.arch.name, self.dtype))

    def declared(self) -> list[Op]:
        """What the module must declare."""
        return [self._intrinsic.declaration] if self._intrinsic else []

    def words(self, w: Builder, *, fresh: bool) -> tuple[Value | None, Value | None]:
        """:meth:`Intrinsic.words`; None where none is needed."""
        return self._intrinsic.words(w, fresh=fresh) if self._intrinsic else (None, None)

    def zero(self, w: Builder) -> Value:
        """An accumulator of zeros."""
        return w.constant(0, self.carried, "acc")

    def vectors(self, elements: int, dtype: str) -> int:
        """Vector loads that so many elements take."""
        return -(-elements * DTYPE_BYTES[dtype] // self.arch.vector_load_bytes)

    def loads_a(self) -> int:
        """Loads of a block of A."""
        r, s, _ = self.rst
        return self.vectors(r * s, self.dtype)

    def loads_b(self) -> int:
        """Loads of a block of B."""
        _, s, t = self.rst
        return self.vectors(s * t, self.dtype)

    @cached_property
    def carried(self) -> Type:
        """Type of a block of C in registers."""
        r, _, t = self.rst
        return self._intrinsic.carried if self._intrinsic else vector(self.accumulator, r, t)

    def load_acc(self, w: Builder, c: Value, index: Value) -> Value:
        """A block of C."""
        r, _, t = self.rst
        if self._intrinsic:
            return self._intrinsic.load(w, c, index, r * t)
        value = bitcast(w, w.load("v", c, index, r * t), vector(self.accumulator, r * t))
        return w.value("acc", "vector.shape_cast", value, to=self.carried)

    def store_acc(self, w: Builder, c: Value, index: Value, value: Value) -> None:
        """Write a block of C back."""
        r, _, t = self.rst
        if self._intrinsic:
            self._intrinsic.store(w, c, index, value, r * t)
            return
        out = w.value("v", "vector.shape_cast", value, to=vector(self.accumulator, r * t))
        w.store(bitcast(w, out, vector(c.type.elem, r * t)), c, index)

    def load_a(self, w: Builder, a: Value, index: Value) -> Factor:
        """A block of A."""
        r, s, _ = self.rst
        value = w.load("a", a, index, r * s)
        if self._intrinsic:
            return (reach(w, value, self._intrinsic.left),)
        return (w.value("v", "vector.shape_cast", value, to=vector(self.dtype, r, s)),)

    def places_b(self, w: Builder, index: Value, exponents: Value | None) -> Factor:
        """Where a group's blocks of B begin, of each part of a factor.

        Args:
            w: where they are written.
            index: of the first block.
            exponents: see :meth:`exponents_b`.
        """
        del w, exponents
        return (index,)

    def load_b(self, w: Builder, b: Value, places: Factor, offset: int) -> Factor:
        """The block of B that lies ``offset`` elements behind the group's first."""
        _, s, t = self.rst
        value = w.load("b", b, w.plus(places[0], offset), s * t)
        if self._intrinsic:
            return (reach(w, value, self._intrinsic.right),)
        return (w.value("v", "vector.shape_cast", value, to=vector(self.dtype, s, t)),)

    def mac(self, w: Builder, a: Factor, b: Factor, acc: Value, conf: Value | None) -> Value:
        """acc + a x b."""
        if self._intrinsic and conf is not None:
            return self._intrinsic.call(w, a[0], b[0], acc, conf)
        return w.value("y", MATMUL_OPERATION[self.arch.name], a[0], b[0], acc)
