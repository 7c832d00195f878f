"""The matrix instructions of a core: load operands and accumulators, multiply.

One block of A is r x s, of B s x t, of C r x t elements, each contiguous.
"""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.text import Writer
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES

ZERO_ACC = 1
"""Bit of a configuration word: the sum starts from zero, whatever the accumulator holds."""

_ACCUMULATOR = {"i8": "i32", "i16": "i32", "bf16": "f32"}


@dataclass(frozen=True)
class Buffer:
    """A memref argument of a kernel: its name in the text, its length in elements and its type."""

    name: str
    elements: int
    dtype: str

    @property
    def type(self) -> str:
        """The memref's type."""
        return f"memref<{self.elements}x{self.dtype}>"


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
    left: str
    right: str
    carried: str
    conf: int
    lane: str

    @property
    def types(self) -> str:
        """Its function type."""
        return f"({self.left}, {self.right}, {self.carried}, i32) -> {self.carried}"

    @property
    def declaration(self) -> str:
        """The line that declares it in a module."""
        return f"    func.func private @{self.name}{self.types}\n"

    def call(self, w: Writer, left: str, right: str, acc: str, conf: str) -> str:
        """The new accumulator."""
        text = f"func.call @{self.name}({left}, {right}, {acc}, {conf})"
        return w.value("y", f"{text} : {self.types}")

    def words(self, w: Writer, *, fresh: bool) -> tuple[str, str]:
        """The configuration words of the first product of a sum and of the others.

        Args:
            w: where they are written.
            fresh: the first one does not read the accumulator.
        """
        adds = w.constant(self.conf, "i32")
        return (w.constant(self.conf | ZERO_ACC, "i32") if fresh else adds), adds

    def zero(self, w: Writer) -> str:
        """An accumulator of zeros."""
        element = "0.000000e+00" if self.carried.endswith("f32>") else "0"
        return w.value("acc", f"arith.constant dense<{element}> : {self.carried}")

    def load(self, w: Writer, c: Buffer, index: str, lanes: int) -> str:
        """Sums of ``c`` as an accumulator."""
        flat = f"vector<{lanes}x{c.dtype}>"
        load = f"vector.load {c.name}[{index}] {{alignment = 32 : i64}} : {c.type}, {flat}"
        value = w.value("acc", load)
        if self.lane == "i64":
            # What lies above the low 32 bits of a sum never comes back down.
            zero = w.value("k", f"arith.constant dense<0> : {flat}")
            picked = ", ".join(f"{i}, {lanes + i}" for i in range(lanes))
            value = w.value("v", f"vector.shuffle {value}, {zero} [{picked}] : {flat}, {flat}")
            flat = f"vector<{2 * lanes}x{c.dtype}>"
        return bitcast(w, value, flat, self.carried)

    def store(self, w: Writer, c: Buffer, index: str, value: str, lanes: int) -> None:
        """Write an accumulator's sums back."""
        flat = f"vector<{lanes}x{c.dtype}>"
        if self.lane == "i64":
            double = f"vector<{2 * lanes}x{c.dtype}>"
            value = bitcast(w, value, self.carried, double)
            picked = ", ".join(str(2 * i) for i in range(lanes))
            value = w.value("v", f"vector.shuffle {value}, {value} [{picked}] : {double}, {double}")
        else:
            value = bitcast(w, value, self.carried, flat)
        attr = "{alignment = 32 : i64}"
        w.line(f"vector.store {value}, {c.name}[{index}] {attr} : {c.type}, {flat}")


HELD_FILTERS = 6
"""Filter vectors that stay in registers over all pixels: half of the 12 of 512 bits."""


def aie2_integer(conf: int, lane: str = "i32") -> Intrinsic:
    """AIE2's integer multiply-accumulate in the mode of ``conf``, with sums of 32 or 64 bits."""
    return Intrinsic(
        f"llvm.aie2.I512.I512.ACC1024.acc{lane[1:]}.mac.conf",
        "vector<64xi8>",
        "vector<16xi32>",
        "vector<16xi64>",
        conf,
        lane,
    )


_MATRIX = {
    ("aie2", "i8"): aie2_integer(776),
    ("aie2", "i16"): aie2_integer(826, "i64"),
    ("aie2", "bf16"): Intrinsic(
        "llvm.aie2.bf.mac16.conf",
        "vector<32xbf16>", "vector<32xbf16>", "vector<8xi64>", 28, "f32",
    ),
    ("aie2p", "i8"): Intrinsic(
        "llvm.aie2p.I512.I512.ACC2048.mac.conf",
        "vector<16xi32>", "vector<32xi16>", "vector<32xi64>", 776, "i32",
    ),
    ("aie2p", "i16"): Intrinsic(
        "llvm.aie2p.I1024.I1024.ACC2048.mac.conf",
        "vector<32xi32>", "vector<64xi16>", "vector<32xi64>", 792, "i32",
    ),
}  # fmt: skip
"""Products that are called by their intrinsic, by architecture and type. ``aievec.matmul`` takes the
left side of int8 as unsigned in the tools of March 2026, and ``aievec.matmul_aie2p`` both sides of
int16. Configurations: mlir-aie's own lowering, with the sign bits."""


def accumulator_distance(arch: Arch, dtype: str) -> int:
    """Cycles between two products on one accumulator (llvm-aie schedule: integer 2, bf16 4 or 3)."""
    if dtype != "bf16":
        return 2
    return 3 if arch.name == "aie2p" else 4


def reach(w: Writer, value: str, lanes: int, dtype: str, wanted: str) -> str:
    """Lanes of ``dtype`` as the vector type ``wanted``; further lanes are poison, and never read."""
    bits = 8 * DTYPE_BYTES[dtype]
    count, element = wanted[len("vector<") : -1].split("x")
    total = int(count) * int(element.lstrip("bfi")) // bits
    flat, wide = f"vector<{lanes}x{dtype}>", f"vector<{total}x{dtype}>"
    if total > lanes:
        picked = ", ".join(str(i if i < lanes else -1) for i in range(total))
        value = w.value("v", f"vector.shuffle {value}, {value} [{picked}] : {flat}, {flat}")
    return bitcast(w, value, wide, wanted)


def bitcast(w: Writer, value: str, source: str, wanted: str) -> str:
    """The same bits as another vector type."""
    if source == wanted:
        return value
    return w.value("v", f"vector.bitcast {value} : {source} to {wanted}")


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
        return 8 if (self.arch.name, self.dtype) == ("aie2", "bf16") else 4

    @property
    def distance(self) -> int:
        """Cycles between two products on one accumulator (llvm-aie schedule)."""
        return accumulator_distance(self.arch, self.dtype)

    @property
    def _intrinsic(self) -> Intrinsic | None:
        return _MATRIX.get((self.arch.name, self.dtype))

    def declarations(self) -> str:
        """What the module must declare."""
        return self._intrinsic.declaration if self._intrinsic else ""

    def words(self, w: Writer, *, fresh: bool) -> tuple[str, str]:
        """:meth:`Intrinsic.words`; empty where none is needed."""
        return self._intrinsic.words(w, fresh=fresh) if self._intrinsic else ("", "")

    def zero(self, w: Writer) -> str:
        """An accumulator of zeros."""
        if self._intrinsic:
            return self._intrinsic.zero(w)
        element = "0" if self.accumulator == "i32" else "0.000000e+00"
        return w.value("acc", f"arith.constant dense<{element}> : {self.carried}")

    def vectors(self, elements: int, dtype: str) -> int:
        """Vector loads that so many elements take."""
        return -(-elements * DTYPE_BYTES[dtype] // self.arch.vector_load_bytes)

    @property
    def carried(self) -> str:
        """Type of a block of C in registers."""
        r, _, t = self.rst
        return self._intrinsic.carried if self._intrinsic else f"vector<{r}x{t}x{self.accumulator}>"

    def load_acc(self, w: Writer, c: Buffer, index: str) -> str:
        """A block of C."""
        r, _, t = self.rst
        if self._intrinsic:
            return self._intrinsic.load(w, c, index, r * t)
        flat = f"vector<{r * t}x{c.dtype}>"
        load = f"vector.load {c.name}[{index}] {{alignment = 32 : i64}} : {c.type}, {flat}"
        lanes = f"vector<{r * t}x{self.accumulator}>"
        value = bitcast(w, w.value("v", load), flat, lanes)
        return w.value("acc", f"vector.shape_cast {value} : {lanes} to {self.carried}")

    def store_acc(self, w: Writer, c: Buffer, index: str, value: str) -> None:
        """Write a block of C back."""
        r, _, t = self.rst
        if self._intrinsic:
            self._intrinsic.store(w, c, index, value, r * t)
            return
        flat, lanes = f"vector<{r * t}x{c.dtype}>", f"vector<{r * t}x{self.accumulator}>"
        out = w.value("v", f"vector.shape_cast {value} : {self.carried} to {lanes}")
        out = bitcast(w, out, lanes, flat)
        w.line(f"vector.store {out}, {c.name}[{index}] {{alignment = 32 : i64}} : {c.type}, {flat}")

    def load_a(self, w: Writer, a: Buffer, index: str) -> str:
        """A block of A."""
        r, s, _ = self.rst
        return self._operand(w, a, index, (r, s), left=True)

    def load_b(self, w: Writer, b: Buffer, index: str) -> str:
        """A block of B."""
        _, s, t = self.rst
        return self._operand(w, b, index, (s, t), left=False)

    def _operand(
        self, w: Writer, buffer: Buffer, index: str, shape: tuple[int, int], *, left: bool
    ) -> str:
        rows, cols = shape
        lanes = rows * cols
        flat = f"vector<{lanes}x{self.dtype}>"
        load = f"vector.load {buffer.name}[{index}] {{alignment = 32 : i64}} : {buffer.type}"
        value = w.value("a" if left else "b", f"{load}, {flat}")
        if not self._intrinsic:
            shaped = f"vector<{rows}x{cols}x{self.dtype}>"
            return w.value("v", f"vector.shape_cast {value} : {flat} to {shaped}")
        wanted = self._intrinsic.left if left else self._intrinsic.right
        return reach(w, value, lanes, self.dtype, wanted)

    def mac(self, w: Writer, a: str, b: str, acc: str, conf: str) -> str:
        """acc + a x b."""
        r, s, t = self.rst
        if self._intrinsic:
            return self._intrinsic.call(w, a, b, acc, conf)
        op = "aievec.matmul_aie2p" if self.arch.name == "aie2p" else "aievec.matmul"
        left, right = f"vector<{r}x{s}x{self.dtype}>", f"vector<{s}x{t}x{self.dtype}>"
        return w.value("y", f"{op} {a}, {b}, {acc} : {left}, {right} into {self.carried}")


@dataclass(frozen=True)
class MatrixKernel:
    """A kernel of products on the matrix unit.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16" or "bf16".
    """

    arch: Arch
    dtype: str

    @cached_property
    def unit(self) -> MatrixUnit:
        """The instructions."""
        return MatrixUnit(self.arch, self.dtype)

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return self.unit.rst

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return self.unit.accumulator

    def declarations(self) -> str:
        """What the module must declare for this kernel."""
        return self.unit.declarations()
