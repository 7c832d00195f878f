"""An ONNX model to an artifact."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError
from aie_conv.frontends.onnx import Shapes, explain_refusal, import_with_signature, source_name
from aie_conv.planning import Say, silent

if TYPE_CHECKING:
    from aie_conv.options import Options
    from aie_conv.pipeline import Artifact

_KEEP_F64 = "--iree-input-demote-f64-to-f32=false"


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
    module, signature = import_with_signature(source, shapes)
    if any(each.dtype == "f64" for each in (*signature.inputs, *signature.outputs)):
        # By default IREE computes f64 in f32, and gives results of half the bytes that are expected.
        options = replace(options, iree_flags=(_KEEP_F64, *options.iree_flags))
    try:
        return compile_source(module, options, progress, warn)
    except UsageError as error:
        raise UsageError(explain_refusal(str(error), source)) from None
