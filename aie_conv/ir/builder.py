"""Builds operations: a place where they are inserted, and names for their values.

Types of results are inferred where they follow (:mod:`aie_conv.ir.dialects`), and operands are checked as a
reader would. A builder names values from their stems and a number of its own, so that text is the same
whenever it is built the same way. One builder serves one function, core or sequence.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aie_conv.ir import dialects
from aie_conv.ir.core import INDEX, Block, Op, Type, Value, scalar, vector
from aie_conv.ir.definition import definition_of

_DIALECTS = dialects.DIALECTS
"""Importing them fills the table of definitions."""

ALIGNMENT = 32
"""Bytes that vector accesses are aligned to: an access of the core's memory."""


@dataclass
class Carried:
    """A loop that carries values: set ``values`` to the next ones; ``results`` are the last.

    Attributes:
        iv: the loop's counter.
        values: at first those of the present trip.
        results: what the loop gives.
    """

    iv: Value
    values: list[Value]
    results: list[Value]


class Builder:
    """Inserts operations at the end of a block."""

    def __init__(self, block: Block | None = None) -> None:
        self.block = block or Block()
        self._number = 0

    # -- any operation ----------------------------------------------------------------------------
    def name(self, stem: str) -> str:
        """A new name of a value."""
        self._number += 1
        return f"{stem}_{self._number}"

    def op(
        self,
        name: str,
        *operands: Value,
        types: Sequence[Type] = (),
        names: Sequence[str] = (),
        attrs: Mapping[str, Any] | None = None,
        blocks: Sequence[Block] = (),
    ) -> Op:
        """Insert an operation.

        Args:
            name: of the operation.
            operands: its operands.
            types: of its results, where they do not follow.
            names: of its results, as they are.
            attrs: its attributes.
            blocks: its regions' blocks.

        Raises:
            VerifyError: operands or types do not fit.
        """
        definition = definition_of(name)
        if definition is None:
            raise ValueError(f"no definition of {name}")
        op = Op(name, 0, list(operands), [], dict(attrs) if attrs else {}, list(blocks))
        kinds = definition.results(op, types)
        if kinds:
            op.results = [Value(kind, stem) for kind, stem in zip(kinds, names, strict=True)]
        self.block.ops.append(op)
        return op

    def value(
        self, stem: str, name: str, *operands: Value, to: Type | None = None, **attrs: Any
    ) -> Value:
        """Insert an operation with one result, which is returned.

        Args:
            stem: of the result's name.
            name: of the operation.
            operands: its operands.
            to: type of the result, where it does not follow.
            attrs: its attributes.
        """
        definition = definition_of(name)
        if definition is None:
            raise ValueError(f"no definition of {name}")
        op = Op(name, 0, list(operands), [], attrs)
        (kind,) = definition.results(op, () if to is None else (to,))
        self._number += 1
        result = Value(kind, f"{stem}_{self._number}")
        op.results.append(result)
        self.block.ops.append(op)
        return result

    # -- numbers ----------------------------------------------------------------------------------
    def constant(self, value: float, kind: Type = INDEX, stem: str = "c") -> Value:
        """A number, or a vector of it."""
        self._number += 1
        result = Value(kind, f"{stem}_{self._number}")
        self.block.ops.append(Op("arith.constant", 0, [], [result], {"value": value}))
        return result

    def table(self, values: Sequence[float], kind: Type, stem: str = "k") -> Value:
        """A number for each lane of a vector: it lies in the core's memory, and is loaded."""
        return self.value(stem, "arith.constant", to=kind, value=list(values))

    def sum(self, left: Value, right: Value) -> Value:
        """The sum of two indices."""
        return self.value("i", "arith.addi", left, right)

    def times(self, index: Value, factor: int) -> Value:
        """An index times a constant."""
        return self.value("i", "arith.muli", index, self.constant(factor))

    def plus(self, index: Value, more: int) -> Value:
        """An index and a constant."""
        return self.sum(index, self.constant(more)) if more else index

    def word(self, buffer: Value, place: Value, factor: int = 1) -> Value:
        """A number of a buffer of i32, times a constant, as an index; the product fits into 32 bits."""
        word = self.value("n", "memref.load", buffer, place)
        if factor > 1:
            word = self.value("n", "arith.muli", word, self.constant(factor, scalar("i32")))
        return self.value("n", "arith.index_cast", word, to=INDEX)

    def compare(self, predicate: str, left: Value, right: Value) -> Value:
        """Whether integers (or floats, by ``cmpf``'s predicates) are in an order, lane by lane."""
        name = "arith.cmpf" if left.type.elem in ("f32", "bf16") else "arith.cmpi"
        return self.value("is", name, left, right, predicate=predicate)

    # -- vectors ----------------------------------------------------------------------------------
    def load(
        self, stem: str, buffer: Value, index: Value, lanes: int, alignment: int = ALIGNMENT
    ) -> Value:
        """``lanes`` neighbours of a flat buffer."""
        kind = vector(buffer.type.elem, lanes)
        return self.value(stem, "vector.load", buffer, index, to=kind, alignment=alignment)

    def store(self, value: Value, buffer: Value, index: Value, alignment: int = ALIGNMENT) -> None:
        """Neighbours of a flat buffer."""
        self.op("vector.store", value, buffer, index, attrs={"alignment": alignment})

    def shuffle(self, stem: str, left: Value, right: Value, lanes: Sequence[int]) -> Value:
        """Lanes of two vectors one behind the other; -1 for any."""
        return self.value(stem, "vector.shuffle", left, right, mask=list(lanes))

    # -- functions and regions --------------------------------------------------------------------
    def call(self, name: str, *operands: Value, to: Type, stem: str = "y") -> Value:
        """Call a function that gives a value."""
        return self.value(stem, "func.call", *operands, to=to, callee=name)

    def run(self, name: str, *operands: Value) -> None:
        """Call a function that gives nothing."""
        self.op("func.call", *operands, attrs={"callee": name})

    @contextmanager
    def inside(self, block: Block) -> Generator[Block]:
        """Insert into another block meanwhile."""
        outer, self.block = self.block, block
        yield block
        self.block = outer

    @contextmanager
    def loop(self, stem: str, lower: Value, upper: Value, step: Value) -> Generator[Value]:
        """An ``scf.for`` without carried values; gives its counter."""
        counter = Value(INDEX, self.name(stem))
        block = Block([counter])
        self.op("scf.for", lower, upper, step, blocks=[block])
        with self.inside(block):
            yield counter

    @contextmanager
    def carrying(
        self, stem: str, bounds: tuple[Value, Value, Value], start: Sequence[Value]
    ) -> Generator[Carried]:
        """An ``scf.for`` that carries values."""
        counter = Value(INDEX, self.name(stem))
        carried = [Value(value.type, self.name("x")) for value in start]
        names, kinds = self.name("sum"), [value.type for value in start]
        block = Block([counter, *carried])
        op = self.op(
            "scf.for",
            *bounds,
            *start,
            types=kinds,
            names=[f"{names}#{number}" for number in range(len(start))],
            blocks=[block],
        )
        loop = Carried(counter, list[Value](carried), op.results)
        with self.inside(block):
            yield loop
            self.op("scf.yield", *loop.values)

    @contextmanager
    def branch(self, condition: Value, *, otherwise: bool = False) -> Generator[Block]:
        """An ``scf.if`` without values; with ``otherwise`` it gives the block of its else, to fill."""
        then, other = Block(), Block()
        blocks = [then, other] if otherwise else [then]
        self.op("scf.if", condition, blocks=blocks)
        with self.inside(then):
            yield other

    def chosen(
        self, stem: str, condition: Value, then: Block, other: Block, kinds: Sequence[Type]
    ) -> list[Value]:
        """An ``scf.if`` of blocks that end in ``scf.yield``; gives its values."""
        names = self.name(stem)
        op = self.op(
            "scf.if",
            condition,
            types=kinds,
            names=[f"{names}#{number}" for number in range(len(kinds))],
            blocks=[then, other],
        )
        return op.results


class Function:
    """A function without results under construction.

    Attributes:
        builder: of its body.
        arguments: its arguments' values.
    """

    def __init__(
        self, name: str, arguments: Sequence[tuple[str, Type]], *, private: bool = True
    ) -> None:
        self.arguments = [Value(kind, stem) for stem, kind in arguments]
        block = Block(list(self.arguments))
        self.builder = Builder(block)
        kinds = tuple(kind for _, kind in arguments)
        attrs: dict[str, Any] = {"sym_visibility": "private"} if private else {}
        attrs |= {"sym_name": name, "function_type": (kinds, ())}
        self._op = Op("func.func", 0, [], [], attrs, [block])

    def finish(self) -> Op:
        """The function, closed by a return."""
        self.builder.op("func.return")
        return self._op


def declaration(name: str, inputs: Sequence[Type], results: Sequence[Type]) -> Op:
    """A private function without a body."""
    kinds = (tuple(inputs), tuple(results))
    attrs = {"sym_visibility": "private", "sym_name": name, "function_type": kinds}
    return Op("func.func", 0, [], [], attrs)
