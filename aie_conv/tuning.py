"""Tuning one problem: every route's plan by the simulator's clock, as entries of a plan database."""

from dataclasses import dataclass

from aie_conv.errors import UsageError
from aie_conv.options import Options
from aie_conv.partitioner import Pricing, choose
from aie_conv.partitioner.cache import Question, frozen_parameters
from aie_conv.partitioner.database import Database, Entry, key_of
from aie_conv.partitioner.planner import Found, Planner
from aie_conv.plan import Decision
from aie_conv.planning import SimulatorMeasurer, host_cost, plan_cache, plans_version
from aie_conv.problem import ConvProblem


@dataclass(frozen=True)
class TuningItem:
    """One problem to tune; made to be sent to a process, here or elsewhere.

    Attributes:
        problem: the problem.
        constants: its operands that are equal at every call.
        options: device, routes, arithmetic of f32, search.
        known: entries that an earlier run finished.
        version: of the code that sends it.
    """

    problem: ConvProblem
    constants: frozenset[str]
    options: Options
    known: tuple[Entry, ...]
    version: str


@dataclass(frozen=True)
class Placement:
    """Where a problem goes, and its cycles of the array; None where it stays on the CPU."""

    route: str
    cycles: int | None


@dataclass(frozen=True)
class Tuned:
    """What came of an item.

    Attributes:
        entries: the plan of each route that has one, those that were known among them.
        before: where the cost model alone sends the problem, its plan measured.
        after: where it goes with the entries.
        searched: whether anything was left to search for.
        warnings: what a user should know.
    """

    entries: tuple[Entry, ...]
    before: Placement
    after: Placement
    searched: bool
    warnings: tuple[str, ...]


def tune_elsewhere(item: TuningItem) -> Tuned:
    """Tune one problem in a process that was not started from here.

    Raises:
        UsageError: it runs other code than the one that sent the item.
    """
    if item.version != plans_version():
        raise UsageError(
            "a worker runs another version of aie_conv or other timing constants:"
            " install this one's there, and start it again"
        )
    return tune_problem(item)


def tune_problem(item: TuningItem) -> Tuned:
    """Tune one problem.

    Raises:
        UsageError: a flag cannot be used.
    """
    version = item.version
    options, warnings, measuring = item.options, list[str](), list[str]()
    host = host_cost(options.cpu_cost)
    store = plan_cache() if options.plan_cache == "on" else None

    def decide(planner: Planner) -> Decision:
        return choose(
            item.problem,
            device=options.device,
            route=options.route,
            permission=options.permission,
            direct=options.direct,
            constants=item.constants,
            pricing=Pricing(host, planner),
        )

    planner = Planner(
        measurer=SimulatorMeasurer(warnings.append),
        search=options.search,
        known=(Database(item.known, version),),
        store=store,
        progress=measuring.append,
    )
    after = decide(planner)
    entries = tuple(
        _entry(question, answer, options.search, version)
        for question, answer in planner.answers.items()
        if isinstance(answer, Found) and answer.measured is not None and answer.fast is not None
    )
    # What was known may have been searched for longer than is asked for now.
    older = {entry.place: entry for entry in item.known}
    entries = tuple(older.get(entry.place, entry) for entry in entries)
    before = decide(Planner(store=store))
    fast = {(e.route, e.style): e.fast_cycles for e in entries}
    final = {(e.route, e.style): e.judged_cycles for e in entries}
    return Tuned(
        entries,
        _placement(before, fast),
        _placement(after, final),
        bool(measuring),
        tuple(warnings),
    )


def _entry(question: Question, answer: Found, search: str, version: str) -> Entry:
    plan = answer.plan
    assert answer.measured is not None
    return Entry(
        problem=question.problem.describe(),
        key=key_of(question.problem),
        device=question.device,
        route=question.route,
        style=question.style,
        parameters=frozen_parameters(plan.parameters),
        predicted_cycles=plan.predicted_cycles,
        judged_cycles=answer.measured,
        fast_cycles=answer.fast or answer.measured,
        search=search,
        version=version,
    )


def _placement(decision: Decision, cycles: dict[tuple[str, str], int]) -> Placement:
    """A decision for people; its plan's cycles by the measurer."""
    if decision.plan is None:
        return Placement("cpu", None)
    style = decision.candidates[0].style
    return Placement(f"{decision.route} {style}".rstrip(), cycles.get((decision.route, style)))
