"""The seal of an artifact: a digest over the whole file, checked before anything of it is used.

    everything that IREE wrote | magic "AIECSEAL" | u32 format | sha256

The digest covers every byte before it. IREE writes a .vmfb as a zip archive, of which the seal is the
comment: zip readers and IREE's own tools take a sealed file as before. Formats 1 and 2 were files without
a seal.
"""

import hashlib
import struct

from aie_conv.errors import DeviceError

FORMAT = 3
"""Of artifacts. 1 and 2 had no digest over the file: nothing tells a damaged one from a good one."""

_MAGIC = b"AIECSEAL"
_HEAD = struct.Struct("<8sI")
_DIGEST = hashlib.sha256().digest_size
BYTES = _HEAD.size + _DIGEST
"""Of a seal, at the end of the file."""

_ZIP_END = b"PK\5\6"
_ZIP_END_BYTES = 22
_NO_COMMENT = b"\0\0"


def seal(content: bytes | memoryview) -> bytes:
    """A file with its seal.

    Args:
        content: a .vmfb as IREE writes it, or a zip archive without a comment; anything else is sealed
            as it is.
    """
    # Weights are in it: the content is copied once.
    ending = bytes(content[-_ZIP_END_BYTES:])
    if ending[:4] == _ZIP_END and ending[-2:] == _NO_COMMENT:
        parts = [content[:-2], struct.pack("<H", BYTES)]
    else:
        parts = [content]
    parts.append(_HEAD.pack(_MAGIC, FORMAT))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return b"".join([*parts, digest.digest()])


def has_seal(data: bytes) -> bool:
    """Whether a file ends as :func:`seal` ends one; says nothing of what is before."""
    return len(data) >= BYTES and data[-BYTES:].startswith(_MAGIC)


def unseal(data: bytes) -> bytes:
    """The content of a sealed file; other bytes as they are."""
    if not has_seal(data):
        return data
    start = len(data) - BYTES
    ending = data[start - _ZIP_END_BYTES : start]
    if ending[:4] == _ZIP_END and ending[-2:] == struct.pack("<H", BYTES):
        return data[: start - 2] + _NO_COMMENT
    return data[:start]


def check_seal(data: bytes, name: str) -> None:
    """Raise DeviceError unless a file is one that :func:`seal` gave, unchanged.

    Args:
        data: the file's bytes.
        name: what messages call it.
    """
    if not data:
        raise DeviceError(f"{name}: empty: compile the model again")
    if name.endswith((".mlir", ".mlirbc", ".onnx")):
        raise DeviceError(f"{name}: a model: compile it first, with aie-conv compile {name}")
    if not has_seal(data):
        raise DeviceError(
            f"{name}: no seal at its end: it was cut short or altered, or is not of this compiler (formats 1"
            " and 2 had none): compile the model again with aie-conv compile"
        )
    if hashlib.sha256(memoryview(data)[:-_DIGEST]).digest() != data[-_DIGEST:]:
        raise DeviceError(f"{name}: its digest differs: it was altered: compile the model again")
    _, version = _HEAD.unpack_from(data, len(data) - BYTES)
    if version != FORMAT:
        raise DeviceError(
            f"{name}: artifact of format {version}, this runtime reads {FORMAT}: compile the model again"
        )
