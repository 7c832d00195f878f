"""The matrix product of one core: C[m][n] += A[m][kc] * B[q][n][kc] in blocks of the instruction.

Blocked layouts, all contiguous: A as [m/r][kc/s][r][s], B as [chunks][n/t][kc/s][s][t], C as
[m/r][n/t][r][t]. Register blocking keeps rows x columns accumulators live through the K loop: AIE2
needs at least 2 (int8) or 4 (bf16) independent ones to issue one MAC a cycle.
"""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.kernels.text import Writer

I8_INTRINSIC = "llvm.aie2.I512.I512.ACC1024.acc32.mac.conf"
SIGNED_I8_CONF = 776
"""Configuration word: variant 0 of amode 0, signed x signed (sgn_x | sgn_y); right in all tools."""

_ACCUMULATOR = {"i8": "i32", "bf16": "f32"}


@dataclass(frozen=True)
class MatmulKernel:
    """Shapes of one matrix product kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8" or "bf16".
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

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return self.arch.matmul[self.dtype]

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return _ACCUMULATOR[self.dtype]

    @property
    def blocking(self) -> tuple[int, int]:
        """Accumulator blocks held in registers, (rows, columns); at most what the file holds."""
        r, _, t = self.rst
        most = 4 if self.arch.name == "aie2p" else 8 if self.dtype == "bf16" else 4
        pairs = [
            (rows, cols)
            for rows in (4, 2, 1)
            for cols in (4, 2, 1)
            if rows * cols <= most and (self.m // r) % rows == 0 and (self.n // t) % cols == 0
        ]
        return max(pairs, key=lambda p: (p[0] * p[1], min(p), p[0]))

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate: MACs, accumulator traffic and loop set-up."""
        r, s, t = self.rst
        rows, cols = self.blocking
        groups = (self.m // r // rows) * (self.n // t // cols)
        depth = self.kc // s
        issue = self.arch.matmul_issue[self.dtype]
        # Loads: 32 B (AIE2) or 64 B (AIE2P) on each of two ports.
        wide = 64 if self.arch.name == "aie2p" else 32
        size = 1 if self.dtype == "i8" else 2
        loads = -(-(rows * r * s + cols * s * t) * size // wide) / 2
        inner = depth * max(rows * cols * issue, loads)
        traffic = rows * cols * r * t * 4 / wide
        return int(groups * (inner + 1.5 * traffic + 20)) + 20

    def declarations(self) -> str:
        """What the module must declare for this kernel."""
        if self.dtype == "i8" and self.arch.name == "aie2":
            return (
                f"    func.func private @{I8_INTRINSIC}"
                "(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>\n"
            )
        return ""

    def text(self, name: str) -> str:
        """The function ``name(a, b, c, q)``: accumulate chunk q of B."""
        r, s, t = self.rst
        rows, cols = self.blocking
        w = Writer()
        acc_type = f"memref<{self.m * self.n}x{self.accumulator}>"
        a_type = f"memref<{self.a_elements}x{self.dtype}>"
        b_type = f"memref<{self.b_elements}x{self.dtype}>"
        head = f"func.func private @{name}(%a: {a_type}, %b: {b_type}, %c: {acc_type}, %q: index)"
        depth = self.kc // s
        with w.block(head):
            zero, one = w.constant(0), w.constant(1)
            conf = w.constant(SIGNED_I8_CONF, "i32") if self.declarations() else ""
            m_end, m_step = w.constant(self.m // r), w.constant(rows)
            n_end, n_step, k_end = w.constant(self.n // t), w.constant(cols), w.constant(depth)
            row_a, block_a, block_b = (
                w.constant(depth * r * s),
                w.constant(r * s),
                w.constant(s * t),
            )
            column_b, chunk_b = w.constant(depth * s * t), w.constant(self.n * self.kc)
            row_c, block_c = w.constant(self.n // t * r * t), w.constant(r * t)
            b_chunk = w.value("i", f"arith.muli %q, {chunk_b} : index")
            with (
                w.loop("mb", zero, m_end, m_step) as mb,
                w.loop("nb", zero, n_end, n_step) as nb,
            ):
                at_a = [self._scaled(w, mb, i, row_a, None) for i in range(rows)]
                at_b = [self._scaled(w, nb, j, column_b, b_chunk) for j in range(cols)]
                at_c: list[str] = []
                for i in range(rows):
                    base = self._scaled(w, mb, i, row_c, None)
                    at_c += [self._scaled(w, nb, j, block_c, base) for j in range(cols)]
                accs = [self._load_acc(w, index) for index in at_c]
                out = self._k_loop(
                    w, (zero, k_end, one), (block_a, block_b), at_a, at_b, accs, conf
                )
                for index, value in zip(at_c, out, strict=True):
                    self._store_acc(w, index, value)
            w.line("return")
        return w.text()

    def _scaled(self, w: Writer, iv: str, plus: int, scale: str, base: str | None) -> str:
        """``(iv + plus) * scale + base``."""
        index = iv
        if plus:
            index = w.value("i", f"arith.addi {iv}, {w.constant(plus)} : index")
        index = w.value("i", f"arith.muli {index}, {scale} : index")
        return w.value("i", f"arith.addi {index}, {base} : index") if base else index

    @property
    def _carried(self) -> str:
        r, _, t = self.rst
        if self.declarations():
            return "vector<16xi64>"
        return f"vector<{r}x{t}x{self.accumulator}>"

    def _load_acc(self, w: Writer, index: str) -> str:
        r, _, t = self.rst
        flat = f"vector<{r * t}x{self.accumulator}>"
        memref = f"memref<{self.m * self.n}x{self.accumulator}>"
        value = w.value("v", f"vector.load %c[{index}] {{alignment = 32 : i64}} : {memref}, {flat}")
        cast = f"bitcast {value} :" if self.declarations() else f"shape_cast {value} :"
        return w.value("acc", f"vector.{cast} {flat} to {self._carried}")

    def _store_acc(self, w: Writer, index: str, value: str) -> None:
        r, _, t = self.rst
        flat = f"vector<{r * t}x{self.accumulator}>"
        memref = f"memref<{self.m * self.n}x{self.accumulator}>"
        cast = "bitcast" if self.declarations() else "shape_cast"
        out = w.value("v", f"vector.{cast} {value} : {self._carried} to {flat}")
        w.line(f"vector.store {out}, %c[{index}] {{alignment = 32 : i64}} : {memref}, {flat}")

    def _k_loop(
        self,
        w: Writer,
        bounds: tuple[str, str, str],
        blocks: tuple[str, str],
        at_a: list[str],
        at_b: list[str],
        accs: list[str],
        conf: str,
    ) -> list[str]:
        iv = w.fresh("kb")
        carried = [w.fresh("x") for _ in accs]
        results = w.fresh("sum")
        init = ", ".join(f"{x} = {acc}" for x, acc in zip(carried, accs, strict=True))
        types = ", ".join(self._carried for _ in accs)
        bounds_text = f"{bounds[0]} to {bounds[1]} step {bounds[2]}"
        head = (
            f"{results}:{len(accs)} = scf.for {iv} = {bounds_text} iter_args({init}) -> ({types})"
        )
        with w.block(head):
            step_a = w.value("i", f"arith.muli {iv}, {blocks[0]} : index")
            step_b = w.value("i", f"arith.muli {iv}, {blocks[1]} : index")
            a = [self._operand(w, "a", index, step_a) for index in at_a]
            b = [self._operand(w, "b", index, step_b) for index in at_b]
            pairs = [(x, y) for x in a for y in b]
            made = [
                self._mac(w, x, y, acc, conf) for (x, y), acc in zip(pairs, carried, strict=True)
            ]
            w.line(f"scf.yield {', '.join(made)} : {types}")
        return [f"{results}#{i}" for i in range(len(accs))]

    def _operand(self, w: Writer, which: str, index: str, step: str) -> str:
        r, s, t = self.rst
        rows, cols = (r, s) if which == "a" else (s, t)
        elements = self.a_elements if which == "a" else self.b_elements
        at = w.value("i", f"arith.addi {index}, {step} : index")
        flat = f"vector<{rows * cols}x{self.dtype}>"
        memref = f"memref<{elements}x{self.dtype}>"
        load = f"vector.load %{which}[{at}] {{alignment = 32 : i64}} : {memref}, {flat}"
        value = w.value("v", load)
        if not self.declarations():
            shaped = f"vector<{rows}x{cols}x{self.dtype}>"
            return w.value(which, f"vector.shape_cast {value} : {flat} to {shaped}")
        if which == "b":
            return w.value("b", f"vector.bitcast {value} : {flat} to vector<16xi32>")
        lanes = ", ".join(str(i if i < 32 else -1) for i in range(64))
        return w.value("a", f"vector.shuffle {value}, {value} [{lanes}] : {flat}, {flat}")

    def _mac(self, w: Writer, a: str, b: str, acc: str, conf: str) -> str:
        r, s, t = self.rst
        if self.declarations():
            types = "(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>"
            return w.value("y", f"func.call @{I8_INTRINSIC}({a}, {b}, {acc}, {conf}) : {types}")
        op = "aievec.matmul_aie2p" if self.arch.name == "aie2p" else "aievec.matmul"
        left, right = f"vector<{r}x{s}x{self.dtype}>", f"vector<{s}x{t}x{self.dtype}>"
        return w.value("y", f"{op} {a}, {b}, {acc} : {left}, {right} into {self._carried}")
