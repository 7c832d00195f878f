"""A fast reader of the AIE module text that aie_conv emits (and of the vendor's samples' syntax).

xDSL needs about 400 us an operation, a module has a thousand of them; this reader needs about 10.
It takes the same text as :mod:`aie_conv.ir.xdsl` (a test holds the two together) and checks syntax
and that values are defined before use, nothing more.
"""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Block, Op, Type, Value, parse_type

_TOKEN = re.compile(
    r"""//[^\n]*
    |(?P<nl>\n)
    |(?P<tok>
      "(?:[^"\\]|\\.)*"
     |[%@^][\w$.\-]+(?:\#\d+)?
     |!?[A-Za-z_][\w.]*<[^<>=\[\]]*(?:<[^<>]*>[^<>]*)*>(?=[\s,)}\]:>]|$)
     |0x[0-9A-Fa-f]+
     |-?\d+(?:\.\d*(?:[eE][-+]?\d+)?)?
     |[!\#]?[A-Za-z_][\w.$]*
     |->|::|[{}()\[\]<>,:=?*+-]
     )
    |[ \t\r]+
    |(?P<bad>.)""",
    re.X,
)
_REAL = re.compile(r"-?\d+\.\d*(?:[eE][-+]?\d+)?$|-?(?:inf|nan)$")
_INTEGER = re.compile(r"-?\d+$|0x[0-9A-Fa-f]+$")


def tokenize(text: str) -> tuple[list[str], list[int]]:
    """Tokens of ``text`` and the line number of each.

    Raises:
        VerifyError: a character that no token begins with.
    """
    tokens: list[str] = []
    lines: list[int] = []
    number = 1
    for line in text.split("\n"):
        for match in _TOKEN.finditer(line):
            token = match["tok"]
            if token is not None:
                tokens.append(token)
                lines.append(number)
            elif match["bad"] is not None:
                raise VerifyError(f"line {number}: unexpected character {match['bad']!r}")
        number += 1
    tokens.append("")
    lines.append(number)
    return tokens, lines


class Reader:
    """Recursive descent over the tokens of one module."""

    def __init__(self, text: str) -> None:
        self.tokens, self.lines = tokenize(text)
        self.at = 0
        self.scope: dict[str, Value] = {}

    # -- tokens ---------------------------------------------------------------------------------
    def fail(self, message: str) -> NoReturn:
        """Raise a VerifyError that names the line."""
        raise VerifyError(f"line {self.lines[self.at]}: {message}")

    def peek(self) -> str:
        """The next token; "" at the end."""
        return self.tokens[self.at]

    def next(self) -> str:
        """Take the next token."""
        token = self.tokens[self.at]
        if not token:
            self.fail("the text ends here, in the middle of something")
        self.at += 1
        return token

    def expect(self, token: str) -> None:
        """Take the next token, which must be ``token``."""
        if self.tokens[self.at] != token:
            self.fail(f"expected '{token}', got '{self.tokens[self.at]}'")
        self.at += 1

    def accept(self, token: str) -> bool:
        """Take the next token if it is ``token``."""
        if self.tokens[self.at] == token:
            self.at += 1
            return True
        return False

    def integer(self) -> int:
        """An integer literal."""
        token = self.next()
        if not _INTEGER.match(token):
            self.at -= 1
            self.fail(f"expected an integer, got '{token}'")
        return int(token, 0)

    def symbol(self) -> str:
        """A symbol name, without @."""
        token = self.next()
        if not token.startswith("@"):
            self.at -= 1
            self.fail(f"expected a symbol, got '{token}'")
        return token[1:]

    def listed(self, item: Callable[[], Any], left: str = "[", right: str = "]") -> list[Any]:
        """A bracketed, comma-separated list."""
        self.expect(left)
        found: list[Any] = []
        while not self.accept(right):
            if found:
                self.expect(",")
            found.append(item())
        return found

    # -- values and types -----------------------------------------------------------------------
    def type(self) -> Type:
        """A type (function types give their results' types only where the caller asks)."""
        token = self.next()
        if self.tokens[self.at] == "<":  # a type that the token pattern could not take whole
            depth = 0
            while True:
                part = self.next()
                token += part
                depth += part.count("<") - part.count(">")
                if depth <= 0:
                    break
        return parse_type(token)

    def types(self) -> list[Type]:
        """``(T, …)``, or one type."""
        return self.listed(self.type, "(", ")") if self.peek() == "(" else [self.type()]

    def use(self) -> Value:
        """A use of a value."""
        token = self.next()
        value = self.scope.get(token)
        if value is None:
            self.at -= 1
            self.fail(f"use of undefined value {token}")
        return value

    def uses(self) -> list[Value]:
        """Uses separated by commas; at least one."""
        found = [self.use()]
        while self.accept(","):
            found.append(self.use())
        return found

    def define(self, name: str, kind: Type) -> Value:
        """A new value in the current scope; ``name`` as in the text."""
        value = Value(kind, name[1:])
        self.scope[name] = value
        return value

    def check(self, values: list[Value], *kinds: Type) -> None:
        """The values have these types."""
        if len(values) != len(kinds):
            self.fail(f"{len(values)} operands and {len(kinds)} types")
        for value, kind in zip(values, kinds, strict=True):
            if value.type != kind:
                self.fail(f"%{value.name} is {value.type} and is used as {kind}")

    # -- attributes -----------------------------------------------------------------------------
    def attributes(self) -> dict[str, Any]:
        """An attribute dictionary, or {} if none follows."""
        found: dict[str, Any] = {}
        if not self.accept("{"):
            return found
        while not self.accept("}"):
            if found:
                self.expect(",")
            name = self.next().strip('"')
            found[name] = self.attribute() if self.accept("=") else True
        return found

    def attribute(self) -> Any:
        """One attribute as a Python value: int, float, str, bool, list, or dict."""
        if self.peek() == "[":
            return self.listed(self.attribute)
        if self.peek() == "{":
            return self.attributes()
        token = self.next()
        if token == "dense":
            return self.dense()
        if token.startswith("@"):
            return token[1:]
        if token.startswith('"'):
            return token[1:-1]
        if token in ("true", "false"):
            return token == "true"
        if token.startswith("#"):
            return self.opaque(token)
        if token[0].isdigit() or (token[0] == "-" and len(token) > 1):
            return self.number(token)
        return token

    def number(self, token: str) -> int | float | tuple[str, int]:
        """The value of a numeric token and its optional ``: type``, which is dropped."""
        value = self.literal(token)
        if self.accept(":"):
            kind = self.type()
            if kind.elem in ("f32", "bf16", "f16", "f64") and token.startswith("0x"):
                return (kind.elem, int(token, 0))
        return value

    def opaque(self, token: str) -> Any:
        """``#aie<…>``: the padding layout is understood, everything else kept as text."""
        if not token.startswith("#aie") or self.peek() != "<":
            return token
        start = self.at
        depth, pads = 0, []
        while True:
            part = self.next()
            depth += part.count("<") - part.count(">")
            if part in ("const_pad_before", "const_pad_after"):
                self.expect("=")
                pads.append(self.integer())
            if depth <= 0 or not part:
                break
        if len(pads) % 2:
            self.fail("const_pad_before and const_pad_after come in pairs")
        if pads:
            return [tuple(pads[i : i + 2]) for i in range(0, len(pads), 2)]
        return "".join(self.tokens[start : self.at])

    def dense(self) -> Any:
        """``<…>`` of a dense attribute: a scalar for a splat, nested lists otherwise."""
        self.expect("<")
        value = self.dense_value()
        self.expect(">")
        return value

    def dense_value(self) -> Any:
        """A scalar or a list inside ``dense<…>``; hex literals are kept as ("hex", bits)."""
        if self.peek() == "[":
            return self.listed(self.dense_value)
        token = self.next()
        if token in ("true", "false"):
            return token == "true"
        if token.startswith("0x"):
            return ("hex", int(token, 16))
        if token == "-":
            token += self.next()
        return self.literal(token)

    def literal(self, token: str) -> int | float:
        """The value of a numeric token."""
        if _INTEGER.match(token):
            return int(token, 0)
        if not _REAL.match(token):
            self.at -= 1
            self.fail(f"expected a number, got '{token}'")
        return float(token)

    # -- regions --------------------------------------------------------------------------------
    def block(self, args: list[tuple[str, Type]] = []) -> Block:  # noqa: B006 - never changed
        """``{ … }`` with one block."""
        outer = self.scope
        self.scope = dict(outer)
        block = Block([self.define(name, kind) for name, kind in args])
        self.expect("{")
        while not self.accept("}"):
            block.ops.append(self.operation())
        self.scope = outer
        return block

    def blocks(self) -> dict[str, Block]:
        """``{ … ^next: … }``: blocks without arguments by their labels, the first one's is ""."""
        outer = self.scope
        self.scope = dict(outer)
        found = {"": Block()}
        label = ""
        self.expect("{")
        while not self.accept("}"):
            if self.peek().startswith("^"):
                label = self.next()
                self.expect(":")
                if label in found:
                    self.fail(f"block {label} given twice")
                found[label] = Block()
            found[label].ops.append(self.operation())
        self.scope = outer
        return found

    def operation(self) -> Op:
        """One operation with its results."""
        names: list[str] = []
        if self.peek().startswith("%"):
            names.append(self.next())
            while self.accept(","):
                names.append(self.next())
            if self.accept(":"):
                names = [f"{names[0]}#{i}" for i in range(self.integer())]
            self.expect("=")
        op = Op(self.next(), self.lines[self.at - 1])
        parse = _SYNTAX.get(op.name)
        if parse is None:
            self.at -= 1
            self.fail(f"operation '{op.name}' is not in the simulator's subset")
        kinds = parse(self, op)
        if len(kinds) != len(names) and (names or op.name not in _MAY_DROP):
            self.fail(f"'{op.name}' gives {len(kinds)} results, {len(names)} are named")
        op.results = [self.define(name, kind) for name, kind in zip(names, kinds, strict=False)]
        return op


Syntax = Callable[[Reader, Op], list[Type]]
_SYNTAX: dict[str, Syntax] = {}
_MAY_DROP = frozenset(
    {"func.call", "call", "aie.core", "aie.buffer", "scf.for", "scf.if", "aie.tile"}
)


def syntax(*names: str) -> Callable[[Syntax], Syntax]:
    """Register the parser of the part of an operation behind its name."""

    def register(parse: Syntax) -> Syntax:
        for name in names:
            if name in _SYNTAX:
                raise ValueError(f"syntax of {name} given twice")
            _SYNTAX[name] = parse
        return parse

    return register
