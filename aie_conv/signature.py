"""What a function takes and gives: names, element types with their signs, shapes; as text in an artifact.

IREE's own types lose the sign of integers and the names of a model's inputs. Both are written beside a
function (its reflection), in JSON: ``{"inputs": [["x", "ui8", [1, 3, 8, 8]], …], "outputs": […]}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aie_conv.errors import DeviceError

KEY = "aie_conv.signature"
"""The name of the entry in a function's reflection."""

_ARGUMENT = re.compile(r"%\w+: ([^{,)]+)")
_TENSOR = re.compile(r"tensor<((?:[\d?]+x)*)(\w+|complex<\w+>)>")


@dataclass(frozen=True)
class Parameter:
    """One parameter or result of a function.

    Attributes:
        dtype: the element type: "f32", "bf16", "i1"; integers as the source has them, "ui8" without a
            sign, "si8" with one, "i8" where the source does not tell.
        shape: the sizes, -1 where one is known only at run time; None for a scalar.
        name: the source's name of it; "" where it has none.
    """

    dtype: str
    shape: tuple[int, ...] | None
    name: str = ""

    def __str__(self) -> str:
        sizes = ["?" if size < 0 else str(size) for size in self.shape or ()]
        return "x".join([*sizes, self.dtype])

    def takes(self, shape: Sequence[int]) -> bool:
        """Whether an array of a shape fits."""
        sizes = self.shape or ()
        return len(shape) == len(sizes) and all(
            size in (-1, extent) for size, extent in zip(sizes, shape, strict=True)
        )


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives, in order."""

    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]

    def to_text(self) -> str:
        """As it lies in an artifact."""
        return json.dumps(
            {
                "inputs": [[p.name, p.dtype, p.shape] for p in self.inputs],
                "outputs": [[p.name, p.dtype, p.shape] for p in self.outputs],
            },
            separators=(",", ":"),
        )


def read_signature(text: str) -> Signature:
    """The signature that :meth:`Signature.to_text` wrote.

    Raises:
        DeviceError: it is another text.
    """
    try:
        data = json.loads(text)
        return Signature(*(tuple(map(_parameter, data[key])) for key in ("inputs", "outputs")))
    except (ValueError, KeyError, TypeError):
        raise DeviceError("artifact: a function's signature was altered: compile again") from None


def _parameter(entry: list[object]) -> Parameter:
    name, dtype, shape = entry
    if not isinstance(name, str) or not isinstance(dtype, str):
        raise TypeError
    if shape is None:
        return Parameter(dtype, None, name)
    if not isinstance(shape, list):
        raise TypeError
    return Parameter(dtype, tuple(int(str(size)) for size in shape), name)


def read_declaration(text: str) -> Signature | None:
    """The signature of a declaration of IREE's, ``sync func @f(%input0: tensor<4xi8>) -> (%output0: …)``.

    None for another text.
    """
    head, arrow, tail = text.partition("->")
    if not arrow:
        return None
    return Signature(
        *(tuple(map(_read_declared, _ARGUMENT.findall(part))) for part in (head, tail))
    )


def as_compiled(source: Signature, declared: Signature | None) -> Signature:
    """A source's signature with the element types that IREE has made of its own: it demotes f64 to f32.

    Args:
        source: names and signs.
        declared: what IREE says of the compiled function; None where it says nothing.
    """
    if declared is None:
        return source
    pairs = ((source.inputs, declared.inputs), (source.outputs, declared.outputs))
    return Signature(
        *(
            tuple(map(_as_compiled, ours, theirs)) if len(ours) == len(theirs) else ours
            for ours, theirs in pairs
        )
    )


def _as_compiled(source: Parameter, declared: Parameter) -> Parameter:
    unsigned = re.sub(r"^[su](?=i\d)", "", source.dtype)
    if unsigned == re.sub(r"^[su](?=i\d)", "", declared.dtype):
        return source
    sign = source.dtype.removesuffix(unsigned) if declared.dtype[:1] == "i" else ""
    return replace(source, dtype=f"{sign}{declared.dtype}")


def _read_declared(text: str) -> Parameter:
    match = _TENSOR.fullmatch(text.strip())
    if match is None:
        return Parameter(text.strip(), None)
    sizes = [size for size in match[1].split("x") if size]
    return Parameter(match[2], tuple(-1 if size == "?" else int(size) for size in sizes))
