"""Inputs and outputs on the command line, written as iree-run-module writes them."""

from __future__ import annotations

import os
import re
import tokenize
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import UsageError
from aie_conv.files import read_bytes, reason
from aie_conv.suggest import closest

Array = NDArray[Any]

_DTYPES: dict[str, Any] = {
    "i1": np.bool_, "i8": np.int8, "si8": np.int8, "ui8": np.uint8, "i16": np.int16,
    "si16": np.int16, "ui16": np.uint16, "i32": np.int32, "si32": np.int32, "ui32": np.uint32,
    "i64": np.int64, "si64": np.int64, "ui64": np.uint64, "f16": np.float16, "f32": np.float32,
    "f64": np.float64, "bf16": ml_dtypes.bfloat16,
}  # fmt: skip
SHAPED = re.compile(r"((?:\d+x)*)([a-z]+\d+)(?:=(.*))?", re.DOTALL)
_DAMAGED = (
    ValueError, EOFError, MemoryError, OverflowError, SyntaxError, TypeError, KeyError, RecursionError,
    zipfile.BadZipFile, tokenize.TokenError,
)  # fmt: skip
"""What numpy raises at files that are no arrays; a header that is not true asks for too much memory."""

_MOST_DIGITS = 18
_MOST_DIMS = 64
"""Of an array of numpy's."""

_MOST_PRINTED = 1024
"""Elements after which iree-run-module, too, prints no more."""


def parse_input(text: str) -> Any:
    """One --input: @file.npy, 2x2xf32=1,2,3,4, 4xi8=@file.bin, f32=1.0, or a scalar.

    Raises:
        UsageError: it cannot be read.
    """
    if text.startswith("@"):
        return load_npy(text[1:])
    match = SHAPED.fullmatch(text.strip())
    if match is None:
        try:
            return int(text) if re.fullmatch(r"[+-]?\d+", text.strip()) else float(text)
        except ValueError:
            raise UsageError(
                f"--input={text}: write @file.npy, or a shape and values as 1x3xf32=0.5"
            ) from None
    if match[2] not in _DTYPES:
        raise UsageError(
            f"--input={text}: element type {match[2]} is unknown{closest(match[2], _DTYPES)}"
        )
    sizes = [size for size in match[1].split("x") if size]
    if max(map(len, sizes), default=0) > _MOST_DIGITS:
        raise UsageError(f"--input={text[:60]}: a dim of more than {_MOST_DIGITS} digits")
    shape = tuple(map(int, sizes))
    return _fill(text, shape, np.dtype(_DTYPES[match[2]]), match[3])


def _fill(text: str, shape: tuple[int, ...], dtype: np.dtype[Any], values: str | None) -> Array:
    count = prod(shape)
    if len(shape) > _MOST_DIMS or count * dtype.itemsize > _memory():
        raise UsageError(
            f"--input={text[:60]}: {count * dtype.itemsize:.3g} bytes in {len(shape)} dims: at most"
            f" {_memory():.3g} bytes, this machine's memory, and {_MOST_DIMS} dims are taken"
        )
    if values is None or not values.strip():
        return np.zeros(shape, dtype)
    if values.startswith("@"):
        data = read_bytes(Path(values[1:]))
        if len(data) != count * dtype.itemsize:
            raise UsageError(
                f"--input={text}: the file has {len(data)} bytes, not {count * dtype.itemsize}"
            )
        return np.frombuffer(data, dtype).reshape(shape)
    words = [word for word in re.split(r"[\s,\[\]]+", values) if word]
    try:
        integers = dtype.kind in "iub"
        numbers = [int(word, 0) if integers else float(word) for word in words]
        flat = np.array(numbers, np.int64 if integers else np.float64)
        limits = np.iinfo(dtype) if dtype.kind in "iu" else None
        if limits is not None and (flat.min() < limits.min or flat.max() > limits.max):
            raise UsageError(f"--input={text[:60]}: a value does not fit the element type")
    except (ValueError, OverflowError):
        raise UsageError(f"--input={text[:60]}: a value is no number") from None
    if len(words) not in (1, count):
        raise UsageError(f"--input={text[:60]}: {len(words)} values for {count} elements")
    # Beyond the type's largest is infinity.
    with np.errstate(over="ignore"):
        filled = np.broadcast_to(flat.astype(dtype), count)
    return np.ascontiguousarray(filled).reshape(shape)


def _memory() -> int:
    """Bytes of this machine's memory: more than an input can have."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def parse_dtype(name: str) -> np.dtype[Any]:
    """numpy's type of an element type as IREE writes it.

    Raises:
        UsageError: there is none.
    """
    if name not in _DTYPES:
        raise UsageError(f"element type {name} is unknown{closest(name, _DTYPES)}")
    return np.dtype(_DTYPES[name])


def parse_values(text: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Numbers, or @FILE with raw bytes, as an array of a shape; one number fills it.

    Raises:
        UsageError: they do not fit.
    """
    return _fill(text, shape, dtype, text)


def load_npy(name: str) -> Array:
    """An .npy file; two-byte voids, as numpy writes bf16, come back as bf16."""
    try:
        array: Any = np.load(name, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {reason(error) or 'no .npy file'}") from None
    except _DAMAGED:
        raise UsageError(f"{name}: no .npy file, or a damaged one") from None
    if not isinstance(array, np.ndarray):
        raise UsageError(f"{name}: several arrays: give a .npy file of one")
    return array.view(ml_dtypes.bfloat16) if array.dtype.str in ("|V2", "<V2") else array


def dtype_name(dtype: np.dtype[Any]) -> str:
    """IREE's name of an element type."""
    return next((name for name, kind in _DTYPES.items() if np.dtype(kind) == dtype), str(dtype))


def format_value(value: Any) -> str:
    """One result as iree-run-module prints it: 2x2xf32=[1 2][3 4]."""
    if not isinstance(value, np.ndarray):
        return f"{'f32' if isinstance(value, float) else 'i32'}={value}"
    head = "".join(f"{size}x" for size in value.shape) + dtype_name(value.dtype)
    shown = [0]

    def items(array: Array) -> str:
        if shown[0] >= _MOST_PRINTED:
            return "..."
        if array.ndim > 1:
            return "".join(f"[{items(part)}]" for part in array)
        room = _MOST_PRINTED - shown[0]
        words = [_number(item) for item in array[:room]]
        shown[0] += len(words)
        return " ".join(words + (["..."] if array.size > room else []))

    return f"{head}={items(value) if value.ndim else _number(value[()])}"


def _number(item: Any) -> str:
    if isinstance(item, bool | np.bool_):
        return str(int(item))
    if isinstance(item, int | np.integer):
        return str(int(item))
    if isinstance(item, complex | np.complexfloating):
        return f"{item.real:g}{item.imag:+g}j"
    return f"{float(item):g}"
