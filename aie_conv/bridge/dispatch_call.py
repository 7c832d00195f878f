"""A call of a dispatch, with what was read of its executable, and which of its operands never change."""

from __future__ import annotations

from dataclasses import dataclass

from iree.compiler import ir

from aie_conv.bridge.compiler import Compilation
from aie_conv.bridge.dispatch import call_arguments
from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.splits.cut import Follower
from aie_conv.bridge.tensors import owner
from aie_conv.plan import Split

_CONSTANT_OPS = {
    "util.global.load",
    "flow.tensor.constant",
    "flow.tensor.reshape",
    "flow.tensor.bitcast",
    "flow.tensor.splat",
    "arith.constant",
}


@dataclass(frozen=True)
class DispatchCall:
    """One call of a dispatch at `flow`.

    Attributes:
        name: the dispatch's exported name, with a number from its second call on.
        operation: the call.
        recognised: what its executable computes.
        owner: what the operation lives in, and must not outlive.
        constants: the names of its operands that are equal at every call.
        refusal: why no route can take it; empty where one may.
        note: what a user should know of how it is computed on the NPU; mostly empty.
        split: what ``recognised`` is the first part of; None where it is the dispatch's whole.
        follower: what follows on the CPU where ``recognised`` is the dispatch's first part alone.
        unsplit: the call as it was before it was split.
    """

    name: str
    operation: ir.Operation
    recognised: Recognised
    owner: Compilation
    constants: frozenset[str] = frozenset()
    refusal: str = ""
    note: str = ""
    split: Split | None = None
    follower: Follower | None = None
    unsplit: DispatchCall | None = None


def constant_operands(call: ir.Operation, recognised: Recognised) -> frozenset[str]:
    """The names of a dispatch's operands that are equal at every call."""
    arguments = call_arguments(call)
    return frozenset(
        name
        for name, binding in recognised.operands
        if not isinstance(binding, int) or is_constant(arguments[binding])
    )


def is_constant(value: ir.Value) -> bool:
    """Whether a value is the same at every call, and may be made again in an initialiser."""
    op = owner(value)
    if op is None or op.name not in _CONSTANT_OPS:
        return False
    if op.name == "util.global.load" and "is_immutable" not in op.attributes:
        return False
    return all(is_constant(operand) for operand in op.operands)
