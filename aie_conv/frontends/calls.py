"""How a torch model is called and what it gives, as the artifact keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from aie_conv.structure import NOTE, CallForm, Form, Tensor, encode

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def read_call(program: ExportedProgram) -> CallForm:
    """The forms of an exported program's inputs and results.

    Raises:
        UsageError: one is no nest of tensors, numbers and words.
    """
    from torch.export.graph_signature import InputKind, OutputKind

    signature, spec = program.graph_signature, program.call_spec
    inputs = [s.arg for s in signature.input_specs if s.kind == InputKind.USER_INPUT]
    results = [s.arg for s in signature.output_specs if s.kind == OutputKind.USER_OUTPUT]
    positional, keywords = _form(inputs, spec.in_spec)["tuple"]
    return CallForm(positional, keywords, _form(results, spec.out_spec))


def describe_call(program: ExportedProgram) -> dict[str, str]:
    """What a function's reflection says of its call; nothing where it takes and gives tensors one by one."""
    call = read_call(program)
    results = [call.result] if "tensor" in call.result else call.result.get("tuple", [])
    tuples = "tensor" in call.result or len(results) > 1
    flat = all("tensor" in form for form in [*call.positional["tuple"], *results])
    if flat and tuples and not call.keywords["dict"]:
        return {}
    return {NOTE: call.to_json()}


def _form(arguments: Iterable[Any], spec: Any) -> Form:
    from torch.export.graph_signature import ConstantArgument
    from torch.utils._pytree import tree_unflatten

    leaves: list[Any] = []
    count = 0
    for argument in arguments:
        if isinstance(argument, ConstantArgument):
            leaves.append(argument.value)
        else:
            leaves.append(Tensor(count))
            count += 1
    return encode(_plain(tree_unflatten(leaves, spec)))


def _plain(value: Any) -> Any:
    """A dataclass, which torch knows as a nest, as a dict of its fields; the rest as it is."""
    if isinstance(value, Tensor) or not is_dataclass(value) or isinstance(value, type):
        return value
    return {field.name: getattr(value, field.name) for field in fields(value)}
