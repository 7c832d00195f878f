"""What a function takes and gives, as nests of tensors: the form of a call as its model has it.

A form is plain JSON: {"tensor": 2}, {"value": 3}, {"tuple": [form, …]}, {"list": …},
{"dict": [[key, form], …]} or {"named": [name, [field, …], [form, …]]} for a named tuple. Compiler and
runtime share it, so that an artifact answers as its model does.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from aie_conv.errors import UsageError

Form = dict[str, Any]
NOTE = "aie_conv.call"
"""The key of a call's form in a function's reflection."""

_JSON = str | int | float | bool | None


@dataclass(frozen=True)
class Tensor:
    """The place of a tensor: its number among the flat ones."""

    number: int


def encode(value: Any) -> Form:
    """The form of a nest whose tensors are :class:`Tensor`.

    Raises:
        UsageError: it has something else in it.
    """
    if isinstance(value, Tensor):
        return {"tensor": value.number}
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {"dict": [[key, encode(inner)] for key, inner in items]}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        names: Sequence[str] = value._fields  # pyright: ignore[reportAttributeAccessIssue]
        return {"named": [type(value).__name__, list(names), [encode(v) for v in value]]}
    if isinstance(value, tuple | list):
        inner = [encode(v) for v in cast("Sequence[Any]", value)]
        return {"tuple" if isinstance(value, tuple) else "list": inner}
    if isinstance(value, _JSON):
        return {"value": value}
    raise UsageError(
        f"{type(value).__name__}: no form that an artifact can keep: use tensors in tuples, lists and dicts"
    )


def build(form: Form, tensors: Sequence[Any]) -> Any:
    """The nest of a form with its tensors in place."""
    ((kind, content),) = form.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "value":
            return content
        case "dict":
            return {key: build(inner, tensors) for key, inner in content}
        case "named":
            name, fields, inner = content
            return _make_named_tuple(name, fields)(*(build(f, tensors) for f in inner))
        case _:
            items = [build(inner, tensors) for inner in content]
            return tuple(items) if kind == "tuple" else items


def _make_named_tuple(name: str, fields: Sequence[str]) -> Any:
    """A named tuple's type; its fields are known only where it is built."""
    make: Any = collections.namedtuple  # noqa: PYI024
    return make(name, fields)


def flatten(form: Form, value: Any, where: str, out: dict[int, Any]) -> None:
    """Find the tensors of a nest that has a form.

    Args:
        form: the form.
        value: the nest.
        where: what messages call it.
        out: number -> tensor, filled.

    Raises:
        UsageError: the nest has another form, or another number than was compiled.
    """
    ((kind, content),) = form.items()
    if kind == "tensor":
        out[content] = value
    elif kind == "value":
        if not isinstance(value, _JSON) or value != content:
            raise UsageError(f"{where}: compiled for {content!r}, {_short(value)} given")
    elif kind == "dict":
        _flatten_dict(content, value, where, out)
    else:
        forms: Sequence[Form] = content[2] if kind == "named" else content
        if not isinstance(value, tuple | list):
            raise UsageError(
                f"{where}: a {_WORDS[kind]} of {len(forms)} is wanted, {_short(value)} given"
            )
        values: Sequence[Any] = cast("Sequence[Any]", value)
        if len(values) != len(forms):
            raise UsageError(f"{where}: {len(forms)} values are wanted, {len(values)} given")
        for number, (inner, item) in enumerate(zip(forms, values, strict=True)):
            flatten(inner, item, f"{where}[{number}]", out)


_WORDS = {"named": "tuple", "tuple": "tuple", "list": "list"}


def _flatten_dict(
    content: Sequence[tuple[Any, Form]], value: Any, where: str, out: dict[int, Any]
) -> None:
    keys = [key for key, _ in content]
    if not isinstance(value, Mapping):
        raise UsageError(f"{where}: a dict of {keys} is wanted, {_short(value)} given")
    values: Mapping[Any, Any] = cast("Mapping[Any, Any]", value)
    if set(values) != set(keys):
        raise UsageError(f"{where}: {keys} are wanted, {list(values)} given")
    for key, inner in content:
        flatten(inner, values[key], f"{where}[{key!r}]", out)


def _short(value: Any) -> str:
    return repr(value) if isinstance(value, _JSON) else type(value).__name__


@dataclass(frozen=True)
class CallForm:
    """The forms of a function's arguments and result.

    Attributes:
        positional: a tuple's.
        keywords: a dict's.
        result: any.
    """

    positional: Form
    keywords: Form
    result: Form

    def to_json(self) -> str:
        """As a function's reflection keeps it."""
        return json.dumps([self.positional, self.keywords, self.result])

    @staticmethod
    def from_json(text: str) -> CallForm:
        """Of what :meth:`to_json` wrote."""
        return CallForm(*json.loads(text))

    def arguments(
        self, positional: Sequence[Any], keywords: Mapping[str, Any], name: str
    ) -> list[Any]:
        """The tensors of a call, in the compiled function's order.

        Raises:
            UsageError: the call has another form than the model's.
        """
        out: dict[int, Any] = {}
        flatten(self.positional, tuple(positional), f"{name}: inputs", out)
        flatten(self.keywords, keywords, f"{name}: inputs by name", out)
        return [out[number] for number in sorted(out)]
