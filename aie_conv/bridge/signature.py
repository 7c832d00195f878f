"""Says what the functions of a module take, where the frontend did not: torch's do not."""

from __future__ import annotations

from iree.compiler import ir

_REFLECTION = "iree.reflection"


def declare(module: ir.Operation) -> None:
    """Give each public function of torch's two-function form (`f`, `f$async`) a declaration.

    It becomes the function's reflection in the artifact, as other frontends write it, so that the
    runtime can say what is wrong with an input.
    """
    functions = {
        ir.StringAttr(view.operation.attributes["sym_name"]).value: view.operation
        for view in module.regions[0].blocks[0].operations
        if view.operation.name == "util.func"
    }
    for name, function in functions.items():
        inner = functions.get(f"{name}$async")
        if inner is None or _REFLECTION in function.attributes:
            continue
        inputs, outputs = _inputs(inner), _outputs(inner)
        count = len(function.regions[0].blocks[0].arguments)
        if inputs is None or len(inputs) != count:
            continue
        text = f"sync func @{name}({_list('input', inputs)}) -> ({_list('output', outputs)})"
        with module.context:
            entry = {"iree.abi.declaration": ir.StringAttr.get(text)}
            function.attributes[_REFLECTION] = ir.DictAttr.get(entry)


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
