"""Where each dispatch goes: every route's best plan and the CPU are priced, the cheapest wins.

Routes are known only by :mod:`aie_conv.plan`; a new one is a folder and a line here.
Prices are cycles of the array's clock (:mod:`aie_conv.partitioner.cost` says what they count).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import get_args

from aie_conv.arch import get_device
from aie_conv.errors import UsageError
from aie_conv.partitioner.cost import FIXED, HostCost
from aie_conv.partitioner.operations import choose_operation
from aie_conv.partitioner.pins import Pin
from aie_conv.partitioner.planner import Found, Planner, proposed, route_of
from aie_conv.partitioner.reasons import decide, describe, note_arithmetic, rank
from aie_conv.partitioner.words import current_style
from aie_conv.plan import Candidate, Decision, Route, Split, Withheld
from aie_conv.problem import (
    BLOCK_FLOAT,
    Arithmetic,
    ConvProblem,
    OperationProblem,
    Problem,
)

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

_BETWEEN = {"direct": "aie_conv.direct.parametric.lanewise_route:LanewiseRoute"}
"""Route -> class of what stands between contractions and may share their configurations."""

_ARITHMETIC: dict[str, Arithmetic] = {name: name for name in get_args(Arithmetic)}

F32_MODES = ("cpu", "bf16", "bf16x3")
"""What ``--amd-aie-f32`` takes."""

F16_MODES = ("cpu", "bf16x3")
"""What ``--amd-aie-f16`` takes."""

BF16_MODES = ("exact", BLOCK_FLOAT)
"""What ``--amd-aie-bf16`` takes."""

_CLOSE = 1.25
"""How many times the least cost a rival may cost and yet be cheaper: predictions are off by a fifth at most,
either way."""

DIRECT_STYLES = ("auto", "scalar", "vector", "sliding", "parametric")
"""What ``--amd-aie-direct`` takes."""

_STAYS = {
    "f32": "f32 stays on the CPU (--amd-aie-f32=bf16 or bf16x3 lets the NPU compute it)",
    "f16": "f16 stays on the CPU (--amd-aie-f16=bf16x3 lets the NPU compute it)",
}
"""Why a problem of a type that a route would take, for less than the CPU, is not given to it."""

_MAY_BE: dict[str, Arithmetic] = {"f32": "bf16", "f16": "bf16x3"}
"""The cheapest arithmetic that may be allowed for a type."""


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
    products = [spec for name in names for spec in _ROUTES.get(name, {}).values()]
    return [route_of(spec) for spec in (*products, *(_BETWEEN[n] for n in names if n in _BETWEEN))]


@dataclass(frozen=True)
class Pricing:
    """What prices the candidates of a choice.

    Attributes:
        host: what the CPU and its copies cost.
        planner: finds the routes' plans; by default by the cost model alone.
        measure: whether the planner's arbiter is asked about close calls.
        split: what the problem is the first part of; None where it is a dispatch's whole.
        launch_seconds: what a call of the NPU costs besides; 0 where others may share it.
        cpu: whether the CPU may be taken where a route has a plan.
    """

    host: HostCost = FIXED
    planner: Planner = field(default_factory=Planner)
    measure: bool = True
    split: Split | None = None
    launch_seconds: float = 0.0
    cpu: bool = True


@dataclass(frozen=True)
class Permission:
    """What the user lets the NPU do that changes results.

    Attributes:
        f32: "cpu" keeps f32 problems off the NPU; "bf16" and "bf16x3" let it compute them so.
        bf16: "exact", or "bfp16" to let matrix units that have it multiply bf16, and f32 that is computed in
            bf16, as bfp16.
        f16: "cpu" keeps f16 problems off the NPU; "bf16x3" lets it compute them so.
    """

    f32: str = "cpu"
    bf16: str = "exact"
    f16: str = "cpu"

    def on(self, device: str) -> "Permission":
        """What of it a device can make use of."""
        able = BLOCK_FLOAT in get_device(device).arch.matmul
        return self if able else replace(self, bf16="exact")


@dataclass(frozen=True)
class _Chooser:
    """One choice: the problem as the NPU would compute it, and what prices it."""

    problem: ConvProblem
    device: str
    constants: frozenset[str] | None
    pricing: Pricing

    @property
    def host(self) -> HostCost:
        """What the CPU and its copies cost."""
        return self.pricing.host

    def in_arithmetic(self, arithmetic: Arithmetic, *, wanted: bool) -> "_Chooser":
        """The same of the problem in an arithmetic; what is not ``wanted`` is priced by the model alone."""
        planner = self.pricing.planner
        return replace(
            self,
            problem=replace(self.problem, arithmetic=arithmetic),
            pricing=replace(self.pricing, planner=planner if wanted else planner.by_model),
        )

    def _cycles(self, seconds: float) -> int:
        return round(seconds * get_device(self.device).arch.clock_hz)

    def cpu(self) -> Candidate:
        """The CPU."""
        overhead = self._cycles(self.host.dispatch_seconds)
        split = self.pricing.split
        problem = self.problem if split is None else split.unsplit
        total = self._cycles(self.host.seconds(problem))
        return Candidate("cpu", "", None, total - overhead, overhead, self.host.bound(problem))

    def npu(self, route: str, direct: str, pin: Pin | None = None) -> list[Candidate]:
        """A route's plans, the best one last; where no vector code has one, why, in front."""
        asked = list(self.ask(route, direct, pin))
        able = sorted((c for c in asked if c.plan is not None), key=lambda c: -c.cost)
        if any(c.style != "scalar" for c in able):
            return able
        return [*(c for c in asked if c.plan is None), *able]

    def ask(self, route: str, direct: str, pin: Pin | None = None) -> Iterator[Candidate]:
        """A route's candidates, one a style, in the registry's order; scalar code where others have none."""
        styles = _ROUTES[route]
        wanted = (pin.style if pin is not None else None) or direct
        specs = styles if "" in styles or wanted == "auto" else {wanted: styles.get(wanted)}
        able = False
        for style, spec in specs.items():
            if (style == "scalar" and able) or (style == "parametric" and wanted != style):
                continue
            candidate = self._price(route, style, spec, pin)
            able = able or candidate.plan is not None
            yield candidate

    def _price(self, route: str, style: str, spec: str | None, pin: Pin | None) -> Candidate:
        """What a route's plan in a style costs, or why there is none."""
        if spec is None:
            return Candidate(route, style, refused=f"{route} has no style '{style}'")
        answer = self._plan(route, style, spec, pin)
        if isinstance(answer, str):
            return Candidate(route, style, refused=answer)
        return self._price_plan(route, style, answer)

    def _price_plan(self, route: str, style: str, answer: Found) -> Candidate:
        plan, measured = answer.plan, answer.measured
        seconds = self.host.dispatch_seconds + self.host.copy_seconds(plan, self.constants)
        seconds += self.pricing.launch_seconds
        split = self.pricing.split
        rest = self._cycles(self.host.rest_seconds(split)) if split is not None else 0
        run = plan.predicted_cycles if measured is None else measured
        host, judged = self._cycles(seconds) + rest, measured is not None
        return Candidate(
            route, style, plan, run, host, plan.bound, measured=judged, rest_cycles=rest
        )

    def offer(self, route: str) -> Iterator[Candidate]:
        """What a route's plans cost that it has at hand for sharing: no search is made for them."""
        for style, spec in _ROUTES[route].items():
            plan = self.pricing.planner.offer(route, style, spec, self.problem, self.device)
            if plan is not None:
                yield self._price_plan(route, style, Found(plan))

    def gains(self, names: Sequence[str], direct: str, limit: int | None) -> list[Candidate]:
        """Plans up to the first that costs less than ``limit``, which is enough to know that there is one.

        None where there is none.
        """
        asked: list[Candidate] = []
        searched = (c for name in names for c in self.ask(name, direct))
        offered = (c for name in names for c in self.offer(name)) if direct == "auto" else ()
        for candidate in chain(offered, searched):
            if candidate.plan is None:
                continue
            asked.append(candidate)
            if limit is None or candidate.cost < limit:
                return asked
        return []

    def measure_close(self, npu: list[Candidate], cpu: list[Candidate]) -> list[Candidate]:
        """The routes' candidates, measured where the cheapest has a rival that the model cannot rule out."""
        if not self.pricing.measure:
            return npu
        able = [c for c in (*npu, *cpu) if c.cost]
        most = _CLOSE * min((c.cost for c in able), default=0)
        close = [c for c in able if c.cost <= most]
        # Equal to the byte they are the same program in all but name.
        if len({(c.cost, c.plan.shim_bytes if c.plan else 0) for c in close}) < 2:
            return npu
        return [self._measure(c) if c.cost <= most else c for c in npu]

    def _measure(self, candidate: Candidate) -> Candidate:
        if candidate.plan is None or candidate.measured:
            return candidate
        cycles = self.pricing.planner.measure(candidate.plan, candidate.style)
        return candidate if cycles is None else replace(candidate, run_cycles=cycles, measured=True)

    def _plan(self, route: str, style: str, spec: str, pin: Pin | None) -> Found | str:
        """A route's plan, or why it has none; a pin's where it says which."""
        if pin is None or pin.parameters is None:
            return self.pricing.planner.find(route, style, spec, self.problem, self.device)
        plan = proposed(spec, self.problem, self.device, pin.parameters)
        return plan if isinstance(plan, str) else Found(plan)


def _check_words(route: str, permission: "Permission", direct: str) -> None:
    """Raise UsageError for a word that is unknown."""
    for what, value, known in (
        ("route", route, route_names()),
        ("f32 mode", permission.f32, F32_MODES),
        ("f16 mode", permission.f16, F16_MODES),
        ("bf16 mode", permission.bf16, BF16_MODES),
        ("direct", direct, DIRECT_STYLES),
    ):
        if value not in known:
            raise UsageError(f"{what} '{value}': unknown: use one of {', '.join(known)}")


MOST_BYTES = 1 << 40
"""Bytes of an operand beyond which nobody computes a problem."""


def _check_size(problem: Problem) -> None:
    """Raise UsageError for a problem that fits no machine."""
    operands = [problem.lhs, problem.out]
    if isinstance(problem, ConvProblem):
        operands.append(problem.rhs)
    largest = max(operands, key=lambda operand: operand.bytes)
    if largest.bytes > MOST_BYTES:
        shape = "x".join(map(str, largest.shape))
        raise UsageError(
            f"{problem.describe()}: an operand of {shape} {largest.dtype} is too large: at most"
            f" {MOST_BYTES >> 30} GiB"
        )


def choose(
    problem: Problem,
    *,
    device: str,
    route: str = "auto",
    permission: Permission = Permission(),
    direct: str = "auto",
    constants: frozenset[str] | None = None,
    pin: Pin | None = None,
    pricing: Pricing | None = None,
) -> Decision:
    """Decide where one problem runs.

    Args:
        problem: the dispatch's convolution, matmul or other operation, in native arithmetic.
        device: the user's name of the device, e.g. "npu1_4col".
        route: "auto" takes the cheapest, the CPU included; "cpu" or a route's name takes that one,
            and leaves the CPU where the route refuses.
        permission: what the NPU may do besides. Scalar direct code that was asked for by name computes f32 as
            it is, and needs none.
        direct: "scalar", "vector", "sliding" or "parametric" code of the direct route, "auto" for the best.
        constants: the operands that are equal at every call; None for the usual ones.
        pin: a choice made before, which wins over ``route``, ``permission`` and ``direct``.
        pricing: what prices the candidates; None for fixed costs of the CPU and the cost model.

    Raises:
        UsageError: no such route, mode or style, or the pinned plan does not exist.
    """
    direct = current_style(direct)
    _check_words(route, permission, direct)
    _check_size(problem)
    if isinstance(problem, OperationProblem):
        pricing = pricing or Pricing()
        return choose_operation(
            problem, device, route, constants, pin, pricing.host, cpu=pricing.cpu
        )
    allowed = permission.on(device)
    arithmetic = _arithmetic(problem, route, allowed, direct)
    chooser = _Chooser(problem, device, constants, pricing or Pricing())
    if pin is not None:
        return _follow_pin(chooser, allowed, direct, pin)
    if route == "cpu":
        return Decision("cpu", "the CPU was asked for")
    names = tuple(_ROUTES) if route == "auto" else (route,)
    cpu = [chooser.cpu()] if route == "auto" and chooser.pricing.cpu else []
    if arithmetic is None:
        withheld: Withheld = "f16" if problem.lhs.dtype == "f16" else "f32"
        stays = _STAYS[withheld]
        chooser = chooser.in_arithmetic(_MAY_BE[withheld], wanted=False)
        asked = chooser.gains(names, direct, min((c.cost for c in cpu), default=None))
        if asked:
            kept = [replace(c, refused=stays) for c in asked]
            ranked = tuple(rank([*cpu, *kept]))
            return Decision("cpu", stays, None, ranked, withheld=withheld)
    else:
        chooser = chooser.in_arithmetic(arithmetic, wanted=True)
    npu = [candidate for name in names for candidate in chooser.npu(name, direct)]
    npu = chooser.measure_close(npu, cpu)
    best = _cheapest([*cpu, *(c for c in npu if c.plan is not None)])
    if best is None:
        reason = "; ".join(map(describe, npu)) if len(npu) > 1 else npu[0].refused
        return Decision("cpu", reason, None, tuple(npu))
    if arithmetic is None:
        stays = _STAYS[problem.lhs.dtype]
        npu = [replace(c, refused=stays) if c.plan is not None else c for c in npu]
    losers = [c for c in (*npu, *cpu) if (c.route, c.style) != (best.route, best.style)]
    return decide(best, losers, note_arithmetic(problem, best))


def _cheapest(able: list[Candidate]) -> Candidate | None:
    """The candidate with the least cost; of NPU plans within 2 % of it, which the model (but no measurer)
    cannot tell apart, the one that moves the least over the shim."""
    if not able:
        return None
    best = min(able, key=lambda c: c.cost)
    if best.plan is None or best.measured:
        return best
    near = [c for c in able if c.plan is not None and c.cost <= 1.02 * best.cost]
    return min(near, key=lambda c: c.plan.shim_bytes if c.plan is not None else 0)


def _arithmetic(
    problem: ConvProblem, route: str, permission: Permission, direct: str
) -> Arithmetic | None:
    """How the NPU may compute a problem; None if it may not."""
    if problem.lhs.dtype == problem.rhs.dtype == "f16":
        return None if permission.f16 == "cpu" else _ARITHMETIC[permission.f16]
    if problem.lhs.dtype != "f32":
        blocks = permission.bf16 == BLOCK_FLOAT and {problem.lhs.dtype, problem.rhs.dtype} == {
            "bf16"
        }
        return "bfp16" if blocks else "native"
    if permission.f32 != "cpu":
        return (
            "bfp16"
            if permission.f32 == "bf16" and permission.bf16 == BLOCK_FLOAT
            else _ARITHMETIC[permission.f32]
        )
    return "native" if (route, direct) == ("direct", "scalar") else None


def _follow_pin(chooser: _Chooser, permission: Permission, direct: str, pin: Pin) -> Decision:
    """The decision that a pin makes."""
    problem = chooser.problem
    dtype = problem.lhs.dtype
    if pin.route == "cpu":
        return Decision("cpu", "pinned to the CPU", withheld="pin")
    if pin.arithmetic is None:
        arithmetic = _arithmetic(problem, pin.route, permission, pin.style or direct)
    elif pin.arithmetic not in _ARITHMETIC:
        known = ", ".join(_ARITHMETIC)
        raise UsageError(f"{pin.where}: arithmetic '{pin.arithmetic}': unknown: use one of {known}")
    else:
        arithmetic = _ARITHMETIC[pin.arithmetic]
    if arithmetic is None:
        raise UsageError(
            f"{pin.where}: pinned to {pin.route}, but {dtype} stays on the CPU:"
            f' add "arithmetic" to the entry, or use --amd-aie-{dtype}={_MAY_BE[dtype]}'
        )
    able = {"bf16": ("native", "bfp16"), "f16": ("bf16x3",)}.get(dtype, ("native",))
    if dtype != "f32" and arithmetic not in able:
        raise UsageError(
            f"{pin.where}: arithmetic {arithmetic} of {dtype}: remove it from the entry"
        )
    chooser = chooser.in_arithmetic(arithmetic, wanted=True)
    *refused, last = chooser.npu(pin.route, direct, pin)
    if last.plan is None:
        why = "; ".join(c.refused for c in (*refused, last))
        raise UsageError(
            f"{pin.where}: the pinned plan does not fit: {why}: correct or remove the entry"
        )
    return decide(last, refused, f"{note_arithmetic(problem, last)}; pinned")
