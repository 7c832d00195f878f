"""What a user compiles, as MLIR: a file, MLIR's text or bytecode, or a model of torch's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aie_conv.errors import UsageError
from aie_conv.files import is_mlir


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
    has_examples = example_inputs is not None or bool(example_kwargs)
    if isinstance(source, bytes | str | os.PathLike):
        if has_examples:
            raise UsageError(
                "example_inputs: only torch models take them: fix the sizes in the module"
            )
        if isinstance(source, str):
            return source.encode() if is_mlir(source) else Path(source)
        return source if isinstance(source, bytes) else Path(source)
    kind = type(source).__name__
    is_exported = kind == "ExportedProgram"
    if not has_examples and not is_exported:
        raise UsageError(f"compile: {kind}: a model needs example_inputs=(tensor, …)")
    from aie_conv.frontends.torch import import_model

    inputs = () if example_inputs is None else example_inputs
    return import_model(source, inputs, example_kwargs=example_kwargs)
