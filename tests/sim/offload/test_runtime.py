"""Calling the final form: what it takes, what it refuses, and that nothing but its text decides."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from aie_conv.errors import AieConvError, DeviceError, UsageError
from aie_conv.offload import Offloaded, offload
from aie_conv.runtime import load_offloaded
from aie_conv.runtime.bundle import Bundle, digest, read_bundle
from aie_conv.runtime.offloaded import OffloadedProgram

TWO = """
func.func @two(%x: tensor<1x6x6x8xi8>, %w: tensor<3x3x8x8xi8>) -> (tensor<1x4x4x8xi32>, tensor<1x4x4x8xi32>) {
  %z = arith.constant 0 : i32
  %e = tensor.empty() : tensor<1x4x4x8xi32>
  %i = linalg.fill ins(%z : i32) outs(%e : tensor<1x4x4x8xi32>) -> tensor<1x4x4x8xi32>
  %v = tensor.empty() : tensor<1x6x6x8xi8>
  %t = linalg.map { arith.addi } ins(%x, %x : tensor<1x6x6x8xi8>, tensor<1x6x6x8xi8>)
      outs(%v : tensor<1x6x6x8xi8>)
  %u = linalg.map { arith.addi } ins(%x, %t : tensor<1x6x6x8xi8>, tensor<1x6x6x8xi8>)
      outs(%v : tensor<1x6x6x8xi8>)
  %y = linalg.conv_2d_nhwc_hwcf ins(%u, %w : tensor<1x6x6x8xi8>, tensor<3x3x8x8xi8>)
      outs(%i : tensor<1x4x4x8xi32>) -> tensor<1x4x4x8xi32>
  %s = linalg.conv_2d_nhwc_hwcf ins(%t, %w : tensor<1x6x6x8xi8>, tensor<3x3x8x8xi8>)
      outs(%i : tensor<1x4x4x8xi32>) -> tensor<1x4x4x8xi32>
  return %s, %y : tensor<1x4x4x8xi32>, tensor<1x4x4x8xi32>
}"""
"""A convolution of 3 x, and one of 2 x, the second returned first; 2 x and 3 x come of one region."""

RNG = np.random.default_rng(0)
X, W = (RNG.integers(-8, 8, shape, dtype=np.int8) for shape in ((1, 6, 6, 8), (3, 3, 8, 8)))
WANTED = sum(
    np.einsum(
        "nhwc,co->nhwo", X[:, y : y + 4, x : x + 4].astype(np.int32), W[y, x].astype(np.int32)
    )
    for y in range(3)
    for x in range(3)
)


def results() -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.full((1, 4, 4, 8), -1, np.int32) for _ in range(2))
    return first, second


@pytest.fixture(scope="module")
def made() -> Offloaded:
    return offload(TWO, route="im2col")


@pytest.fixture(scope="module")
def program(made: Offloaded) -> OffloadedProgram:
    return made.load("sim")


def test_destinations_are_filled(program: OffloadedProgram) -> None:
    twice, thrice = results()
    assert program.two(X, W, twice, thrice) is None
    np.testing.assert_array_equal(thrice, 3 * WANTED)
    np.testing.assert_array_equal(twice, 2 * WANTED)
    assert sorted(r["executable"] for r in program.records) == ["two_conv_0", "two_conv_1"]
    assert program.functions == ("two",)
    assert program.internal_bytes == 2 * X.nbytes
    np.testing.assert_array_equal(program["two"](X, W, thrice, twice), None)
    np.testing.assert_array_equal(thrice, 2 * WANTED)


def test_what_is_returned_twice_or_as_it_came_is_copied() -> None:
    text = TWO.replace("(tensor<1x4x4x8xi32>, tensor<1x4x4x8xi32>)", "({y}, {y}, {x})")
    text = text.replace(
        "%s, %y : tensor<1x4x4x8xi32>, tensor<1x4x4x8xi32>", "%y, %y, %x : {y}, {y}, {x}"
    )
    text = text.replace("{y}", "tensor<1x4x4x8xi32>").replace("{x}", "tensor<1x6x6x8xi8>")
    both = offload(text, route="cpu")
    assert both.bundle.final.count("memref.copy") == 2
    first, second, image = *results(), np.zeros_like(X)
    load_offloaded(both.bundle, "cpu").two(X, W, first, second, image)
    for found, wanted in ((first, 3 * WANTED), (second, 3 * WANTED), (image, X)):
        np.testing.assert_array_equal(found, wanted)


def test_strided_destinations_are_filled(program: OffloadedProgram) -> None:
    wide = np.zeros((1, 4, 4, 16), np.int32)
    program.two(X, W, wide[..., ::2], wide[..., 1:].copy()[..., ::2])
    np.testing.assert_array_equal(wide[..., ::2], 2 * WANTED)
    assert not wide[..., 1::2].any()


def test_a_file_holds_it_all(made: Offloaded, tmp_path: Path) -> None:
    made.save(tmp_path / "two.offload")
    made.save(tmp_path / "again.offload")
    data = (tmp_path / "two.offload").read_bytes()
    assert data == (tmp_path / "again.offload").read_bytes()
    assert read_bundle(tmp_path / "two.offload") == made.bundle
    twice, thrice = results()
    load_offloaded(tmp_path / "two.offload", "sim").two(X, W, twice, thrice)
    np.testing.assert_array_equal(thrice, 3 * WANTED)


def test_the_text_decides(made: Offloaded) -> None:
    """With the operands of the two calls' destinations exchanged, so are the results."""
    changed = made.bundle.final.replace("%arg2)", "%argX)").replace("%arg3)", "%arg2)")
    changed = changed.replace("%argX)", "%arg3)")
    assert changed != made.bundle.final
    twice, thrice = results()
    load_offloaded(Bundle(changed, made.bundle.executables), "sim").two(X, W, twice, thrice)
    np.testing.assert_array_equal(twice, 3 * WANTED)
    np.testing.assert_array_equal(thrice, 2 * WANTED)


def read_only() -> np.ndarray:
    array = results()[0]
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((X, W), "two: takes 2 inputs and 2 results to fill, 2 arrays given"),
        ((W, X, *results()), "two: input 0: 3x3x8x8xint8 given, the function takes 1x6x6x8xi8"),
        ((X, W, results()[0], results()[1].astype(np.int64)), "two: result 1: 1x4x4x8xint64 given"),
        ((X, W, results()[0], read_only()), "two: result 1: the array is read-only"),
        ((X, W, *(results()[:1] * 2)), "two: result 0: shares memory with another array"),
        ((X, W.tolist(), *results()), "two: input 1: a list: give a numpy array"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    program: OffloadedProgram, arrays: tuple[np.ndarray, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        program.two(*arrays)


def test_unknown_functions_are_named(program: OffloadedProgram) -> None:
    with pytest.raises(UsageError, match="function 'one': not in the final form: it has two"):
        program["one"]
    with pytest.raises(AttributeError, match="no function 'one'"):
        program.one  # noqa: B018


def changed(made: Offloaded, old: str, new: str) -> Bundle:
    assert old in made.bundle.final
    return Bundle(made.bundle.final.replace(old, new), made.bundle.executables)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    return\n", "    scf.yield\n", "line [0-9]+: 'scf.yield' cannot be run: offload again"),
        ('executable = "two_conv_0"', 'executable = "x"', "executable 'x': not in the bundle"),
        ('digest = "', 'digest = "0', "executable 'two_.*': not the one that was compiled"),
        ("memref.dealloc %alloc :", "memref.dealloc %nothing :", "@two: %nothing: there is no such buffer"),
        ("call @two_conv_0(", "call @two_conv_9(", "@two: @two_conv_9: there is no such executable"),
    ],
)  # fmt: skip
def test_a_final_form_that_cannot_run_is_refused(
    made: Offloaded, old: str, new: str, message: str
) -> None:
    with pytest.raises(DeviceError, match=f"final form: {message}"):
        load_offloaded(changed(made, old, new), "sim")


def test_another_executable_is_refused(made: Offloaded) -> None:
    name = "two_conv_0"
    bytes_ = made.bundle.executables[name]
    assert digest(bytes_) in made.bundle.final
    other = {**made.bundle.executables, name: bytes_ + b"\0"}
    with pytest.raises(DeviceError, match=f"executable '{name}': not the one that was compiled"):
        load_offloaded(Bundle(made.bundle.final, other), "sim")


def test_the_cpu_does_not_stand_in_for_the_npu(made: Offloaded) -> None:
    with pytest.raises(
        UsageError, match="device cpu: executable 'two_conv_.' holds NPU dispatches"
    ):
        load_offloaded(made.bundle, "cpu")


def test_files_that_are_no_bundles_are_refused(tmp_path: Path) -> None:
    for name in ("missing", "text", "empty.zip"):
        path = tmp_path / name
        if name == "text":
            path.write_text("func.func")
        elif name == "empty.zip":
            with zipfile.ZipFile(path, "w"):
                pass
        with pytest.raises(AieConvError, match=f"{name}: (No such file|no file of offload's)"):
            load_offloaded(path, "sim")
