"""The index maps compute the convolution: element by element, from nothing but the maps."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.img2col.view import make_view
from aie_conv.layout.hostcopy import HostCopy, apply
from aie_conv.problem import ConvProblem, conv2d
from aie_conv.report.explain.maps import BufferMap, Gemm, gemm_of, gemm_seen, window_maps
from aie_conv.rewrites.drop_unit_loops import drop_unit_loops
from aie_conv.rewrites.split_bf16x3 import split_bf16x3
from tests.support.direct import strategies as any_order
from tests.support.img2col.strategies import Case, cases


def as_text(made: BufferMap, **indices: int) -> int:
    """A map's text evaluated for some indices, by Python."""
    found = re.fullmatch(r"affine_map<\(([^()]*)\) -> \((.*)\)>", made.text)
    assert found is not None
    assert found[1].split(", ") == list(indices)
    python = found[2].replace("floordiv", "//").replace("mod", "%")
    return int(eval(python, {"__builtins__": {}}, dict(indices)))


def elements(made: BufferMap, sizes: tuple[int, int]) -> NDArray[np.int64]:
    """A map's elements for all of its two indices."""
    first, second = made.dims
    grid = {first: np.arange(sizes[0])[:, None], second: np.arange(sizes[1])[None, :]}
    return np.broadcast_to(np.asarray(made.element(**grid)), sizes)  # pyright: ignore[reportArgumentType]


def product(gemm: Gemm, lhs: NDArray[np.int64], rhs: NDArray[np.int64]) -> dict[int, int]:
    """Output element -> sum, by the three maps of a GEMM without groups."""
    m, n, k = (int(np.prod([loop.size for loop in gemm.loops[d]])) for d in "mnk")
    left, right, out = gemm.maps
    sums = lhs[elements(left, (m, k))] @ rhs[elements(right, (k, n))]
    at = elements(out, (m, n))
    return dict(zip(at.reshape(-1).tolist(), sums.reshape(-1).tolist(), strict=True))


def integers(case: Case) -> dict[str, NDArray[np.generic]]:
    rng = np.random.default_rng(1)
    problem = case.problem()
    made = case.operands()
    for name, operand in (("lhs", problem.lhs), ("rhs", problem.rhs)):
        made[name] = rng.integers(-8, 9, operand.shape).astype(made[name].dtype)
    return made


def by_loops(
    problem: ConvProblem, lhs: NDArray[np.int64], rhs: NDArray[np.int64]
) -> dict[int, int]:
    """Output element -> sum, by the problem's own strides, which other tests hold to torch."""
    found: dict[int, int] = {}
    for index in np.ndindex(*(loop.size for loop in problem.loops)):
        a, b, o = (
            sum(i * stride for i, stride in zip(index, strides, strict=True))
            for strides in zip(*((p.lhs, p.rhs, p.out) for p in problem.loops), strict=True)
        )
        key = problem.out.offset + o
        found[key] = found.get(key, 0) + int(
            lhs[problem.lhs.offset + a] * rhs[problem.rhs.offset + b]
        )
    return found


@st.composite
def small(draw: st.DrawFn) -> Case:
    """Cases of few enough products for Python's loops."""
    made = draw(cases(largest=5))
    _, h, w, c, oc, kh, kw = made.dims
    dims = (1, min(h, kh * made.dilation[0] + 3), min(w, kw * made.dilation[1] + 2),
            min(c, 5), min(oc, 4), kh, kw)  # fmt: skip
    return Case(dims, *(getattr(made, name) for name in (
        "stride", "dilation", "dtype", "input_order", "filter_order", "output_order", "border",
    )), "none")  # fmt: skip


@given(small())
def test_the_implicit_gemm_is_the_convolution(case: Case) -> None:
    problem, arrays = case.problem(), integers(case)
    lhs, rhs = (arrays[name].astype(np.int64).reshape(-1) for name in ("lhs", "rhs"))
    assert product(gemm_of(problem), lhs, rhs) == by_loops(problem, lhs, rhs)


@given(small())
def test_what_the_dma_sees_is_the_convolution_of_the_copies(case: Case) -> None:
    problem, arrays = case.problem(), integers(case)
    view = make_view(problem)
    copies = apply([c for c in view.prologue if c.source in ("lhs", "rhs", "rhs_nk")], arrays)
    _, seen = gemm_seen(view)
    packed = next(c.dest for c in reversed(view.prologue) if c.dest in ("rhs_nk", "rhs_padded"))
    left = np.asarray(copies[view.lhs.name]).astype(np.int64).reshape(-1)
    right = np.asarray(copies[packed]).astype(np.int64).reshape(-1)
    made = product(seen, left, right)
    own = product(
        gemm_of(problem),
        *(np.asarray(arrays[name]).astype(np.int64).reshape(-1) for name in ("lhs", "rhs")),
    )
    if not view.finish:
        assert made == own
        return
    flat = np.zeros(view.result.elements, np.int32)
    for at, value in made.items():
        flat[at] = value
    out = np.zeros(problem.out.shape, np.int32)
    done = apply([_as_i32(c) for c in view.finish], {"result": flat, "out": out})["out"].reshape(-1)
    assert {at: int(done[at]) for at in own} == own


def _as_i32(copy: HostCopy) -> HostCopy:
    return replace(copy, view_dtype="i32", dest_dtype="i32")


@given(small(), st.integers(0, 2**30), st.integers(0, 2**30))
def test_the_text_says_what_the_map_does(case: Case, one: int, other: int) -> None:
    problem = case.problem()
    extent = {"m": problem.extent("m"), "k": problem.extent("k"), "n": problem.extent("n")}
    for made in gemm_of(problem).maps:
        given_ = {d: value % extent[d] for d, value in zip(made.dims, (one, other), strict=True)}
        assert as_text(made, **given_) == made.element(**given_)
    sizes = {loop.name: loop.size for loop in problem.loops}
    for made in window_maps(problem):
        given_ = {name: (one + i * other) % size for i, (name, size) in enumerate(sizes.items())}
        assert as_text(made, **given_) == made.element(**given_)


@given(any_order.cases(["i8", "bf16"]), st.integers(0, 2**30))
def test_windows_and_groups_of_any_rank(case: any_order.Case, seed: int) -> None:
    problem = case.problem()
    windows = window_maps(problem)
    gemm = gemm_of(problem)
    rng = np.random.default_rng(seed)
    at = {loop.name: int(rng.integers(loop.size)) for loop in problem.loops}
    assert len(at) == len(problem.loops)
    flat: dict[str, int] = {}
    for dim, loops in gemm.loops.items():
        value = 0
        for loop in loops:
            value = value * loop.size + at[loop.name]
        flat[dim] = value
    for window, matrix in zip(windows, gemm.maps, strict=True):
        assert window.element(**at) == matrix.element(**{d: flat[d] for d in matrix.dims})


def test_parts_of_f32_are_three_times_the_channels() -> None:
    problem = replace(conv2d(1, 6, 6, 8, 8, 3, 3, dtype="f32"), arithmetic="bf16x3")
    view = make_view(problem)
    spread, _ = split_bf16x3(drop_unit_loops(problem))
    assert view.problem == spread
    own, seen = gemm_seen(view)
    for gemm in (own, seen):
        assert int(np.prod([loop.size for loop in gemm.loops["k"]])) == 3 * problem.extent("k")
