"""A signature's IR: one linalg.generic multiply-add, its operands padded before and its result rounded once.

Sums are f32 (i32 for i8) and start from zero; f16 and bf16 are extended before the product. The bias is
added to the sum, and the whole is rounded to the result's type.
"""

from collections.abc import Sequence
from itertools import pairwise

from aie_conv.frontends.miopen import taps
from aie_conv.frontends.miopen.contraction import LoopNest, LoopTerms, Sides, Walked, contraction
from aie_conv.frontends.miopen.shape import ConvShape
from aie_conv.frontends.miopen.text import Text, indexing, iterators, numbers, tensor


class _Whole(Text):
    """The form with one multiply-add over all loops.

    Attributes:
        for_cpu: see :func:`aie_conv.frontends.miopen.contraction.contraction`.
    """

    def __init__(self, signature: ConvShape, for_cpu: bool) -> None:
        super().__init__(signature)
        self.for_cpu = for_cpu

    def grouped(self, value: str, shape: Sequence[int], walked: Walked, name: str) -> str:
        """A tensor with its channel dim parted into group and channel."""
        if len(shape) == len(walked.shape):
            return value
        dtype = self.signature.dtype
        self.add(
            f"%{name} = tensor.expand_shape {value} {_groups(walked)} output_shape"
            f" {numbers(walked.shape)} : {tensor(shape, dtype)} into {tensor(walked.shape, dtype)}"
        )
        return f"%{name}"

    def copied_filter(self, value: str, kernel: Walked, c: LoopNest) -> str:
        """The filter in the order that is wanted; in a scatter, its taps from the last to the first."""
        dtype = self.signature.dtype
        sizes = dict(c.loops)
        order = [terms[0][0] for terms in c.rhs.index]
        kind = tensor(c.rhs.shape, dtype)
        self.add(
            f"%filter_empty = tensor.empty() : {kind}",
            f"%filter = linalg.generic {{indexing_maps = [{indexing(order, c.rhs.index)}],",
            f"    iterator_types = {iterators(len(order), 0)}}} outs(%filter_empty : {kind}) {{",
            f"^bb0(%v0: {dtype}):",
            *(f"  %at_{loop} = linalg.index {d} : index" for d, loop in enumerate(order)),
        )
        # A reversed affine map would be shorter; MLIR's verifier refuses it where a tap is last alone.
        index: list[str] = []
        for terms in kernel.index:
            loop, last = terms[0][0], sizes[terms[0][0]] - 1
            if loop[0] == "k" and last and self.signature.walk == "scatter":
                self.add(
                    f"  %last_{loop} = arith.constant {last} : index",
                    f"  %back_{loop} = arith.subi %last_{loop}, %at_{loop} : index",
                )
                index.append(f"%back_{loop}")
            else:
                index.append(f"%at_{loop}")
        self.add(
            f"  %v1 = tensor.extract {value}{numbers(index)} : {tensor(kernel.shape, dtype)}",
            f"  linalg.yield %v1 : {dtype}",
            f"}} -> {kind}",
        )
        return "%filter"

    def multiply_add(self, lhs: str, rhs: str, c: LoopNest) -> str:
        """The contraction, in the accumulator's type."""
        dtype, acc = self.signature.dtype, self.accumulator
        loops = [name for name, _ in c.loops]
        kind = tensor(c.out.shape, acc)
        start = self.filled("start", c.out.shape, acc)
        maps = ", ".join(indexing(loops, walked.index) for walked in (c.lhs, c.rhs, c.out))
        self.add(
            f"%sum = linalg.generic {{indexing_maps = [{maps}],",
            f"    iterator_types = {iterators(len(c.parallel), len(c.reduced))}}}",
            f"    ins({lhs}, {rhs} : {tensor(c.lhs.shape, dtype)}, {tensor(c.rhs.shape, dtype)})"
            f" outs({start} : {kind}) {{",
            *self.multiply_add_body(),
            f"}} -> {kind}",
        )
        return "%sum"

    def bias(self, c: LoopNest) -> LoopTerms | None:
        """Part the bias as the result's channels are; its dims of the result, with their sizes."""
        s = self.signature
        if not s.bias or s.mode != "fwd":
            return None
        channel = "a" if s.transposed else "b"
        places = [
            (f"d{d}", size)
            for d, (size, terms) in enumerate(zip(c.out.shape, c.out.index, strict=True))
            if terms[0][0] in ("g", channel)
        ]
        dtype = s.result_dtype
        if len(places) == 1:
            return tuple(places)
        sizes = [size for _, size in places]
        self.add(
            f"%bias = tensor.expand_shape %b [[0, 1]] output_shape {numbers(sizes)} :"
            f" {tensor([s.out_channels], dtype)} into {tensor(sizes, dtype)}"
        )
        return tuple(places)

    def convolution(self) -> str:
        """Every line of a forward, bwd or wrw; returns the result's name."""
        s = self.signature
        c = contraction(s, self.for_cpu)
        sides = Sides.of(s)
        shapes = {name: shape for name, shape, _ in s.argument_shapes}
        input_name, output_name = ("dy", "x") if s.transposed else ("x", "dy")
        left = output_name if s.walk == "scatter" else input_name
        layout = sides.small if s.walk == "scatter" else sides.big
        lhs, lhs_shape = self.padded(left, layout, shapes[left])
        lhs = self.grouped(lhs, lhs_shape, c.lhs, "lhs_g")
        if s.walk == "correlate":
            rhs = self.grouped(f"%{output_name}", shapes[output_name], c.rhs, "rhs_g")
        else:
            kernel = _kernel(s)
            rhs = self.grouped("%w", s.kernel_shape, kernel, "w_g")
            if c.copied_filter:
                rhs = self.copied_filter(rhs, kernel, c)
        value = self.multiply_add(lhs, rhs, c)
        value = self.finished(value, c.out.shape, self.bias(c))
        if len(c.out.shape) != len(s.result_shape):
            kinds = [tensor(shape, s.result_dtype) for shape in (c.out.shape, s.result_shape)]
            self.add(
                f"%whole = tensor.collapse_shape {value} {_groups(c.out)} : {kinds[0]} into {kinds[1]}"
            )
            value = "%whole"
        return value

    def bias_gradient(self) -> str:
        """The sum of the output's gradient over all but its channels."""
        s, acc = self.signature, self.accumulator
        loops = [f"d{d}" for d in range(len(s.output_shape))]
        channel = loops[s.output_layout.index("C")]
        kinds = ['"parallel"' if loop == channel else '"reduction"' for loop in loops]
        kind = tensor([s.out_channels], acc)
        start = self.filled("start", [s.out_channels], acc)
        extend = [] if acc == s.dtype else [f"  %v3 = arith.extf %v0 : {s.dtype} to {acc}"]
        self.add(
            f"%sum = linalg.generic {{indexing_maps = [affine_map<({', '.join(loops)}) ->"
            f" ({', '.join(loops)})>, affine_map<({', '.join(loops)}) -> ({channel})>],",
            f"    iterator_types = {numbers(kinds)}}}",
            f"    ins(%dy : {tensor(s.output_shape, s.dtype)}) outs({start} : {kind}) {{",
            f"^bb0(%v0: {s.dtype}, %v2: {acc}):",
            *extend,
            f"  %v6 = arith.addf %v2, {'%v3' if extend else '%v0'} : {acc}",
            f"  linalg.yield %v6 : {acc}",
            f"}} -> {kind}",
        )
        return self.finished("%sum", (s.out_channels,), None)


def _kernel(s: ConvShape) -> Walked:
    """The filter as it is given, its channels parted into groups."""
    dims = s.kernel_dims
    shape: list[int] = []
    index: list[LoopTerms] = []
    for letter in s.kernel_layout:
        if letter == "N" and s.groups > 1:
            shape.append(s.groups)
            index.append((("g", 1),))
        shape.append(dims["N"] // s.groups if letter == "N" else dims[letter])
        index.append((({"N": "b", "C": "a"}.get(letter, f"k{letter}"), 1),))
    return Walked(tuple(shape), tuple(index))


def _groups(wide: Walked) -> str:
    """Which dims of a grouped operand make each dim of the tensor: the group and its channel make one."""
    first = next(d for d, terms in enumerate(wide.index) if terms[0][0] == "g")
    starts = [d for d in range(len(wide.shape) + 1) if d != first + 1]
    return numbers([numbers(range(a, b)) for a, b in pairwise(starts)])


def module_text(signature: ConvShape, *, for_cpu: bool = False) -> str:
    """The module: one public function, named as the signature, of its operands in their order.

    Args:
        signature: what it computes.
        for_cpu: in the form that IREE's CPU code is fastest with: other orders of the filter, and
            large convolutions as one matrix product a tap (:mod:`aie_conv.frontends.miopen.taps`).
    """
    text = _Whole(signature, for_cpu)
    if signature.mode == "bias":
        value = text.bias_gradient()
    elif for_cpu and taps.is_tapped(signature):
        value = taps.tap_filter(text)
    else:
        value = text.convolution()
    arguments = ", ".join(
        f"%{name}: {tensor(shape, dtype)}" for name, shape, dtype in signature.argument_shapes
    )
    result = tensor(signature.result_shape, signature.result_dtype)
    body = "\n".join(f"  {line}" for line in [*text.lines, f"return {value} : {result}"])
    return f"func.func @{signature.name}({arguments}) -> {result} {{\n{body}\n}}\n"
