"""Numbers of constants at `flow`, as MLIR keeps them, and constants of numbers."""

import ml_dtypes
import numpy as np
import pytest
from iree.compiler import ir

from aie_conv.bridge.calls.constant_numbers import ConstantNumbers, dense
from aie_conv.bridge.tensors import operations_of
from aie_conv.layout.hostcopy import NUMPY_DTYPE

RESOURCE = """
{-#
  dialect_resources: {
    builtin: {
      blob: "0x020000000100FEFF0300"
    }
  }
#-}
"""


def known(text: str, tail: str = "") -> np.ndarray | None:
    """The numbers of the last value of a function of constants."""
    source = f"util.func private @f() {{\n{text}\nutil.return\n}}\n{tail}"
    with ir.Context():
        module = ir.Module.parse(source)
        (function,) = [op for op in operations_of(module.operation) if op.name == "util.func"]
        *_, last, _ = operations_of(function)
        return ConstantNumbers(module.operation).of(last.results[0])


@pytest.mark.parametrize("dtype", NUMPY_DTYPE)
@pytest.mark.parametrize("count", [1, 5, 200])
def test_numbers_come_back(dtype: str, count: int) -> None:
    kind = NUMPY_DTYPE[dtype]
    rng = np.random.default_rng(count)
    data = rng.integers(0, 256, count * kind.itemsize, np.uint8).view(kind)
    with ir.Context() as context, ir.Location.unknown():
        text = f"%a = flow.tensor.constant {dense(data, dtype, (1, count), context)}"
    found = known(text)
    assert found is not None
    assert found.dtype == kind
    bits = f"u{kind.itemsize}"
    numbers = np.isfinite(data.astype(np.float64))
    np.testing.assert_array_equal(found.view(bits)[numbers], data.view(bits)[numbers])
    assert np.isnan(found.astype(np.float64)).sum() == np.isnan(data.astype(np.float64)).sum()


@pytest.mark.parametrize("number", ["-0.0", "1.0e-40", "0x7F80", "0x0001"])
def test_a_short_bf16_is_read_as_it_is_printed(number: str) -> None:
    found = known(f"%a = flow.tensor.constant dense<[{number}, 2.0]> : tensor<2xbf16>")
    assert found is not None
    word = np.uint16(int(number, 16)) if number.startswith("0x") else None
    wanted = ml_dtypes.bfloat16(float(number)) if word is None else word.view(ml_dtypes.bfloat16)
    assert found.view(np.uint16).tolist() == [wanted.view(np.uint16), 0x4000]


def test_a_resource_is_read_through_reshapes_and_bitcasts() -> None:
    found = known(
        "%a = flow.tensor.constant dense_resource<blob> : tensor<3xi16>\n"
        "%b = flow.tensor.reshape %a : tensor<3xi16> -> tensor<1x3xi16>\n"
        "%c = flow.tensor.bitcast %b : tensor<1x3xi16> -> tensor<1x6xi8>",
        RESOURCE,
    )
    assert found is not None
    assert found.tolist() == [1, 0, -2, -1, 3, 0]


def test_one_number_for_all_is_as_many() -> None:
    found = known("%a = flow.tensor.constant dense<7> : tensor<2x3xi8>")
    assert found is not None
    assert found.tolist() == [7] * 6


def test_what_an_initialiser_stores_is_not_known() -> None:
    text = "%a = util.global.load immutable @g : tensor<2xi8>"
    assert known(text, "util.global private @g : tensor<2xi8>") is None
    found = known(text, "util.global private @g = dense<[1, 2]> : tensor<2xi8>")
    assert found is not None
    assert found.tolist() == [1, 2]


def test_what_an_initialiser_stores_takes_the_place_of_the_first_value() -> None:
    text = "%a = util.global.load immutable @g : tensor<2xi8>"
    tail = """util.global private @g = dense<[1, 2]> : tensor<2xi8>
util.initializer {
  %c = flow.tensor.constant dense<[3, 4]> : tensor<2xi8>
  util.global.store %c, @g : tensor<2xi8>
  util.return
}"""
    assert known(text, tail) is None
