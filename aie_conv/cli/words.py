"""The words of a command line that holds a tool's own options and a command of MIOpen's driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aie_conv.errors import UsageError


@dataclass
class Words:
    """A command line, parted.

    Attributes:
        values: options with their values, the last of each.
        switches: options without one.
        backends: in the order given.
        command: the words of the command.
    """

    values: dict[str, str] = field(default_factory=dict[str, str])
    switches: set[str] = field(default_factory=set[str])
    backends: list[str] = field(default_factory=list[str])
    command: list[str] = field(default_factory=list[str])


def part(arguments: Sequence[str], with_value: set[str], switches: set[str]) -> Words:
    """Part a command line into the tool's own options and the words of a command.

    Raises:
        UsageError: an option lacks its value, or a switch has one.
    """
    words = Words()
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in with_value:
            if not equals:
                if not waiting:
                    raise UsageError(f"--{name}: needs a value")
                value = waiting.pop(0)
            if name == "backend":
                words.backends += [b for b in value.split(",") if b not in words.backends]
            words.values[name] = value
        elif word.startswith("--") and name in switches:
            if equals:
                raise UsageError(f"--{name}: takes no value")
            words.switches.add(name)
        else:
            words.command.append(word)
    return words


def one_of(name: str, value: str, known: Sequence[str]) -> str:
    """A word that is known; raises UsageError elsewise."""
    if value not in known:
        raise UsageError(f"--{name}={value}: unknown: use one of {', '.join(known)}")
    return value


def number(values: dict[str, str], name: str, default: int, least: int) -> int:
    """A whole number of at least ``least``; raises UsageError elsewise."""
    text = values.get(name, str(default))
    if not text.lstrip("-").isdigit() or int(text) < least:
        raise UsageError(f"--{name}={text}: give a whole number of at least {least}")
    return int(text)


def real(values: dict[str, str], name: str) -> float | None:
    """A number, None where it is not given; raises UsageError elsewise."""
    text = values.get(name)
    try:
        return None if text is None else float(text)
    except ValueError:
        raise UsageError(f"--{name}={text}: no number") from None
