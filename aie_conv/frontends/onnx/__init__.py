"""ONNX models: read, shapes fixed, brought to a form that IREE's importer takes, imported.

onnx is imported inside the functions only, so that the rest of the package runs without it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aie_conv.errors import UsageError

SUFFIX = ".onnx"

Shapes = Mapping[str, Sequence[int]]
"""Sizes of inputs by name."""


def is_onnx(source: Any) -> bool:
    """Whether a source is an ONNX model: a path that ends so, a serialized model, or a ModelProto."""
    if isinstance(source, str | os.PathLike):
        return Path(source).suffix.lower() == SUFFIX
    if isinstance(source, bytes):
        # A ModelProto begins with its ir_version, a number of one byte; MLIR text with no control character.
        return len(source) > 2 and source[0] == 0x08 and source[1] < 0x20
    return type(source).__name__ == "ModelProto" and type(source).__module__.startswith("onnx")


def parse_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The shapes of ``--input-shape=NAME:1x3x640x640``, one each.

    Raises:
        UsageError: a text of another form, or a name given twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in texts:
        match = re.fullmatch(r"(.+):((?:\d+x)*\d+|)", text, re.DOTALL)
        if match is None:
            raise UsageError(f"--input-shape={text}: write --input-shape=NAME:1x3x640x640")
        if match[1] in shapes:
            raise UsageError(f"--input-shape={text}: a shape of '{match[1]}' was given before")
        shapes[match[1]] = tuple(int(size) for size in match[2].split("x") if size)
    return shapes


def import_onnx(source: Any, shapes: Shapes | None = None) -> bytes:
    """A model as MLIR bytecode of the torch dialect, weights inside, in one public function.

    The function is called as the graph, with _ for what no identifier has; names and element types of
    its inputs and outputs are kept beside it.

    Args:
        source: a path, a serialized model, or a ``ModelProto`` (left as it is).
        shapes: sizes of inputs that the model leaves open.

    Raises:
        UsageError: the model cannot be read or imported, an operator is not supported, or a size is open.
    """
    return import_with_flags(source, shapes)[0]


_KEEP_F64 = "--iree-input-demote-f64-to-f32=false"


def import_with_flags(source: Any, shapes: Shapes | None = None) -> tuple[bytes, tuple[str, ...]]:
    """As :func:`import_onnx`, with the flags that IREE needs for it."""
    if find_spec("onnx") is None:
        raise UsageError(
            "onnx: the package that reads ONNX models is missing: pip install 'aie_conv[onnx]'"
        )
    from aie_conv.bridge.onnx_import import import_graph
    from aie_conv.frontends.onnx.load import load_model
    from aie_conv.frontends.onnx.prepare import function_name, prepare
    from aie_conv.frontends.onnx.values import signature

    name = source_name(source)
    try:
        model = prepare(load_model(source), shapes or {})
        model.graph.name = function_name(model.graph.name)
        described = signature(model)
        # By default IREE computes f64 in f32, and gives results of half the bytes that are expected.
        doubles = any(p.dtype == "f64" for p in (*described.inputs, *described.outputs))
        module = import_graph(model, described.to_text())
        return module, (_KEEP_F64,) if doubles else ()
    except UsageError as error:
        raise UsageError(
            str(error) if str(error).startswith(name) else f"{name}: {error}"
        ) from None


def source_name(source: Any) -> str:
    """What messages call a source."""
    return Path(source).name if isinstance(source, str | os.PathLike) else "ONNX model"


_REFUSED = re.compile(r'name = "onnx\.(\w+)"')
_PLACE = re.compile(r'loc\("([^"]+)"\): ')


def explain_refusal(message: str, source: Any) -> str:
    """IREE's message about an operator that it cannot lower, in the words of the model."""
    match, place = _REFUSED.search(message), _PLACE.search(message)
    name = source_name(source)
    if match is None:
        return (
            message
            if place is None
            else f"{name}: node '{place[1]}': {message[place.end() :][:200]}"
        )
    node = f" (node '{place[1]}')" if place else ""
    return (
        f"{name}: operator {match[1]}{node} is not supported with these attributes and types:"
        " replace it in the model"
    )
