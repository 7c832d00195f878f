"""The executable of one NPU dispatch, as it lies in an artifact: a header, blobs, and a digest.

    magic "AIECONV\\0" | u32 version | u32 header bytes | u64 payload bytes | header | payload | sha256

All numbers are little-endian; the header is JSON; the digest covers everything before it.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aie_conv.errors import DeviceError
from aie_conv.problem import DTYPE_BYTES

MAGIC = b"AIECONV\0"
VERSION = 4
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
class ScratchArgument:
    """A buffer of a program that no call gives or gets: activations on their way between operations.

    Attributes:
        argument: its number among the arguments.
        fills: (first element, elements, number) of what holds one number before the first call and after
            every other: borders that no operation writes.
    """

    argument: int
    fills: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Executable:
    """A program for one device.

    Attributes:
        device: the user's name of the device it was planned for.
        arguments: the buffers in the order of the runtime sequence; the last ``results`` are results.
        keeps_base: the call gives one buffer more for each result, with which that starts.
        text: the AIE module.
        blobs: what a toolchain made of it: "instructions", or "kernel", its name in an ELF, or nothing. The
            binary of its configuration lies beside the programs, once for all that share it.
        results: how many results it has.
        scratch: the buffer that stays with the device; None without one.
        operations: of a program of several, (name, tasks of its runtime sequence) in their order; for
            figures alone.
    """

    device: str
    arguments: tuple[Buffer, ...]
    keeps_base: bool
    text: str
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    results: int = 1
    scratch: ScratchArgument | None = None
    operations: tuple[tuple[str, int], ...] = ()

    @property
    def inputs(self) -> tuple[Buffer, ...]:
        """What a call gives besides the buffers that results start with."""
        scratch = self.scratch.argument if self.scratch is not None else -1
        before = self.arguments[: -self.results]
        return tuple(buffer for number, buffer in enumerate(before) if number != scratch)

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
                "results": self.results,
                "scratch": [self.scratch.argument, self.scratch.fills] if self.scratch else None,
                "operations": self.operations,
                "parts": [[name, len(data)] for name, data in parts.items()],
            }
        ).encode()
        payload = b"".join(parts.values())
        body = _FIXED.pack(MAGIC, VERSION, len(header), len(payload)) + header + payload
        return body + hashlib.sha256(body).digest()


def configuration_digest(text: str) -> str:
    """Of what a module loads the array with, in hex: modules that differ in their sequence alone share it."""
    return hashlib.sha256(_SEQUENCE.sub("", text).encode()).hexdigest()


def join_programs(texts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """One module of programs that share a configuration.

    Args:
        texts: modules that differ in their runtime sequences alone.

    Returns:
        A module with the runtime sequence of each, and the names of the sequences.
    """
    names = tuple(f"sequence_{number}" for number in range(len(texts)))
    sequences: list[str] = []
    for text, name in zip(texts, names, strict=True):
        match = _SEQUENCE.search(text)
        assert match is not None, "every program has one"
        sequences.append(match[0].replace("@sequence(", f"@{name}(", 1))
    return _SEQUENCE.sub(lambda _: "\n".join(sequences), texts[0], count=1), names


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
    results = header["results"]
    if not _is_count(results) or not 0 < results <= len(buffers):
        raise ValueError(f"{results} results of {len(buffers)} buffers")
    operations = tuple((str(name), int(tasks)) for name, tasks in header["operations"])
    text = parts.pop("aie").decode()
    scratch = _read_scratch(header["scratch"], buffers[:-results])
    return Executable(device, buffers, keeps_base, text, parts, results, scratch, operations)


def _read_scratch(header: Any, buffers: tuple[Buffer, ...]) -> ScratchArgument | None:
    """The scratch buffer of a header.

    Raises:
        ValueError, TypeError: it is none of the buffers, or a fill lies outside it.
    """
    if header is None:
        return None
    argument, fills = header
    if not _is_count(argument) or argument >= len(buffers):
        raise ValueError(f"scratch buffer {argument}")
    for first, elements, value in fills:
        inside = _is_count(first) and _is_count(elements)
        if not inside or first + elements > buffers[argument].elements or value != value + 0:
            raise ValueError(f"fill {first}, {elements}")
    return ScratchArgument(
        argument, tuple((first, elements, value) for first, elements, value in fills)
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
