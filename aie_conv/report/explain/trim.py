"""Texts cut to what a reader needs: lines that fit a terminal, and few of them."""

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

WIDTH = 98
"""Columns of a line."""

_BREAK = re.compile(
    r"(?<=,) |(?<=[)\]}>]) (?=outs|ins|attrs|shared_outs|->|:)"
    r"| (?=\[affine_map)|(?<=\{) (?=\w)| (?=: )| (?=\+ )"
)
"""Where a line of IR may be broken: behind commas, and before operands, types and sums."""

_WHOLE = 64
"""Characters of a bracketed group that is not broken."""


def _join(line: str) -> str:
    """A line with the spaces of short bracketed groups, which are not broken, made hard."""
    chars = list(line.replace("->", "-\1"))
    open_at: list[int] = []
    for i, char in enumerate(chars):
        if char in "([<":
            open_at.append(i)
        elif char in ")]>" and open_at:
            start = open_at.pop()
            if i - start <= _WHOLE:
                chars[start:i] = ["\0" if c == " " else c for c in chars[start:i]]
    return "".join(chars).replace("-\1", "->")


def _short_pieces(pieces: list[str], width: int) -> Iterator[str]:
    """Pieces of a line, those that are too long broken at any space."""
    for piece in pieces:
        plain = piece.replace("\0", " ")
        if len(plain) <= width:
            yield plain
        else:
            yield from textwrap.wrap(plain, width, break_long_words=False, break_on_hyphens=False)


def wrap(line: str, width: int = WIDTH) -> list[str]:
    """A line of IR broken behind commas and before types, what follows indented below it."""
    indent = len(line) - len(line.lstrip())
    pieces = _BREAK.split(_join(line.strip()))
    if len(pieces[0]) + indent > width and pieces[0].startswith("func."):
        # A function's name and its first argument.
        name, bracket, rest = pieces[0].partition("(")
        pieces[:1] = [f"{name}(", rest] if bracket and rest else pieces[:1]
    rows: list[str] = []
    row = " " * indent
    for piece in _short_pieces(pieces, width - indent - 4):
        if row.strip() and len(row) + 1 + len(piece) > width:
            rows.append(row)
            row = " " * (indent + 4)
        row += piece if not row.strip() else f" {piece}"
    return [*rows, row]


def excerpt(text: str, most: int, width: int = WIDTH) -> str:
    """The first lines of a text, broken to fit; what is left out is counted."""
    lines = text.rstrip().splitlines()
    rows: list[str] = []
    for number, line in enumerate(lines):
        broken = wrap(line, width)
        if number and len(rows) + len(broken) > most:
            return "\n".join([*rows, f"... {len(lines) - number} more lines (--full)"])
        rows += broken
    return "\n".join(rows)


def keep(text: str, wanted: Callable[[str], bool]) -> str:
    """The lines that are wanted."""
    return "\n".join(line for line in text.splitlines() if wanted(line))


_CONSTANT = re.compile(
    r"^\s*(%[\w$]+) = arith\.constant (-?[\d.]+(?:e[+-]?\d+)?|true|false)(?: : \w+)?$"
)
_ADDRESS = re.compile(
    r"^\s*%[\w$]+ = (?:arith\.\w+ .* index|affine\.(?:apply|min|max) .*|vector\.(?:shape_cast|bitcast) .*)$"
)
_TAIL = re.compile(
    r" iter_args\(.*\) -> \(.*\)(?= \{)| : !aie\.objectfifosubview<.*|(?<=\)) : \(.*\) -> \(\)$"
    r"| \{alignment = \d+ : i64\}"
)
"""What only repeats types, or names what a loop hands on."""
_FOREVER = str(2**63 - 1)


def plain(text: str) -> str:
    """Code with its scalar constants written where they are used; no longer MLIR to the letter."""
    values: dict[str, str] = {}
    kept: list[str] = []
    for line in text.splitlines():
        match = _CONSTANT.match(line)
        if match is None:
            kept.append(line)
        else:
            values[match[1]] = "forever" if match[2] == _FOREVER else match[2]
    return re.sub(
        r"%[\w$]+(?!\w|#|:\d)", lambda name: values.get(name[0], name[0]), "\n".join(kept)
    )


def gist(text: str) -> str:
    """Code as an outline: no addresses, no repeated types, like operations as one line."""
    rows: list[str] = []
    count, last = 0, ""

    def flush() -> None:
        if count > 1:
            rows.append(
                f"{' ' * (len(rows[-1]) - len(rows[-1].lstrip()))}... {count - 1} more like it"
            )

    for line in plain(text).splitlines():
        if _ADDRESS.match(line):
            continue
        operation = re.search(r"^\s*(?:%[\w$:]+ = )?([a-z]\w*\.[\w.]+|func\.call @\w+)", line)
        kept = ("scf.", "aie.", "linalg.")
        like = operation[1] if operation and not operation[1].startswith(kept) else ""
        if like and like == last:
            count += 1
            continue
        flush()
        rows.append(_TAIL.sub("", line))
        count, last = 1, like
    flush()
    return re.sub(r"\[((?:-?\d+, ){4})(?:-?\d+, ){8,}-?\d+\]", r"[\1...]", "\n".join(rows))


def commented(text: str) -> str:
    """Text as comments of MLIR."""
    return "\n".join(f"// {line}".rstrip() for line in text.splitlines())


def table(rows: Sequence[Sequence[object]], right: Iterable[int] = ()) -> str:
    """Rows in columns; those in ``right`` are set to the right, the first row is a heading."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[c]) for row in cells) for c in range(len(cells[0]))]
    numbers = set(right)
    lines = (
        "  ".join(
            cell.rjust(width) if c in numbers else cell.ljust(width)
            for c, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
    return "\n".join(lines)


_ROWS = 24
"""Rows of a long table that are shown."""


def window(rows: Sequence[Sequence[str]], chosen: int) -> list[Sequence[str]]:
    """The rows of a table around one of them; what is left out is counted in the second column."""
    if len(rows) <= _ROWS:
        return list(rows)
    first = max(0, min(chosen - _ROWS // 2, len(rows) - _ROWS))
    blank = ("",) * (len(rows[0]) - 2)
    before = [("", f"... {first} before (--full)", *blank)] if first else []
    behind = len(rows) - first - _ROWS
    after = [("", f"... {behind} behind (--full)", *blank)] if behind else []
    return [*before, *rows[first : first + _ROWS], *after]


_PREFIX = re.compile(r"(?<![\w$])[\w$]+?_(dispatch_\d+_)")


def short(text: str) -> str:
    """Text with the names of dispatches as they begin behind their function's."""
    return _PREFIX.sub(r"\1", text)


def spaced(number: int) -> str:
    """A number in groups of three digits."""
    return f"{number:,}".replace(",", " ")


def times(numbers: Iterable[object]) -> str:
    """Sizes joined as a shape: 8x2."""
    return "x".join("?" if n is None else str(n) for n in numbers)


def plural(count: int, word: str) -> str:
    """A count with its word."""
    return f"{spaced(count)} {word}" + ("" if count == 1 else "es" if word[-1] in "hs" else "s")
