"""Where each dispatch goes: every route's best plan and the CPU are priced, the cheapest wins.

Routes are known only by :mod:`aie_conv.plan`; a new one is a folder and a line here.
Prices are cycles of the array's clock (:mod:`aie_conv.partitioner.cost` says what they count).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

from aie_conv.arch import get_device
from aie_conv.errors import UsageError
from aie_conv.partitioner.cost import FIXED, HostCost
from aie_conv.partitioner.pins import Pin
from aie_conv.partitioner.planner import Found, Planner, proposed, route_of
from aie_conv.partitioner.words import current_style
from aie_conv.plan import Decision, Plan, Route
from aie_conv.problem import Arithmetic, ConvProblem

_ROUTES: dict[str, dict[str, str]] = {
    "im2col": {"": "aie_conv.img2col.plan:Im2colRoute"},
    "direct": {
        "vector": "aie_conv.direct.vector:VectorRoute",
        "sliding": "aie_conv.direct.sliding:SlidingRoute",
        "scalar": "aie_conv.direct.scalar:ScalarRoute",
        "parametric": "aie_conv.direct.parametric.route:ParametricRoute",
    },
}
"""Route -> style of its core code -> class. Scalar code is asked for where the others have no plan,
parametric code for plans that share a configuration."""

_ARITHMETIC: dict[str, Arithmetic] = {name: name for name in get_args(Arithmetic)}

F32_MODES = ("cpu", "bf16", "bf16x3")
"""What ``--amd-aie-f32`` takes."""

_CLOSE = 1.25
"""How many times the least cost a rival may cost and yet be cheaper: predictions are off by a fifth at most,
either way."""

DIRECT_STYLES = ("auto", "scalar", "vector", "sliding", "parametric")
"""What ``--amd-aie-direct`` takes."""

F32_STAYS = "f32 stays on the CPU (--amd-aie-f32=bf16 or bf16x3 lets the NPU compute it)"
"""Why an f32 problem that a route would take, for less than the CPU, is not given to it."""


def route_names() -> tuple[str, ...]:
    """What ``--amd-aie-route`` takes."""
    return ("auto", "cpu", *_ROUTES)


def routes() -> Iterator[Route]:
    """Every route in each of its styles."""
    for styles in _ROUTES.values():
        yield from map(route_of, styles.values())


def shareable_routes(route: str) -> list[Route]:
    """The routes whose plans may share a configuration, where ``route`` was asked for."""
    names = tuple(_ROUTES) if route == "auto" else (route,)
    return [route_of(spec) for name in names for spec in _ROUTES.get(name, {}).values()]


def _spaced(number: int) -> str:
    """A number in groups of three digits."""
    return f"{number:,}".replace(",", " ")


@dataclass(frozen=True)
class _Candidate:
    """One way to run a problem: what it costs, or why it cannot.

    Attributes:
        route, style: which.
        plan: the plan, None for the CPU and where there is none.
        array: cycles of the array, by a judge where one was asked; or of the CPU in the array's clock.
        host: cycles of the host copies and the dispatch's overhead beside it.
        bound: what takes most of ``array``.
        refused: why it is not taken though it may be the cheapest; empty where nothing hinders it.
        judged: whether ``array`` comes from a judge.
    """

    route: str
    style: str = ""
    plan: Plan | None = None
    array: int = 0
    host: int = 0
    bound: str = ""
    refused: str = ""
    judged: bool = False

    @property
    def cost(self) -> int:
        """What is compared."""
        return self.array + self.host

    @property
    def label(self) -> str:
        """Its name in the reason."""
        return f"{self.route} {self.style}".rstrip()

    def line(self, unit: str = "") -> str:
        """Its part of the reason, e.g. "im2col: 63 900 (input stream, 6.1 times the least bytes)"."""
        if not self.cost:
            return f"{self.label}: {self.refused.removeprefix(f'{self.route}: ')}"
        notes = ["judged"] * self.judged + [self.bound] * bool(self.bound)
        if self.plan is not None:
            times = self.plan.shim_bytes / self.plan.problem.minimum_bytes
            if self.bound.endswith("stream") and times >= 1.5:
                notes.append(f"{times:.1f} times the least bytes")
            if self.host > self.array:
                notes.append(f"{_spaced(self.host)} on the host")
        return f"{self.label}: {_spaced(self.cost)}{unit}" + (
            f" ({', '.join(notes)})" * bool(notes)
        )

    def entry(self) -> dict[str, Any]:
        """Its entry in the report."""
        made: dict[str, Any] = {"route": self.route}
        if self.style:
            made["style"] = self.style
        if self.cost:
            predicted = self.array if self.plan is None else self.plan.predicted_cycles
            made |= {"cost": self.cost, "predicted_cycles": predicted}
            if self.judged:
                made["judged_cycles"] = self.array
            made |= {"host_cycles": self.host, "bound": self.bound}
        if self.plan is not None:
            made |= {"cores": self.plan.cores, "shim_bytes": self.plan.shim_bytes}
        if self.refused:
            made["refused"] = self.refused
        return made


@dataclass(frozen=True)
class _Chooser:
    """One choice: the problem as the NPU would compute it, and what prices it."""

    problem: ConvProblem
    device: str
    host: HostCost
    constants: frozenset[str] | None
    planner: Planner
    measure: bool

    def _cycles(self, seconds: float) -> int:
        return round(seconds * get_device(self.device).arch.clock_hz)

    def cpu(self) -> _Candidate:
        """The CPU."""
        overhead = self._cycles(self.host.dispatch_seconds)
        whole = self._cycles(self.host.seconds(self.problem))
        return _Candidate(
            "cpu", "", None, whole - overhead, overhead, self.host.bound(self.problem)
        )

    def npu(self, route: str, direct: str, pin: Pin | None = None) -> list[_Candidate]:
        """A route's plans, the best one last; where no vector code has one, why, in front."""
        styles = _ROUTES[route]
        wanted = (pin.style if pin is not None else None) or direct
        asked = styles if "" in styles or wanted == "auto" else {wanted: styles.get(wanted)}
        found: list[_Candidate] = []
        for style, spec in asked.items():
            if style == "scalar" and any(c.plan is not None for c in found):
                continue
            if style == "parametric" and wanted != style:
                continue
            if spec is None:
                found.append(_Candidate(route, style, refused=f"{route} has no style '{style}'"))
                continue
            made = self._plan(route, style, spec, pin)
            if isinstance(made, str):
                found.append(_Candidate(route, style, refused=made))
                continue
            plan, judged = made.plan, made.judged
            seconds = self.host.dispatch_seconds + self.host.copy_seconds(plan, self.constants)
            array = plan.predicted_cycles if judged is None else judged
            cycles = (array, self._cycles(seconds))
            found.append(
                _Candidate(route, style, plan, *cycles, plan.bound, judged=judged is not None)
            )
        able = sorted((c for c in found if c.plan is not None), key=lambda c: -c.cost)
        if any(c.style != "scalar" for c in able):
            return able
        return [*(c for c in found if c.plan is None), *able]

    def settled(self, npu: list[_Candidate], cpu: list[_Candidate]) -> list[_Candidate]:
        """The routes' candidates, measured where the cheapest has a rival that the model cannot rule out."""
        if not self.measure:
            return npu
        able = [c for c in (*npu, *cpu) if c.cost]
        most = _CLOSE * min((c.cost for c in able), default=0)
        close = [c for c in able if c.cost <= most]
        # Equal to the byte they are the same program in all but name.
        if len({(c.cost, c.plan.shim_bytes if c.plan else 0) for c in close}) < 2:
            return npu
        return [self._measured(c) if c.cost <= most else c for c in npu]

    def _measured(self, candidate: _Candidate) -> _Candidate:
        if candidate.plan is None or candidate.judged:
            return candidate
        cycles = self.planner.measured(candidate.plan, candidate.style)
        return candidate if cycles is None else replace(candidate, array=cycles, judged=True)

    def _plan(self, route: str, style: str, spec: str, pin: Pin | None) -> Found | str:
        """A route's plan, or why it has none; a pin's where it says which."""
        if pin is None or pin.parameters is None:
            return self.planner.find(route, style, spec, self.problem, self.device)
        plan = proposed(spec, self.problem, self.device, pin.parameters)
        return plan if isinstance(plan, str) else Found(plan)


def _decided(best: _Candidate, others: list[_Candidate], note: str = "") -> Decision:
    """The decision for a candidate, with its price and the others'."""
    ranked = _ranked(others)
    reason = "; ".join([best.line(" cycles"), *(c.line() for c in ranked)]) + note
    return Decision(best.route, reason, best.plan, tuple(c.entry() for c in (best, *ranked)))


def _ranked(candidates: list[_Candidate]) -> list[_Candidate]:
    """The cheapest first, those without a price last."""
    return sorted(candidates, key=lambda c: (not c.cost, c.cost))


def _checked(route: str, f32: str, direct: str) -> None:
    """Raise UsageError for a word that is unknown."""
    for what, value, known in (
        ("route", route, route_names()),
        ("f32 mode", f32, F32_MODES),
        ("direct", direct, DIRECT_STYLES),
    ):
        if value not in known:
            raise UsageError(f"{what} '{value}': unknown: use one of {', '.join(known)}")


MOST_BYTES = 1 << 40
"""Bytes of an operand beyond which nobody computes a problem."""


def _check_size(problem: ConvProblem) -> None:
    """Raise UsageError for a problem that fits no machine."""
    largest = max((problem.lhs, problem.rhs, problem.out), key=lambda operand: operand.bytes)
    if largest.bytes > MOST_BYTES:
        shape = "x".join(map(str, largest.shape))
        raise UsageError(
            f"{problem.describe()}: an operand of {shape} {largest.dtype} is too large: at most"
            f" {MOST_BYTES >> 30} GiB"
        )


def choose(
    problem: ConvProblem,
    *,
    device: str,
    route: str = "auto",
    f32: str = "cpu",
    direct: str = "auto",
    host: HostCost = FIXED,
    constants: frozenset[str] | None = None,
    pin: Pin | None = None,
    planner: Planner | None = None,
    measure: bool = True,
) -> Decision:
    """Decide where one problem runs.

    Args:
        problem: the dispatch's convolution or matmul, in native arithmetic.
        device: the user's name of the device, e.g. "npu1_4col".
        route: "auto" takes the cheapest, the CPU included; "cpu" or a route's name takes that one,
            and leaves the CPU where the route refuses.
        f32: "cpu" keeps f32 problems off the NPU; "bf16" and "bf16x3" let it compute them so. Scalar
            direct code that was asked for by name computes f32 as it is, and needs no leave.
        direct: "scalar", "vector", "sliding" or "parametric" code of the direct route, "auto" for the best.
        host: what the CPU and its copies cost.
        constants: the operands that are equal at every call; None for the usual ones.
        pin: a choice made before, which wins over ``route``, ``f32`` and ``direct``.
        planner: finds the routes' plans; None for one that searches by the cost model.
        measure: whether the planner's arbiter is asked about close calls.

    Raises:
        UsageError: no such route, mode or style, or the pinned plan does not exist.
    """
    direct = current_style(direct)
    _checked(route, f32, direct)
    _check_size(problem)
    arithmetic = _arithmetic(problem, route, f32, direct)
    chooser = _Chooser(problem, device, host, constants, planner or Planner(), measure)
    if pin is not None:
        return _pinned(chooser, f32, direct, pin)
    if route == "cpu":
        return Decision("cpu", "the CPU was asked for")
    chooser = replace(
        chooser,
        problem=replace(problem, arithmetic=arithmetic or "bf16"),
        planner=chooser.planner if arithmetic else chooser.planner.by_model,
    )
    names = tuple(_ROUTES) if route == "auto" else (route,)
    npu = [candidate for name in names for candidate in chooser.npu(name, direct)]
    cpu = [chooser.cpu()] if route == "auto" else []
    npu = chooser.settled(npu, cpu)
    able = [*cpu, *(c for c in npu if c.plan is not None)]
    best = _cheapest(able)
    if arithmetic is None and best is not None:
        npu = [replace(c, refused=F32_STAYS) if c.plan is not None else c for c in npu]
        if best.plan is not None:
            return Decision("cpu", F32_STAYS, None, tuple(c.entry() for c in _ranked([*cpu, *npu])))
    if best is None:
        reason = "; ".join(c.line() for c in npu) if len(npu) > 1 else npu[0].refused
        return Decision("cpu", reason, None, tuple(c.entry() for c in npu))
    losers = [c for c in (*npu, *cpu) if (c.route, c.style) != (best.route, best.style)]
    return _decided(best, losers, _computed(problem, best))


def _cheapest(able: list[_Candidate]) -> _Candidate | None:
    """The candidate with the least cost; of NPU plans within 2 % of it, which the model (but no judge)
    cannot tell apart, the one that moves the least over the shim."""
    if not able:
        return None
    best = min(able, key=lambda c: c.cost)
    if best.plan is None or best.judged:
        return best
    near = [c for c in able if c.plan is not None and c.cost <= 1.02 * best.cost]
    return min(near, key=lambda c: c.plan.shim_bytes if c.plan is not None else 0)


def _arithmetic(problem: ConvProblem, route: str, f32: str, direct: str) -> Arithmetic | None:
    """How the NPU may compute a problem; None if it may not."""
    if problem.lhs.dtype != "f32":
        return "native"
    own: Arithmetic | None = "native" if (route, direct) == ("direct", "scalar") else None
    return own if f32 == "cpu" else _ARITHMETIC[f32]


def _computed(problem: ConvProblem, best: _Candidate) -> str:
    """The note that f32 is computed in another type."""
    if best.plan is None or best.plan.problem.arithmetic == problem.arithmetic:
        return ""
    return f"; computed in {best.plan.problem.arithmetic}"


def _pinned(chooser: _Chooser, f32: str, direct: str, pin: Pin) -> Decision:
    """The decision that a pin makes."""
    problem = chooser.problem
    if pin.route == "cpu":
        return Decision("cpu", "pinned to the CPU")
    if pin.arithmetic is None:
        arithmetic = _arithmetic(problem, pin.route, f32, pin.style or direct)
    elif pin.arithmetic not in _ARITHMETIC:
        known = ", ".join(_ARITHMETIC)
        raise UsageError(f"{pin.where}: arithmetic '{pin.arithmetic}': unknown: use one of {known}")
    else:
        arithmetic = _ARITHMETIC[pin.arithmetic]
    if arithmetic is None:
        raise UsageError(
            f"{pin.where}: pinned to {pin.route}, but f32 stays on the CPU:"
            ' add "arithmetic" to the entry, or use --amd-aie-f32=bf16'
        )
    if problem.lhs.dtype != "f32" and arithmetic != "native":
        raise UsageError(
            f"{pin.where}: arithmetic {arithmetic} of {problem.lhs.dtype}: remove it from the entry"
        )
    chooser = replace(chooser, problem=replace(problem, arithmetic=arithmetic))
    *refused, last = chooser.npu(pin.route, direct, pin)
    if last.plan is None:
        why = "; ".join(c.refused for c in (*refused, last))
        raise UsageError(
            f"{pin.where}: the pinned plan does not fit: {why}: correct or remove the entry"
        )
    return _decided(last, refused, f"{_computed(problem, last)}; pinned")
