"""What the rewriting puts around a call: host copies, initialisers, shared programs, values."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from aie_conv.bridge.tensors import row_major
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem, Operand
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.bridge.reference import PassPlan, assert_same, on_cpu, route_all, small_integers


@dataclass(frozen=True)
class CopyPlan(PassPlan):
    """Hands over a copy of the filter, made from two halves, and takes a copy of the result."""

    def __post_init__(self) -> None:
        rhs, out = self.problem.rhs, self.problem.out
        shape, flat = (2, rhs.elements // 2), (out.elements,)
        packing = tuple(
            HostCopy(
                "rhs", shape, rhs.dtype, (half, 0), (1, shape[1]), (0, 1), "packed", shape,
                rhs.dtype, (half, 0),
            )
            for half in (0, 1)
        )  # fmt: skip
        last = HostCopy(
            "result", flat, out.dtype, (0,), flat, (0,), "out", flat, out.dtype, (0,)
        )  # fmt: skip
        object.__setattr__(self, "prologue", packing)
        object.__setattr__(self, "finish", (last,))

    @property
    def arguments(self) -> tuple[Argument, ...]:
        plain = super().arguments
        packed = Argument("packed", plain[1].dtype, plain[1].elements)
        return (plain[0], packed, *plain[2:])


@pytest.mark.parametrize(
    "text",
    [
        modules.plain(Conv(padding=1)),
        modules.named(
            "conv_2d_ngchw_gfchw", [1, 2, 4, 9, 9], [2, 3, 4, 3, 3], [1, 2, 3, 7, 7], "i8"
        ),
    ],
    ids=["one group", "two groups"],
)
def test_copies_around_the_call(text: str) -> None:
    routed = route_all(text, CopyPlan)
    inputs = small_integers(routed.program.main)
    expected = np.asarray(on_cpu(text).main(*inputs))
    for _ in range(2):
        np.testing.assert_array_equal(np.asarray(routed.program.main(*inputs)), expected)


@dataclass(frozen=True)
class SlicePlan(PassPlan):
    """Computes a dense result and lets the CPU put it where it belongs."""

    def __post_init__(self) -> None:
        out, strides = self.problem.out, row_major(self.problem.out.shape)
        loops = [loop for loop in self.problem.loops if loop.role != "k"]
        of_dim = {strides.index(loop.out): loop for loop in loops}
        sizes = tuple(of_dim[d].size if d in of_dim else 1 for d in range(len(strides)))
        start = tuple(out.offset // s % size for s, size in zip(strides, out.shape, strict=True))
        zeros, same = (0,) * len(sizes), tuple(range(len(sizes)))
        last = HostCopy(
            "result", sizes, out.dtype, zeros, sizes, same, "out", out.shape, out.dtype, start
        )
        object.__setattr__(self, "finish", (last,))

    @property
    def computed(self) -> ConvProblem:
        (copy,), out = self.finish, self.problem.out
        dense = dict(zip(row_major(out.shape), row_major(copy.view), strict=True))
        loops = (replace(loop, out=dense.get(loop.out, 0)) for loop in self.problem.loops)
        return replace(self.problem, loops=tuple(loops), out=Operand(out.dtype, copy.view))

    @property
    def arguments(self) -> tuple[Argument, ...]:
        *inputs, result = super().arguments
        return (*inputs, replace(result, elements=self.computed.out.elements))


def padded_depthwise(first: str, kernel: list[int], layout: str) -> str:
    """A depthwise convolution whose result lies inside the border of the next one's input."""
    nhwc = layout == "nhwc"
    x, y = ([1, 7, 7, 4], [1, 5, 5, 4]) if nhwc else ([1, 4, 7, 7], [1, 4, 5, 5])
    wide = [1, 7, 7, 4] if nhwc else [1, 4, 7, 7]
    body = ""
    for name, source, taps in (("c", "x", "f"), ("y", "q", "g")):
        if name == "y":
            body += modules.pad("q", "c", y, wide, "f32")
        body += f"""
    %{name}_zero = arith.constant 0.0 : f32
    %{name}_empty = tensor.empty() : {modules.tensor(*y, "f32")}
    %{name}_init = linalg.fill ins(%{name}_zero : f32) outs(%{name}_empty : {modules.tensor(*y, "f32")})
      -> {modules.tensor(*y, "f32")}
    %{name} = linalg.{first} ins(%{source}, %{taps} : {modules.tensor(*x, "f32")},
      {modules.tensor(*kernel, "f32")}) outs(%{name}_init : {modules.tensor(*y, "f32")})
      -> {modules.tensor(*y, "f32")}"""
    arguments = [("x", modules.tensor(*x, "f32"))]
    arguments += [(name, modules.tensor(*kernel, "f32")) for name in "fg"]
    return modules.function(arguments, body, "y", modules.tensor(*y, "f32"))


@pytest.mark.parametrize("plan", [PassPlan, SlicePlan])
@pytest.mark.parametrize(
    ("op", "kernel", "layout"),
    [
        ("depthwise_conv_2d_nhwc_hwc", [3, 3, 4], "nhwc"),
        ("depthwise_conv_2d_nchw_chw", [4, 3, 3], "nchw"),
    ],
)
def test_groups_in_copies_and_borders(
    op: str, kernel: list[int], layout: str, plan: type[PassPlan]
) -> None:
    text = padded_depthwise(op, kernel, layout)
    routed = route_all(text, plan)
    assert [problem.keeps_base for problem in routed.problems] == [True, False]
    inputs = small_integers(routed.program.main)
    expected = np.asarray(on_cpu(text).main(*inputs))
    np.testing.assert_array_equal(np.asarray(routed.program.main(*inputs)), expected)
    assert [problem.extent("g") for problem in routed.problems] == [4, 4]


def test_a_constant_filter_is_copied_at_load() -> None:
    conv = Conv(c=2, oc=2, kh=1, kw=1)
    shape, _, filters, out = conv.shapes()
    body = "\n    %f = arith.constant dense<[[[[1.0, -2.0], [3.0, 0.5]]]]> : "
    body += modules.tensor(*filters, "bf16") + modules.conv_op("y", conv, "x", "f")
    text = modules.function(
        [("x", modules.tensor(*shape, "bf16"))], body, "y", modules.tensor(*out, "f32")
    )
    routed = assert_same(text)
    assert b"AIECONV" in routed.compiled.vmfb


def test_equal_calls_share_one_program() -> None:
    conv = Conv(c=8, oc=8, kh=1, kw=1)
    shape, _, filters, out = conv.shapes()
    cut = "%t = arith.truncf %a0 : f32 to bf16\n      linalg.yield %t : bf16"
    acc = modules.tensor(*out, "f32")
    body = modules.conv_op("c", conv, "x", "f")
    body += modules.elementwise("v", out, "bf16", [("c", acc, "d0, d1, d2, d3")], cut)
    body += modules.conv_op("d", conv, "v", "g")
    body += modules.elementwise("u", out, "bf16", [("d", acc, "d0, d1, d2, d3")], cut)
    arguments = [("x", modules.tensor(*shape, "bf16"))]
    arguments += [(name, modules.tensor(*filters, "bf16")) for name in "fg"]
    text = modules.function(arguments, body, "u", modules.tensor(*out, "bf16"))
    routed = assert_same(text)
    names = [d.name for d in routed.compiled.dispatches if d.contraction]
    assert len(set(names)) == 2
    assert routed.compiled.vmfb.count(b"AIECONV\0") == 1


def test_every_call_is_recorded_by_name() -> None:
    routed = route_all(modules.plain(replace(Conv(), oc=4)))
    inputs = small_integers(routed.program.main)
    routed.program.main(*inputs)
    routed.program.main(*inputs)
    names = [d.name for d in routed.compiled.dispatches if d.contraction]
    assert [record["name"] for record in routed.program.records] == names
