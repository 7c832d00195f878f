"""Host copies in numpy."""

import ml_dtypes
import numpy as np

from aie_conv.layout.hostcopy import HostCopy, apply


def test_transpose_and_pad() -> None:
    copy = HostCopy("lhs", (2, 3), "i8", (0, 0), (2, 3), (1, 0), "packed", (3, 4), "i8", (0, 0))
    x = np.arange(6, dtype=np.int8)
    packed = apply([copy], {"lhs": x})["packed"]
    np.testing.assert_array_equal(packed[:, :2], x.reshape(2, 3).T)
    assert not packed[:, 2:].any()
    assert not copy.covers_dest


def test_slice_and_cast_rounds_to_even() -> None:
    copy = HostCopy("in0", (4,), "f32", (1,), (2,), (0,), "half", (2,), "bf16", (0,))
    x = np.array([0, 1 + 2**-8, 1 + 3 * 2**-8, 0], np.float32)
    half = apply([copy], {"in0": x})["half"]
    assert half.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(half.astype(np.float32), [1, 1 + 2**-6])
    assert copy.covers_dest


def test_several_copies_fill_one_destination_by_bytes() -> None:
    first = HostCopy("rhs", (1, 4), "bf16", (0, 0), (1, 4), (0, 1), "w", (1, 8), "bf16", (0, 0))
    bias = HostCopy("in0", (1, 4), "bf16", (0, 0), (1, 4), (0, 1), "w", (1, 8), "bf16", (0, 4))
    weights = np.arange(4).astype(ml_dtypes.bfloat16)
    values = np.array([1.5, -2.5], np.float32)
    made = apply([first, bias], {"rhs": weights, "in0": values})["w"]
    np.testing.assert_array_equal(made[0, :4].astype(np.float32), [0, 1, 2, 3])
    np.testing.assert_array_equal(made[0, 4:].view(np.float32), values)
