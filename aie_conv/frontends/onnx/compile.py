"""An ONNX model to an artifact."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError
from aie_conv.frontends.onnx import Shapes, explain_refusal, import_onnx, source_name
from aie_conv.planning import Say, silent

if TYPE_CHECKING:
    from aie_conv.options import Options
    from aie_conv.pipeline import Artifact


def compile_onnx(
    source: Any,
    options: Options,
    shapes: Shapes | None = None,
    progress: Say = silent,
    warn: Say = warnings.warn,
) -> Artifact:
    """Run every stage on an ONNX model.

    Args:
        source: a path, a serialized model, or a ``ModelProto``.
        options: the options.
        shapes: sizes of inputs that the model leaves open, by name.
        progress, warn: as :func:`aie_conv.pipeline.compile_source` takes them.

    Raises:
        UsageError: the model cannot be read, imported or compiled.
    """
    from aie_conv.pipeline import compile_source

    progress(f"reading {source_name(source)}")
    module = import_onnx(source, shapes)
    try:
        return compile_source(module, options, progress, warn)
    except UsageError as error:
        raise UsageError(explain_refusal(str(error), source)) from None
