"""The matrix product kernel that published measurements are of, as core code, and its cycles.

C lies in the output's type and is added to: it is loaded and widened, K blocks of A and B are
multiplied, it is rounded and stored. That is what mlir-aie's mm.cc and its kin do.
"""

from dataclasses import dataclass, replace
from functools import cache
from math import ceil

from aie_conv.arch import full_device, get_arch
from aie_conv.arch.instructions import API_MATMUL, MATMUL_OPERATION
from aie_conv.arch.machine import Machine, default_machine
from aie_conv.codegen.block_float import CONF, MULTIPLY, BlockFloatUnit
from aie_conv.codegen.matrix_unit import I32, Factor, aie2_integer
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import Op, Type, Value, memref, vector, walk
from aie_conv.ir.printer import print_op
from aie_conv.ir.text import read_module
from aie_conv.problem import BLOCK, BLOCK_FLOAT
from aie_conv.sim.functional.lower import Target
from aie_conv.sim.functional.native import function_cycles
from aie_conv.sim.model.module import build_model

_INT8 = aie2_integer(776)
"""The signed 4x8x8 product."""

BLOCK_FLOAT_BYTES = 1 + 1 / BLOCK
"""Of an element of bfp16, with its share of an exponent."""

SIZES = {"i8": 1, "i16": 2, "bf16": 2, "i32": 4, "f32": 4}


@dataclass(frozen=True)
class PeerKernel:
    """One kernel.

    Attributes:
        arch: the architecture's name.
        dtype, out: element types of A and B, and of C.
        m, k, n: the tile.
        blocks: blocks of C in registers, (rows, columns).
        adds: C is loaded and added to; else it starts from zero.
        converted: B comes as bfp16, and A is converted to it.
    """

    arch: str
    dtype: str
    out: str
    m: int
    k: int
    n: int
    blocks: tuple[int, int]
    adds: bool = True
    converted: bool = False

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return API_MATMUL[self.arch, self.dtype]

    @property
    def acc(self) -> str:
        """Element type of the accumulators."""
        return "f32" if self.dtype == "bf16" else "i32"

    @property
    def b_size(self) -> float:
        """Bytes of an element of B."""
        return BLOCK_FLOAT_BYTES if self.converted else SIZES[self.dtype]

    @property
    def groups(self) -> tuple[int, int]:
        """Groups of blocks along m and n, the last ones partly empty."""
        r, _, t = self.rst
        return ceil(self.m / r / self.blocks[0]), ceil(self.n / t / self.blocks[1])

    def cycles(self, machine: Machine, profile: str) -> int:
        """Cycles of one call, without the call itself."""
        return _cycles(replace(self), _of_cores(machine), profile)

    def function(self) -> Op:
        """The function ``kernel(a, b, c)``."""
        (r, s, t), (rows, cols) = self.rst, self.blocks
        over_m, over_n = self.groups
        depth = ceil(self.k / s)
        sizes = (
            ("a", self.dtype, over_m * rows * depth * r * s),
            ("b", "i8" if self.converted else self.dtype, over_n * cols * depth * s * t),
            ("c", self.out, over_m * rows * over_n * cols * r * t),
        )
        f = Function("kernel", [(name, memref(kind, size)) for name, kind, size in sizes])
        w, (a, b, c) = f.builder, f.arguments
        zero, one = w.constant(0), w.constant(1)
        conf = self._configuration(w)
        shift = w.constant(0, I32)
        m_end, n_end, k_end = (w.constant(x) for x in (over_m, over_n, depth))
        with w.loop("mb", zero, m_end, one) as mb, w.loop("nb", zero, n_end, one) as nb:
            at_a = w.times(mb, rows * depth * r * s)
            at_b = w.times(nb, cols * depth * s * t)
            first = w.sum(w.times(mb, rows * over_n * cols * r * t), w.times(nb, cols * r * t))
            at_c = [
                w.plus(first, (i * over_n * cols + j) * r * t)
                for i in range(rows)
                for j in range(cols)
            ]
            accs = [self._load_c(w, c, index) for index in at_c]
            with w.carrying("kb", (zero, k_end, one), accs) as loop:
                here_a = w.sum(at_a, w.times(loop.iv, r * s))
                here_b = w.sum(at_b, w.times(loop.iv, s * t))
                xs = [
                    self._operand(w, a, w.plus(here_a, i * depth * r * s), (r, s))
                    for i in range(rows)
                ]
                ys = [
                    self._operand(w, b, w.plus(here_b, j * depth * s * t), (s, t))
                    for j in range(cols)
                ]
                pairs = [(x, y) for x in xs for y in ys]
                loop.values = [
                    self._product(w, x, y, acc, conf)
                    for (x, y), acc in zip(pairs, loop.values, strict=True)
                ]
            for index, value in zip(at_c, loop.results, strict=True):
                self._store_c(w, c, index, value, shift)
        return f.finish()

    @property
    def _by_intrinsic(self) -> bool:
        return self.arch == _INT8.arch and self.dtype == "i8"

    def _configuration(self, w: Builder) -> Value | None:
        if self.converted:
            return w.constant(CONF, I32)
        return w.constant(_INT8.conf, I32) if self._by_intrinsic else None

    @property
    def _carried(self) -> Type:
        r, _, t = self.rst
        if self.converted:
            return vector("i32", r * t)
        return vector("i64", 16) if self._by_intrinsic else vector(self.acc, r, t)

    @property
    def _cast(self) -> str:
        as_bits = self._by_intrinsic or self.converted
        return "vector.bitcast" if as_bits else "vector.shape_cast"

    @property
    def _sums(self) -> Type:
        """A block of sums in a row."""
        r, _, t = self.rst
        return vector(self.acc, r * t)

    def _load_c(self, w: Builder, c: Value, index: Value) -> Value:
        if not self.adds:
            value = w.constant(0, self._sums, "z")
        else:
            value = w.load("v", c, index, self._sums.elements)
            if self.out != self.acc:
                value = w.value("u", "aievec.ups", value, to=self._sums, shift=0)
        return w.value("acc", self._cast, value, to=self._carried)

    def _store_c(self, w: Builder, c: Value, index: Value, value: Value, shift: Value) -> None:
        out = w.value("v", self._cast, value, to=self._sums)
        if self.out != self.acc:
            out = w.value("s", "aievec.srs", out, shift, to=vector(self.out, out.type.elements))
        w.store(out, c, index)

    @property
    def _blocks(self) -> BlockFloatUnit:
        return BlockFloatUnit(get_arch(self.arch), BLOCK_FLOAT)

    def _operand(self, w: Builder, buffer: Value, index: Value, shape: tuple[int, int]) -> Factor:
        if self.converted and buffer.name == "a":
            return self._blocks.load_a(w, buffer, index)
        value = w.load("v", buffer, index, shape[0] * shape[1])
        if self.converted:
            # A load of 72 bytes brings the exponents as well.
            return value, w.constant(0, vector("i8", shape[1]))
        if not self._by_intrinsic:
            shaped = vector(self.dtype, *shape)
            return (w.value(buffer.name, "vector.shape_cast", value, to=shaped),)
        if buffer.name == "b":
            return (w.value("b", "vector.bitcast", value, to=vector("i32", 16)),)
        return (w.shuffle("a", value, value, [i if i < 32 else -1 for i in range(64)]),)

    def _product(self, w: Builder, a: Factor, b: Factor, acc: Value, conf: Value | None) -> Value:
        if self.converted:
            return self._blocks.mac(w, a, b, acc, conf)
        if conf is not None:
            return _INT8.call(w, a[0], b[0], acc, conf)
        return w.value("y", MATMUL_OPERATION[self.arch], a[0], b[0], acc)


def time_function(arch: str, function: Op, machine: Machine, profile: str) -> int:
    """Cycles of a function ``kernel`` without loops of unknown length."""
    declared = [_INT8.declaration]
    if any(str(op.attrs.get("callee")) == MULTIPLY for op in walk(function)):
        declared += BlockFloatUnit(get_arch(arch), BLOCK_FLOAT).declared()
    text = "".join(print_op(op, 2) for op in (*declared, function))
    device = full_device(arch).ir_name
    model = build_model(read_module(f"module {{\naie.device({device}) {{\n{text}}}\n}}\n"))
    target = Target(arch, machine=machine, profile=profile)
    return function_cycles(model.functions["kernel"], model.functions, target)


def _of_cores(machine: Machine) -> Machine:
    """The table with what the schedule of a core's code does not depend on as it is shipped."""
    shipped = default_machine()
    return replace(
        machine, stream=shipped.stream, shim=shipped.shim, memory=shipped.memory,
        page_cost=shipped.page_cost, clock=shipped.clock, host=shipped.host,
    )  # fmt: skip


@cache
def _cycles(kernel: PeerKernel, machine: Machine, profile: str) -> int:
    return time_function(kernel.arch, kernel.function(), machine, profile)
