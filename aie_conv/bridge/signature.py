"""Says what the functions of a module take and give, as the source says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from iree.compiler import ir

from aie_conv.bridge.dispatch import symbol_of
from aie_conv.signature import KEY as SIGNATURE
from aie_conv.signature import Parameter, Signature

_REFLECTION = "iree.reflection"
_DECLARATION = "iree.abi.declaration"

_TORCH = re.compile(r"!torch\.vtensor<\[([\d?,]*)\],\s*(\w+|complex<\w+>)>")
_TENSOR = re.compile(r"tensor<((?:[\d?]+x)*)(\w+|complex<\w+>)(?:, .*)?>")
_SCALAR = re.compile(r"(?:[su]?i\d+|bf16|f\d+)")

SIGNED_DIALECTS = ("tosa.", "stablehlo.")
"""Dialects whose integers without a sign in their name are signed."""


def set_reflection(function: ir.Operation, key: str, text: str) -> None:
    """Write an entry beside a function, which the artifact keeps."""
    with function.context:
        entries: dict[str, ir.Attribute] = {}
        if _REFLECTION in function.attributes:
            entries = {named.name: named.attr for named in ir.DictAttr(_reflection(function))}
        entries[key] = ir.StringAttr.get(text)
        function.attributes[_REFLECTION] = ir.DictAttr.get(entries)


def _reflection(function: ir.Operation) -> ir.Attribute:
    return function.attributes[_REFLECTION]


def _has(function: ir.Operation, key: str) -> bool:
    return _REFLECTION in function.attributes and key in ir.DictAttr(_reflection(function))


def record_signatures(module: ir.Operation, names: Sequence[str] = ()) -> None:
    """Write the signature of each public function of a source beside it, where it does not stand yet.

    Later stages know integers without their sign.

    Args:
        module: the source.
        names: what its functions' inputs are called, where the source knows.
    """
    for view in module.regions[0].blocks[0].operations:
        op = view.operation
        if op.name != "func.func" or not len(op.regions[0].blocks) or _has(op, SIGNATURE):
            continue
        if "sym_visibility" in op.attributes and "private" in str(op.attributes["sym_visibility"]):
            continue
        signed = _has_signed_integers(op)
        kind = ir.FunctionType(ir.TypeAttr(op.attributes["function_type"]).value)
        inputs = [_parameter(str(each), signed) for each in kind.inputs]
        if len(names) == len(inputs):
            inputs = [p and replace(p, name=n) for p, n in zip(inputs, names, strict=True)]
        outputs = [_parameter(str(each), signed) for each in kind.results]
        known = [each for each in (*inputs, *outputs) if each is not None]
        if len(known) == len(inputs) + len(outputs):
            count = len(inputs)
            signature = Signature(tuple(known[:count]), tuple(known[count:]))
            set_reflection(op, SIGNATURE, signature.to_text())


def _has_signed_integers(function: ir.Operation) -> bool:
    operations = function.regions[0].blocks[0].operations
    return any(view.operation.name.startswith(SIGNED_DIALECTS) for view in operations)


def _parameter(text: str, signed: bool) -> Parameter | None:
    """A type as a parameter; None for types that are neither tensors nor numbers."""
    torch, tensor = _TORCH.fullmatch(text), _TENSOR.fullmatch(text)
    if torch is None and tensor is None:
        return Parameter(text, None) if _SCALAR.fullmatch(text) else None
    sizes, dtype = (torch[1].split(","), torch[2]) if torch else ([], "")
    if tensor:
        sizes, dtype = tensor[1].split("x"), tensor[2]
    if signed and re.fullmatch(r"i(?!1$)\d+", dtype):
        dtype = f"s{dtype}"
    return Parameter(dtype, tuple(-1 if size == "?" else int(size) for size in sizes if size))


def declare(module: ir.Operation) -> None:
    """Give each public function of torch's two-function form (`f`, `f$async`) a declaration.

    It becomes the function's reflection in the artifact, as other frontends write it, so that the
    runtime can say what is wrong with an input.
    """
    functions = {
        symbol_of(view.operation): view.operation
        for view in module.regions[0].blocks[0].operations
        if view.operation.name == "util.func"
    }
    for name, function in functions.items():
        inner = functions.get(f"{name}$async")
        if inner is None or _has(function, _DECLARATION):
            continue
        inputs, outputs = _inputs(inner), _outputs(inner)
        count = len(function.regions[0].blocks[0].arguments)
        if inputs is None or len(inputs) != count:
            continue
        text = f"sync func @{name}({_list('input', inputs)}) -> ({_list('output', outputs)})"
        set_reflection(function, _DECLARATION, text)


def _list(word: str, types: list[str]) -> str:
    return ", ".join(f"%{word}{number}: {kind}" for number, kind in enumerate(types))


def _inputs(function: ir.Operation) -> list[str] | None:
    """The tensor types of the buffer-view arguments; None if one is used otherwise."""
    types: list[str] = []
    for argument in function.regions[0].blocks[0].arguments:
        if str(argument.type) == "!hal.fence":
            continue
        imports = [use.owner.operation for use in argument.uses]
        if not imports or imports[0].name != "hal.tensor.import":
            return None
        types.append(str(imports[0].results[0].type))
    return types


def _outputs(function: ir.Operation) -> list[str]:
    types: list[str] = []
    block = function.regions[0].blocks[0]
    last = block.operations[len(block.operations) - 1].operation
    for value in last.operands:
        maker = None if isinstance(value, ir.BlockArgument) else value.owner.operation
        exported = maker is not None and maker.name == "hal.tensor.export"
        types.append(
            str(maker.operands[0].type) if exported and maker is not None else str(value.type)
        )
    return types
