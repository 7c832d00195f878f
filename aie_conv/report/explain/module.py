"""The first stages: the module as it came, and the dispatches that IREE makes of it."""

import re
from collections.abc import Sequence

from aie_conv.plan import Dispatch
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import commented, excerpt, plural, short, spaced, table, window

_LINES = 30


def imported(text: str) -> StageReport:
    """The module as it was given, read and printed again."""
    dialects = sorted(
        {
            name
            for name in re.findall(r"(?:= |^\s*)(\w+)\.[\w.]+", text, re.MULTILINE)
            if name in ("torch", "linalg", "tosa", "stablehlo", "onnx")
        }
    )
    words = " and ".join(dialects) or "its own"
    return StageReport(
        "imported",
        f"The module as it was given, in the {words} dialect. Nothing is decided yet: a convolution"
        " is one operation, its padding and what follows it are operations of their own.",
        excerpt(_torch_plain(text), _LINES),
        text,
    )


_TORCH_CONSTANT = re.compile(
    r"^\s*(%[\w$]+) = torch\.constant\.(?:int|float|bool) (\S+)(?: loc\(.*\))?$"
)
_TORCH_NONE = re.compile(r"^\s*(%[\w$]+) = torch\.constant\.(none|str .*|device .*)$")
_TORCH_LIST = re.compile(r"^\s*(%[\w$]+) = torch\.prim\.ListConstruct ?([^:]*) : .*$")


def _torch_plain(text: str) -> str:
    """torch's code with its constants and lists written where they are used."""
    values: dict[str, str] = {}
    kept: list[str] = []

    def written(words: str) -> str:
        return re.sub(r"%[\w$]+", lambda name: values.get(name[0], name[0]), words)

    for line in text.splitlines():
        constant = _TORCH_CONSTANT.match(line) or _TORCH_NONE.match(line)
        listed = _TORCH_LIST.match(line)
        if constant is not None:
            values[constant[1]] = constant[2]
        elif listed is not None:
            values[listed[1]] = f"[{written(listed[2]).strip()}]"
        else:
            kept.append(written(line))
    return "\n".join(kept)


def short_names(dispatches: Sequence[Dispatch]) -> dict[str, str]:
    """Each dispatch's name without its function's; with it where another's would be the same."""
    shortened = {d.name: short(d.name) for d in dispatches}
    taken = list(shortened.values())
    return {name: name if taken.count(cut) > 1 else cut for name, cut in shortened.items()}


def _rows(dispatches: Sequence[Dispatch], chosen: Dispatch | None) -> list[tuple[str, ...]]:
    names = short_names(dispatches)
    return [
        (
            "*" if dispatch is chosen else "",
            names.get(dispatch.name, dispatch.name),
            spaced(dispatch.problem.macs) if dispatch.problem else "-",
            dispatch.decision.route,
        )
        for dispatch in dispatches
    ]


def dispatches(
    all_of_them: Sequence[Dispatch], chosen: Dispatch | None, code: str, flow: str, layout: str
) -> StageReport:
    """What IREE's flow phase made.

    Args:
        all_of_them: in program order.
        chosen: the one that the next stages show; None where that is of another form.
        code: its function.
        flow: the whole module.
        layout: the layout flag that was given to IREE.
    """
    contractions = [d for d in all_of_them if d.contraction]
    rows = _rows(all_of_them, chosen)
    shown = window(rows, next((i for i, row in enumerate(rows) if row[0]), 0))
    heading = ("", "dispatch", "MACs", "route")
    channels_last = (
        " It was asked for channels last, the order that the NPU's DMA can address."
        if "transpose-convolution" in layout
        else ""
    )
    count = plural(len(all_of_them), "dispatch")
    holds = f"{len(contractions)} of them with a convolution or matmul"
    if len(all_of_them) == 1:
        holds = (
            "with a convolution or matmul"
            if contractions
            else "with neither convolution nor matmul"
        )
    sentence = (
        f"IREE cut the module into {count} (pieces of code that run one after another), {holds}."
        " What follows a convolution"
        " (bias, activation, conversions) is fused behind it, so that its sums are never stored."
        f"{channels_last}"
    )
    if chosen is not None:
        sentence += " The next stages show the one with a star" + (
            "; --dispatch NAME shows another." if all_of_them[1:] else "."
        )
    lines = "\n\n".join((table([heading, *shown], right=(2,)), excerpt(short(code), _LINES)))
    full = "\n\n".join((commented(table([heading, *rows], right=(2,))), flow))
    return StageReport("dispatches", sentence, lines, full)
