"""The matrix product kernel that published measurements are of, as core code, and its cycles.

C lies in the output's type and is added to: it is loaded and widened, K blocks of A and B are
multiplied, it is rounded and stored. That is what mlir-aie's mm.cc and its kin do.
"""

from dataclasses import dataclass, replace
from functools import cache
from math import ceil

from aie_conv.arch.machine import Machine
from aie_conv.codegen.matrix_unit import aie2_integer
from aie_conv.codegen.text import Writer
from aie_conv.ir.text import read_module
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import function_cycles
from aie_conv.sim.model.module import build_model

_INT8 = aie2_integer(776)
"""The signed 4x8x8 product."""

SIZES = {"i8": 1, "i16": 2, "bf16": 2, "i32": 4, "f32": 4}
DEVICES = {"aie2": "npu1", "aie2p": "npu2"}
INSTRUCTION = {
    ("aie2", "i8"): (4, 8, 8),
    ("aie2", "i16"): (4, 2, 8),
    ("aie2", "bf16"): (4, 8, 4),
    ("aie2p", "i8"): (8, 8, 8),
    ("aie2p", "i16"): (8, 2, 8),
    ("aie2p", "bf16"): (8, 8, 8),
}
"""r, s, t of the matrix instruction; AIE2P does bf16 through bfp16, 8x8x8 [aie_api]."""


@dataclass(frozen=True)
class PeerKernel:
    """One kernel.

    Attributes:
        arch: "aie2" or "aie2p".
        dtype, out: element types of A and B, and of C.
        m, k, n: the tile.
        blocks: blocks of C in registers, (rows, columns).
        adds: C is loaded and added to; else it starts from zero.
    """

    arch: str
    dtype: str
    out: str
    m: int
    k: int
    n: int
    blocks: tuple[int, int]
    adds: bool = True

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return INSTRUCTION[self.arch, self.dtype]

    @property
    def acc(self) -> str:
        """Element type of the accumulators."""
        return "f32" if self.dtype == "bf16" else "i32"

    @property
    def groups(self) -> tuple[int, int]:
        """Groups of blocks along m and n, the last ones partly empty."""
        r, _, t = self.rst
        return ceil(self.m / r / self.blocks[0]), ceil(self.n / t / self.blocks[1])

    def cycles(self, machine: Machine, profile: str) -> int:
        """Cycles of one call, without the call itself."""
        return _cycles(replace(self), machine, profile)

    def text(self) -> str:
        """The function ``kernel(a, b, c)``."""
        (r, s, t), (rows, cols) = self.rst, self.blocks
        over_m, over_n = self.groups
        depth = ceil(self.k / s)
        w = Writer()
        a = over_m * rows * depth * r * s
        b = over_n * cols * depth * s * t
        c = over_m * rows * over_n * cols * r * t
        kinds = [f"memref<{size}x{kind}>" for size, kind in
                 ((a, self.dtype), (b, self.dtype), (c, self.out))]  # fmt: skip
        head = "func.func private @kernel(%a: {}, %b: {}, %c: {})".format(*kinds)
        with w.block(head):
            zero, one = w.constant(0), w.constant(1)
            conf = w.constant(_INT8.conf, "i32") if self._by_intrinsic else ""
            shift = w.constant(0, "i32")
            m_end, n_end, k_end = (w.constant(x) for x in (over_m, over_n, depth))
            with w.loop("mb", zero, m_end, one) as mb, w.loop("nb", zero, n_end, one) as nb:
                at_a = [w.times(mb, rows * depth * r * s)]
                at_b = [w.times(nb, cols * depth * s * t)]
                first = w.sum(w.times(mb, rows * over_n * cols * r * t), w.times(nb, cols * r * t))
                at_c = [
                    w.plus(first, (i * over_n * cols + j) * r * t)
                    for i in range(rows)
                    for j in range(cols)
                ]
                accs = [self._load_c(w, kinds[2], index) for index in at_c]
                with w.carrying("kb", (zero, k_end, one), accs, self._carried) as loop:
                    here_a = w.sum(at_a[0], w.times(loop.iv, r * s))
                    here_b = w.sum(at_b[0], w.times(loop.iv, s * t))
                    xs = [
                        self._operand(w, kinds[0], "a", w.plus(here_a, i * depth * r * s))
                        for i in range(rows)
                    ]
                    ys = [
                        self._operand(w, kinds[1], "b", w.plus(here_b, j * depth * s * t))
                        for j in range(cols)
                    ]
                    pairs = [(x, y) for x in xs for y in ys]
                    loop.values = [
                        self._product(w, x, y, acc, conf)
                        for (x, y), acc in zip(pairs, loop.values, strict=True)
                    ]
                for index, value in zip(at_c, loop.results, strict=True):
                    self._store_c(w, kinds[2], index, value, shift)
            w.line("return")
        return w.text()

    @property
    def _by_intrinsic(self) -> bool:
        return self.arch == "aie2" and self.dtype == "i8"

    @property
    def _carried(self) -> str:
        r, _, t = self.rst
        return "vector<16xi64>" if self._by_intrinsic else f"vector<{r}x{t}x{self.acc}>"

    def _load_c(self, w: Writer, kind: str, index: str) -> str:
        r, _, t = self.rst
        wide = f"vector<{r * t}x{self.acc}>"
        if not self.adds:
            zero = "0.0" if self.acc == "f32" else "0"
            value = w.value("z", f"arith.constant dense<{zero}> : {wide}")
        else:
            flat = f"vector<{r * t}x{self.out}>"
            value = w.value(
                "v", f"vector.load %c[{index}] {{alignment = 32 : i64}} : {kind}, {flat}"
            )
            if self.out != self.acc:
                value = w.value("u", f"aievec.ups {value} {{shift = 0 : i8}} : {flat}, {wide}")
        cast = "bitcast" if self._by_intrinsic else "shape_cast"
        return w.value("acc", f"vector.{cast} {value} : {wide} to {self._carried}")

    def _store_c(self, w: Writer, kind: str, index: str, value: str, shift: str) -> None:
        r, _, t = self.rst
        wide, flat = f"vector<{r * t}x{self.acc}>", f"vector<{r * t}x{self.out}>"
        cast = "bitcast" if self._by_intrinsic else "shape_cast"
        out = w.value("v", f"vector.{cast} {value} : {self._carried} to {wide}")
        if self.out != self.acc:
            out = w.value("s", f"aievec.srs {out}, {shift} : {wide}, i32, {flat}")
        w.line(f"vector.store {out}, %c[{index}] {{alignment = 32 : i64}} : {kind}, {flat}")

    def _operand(self, w: Writer, kind: str, name: str, index: str) -> str:
        r, s, t = self.rst
        shape = (r, s) if name == "a" else (s, t)
        flat = f"vector<{shape[0] * shape[1]}x{self.dtype}>"
        load = f"vector.load %{name}[{index}] {{alignment = 32 : i64}} : {kind}, {flat}"
        value = w.value("v", load)
        if not self._by_intrinsic:
            shaped = f"vector<{shape[0]}x{shape[1]}x{self.dtype}>"
            return w.value(name, f"vector.shape_cast {value} : {flat} to {shaped}")
        if name == "b":
            return w.value("b", f"vector.bitcast {value} : {flat} to vector<16xi32>")
        lanes = ", ".join(str(i if i < 32 else -1) for i in range(64))
        return w.value("a", f"vector.shuffle {value}, {value} [{lanes}] : {flat}, {flat}")

    def _product(self, w: Writer, a: str, b: str, acc: str, conf: str) -> str:
        r, s, t = self.rst
        if self._by_intrinsic:
            return _INT8.call(w, a, b, acc, conf)
        op = "aievec.matmul_aie2p" if self.arch == "aie2p" else "aievec.matmul"
        left, right = f"vector<{r}x{s}x{self.dtype}>", f"vector<{s}x{t}x{self.dtype}>"
        return w.value("y", f"{op} {a}, {b}, {acc} : {left}, {right} into {self._carried}")


def time_function(arch: str, text: str, machine: Machine, profile: str) -> int:
    """Cycles of a function ``kernel`` without loops of unknown length."""
    name = DEVICES[arch]
    module = f"module {{\naie.device({name}) {{\n{_INT8.declaration}{text}}}\n}}\n"
    model = build_model(read_module(module))
    target = Target(arch, machine=machine, profile=profile)
    return function_cycles(model.functions["kernel"], model.functions, target)


@cache
def _cycles(kernel: PeerKernel, machine: Machine, profile: str) -> int:
    return time_function(kernel.arch, kernel.text(), machine, profile)
