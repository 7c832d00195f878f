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
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from common import EXAMPLES
from numpy.typing import NDArray

from aie_conv.arch import device_names, get_device
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.partitioner import choose, route_names
from aie_conv.partitioner.interface import Decision, Plan
from aie_conv.problem import DTYPE_BYTES, ConvProblem
from aie_conv.sim import Simulator
from aie_conv.target.options import Options
from aie_conv.target.planning import Planning

NETWORKS = ("resnet50", "mobilenet_v2")
DTYPES = ("int8", "bf16")
LIMIT = 0.05
"""By how much the chosen route may cost more than the cheapest."""
ROUTES = tuple(name for name in route_names() if name not in ("auto", "cpu"))


@dataclass(frozen=True)
class Layer:
    """A problem of a network: its first name, how often it occurs, its constant operands.

    Problems that differ in the epilogue's numbers alone (shifts and bounds of int8) are one.
    """

    name: str
    count: int
    problem: ConvProblem
    constants: frozenset[str]


@dataclass(frozen=True)
class Run:
    """One route's plan, simulated.

    Attributes:
        plan: the plan.
        cycles: of the array, from the first command to the last token.
        host: price of the host copies and the dispatch, in the same cycles.
        share: multiply-accumulates of the problem per cycle that the cores compute, of their peak.
        shim_bytes: what crossed the array's border.
        result: the output buffer.
    """

    plan: Plan
    cycles: int
    host: int
    share: float
    shim_bytes: int
    result: NDArray[Any]

    @property
    def cost(self) -> int:
        return self.cycles + self.host


@dataclass
class Tally:
    """What the lines add up to."""

    wins: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    worst: tuple[float, str] = (0.0, "")
    layers: int = 0
    different: list[str] = field(default_factory=list)


def layers(network: str, dtype: str, size: int) -> list[Layer]:
    """The distinct contractions of a network, in program order."""
    sys.path.insert(0, str(EXAMPLES))
    import importlib

    from network_report import named
    from network_run import module_of

    from aie_conv.bridge.pipeline import Dispatch, examine_module
    from aie_conv.target.report import entry

    example = importlib.import_module(network).EXAMPLE
    constants: dict[str, frozenset[str]] = {}

    def note(name: str, _: ConvProblem, equal: frozenset[str]) -> Decision:
        constants[name] = equal
        return Decision("cpu", "not asked yet")

    found: list[Dispatch] = [
        d for d in examine_module(module_of(example, dtype, size), choose=note) if d.problem
    ]
    pairs = named([entry(d) for d in found], example.shapes(size))
    names = {e["name"]: shape.name for shape, e in pairs if e is not None}
    distinct: dict[object, list[Layer]] = {}
    for dispatch in found:
        if dispatch.problem is not None and dispatch.name in constants:
            name, equal = names.get(dispatch.name, "classifier"), constants[dispatch.name]
            key = (without_numbers(dispatch.problem), equal)
            distinct.setdefault(key, []).append(Layer(name, 1, dispatch.problem, equal))
    return [replace(calls[0], count=len(calls)) for calls in distinct.values()]


def without_numbers(problem: ConvProblem) -> ConvProblem:
    """The problem with every constant of its epilogue zero."""
    steps = tuple(
        replace(step, attr=0) if step.op == "arith.constant" else step
        for step in problem.epilogue.steps
    )
    return replace(problem, epilogue=replace(problem.epilogue, steps=steps))


def operands(problem: ConvProblem) -> dict[str, NDArray[Any]]:
    """Random values for every buffer of a problem, the output included."""
    rng = np.random.default_rng(0)
    buffers = {"lhs": problem.lhs, "rhs": problem.rhs, "out": problem.out}
    buffers |= {f"in{i}": given.operand for i, given in enumerate(problem.epilogue.inputs)}
    return {
        name: (
            rng.integers(-8, 8, buffer.shape) if buffer.dtype[0] == "i" else
            rng.standard_normal(buffer.shape)
        ).astype(NUMPY_DTYPE[buffer.dtype])
        for name, buffer in buffers.items()
    }  # fmt: skip


def simulate(plan: Plan, host: int, values: dict[str, NDArray[Any]]) -> Run:
    """Run a plan's program between its host copies."""
    problem = plan.problem
    buffers = apply(plan.prologue, {k: v for k, v in values.items() if k != "out"})
    last = plan.arguments[-1]
    out = values["out"].copy()
    fresh = np.zeros(last.elements, NUMPY_DTYPE[last.dtype])
    buffers["result"] = fresh if plan.finish else out.reshape(-1)
    flat = [np.ascontiguousarray(buffers[a.name]).reshape(-1) for a in plan.arguments]
    stats = Simulator(plan.emit()).run(flat)
    result = flat[-1].reshape(out.shape) if not plan.finish else None
    if result is None:
        result = apply(plan.finish, {**values, "result": flat[-1], "out": out})["out"]
    peak = get_device(plan.device).arch.macs_per_cycle[_operand(problem)]
    share = problem.macs / (sum(stats.core_cycles.values()) * peak)
    return Run(plan, stats.cycles, host, share, stats.shim_bytes, result)


def _operand(problem: ConvProblem) -> str:
    return max((problem.lhs.dtype, problem.rhs.dtype), key=DTYPE_BYTES.__getitem__)


def _host(decision: Decision) -> int:
    return next(c["host_cycles"] for c in decision.candidates if c["route"] == decision.route)


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
    given = {"device": device, "constants": layer.constants, "planner": planner}
    auto = choose(problem, **given)
    values = operands(problem)
    runs: dict[str, Run] = {}
    for route in ROUTES:
        decision = choose(problem, route=route, **given)
        if decision.plan is not None:
            runs[route] = simulate(decision.plan, _host(decision), values)
    costs = {route: run.cost for route, run in runs.items()}
    costs |= {c["route"]: c["cost"] for c in auto.candidates if c["route"] == "cpu"}
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
