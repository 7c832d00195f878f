"""Kinds of attributes: how each is read and how it is printed, side by side.

Attributes are plain Python values in :attr:`Op.attrs`: int, float, bool, str, lists and tuples of them, and
:class:`Raw` for what is kept as text.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from aie_conv.ir.core import Type

if TYPE_CHECKING:
    from aie_conv.ir.reader import Reader


class Raw(str):
    """An attribute that stands in the text as it is: a keyword, an affine map, an opaque attribute."""

    __slots__ = ()


UNIT = Raw("unit")
"""The value of an attribute that has a name alone."""

Literal: TypeAlias = int | float | tuple[str, int] | list["Literal"]
"""A number, its bits as ("hex", bits), or nested lists of them."""

_FLOATS = frozenset(("f32", "bf16", "f16", "f64"))


def literal_text(value: Literal, elem: str) -> str:
    """A number, or nested lists of them, of elements of type ``elem``."""
    if isinstance(value, list):
        return f"[{', '.join(literal_text(one, elem) for one in value)}]"
    if isinstance(value, tuple):
        return f"0x{value[1]:X}"
    if elem == "i1":
        return "true" if value else "false"
    return _float_text(float(value), elem) if elem in _FLOATS else str(int(value))


def _float_text(value: float, elem: str) -> str:
    """The shortest of MLIR's notations that gives the value back."""

    def same(text: str) -> bool:
        if elem == "f64":
            return float(text) == value
        return struct.pack("<f", float(text)) == struct.pack("<f", value)

    return next((t for t in (f"{value:.6e}", f"{value:.9e}") if same(t)), f"{value:.17e}")


class Kind(Protocol):
    """How an attribute looks."""

    def parse(self, r: "Reader") -> Any:
        """Take its tokens."""
        ...

    def text(self, value: Any) -> str:
        """The same tokens."""
        ...


class Any_(Kind):
    """An attribute whose kind its own text tells."""

    def parse(self, r: "Reader") -> Any:
        return r.attribute()

    def text(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return f"{value} : i64"
        return self._inner(value)

    def _inner(self, value: Any) -> str:
        if isinstance(value, Raw):
            return str(value)
        if isinstance(value, str):
            return f'"{value}"'
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(self._inner(one) for one in value)}]"
        if isinstance(value, dict):
            return dictionary_text(value, {})
        return self.text(value) if isinstance(value, bool) else str(value)


class Integer(Kind):
    """``3 : i32``; a type in the text must be this one, and may be left out where it is i64."""

    def __init__(self, elem: str) -> None:
        self._elem = elem

    def parse(self, r: "Reader") -> int:
        value = r.integer()
        elem = r.type().elem if r.accept(":") else "i64"
        if elem != self._elem:
            r.fail(f"expected an integer of type {self._elem}, got {elem}")
        return value

    def text(self, value: Any) -> str:
        return f"{value} : {self._elem}"


class Bare(Kind):
    """An integer without a type."""

    def parse(self, r: "Reader") -> int:
        return r.integer()

    def text(self, value: Any) -> str:
        return str(value)


class Bool(Kind):
    """``true`` or ``false``; the name alone says true."""

    def parse(self, r: "Reader") -> bool:
        token = r.next()
        if token not in ("true", "false"):
            r.position -= 1
            r.fail(f"expected true or false, got '{token}'")
        return token == "true"

    def text(self, value: Any) -> str:
        return "true" if value else "false"


class Symbol(Kind):
    """``@name``."""

    def parse(self, r: "Reader") -> str:
        return r.symbol()

    def text(self, value: Any) -> str:
        return f"@{value}"


class Word(Kind):
    """A keyword, of some or of any."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def parse(self, r: "Reader") -> str:
        token = r.next()
        if self._words and token not in self._words:
            r.position -= 1
            r.fail(f"'{token}': use {' or '.join(self._words)}")
        return token

    def text(self, value: Any) -> str:
        return str(value)


class String(Kind):
    """``"text"``."""

    def parse(self, r: "Reader") -> str:
        token = r.next()
        if not token.startswith('"'):
            r.position -= 1
            r.fail(f"expected a string, got '{token}'")
        return token[1:-1]

    def text(self, value: Any) -> str:
        return f'"{value}"'


class List(Kind):
    """``[a, b]``."""

    def __init__(self, item: Kind) -> None:
        self._item = item

    def parse(self, r: "Reader") -> list[Any]:
        return r.listed(lambda: self._item.parse(r))

    def text(self, value: Any) -> str:
        return f"[{', '.join(map(self._item.text, value))}]"


class Ints(Kind):
    """``[1, 2]``, bare."""

    def parse(self, r: "Reader") -> list[int]:
        return r.integers()

    def text(self, value: Any) -> str:
        return f"[{', '.join(map(str, value))}]"


class Layout(Kind):
    """``[<size = n, stride = s>, …]``, a list of pairs."""

    def parse(self, r: "Reader") -> list[tuple[int, int]]:
        return r.listed(lambda: self._one(r))

    @staticmethod
    def _one(r: "Reader") -> tuple[int, int]:
        numbers: list[int] = []
        for before in (("<", "size", "="), (",", "stride", "=")):
            for token in before:
                r.expect(token)
            numbers.append(r.integer())
        r.expect(">")
        return numbers[0], numbers[1]

    def text(self, value: Any) -> str:
        return f"[{', '.join(f'<size = {size}, stride = {step}>' for size, step in value)}]"


class Padding(Kind):
    """``#aie<bd_pad_layout_array[…]>``, a list of (before, after)."""

    def parse(self, r: "Reader") -> Any:
        return r.attribute()

    def text(self, value: Any) -> str:
        pairs = ", ".join(f"<const_pad_before = {a}, const_pad_after = {b}>" for a, b in value)
        return f"#aie<bd_pad_layout_array[{pairs}]>"


class TypeKind(Kind):
    """A type."""

    def parse(self, r: "Reader") -> Type:
        return r.type()

    def text(self, value: Any) -> str:
        return str(value)


ANY, BARE, BOOL, SYMBOL, WORD = Any_(), Bare(), Bool(), Symbol(), Word()
STRING, INTS, LAYOUT, PADDING, TYPE = String(), Ints(), Layout(), Padding(), TypeKind()
I8, I32, I64 = Integer("i8"), Integer("i32"), Integer("i64")
SYMBOLS, NESTED = List(SYMBOL), List(INTS)

KINDS: Mapping[str, Kind] = {
    "any": ANY,
    "int": BARE,
    "ints": INTS,
    "nested": NESTED,
    "symbol": SYMBOL,
    "symbols": SYMBOLS,
    "word": WORD,
    "layout": LAYOUT,
    "type": TYPE,
}
"""Kinds by the names that templates use."""


def dictionary_text(
    attrs: Mapping[str, Any], kinds: Mapping[str, Kind], besides: Sequence[str] = ()
) -> str:
    """``{name = value, …}`` of what is not printed elsewhere (``besides``); "" if that is nothing."""
    entries = [
        name if value is UNIT else f"{name} = {kinds.get(name, ANY).text(value)}"
        for name, value in attrs.items()
        if name not in besides
    ]
    return f"{{{', '.join(entries)}}}" if entries else ""
