"""Calls in the form that a model has: nests flattened and built again."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.errors import UsageError
from aie_conv.structure import CallForm, Tensor, build, encode, flatten

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=3)


def nests(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        ),
        max_leaves=8,
    )


def number(value: Any, tensors: list[str]) -> Any:
    """The nest with its marks as numbered tensors."""
    if isinstance(value, list | tuple):
        return type(value)(number(v, tensors) for v in value)
    if isinstance(value, dict):
        return {k: number(v, tensors) for k, v in value.items()}
    if value == "tensor":
        tensors.append(f"array {len(tensors)}")
        return Tensor(len(tensors) - 1)
    return value


@given(nests(st.just("tensor") | scalars))
def test_what_is_flattened_is_built_again(nest: Any) -> None:
    tensors: list[str] = []
    form = encode(number(nest, tensors))
    value = build(form, tensors)
    out: dict[int, Any] = {}
    flatten(form, value, "f", out)
    assert [out[n] for n in range(len(tensors))] == tensors
    assert build(form, tensors) == value


class Pair(NamedTuple):
    left: Any
    right: Any


def test_named_tuples_keep_their_names() -> None:
    value = build(encode(Pair(Tensor(0), 3)), ["x"])
    assert (value.left, value.right, type(value).__name__) == ("x", 3, "Pair")


CALL = CallForm(
    encode((Tensor(0), {"a": [Tensor(1)]}, 2)), encode({"mask": Tensor(2)}), encode(Tensor(0))
)


def test_a_call_survives_its_text() -> None:
    call = CallForm.from_json(CALL.to_json())
    assert call == CALL
    assert call.arguments(("x", {"a": ["y"]}, 2), {"mask": "m"}, "f") == ["x", "y", "m"]


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        (("x",), {"mask": "m"}, "3 values are wanted, 1 given"),
        (("x", {"b": ["y"]}, 2), {"mask": "m"}, r"\['a'\] are wanted, \['b'\] given"),
        (("x", ["y"], 2), {"mask": "m"}, r"inputs\[1\]: a dict of"),
        (("x", {"a": "y"}, 2), {"mask": "m"}, "a list of 1 is wanted, 'y' given"),
        (("x", {"a": ["y"]}, 3), {"mask": "m"}, r"inputs\[2\]: compiled for 2, 3 given"),
        (("x", {"a": ["y"]}, 2), {}, "by name: .*wanted"),
    ],
)
def test_another_form_is_refused(
    arguments: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        CALL.arguments(arguments, named, "f")


def test_an_object_has_no_form() -> None:
    with pytest.raises(UsageError, match="object: no form"):
        encode((object(),))
