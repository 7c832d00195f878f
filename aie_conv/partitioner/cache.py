"""What searches found, kept in a folder of the user's cache; see :mod:`aie_conv.partitioner.database`."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aie_conv.errors import UsageError
from aie_conv.files import write_whole
from aie_conv.partitioner.pins import Frozen
from aie_conv.problem import ConvProblem


@dataclass(frozen=True)
class Known:
    """A plan without its problem.

    Attributes:
        parameters: what the route makes it from again.
        measured: its cycles by a measurer; None where none was asked.
        fast: cycles by the measurer of the plan that the cost model likes best.
    """

    parameters: Frozen
    measured: int | None = None
    fast: int | None = None


@dataclass(frozen=True)
class Question:
    """What is asked of a route.

    Attributes:
        route, style: which, by name.
        spec: its class, "module:class".
        problem: the problem.
        device: the user's name of the device.
        how: how it is searched for; another measurer is another way.
    """

    route: str
    style: str
    spec: str
    problem: ConvProblem
    device: str
    how: str


class Plans(Protocol):
    """A place where plans are looked for."""

    def recall(self, question: Question) -> Known | str | None:
        """What is known: a plan, why there is none, or None for nothing."""
        ...

    def misfit(self, question: Question, why: str) -> None:
        """Told that the route refuses a plan that was recalled."""
        ...


def frozen_parameters(parameters: Mapping[str, int]) -> Frozen:
    """Parameters in order of their names."""
    return tuple(sorted(parameters.items()))


class PlanCache:
    """A folder with a small file for each search: any number of processes may use it at once.

    Args:
        folder: made at the first write.
        version: of the code that makes plans.
        most: files that are kept; the oldest go.
    """

    def __init__(self, folder: Path, version: str, most: int = 4096) -> None:
        self._folder = folder
        self._version = version
        self._most = most
        self._broken = False

    def _path(self, question: Question) -> Path:
        text = f"{self._version} {question!r}"
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()}.json"

    def recall(self, question: Question) -> Known | str | None:
        """What an earlier process found; a file that cannot be used counts as none."""
        try:
            data = json.loads(self._path(question).read_bytes())
            if "refused" in data:
                return str(data["refused"])
            parameters, judged, fast = data["parameters"], data["judged"], data["fast"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not (is_parameters(parameters) and is_cycles(judged) and is_cycles(fast)):
            return None
        return Known(frozen_parameters(parameters), judged, fast)

    def misfit(self, question: Question, why: str) -> None:
        """Nothing to do: the search that follows writes the file anew."""

    def remember(self, question: Question, answer: Known | str) -> None:
        """Write a file; a folder that cannot be written is left alone."""
        if self._broken:
            return
        data: dict[str, Any] = (
            {"refused": answer}
            if isinstance(answer, str)
            else {
                "parameters": dict(answer.parameters),
                "judged": answer.measured,
                "fast": answer.fast,
            }
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._prune()
            write_whole(self._path(question), json.dumps(data).encode())
        except (OSError, UsageError):
            self._broken = True

    def _prune(self) -> None:
        """Remove the oldest files, a quarter of them, before there are too many."""
        files = list(os.scandir(self._folder))
        if len(files) < self._most:
            return
        ages: list[tuple[float, str]] = []
        for file in files:
            # Another process may have removed it.
            with suppress(FileNotFoundError):
                ages.append((file.stat().st_mtime, file.name))
        for _, name in sorted(ages)[: self._most // 4 or 1]:
            (self._folder / name).unlink(missing_ok=True)


def is_parameters(value: object) -> bool:
    """Whether what was read from a file is an object of numbers."""
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(number, int) for name, number in value.items()
    )


def is_cycles(value: object) -> bool:
    """Whether what was read from a file is a number of cycles, or null."""
    return value is None or (type(value) is int and value > 0)
