"""torch's graphs through IREE's importer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import torch


def import_graph(
    graph_module: torch.fx.GraphModule, function_name: str, notes: Mapping[str, str] | None = None
) -> bytes:
    """A graph without state as MLIR bytecode of the torch dialect, in one public function.

    Its inputs are called as the graph's.

    Args:
        graph_module: tensors in, a tuple of tensors out, nothing changed in place; constants are attributes.
        function_name: the function's name.
        notes: what the function's reflection in the artifact says beside its types.

    Raises:
        UsageError: the importer cannot take it.
    """
    from iree.compiler.extras.fx_importer import FxImporter

    from aie_conv.bridge.signature import record_signatures, set_reflection

    importer = FxImporter()
    try:
        function: Any = importer.import_graph_module(graph_module, func_name=function_name)
    except (
        AssertionError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(
            f"{function_name}: IREE's importer cannot take it: {reason[:200]}"
        ) from error
    for key, value in (notes or {}).items():
        set_reflection(function.operation, key, value)
    names = [str(node.target) for node in graph_module.graph.nodes if node.op == "placeholder"]
    record_signatures(importer.module.operation, names)
    text = io.BytesIO()
    importer.module.operation.write_bytecode(text)
    return text.getvalue()


def unknown(operations: Iterable[Any]) -> set[Any]:
    """The operations among these that the importer's torch dialect does not have."""
    from iree.compiler.extras.fx_importer import FxImporter

    context = FxImporter().module.context
    lacking: set[Any] = set()
    for operation in operations:
        schema = getattr(operation, "_schema", None)
        if schema is not None and not context.is_registered_operation(_name(schema)):
            lacking.add(operation)
    return lacking


def _name(schema: Any) -> str:
    """An operation's name in the torch dialect, of its schema in torch."""
    namespace, _, name = schema.name.partition("::")
    overload = f".{schema.overload_name}" if schema.overload_name else ""
    return f"torch.{namespace}.{name}{overload}"


def lowers(graph_module: torch.fx.GraphModule) -> bool:
    """Whether IREE can take a graph out of the torch dialect."""
    from aie_conv.bridge.passes import run_passes

    try:
        run_passes(import_graph(graph_module, "main"), "builtin.module(torch-to-iree)", "main")
    except UsageError:
        return False
    return True
