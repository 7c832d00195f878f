"""The stage of a network: which dispatches each call of the NPU does, and why it ends where it does."""

from collections.abc import Mapping, Sequence

from aie_conv.partitioner.regions import Region
from aie_conv.plan import Dispatch
from aie_conv.report.explain.stage import StageReport
from aie_conv.report.explain.trim import plural, short, spaced, table, window

_FIRST = "(first of its function)"
_CALLS = ("", "call", "dispatches", "cycles", "border")
_MEMBERS = ("", "dispatch", "cycles", "result")


_TAKEN = {
    "auto": "The cut with the least price of launches and crossing values is taken.",
    "large": "The cut with the fewest calls is taken, as --amd-aie-regions=large asks.",
    "single": "Each is a call of its own, as --amd-aie-regions=single asks.",
}


def regions(
    calls: Sequence[Region],
    mode: str,
    shown: Dispatch | None,
    names: Mapping[str, str],
    *,
    pinned: bool = False,
) -> StageReport:
    """What the partitioner made of the dispatches on the NPU.

    Args:
        calls: in program order.
        mode: how they were cut, of :data:`aie_conv.partitioner.regions.MODES`.
        shown: the dispatch that the other stages follow; None where that is of another form.
        names: what each dispatch is called here, by its name.
        pinned: whether a route file names some of them.
    """
    star = shown.name if shown is not None else ""
    around = next((i for i, call in enumerate(calls) if star in call.names), 0)
    rows = [_row(call, star, names) for call in calls]
    members = [_members(call, star, names) for call in calls]
    followed = calls[around]
    inside = next((i for i, row in enumerate(members[around]) if row[0]), 0)
    text = table([_CALLS, *window(rows, around)], right=(2, 3))
    if followed.layout is not None:
        text += f"\n\n{followed.name}:\n"
        text += table([_MEMBERS, *window(members[around], inside)], right=(2,))
    full = [table([_CALLS, *rows], right=(2, 3))]
    full += [
        f"{call.name}:\n{table([_MEMBERS, *lines], right=(2,))}"
        for call, lines in zip(calls, members, strict=True)
        if call.layout is not None
    ]
    return StageReport("regions", _sentence(calls, mode, pinned), text, "\n\n".join(full), "txt")


def _sentence(calls: Sequence[Region], mode: str, pinned: bool) -> str:
    taken = _TAKEN[mode] + " Calls that the route file names are formed as it says." * pinned
    count = plural(sum(len(call.members) for call in calls), "dispatch")
    return (
        f"The NPU does {count} in {plural(len(calls), 'call')}. Dispatches that follow one another in"
        " one configuration of the array may be one call, a region: one launch, activations that stay in"
        f" its arena, no host copies between them. {taken} The border is the reason why a call is"
        " not one with the call before it. Cycles are the array's, predicted."
    )


def _row(call: Region, star: str, names: Mapping[str, str]) -> tuple[str, ...]:
    return (
        "*" if star in call.names else "",
        names.get(call.name, call.name),
        str(len(call.members)),
        spaced(call.predicted_cycles),
        short(call.border) or _FIRST,
    )


def _members(call: Region, star: str, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The dispatches of a call, and where the result of each goes."""
    leaves = {0} if call.layout is None else {r.member for r in call.layout.results}
    return [
        (
            "*" if member.node.name == star else "",
            names.get(member.node.name, member.node.name),
            spaced(member.plan.predicted_cycles),
            "leaves the call" if number in leaves else "stays in the arena",
        )
        for number, member in enumerate(call.members)
    ]
