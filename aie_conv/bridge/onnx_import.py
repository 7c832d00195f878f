"""ONNX graphs through IREE's importer, into the torch dialect."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from iree.compiler import ir

from aie_conv.bridge.dispatch import symbol_of
from aie_conv.bridge.signature import SIGNATURE, set_reflection
from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import onnx


def import_graph(model: onnx.ModelProto, signature: str) -> bytes:
    """A model's graph as MLIR bytecode, in one public function of the graph's name.

    Args:
        model: with the types of every value, no local functions, weights inside.
        signature: what the function takes and gives, as :mod:`aie_conv.signature` writes it; the
            artifact keeps it.

    Raises:
        UsageError: the importer refuses a node, a type or the whole; the message is its.
    """
    import onnx
    from iree.compiler.extras import onnx_importer

    info = onnx_importer.ModelInfo(model)
    context = ir.Context()
    module = info.create_module(context).operation
    try:
        importer = onnx_importer.NodeImporter.define_function(info.main_graph, module)
        importer.import_all()
        module.verify()
    except (
        onnx_importer.OnnxImportError,
        onnx.defs.SchemaError,
        onnx.shape_inference.InferenceError,
        ir.MLIRError,
    ) as error:
        raise UsageError(_first_line(str(error))) from None
    for view in module.regions[0].blocks[0].operations:
        if symbol_of(view.operation) == model.graph.name:
            set_reflection(view.operation, SIGNATURE, signature)
    text = io.BytesIO()
    module.write_bytecode(text)
    return text.getvalue()


def _first_line(message: str) -> str:
    return next((line.strip() for line in message.splitlines() if line.strip()), "not importable")
