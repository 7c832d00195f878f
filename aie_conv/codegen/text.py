"""A small writer of IR text: indentation and fresh value names, one instance a function."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Carrying:
    """A loop that carries values: set ``values`` to the next ones; ``results`` are the last."""

    iv: str
    values: list[str]
    results: list[str]


class Writer:
    """Collects lines of IR; names are numbered from the writer, never from the process."""

    def __init__(self, indent: int = 2) -> None:
        self._lines: list[str] = []
        self._indent = indent
        self._next = 0

    def line(self, text: str) -> None:
        """Append one line."""
        self._lines.append("  " * self._indent + text)

    def fresh(self, stem: str) -> str:
        """A new value name."""
        self._next += 1
        return f"%{stem}_{self._next}"

    def value(self, stem: str, text: str) -> str:
        """Append ``%name = text`` and return the name."""
        name = self.fresh(stem)
        self.line(f"{name} = {text}")
        return name

    def constant(self, value: int, dtype: str = "index") -> str:
        """An integer constant."""
        return self.value("c", f"arith.constant {value} : {dtype}")

    @contextmanager
    def block(self, head: str, tail: str = "}") -> Generator[None]:
        """Lines between ``head {`` and ``tail``, indented."""
        self.line(head + " {")
        self._indent += 1
        yield
        self._indent -= 1
        self.line(tail)

    @contextmanager
    def rest(self) -> Generator[None]:
        """Lines up to ``}`` behind a block that ended with ``} else {``."""
        self._indent += 1
        yield
        self._indent -= 1
        self.line("}")

    @contextmanager
    def loop(self, stem: str, lower: str, upper: str, step: str) -> Generator[str]:
        """An ``scf.for`` without carried values; yields its induction variable."""
        iv = self.fresh(stem)
        with self.block(f"scf.for {iv} = {lower} to {upper} step {step}"):
            yield iv

    @contextmanager
    def carrying(
        self, stem: str, bounds: tuple[str, str, str], init: list[str], dtype: str
    ) -> Generator[Carrying]:
        """An ``scf.for`` that carries values of one type."""
        iv = self.fresh(stem)
        carried = [self.fresh("x") for _ in init]
        results = self.fresh("sum")
        pairs = ", ".join(f"{x} = {value}" for x, value in zip(carried, init, strict=True))
        types = ", ".join(dtype for _ in init)
        lower, upper, step = bounds
        loop = Carrying(iv, carried, [f"{results}#{i}" for i in range(len(init))])
        head = f"{results}:{len(init)} = scf.for {iv} = {lower} to {upper} step {step}"
        with self.block(f"{head} iter_args({pairs}) -> ({types})"):
            yield loop
            self.line(f"scf.yield {', '.join(loop.values)} : {types}")

    def sum(self, left: str, right: str) -> str:
        """The sum of two indices."""
        return self.value("i", f"arith.addi {left}, {right} : index")

    def times(self, index: str, factor: int) -> str:
        """An index times a constant."""
        return self.value("i", f"arith.muli {index}, {self.constant(factor)} : index")

    def plus(self, index: str, more: int) -> str:
        """An index and a constant."""
        return self.sum(index, self.constant(more)) if more else index

    def word(self, buffer: str, kind: str, place: str, factor: int = 1) -> str:
        """A number of a buffer of i32, times a constant, as an index; the product fits into 32 bits."""
        word = self.value("n", f"memref.load {buffer}[{place}] : {kind}")
        if factor > 1:
            word = self.value("n", f"arith.muli {word}, {self.constant(factor, 'i32')} : i32")
        return self.value("n", f"arith.index_cast {word} : i32 to index")

    def text(self) -> str:
        """Everything written so far."""
        return "\n".join(self._lines) + "\n"
