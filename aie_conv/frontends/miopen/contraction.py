"""A signature as one contraction: its loops, and how they walk the three operands.

The operands are written in their own layouts; a channel dim of a grouped convolution is parted into
the group and the channel. Nothing is transposed.
"""

from dataclasses import dataclass

from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.shape import DTYPES, ConvShape
from aie_conv.problem import ConvProblem, Epilogue, EpilogueInput, Loop, Operand, Role, Step

LoopTerms = tuple[tuple[str, int], ...]
"""A sum of loops, each with its factor."""


@dataclass(frozen=True)
class Walked:
    """An operand: the size of each dim, and the loops that walk it."""

    shape: tuple[int, ...]
    index: tuple[LoopTerms, ...]

    @property
    def strides(self) -> dict[str, int]:
        """Element stride of each loop."""
        steps: dict[str, int] = {}
        step = 1
        for size, terms in zip(reversed(self.shape), reversed(self.index), strict=True):
            steps.update({loop: factor * step for loop, factor in terms})
            step *= size
        return steps


@dataclass(frozen=True)
class LoopNest:
    """What a signature computes, apart from its bias and its last rounding.

    Attributes:
        parallel: loops that walk the result, in its order; name and size.
        reduced: loops that are summed over.
        lhs: the tensor that windows walk, padded or spread.
        rhs: the other.
        out: the result.
        copied_filter: whether ``rhs`` is a copy of the filter in another order, its taps reversed in a
            scatter.
    """

    parallel: tuple[tuple[str, int], ...]
    reduced: tuple[tuple[str, int], ...]
    lhs: Walked
    rhs: Walked
    out: Walked
    copied_filter: bool

    @property
    def loops(self) -> tuple[tuple[str, int], ...]:
        """All loops, the result's first."""
        return self.parallel + self.reduced


@dataclass(frozen=True)
class DimPlacement:
    """Where the elements of one spatial dim of a tensor lie in the operand made of it.

    Attributes:
        size: of the operand.
        first, count: the elements that are used.
        offset, step: where the first of them lies, and the distance to the next.
    """

    size: int
    first: int
    count: int
    offset: int
    step: int


@dataclass(frozen=True)
class Sides:
    """The two tensors and the filter of a signature, by the part they play; layouts and sizes."""

    big: str
    big_dims: dict[str, int]
    small: str
    small_dims: dict[str, int]

    @classmethod
    def of(cls, s: ConvShape) -> "Sides":
        """The sides of a signature."""
        inputs, outputs = (s.input_layout, s.input_dims), (s.output_layout, s.output_dims)
        big, small = (outputs, inputs) if s.transposed else (inputs, outputs)
        return cls(*big, *small)


def placements(s: ConvShape) -> tuple[DimPlacement, ...]:
    """How each spatial dim of the left tensor is padded, cropped or spread."""
    sides, kernel = Sides.of(s), s.kernel_dims
    places: list[DimPlacement] = []
    for axis, letter in enumerate(s.letters):
        pad = s.padding[axis]
        if s.walk != "scatter":
            size = sides.big_dims[letter]
            padded, count = size + 2 * pad, size
            if s.stride[axis] == 1 or sides.small_dims[letter] == 1:
                # No more than the windows reach: where one of the two loops has one trip, IREE drops
                # it and takes the tensor's size for the other's.
                reach = s.dilation[axis] * (kernel[letter] - 1)
                padded = (sides.small_dims[letter] - 1) * s.stride[axis] + reach + 1
                count = max(0, min(size, padded - pad))
            places.append(DimPlacement(padded, 0, count, pad, 1))
            continue
        step, reach = s.stride[axis], s.dilation[axis] * (kernel[letter] - 1)
        size, low = sides.big_dims[letter] + reach, reach - pad
        first = max(0, -(low // step))
        offset = low + first * step
        fitting = (size - 1 - offset) // step + 1 if offset < size else 0
        count = max(0, min(sides.small_dims[letter] - first, fitting))
        places.append(DimPlacement(size, first, count, offset, step))
    return tuple(places)


def _loop_sizes(s: ConvShape, sides: Sides) -> dict[str, int]:
    kernel = s.kernel_dims
    sizes = {"n": sides.big_dims["N"], "g": s.groups}
    sizes |= {"a": kernel["C"], "b": kernel["N"] // s.groups}
    sizes |= {f"o{x}": sides.small_dims[x] for x in s.letters}
    sizes |= {f"i{x}": sides.big_dims[x] for x in s.letters}
    return sizes | {f"k{x}": kernel[x] for x in s.letters}


def contraction(s: ConvShape, for_cpu: bool = False) -> LoopNest:
    """The contraction of a forward, bwd or wrw signature.

    Args:
        s: the signature.
        for_cpu: the filter is copied into the order in which IREE's CPU code is fast: the channel that
            the result has innermost is innermost there too, else it is outermost.
    """
    sides, kernel = Sides.of(s), s.kernel_dims
    grouped = s.groups > 1
    sizes = _loop_sizes(s, sides)
    places = dict(zip(s.letters, placements(s), strict=True))
    factors = dict(zip(s.letters, zip(s.stride, s.dilation, strict=True), strict=True))

    def part(loop: str) -> tuple[tuple[int, LoopTerms], ...]:
        entry = (sizes[loop], ((loop, 1),))
        return ((s.groups, (("g", 1),)), entry) if grouped else (entry,)

    def plain(loop: str) -> tuple[tuple[int, LoopTerms], ...]:
        return ((sizes[loop], ((loop, 1),)),)

    def walk_dims(layout: str, dims: dict[str, tuple[tuple[int, LoopTerms], ...]]) -> Walked:
        flat = [entry for letter in layout for entry in dims[letter]]
        return Walked(tuple(size for size, _ in flat), tuple(terms for _, terms in flat))

    def windows(
        outer: str, outer_factors: dict[str, int]
    ) -> dict[str, tuple[tuple[int, LoopTerms], ...]]:
        return {
            x: ((places[x].size, ((f"{outer}{x}", outer_factors[x]), (f"k{x}", factors[x][1]))),)
            for x in s.letters
        }

    strides = {x: factors[x][0] for x in s.letters}
    ones = dict.fromkeys(s.letters, 1)
    filters = {"N": part("b"), "C": plain("a")} | {x: plain(f"k{x}") for x in s.letters}
    small = {"N": plain("n"), "C": part("b")} | {x: plain(f"o{x}") for x in s.letters}
    big = {"N": plain("n"), "C": part("a")} | {x: plain(f"i{x}") for x in s.letters}
    taps = [f"k{x}" for x in s.letters]
    copied = False
    if s.walk == "scatter":
        lhs = walk_dims(sides.small, small | windows("i", ones))
        out, summed = walk_dims(sides.big, big), [*taps, "b"]
        rhs = walk_dims(s.kernel_layout, filters)
        copied = any(kernel[x] > 1 for x in s.letters)
    else:
        lhs = walk_dims(sides.big, big | windows("o", strides))
        gathers = s.walk == "gather"
        rhs = walk_dims(s.kernel_layout, filters) if gathers else walk_dims(sides.small, small)
        out = walk_dims(sides.small, small) if gathers else walk_dims(s.kernel_layout, filters)
        summed = [*taps, "a"] if gathers else ["n", *(f"o{x}" for x in s.letters)]
    if s.walk != "correlate" and (copied or for_cpu):
        free, other = ("a", "b") if s.walk == "scatter" else ("b", "a")
        inner = not for_cpu or out.index[-1] == ((free, 1),)
        order = ["g"] * grouped + ([*taps, other, free] if inner else [free, other, *taps])
        stored, rhs = rhs, Walked(tuple(sizes[x] for x in order), tuple(((x, 1),) for x in order))
        copied = copied or stored != rhs
    parallel = tuple((terms[0][0], sizes[terms[0][0]]) for terms in out.index)
    reduced = tuple((loop, sizes[loop]) for loop in summed)
    return LoopNest(parallel, reduced, lhs, rhs, out, copied)


def _role(loop: str, c: LoopNest) -> Role:
    if loop not in c.out.strides:
        return "k"
    if loop in c.lhs.strides:
        return "g" if loop in c.rhs.strides else "m"
    return "n"


def problem(s: ConvShape) -> ConvProblem:
    """The problem behind a signature, on dense operands; its left one is padded or spread already.

    Loops of one trip are left out, as they are where a program is read.

    Raises:
        UsageError: a bias gradient.
    """
    if s.mode == "bias":
        raise UsageError("bias gradient: a sum, no convolution: it has no ConvProblem")
    c = contraction(s)
    lhs, rhs, out = (side.strides for side in (c.lhs, c.rhs, c.out))
    loops = tuple(
        Loop(_people(s, name), _role(name, c), size, lhs.get(name, 0), rhs.get(name, 0), out.get(name, 0))
        for name, size in c.loops
        if size > 1
    )  # fmt: skip
    window = any(len(terms) > 1 and dict(c.loops)[terms[1][0]] > 1 for terms in c.lhs.index)
    strided = any(factor > 1 for terms in c.lhs.index for _, factor in terms[:1])
    accumulator, result = DTYPES[s.dtype]
    return ConvProblem(
        kind="conv" if window or strided else "matmul",
        loops=loops,
        lhs=Operand(s.dtype, c.lhs.shape),
        rhs=Operand(s.dtype, c.rhs.shape),
        out=Operand(result, c.out.shape),
        accumulator=accumulator,
        epilogue=_epilogue(s, [name for name, size in c.loops if size > 1]),
    )


def _people(s: ConvShape, loop: str) -> str:
    """The name that people know a loop by."""
    if s.walk == "correlate":
        return loop.lower() if len(loop) == 2 else {"a": "ic", "b": "oc"}.get(loop, loop)
    outer = "i" if s.walk == "scatter" else "o"
    if loop[0] == outer and len(loop) == 2:
        return "o" + loop[1].lower()
    summed = "b" if s.walk == "scatter" else "a"
    if loop in ("a", "b"):
        return "ic" if loop == summed else "oc"
    return loop.lower()


def _epilogue(s: ConvShape, loops: list[str]) -> Epilogue:
    accumulator, result = DTYPES[s.dtype]
    steps: list[Step] = []
    inputs: tuple[EpilogueInput, ...] = ()
    value = 0
    if s.bias and s.mode == "fwd":
        channel = "a" if s.transposed else "b"
        within = s.out_channels // s.groups
        strides = tuple({"g": within, channel: 1}.get(loop, 0) for loop in loops)
        inputs = (EpilogueInput(Operand(result, (s.out_channels,)), strides),)
        bias = 1
        if result != accumulator:
            steps.append(Step("arith.extf", (1,), accumulator))
            bias = 2
        steps.append(
            Step("arith.addi" if accumulator == "i32" else "arith.addf", (0, bias), accumulator)
        )
        value = 1 + len(steps)
    if result != accumulator:
        steps.append(Step("arith.truncf", (value,), result))
        value = len(inputs) + len(steps)
    return Epilogue(inputs, tuple(steps), value)
