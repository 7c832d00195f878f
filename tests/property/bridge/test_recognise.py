"""Dispatches become the right problems, and mean what they mean on the CPU."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aie_conv
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.bridge.reference import assert_same, on_cpu, route_all, small_integers

CONVS = {
    "nhwc": Conv(),
    "nchw": Conv(layout="nchw_fchw"),
    "fhwc": Conv(layout="nhwc_fhwc"),
    "padded": Conv(padding=1),
    "strided": Conv(stride=2, padding=1),
    "strided 1x1": Conv(kh=1, kw=1, stride=2),
    "1x1": Conv(kh=1, kw=1),
    "dilated": Conv(dilation=2, h=9),
    "batch": Conv(n=2),
    "stem": Conv(c=3, kh=5, kw=5, stride=2, padding=2),
    "int8": Conv(dtype="i8", padding=1),
    "whole window": Conv(h=3, w=3),
}


@pytest.mark.parametrize("name", CONVS)
def test_convolution_means_the_same(name: str) -> None:
    conv = CONVS[name]
    problem = assert_same(modules.plain(conv)).problems[0]
    oh, ow = conv.out
    assert problem.macs == conv.n * oh * ow * conv.oc * conv.kh * conv.kw * conv.c
    assert problem.extent("n") == conv.oc
    assert problem.extent("k") == conv.kh * conv.kw * conv.c


@pytest.mark.parametrize("layout", ["nhwc_hwcf", "nchw_fchw"])
@pytest.mark.parametrize("dtype", ["bf16", "i8"])
def test_epilogue_is_fused(layout: str, dtype: str) -> None:
    routed = assert_same(modules.fused(Conv(layout=layout, dtype=dtype, padding=1)))
    (problem,) = routed.problems
    assert problem.out.dtype == dtype
    assert len(problem.epilogue.inputs) == 2


MATMULS = {
    "matmul": ("matmul", [5, 12], [12, 9], [5, 9]),
    "batch": ("batch_matmul", [3, 5, 12], [3, 12, 9], [3, 5, 9]),
    "one row": ("matmul", [1, 12], [12, 9], [1, 9]),
}


@pytest.mark.parametrize("name", MATMULS)
@pytest.mark.parametrize("dtype", ["bf16", "i8"])
def test_matmul_means_the_same(name: str, dtype: str) -> None:
    (problem,) = assert_same(modules.matmul(*MATMULS[name], dtype)).problems
    assert problem.kind == "matmul"


@settings(max_examples=8)
@given(
    st.builds(
        Conv,
        n=st.integers(1, 2),
        h=st.integers(5, 9),
        w=st.integers(5, 9),
        c=st.integers(1, 5),
        oc=st.integers(2, 5),
        kh=st.integers(1, 3),
        kw=st.integers(1, 3),
        stride=st.integers(1, 3),
        dilation=st.integers(1, 2),
        padding=st.integers(0, 2),
        dtype=st.sampled_from(["bf16", "i8"]),
        layout=st.sampled_from(["nhwc_hwcf", "nchw_fchw", "nhwc_fhwc"]),
    )
)
def test_any_convolution_means_the_same(conv: Conv) -> None:
    text = modules.plain(conv)
    routed = route_all(text)
    inputs = small_integers(routed.program.main)
    expected = np.asarray(on_cpu(text).main(*inputs))
    np.testing.assert_array_equal(np.asarray(routed.program.main(*inputs)), expected)


def chain() -> str:
    """Two convolutions, the second of a padded input: the first writes inside a larger tensor."""
    first = Conv(padding=1)
    oh, ow = first.out
    second = Conv(h=oh, w=ow, c=first.oc, oc=4, padding=1)
    shape, wide, filters, out = first.shapes()
    _, wide2, filters2, out2 = second.shapes()
    cut = "%t = arith.truncf %a0 : f32 to bf16\n      linalg.yield %t : bf16"
    body = modules.pad("p", "x", shape, wide, "bf16") + modules.conv_op("c", first, "p", "f")
    acc = modules.tensor(*out, "f32")
    body += modules.elementwise("t", out, "bf16", [("c", acc, "d0, d1, d2, d3")], cut)
    body += modules.pad("q", "t", out, wide2, "bf16") + modules.conv_op("y", second, "q", "g")
    arguments = [
        ("x", modules.tensor(*shape, "bf16")),
        ("f", modules.tensor(*filters, "bf16")),
        ("g", modules.tensor(*filters2, "bf16")),
    ]
    return modules.function(arguments, body, "y", modules.tensor(*out2, "f32"))


def test_a_result_inside_a_larger_tensor_keeps_its_border() -> None:
    problems = assert_same(chain()).problems
    assert [p.keeps_base for p in problems] == [True, False]


NAMED = {
    "2d ngchw fgchw": ("conv_2d_ngchw_fgchw", [1, 2, 4, 9, 9], [3, 2, 4, 3, 3], [1, 2, 3, 7, 7]),
    "2d ngchw gfchw": ("conv_2d_ngchw_gfchw", [1, 2, 4, 9, 9], [2, 3, 4, 3, 3], [1, 2, 3, 7, 7]),
    "2d nhwgc gfhwc": ("conv_2d_nhwgc_gfhwc", [2, 9, 9, 2, 4], [2, 3, 3, 3, 4], [2, 7, 7, 2, 3]),
    "2d nhwc hwc": ("depthwise_conv_2d_nhwc_hwc", [1, 9, 9, 8], [3, 3, 8], [1, 7, 7, 8]),
    "2d nhwc hwc by 2": ("depthwise_conv_2d_nhwc_hwc", [1, 9, 9, 8], [3, 3, 8], [1, 4, 4, 8], 2),
    "2d nhwc hwcm": ("depthwise_conv_2d_nhwc_hwcm", [1, 9, 9, 8], [3, 3, 8, 2], [1, 7, 7, 8, 2]),
    "2d nchw chw": ("depthwise_conv_2d_nchw_chw", [1, 8, 9, 9], [8, 3, 3], [1, 8, 7, 7]),
    "1d nwc wc": ("depthwise_conv_1d_nwc_wc", [1, 9, 8], [3, 8], [1, 7, 8]),
    "1d ncw cw": ("depthwise_conv_1d_ncw_cw", [2, 8, 9], [8, 3], [2, 8, 7]),
    "1d nwc wcm": ("depthwise_conv_1d_nwc_wcm", [1, 9, 8], [3, 8, 3], [1, 7, 8, 3]),
    "3d ndhwc dhwc": ("depthwise_conv_3d_ndhwc_dhwc", [1, 5, 6, 7, 8], [3, 3, 3, 8], [1, 3, 4, 5, 8]),
    "3d ncdhw cdhw": ("depthwise_conv_3d_ncdhw_cdhw", [1, 8, 5, 6, 7], [8, 3, 3, 3], [1, 8, 3, 4, 5]),
    "3d ndhwc dhwcm": (
        "depthwise_conv_3d_ndhwc_dhwcm", [1, 5, 6, 7, 8], [3, 3, 3, 8, 2], [1, 3, 4, 5, 8, 2]
    ),
}  # fmt: skip
"""Grouped and depthwise convolutions: input, filter, output, stride."""


@pytest.mark.parametrize(
    ("name", "dtype"),
    list(zip(NAMED, itertools.cycle(["bf16", "i8", "i16", "i32", "f32"]), strict=False)),
)
def test_groups_are_seen(name: str, dtype: str) -> None:
    op, x, f, y, *stride = NAMED[name]
    (problem,) = assert_same(modules.named(op, x, f, y, dtype, *stride)).problems
    assert problem.kind == "conv"
    assert problem.extent("g") == (8 if op.startswith("depthwise") else 2)
    assert problem.extent("g") * problem.extent("n") * problem.extent("m") == math.prod(y)
    assert problem.lhs.dtype == dtype
    (group,) = problem.of_role("g")
    assert min(group.lhs, group.rhs, group.out) > 0


PLAIN = {
    "1d nwc": ("conv_1d_nwc_wcf", [1, 9, 8], [3, 8, 12], [1, 7, 12]),
    "1d ncw": ("conv_1d_ncw_fcw", [1, 8, 9], [12, 8, 3], [1, 12, 7]),
    "3d ndhwc": ("conv_3d_ndhwc_dhwcf", [1, 5, 6, 7, 8], [3, 3, 3, 8, 4], [1, 3, 4, 5, 4]),
    "3d ncdhw": ("conv_3d_ncdhw_fcdhw", [1, 8, 5, 6, 7], [4, 8, 3, 3, 3], [1, 4, 3, 4, 5]),
    "1d bare": ("conv_1d", [9], [3], [7]),
    "2d bare": ("conv_2d", [9, 9], [3, 3], [7, 7]),
}


@pytest.mark.parametrize(
    ("name", "dtype"),
    list(zip(PLAIN, itertools.cycle(["i16", "f32", "i8", "bf16", "i32"]), strict=False)),
)
def test_other_ranks_mean_the_same(name: str, dtype: str) -> None:
    (problem,) = assert_same(modules.named(*PLAIN[name], dtype)).problems
    assert problem.kind == "conv"
    assert problem.extent("n") * problem.extent("m") == math.prod(PLAIN[name][3])


def test_f16_goes_to_the_cpu_with_a_reason() -> None:
    artifact = aie_conv.compile(modules.named(*PLAIN["1d nwc"], "f16"))
    (entry,) = [e for e in artifact.report["dispatches"] if e["contraction"]]
    assert entry["route"] == "cpu"
    assert entry["problem"]["dtypes"] == ["f16", "f16", "f32", "f32"]
    refusals = [c["refused"] for c in entry["candidates"] if "refused" in c]
    assert refusals
    assert all("f16" in refusal for refusal in refusals)


def sums_from(start: str, kind: str) -> str:
    """A convolution whose sums start from a tensor, broadcast from ``start`` by ``kind``."""
    x, f, y = "tensor<1x6x6x4xi8>", "tensor<3x3x4x8xi8>", "tensor<1x4x4x8xi32>"
    body = f"""
    %empty = tensor.empty() : {y}
    %init = linalg.generic {{
      indexing_maps = [affine_map<(n, h, w, c) -> {start}>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]
    }} ins(%b : {kind}) outs(%empty : {y}) {{
    ^bb0(%a: i8, %o: i32):
      %w = arith.extsi %a : i8 to i32
      linalg.yield %w : i32
    }} -> {y}
    %y = linalg.conv_2d_nhwc_hwcf ins(%x, %f : {x}, {f}) outs(%init : {y}) -> {y}"""
    return modules.function([("x", x), ("f", f), ("b", kind)], body, "y", y)


@pytest.mark.parametrize(
    ("start", "kind"), [("(c)", "tensor<8xi8>"), ("(n, h, w, c)", "tensor<1x4x4x8xi8>")]
)
def test_what_sums_start_from_is_added_behind_them(start: str, kind: str) -> None:
    (problem,) = assert_same(sums_from(start, kind)).problems
    assert [s.op for s in problem.epilogue.steps] == ["arith.extsi", "arith.addi"]


def test_sums_on_top_of_an_argument() -> None:
    x, f, y = "tensor<1x6x6x4xi8>", "tensor<3x3x4x8xi8>", "tensor<1x4x4x8xi32>"
    body = f"""
    %y = linalg.conv_2d_nhwc_hwcf ins(%x, %f : {x}, {f}) outs(%b : {y}) -> {y}"""
    text = modules.function([("x", x), ("f", f), ("b", y)], body, "y", y)
    (problem,) = assert_same(text).problems
    assert [s.op for s in problem.epilogue.steps] == ["arith.addi"]


def generic(body: str, lhs: str = "bf16", rhs: str = "bf16", acc: str = "f32") -> str:
    text = f"""
    %zero = arith.constant {modules.zero(acc)}
    %empty = tensor.empty() : tensor<5x9x{acc}>
    %init = linalg.fill ins(%zero : {acc}) outs(%empty : tensor<5x9x{acc}>) -> tensor<5x9x{acc}>
    %y = linalg.generic {{
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]
    }} ins(%a, %b : tensor<5x12x{lhs}>, tensor<12x9x{rhs}>) outs(%init : tensor<5x9x{acc}>) {{
    ^bb0(%l: {lhs}, %r: {rhs}, %o: {acc}):
      {body}
    }} -> tensor<5x9x{acc}>"""
    arguments = [("a", f"tensor<5x12x{lhs}>"), ("b", f"tensor<12x9x{rhs}>")]
    return modules.function(arguments, text, "y", f"tensor<5x9x{acc}>")


UNSIGNED = """%x = arith.extui %l : i8 to i32
      %w = arith.extsi %r : i8 to i32
      %p = arith.muli %x, %w : i32
      %s = arith.addi %o, %p : i32
      linalg.yield %s : i32"""
ZERO_POINT = """%x = arith.extsi %l : i8 to i32
      %w = arith.extsi %r : i8 to i32
      %three = arith.constant 3 : i32
      %d = arith.subi %x, %three : i32
      %p = arith.muli %d, %w : i32
      %s = arith.addi %o, %p : i32
      linalg.yield %s : i32"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (generic(UNSIGNED, "i8", "i8", "i32"), "extui"),
        (generic(ZERO_POINT, "i8", "i8", "i32"), "subi"),
    ],
    ids=["unsigned", "zero point"],
)
def test_what_no_route_takes_runs_on_the_cpu(text: str, reason: str) -> None:
    routed = route_all(text)
    refused = [d for d in routed.compiled.dispatches if d.contraction]
    assert [d.decision.route for d in refused] == ["cpu"]
    assert reason in refused[0].decision.reason


def test_a_dispatch_without_products_is_no_contraction() -> None:
    body = modules.elementwise(
        "y", [4, 5], "f32", [("x", "tensor<4x5xf32>", "d0, d1")],
        "%s = arith.addf %a0, %a0 : f32\n      linalg.yield %s : f32",
    )  # fmt: skip
    text = modules.function([("x", "tensor<4x5xf32>")], body, "y", "tensor<4x5xf32>")
    dispatches = route_all(text).compiled.dispatches
    assert [d.contraction for d in dispatches] == [False]


def test_names_are_for_people() -> None:
    (problem,) = route_all(modules.plain(replace(CONVS["batch"], stride=2))).problems
    assert [loop.name for loop in problem.loops] == ["n", "oh", "ow", "oc", "kh", "kw", "ic"]
    (problem,) = route_all(modules.matmul(*MATMULS["matmul"])).problems
    assert [loop.name for loop in problem.loops] == ["m", "n", "k"]
