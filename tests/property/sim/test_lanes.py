"""Moves of lanes: aievec.shift, ext and concat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import DeviceError, VerifyError
from aie_conv.sim import Simulator
from tests.support.sim.programs import kernel

LOADS = "".join(
    f"%at{i} = arith.constant {64 * i} : index\n"
    f"%v{i} = vector.load %x0[%at{i}] {{alignment = 32 : i64}} : memref<128xi8>, vector<64xi8>\n"
    for i in range(2)
)
STORE = "vector.store %r, %y[%c0] {alignment = 32 : i64} : memref<64xi8>, vector<64xi8>"


def moved(lines: str, by: int = 0) -> np.ndarray:
    """%v0, %v1 hold 0 to 127; %by is read from memory; %r is given back."""
    body = f"%by = memref.load %x1[%c0] : memref<1xi32>\n{LOADS}{lines}\n{STORE}"
    y = np.zeros(64, np.int8)
    text = kernel([(128, "i8"), (1, "i32")], (64, "i8"), body)
    Simulator(text).run([np.arange(128, dtype=np.int8), np.array([by], np.int32), y])
    return y


def shifted(by: str) -> str:
    kind = "vector<64xi8>"
    return f"%r = aievec.shift %v0, %v1, %{by} {{isAcc = false}} : {kind}, {kind}, i32, {kind}"


@given(st.integers(0, 64))
def test_bytes_are_shifted_over_two_vectors(by: int) -> None:
    known = moved(f"%k = arith.constant {by} : i32\n{shifted('k')}")
    np.testing.assert_array_equal(known, np.arange(by, by + 64))
    np.testing.assert_array_equal(moved(shifted("by"), by), known)


@pytest.mark.parametrize("by", [-1, 65])
def test_no_more_bytes_than_there_are(by: int) -> None:
    with pytest.raises(DeviceError, match="0 to 64 bytes"):
        moved(shifted("by"), by)
    with pytest.raises(DeviceError, match="0 to 64 bytes"):
        moved(f"%k = arith.constant {by} : i32\n{shifted('k')}")


@pytest.mark.parametrize(("parts", "index"), [(2, 0), (2, 1), (4, 0), (4, 3)])
def test_parts_are_taken_and_joined(parts: int, index: int) -> None:
    part = f"vector<{64 // parts}xi8>"
    names = ", ".join(["%p"] * parts)
    lines = (
        f"%p = aievec.ext %v1 {{index = {index} : i8}} : vector<64xi8>, {part}\n"
        f"%r = aievec.concat {names} : {part}, vector<64xi8>"
    )
    piece = np.arange(64, 128)[index * 64 // parts :][: 64 // parts]
    np.testing.assert_array_equal(moved(lines), np.tile(piece, parts))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "%r = aievec.ext %v0 {index = 0 : i8} : vector<64xi8>, vector<64xi8>",
            "half or a quarter",
        ),
        ("%r = aievec.concat %v0, %v1 : vector<64xi8>, vector<64xi8>", "are not vector<64xi8>"),
    ],
)
def test_wrong_parts_are_refused(line: str, message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        moved(line)
