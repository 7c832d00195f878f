"""Operations to text."""

from collections.abc import Iterable

from aie_conv.ir.core import Block, Op, Value
from aie_conv.ir.definition import definition_of


class Printer:
    """Collects text; values keep the names that they have."""

    def __init__(self, indent: int = 0) -> None:
        self._parts: list[str] = []
        self.write = self._parts.append
        self._margin = "  " * indent

    def text(self) -> str:
        """Everything written so far."""
        return "".join(self._parts)

    def op(self, op: Op) -> None:
        """A line, or as many as its regions have."""
        write = self.write
        results = op.results
        definition = definition_of(op.name)
        if definition is None:
            raise ValueError(f"no definition of {op.name}")
        if not results:
            write(f"{self._margin}{definition.written}")
        elif len(results) == 1 and "#" not in results[0].name:
            write(f"{self._margin}%{results[0].name} = {definition.written}")
        else:
            write(f"{self._margin}{self._names(results)} = {definition.written}")
        definition.print(self, op)
        write("\n")

    @staticmethod
    def _names(results: list[Value]) -> str:
        stem, _, number = results[0].name.rpartition("#")
        if number:
            return f"%{stem}:{len(results)}"
        return ", ".join(f"%{value.name}" for value in results)

    def block(self, block: Block) -> None:
        """Its operations in braces."""
        self.write("{\n")
        self.ops(block.ops)
        self.write(f"{self._margin}}}")

    def ops(self, ops: Iterable[Op]) -> None:
        """Operations, one step further in."""
        outer = self._margin
        self._margin = f"{outer}  "
        for op in ops:
            self.op(op)
        self._margin = outer

    def label(self, text: str) -> None:
        """The line of a label, at the margin of the braces around it."""
        self.write(f"{self._margin}{text}:\n")

    @property
    def margin(self) -> str:
        """What stands in front of a line."""
        return self._margin

    @staticmethod
    def arguments(values: Iterable[Value]) -> str:
        """``%a: T, …``."""
        return ", ".join([f"%{value.name}: {value.type.text}" for value in values])


def print_op(op: Op, indent: int = 0) -> str:
    """The text of one operation and what is in it, with a line break behind it."""
    printer = Printer(indent)
    printer.op(op)
    return printer.text()
