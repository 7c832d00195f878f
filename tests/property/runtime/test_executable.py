"""Executables that were cut, altered or made by another version are refused in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import DeviceError
from aie_conv.runtime.executable import Buffer, Executable, unpack

WHOLE = Executable(
    "npu1_4col", (Buffer("bf16", 8, 3), Buffer("f32", 4)), False, "module {}", {"binary": b"x" * 9}
)
BUFFERS = st.builds(Buffer, st.sampled_from(["i8", "bf16"]), st.integers(1), st.integers(0))


@given(
    st.builds(
        Executable,
        st.just("npu1_4col"),
        st.lists(BUFFERS, min_size=1).map(tuple),
        st.booleans(),
        st.text("module {}\né"),
        st.dictionaries(st.sampled_from(["binary", "instructions"]), st.binary()),
    )
)
def test_what_is_packed_comes_back(executable: Executable) -> None:
    assert unpack(executable.pack(), "d") == executable


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


@pytest.mark.parametrize("version", [0, 2, 3, 5])
def test_another_version_is_refused(version: int) -> None:
    data = bytearray(WHOLE.pack())
    data[8] = version
    with pytest.raises(DeviceError, match=f"format {version}, this runtime reads 4"):
        unpack(bytes(data), "conv_3")
