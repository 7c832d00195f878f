"""How a route's plan is found: known from before, or searched for, in one of two ways.

"fast" takes what the route's cost model likes best. "best" looks at more tilings, and lets a judge, who knows
more than the model, rank those that it likes. The judge is handed in: the partitioner knows no simulator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from aie_conv.arch.machine import Machine, current
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.partitioner.database import Known, PlanCache, Plans, Question, frozen_parameters
from aie_conv.partitioner.pins import Frozen
from aie_conv.plan import Plan, Route
from aie_conv.problem import ConvProblem

SEARCHES = {"fast": 1, "best": 48}
"""What ``--amd-aie-search`` takes, and how many plans of a route are judged where there is a judge. In
ResNet-50's layers the fastest of all plans was among the first 24."""


class Judge(Protocol):
    """Knows better than a plan's prediction what it costs."""

    @property
    def version(self) -> str:
        """Differs where its answers may."""
        ...

    def __call__(self, plan: Plan) -> int | None:
        """Cycles of a plan; None where it cannot say."""
        ...


@dataclass(frozen=True)
class Found:
    """A route's plan.

    Attributes:
        plan: the plan.
        judged: its cycles by the judge; None where none was asked.
        fast: cycles by the judge of the plan that the cost model likes best.
    """

    plan: Plan
    judged: int | None = None
    fast: int | None = None


def route_of(spec: str) -> Route:
    """The route of "module:class"."""
    module, _, cls = spec.partition(":")
    return getattr(import_module(module), cls)()


def proposed(spec: str, problem: ConvProblem, device: str, fixed: Frozen | None) -> Plan | str:
    """A route's plan, or why it has none; one answer a problem, device and table of timing constants."""
    return _proposed(spec, problem, device, fixed, current())


@lru_cache(maxsize=512)
def _proposed(
    spec: str, problem: ConvProblem, device: str, fixed: Frozen | None, machine: Machine
) -> Plan | str:
    try:
        route = route_of(spec)
        if fixed is None:
            return route.propose(problem, device)
        return route.propose(problem, device, dict(fixed))
    except (Unsupported, ConfigRefused) as refusal:
        return str(refusal)


class Planner:
    """Finds plans.

    Args:
        judge: ranks what the search finds; None to trust the cost model, which then decides alone.
        search: one of :data:`SEARCHES`; without a judge it makes no difference.
        known: where plans that were found before are looked for, one after the other.
        store: where plans that are found are kept, and looked for last; None for nowhere.
        progress: told what is being judged.
        arbiter: judges plans of different routes whose costs are too near for the cost model.
    """

    def __init__(
        self,
        judge: Judge | None = None,
        search: str = "fast",
        known: Sequence[Plans] = (),
        store: PlanCache | None = None,
        progress: Callable[[str], None] = lambda _: None,
        arbiter: Judge | None = None,
    ) -> None:
        self._judge = judge
        self._finalists = SEARCHES[search]
        self._how = f"{search} {judge.version}" if judge is not None else "model"
        self._known = (*known, *([store] if store is not None else []))
        self._store = store
        self._progress = progress
        self._arbiter = arbiter
        self.answers: dict[Question, Found | str] = {}
        """What was asked, and what was found."""
        trusting = judge is None and arbiter is None
        self.by_model: Planner = self if trusting else Planner(known=known, store=store)
        """The same without judge and arbiter, for plans that are priced but not wanted."""

    def find(
        self, route: str, style: str, spec: str, problem: ConvProblem, device: str
    ) -> Found | str:
        """The plan of a route in a style, whose class is ``spec`` ("module:class"), or why it has none."""
        question = Question(route, style, spec, problem, device, self._how)
        if question not in self.answers:
            self.answers[question] = self._look(question)
        return self.answers[question]

    def measured(self, plan: Plan, style: str) -> int | None:
        """Cycles of a plan by the arbiter; None without one, or where it cannot say."""
        if self._arbiter is None:
            return None
        how = f"measured {self._arbiter.version}"
        question = Question(plan.route, style, "", plan.problem, plan.device, how)
        parameters = frozen_parameters(plan.parameters)
        known = self._store.recall(question) if self._store is not None else None
        if isinstance(known, Known) and known.parameters == parameters:
            return known.judged
        self._progress(f"{plan.problem.describe()}: {plan.route}: a close call")
        cycles = self._arbiter(plan)
        if self._store is not None and cycles is not None:
            self._store.remember(question, Known(parameters, cycles))
        return cycles

    def _look(self, question: Question) -> Found | str:
        spec, problem, device = question.spec, question.problem, question.device
        for plans in self._known:
            known = plans.recall(question)
            if isinstance(known, str):
                return known
            if known is not None:
                plan = proposed(spec, problem, device, known.parameters)
                if not isinstance(plan, str):
                    return Found(plan, known.judged, known.fast)
                plans.misfit(question, plan)
        found = self._search(spec, problem, device)
        if self._store is not None:
            kept = (
                found
                if isinstance(found, str)
                else Known(frozen_parameters(found.plan.parameters), found.judged, found.fast)
            )
            self._store.remember(question, kept)
        return found

    def _search(self, spec: str, problem: ConvProblem, device: str) -> Found | str:
        first = proposed(spec, problem, device, None)
        if isinstance(first, str):
            return first
        if self._judge is None:
            return Found(first)
        several = self._finalists > 1
        others = route_of(spec).finalists(problem, device, self._finalists) if several else ()
        plans = {frozen_parameters(plan.parameters): plan for plan in (first, *others)}
        return self._judged(list(plans.values()), self._judge)

    def _judged(self, plans: Sequence[Plan], judge: Judge) -> Found:
        """The plan that the judge likes best; of equally fast ones the one that moves less."""
        what = f"{plans[0].problem.describe()}: {plans[0].route}"
        cycles: list[int | None] = []
        for number, plan in enumerate(plans):
            least = min((c for c in cycles if c is not None), default=0)
            leading = f", best {least} cycles" if least else ""
            self._progress(f"{what}: plan {number + 1} of {len(plans)}{leading}")
            cycles.append(judge(plan))
        ranked = [
            (c, p.shim_bytes, i) for i, (c, p) in enumerate(zip(cycles, plans, strict=True)) if c
        ]
        if not ranked:
            return Found(plans[0])
        least, _, best = min(ranked)
        return Found(plans[best], least, cycles[0])
