"""Parameters that are right for one number of channels, stated for another: refused, or the results are right.

A route file and a plan database may state any parameters; the routes propose few of them.
"""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product

import pytest

from aie_conv.direct.parametric.layout import L1Layout
from aie_conv.direct.parametric.route import ParametricRoute
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.plan import ArrayPlan
from tests.support.direct.strategies import Case, simulate
from tests.support.mappings import candidates

LAST = (0, 2, 3, 1)
ROUTES = {
    "dense": ParametricRoute([L1Layout(2048, 2304, 1024, 6144, 512, seven_pixels=False)]),
    "depthwise": ParametricRoute([L1Layout(4096, 2304, 1024, 6144, 512, seven_pixels=False)]),
}
"""In small layouts, which small problems fit."""
STREAMS = [
    {"filter_groups": groups, "column_shares": shares, "time_shared": turns}
    for groups, shares, turns in product((1, 2, 4), (1, 2), (1, 2, 4))
]


def image(kind: str, channels: int, epilogue: str = "bias") -> Case:
    """8x8 outputs of so many channels: sums over 32 others, or over 3x3 pixels of their own."""
    if kind == "dense":
        shape = (32, channels, (8, 8), (1, 1))
        return Case(1, 1, *shape, (1, 1), (1, 1), "i8", LAST, LAST, LAST, 0, epilogue)
    shape = (1, 1, (10, 10), (3, 3))
    return Case(1, channels, *shape, (1, 1), (1, 1), "i8", LAST, LAST, LAST, 0, epilogue)


def borrowed(kind: str, case: Case, lender: Case) -> Iterator[ArrayPlan]:
    """Plans with the parameters of a lender's, whatever the streams of filters, that are not refused."""
    route, problem = ROUTES[kind], case.problem()
    for parameters, streams in product(candidates(route, lender.problem(), "npu4"), STREAMS):
        try:
            yield route.propose(problem, "npu4", asdict(parameters) | streams)
        except ConfigRefused:
            continue


def traits(plan: ArrayPlan) -> tuple[int | bool, ...]:
    """Groups, shares and turns; whether N tiles overlap, and whether rounds of them do."""
    mapping, grid = plan.mapping, plan.mapping.grid
    p = plan.parameters
    ragged = len(mapping.addresses.n_tile_runs) > 1
    late = grid.share_n_tiles > grid.rows and grid.share_n_tiles % grid.rows > 0
    return p["filter_groups"], p["column_shares"], p["time_shared"], ragged, late


@pytest.mark.parametrize(
    ("kind", "epilogue", "channels", "expected"),
    [
        ("dense", "bias", 48, (2, 1, 2, True, False)),
        ("dense", "bias", 112, (2, 1, 1, True, False)),
        ("dense", "bias", 160, (2, 2, 1, False, True)),
        ("dense", "residual", 80, (2, 1, 1, False, True)),
        ("dense", "residual", 128, (2, 2, 1, False, False)),
        ("depthwise", "bias", 48, (2, 1, 4, True, False)),
        ("depthwise", "bias", 160, (2, 2, 4, False, True)),
        ("depthwise", "bias", 128, (2, 2, 1, False, False)),
    ],
)
def test_what_is_not_refused_equals_torch(
    kind: str, epilogue: str, channels: int, expected: tuple[int | bool, ...]
) -> None:
    """One plan of each kind with filters for groups of columns: with one stream a row others are tested."""
    case = image(kind, channels, epilogue)
    plans: dict[tuple[int | bool, ...], ArrayPlan] = {}
    for lender in (32, 64):
        for plan in borrowed(kind, case, image(kind, lender, epilogue)):
            if plan.mapping.grid.filter_groups > 1:
                plans.setdefault(traits(plan), plan)
    assert expected in plans
    for plan in plans.values():
        got, arrays = simulate(case, plan, plan.emit())
        case.check(got, arrays)


@pytest.mark.parametrize("kind", ROUTES)
@pytest.mark.parametrize(
    ("streams", "message"),
    [
        # Cores that get the same filters would write different channels.
        ({"filter_groups": 1, "column_shares": 2}, "column shares"),
        # A shim would bring filters of two groups, for as many tiles.
        ({"filter_groups": 4, "column_shares": 1}, "filter groups"),
        ({"filter_groups": 3, "column_shares": 1}, "filter groups"),
    ],
)
def test_streams_that_no_array_has_are_refused(
    kind: str, streams: dict[str, int], message: str
) -> None:
    case = image(kind, 128)
    plan = ROUTES[kind].propose(case.problem(), "npu4")
    with pytest.raises(ConfigRefused, match=message):
        ROUTES[kind].propose(case.problem(), "npu4", {**plan.parameters, **streams})


def test_fewer_turns_than_rows_with_channels_of_their_own_are_refused() -> None:
    """Each row of cores waits for its own object: two of four turns leave objects that none takes."""
    case = image("depthwise", 64)
    plans = (
        ROUTES["depthwise"].propose(case.problem(), "npu4", asdict(p))
        for p in candidates(ROUTES["depthwise"], case.problem(), "npu4")
        if p.tile_n == p.tile_k == 32 and asdict(p)["time_shared"] == 4
    )
    plan = next(plans)
    with pytest.raises(ConfigRefused, match="time-shared rows: 2 for 2 N tiles"):
        ROUTES["depthwise"].propose(case.problem(), "npu4", {**plan.parameters, "time_shared": 2})
