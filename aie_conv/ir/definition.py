"""What an operation looks like: one template a form, from which it is both read and printed.

A template is the line behind the operation's name as it stands in the text, with places in it:

    %0  %-1        an operand by its position
    %1*  %1*-1     the operands from a position on (up to one), separated by commas; %* are all
    $name:kind     an attribute, of a kind of :data:`aie_conv.ir.attributes.KINDS`
    type(0)        the type of an operand; type(result) that of the result
    types          the types of all operands, separated by commas
    signature      ``(operands' types) -> results' types``
    attr-dict      the other attributes in braces, nothing if there are none
    region         a block in braces;  region(args) with its arguments in parentheses in front
    [[ … ]]        what is there only if its first attribute is
    name!          a form of its own, an object with ``parse`` and ``print``

Everything else stands for itself; a space is a space where the text is printed, and a / is nothing: it ends
the name of a place that letters follow.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from aie_conv.ir.attributes import ANY, KINDS, UNIT, Kind, dictionary_text
from aie_conv.ir.core import Op, Type, refuse
from aie_conv.lazy import cached_property

if TYPE_CHECKING:
    from aie_conv.ir.printer import Printer
    from aie_conv.ir.reader import Reader

Infer = Callable[[Op], Sequence[Type]]
"""Gives the types of an operation's results from its operands and attributes; checks its operands."""

Check = Callable[[Op, Sequence[Type]], None]
"""Checks the operands of an operation against the types of its results."""


class Piece(Protocol):
    """A part of an operation's text."""

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        """Take its tokens into ``op``; types of results that it names go to ``kinds``."""
        ...

    def print(self, p: "Printer", op: Op) -> None:
        """Write the same tokens."""
        ...


@dataclass
class Definition:
    """One operation.

    Attributes:
        name: of the operation.
        pieces: its text behind the name.
        infer: the types of its results where they follow from the rest; None where the text says them.
        check: what else is to be checked where it does not.
        attrs: kinds of the attributes that stand in braces.
        may_drop: its results may go without names.
        written: the name as it stands in the text.
        refers: attributes that name symbols of the module, each a name or a list of them.
    """

    name: str
    pieces: Sequence[Piece]
    infer: Infer | None = None
    check: Check | None = None
    attrs: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    may_drop: bool = False
    written: str = ""
    refers: tuple[str, ...] = ()

    @cached_property
    def _parsers(self) -> list[Callable[["Reader", Op, list[Type]], None]]:
        return [piece.parse for piece in self.pieces]

    @cached_property
    def _printers(self) -> list[Callable[["Printer", Op], None]]:
        return [piece.print for piece in self.pieces]

    def parse(self, r: "Reader", op: Op) -> Sequence[Type]:
        """Read what stands behind the name; gives the types of the results."""
        kinds: list[Type] = []
        for parse in self._parsers:
            parse(r, op, kinds)
        return self.results(op, kinds)

    def results(self, op: Op, kinds: Sequence[Type]) -> Sequence[Type]:
        """The types of the results; ``kinds`` are those that are said, which must agree.

        Raises:
            VerifyError: operands, or what is said, do not fit.
        """
        if self.infer is not None:
            inferred = self.infer(op)
            if kinds and tuple(kinds) != tuple(inferred):
                refuse(op, f"gives {results_text(inferred)}, not {results_text(kinds)}")
            return inferred
        if self.check is not None:
            self.check(op, kinds)
        return kinds

    def print(self, p: "Printer", op: Op) -> None:
        """Write what stands behind the name."""
        for write in self._printers:
            write(p, op)


# -- pieces ---------------------------------------------------------------------------------------
class _Literal:
    """Tokens that stand for themselves."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.tokens = re.findall(r"->|\w+|\S", text)

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        tokens, position = r.tokens, r.position
        for token in self.tokens:
            if tokens[position] != token:
                r.position = position
                r.expect(token)
            position += 1
        r.position = position

    def print(self, p: "Printer", op: Op) -> None:
        p.write(self._text)

    def begins(self, r: "Reader") -> bool:
        """Whether it stands next."""
        return r.peek() == self.tokens[0]


class _Operand:
    """One operand."""

    def __init__(self, position: int) -> None:
        self._position = position

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        value = r.scope.get(r.tokens[r.position])
        if value is None:
            r.use()
            return
        r.position += 1
        op.operands.append(value)

    def print(self, p: "Printer", op: Op) -> None:
        p.write(f"%{op.operands[self._position].name}")


class _Operands:
    """Operands separated by commas."""

    def __init__(self, first: int, last: int | None) -> None:
        self._range = slice(first, last)

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        if r.tokens[r.position][:1] == "%":
            op.operands += r.uses()

    def print(self, p: "Printer", op: Op) -> None:
        p.write(", ".join([f"%{value.name}" for value in op.operands[self._range]]))


class _Attribute:
    """An attribute of a known kind; without a value ``none`` it must be there."""

    def __init__(self, name: str, kind: Kind) -> None:
        self.name, self._kind = name, kind

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        op.attrs[self.name] = self._kind.parse(r)

    def print(self, p: "Printer", op: Op) -> None:
        p.write(self._kind.text(op.attrs[self.name]))

    def begins(self, r: "Reader") -> bool:
        """Whether it stands next; for symbols, lists and keywords."""
        first = "@" if self._kind is KINDS["symbol"] else "["
        return r.peek().startswith(first)


class _OperandType:
    """The type of an operand, which the text repeats."""

    def __init__(self, position: int) -> None:
        self._position = position

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        kind = r.type()
        try:
            value = op.operands[self._position]
        except IndexError:
            r.fail(f"{op.name} has {len(op.operands)} operands")
        if value.type is not kind and value.type != kind:
            r.fail(f"%{value.name} is {value.type} and is used as {kind}")

    def print(self, p: "Printer", op: Op) -> None:
        p.write(op.operands[self._position].type.text)


class _ResultType:
    """The type of the result."""

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        kinds.append(r.type())

    def print(self, p: "Printer", op: Op) -> None:
        p.write(op.results[0].type.text)


class _OperandTypes:
    """The types of all operands."""

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        for number, value in enumerate(op.operands):
            if number:
                r.expect(",")
            r.check([value], r.type())

    def print(self, p: "Printer", op: Op) -> None:
        p.write(", ".join([value.type.text for value in op.operands]))


class _Signature:
    """``(types) -> types``."""

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        r.check(op.operands, *r.listed(r.type, "(", ")"))
        r.expect("->")
        kinds += r.types()

    def print(self, p: "Printer", op: Op) -> None:
        inputs = ", ".join([value.type.text for value in op.operands])
        p.write(f"({inputs}) -> {results_text([value.type for value in op.results])}")


class _AttrDict:
    """Attributes in braces."""

    def __init__(self, kinds: Mapping[str, Kind], besides: Sequence[str], space: str) -> None:
        self._kinds, self._besides, self._space = kinds, frozenset(besides), space

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        if r.tokens[r.position] != "{":
            return
        r.position += 1
        first = True
        while not r.accept("}"):
            if not first:
                r.expect(",")
            first = False
            name = r.next().strip('"')
            kind = self._kinds.get(name, ANY)
            op.attrs[name] = kind.parse(r) if r.accept("=") else UNIT

    def print(self, p: "Printer", op: Op) -> None:
        if op.attrs:
            text = dictionary_text(op.attrs, self._kinds, tuple(self._besides))
            if text:
                p.write(self._space + text)


class _Region:
    """A block in braces."""

    def __init__(self, *, arguments: bool) -> None:
        self._arguments = arguments

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        names = r.listed(r.argument, "(", ")") if self._arguments else []
        op.blocks.append(r.block(names))

    def print(self, p: "Printer", op: Op) -> None:
        (block,) = op.blocks
        if self._arguments:
            p.write(f"({p.arguments(block.args)}) ")
        p.block(block)


class _Optional:
    """Pieces that are there if their attribute is."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._attribute = next(piece for piece in pieces if isinstance(piece, _Attribute))
        seen = (p for p in pieces if isinstance(p, _Attribute) or getattr(p, "tokens", ()))
        first = next(piece for piece in seen if isinstance(piece, _Attribute | _Literal))
        self._begins = first.begins

    def parse(self, r: "Reader", op: Op, kinds: list[Type]) -> None:
        if self._begins(r):
            for piece in self._pieces:
                piece.parse(r, op, kinds)

    def print(self, p: "Printer", op: Op) -> None:
        if self._attribute.name in op.attrs:
            for piece in self._pieces:
                piece.print(p, op)


# -- templates ------------------------------------------------------------------------------------
_PLACE = re.compile(
    r"(?P<open>\[\[)|(?P<close>\]\])|\$(?P<attr>\w+):(?P<kind>\w+)"
    r"|%(?P<first>-?\d+)?(?P<many>\*(?P<last>-\d+)?)?|type\((?P<type>result|-?\d+)\)"
    r"|(?P<word>types|signature|attr-dict|region\(args\)|region)(?![\w(-])|(?P<custom>\w+)!"
)


def pieces_of(template: str, attrs: Mapping[str, Kind], custom: Mapping[str, Piece]) -> list[Piece]:
    """The pieces of a template."""
    besides = [match["attr"] for match in _PLACE.finditer(template) if match["attr"]]
    besides += [name for piece in custom.values() for name in getattr(piece, "names", ())]
    stack: list[list[Piece]] = [[]]
    begin = 0
    for match in _PLACE.finditer(template):
        before = template[begin : match.start()].replace("/", "")
        begin = match.end()
        space = ""
        if match["word"] == "attr-dict" and before.endswith(" "):
            before, space = before[:-1], " "
        if before:
            stack[-1].append(_Literal(before))
        if match["open"]:
            stack.append([])
        elif match["close"]:
            inner = stack.pop()
            stack[-1].append(_Optional(inner))
        elif match["word"] == "attr-dict":
            stack[-1].append(_AttrDict(attrs, besides, space))
        else:
            stack[-1].append(_piece(match, custom))
    if template[begin:]:
        stack[-1].append(_Literal(template[begin:]))
    return stack[0]


def _piece(match: re.Match[str], custom: Mapping[str, Piece]) -> Piece:
    if match["attr"]:
        return _Attribute(match["attr"], KINDS[match["kind"]])
    if match["custom"]:
        return custom[match["custom"]]
    if match["type"]:
        return _ResultType() if match["type"] == "result" else _OperandType(int(match["type"]))
    if match["word"]:
        words: dict[str, Callable[[], Piece]] = {
            "types": _OperandTypes,
            "signature": _Signature,
            "region": lambda: _Region(arguments=False),
            "region(args)": lambda: _Region(arguments=True),
        }
        return words[match["word"]]()
    if match["many"]:
        return _Operands(int(match["first"] or 0), int(match["last"]) if match["last"] else None)
    return _Operand(int(match["first"]))


def results_text(kinds: Sequence[Type]) -> str:
    """Types of results: one without parentheses, none or several with."""
    if len(kinds) == 1:
        return kinds[0].text
    return f"({', '.join([kind.text for kind in kinds])})"


# -- the table ------------------------------------------------------------------------------------
_DEFINITIONS: dict[str, Definition] = {}
_SHORT = {"return": "func.return", "call": "func.call", "builtin.module": "module"}
"""Other names that MLIR takes."""


def define(
    names: str,
    template: str | Sequence[Piece],
    infer: Infer | None = None,
    *,
    check: Check | None = None,
    attrs: Mapping[str, Kind] | None = None,
    custom: Mapping[str, Piece] | None = None,
    may_drop: bool = False,
    written: str = "{}",
    refers: tuple[str, ...] = (),
) -> None:
    """Say what operations look like.

    Args:
        names: of those that look alike, separated by spaces.
        template: see the module; or the pieces.
        infer, check, attrs, may_drop, refers: of :class:`Definition`.
        custom: the forms that the template names.
        written: how a name stands in the text, {} for the name.
    """
    kinds = attrs or {}
    pieces = pieces_of(template, kinds, custom or {}) if isinstance(template, str) else template
    for name in names.split():
        if name in _DEFINITIONS:
            raise ValueError(f"{name} is defined twice")
        text = written.format(name)
        _DEFINITIONS[name] = Definition(name, pieces, infer, check, kinds, may_drop, text, refers)


def definition_of(name: str) -> Definition | None:
    """The definition of an operation by its name, as it is or as it is written; None outside the subset."""
    definition = _DEFINITIONS.get(name)
    if definition is None:
        definition = _DEFINITIONS.get(_SHORT.get(name) or name.strip('"'))
    return definition


def defined() -> Mapping[str, Definition]:
    """All of them, by name."""
    return _DEFINITIONS
