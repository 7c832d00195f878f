"""The matrix instructions of a core: load operands and accumulators, multiply.

One block of A is r x s, of B s x t, of C r x t elements, each contiguous.
"""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.kernels.text import Writer

I8_INTRINSIC = "llvm.aie2.I512.I512.ACC1024.acc32.mac.conf"
SIGNED_I8_CONF = 776
"""Configuration word: variant 0 of amode 0, signed x signed (sgn_x | sgn_y); right in all tools."""

_ACCUMULATOR = {"i8": "i32", "bf16": "f32"}
_INTRINSIC_TYPES = "(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>"


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
class MatrixUnit:
    """The matrix unit of one architecture for one type of operands ("i8" or "bf16")."""

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
        return 4 if self.arch.name == "aie2p" else 8 if self.dtype == "bf16" else 4

    @property
    def by_intrinsic(self) -> bool:
        """Whether the product is a call of the device's intrinsic.

        ``aievec.matmul`` takes the left side of int8 as unsigned in the tools of March 2026.
        """
        return self.dtype == "i8" and self.arch.name == "aie2"

    def declarations(self) -> str:
        """What the module must declare."""
        if not self.by_intrinsic:
            return ""
        return f"    func.func private @{I8_INTRINSIC}{_INTRINSIC_TYPES}\n"

    def configuration(self, w: Writer) -> str:
        """The value of the configuration word; empty where none is needed."""
        return w.constant(SIGNED_I8_CONF, "i32") if self.by_intrinsic else ""

    def issue_cycles(self, macs: int, a_blocks: int, b_blocks: int) -> float:
        """Cycles to issue matrix instructions and the loads of their operands."""
        r, s, t = self.rst
        wide = self.arch.vector_load_bytes
        size = 1 if self.dtype == "i8" else 2
        a, b = -(-r * s * size // wide), -(-s * t * size // wide)
        loads = (a_blocks * a + b_blocks * b) / 2
        return max(macs * self.issue, loads)

    def traffic_cycles(self, blocks: int) -> float:
        """Cycles to load and store blocks of C."""
        r, _, t = self.rst
        return 1.5 * blocks * r * t * 4 / self.arch.vector_load_bytes

    @property
    def carried(self) -> str:
        """Type of a block of C in registers."""
        r, _, t = self.rst
        if self.by_intrinsic:
            return "vector<16xi64>"
        return f"vector<{r}x{t}x{self.accumulator}>"

    def load_acc(self, w: Writer, c: Buffer, index: str) -> str:
        """A block of C."""
        r, _, t = self.rst
        flat = f"vector<{r * t}x{self.accumulator}>"
        load = f"vector.load {c.name}[{index}] {{alignment = 32 : i64}} : {c.type}, {flat}"
        value = w.value("v", load)
        cast = f"bitcast {value} :" if self.by_intrinsic else f"shape_cast {value} :"
        return w.value("acc", f"vector.{cast} {flat} to {self.carried}")

    def store_acc(self, w: Writer, c: Buffer, index: str, value: str) -> None:
        """Write a block of C back."""
        r, _, t = self.rst
        flat = f"vector<{r * t}x{self.accumulator}>"
        cast = "bitcast" if self.by_intrinsic else "shape_cast"
        out = w.value("v", f"vector.{cast} {value} : {self.carried} to {flat}")
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
        stem = "a" if left else "b"
        flat = f"vector<{rows * cols}x{self.dtype}>"
        load = f"vector.load {buffer.name}[{index}] {{alignment = 32 : i64}} : {buffer.type}"
        value = w.value("v", f"{load}, {flat}")
        if not self.by_intrinsic:
            shaped = f"vector<{rows}x{cols}x{self.dtype}>"
            return w.value(stem, f"vector.shape_cast {value} : {flat} to {shaped}")
        if not left:
            return w.value("b", f"vector.bitcast {value} : {flat} to vector<16xi32>")
        lanes = ", ".join(str(i if i < 32 else -1) for i in range(64))
        return w.value("a", f"vector.shuffle {value}, {value} [{lanes}] : {flat}, {flat}")

    def mac(self, w: Writer, a: str, b: str, acc: str, conf: str) -> str:
        """acc + a x b."""
        r, s, t = self.rst
        if self.by_intrinsic:
            call = f"func.call @{I8_INTRINSIC}({a}, {b}, {acc}, {conf})"
            return w.value("y", f"{call} : {_INTRINSIC_TYPES}")
        op = "aievec.matmul_aie2p" if self.arch.name == "aie2p" else "aievec.matmul"
        left, right = f"vector<{r}x{s}x{self.dtype}>", f"vector<{s}x{t}x{self.dtype}>"
        return w.value("y", f"{op} {a}, {b}, {acc} : {left}, {right} into {self.carried}")
