"""Every convolution of ResNet-50 and MobileNetV2 on each route, simulated, and what `auto` made of it.

For each distinct problem every route's plan is emitted and simulated on random operands. What a route
costs is the simulated cycles of the array and, beside them, the partitioner's price of the host copies
around the call; what the CPU costs is the partitioner's price alone. The choice is held against the
cheapest of all, and the routes' results against one another.

Columns: kcyc is simulated, model what the planner predicted of it, +host the price of the copies, KiB
what crossed the array's border ("least": every operand once), core the multiply-accumulates of the
problem per cycle of a computing core, of its peak; bound says what the planner takes for the bottleneck.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from common import Layer, Run, layers, operands, simulate
from numpy.typing import NDArray

from aie_conv.arch import device_names
from aie_conv.options import Options
from aie_conv.partitioner import Pricing, choose, route_names
from aie_conv.plan import Decision
from aie_conv.planning import Planning

NETWORKS = ("resnet50", "mobilenet_v2")
DTYPES = ("int8", "bf16")
LIMIT = 0.05
"""By how much the chosen route may cost more than the cheapest."""
ROUTES = tuple(name for name in route_names() if name not in ("auto", "cpu"))


@dataclass
class Tally:
    """What the lines add up to."""

    wins: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    worst: tuple[float, str] = (0.0, "")
    layers: int = 0
    different: list[str] = field(default_factory=list)


def _host(decision: Decision) -> int:
    return next(c.host_cycles for c in decision.candidates if c.route == decision.route)


def agree(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Whether two routes computed the same.

    Integers exactly. bf16 rounds sums of f32 that were added in another order, so that either may lie
    one unit in the last place, 2**-7 of a value at most, to either side.
    """
    if first.dtype.kind == "i":
        return bool(np.array_equal(first, second))
    a, b = first.astype(np.float64), second.astype(np.float64)
    largest = np.abs(a).max(initial=0.0)
    return bool((np.abs(a - b) <= 2.0**-7 * np.abs(a) + 2.0**-12 * largest).all())


def _kilo(value: float, of: int = 1000) -> str:
    return f"{value / of:.1f}"


def _head() -> list[str]:
    routes = [f"{r} {what}" for what in ("kcyc", "model", "+host", "KiB", "core") for r in ROUTES]
    return ["layer", "x", "MMACs", *routes, "least KiB", "cpu kcyc", "auto", "excess", "bound"]


def row(layer: Layer, device: str, tally: Tally) -> list[str]:
    """Simulate one layer on every route; its line of the table."""
    problem = layer.problem
    planner = Planning(Options(device=device, plan_cache="off")).planner
    given = {"device": device, "constants": layer.constants, "pricing": Pricing(planner=planner)}
    auto = choose(problem, **given)
    values = operands(problem)
    runs: dict[str, Run] = {}
    for route in ROUTES:
        decision = choose(problem, route=route, **given)
        if decision.plan is not None:
            runs[route] = simulate(decision.plan, _host(decision), values)
    costs = {route: run.cost for route, run in runs.items()}
    costs |= {c.route: c.cost for c in auto.candidates if c.route == "cpu"}
    best = min(costs, key=costs.__getitem__)
    excess = costs[auto.route] / costs[best] - 1
    _count(tally, layer, runs, best, auto.route, excess)

    def cells(value: Any) -> list[str]:
        return [value(runs[route]) if route in runs else "-" for route in ROUTES]

    return [
        layer.name,
        str(layer.count),
        _kilo(problem.macs, 10**6),
        *cells(lambda run: _kilo(run.cycles)),
        *cells(lambda run: f"{run.plan.predicted_cycles / run.cycles:.0%}"),
        *cells(lambda run: _kilo(run.host)),
        *cells(lambda run: _kilo(run.shim_bytes, 1024)),
        *cells(lambda run: f"{run.share:.0%}"),
        _kilo(problem.minimum_bytes, 1024),
        _kilo(costs["cpu"]) if "cpu" in costs else "-",
        auto.route,
        f"{excess:.1%}",
        ", ".join(f"{route}: {run.plan.bound}" for route, run in runs.items()),
    ]


def _count(
    tally: Tally, layer: Layer, runs: dict[str, Run], best: str, chosen: str, excess: float
) -> None:
    tally.layers += 1
    tally.wins[best] = tally.wins.get(best, 0) + 1
    tally.chosen[chosen] = tally.chosen.get(chosen, 0) + 1
    tally.worst = max(tally.worst, (excess, layer.name))
    first, *others = [run.result for run in runs.values()] or [np.zeros(0)]
    if not all(agree(first, other) for other in others):
        tally.different.append(layer.name)


def show(rows: Iterable[Sequence[str]]) -> None:
    """Print rows as they come, in columns of the heading's width or a little more."""
    head = _head()
    widths = [22, *(max(len(title), 7) for title in head[1:])]
    for cells in (head, *((r) for r in rows)):
        line = [cell.ljust(w) if i in (0, len(cells) - 1) else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(cells, widths, strict=True))]  # fmt: skip
        print("  ".join(line).rstrip(), flush=True)


def summary(what: str, tally: Tally) -> bool:
    """Print what a table adds up to; whether everything holds."""
    excess, where = tally.worst
    wins = ", ".join(f"{route} {count}" for route, count in sorted(tally.wins.items()))
    chosen = ", ".join(f"{route} {count}" for route, count in sorted(tally.chosen.items()))
    holds = excess <= LIMIT
    at = f" ({where})" if where and excess else ""
    print(
        f"{what}: {tally.layers} problems; cheapest: {wins}; auto chose: {chosen}; largest excess "
        f"{excess:.1%}{at} (at most {LIMIT:.0%}) {'ok' if holds else 'MISSED'}"
    )
    if tally.different:
        print(f"{what}: the routes compute different results: {', '.join(tally.different)}: MISSED")
    return holds and not tally.different


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=device_names(), default="npu1_4col")
    parser.add_argument("--network", choices=NETWORKS, action="append", help="default: all")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="default: all")
    parser.add_argument("--size", type=int, default=224, help="of the image")
    parser.add_argument("--layer", default="", help="only layers with this in their name")
    return parser.parse_args()


def main() -> int:
    args = options()
    holds = True
    for network in args.network or NETWORKS:
        for dtype in args.dtype or DTYPES:
            what = f"{network} {dtype} on {args.device}"
            print(f"\n{what}")
            tally = Tally()
            wanted = [la for la in layers(network, dtype, args.size) if args.layer in la.name]
            show(row(layer, args.device, tally) for layer in wanted)
            holds &= summary(what, tally)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
