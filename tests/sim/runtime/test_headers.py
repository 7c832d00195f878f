"""Executables whose digest is right and whose header is not: one line each, whatever is wrong."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import AieConvError, DeviceError
from aie_conv.runtime import vm_module
from aie_conv.runtime.executable import Buffer, Executable

GOOD = Executable("npu1_1col", (Buffer("i8", 64, 4), Buffer("i32", 16)), False, "module {}")
_FIXED = 24


def repacked(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The good executable with another header, and the digest that fits it."""
    data = GOOD.pack()[: -hashlib.sha256().digest_size]
    length = int.from_bytes(data[12:16], "little")
    header = json.loads(data[_FIXED : _FIXED + length])
    new = change(header)
    text = new if isinstance(new, bytes) else json.dumps(new).encode()
    whole = data[:12] + len(text).to_bytes(4, "little") + data[16:_FIXED] + text
    whole += data[_FIXED + length :]
    return whole + hashlib.sha256(whole).digest()


def read(data: bytes) -> Executable:
    return vm_module._read(data, "conv")  # pyright: ignore[reportPrivateUsage]


def test_a_good_header_is_read() -> None:
    assert read(repacked(lambda header: header)) == GOOD


@pytest.mark.parametrize(
    "new",
    [
        b"\xff\xfe",
        b"{",
        [],
        None,
        {},
        {"device": "npu1_1col", "arguments": [], "keeps_base": False, "parts": []},
        {"device": "npu1_1col", "arguments": [["i8"]], "keeps_base": False, "parts": [["aie", 9]]},
        {"device": 3, "arguments": [["i8", -1, 0]], "keeps_base": 0, "parts": [["aie", 9]]},
        {"device": "x", "arguments": [["i7", 8, 0]], "keeps_base": 0, "parts": [["aie", 9]]},
        {"device": "x", "arguments": [["i8", "many", 0]], "keeps_base": 0, "parts": [["aie", 9]]},
    ],
)
def test_a_damaged_header_is_one_line(new: Any) -> None:
    with pytest.raises(DeviceError, match=r"^conv: the executable's header .*compile again$"):
        read(repacked(lambda _: new))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(st.data())
def test_a_changed_header_is_taken_or_one_line(data: st.DataObject) -> None:
    def change(header: dict[str, Any]) -> Any:
        new = copy.deepcopy(header)
        where: Any = new
        key: Any = data.draw(st.sampled_from(sorted(new)))
        while isinstance(where[key], list) and where[key] and data.draw(st.booleans()):
            where = where[key]
            key = data.draw(st.integers(0, len(where) - 1))
        where[key] = data.draw(JSON)
        return new

    message, executable = "", None
    try:
        executable = read(repacked(change))
    except AieConvError as error:
        message = str(error)
    assert "\n" not in message
    if executable is not None:
        assert all(b.dtype in vm_module.DTYPES and b.elements >= 0 for b in executable.arguments)
