"""The texts of a module on its way, for readers: without the values of large constants."""

from __future__ import annotations

from typing import Any, cast

from iree.compiler import ir

from aie_conv.bridge.dispatch import symbol_of
from aie_conv.bridge.flow import FlowModule
from aie_conv.bridge.tensors import walk
from aie_conv.errors import UsageError

_LARGE = 16
"""Elements of a constant beyond which it is printed as its type alone."""

# IREE's own stubs leave it out.
_ERROR: type[Exception] = cast(Any, ir).MLIRError


def _print(op: ir.Operation, local: bool = False) -> str:
    """An operation's text; ``local`` writes maps and types in their places, not under names in front."""
    printed: Any = op
    return str(
        printed.get_asm(
            large_elements_limit=_LARGE, large_resource_limit=_LARGE, use_local_scope=local
        )
    )


def print_source(text: bytes, name: str) -> str:
    """A module as it comes, MLIR text or bytecode.

    Raises:
        UsageError: MLIR cannot read it.
    """
    with ir.Context() as context:
        context.allow_unregistered_dialects = True
        try:
            return _print(ir.Module.parse(text, context).operation)
        except _ERROR as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            first = next((line for line in lines if "error:" in line), " ".join(lines))
            raise UsageError(f"{name}: {first.removeprefix('error: ')}") from None


def print_flow(module: FlowModule) -> str:
    """A module at `flow` as it is now."""
    return _print(module.operation)


def print_executables(module: FlowModule) -> dict[str, str]:
    """The code of each dispatch by its exported name."""
    texts: dict[str, str] = {}
    for op in walk(module.operation):
        if op.name != "flow.executable":
            continue
        for inner in walk(op):
            if inner.name == "func.func":
                name = symbol_of(inner)
                texts[name.replace("$async", "")] = _print(inner, local=True)
    return texts
