"""What signatures compute: their references, problems and IR against torch's own convolutions.

Operands are small whole numbers, whose sums are exact in every type: results are equal, bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import aie_conv
from aie_conv.frontends.miopen import levels, taps
from aie_conv.frontends.miopen.contraction import Sides, contraction, placements
from aie_conv.frontends.miopen.layouts import default_layout
from aie_conv.frontends.miopen.linalg import module_text
from aie_conv.frontends.miopen.numerics import compare
from aie_conv.frontends.miopen.reference import reference, torch_dtype
from aie_conv.frontends.miopen.signature import ConvSignature
from aie_conv.options import Options
from aie_conv.pipeline import import_module, recognise, run, start
from aie_conv.problem import ConvProblem
from tests.support.bridge.reference import NUMPY_DTYPE, evaluate
from tests.support.miopen.strategies import signatures

Tensors = tuple[torch.Tensor, ...]


def whole(s: ConvSignature, seed: int = 0) -> Tensors:
    """Operands of small whole numbers."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randint(-3, 4, shape, generator=generator).to(torch_dtype(dtype))
        for _, shape, dtype in s.argument_shapes
    )


def expected(s: ConvSignature, arguments: Tensors) -> np.ndarray:
    """The reference, rounded to the result's type."""
    exact, _ = reference(s, arguments, "f64")
    return exact.to(torch_dtype(s.result_dtype)).double().numpy()


def to_plain(tensor: torch.Tensor, layout: str, rank: int) -> torch.Tensor:
    return tensor.permute([layout.index(x) for x in default_layout(rank)])


def by_autograd(s: ConvSignature, arguments: Tensors) -> torch.Tensor:
    """torch's forward in f64, and its gradient by autograd, from and to the signature's layouts."""
    named = {name: a.double() for (name, _, _), a in zip(s.argument_shapes, arguments, strict=True)}
    plain = default_layout(s.rank)
    x = to_plain(named["x"], s.input_layout, s.rank) if "x" in named else torch.zeros(
        [s.input_dims[k] for k in plain], dtype=torch.double)  # fmt: skip
    w = to_plain(named["w"], s.kernel_layout, s.rank) if "w" in named else torch.zeros(
        [s.kernel_dims[k] for k in plain], dtype=torch.double)  # fmt: skip
    b = named.get("b", torch.zeros(s.out_channels, dtype=torch.double))
    x, w, b = (leaf.detach().clone().requires_grad_() for leaf in (x, w, b))
    functional = torch.nn.functional
    if s.transposed:
        forward = (
            functional.conv_transpose1d,
            functional.conv_transpose2d,
            functional.conv_transpose3d,
        )
        y = forward[s.rank - 1](
            x, w, b, s.stride, s.padding, s.output_padding, s.groups, s.dilation
        )
    else:
        forward = (functional.conv1d, functional.conv2d, functional.conv3d)
        y = forward[s.rank - 1](x, w, b, s.stride, s.padding, s.dilation, s.groups)
    if s.mode == "fwd":
        return y.detach().permute([plain.index(k) for k in s.output_layout])
    leaf = {"bwd": x, "wrw": w, "bias": b}[s.mode]
    (gradient,) = torch.autograd.grad(y, leaf, to_plain(named["dy"], s.output_layout, s.rank))
    if s.mode == "bias":
        return gradient
    return gradient.permute([plain.index(k) for k in s.result_layout])


@settings(max_examples=settings.default.max_examples * 4)
@given(signatures())
def test_the_reference_is_torchs_autograd(s: ConvSignature) -> None:
    arguments = whole(s)
    exact, magnitudes = reference(s, arguments, "f64")
    torch.testing.assert_close(exact, by_autograd(s, arguments), rtol=0, atol=0)
    assert tuple(exact.shape) == s.result_shape
    assert bool((magnitudes >= exact.abs()).all())


def buffers(s: ConvSignature, arguments: Tensors) -> dict[str, np.ndarray]:
    """A problem's operands: the left one padded or spread, the filter reversed in a scatter."""
    named = {
        name: a.double().numpy()
        for (name, _, _), a in zip(s.argument_shapes, arguments, strict=True)
    }
    c = contraction(s)
    big, small = ("dy", "x") if s.transposed else ("x", "dy")
    left = named[small if s.walk == "scatter" else big]
    sides = Sides.of(s)
    layout = sides.small if s.walk == "scatter" else sides.big
    places = dict(zip(s.letters, placements(s), strict=True))
    sizes = [places[k].size if k in places else n for k, n in zip(layout, left.shape, strict=True)]
    lhs = np.zeros(sizes)
    into, of = [], []
    for letter in layout:
        p = places.get(letter)
        into.append(
            slice(None)
            if p is None
            else slice(p.offset, p.offset + (p.count - 1) * p.step + 1, p.step)
            if p.count
            else slice(0, 0)
        )
        of.append(slice(None) if p is None else slice(p.first, p.first + p.count))
    lhs[tuple(into)] = left[tuple(of)]
    rhs = named[small] if s.walk == "correlate" else named["w"]
    if c.copied_filter:
        assert s.walk == "scatter"
        kernel = s.kernel_layout
        rhs = np.flip(rhs, [kernel.index(k) for k in s.letters])
        rhs = rhs.transpose([kernel.index(k) for k in ("N", *s.letters, "C")])
        grouped = rhs.reshape(s.groups, -1, *rhs.shape[1:])
        rhs = np.moveaxis(grouped, 1, -2)
    found = {"lhs": lhs, "rhs": rhs}
    if "b" in named:
        found["in0"] = named["b"]
    return {k: np.ascontiguousarray(v).reshape(-1) for k, v in found.items()}


@settings(max_examples=settings.default.max_examples * 4)
@given(signatures(modes=("fwd", "bwd", "wrw"), dtypes=("f32", "bf16", "i8")))
def test_a_signatures_problem_computes_it(s: ConvSignature) -> None:
    arguments = whole(s)
    problem = s.problem()
    out = np.zeros(problem.out.elements, NUMPY_DTYPE[problem.out.dtype])
    given_buffers = {
        k: v.astype(NUMPY_DTYPE[s.result_dtype if k == "in0" else s.dtype])
        for k, v in buffers(s, arguments).items()
    }
    evaluate(problem, given_buffers, out)
    found = out.reshape(s.result_shape).astype(np.float64)
    np.testing.assert_array_equal(found, expected(s, arguments))


def in_any_form(s: ConvSignature, form: int) -> str:
    """One of the three forms of the IR: the NPU's, the CPU's, and the CPU's for large ones."""
    least = taps.LEAST_MACS
    taps.LEAST_MACS = 0 if form == 2 else least
    try:
        return module_text(s, for_cpu=form > 0)
    finally:
        taps.LEAST_MACS = least


def run_all_on_cpu(
    several: Sequence[ConvSignature], operands: Sequence[Tensors]
) -> list[np.ndarray]:
    """The IR of several signatures, compiled as one module for the CPU."""
    texts = [in_any_form(s, number % 3) for number, s in enumerate(several)]
    program = aie_conv.load(aie_conv.compile("\n".join(texts), route="cpu"), device="null")
    return [
        np.asarray(program[s.name](*a)).astype(np.float64)
        for s, a in zip(several, operands, strict=True)
    ]


def check_ir(several: Sequence[ConvSignature]) -> None:
    operands = [whole(s) for s in several]
    for s, a, found in zip(several, operands, run_all_on_cpu(several, operands), strict=True):
        assert found.shape == s.result_shape
        wanted = by_autograd(s, a).to(torch_dtype(s.result_dtype)).double().numpy()
        np.testing.assert_array_equal(found, wanted, err_msg=s.name)


@settings(max_examples=3)
@given(st.lists(signatures(), min_size=6, max_size=6, unique_by=lambda s: s.name))
def test_the_ir_computes_what_autograd_does(several: list[ConvSignature]) -> None:
    check_ir(several)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(signatures(), min_size=6, max_size=6, unique_by=lambda s: s.name))
def test_the_ir_of_many_computes_what_autograd_does(several: list[ConvSignature]) -> None:
    check_ir(several)


CORNERS = {
    "padding beyond the filter's reach": dict(input_shape=(1, 2, 1, 5), kernel_shape=(2, 2, 1, 2), padding=(2, 3), stride=(3, 2), mode="bwd"),
    "no element that is read": dict(input_shape=(1, 2, 1, 3), kernel_shape=(2, 2, 1, 1), padding=(2, 0), stride=(3, 1), mode="bwd"),
    "one pixel under a wide tap": dict(input_shape=(1, 1, 5, 5), kernel_shape=(1, 1, 2, 3), stride=4, mode="fwd"),
    "an output padding as large as the stride": dict(input_shape=(1, 2, 3, 3), kernel_shape=(2, 2, 1, 2), dilation=2, output_padding=1, transposed=True, mode="wrw"),
    "a channel a group": dict(input_shape=(1, 3, 4, 4), kernel_shape=(3, 1, 2, 2), groups=3, mode="wrw", dtype="bf16"),
}  # fmt: skip


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_corners_in_every_form(shift: int) -> None:
    several = [ConvSignature(**{"dtype": "f32", **facts}) for facts in CORNERS.values()]
    check_ir(several[shift:] + several[:shift])


def permuted(s: ConvSignature, arguments: Tensors) -> tuple[ConvSignature, Tensors]:
    """The same convolution in the plain layout."""
    plain = default_layout(s.rank)
    other = replace(
        s,
        input_shape=[s.input_dims[k] for k in plain],
        kernel_shape=[s.kernel_dims[k] for k in plain],
        input_layout=plain, kernel_layout=plain, output_layout=plain,
    )  # fmt: skip
    layouts = {"x": s.input_layout, "w": s.kernel_layout, "dy": s.output_layout}
    moved = tuple(
        to_plain(a, layouts[name], s.rank).contiguous() if name in layouts else a
        for (name, _, _), a in zip(s.argument_shapes, arguments, strict=True)
    )
    return other, moved


@settings(max_examples=2)
@given(
    st.lists(
        signatures(modes=("fwd", "bwd", "wrw")), min_size=4, max_size=4, unique_by=lambda s: s.name
    )
)
def test_layouts_commute_with_transposition(several: list[ConvSignature]) -> None:
    plains = [permuted(s, whole(s)) for s in several]
    unique = {s.name: (s, a) for s, a in [*plains, *((s, whole(s)) for s in several)]}
    results = dict(zip(unique, run_all_on_cpu(*zip(*unique.values(), strict=True)), strict=True))
    for s, (other, _) in zip(several, plains, strict=True):
        axes = [s.result_layout.index(k) for k in other.result_layout]
        np.testing.assert_array_equal(results[s.name].transpose(axes), results[other.name])


@pytest.mark.parametrize("mode", ["fwd", "bwd", "wrw"])
@pytest.mark.parametrize("groups", [1, 4])
def test_the_bridge_reads_the_ir_as_one_convolution(mode: str, groups: int) -> None:
    s = ConvSignature(
        input_shape=(2, 12, 12, 16), kernel_shape=(16, 3, 3, 16 // groups), shared_layout="NHWC",
        padding=1, groups=groups, bias=True, mode=mode,
    )  # fmt: skip
    state = run(start(module_text(s).encode()), [import_module, recognise])
    (problem,) = (r.problem for r in state.requests if isinstance(r.problem, ConvProblem))
    mine = s.problem()
    for role in ("m", "n", "k", "g"):
        assert problem.extent(role) == mine.extent(role)
    assert [step.op for step in problem.epilogue.steps] == [step.op for step in mine.epilogue.steps]


@given(signatures(modes=("fwd", "bwd", "wrw"), dtypes=("f32", "bf16", "f16")), st.integers(0, 99))
def test_the_tolerance_holds_torch_and_no_wrong_element(s: ConvSignature, seed: int) -> None:
    arguments = s.get_sample_conv_args(seed=seed)
    exact, magnitudes = reference(s, arguments, "f64")
    held = (exact.numpy(), magnitudes.numpy())
    rounded = exact.to(torch_dtype(s.result_dtype))
    found = np.ascontiguousarray(rounded.double().numpy())
    assert compare(s, found, held).ok
    # One unit in the last place beyond the largest allowed error is seen.
    worst = int(np.argmax(magnitudes.numpy()))
    found.reshape(-1)[worst] += (
        8 * max(2.0**-8, 2.0**-20) * magnitudes.numpy().reshape(-1)[worst] + 1
    )
    wrong = compare(s, found, held)
    assert (wrong.ok, wrong.wrong) == (False, 1)
    assert compare(s, found, held, rtol=1e9, atol=1e9).ok


def test_integers_are_equal_or_wrong() -> None:
    s = ConvSignature(input_shape=(1, 1, 4, 4), kernel_shape=(1, 1, 2, 2), dtype="i8")
    arguments = whole(s)
    exact, magnitudes = (t.numpy() for t in reference(s, arguments, "f32"))
    assert compare(s, exact, (exact, magnitudes)).ok
    assert compare(s, exact + 1, (exact, magnitudes)).wrong == exact.size


def test_a_sum_past_two_to_the_31_wraps() -> None:
    s = ConvSignature(input_shape=(1, 140_000, 1), kernel_shape=(1, 140_000, 1), dtype="i8")
    arguments = (
        torch.full((1, 140_000, 1), 127, dtype=torch.int8),
        torch.full((1, 140_000, 1), 127, dtype=torch.int8),
    )
    wanted = (140_000 * 127 * 127 + 2**31) % 2**32 - 2**31
    assert float(reference(s, arguments, "f64")[0]) == wanted
    assert int(s.get_nn_module()(*arguments)) == wanted
    assert run_all_on_cpu([s], [arguments])[0].item() == wanted


# -- the library's one call -----------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.int8])
def test_conv_is_like_torchs(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(5)
    x = torch.randint(-3, 4, (2, 4, 9, 8), generator=generator).to(dtype)
    w = torch.randint(-3, 4, (6, 2, 3, 3), generator=generator).to(dtype)
    b = torch.randint(-3, 4, (6,), generator=generator).to(
        torch.int32 if dtype == torch.int8 else dtype
    )
    options = {"stride": (2, 1), "padding": 1, "groups": 2}
    found = aie_conv.conv(x, w, b, **options, device="cpu")
    wanted = torch.nn.functional.conv2d(x.double(), w.double(), b.double(), **options)
    assert found.dtype == (torch.int32 if dtype == torch.int8 else dtype)
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=0)


def test_conv_takes_numpy_and_runs_on_the_simulated_npu() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(-3, 4, (1, 8, 8, 16)).astype(ml_dtypes.bfloat16)
    w = rng.integers(-3, 4, (16, 3, 3, 16)).astype(ml_dtypes.bfloat16)
    found = aie_conv.conv(x, w, padding="same", layout="NHWC", device="sim", route="im2col")
    assert isinstance(found, np.ndarray)
    assert found.dtype == ml_dtypes.bfloat16
    nchw = [torch.from_numpy(a.astype(np.float64)).permute(0, 3, 1, 2) for a in (x, w)]
    wanted = torch.nn.functional.conv2d(*nchw, padding=1).permute(0, 2, 3, 1)
    np.testing.assert_array_equal(found.astype(np.float64), wanted.bfloat16().double().numpy())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"padding": "wide"}, "use numbers, 'valid' or 'same'"),
        ({"padding": "same", "stride": 2}, "needs stride 1"),
        ({"layout": "NHWX"}, "no permutation of NCHW"),
        ({"groups": 3}, "does not divide"),
        ({"device": "gpu"}, "device 'gpu': unknown"),
    ],
)
def test_conv_says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    x, w = np.ones((1, 4, 5, 5), np.float32), np.ones((4, 4, 3, 3), np.float32)
    with pytest.raises(aie_conv.errors.UsageError, match=message):
        aie_conv.conv(x, w, **arguments)
    with pytest.raises(aie_conv.errors.UsageError, match="use one type"):
        aie_conv.conv(x, w.astype(np.float16))


def test_a_form_that_iree_refuses_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    s = ConvSignature(input_shape=(1, 2, 4, 4), kernel_shape=(3, 2, 2, 2), dtype="f32")
    asked: list[bool] = []

    def text(signature: ConvSignature, *, for_cpu: bool = False) -> str:
        asked.append(for_cpu)
        return "func.func @nothing(" if for_cpu else module_text(signature)

    monkeypatch.setattr(levels, "module_text", text)
    program = aie_conv.load(levels.compile_best(s, Options(route="cpu")), device="null")
    assert asked == [True, False]
    found = np.asarray(program[s.name](*whole(s)))
    np.testing.assert_array_equal(found.astype(np.float64), expected(s, whole(s)))
