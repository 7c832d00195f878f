"""What a user compiles, as MLIR: a file, MLIR's text or bytecode, or a model of torch's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aie_conv.errors import UsageError


def read_source(
    source: Any, example_inputs: Any = None, example_kwargs: Mapping[str, Any] | None = None
) -> Path | bytes:
    """A path, or MLIR in memory.

    Args:
        source: a path, MLIR text or bytecode, a torch.nn.Module, an ExportedProgram, or a function.
        example_inputs, example_kwargs: what a model is exported with.

    Raises:
        UsageError: a model without inputs, inputs without a model, or a model that cannot be imported.
    """
    given = example_inputs is not None or bool(example_kwargs)
    if isinstance(source, bytes | str | os.PathLike):
        if given:
            raise UsageError(
                "example_inputs: only torch models take them: fix the sizes in the module"
            )
        return _read_text(source) if isinstance(source, str) else _path_or_bytes(source)
    kind = type(source).__name__
    is_exported = kind == "ExportedProgram"
    if not given and not is_exported:
        raise UsageError(f"compile: {kind}: a model needs example_inputs=(tensor, …)")
    from aie_conv.frontends.torch import import_model

    inputs = () if example_inputs is None else example_inputs
    return import_model(source, inputs, example_kwargs=example_kwargs)


def _path_or_bytes(source: bytes | os.PathLike[str]) -> Path | bytes:
    return source if isinstance(source, bytes) else Path(source)


def _read_text(source: str) -> Path | bytes:
    """MLIR's text, which has braces or several lines, or else a path, which may have any name."""
    is_text = "\n" in source or "{" in source
    if is_text and len(source) < os.pathconf("/", "PC_PATH_MAX") and Path(source).exists():
        return Path(source)
    return source.encode() if is_text else Path(source)
