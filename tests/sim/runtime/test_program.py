"""Loading and calling: types, shapes, devices, damaged files."""

import ml_dtypes
import numpy as np
import pytest

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.cli.values import format_value
from aie_conv.errors import DeviceError, UsageError
from aie_conv.runtime.devices import open_device
from aie_conv.runtime.executable import MAGIC
from aie_conv.runtime.program import Program, load_program
from aie_conv.seal import BYTES, seal
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return aie_conv.compile(modules.plain(Conv(c=8, oc=16)), route="im2col")


@pytest.fixture(scope="module")
def program(artifact: Artifact) -> Program:
    return aie_conv.load(artifact, device="sim")


X = np.ones((1, 6, 7, 8), ml_dtypes.bfloat16)
F = np.ones((3, 3, 8, 16), ml_dtypes.bfloat16)


def test_sim_computes(program: Program) -> None:
    result = program.main(X, F)
    assert result.dtype == np.float32
    assert np.all(result == 72)
    assert program.records[0]["cycles"] > 0


def test_null_computes_nothing(artifact: Artifact) -> None:
    assert not np.any(aie_conv.load(artifact, device="null").main(X, F))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((X,), "takes 2 inputs, 1 given"),
        ((X, X), "input 1: 1x6x7x8xbf16 given, the function takes 3x3x8x16xbf16"),
        ((X.astype(np.float32), F), "input 0: 1x6x7x8xf32 given"),
        ((X.astype(np.complex64), F), "input 0: 1x6x7x8xcomplex<f32> given"),
    ],
)
def test_wrong_inputs_are_named(program: Program, inputs: tuple[object, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        program.main(*inputs)


def test_a_missing_function_is_named(program: Program) -> None:
    with pytest.raises(UsageError, match="function 'nope': not in the module: it has main"):
        program["nope"]


@pytest.mark.parametrize("cut", [0, 100, 5000])
def test_a_truncated_file_is_refused(artifact: Artifact, cut: int) -> None:
    with pytest.raises(DeviceError, match="artifact: "):
        load_program(artifact.vmfb[:cut], "sim")


@pytest.mark.parametrize(
    ("place", "message"), [(8, "format 251"), (200, "altered"), (5000, "altered")]
)
def test_an_altered_program_is_refused(artifact: Artifact, place: int, message: str) -> None:
    data = bytearray(artifact.vmfb)
    at = data.index(MAGIC) + place
    data[at] ^= 0xFF
    with pytest.raises(DeviceError, match="artifact: its digest differs: it was altered"):
        load_program(bytes(data), "sim")
    with pytest.raises(DeviceError, match=message):
        load_program(seal(data[:-BYTES]), "sim").main(X, F)


def test_unknown_device() -> None:
    with pytest.raises(
        UsageError, match="device 'gpu': unknown: use one of null, cpu, sim, xrt, hrx"
    ):
        open_device("gpu")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.vmfb: No such file"):
        aie_conv.load("nowhere.vmfb", device="sim")


def test_complex_numbers_come_and_go() -> None:
    """They stay on the CPU."""
    text = """
    func.func @main(%a: tensor<3x4xcomplex<f32>>, %b: tensor<4x2xcomplex<f32>>) -> tensor<3x2xcomplex<f32>> {
      %0 = stablehlo.dot %a, %b
          : (tensor<3x4xcomplex<f32>>, tensor<4x2xcomplex<f32>>) -> tensor<3x2xcomplex<f32>>
      return %0 : tensor<3x2xcomplex<f32>>
    }"""
    function = aie_conv.load(aie_conv.compile(text), device="sim").main
    draw = np.random.default_rng(1)
    left, right = (
        (draw.integers(-4, 5, shape) + 1j * draw.integers(-4, 5, shape)).astype(np.complex64)
        for shape in ((3, 4), (4, 2))
    )
    found = function(left, right)
    assert found.dtype == np.complex64
    np.testing.assert_array_equal(found, left @ right)
    assert format_value(found).endswith(f"{found[-1, -1].real:g}{found[-1, -1].imag:+g}j]")
    with pytest.raises(
        UsageError, match=r"input 0: 3x4xf32 given, the function takes 3x4xcomplex<f32>"
    ):
        function(left.real, right)


def test_a_function_takes_what_iree_has_made_of_its_types() -> None:
    """IREE demotes f64 to f32 where no flag forbids it: what such a function takes is f32."""
    text = """
    func.func @main(%x: tensor<4xf64>, %n: tensor<4xui8>) -> (tensor<4xf64>, tensor<4xui8>) {
      %y = arith.addf %x, %x : tensor<4xf64>
      return %y, %n : tensor<4xf64>, tensor<4xui8>
    }"""
    x, n = np.arange(4) / 4, np.full(4, 200, np.uint8)
    function = aie_conv.load(aie_conv.compile(text), device="sim").main
    assert [str(each) for each in function.parameters or ()] == ["4xf32", "4xui8"]
    doubled, same = function(x.astype(np.float32), n)
    assert (doubled.dtype, same.dtype) == (np.float32, np.uint8)
    np.testing.assert_array_equal(doubled, 2 * x)
    with pytest.raises(UsageError, match=r"input 0: 4xf64 given, the function takes 4xf32"):
        function(x, n)
    kept = aie_conv.compile(text, flags=["--iree-input-demote-f64-to-f32=false"])
    assert aie_conv.load(kept, device="sim").main(x, n)[0].dtype == np.float64
