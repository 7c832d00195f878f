"""Runs the `console` blocks of a page: each command, against the output that the page shows.

A line `...` stands for any lines, `…` inside a line for any text. A command goes on in the next line
where its line ends with a backslash.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aie_conv.cli.main import main

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Step:
    """A command of a page.

    Attributes:
        line: the number of its first line, from 1.
        first, last: the lines of its output in the page, as a half-open range of indices.
        command: what is run.
        expected: the output that the page shows.
    """

    line: int
    first: int
    last: int
    command: str
    expected: tuple[str, ...]


def steps(text: str) -> list[Step]:
    """The commands of a page's `console` blocks, in order."""
    lines = text.splitlines()
    found: list[Step] = []
    i = 0
    while i < len(lines):
        if lines[i] != "```console":
            i += 1
            continue
        i += 1
        while lines[i] != "```":
            start = i
            assert lines[i].startswith("$ "), f"line {i + 1}: a block begins with a command"
            command = lines[i][2:]
            while command.endswith("\\"):
                i += 1
                command = command[:-1].rstrip() + " " + lines[i].strip()
            i += 1
            first = i
            while lines[i] != "```" and not lines[i].startswith("$ "):
                i += 1
            # A blank line before the next command parts them for the eye.
            last = i if lines[i] == "```" or lines[i - 1].strip() else i - 1
            found.append(Step(start + 1, first, last, command, tuple(lines[first:last])))
    return found


def run(command: str, folder: Path) -> list[str]:
    """The lines that a command prints, and its status if it is not 0; in this process if it can be."""
    words = shlex.split(command)
    if words[0] == "aie-conv" and not {"|", ">", "2>&1", ";"} & set(words):
        out = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(out):
            status = main(words[1:])
        text = out.getvalue()
    else:
        python = f'python() {{ "{sys.executable}" "$@"; }}'
        shim = f'{python}; aie-conv() {{ python -m aie_conv.cli.main "$@"; }}; {command}'
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["bash", "-c", shim], cwd=folder, env=environment, capture_output=True, text=True
        )
        text, status = done.stdout, done.returncode
    lines = [line.rstrip() for line in text.rstrip().splitlines()]
    return lines if status == 0 else [*lines, f"exit status {status}"]


def matches(expected: Sequence[str], got: Sequence[str]) -> bool:
    """Whether an output is what the page shows."""
    pattern = ""
    for line in expected:
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(line.rstrip()).replace("…", "[^\n]*") + "\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in got)) is not None


_NEW_LINES = 4
"""Lines that may have come into an output between two that the page shows behind one another."""


def _likeness(one: str, other: str) -> float:
    """How alike two lines are, their first words most of all."""
    heads = zip(one.split()[:3], other.split()[:3], strict=False)
    same = [a == b for a, b in heads]
    alike = same.index(False) if False in same else len(same)
    return alike + difflib.SequenceMatcher(None, one, other).ratio()


def renewed(expected: Sequence[str], got: Sequence[str]) -> list[str]:
    """What the page should show: its lines, where they stand, replaced by those that are most alike."""
    if "..." not in expected:
        return list(got)
    made: list[str] = []
    at, free = 0, False
    for line in expected:
        if line == "...":
            made.append(line)
            free = True
            continue
        choice = range(at, len(got)) if free else range(at, min(at + _NEW_LINES, len(got)))
        best = max(
            choice,
            key=lambda i: _likeness(line, got[i]),
            default=None,
        )
        if best is None:
            continue
        if not free:
            made += got[at:best]
        kept = matches([line], [got[best]])
        made.append(line if kept else got[best])
        at, free = best + 1, False
    if made and made[-1] != "..." and at < len(got):
        made.append("...")
    return made
