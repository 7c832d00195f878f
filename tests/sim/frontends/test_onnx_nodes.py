"""onnx's own tests of its operators: every convolution, pooling, matmul and quantised form.

All that plain IREE compiles and gets right, compiles and is right here; so do those that the rewrites mend.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.errors import AieConvError

pytest.importorskip("onnx")

OPERATORS = {
    "Conv", "ConvTranspose", "ConvInteger", "DeformConv", "AveragePool", "MaxPool", "GlobalAveragePool",
    "GlobalMaxPool", "LpPool", "MaxUnpool", "MatMul", "Gemm", "MatMulInteger", "QLinearConv",
    "QLinearMatMul", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
}  # fmt: skip

REFUSED = {
    "test_basic_deform_conv_with_padding", "test_basic_deform_conv_without_padding",
    "test_deform_conv_with_mask_bias", "test_deform_conv_with_multiple_offset_groups",
    "test_convinteger_with_padding", "test_lppool_2d_dilations",
    "test_maxpool_with_argmax_2d_precomputed_strides", "test_maxunpool_export_with_output_shape",
    "test_maxunpool_export_without_output_shape",
    "test_dequantizelinear_blocked",
    "test_dequantizelinear_e4m3fn_float16",
     "test_dequantizelinear_float4e2m1", "test_dequantizelinear_int2",
    "test_dequantizelinear_int4", "test_dequantizelinear_uint2", "test_dequantizelinear_uint4",
    "test_quantizelinear_blocked_asymmetric", "test_quantizelinear_blocked_symmetric",
      "test_quantizelinear_float4e2m1",
    "test_quantizelinear_int2", "test_quantizelinear_int4", "test_quantizelinear_uint16",
    "test_quantizelinear_uint2", "test_quantizelinear_uint4",
}  # fmt: skip
"""What is refused in one line: plain IREE refuses all of them as well."""

SAMPLE = (
    "test_basic_conv_with_padding", "test_dequantizelinear_e4m3fn", "test_conv_with_autopad_same", "test_convtranspose_group_2",
    "test_averagepool_2d_ceil_last_window_starts_on_pad", "test_matmul_1d_3d", "test_qlinearconv",
    "test_qlinearmatmul_3D_uint8_float32", "test_quantizelinear_axis", "test_maxpool_2d_uint8",
)  # fmt: skip

COUNT = 110
"""Tests that compile and agree, of :data:`TOTAL`."""

TOTAL = 134


@contextmanager
def _quiet() -> Iterator[None]:
    # onnx's tests make NaNs and overflows on purpose.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def cases() -> dict[str, Any]:
    from onnx.backend.test.case.node import collect_testcases

    with _quiet():
        found = collect_testcases(None)
    return {
        case.name: case
        for case in found
        if len(case.model.graph.node) == 1 and case.model.graph.node[0].op_type in OPERATORS
    }


def _array(value: Any) -> Any:
    """An array of an array or of ONNX's tensor."""
    from onnx import TensorProto, numpy_helper

    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def check(name: str) -> str:
    """ "" where a test compiles and its result is right, "refused", or what differs."""
    case = cases()[name]
    inputs, wanted = case.data_sets[0]
    try:
        artifact = aie_conv.compile(case.model, plan_cache=False)
    except AieConvError as error:
        return "refused in several lines" if "\n" in str(error) else "refused"
    program = aie_conv.load(artifact, device="sim")
    results = program[program.functions[0]].invoke([_array(each) for each in inputs])
    for result, want in zip(results, map(_array, wanted), strict=True):
        if result.dtype != want.dtype or result.shape != want.shape:
            return f"{result.dtype}{result.shape} for {want.dtype}{want.shape}"
        if want.dtype.kind in "iub":
            if not np.array_equal(result, want):
                return f"{np.sum(result != want)} of {want.size} differ"
        elif not np.allclose(
            result.astype(np.float64), want.astype(np.float64), case.rtol, case.atol, equal_nan=True
        ):
            return f"off by {np.abs(result - want).max()}"
    return ""


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_agrees(name: str) -> None:
    assert check(name) == ""


@pytest.mark.slow
def test_all_agree_or_are_refused() -> None:
    outcome = {name: check(name) for name in cases()}
    assert {n: o for n, o in outcome.items() if o not in ("", "refused")} == {}
    assert {n for n, o in outcome.items() if o == "refused"} == REFUSED
    assert (sum(o == "" for o in outcome.values()), len(outcome)) == (COUNT, TOTAL)
