"""The executable of one NPU dispatch, as it lies in an artifact: a header, blobs, and a digest.

    magic "AIECONV\\0" | u32 version | u32 header bytes | u64 payload bytes | header | payload | sha256

All numbers are little-endian; the header is JSON; the digest covers everything before it.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aie_conv.errors import DeviceError
from aie_conv.problem import DTYPE_BYTES

MAGIC = b"AIECONV\0"
VERSION = 3
"""Of what is written and read: earlier ones lay in artifacts without a seal, which are refused."""

_FIXED = struct.Struct("<8sIIQ")
_SEQUENCE = re.compile(r"^( *)aie\.runtime_sequence\b.*?^\1}$", re.MULTILINE | re.DOTALL)
"""A runtime sequence, up to the brace that stands as far in as its head."""

_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Buffer:
    """One argument of a program.

    Attributes:
        dtype: element type.
        elements: what a call gives.
        slack: elements behind them that the program reads too: a device makes its buffer so much longer,
            with zeros. The result has none.
    """

    dtype: str
    elements: int
    slack: int = 0

    def __str__(self) -> str:
        return f"{self.elements}x{self.dtype}"


@dataclass(frozen=True)
class Executable:
    """A program for one device.

    Attributes:
        device: the user's name of the device it was planned for.
        arguments: the buffers in the order of the runtime sequence; the last is the result.
        keeps_base: the call gives one buffer more, with which the result starts.
        text: the AIE module.
        blobs: what a toolchain made of it: "instructions", or nothing. The binary of its configuration lies
            beside the programs, once for all that share it.
    """

    device: str
    arguments: tuple[Buffer, ...]
    keeps_base: bool
    text: str
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    @cached_property
    def configuration(self) -> str:
        """A digest of what the array is loaded with: the module without its runtime sequence."""
        return configuration_digest(self.text)

    def pack(self) -> bytes:
        """The executable's bytes."""
        parts = {"aie": self.text.encode(), **self.blobs}
        header = json.dumps(
            {
                "device": self.device,
                "arguments": [[b.dtype, b.elements, b.slack] for b in self.arguments],
                "keeps_base": self.keeps_base,
                "parts": [[name, len(data)] for name, data in parts.items()],
            }
        ).encode()
        payload = b"".join(parts.values())
        body = _FIXED.pack(MAGIC, VERSION, len(header), len(payload)) + header + payload
        return body + hashlib.sha256(body).digest()


def configuration_digest(text: str) -> str:
    """Of what a module loads the array with, in hex: modules that differ in their sequence alone share it."""
    return hashlib.sha256(_SEQUENCE.sub("", text).encode()).hexdigest()


def unpack(data: bytes, name: str) -> Executable:
    """Read an executable.

    Args:
        data: what :meth:`Executable.pack` gave.
        name: the dispatch, for messages.

    Raises:
        DeviceError: it has another version, was cut short or altered, or its header is not of this form.
    """
    if len(data) < _FIXED.size or data[:8] != MAGIC:
        raise DeviceError(f"{name}: no NPU executable: compile the model again")
    _, version, header_bytes, payload_bytes = _FIXED.unpack_from(data)
    if version != VERSION:
        raise DeviceError(
            f"{name}: executable of format {version}, this runtime reads {VERSION}: compile again"
        )
    end = _FIXED.size + header_bytes + payload_bytes
    if len(data) != end + _DIGEST:
        raise DeviceError(
            f"{name}: executable of {len(data)} bytes, its header says {end + _DIGEST}:"
            " it was cut short or altered: compile again"
        )
    if hashlib.sha256(data[:end]).digest() != data[end:]:
        raise DeviceError(f"{name}: the executable was altered: compile again")
    payload = _FIXED.size + header_bytes
    try:
        return _read(json.loads(data[_FIXED.size : payload]), data[payload:end])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DeviceError(
            f"{name}: the executable's header cannot be read ({type(error).__name__}: {error}):"
            " compile again"
        ) from None


def _read(header: Any, payload: bytes) -> Executable:
    """An executable of its parts.

    Raises:
        ValueError, TypeError, KeyError: the header is not of the form that :meth:`Executable.pack` writes.
    """
    parts: dict[str, bytes] = {}
    offset = 0
    for part, size in header["parts"]:
        if not isinstance(part, str) or not _is_count(size) or offset + size > len(payload):
            raise ValueError(f"part {part}")
        parts[part] = payload[offset : offset + size]
        offset += size
    buffers = tuple(Buffer(*argument) for argument in header["arguments"])
    for buffer in buffers:
        known = buffer.dtype in DTYPE_BYTES
        if not known or not _is_count(buffer.elements) or not _is_count(buffer.slack):
            raise ValueError(f"argument {buffer}")
    device, keeps_base = header["device"], header["keeps_base"]
    if offset != len(payload) or not buffers or not isinstance(keeps_base, bool):
        raise ValueError("sizes, arguments or base")
    if not isinstance(device, str):
        raise ValueError(f"device {device}")
    return Executable(device, buffers, keeps_base, parts.pop("aie").decode(), parts)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
