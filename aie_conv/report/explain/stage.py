"""One stage of an explanation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StageReport:
    """What one step of the compiler made.

    Attributes:
        name: what ``--stage`` takes: lower case, words joined by hyphens ("chosen-plan").
        sentence: what changed and why, for a reader who has not seen the compiler.
        text: the part that matters, a few dozen lines at most.
        full: everything, where ``text`` is trimmed; otherwise the same.
        suffix: of the stage's file: "mlir" or "txt".
    """

    name: str
    sentence: str
    text: str
    full: str
    suffix: str = "mlir"
