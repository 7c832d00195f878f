"""How a route's plan is found: known from before, or searched for, in one of two ways.

"fast" takes what the route's cost model likes best. "best" looks at more tilings, and lets a measurer, which
knows more than the model, rank those that it likes. It is handed in: the partitioner knows no simulator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from aie_conv.arch.machine import Machine, current
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.partitioner.cache import Known, PlanCache, Plans, Question, frozen_parameters
from aie_conv.partitioner.pins import Frozen
from aie_conv.plan import Plan, Route
from aie_conv.problem import ConvProblem, contraction_of

SEARCHES = {"fast": 1, "best": 48}
"""What ``--amd-aie-search`` takes, and how many plans of a route are measured where there is a measurer. In
ResNet-50's layers the fastest of all plans was among the first 24."""


class Measurer(Protocol):
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
        measured: its cycles by the measurer; None where none was asked.
        fast: cycles by the measurer of the plan that the cost model likes best.
    """

    plan: Plan
    measured: int | None = None
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


def _offered(spec: str, problem: ConvProblem, device: str) -> Plan | str:
    """The fastest plan that a route has for sharing, or why there is none."""
    try:
        plans = route_of(spec).shareable(problem, device)
        if not plans:
            return "nothing to share"
        return min(plans, key=lambda plan: plan.predicted_cycles).issued()
    except (Unsupported, ConfigRefused) as refusal:
        return str(refusal)


class Planner:
    """Finds plans.

    Args:
        measurer: ranks what the search finds; None to trust the cost model, which then decides alone.
        search: one of :data:`SEARCHES`; without a measurer it makes no difference.
        known: where plans that were found before are looked for, one after the other.
        store: where plans that are found are kept, and looked for last; None for nowhere.
        progress: told what is being measured.
        arbiter: measures plans of different routes whose costs are too near for the cost model.
    """

    def __init__(
        self,
        measurer: Measurer | None = None,
        search: str = "fast",
        known: Sequence[Plans] = (),
        store: PlanCache | None = None,
        progress: Callable[[str], None] = lambda _: None,
        arbiter: Measurer | None = None,
    ) -> None:
        self._measurer = measurer
        self._finalists = SEARCHES[search]
        self._how = f"{search} {measurer.version}" if measurer is not None else "model"
        self._known = (*known, *([store] if store is not None else []))
        self._store = store
        self._progress = progress
        self._arbiter = arbiter
        self._offers: dict[Question, Plan | None] = {}
        self.answers: dict[Question, Found | str] = {}
        """What was asked, and what was found."""
        trusting = measurer is None and arbiter is None
        self.by_model: Planner = self if trusting else Planner(known=known, store=store)
        """The same without measurer and arbiter, for plans that are priced but not wanted."""

    def find(
        self, route: str, style: str, spec: str, problem: ConvProblem, device: str
    ) -> Found | str:
        """The plan of a route in a style, whose class is ``spec`` ("module:class"), or why it has none."""
        question = Question(route, style, spec, problem, device, self._how)
        if question not in self.answers:
            self.answers[question] = self._look(question)
        return self.answers[question]

    def measure(self, plan: Plan, style: str) -> int | None:
        """Cycles of a plan by the arbiter; None without one, or where it cannot say."""
        if self._arbiter is None:
            return None
        how = f"measured {self._arbiter.version}"
        problem = contraction_of(plan.problem)
        question = Question(plan.route, style, "", problem, plan.device, how)
        parameters = frozen_parameters(plan.parameters)
        known = self._store.recall(question) if self._store is not None else None
        if isinstance(known, Known) and known.parameters == parameters:
            return known.measured
        self._progress(f"{plan.problem.describe()}: {plan.route}: a close call")
        cycles = self._arbiter(plan)
        if self._store is not None and cycles is not None:
            self._store.remember(question, Known(parameters, cycles))
        return cycles

    def offer(
        self, route: str, style: str, spec: str, problem: ConvProblem, device: str
    ) -> Plan | None:
        """The fastest of the plans that a route has at hand for sharing; None for none.

        No search is made, so it is quick, and there is often a better one.
        """
        question = Question(route, style, spec, problem, device, "offered")
        if question not in self._offers:
            self._offers[question] = self._recall_offer(question)
        return self._offers[question]

    def _recall_offer(self, question: Question) -> Plan | None:
        known = self._store.recall(question) if self._store is not None else None
        if isinstance(known, Known):
            plan = proposed(question.spec, question.problem, question.device, known.parameters)
            if not isinstance(plan, str):
                return plan.issued()
        elif known is not None:
            return None
        answer = _offered(question.spec, question.problem, question.device)
        if self._store is not None:
            kept = (
                answer
                if isinstance(answer, str)
                else Known(frozen_parameters(answer.parameters), answer.predicted_cycles)
            )
            self._store.remember(question, kept)
        return None if isinstance(answer, str) else answer

    def _look(self, question: Question) -> Found | str:
        spec, problem, device = question.spec, question.problem, question.device
        for plans in self._known:
            known = plans.recall(question)
            if isinstance(known, str):
                return known
            if known is not None:
                plan = proposed(spec, problem, device, known.parameters)
                if not isinstance(plan, str):
                    return Found(plan, known.measured, known.fast)
                plans.misfit(question, plan)
        answer = self._search(spec, problem, device)
        if self._store is not None:
            kept = (
                answer
                if isinstance(answer, str)
                else Known(frozen_parameters(answer.plan.parameters), answer.measured, answer.fast)
            )
            self._store.remember(question, kept)
        return answer

    def _search(self, spec: str, problem: ConvProblem, device: str) -> Found | str:
        first = proposed(spec, problem, device, None)
        if isinstance(first, str):
            return first
        if self._measurer is None:
            return Found(first)
        several = self._finalists > 1
        others = route_of(spec).finalists(problem, device, self._finalists) if several else ()
        plans = {frozen_parameters(plan.parameters): plan for plan in (first, *others)}
        return self._rank(list(plans.values()), self._measurer)

    def _rank(self, plans: Sequence[Plan], measurer: Measurer) -> Found:
        """The plan that the measurer likes best; of equally fast ones the one that moves less."""
        what = f"{plans[0].problem.describe()}: {plans[0].route}"
        cycles: list[int | None] = []
        for number, plan in enumerate(plans):
            least = min((c for c in cycles if c is not None), default=0)
            leading = f", best {least} cycles" if least else ""
            self._progress(f"{what}: plan {number + 1} of {len(plans)}{leading}")
            cycles.append(measurer(plan))
        ranked = [
            (c, p.shim_bytes, i) for i, (c, p) in enumerate(zip(cycles, plans, strict=True)) if c
        ]
        if not ranked:
            return Found(plans[0])
        least, _, best = min(ranked)
        return Found(plans[best], least, cycles[0])
