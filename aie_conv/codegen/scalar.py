"""Scalar core code: one description of a contraction, as ``linalg.generic`` and as loops.

The description is what ``linalg.generic`` says: loops, for each operand the index of each dimension as
a sum of loops times constants, and a body on scalars. It is printed as that operation for the level
above, and lowered here to ``scf.for`` loops over flat buffers, the sums in registers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from aie_conv.codegen.window import Window
from aie_conv.ir.attributes import Raw
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import INDEX, Block, Op, Value, memref, scalar
from aie_conv.ir.printer import print_op
from aie_conv.lazy import cached_property
from aie_conv.problem import Step

SCALAR_TYPES = {
    ("i8", "i8", "i32"): 10,
    ("i16", "i16", "i32"): 10,
    ("i32", "i32", "i32"): 10,
    ("bf16", "bf16", "f32"): 122,
    ("f32", "f32", "f32"): 121,
}
"""(input, filter, accumulator) types, and cycles from a product's operands to its sum.

Integers: 7 to load, 2 to multiply, 1 to add (llvm-aie's schedule), not overlapped: mlir-aie's guide
measured about 10 cycles a trip of such a loop. Floats [EST]: a core has no scalar float arithmetic;
llvm-aie calls compiler-rt for a product (about 100) and adds in a vector register (about 14)."""

_SOFT_FLOAT = 114
"""Cycles of a float product and sum, which do not overlap with others [EST], as above."""

_LOOP_CYCLES = 12
"""Cycles to enter and leave a loop [EST: the simulator's]."""

_MOST_SUMS = 4
"""Sums in registers at once: loads of the shared operand, and waiting, are divided by them."""


@dataclass(frozen=True)
class Access:
    """An operand of a contraction.

    Attributes:
        name: for people, and for values' names.
        shape, dtype: the operand.
        dims: for each dimension, the terms (loop, coefficient) of its index.
        strides: elements from one index to the next in the flat buffer, for each dimension.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    dims: tuple[tuple[tuple[str, int], ...], ...]
    strides: tuple[int, ...]

    def stride(self, loop: str) -> int:
        """Elements of the flat buffer from one trip of a loop to the next."""
        return sum(
            coefficient * stride
            for terms, stride in zip(self.dims, self.strides, strict=True)
            for name, coefficient in terms
            if name == loop
        )


@dataclass(frozen=True)
class Iteration:
    """A loop of a contraction; ``reduction`` says that the output does not walk it."""

    name: str
    size: int
    reduction: bool = False


@dataclass(frozen=True)
class Generic:
    """A contraction as ``linalg.generic`` describes it.

    Attributes:
        loops: outermost first; the reductions stand last.
        inputs, output: the operands.
        body: operations on scalars; values are numbered inputs first, then the output's current
            value, then each step's result. The last one is stored.
    """

    loops: tuple[Iteration, ...]
    inputs: tuple[Access, ...]
    output: Access
    body: tuple[Step, ...]

    @property
    def operands(self) -> tuple[Access, ...]:
        """Inputs, then the output."""
        return (*self.inputs, self.output)

    # -- the level above --------------------------------------------------------------------------
    def linalg(self, w: Builder, operands: Sequence[Value]) -> Op:
        """Insert the operation on ranked memrefs, the output last."""
        number = {loop.name: f"d{i}" for i, loop in enumerate(self.loops)}

        def term(loop: str, coefficient: int) -> str:
            return number[loop] if coefficient == 1 else f"{number[loop]} * {coefficient}"

        def index(terms: tuple[tuple[str, int], ...]) -> str:
            return " + ".join(term(*t) for t in terms if t[1]) or "0"

        every = ", ".join(number.values())
        maps = [
            Raw(f"affine_map<({every}) -> ({', '.join(index(terms) for terms in o.dims)})>")
            for o in self.operands
        ]
        kinds = ["reduction" if loop.reduction else "parallel" for loop in self.loops]
        body = Block([Value(scalar(o.dtype), w.name("v")) for o in self.operands])
        with w.inside(body):
            w.op("linalg.yield", self._scalars(w, body.args))
        attrs = {"indexing_maps": maps, "iterator_types": kinds}
        return w.op("linalg.generic", *operands, attrs=attrs, blocks=[body])

    def _scalars(self, w: Builder, values: Sequence[Value]) -> Value:
        """Write the body on one set of scalars; returns the value that is stored."""
        have = list(values)
        for step in self.body:
            args = [have[a] for a in step.args]
            cast = args[0].type.elem != step.dtype
            have.append(w.value("e", step.op, *args, to=scalar(step.dtype) if cast else None))
        return have[-1]

    # -- loops ------------------------------------------------------------------------------------
    @cached_property
    def sums(self) -> int:
        """Results that are summed together, along the innermost parallel loop."""
        inner = next((loop.size for loop in reversed(self._select_loops(False))), 1)
        return max(s for s in range(1, _MOST_SUMS + 1) if inner % s == 0)

    def _select_loops(self, reduction: bool) -> list[Iteration]:
        return [loop for loop in self.loops if loop.reduction == reduction and loop.size > 1]

    def cycles(self, latency: int) -> int:
        """Cycles of the loops, an estimate; ``latency`` as in :data:`SCALAR_TYPES`."""
        outer = prod(loop.size for loop in self._select_loops(False)) // self.sums
        if self.output.dtype == "f32":
            trip = latency + (self.sums - 1) * _SOFT_FLOAT
        else:
            trip = latency + self.sums - 1
        total, entries = trip, 0
        for loop in reversed(self._select_loops(True)):
            total = total * loop.size + _LOOP_CYCLES
            entries += 1
        store = 7 + 2 * self.sums + _LOOP_CYCLES * (entries > 0)
        return outer * (total + store)

    def lower(
        self, w: Builder, buffers: Sequence[tuple[Value, Value | None]], *, fresh: bool = False
    ) -> None:
        """Write loops over flat buffers.

        Args:
            w: where to.
            buffers: of the operands, the output last, each with the value of its first element's
                index (None for 0).
            fresh: the output counts as zero, whatever it holds.
        """
        starts = [start or w.constant(0) for _, start in buffers]
        begin = w.constant(0, scalar(self.output.dtype), "z") if fresh else None
        flat = [buffer for buffer, _ in buffers]
        self._parallel(w, flat, starts, self._select_loops(False), begin)

    def _inside(
        self, w: Builder, positions: Sequence[Value], loop: Iteration, iv: Value
    ) -> list[Value]:
        """The addresses of the first operands (all, or the inputs) inside a loop."""
        out: list[Value] = []
        for here, operand in zip(positions, self.operands, strict=False):
            stride = operand.stride(loop.name)
            out.append(w.sum(here, w.times(iv, stride)) if stride else here)
        return out

    def _parallel(
        self,
        w: Builder,
        buffers: list[Value],
        positions: list[Value],
        left: list[Iteration],
        begin: Value | None,
    ) -> None:
        if not left:
            self._element(w, buffers, positions, None, begin)
            return
        loop = left[0]
        last = len(left) == 1
        bounds = (w.constant(0), w.constant(loop.size), w.constant(self.sums if last else 1))
        with w.loop(loop.name, *bounds) as iv:
            inside = self._inside(w, positions, loop, iv)
            if last:
                self._element(w, buffers, inside, loop, begin)
            else:
                self._parallel(w, buffers, inside, left[1:], begin)

    def _element(
        self,
        w: Builder,
        buffers: list[Value],
        positions: list[Value],
        loop: Iteration | None,
        begin: Value | None,
    ) -> None:
        """Load, sum and store the results that are summed together; ``begin``, if any, is not loaded."""
        name = loop.name if loop else ""
        out, buffer = self.output, buffers[-1]
        places = [w.plus(positions[-1], i * out.stride(name)) for i in range(self.sums)]
        values = [begin or w.value("acc", "memref.load", buffer, place) for place in places]
        done = self._reduce(w, buffers, positions[:-1], name, values, self._select_loops(True))
        for place, value in zip(places, done, strict=True):
            w.op("memref.store", value, buffer, place)

    def _reduce(
        self,
        w: Builder,
        buffers: list[Value],
        positions: list[Value],
        name: str,
        values: list[Value],
        left: list[Iteration],
    ) -> list[Value]:
        if left:
            loop = left[0]
            bounds = (w.constant(0), w.constant(loop.size), w.constant(1))
            with w.carrying(loop.name, bounds, values) as carried:
                inside = self._inside(w, positions, loop, carried.iv)
                carried.values = self._reduce(w, buffers, inside, name, carried.values, left[1:])
            return carried.results
        loaded: dict[tuple[int, int], Value] = {}

        def load(number: int, i: int) -> Value:
            place = i * self.inputs[number].stride(name)
            if (number, place) not in loaded:
                at_place = w.plus(positions[number], place)
                loaded[number, place] = w.value("v", "memref.load", buffers[number], at_place)
            return loaded[number, place]

        sums: list[Value] = []
        for i, value in enumerate(values):
            operands = [load(number, i) for number in range(len(self.inputs))]
            sums.append(self._scalars(w, [*operands, value]))
        return sums


def product_body(dtype: str, accumulator: str) -> tuple[Step, ...]:
    """Extend both operands to the accumulator's type, multiply and add.

    Products of bf16 are exact in f32; int32 products and all integer sums wrap.
    """
    if dtype == accumulator:
        extends, left, right = (), 0, 1
    else:
        op = "arith.extf" if accumulator == "f32" else "arith.extsi"
        extends, left, right = (Step(op, (0,), accumulator), Step(op, (1,), accumulator)), 3, 4
    kind = "f" if accumulator == "f32" else "i"
    number = 3 + len(extends)
    return (
        *extends,
        Step(f"arith.mul{kind}", (left, right), accumulator),
        Step(f"arith.add{kind}", (2, number), accumulator),
    )


@dataclass(frozen=True)
class ScalarKernel:
    """The multiply-accumulate of one core, pixel by pixel.

    Contiguous layouts: A as [rows][columns][kc], C as [height][width][n]; B as [chunks][n][taps][kc],
    or [chunks][taps][n] where each channel has its own filter. Behind the taps B is padded to
    ``k_elements`` for each output channel.

    Attributes:
        dtype: type of A and B.
        accumulator: "i32" (wrapping) or "f32".
        height, width: output pixels of a tile.
        n: output channels.
        kc: channels of the input.
        depthwise: each output channel reads its own input channel; kc equals n.
        window: how the window lies in the tile's input.
        k_elements: elements of one output channel's filter in one chunk, padding included.
        a_elements, b_elements: lengths of the A and B buffers.
    """

    dtype: str
    accumulator: str
    height: int
    width: int
    n: int
    kc: int
    depthwise: bool
    window: Window
    k_elements: int
    a_elements: int
    b_elements: int

    @property
    def rst(self) -> tuple[int, int, int]:
        """One pixel, one channel."""
        return 1, 1, 1

    @cached_property
    def generic(self) -> Generic:
        """What the core computes for one chunk."""
        window, n, kc = self.window, self.n, self.kc
        (ky, kx), (sy, sx), (dy, dx) = window.taps, window.step, window.dilation
        k = "n" if self.depthwise else "k"
        loops = [Iteration("y", self.height), Iteration("x", self.width), Iteration("n", n)]
        loops += [Iteration("ky", ky, True), Iteration("kx", kx, True)]
        if not self.depthwise:
            loops.append(Iteration("k", kc, True))
        pixel = ((("y", sy), ("ky", dy)), (("x", sx), ("kx", dx)))
        a = Access(
            "a",
            ((self.height - 1) * sy + (ky - 1) * dy + 1, window.columns, kc),
            self.dtype,
            (*pixel, ((k, 1),)),
            (window.columns * kc, kc, 1),
        )
        taps = ((("ky", 1),), (("kx", 1),))
        if self.depthwise:
            b = Access("b", (ky, kx, n), self.dtype, (*taps, (("n", 1),)), (kx * n, n, 1))
        else:
            strides = (self.k_elements, kx * kc, kc, 1)
            spans = ((("n", 1),), *taps, (("k", 1),))
            b = Access("b", (n, ky, kx, kc), self.dtype, spans, strides)
        c = Access(
            "c",
            (self.height, self.width, n),
            self.accumulator,
            ((("y", 1),), (("x", 1),), (("n", 1),)),
            (self.width * n, n, 1),
        )
        return Generic(tuple(loops), (a, b), c, product_body(self.dtype, self.accumulator))

    def cycles(self, *, fresh: bool = False) -> int:
        """Issue cycles of one call, an estimate."""
        del fresh  # it spares a load that a product's operands wait for besides
        return 30 + self.generic.cycles(SCALAR_TYPES[self.dtype, self.dtype, self.accumulator])

    def declared(self) -> list[Op]:
        """Scalar code calls nothing."""
        return []

    def declarations(self) -> str:
        """The text of :meth:`declared`."""
        return ""

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name, fresh=fresh), 2)

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function ``name(a, b, c, q)``: add chunk q of B's products to C, or write them to it."""
        arguments = [
            ("a", memref(self.dtype, self.a_elements)),
            ("b", memref(self.dtype, self.b_elements)),
            ("c", memref(self.accumulator, self.height * self.width * self.n)),
            ("q", INDEX),
        ]
        f = Function(name, arguments)
        w, (a, b, c, q) = f.builder, f.arguments
        chunk = w.times(q, self.n * self.k_elements)
        self.generic.lower(w, [(a, None), (b, chunk), (c, None)], fresh=fresh)
        return f.finish()
