"""Executables that were cut, altered or made by another version are refused in one line."""

from dataclasses import replace

import pytest

from aie_conv.errors import DeviceError
from aie_conv.runtime.executable import Buffer, Executable, unpack

WHOLE = Executable(
    "npu1_4col", (Buffer("bf16", 8), Buffer("f32", 4)), False, "module {}", {"xclbin": b"x" * 9}
)


def test_what_is_packed_comes_back() -> None:
    assert unpack(WHOLE.pack(), "d") == WHOLE
    kept = replace(WHOLE, keeps_base=True, blobs={})
    assert unpack(kept.pack(), "d") == kept


@pytest.mark.parametrize("cut", [0, 7, 20, 60, -1])
def test_a_truncated_executable_is_refused(cut: int) -> None:
    with pytest.raises(DeviceError, match=r"^conv_3: [^\n]+compile"):
        unpack(WHOLE.pack()[:cut], "conv_3")


@pytest.mark.parametrize("place", [30, 60, -40, -1])
def test_an_altered_executable_is_refused(place: int) -> None:
    data = bytearray(WHOLE.pack())
    data[place] ^= 1
    with pytest.raises(DeviceError, match="altered"):
        unpack(bytes(data), "conv_3")


def test_another_version_is_refused() -> None:
    data = bytearray(WHOLE.pack())
    data[8] = 9
    with pytest.raises(DeviceError, match="format 9, this runtime reads 1"):
        unpack(bytes(data), "conv_3")
