"""Recursive descent over the tokens of a module; what operations look like is in the dialects.

It checks syntax, that values are defined once and before they are used, the types of operands, and that
symbols exist. Limits of the hardware are checked elsewhere (:mod:`aie_conv.sim.model.verifier`).
"""

import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from aie_conv.errors import VerifyError
from aie_conv.ir.attributes import UNIT, Literal, Raw
from aie_conv.ir.core import Block, Op, Type, Value, parse_type
from aie_conv.ir.definition import Definition, definition_of
from aie_conv.ir.tokens import INTEGER, REAL, tokenize

T = TypeVar("T")


class ModuleReader:
    """The tokens of one module, and the values that are visible at the present one."""

    def __init__(self, text: str) -> None:
        self.rows = text.split("\n")
        self.tokens, self.lines = tokenize(self.rows)
        self.position = 0
        self.scope: dict[str, Value] = {}
        self.references: list[tuple[Op, Definition]] = []
        self.aliases: dict[str, Any] = {}

    # -- tokens ---------------------------------------------------------------------------------
    def fail(self, message: str) -> NoReturn:
        """Raise a VerifyError that names the line."""
        raise VerifyError(f"line {self.lines[self.position]}: {message}")

    def peek(self) -> str:
        """The next token; "" at the end."""
        return self.tokens[self.position]

    def next(self) -> str:
        """Take the next token."""
        token = self.tokens[self.position]
        if not token:
            self.fail("the text ends here, in the middle of something")
        self.position += 1
        return token

    def expect(self, token: str) -> None:
        """Take the next token, which must be ``token``."""
        if self.tokens[self.position] != token:
            self.fail(f"expected '{token}', got '{self.tokens[self.position]}'")
        self.position += 1

    def accept(self, token: str) -> bool:
        """Take the next token if it is ``token``."""
        if self.tokens[self.position] == token:
            self.position += 1
            return True
        return False

    def integer(self) -> int:
        """An integer literal."""
        token = self.tokens[self.position]
        if not INTEGER.match(token):
            self.fail(f"expected an integer, got '{token}'")
        self.position += 1
        return int(token, 0)

    def integers(self) -> list[int]:
        """``[1, 2, …]``."""
        token = self.tokens[self.position]
        if len(token) > 1 and token[0] == "[":
            self.position += 1
            return list(map(int, token[1:-1].split(",")))
        return self.listed(self.typed_integer)

    def typed_integer(self) -> int:
        """An integer of 64 bits, which may say so."""
        value = self.integer()
        if self.accept(":") and self.type().elem != "i64":
            self.fail("expected an integer of type i64")
        return value

    def symbol(self) -> str:
        """A symbol name, without @."""
        token = self.tokens[self.position]
        if not token.startswith("@"):
            self.fail(f"expected a symbol, got '{token}'")
        self.position += 1
        return token[1:]

    def listed(self, item: Callable[[], T], left: str = "[", right: str = "]") -> list[T]:
        """A bracketed, comma-separated list."""
        token = self.tokens[self.position]
        if left == "[" and len(token) > 1 and token[0] == "[":
            parts = re.findall(r"-?\d+|\S", token)
            self.tokens[self.position : self.position + 1] = parts
            self.lines[self.position : self.position + 1] = [self.lines[self.position]] * len(parts)
        self.expect(left)
        items: list[T] = []
        while not self.accept(right):
            if items:
                self.expect(",")
            items.append(item())
        return items

    # -- values and types -----------------------------------------------------------------------
    def type(self) -> Type:
        """A type."""
        token = self.next()
        if self.tokens[self.position] == "<":  # a type that the token pattern could not take in one
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
        value = self.scope.get(self.tokens[self.position])
        if value is None:
            self.fail(f"use of undefined value {self.tokens[self.position]}")
        self.position += 1
        return value

    def uses(self) -> list[Value]:
        """Uses separated by commas; at least one."""
        values = [self.use()]
        while self.tokens[self.position] == ",":
            self.position += 1
            values.append(self.use())
        return values

    def define(self, name: str, kind: Type) -> Value:
        """A new value in the current scope; ``name`` as in the text."""
        if name in self.scope:
            self.fail(f"redefinition of value {name}")
        value = self.scope[name] = Value(kind, name[1:])
        return value

    def argument(self) -> tuple[str, Type]:
        """``%name: type``."""
        name = self.next()
        self.expect(":")
        return name, self.type()

    def check(self, values: list[Value], *kinds: Type) -> None:
        """The values have these types."""
        if len(values) != len(kinds):
            self.fail(f"{len(values)} operands and {len(kinds)} types")
        for value, kind in zip(values, kinds, strict=True):
            if value.type is not kind and value.type != kind:
                self.fail(f"%{value.name} is {value.type} and is used as {kind}")

    # -- attributes -----------------------------------------------------------------------------
    def attributes(self, right: str = "}") -> dict[str, Any]:
        """An attribute dictionary, or {} if none follows."""
        entries: dict[str, Any] = {}
        if not self.accept("{"):
            return entries
        while not self.accept(right):
            if entries:
                self.expect(",")
            name = self.next().strip('"')
            entries[name] = self.attribute() if self.accept("=") else UNIT
        return entries

    def attribute(self) -> Any:
        """One attribute as a Python value: int, float, str, bool, list, or dict."""
        if self.peek().startswith("["):
            return self.listed(self.attribute)
        if self.peek() == "{":
            return self.attributes()
        token = self.next()
        if token.startswith("dense"):
            return self.dense_token(token)
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
        if token == "array" and self.peek() == "<":
            return self.array()
        return Raw(token)

    def array(self) -> Raw:
        """``<i64: 1, 2>`` behind ``array``."""
        first = self.position
        while self.next() != ">":
            pass
        kind, _, *numbers = self.tokens[first + 1 : self.position - 1]
        inside = f"{kind}: {' '.join(numbers).replace(' ,', ',')}" if numbers else kind
        return Raw(f"array<{inside}>")

    def number(self, token: str) -> int | float | tuple[str, int]:
        """The value of a numeric token and its optional ``: type``, which is dropped."""
        value = self.literal(token)
        if self.accept(":"):
            kind = self.type()
            if kind.elem in ("f32", "bf16", "f16", "f64") and token.startswith("0x"):
                return (kind.elem, int(token, 0))
        return value

    def alias(self) -> None:
        """``#name = attribute`` in front of a module."""
        name = self.next()
        self.expect("=")
        self.aliases[name] = self.attribute()

    def opaque(self, token: str) -> Any:
        """``#aie<…>``: the padding layout is understood, everything else kept as text; or an alias."""
        if token in self.aliases:
            return self.aliases[token]
        if self.peek() != "<":
            return Raw(token)
        start = self.position
        depth, pads = 0, list[int]()
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
        return Raw(token + "".join(self.tokens[start : self.position]))

    def dense(self) -> Any:
        """``<…>`` of a dense attribute: a scalar for a splat, nested lists otherwise."""
        self.expect("<")
        value = self.dense_value()
        self.expect(">")
        return value

    def dense_token(self, token: str) -> Any:
        """What ``dense<…>`` says, whose token may hold all of it if there are no lists inside."""
        return ModuleReader(token[5:]).dense() if len(token) > 5 else self.dense()

    def dense_value(self) -> Literal:
        """A scalar or a list inside ``dense<…>``; hex literals are kept as ("hex", bits)."""
        if self.peek().startswith("["):
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
        if INTEGER.match(token):
            return int(token, 0)
        if not REAL.match(token):
            self.position -= 1
            self.fail(f"expected a number, got '{token}'")
        return float(token)

    # -- regions --------------------------------------------------------------------------------
    def block(self, args: list[tuple[str, Type]] = [], *, isolated: bool = False) -> Block:  # noqa: B006 - never changed
        """``{ … }`` with one block, which sees the values around it unless it is isolated."""
        outer = self.scope
        self.scope = {} if isolated else dict(outer)
        self.expect("{")
        if self.peek().startswith("^") and not args:
            args = self.header()
        block = Block([self.define(name, kind) for name, kind in args])
        ops, tokens = block.ops, self.tokens
        while tokens[self.position] != "}":
            ops.append(self.operation())
        self.position += 1
        self.scope = outer
        return block

    def header(self) -> list[tuple[str, Type]]:
        """``^label(%a: T, …):``; gives the arguments."""
        self.next()
        args = self.listed(self.argument, "(", ")") if self.peek() == "(" else []
        self.expect(":")
        return args

    def blocks(self) -> dict[str, Block]:
        """``{ … ^next: … }``: blocks without arguments by their labels, the first one's is ""."""
        outer = self.scope
        self.scope = dict(outer)
        labelled = {"": Block()}
        label = ""
        self.expect("{")
        while not self.accept("}"):
            if self.peek().startswith("^"):
                label = self.next()
                self.expect(":")
                if label in labelled:
                    self.fail(f"block {label} given twice")
                labelled[label] = Block()
            labelled[label].ops.append(self.operation())
        self.scope = outer
        return labelled

    def operation(self) -> Op:
        """One operation with its results."""
        names: list[str] = []
        if self.tokens[self.position][:1] == "%":
            names.append(self.next())
            while self.accept(","):
                names.append(self.next())
            if self.accept(":"):
                names = [f"{names[0]}#{i}" for i in range(self.integer())]
            self.expect("=")
        definition = definition_of(self.tokens[self.position])
        if definition is None:
            self.fail(f"operation '{self.tokens[self.position]}' is not in the simulator's subset")
        op = Op(definition.name, self.lines[self.position])
        self.position += 1
        if definition.refers:
            self.references.append((op, definition))
        kinds = definition.parse(self, op)
        if len(kinds) != len(names) and (names or not definition.may_drop):
            self.fail(f"'{op.name}' gives {len(kinds)} results, {len(names)} are named")
        op.results = [self.define(name, kind) for name, kind in zip(names, kinds, strict=False)]
        return op
