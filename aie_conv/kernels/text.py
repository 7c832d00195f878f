"""A small writer of IR text: indentation and fresh value names, one instance a function."""

from collections.abc import Generator
from contextlib import contextmanager


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
    def loop(self, stem: str, lower: str, upper: str, step: str) -> Generator[str]:
        """An ``scf.for`` without carried values; yields its induction variable."""
        iv = self.fresh(stem)
        with self.block(f"scf.for {iv} = {lower} to {upper} step {step}"):
            yield iv

    def text(self) -> str:
        """Everything written so far."""
        return "\n".join(self._lines) + "\n"
