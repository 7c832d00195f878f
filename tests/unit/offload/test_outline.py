"""Which operations a region takes, and which it leaves."""

import pytest

from aie_conv.bridge.offload import OffloadModule
from aie_conv.bridge.passes import run_passes
from aie_conv.errors import UsageError

X, W, Y = "tensor<1x6x6x8xf32>", "tensor<1x1x8x8xf32>", "tensor<1x6x6x8xf32>"
HEAD = f"""
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : {Y}
  %i = linalg.fill ins(%z : f32) outs(%e : {Y}) -> {Y}"""


def conv(name: str, value: str) -> str:
    return (
        f"  %{name} = linalg.conv_2d_nhwc_hwcf ins(%{value}, %w : {X}, {W}) outs(%i : {Y}) -> {Y}\n"
    )


def mapped(name: str, op: str, *values: str) -> str:
    operands, kinds = ", ".join(f"%{v}" for v in values), ", ".join([X] * len(values))
    return f"  %{name} = linalg.map {{ {op} }} ins({operands} : {kinds}) outs(%e : {Y})\n"


def regions(body: str, *results: str) -> dict[str, list[str]]:
    """The names of each region's operations that are not made of constants alone."""
    kinds, values = ", ".join([Y] * len(results)), ", ".join(f"%{r}" for r in results)
    text = f"func.func @f(%x: {X}, %w: {W}) -> ({kinds}) {{{HEAD}\n{body}  return {values} : {kinds}\n}}"
    outlined = OffloadModule(text.encode(), "f").outline()
    run_passes(outlined.text.full.encode(), None, "outlined")
    words = ("conv_2d", "arith.addf", "math.tanh", "math.exp", "tensor.pad", "linalg.pooling")
    return {
        name: [word for line in source.splitlines() for word in words if word in line]
        for name, source in outlined.sources.items()
    }


def test_what_follows_a_convolution_is_its_own() -> None:
    found = regions(
        conv("a", "x") + mapped("b", "math.tanh", "a") + mapped("c", "math.exp", "b"), "c"
    )
    assert found == {"f_conv_0": ["conv_2d", "math.tanh", "math.exp"]}


def test_a_result_that_is_read_twice_ends_its_region() -> None:
    body = conv("a", "x") + mapped("b", "math.tanh", "a") + conv("c", "a")
    assert regions(body, "b", "c") == {
        "f_conv_0": ["conv_2d"],
        "f_rest_0": ["math.tanh"],
        "f_conv_1": ["conv_2d"],
    }
    assert regions(conv("a", "x") + mapped("b", "math.tanh", "a"), "a", "b") == {
        "f_conv_0": ["conv_2d"],
        "f_rest_0": ["math.tanh"],
    }


def test_of_two_convolutions_that_are_added_the_later_takes_the_addition() -> None:
    for first, second in (("a", "b"), ("b", "a")):
        between = mapped("t", "math.exp", "x") + conv("b", "t")
        found = regions(conv("a", "x") + between + mapped("c", "arith.addf", first, second), "c")
        assert list(found.items()) == [
            ("f_conv_0", ["conv_2d"]),
            ("f_rest_0", ["math.exp"]),
            ("f_conv_1", ["conv_2d", "arith.addf"]),
        ]


def test_a_region_stands_where_its_last_operation_stood() -> None:
    """The addition waits for what is computed between it and its convolution."""
    body = conv("a", "x") + mapped("b", "math.exp", "x") + mapped("c", "arith.addf", "a", "b")
    assert regions(body, "c") == {"f_rest_0": ["math.exp"], "f_conv_0": ["conv_2d", "arith.addf"]}


def test_a_border_goes_to_every_reader_and_none_is_left_over() -> None:
    inner = "tensor<1x4x4x8xf32>"
    body = f"""
  %s = tensor.empty() : {inner}
  %win = tensor.empty() : tensor<3x3xf32>
  %j = linalg.fill ins(%z : f32) outs(%s : {inner}) -> {inner}
  %m = linalg.pooling_nhwc_max ins(%x, %win : {X}, tensor<3x3xf32>) outs(%j : {inner}) -> {inner}
  %p = tensor.pad %m low[0, 1, 1, 0] high[0, 1, 1, 0] {{
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %z : f32
  }} : {inner} to {X}
{conv("a", "p")}{conv("b", "p")}"""
    assert regions(body, "a", "b") == {
        "f_rest_0": ["linalg.pooling"],
        "f_conv_0": ["tensor.pad", "conv_2d"],
        "f_conv_1": ["tensor.pad", "conv_2d"],
    }
    assert regions(body, "a", "p") == {
        "f_rest_0": ["linalg.pooling", "tensor.pad"],
        "f_conv_0": ["conv_2d"],
    }


@pytest.mark.parametrize(
    ("op", "x", "w", "y", "name"),
    [
        ("conv_1d_nwc_wcf", "1x6x8", "3x8x8", "1x4x8", "f_conv_0"),
        ("conv_3d_ndhwc_dhwcf", "1x6x6x6x8", "3x3x3x8x8", "1x4x4x4x8", "f_conv_0"),
        ("conv_2d_ngchw_gfchw", "1x2x4x6x6", "2x4x4x3x3", "1x2x4x4x4", "f_conv_0"),
        ("depthwise_conv_2d_nhwc_hwc", "1x6x6x8", "3x3x8", "1x4x4x8", "f_conv_0"),
        ("conv_2d_nhwc_hwcf_q", "1x6x6x8", "3x3x8x8", "1x4x4x8", "f_conv_0"),
        ("batch_matmul", "2x4x8", "2x8x8", "2x4x8", "f_matmul_0"),
        ("pooling_nhwc_sum", "1x6x6x8", "3x3", "1x4x4x8", None),
    ],
)
def test_every_kind_of_convolution_is_one(
    op: str, x: str, w: str, y: str, name: str | None
) -> None:
    points, kinds = (", %p, %p", ", i32, i32") if op.endswith("_q") else ("", "")
    operand = "i8" if kinds else "i32"
    x, w, y = f"tensor<{x}x{operand}>", f"tensor<{w}x{operand}>", f"tensor<{y}xi32>"
    text = f"""
func.func @f(%x: {x}, %w: {w}) -> {y} {{
  %z = arith.constant 0 : i32
  %p = arith.constant 3 : i32
  %e = tensor.empty() : {y}
  %i = linalg.fill ins(%z : i32) outs(%e : {y}) -> {y}
  %y = linalg.{op} ins(%x, %w{points} : {x}, {w}{kinds}) outs(%i : {y}) -> {y}
  return %y : {y}
}}"""
    if name is None:
        with pytest.raises(UsageError, match="no convolution in it"):
            OffloadModule(text.encode(), "f").outline()
    else:
        assert list(OffloadModule(text.encode(), "f").outline().sources) == [name]
