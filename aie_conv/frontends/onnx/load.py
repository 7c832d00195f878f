"""Reads a model with its external data; whatever is wrong with the files is one line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import onnx


def load_model(source: Any) -> onnx.ModelProto:
    """A model of its own, every weight inside.

    Args:
        source: a path, a serialized model, or a ``ModelProto``, which is copied.

    Raises:
        UsageError: no such file, no ONNX model, or a file of its weights is missing or too short.
    """
    import onnx

    folder: Path | None = None
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        folder = path.parent
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        model = _parse(data, str(path))
    elif isinstance(source, bytes):
        model = _parse(source, "ONNX model")
    else:
        model = onnx.ModelProto()
        model.CopyFrom(source)
    _load_external(model, folder)
    return model


def _parse(data: bytes, name: str) -> onnx.ModelProto:
    import onnx
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise UsageError(
            f"{name}: no ONNX model: its bytes are no protobuf of onnx.ModelProto"
        ) from None
    if not model.graph.node and not model.graph.output:
        raise UsageError(f"{name}: no ONNX model: it has no graph")
    if not _is_text(model):
        raise UsageError(f"{name}: a damaged ONNX model: a name in it is no UTF-8")
    return model


def _is_text(message: Any) -> bool:
    """Whether every string of a message, and of those in it, is one; protobuf lets others pass as bytes."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        values: Sequence[Any] = (
            [value] if hasattr(value, "ListFields") or isinstance(value, str | bytes) else value
        )
        if field.type == field.TYPE_STRING:
            if not all(isinstance(each, str) for each in values):
                return False
        elif not all(map(_is_text, values)):
            return False
    return True


def _load_external(model: onnx.ModelProto, folder: Path | None) -> None:
    from onnx.checker import ValidationError
    from onnx.external_data_helper import load_external_data_for_model, uses_external_data

    external = [tensor for tensor in tensors(model.graph) if uses_external_data(tensor)]
    if not external:
        return
    if folder is None:
        raise UsageError(
            f"weights of '{external[0].name}' lie in another file: give the model's path, or load it with"
            " onnx.load_external_data_for_model"
        )
    for tensor in external:
        _check_external(tensor, folder)
    try:
        load_external_data_for_model(model, str(folder))
    except (ValidationError, OSError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise UsageError(f"the weights beside the model cannot be read: {line}") from None


def _check_external(tensor: onnx.TensorProto, folder: Path) -> None:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    path = folder / entries.get("location", "")
    try:
        size = path.stat().st_size
        end = int(entries.get("offset") or 0) + int(entries.get("length") or 0)
    except OSError as error:
        raise UsageError(
            f"weights of '{tensor.name}' lie in {path}: {error.strerror}: put it beside the model"
        ) from None
    except ValueError:
        raise UsageError(f"weights of '{tensor.name}': no place in {path.name} is said") from None
    if not path.is_file() or end > size:
        raise UsageError(
            f"weights of '{tensor.name}' lie in {path} up to byte {end}: it has {size}: it was cut short"
        )


def tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor of a graph: initializers and attributes, those of inner graphs too."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                yield from tensors(inner)
