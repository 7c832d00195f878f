"""A module on its way to its routes, with the texts that a reader wants to see on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from iree.compiler import ir

from aie_conv.bridge.pipeline import Choose, Pack, Routed, Settle, route_module
from aie_conv.bridge.tensors import walk
from aie_conv.errors import UsageError

_LARGE = 16
"""Elements of a constant beyond which it is printed as its type alone."""

# IREE's own stubs leave it out.
_ERROR: type[Exception] = cast(Any, ir).MLIRError


@dataclass(frozen=True)
class Trace:
    """What was seen of a module.

    Attributes:
        imported: the module as it was given.
        flow: its dispatches, before any is routed.
        executables: the code of each dispatch by its exported name.
        routed: the module with its routes taken.
    """

    imported: str
    flow: str
    executables: dict[str, str]
    routed: Routed


def readable(op: ir.Operation, local: bool = False) -> str:
    """An operation's text without the values of large constants.

    Args:
        op: the operation.
        local: write maps and types in their places instead of under names in front.
    """
    printed: Any = op
    return str(
        printed.get_asm(
            large_elements_limit=_LARGE, large_resource_limit=_LARGE, use_local_scope=local
        )
    )


def _imported(text: bytes, name: str) -> str:
    with ir.Context() as context:
        context.allow_unregistered_dialects = True
        try:
            return readable(ir.Module.parse(text, context).operation)
        except _ERROR as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            found = next((line for line in lines if "error:" in line), " ".join(lines))
            raise UsageError(f"{name}: {found.removeprefix('error: ')}") from None


def _executables(module: ir.Operation) -> dict[str, str]:
    found: dict[str, str] = {}
    for op in walk(module):
        if op.name != "flow.executable":
            continue
        for inner in walk(op):
            if inner.name == "func.func":
                name = ir.StringAttr(inner.attributes["sym_name"]).value
                found[name.replace("$async", "")] = readable(inner, local=True)
    return found


def trace_module(
    text: bytes,
    name: str,
    *,
    route: str,
    user_flags: Sequence[str],
    choose: Choose,
    pack: Pack,
    settle: Settle,
) -> Trace:
    """Route a module as :func:`aie_conv.bridge.pipeline.compile_module` does, and keep its texts.

    Raises:
        UsageError: IREE refused the module; the message is IREE's.
    """
    flow: list[str] = []
    executables: dict[str, str] = {}

    def formed(module: ir.Operation) -> None:
        flow.append(readable(module))
        executables.update(_executables(module))

    routed = route_module(
        text,
        name,
        route=route,
        user_flags=user_flags,
        choose=choose,
        pack=pack,
        settle=settle,
        formed=formed,
    )
    return Trace(_imported(text, name), flow[0], executables, routed)
