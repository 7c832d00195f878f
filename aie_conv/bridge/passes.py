"""Passes on a module's text, the module at `flow`, and IREE's own compile for the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, cast

from iree.compiler import ir

from aie_conv.bridge.compiler import Compilation, split_flags
from aie_conv.bridge.flags import BASE
from aie_conv.bridge.flow import to_flow
from aie_conv.errors import UsageError

# IREE's own stubs leave these two out.
_ERROR: type[Exception] = cast(Any, ir).MLIRError
_PASS_MANAGER: Any = import_module("iree.compiler.passmanager").PassManager


def run_passes(source: bytes, pipeline: str | None, name: str) -> str:
    """A module's text after MLIR's passes; without any, as it is.

    Args:
        source: MLIR text or bytecode.
        pipeline: "builtin.module(…)".
        name: what messages call the module.

    Raises:
        UsageError: the module, the pipeline or a pass of it is refused; the message is MLIR's.
    """
    with ir.Context() as context:
        try:
            module = ir.Module.parse(source, context)
        except _ERROR as error:
            raise UsageError(f"{name}: {_first(error)}") from None
        if pipeline is not None:
            try:
                manager = _PASS_MANAGER.parse(pipeline, context)
            except ValueError as error:
                raise UsageError(f"--pipeline: {_first(error)}") from None
            try:
                manager.run(module.operation)
            except _ERROR as error:
                raise UsageError(f"{name}: --pipeline: {_first(error)}") from None
        return f"{module}\n"


def _first(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "refused")


def flow_text(source: bytes, name: str, flags: Sequence[str] = ()) -> str:
    """The module at IREE's `flow` phase, in the form in which its dispatches are routed.

    Raises:
        UsageError: IREE refuses it.
    """
    return f"{to_flow(source, name, 'auto', flags).operation}\n"


def stock_cpu(source: bytes, name: str) -> bytes:
    """A .vmfb of IREE's own, for this machine's CPU: no pass or flag of IREE's that changes its code.

    Raises:
        UsageError: IREE refuses the module.
    """
    compilation = Compilation(*split_flags(BASE))
    module = compilation.to_flow(source, name)
    return compilation.to_vmfb(module, name)
