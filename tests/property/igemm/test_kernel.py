"""The kernel computes the convolution, with the blocks that it is given, by the program that it shows."""

import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import aie_conv
from aie_conv.arch import device_names
from aie_conv.errors import ConfigRefused, UsageError
from aie_conv.igemm.kernel import IgemmKernel
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.sim import Simulator
from tests.support.igemm.strategies import arguments, convolved, operands

F32_UNIT = 2.0**-24
BF16_UNIT = 2.0**-8
"""Half a unit in the last place, relative."""

blocks = st.fixed_dictionaries(
    {},
    optional={
        "block_m": st.sampled_from([4, 8, 16, 24, 32, 64, 128]),
        "block_n": st.sampled_from([8, 16, 24, 32]),
        "block_k": st.sampled_from([8, 16, 24, 32, 64]),
        "resident": st.booleans(),
    },
)


def assert_right(kernel: IgemmKernel, x: np.ndarray, w: np.ndarray, got: np.ndarray) -> None:
    """Integers exactly; floats within the bound of their arithmetic.

    A sum of K products in f32, in any order, is off by at most (K + 2) units of f32 times the sum of the
    products' magnitudes; a bf16 result is rounded once more.
    """
    g = kernel.geometry
    want = convolved(g, x, w)
    assert got.dtype == NUMPY_DTYPE[g.output_dtype]
    if g.input_dtype == "i8":
        exact = np.clip(want, -128, 127) if g.output_dtype == "i8" else want
        np.testing.assert_array_equal(got, exact.astype(got.dtype))
        return
    magnitudes = convolved(g, np.abs(x), np.abs(w))
    bound = (g.k + 2) * F32_UNIT * magnitudes
    if g.output_dtype == "bf16":
        bound = bound * (1 + BF16_UNIT) + BF16_UNIT * np.abs(want)
    assert (np.abs(got.astype(np.float64) - want) <= bound).all()


def simulated(kernel: IgemmKernel, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The result of ``kernel.ir`` on the simulator, with the plan's host copies in numpy."""
    g, plan = kernel.geometry, kernel.plan
    border = {"h": g.padding[0], "w": g.padding[1]}
    padded = np.pad(x, [border.get(letter, (0, 0)) for letter in g.input_sizes])
    values = apply(plan.prologue, {"lhs": padded, "rhs": w})
    *inputs, result = plan.arguments
    out = np.zeros(result.elements, NUMPY_DTYPE[result.dtype])
    simulator = Simulator(kernel.ir)
    arrays = [values[a.name].reshape(-1) for a in inputs]
    # A first call with another input; the packed filter also holds the program's run-time parameters.
    others = {"weights": values["weights"].reshape(-1)}
    first = [others.get(a.name, values[a.name].reshape(-1)[::-1]).copy() for a in inputs]
    simulator.run([*first, out.copy()])
    simulator.run([*arrays, out])
    shape = tuple(g.output_sizes.values())
    if not plan.finish:
        return out.reshape(shape)
    return apply(plan.finish, {"result": out, "out": np.zeros(shape, out.dtype)})["out"]


def planned(**given: Any) -> tuple[Any, str, str]:
    """The kernel and its symbols; else None, the limit that was met, and the message."""
    try:
        return aie_conv.get_igemm_conv2d(**given), "", ""
    except ConfigRefused as refusal:
        return None, refusal.limit, str(refusal)


@given(arguments(), blocks, st.sampled_from(device_names()))
def test_the_program_computes_the_convolution_in_the_blocks(
    given: dict[str, Any], wanted: dict[str, Any], device: str
) -> None:
    """Blocks are used as they are given, or refused; what is shown is what computes."""
    made, limit, message = planned(**given, **wanted, device=device)
    assert limit in message
    assume(made is not None)
    kernel, symbols = made
    for name, value in wanted.items():
        assert symbols[name.upper()] == value
    x, w = operands(kernel.geometry)
    assert_right(kernel, x, w, simulated(kernel, x, w))


@settings(max_examples=max(6, settings.default.max_examples // 8))
@given(arguments())
def test_a_call_goes_through_the_runtime(given: dict[str, Any]) -> None:
    kernel, _ = aie_conv.get_igemm_conv2d(**given, run_on="sim")
    x, w = operands(kernel.geometry)
    got = kernel(x, w)
    assert_right(kernel, x, w, got)
    np.testing.assert_array_equal(got, simulated(kernel, x, w))
    (record,) = kernel.program.records
    assert record["cores"] == kernel.plan.cores
    assert record["shim_bytes"] == kernel.plan.shim_bytes


CONV: dict[str, Any] = dict(n=1, c=16, h=12, w=20, hf=3, wf=3, nf=32, padding=1, run_on="sim")


def objects(text: str, name: str) -> int:
    """Elements of the objects of a FIFO of the emitted module."""
    found = {int(size) for size in re.findall(rf"@{name}_0\w*\(.*memref<(\d+)x", text)}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("m", "n", "k", "resident"),
    [(16, 8, 8, True), (40, 16, 16, False), (80, 32, 48, False), (24, 32, 24, True)],
)
def test_the_emitted_program_has_the_blocks(m: int, n: int, k: int, resident: bool) -> None:
    kernel, symbols = aie_conv.get_igemm_conv2d(
        **CONV, layout="nhwc", block_m=m, block_n=n, block_k=k, resident=resident
    )
    assert (symbols["BLOCK_M"], symbols["BLOCK_N"], symbols["BLOCK_K"]) == (m, n, k)
    assert objects(kernel.ir, "a_l1") == m * k
    parameters = 64 // 2
    assert objects(kernel.ir, "b_l1") == (n * 144 + parameters if resident else n * k)
    assert objects(kernel.ir, "c_l1") == m * n


def test_blocks_that_are_not_given_are_the_planners() -> None:
    free, symbols = aie_conv.get_igemm_conv2d(**CONV)
    names = ("BLOCK_M", "BLOCK_N", "BLOCK_K")
    kernel, _ = aie_conv.get_igemm_conv2d(
        **CONV, tile=(symbols["TILE_H"], symbols["TILE_W"]),
        **{name.lower(): symbols[name] for name in names},
    )  # fmt: skip
    assert kernel.ir == free.ir


def test_a_tile_is_cut_as_it_is_given() -> None:
    _, symbols = aie_conv.get_igemm_conv2d(**CONV, layout="nhwc", tile=(3, 8))
    assert (symbols["TILE_H"], symbols["TILE_W"], symbols["BLOCK_M"]) == (3, 8, 24)


def test_the_symbols() -> None:
    _, symbols = aie_conv.get_igemm_conv2d(
        2, 5, 9, 14, 3, 2, 12, stride=(2, 3), padding=((1, 0), (2, 3)), dilation=(1, 4)
    )
    wanted = {
        "N": 2, "C": 5, "H": 9, "W": 14, "HF": 3, "WF": 2, "NF": 12, "H_OUT": 4, "W_OUT": 5,
        "M": 40, "K": 30, "K_STREAM": 48, "NF_STREAM": 16, "STRIDE_H": 2, "STRIDE_W": 3,
        "PAD_TOP": 1, "PAD_BOTTOM": 0, "PAD_LEFT": 2, "PAD_RIGHT": 3, "DILATION_W": 4,
    }  # fmt: skip
    assert wanted.items() <= symbols.items()


def test_a_result_is_filled_in_place() -> None:
    kernel, _ = aie_conv.get_igemm_conv2d(**CONV, output_dtype="bf16")
    x, w = operands(kernel.geometry)
    out = np.full((1, 32, 12, 20), np.nan, ml_dtypes.bfloat16)
    assert kernel(x, w, out) is out
    assert_right(kernel, x, w, out)
    image, filters = (torch.from_numpy(a.astype(np.float32)).bfloat16() for a in (x, w))
    y = torch.zeros(1, 32, 12, 20, dtype=torch.bfloat16)
    assert kernel(image, filters, y) is y
    fresh = kernel(image, filters)
    assert torch.equal(fresh, y)
    np.testing.assert_array_equal(y.float().numpy(), out.astype(np.float32))


def test_f32_is_computed_as_bf16_where_that_is_allowed() -> None:
    kernel, _ = aie_conv.get_igemm_conv2d(**CONV, input_dtype="f32", f32="bf16")
    x, w = operands(kernel.geometry)
    rounded = (a.astype(ml_dtypes.bfloat16).astype(np.float32) for a in (x, w))
    assert_right(kernel, *rounded, kernel(x, w))


@pytest.mark.parametrize(
    ("given", "limit", "message"),
    [
        # 2 KiB of stack, two buffers of each operand and the result, and the accumulator.
        (
            dict(block_m=128, block_n=32, block_k=48),
            "core memory",
            "block_m=128, block_n=32, block_k=48: on npu1_4col: core memory: 81996 B of 65536: use"
            " smaller blocks, or None",
        ),
        (
            dict(c=512, nf=512, layout="nhwc", block_m=240, block_n=512, block_k=512),
            "core memory",
            r"block_m=240, block_n=512, block_k=512: on npu1_4col: core memory: \d+ B of 65536: use",
        ),
        (dict(block_m=7), "tile", "block_m=7: on npu1_4col: tile: 7 pixels cannot be cut from 12x20"),
        (dict(block_n=12), "channels", "channels: block_n is one of 8, 16, 32 here, or None"),
        (dict(block_k=10), "K chunk", "K chunk: block_k is one of 8, 16, .* here, or None"),
        (dict(tile=(13, 1)), "tile", "tile=13x1: .*: the output's pixels lie as 12x20"),
        (dict(resident=True, c=2048), "core memory", "resident=True: .* core memory: [0-9]+ B of 65536"),
    ],
)  # fmt: skip
def test_blocks_that_do_not_fit_are_refused(
    given: dict[str, Any], limit: str, message: str
) -> None:
    with pytest.raises(ConfigRefused, match=message) as refused:
        aie_conv.get_igemm_conv2d(**{**CONV, **given})
    assert refused.value.limit == limit


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(c=0), "c=0: give a whole number from 1"),
        (dict(stride=0), "stride=0: give a number, or \\(vertical, horizontal\\), each from 1"),
        (dict(padding=(1, 2, 3)), "padding=\\(1, 2, 3\\): give a number, "),
        (dict(padding=-1), "padding=-1: give"),
        (dict(dilation=(1, 0)), "dilation=\\(1, 0\\)"),
        (dict(layout="chwn"), "layout 'chwn': unknown: use one of nchw_fchw, nhwc_hwcf, nhwc_fhwc"),
        (
            dict(input_dtype="f16"),
            "input_dtype f16: no matrix instruction: use one of bf16, i8, f32",
        ),
        (dict(input_dtype="f32"), "input_dtype f32: .* add f32='bf16'"),
        (dict(output_dtype="i8"), "output_dtype i8 of bf16: use f32 or bf16"),
        (dict(hf=15), "empty output: a window of 15x3 .* is larger than the padded input 14x22"),
        (dict(block_m=0), "block_m=0: give a whole number from 1, or None"),
        (dict(device="npu9"), "device 'npu9': unknown"),
    ],
)
def test_what_is_no_convolution_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        aie_conv.get_igemm_conv2d(**{**CONV, **given})


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("bfloat16", "bf16"), (torch.bfloat16, "bf16"), (ml_dtypes.bfloat16, "bf16"),
     (np.int8, "i8"), (np.dtype(np.int8), "i8"), (torch.int8, "i8"), ("int8", "i8")],
)  # fmt: skip
def test_types_by_any_name(dtype: Any, name: str) -> None:
    kernel, _ = aie_conv.get_igemm_conv2d(**CONV, input_dtype=dtype)
    assert kernel.geometry.input_dtype == name


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.zeros((1, 32, 12, 20), np.float64), "out: 1x32x12x20xfloat64 given, the result is .*float32"),
        (np.zeros((32, 12, 20), np.float32), "out: 32x12x20xfloat32 given"),
    ],
)  # fmt: skip
def test_a_wrong_result_array_is_named(out: np.ndarray, message: str) -> None:
    kernel, _ = aie_conv.get_igemm_conv2d(**CONV)
    with pytest.raises(UsageError, match=message):
        kernel(*operands(kernel.geometry), out)
