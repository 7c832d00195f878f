"""A damaged artifact never runs: the digest over the whole file is looked at before IREE is."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import DeviceError
from aie_conv.seal import check_seal, seal


def archive(data: bytes) -> bytes:
    """A zip of one file, as IREE writes artifacts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("module.fb", data)
    return out.getvalue()


@given(st.binary())
def test_what_is_sealed_passes(data: bytes) -> None:
    check_seal(seal(data), "a")
    check_seal(seal(archive(data)), "a")


@given(st.binary())
def test_a_sealed_archive_is_an_archive(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(seal(archive(data)))) as file:
        assert file.read("module.fb") == data
        assert file.testzip() is None


@given(st.binary(max_size=99), st.data())
def test_any_change_is_seen(data: bytes, draw: st.DataObject) -> None:
    good = seal(archive(data))
    place = draw.draw(st.integers(0, len(good) - 1))
    kind = draw.draw(st.sampled_from(["change", "cut", "drop", "insert", "append"]))
    bad = {
        "change": good[:place] + bytes([good[place] ^ draw.draw(st.integers(1, 255))]) + good[place + 1 :],
        "cut": good[:place],
        "drop": good[:place] + good[place + 1 :],
        "insert": good[:place] + b"\0" + good[place:],
        "append": good + b"\0",
    }[kind]  # fmt: skip
    if bad != good:
        with pytest.raises(DeviceError, match=r"^m\.vmfb: [^\n]*compile the model again"):
            check_seal(bad, "m.vmfb")


@pytest.mark.parametrize("data", [b"", b"x", archive(b"old"), b"ML\xefR"])
def test_what_was_never_sealed_is_refused(data: bytes) -> None:
    with pytest.raises(DeviceError, match=r"^old\.vmfb: [^\n]*compile the model again"):
        check_seal(data, "old.vmfb")
