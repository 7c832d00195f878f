"""The matrix product of one core: C[m][n] += A[m][kc] * B[q][n][kc] in blocks of the instruction.

Blocked layouts, all contiguous: A as [kc/s][m/r][r][s], B as [chunks][n/t][kc/s][s][t], C as
[m/r][n/t][r][t]. Register blocking keeps rows x columns accumulators live through the K loop: AIE2
needs at least 2 (int8) or 4 (bf16) independent ones to issue one MAC a cycle.
"""

from dataclasses import dataclass
from functools import cache, cached_property

from aie_conv.arch import Arch, get_arch
from aie_conv.kernels.matrix_unit import Buffer, MatrixUnit
from aie_conv.kernels.text import Writer


@cache
def _best_blocking(
    arch: str, dtype: str, rows: int, cols: int, depth: int
) -> tuple[tuple[int, int], int]:
    """The fastest blocking (rows, columns) that divides so many blocks, and the cycles of one group:
    its sums over ``depth`` blocks of K, and its accumulators' way in and out."""
    unit = MatrixUnit(get_arch(arch), dtype)
    found = [
        ((y, x), depth * unit.interval(y * x, y, x, 1) + unit.traffic_cycles(y * x))
        for y in (4, 2, 1)
        for x in (4, 2, 1)
        if y * x <= unit.most_blocks and not (rows % y or cols % x)
    ]
    return min(found, key=lambda f: (f[1] / (f[0][0] * f[0][1]), -min(f[0]), -f[0][0]))


@dataclass(frozen=True)
class MatmulKernel:
    """Shapes of one matrix product kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16" or "bf16".
        m, n, kc: the tile, multiples of the instruction's r, t, s.
        a_elements, b_elements: lengths of the A and B buffers (B may hold more than the product
            reads: several chunks, bias).
    """

    arch: Arch
    dtype: str
    m: int
    n: int
    kc: int
    a_elements: int
    b_elements: int

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

    @cached_property
    def blocking(self) -> tuple[int, int]:
        """Accumulator blocks held in registers, (rows, columns): the fastest that divide the tile."""
        return self._best[0]

    @cached_property
    def _best(self) -> tuple[tuple[int, int], int]:
        r, s, t = self.rst
        # Tiles of as many blocks modulo 4 have the same choice.
        rows, cols = self.m // r % 4, self.n // t % 4
        return _best_blocking(self.arch.name, self.dtype, rows, cols, self.kc // s)

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate."""
        r, _, t = self.rst
        rows, cols = self.blocking
        groups = (self.m // r // rows) * (self.n // t // cols)
        return groups * self._best[1] + 10

    def declarations(self) -> str:
        """What the module must declare for this kernel."""
        return self.unit.declarations()

    def text(self, name: str) -> str:
        """The function ``name(a, b, c, q)``: accumulate chunk q of B."""
        r, s, t = self.rst
        rows, cols = self.blocking
        w = Writer()
        a = Buffer("%a", self.a_elements, self.dtype)
        b = Buffer("%b", self.b_elements, self.dtype)
        c = Buffer("%c", self.m * self.n, self.accumulator)
        head = f"func.func private @{name}(%a: {a.type}, %b: {b.type}, %c: {c.type}, %q: index)"
        depth = self.kc // s
        with w.block(head):
            zero, one = w.constant(0), w.constant(1)
            conf = self.unit.configuration(w)
            m_end, m_step = w.constant(self.m // r), w.constant(rows)
            n_end, n_step, k_end = w.constant(self.n // t), w.constant(cols), w.constant(depth)
            row_a, block_a, block_b = (
                w.constant(r * s),
                w.constant(self.m * s),
                w.constant(s * t),
            )
            column_b, chunk_b = w.constant(depth * s * t), w.constant(self.n * self.kc)
            row_c, block_c = w.constant(self.n // t * r * t), w.constant(r * t)
            b_chunk = w.value("i", f"arith.muli %q, {chunk_b} : index")
            with (
                w.loop("mb", zero, m_end, m_step) as mb,
                w.loop("nb", zero, n_end, n_step) as nb,
            ):
                at_a = [w.scaled(mb, i, row_a, None) for i in range(rows)]
                at_b = [w.scaled(nb, j, column_b, b_chunk) for j in range(cols)]
                at_c: list[str] = []
                for i in range(rows):
                    base = w.scaled(mb, i, row_c, None)
                    at_c += [w.scaled(nb, j, block_c, base) for j in range(cols)]
                accs = [self.unit.load_acc(w, c, index) for index in at_c]
                with w.carrying("kb", (zero, k_end, one), accs, self.unit.carried) as loop:
                    step_a = w.value("i", f"arith.muli {loop.iv}, {block_a} : index")
                    step_b = w.value("i", f"arith.muli {loop.iv}, {block_b} : index")
                    xs = [self.unit.load_a(w, a, w.sum(index, step_a)) for index in at_a]
                    ys = [self.unit.load_b(w, b, w.sum(index, step_b)) for index in at_b]
                    pairs = [(x, y) for x in xs for y in ys]
                    loop.values = [
                        self.unit.mac(w, x, y, acc, conf)
                        for (x, y), acc in zip(pairs, loop.values, strict=True)
                    ]
                for index, value in zip(at_c, loop.results, strict=True):
                    self.unit.store_acc(w, c, index, value)
            w.line("return")
        return w.text()
