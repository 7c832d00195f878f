"""Plans that were found before: the database's file and merge, the cache, and what the planner makes of them."""

import hashlib
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch.machine import default_machine, use_machine
from aie_conv.errors import UsageError
from aie_conv.partitioner import Pricing, choose, planner
from aie_conv.partitioner.cache import Known, PlanCache, Question, frozen_parameters
from aie_conv.partitioner.database import (
    FORMAT,
    SCHEMA,
    Database,
    Entry,
    key_of,
    read_database,
)
from aie_conv.partitioner.planner import Found, Planner
from aie_conv.plan import Plan
from aie_conv.planning import SimulatorMeasurer, plans_version
from aie_conv.problem import ConvProblem, Epilogue, Step, conv2d

DEVICE = "npu1_4col"
IM2COL = ("im2col", "", "aie_conv.img2col.plan:Im2colRoute")
DIRECT = ("direct", "vector", "aie_conv.direct.vector:VectorRoute")
ROUTES = [pytest.param(IM2COL, id="im2col"), pytest.param(DIRECT, id="direct")]


def shifted(shift: int) -> ConvProblem:
    """A small int8 convolution whose result is shifted."""
    steps = (
        Step("arith.constant", (), "i32", shift),
        Step("arith.shrsi", (0, 1), "i32"),
        Step("arith.trunci", (2,), "i8"),
    )
    epilogue = Epilogue((), steps, 3)
    return conv2d(1, 10, 10, 16, 32, 3, 3, dtype="i8", out_dtype="i8", epilogue=epilogue)


CONV = shifted(7)


class Dice:
    """A measurer of no sense, the same at every throw; ``refuses`` of eight plans have no answer."""

    version = "dice"

    def __init__(self, seed: int, refuses: int = 0) -> None:
        self.seed, self.refuses, self.asked = seed, refuses, 0

    def __call__(self, plan: Plan) -> int | None:
        self.asked += 1
        text = f"{self.seed} {plan.route} {frozen_parameters(plan.parameters)}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
        return None if number % 8 < self.refuses else 1000 + number % 977


def find(asked: Planner, way: tuple[str, str, str], problem: ConvProblem = CONV) -> Found:
    found = asked.find(*way, problem, DEVICE)
    assert isinstance(found, Found)
    return found


def entry_of(found: Found, way: tuple[str, str, str], version: str = "v") -> Entry:
    plan = found.plan
    return Entry(
        CONV.describe(), key_of(CONV), DEVICE, *way[:2],
        frozen_parameters(plan.parameters), plan.predicted_cycles, found.measured or 1, found.fast or 1,
        "best", version,
    )  # fmt: skip


# -- the search -----------------------------------------------------------------------------------
@given(st.integers(0, 10**6), st.sampled_from([IM2COL, DIRECT]), st.integers(0, 7))
def test_best_is_never_slower_than_fast(seed: int, way: tuple[str, str, str], refuses: int) -> None:
    measurer = Dice(seed, refuses)
    best = find(Planner(measurer, "best"), way)
    fast = find(Planner(), way).plan
    assert best.fast == measurer(fast)
    if best.fast is not None:
        assert best.measured is not None
        assert best.measured <= best.fast
    if best.measured is not None:
        assert measurer(best.plan) == best.measured
    else:
        assert best.plan.parameters == fast.parameters


@pytest.mark.parametrize("way", ROUTES)
def test_the_judge_sees_many_plans_once_and_each_fits(way: tuple[str, str, str]) -> None:
    seen: list[Plan] = []

    class Notes(Dice):
        def __call__(self, plan: Plan) -> int | None:
            seen.append(plan)
            return super().__call__(plan)

    found = find(Planner(Notes(1), "best"), way)
    assert len({frozen_parameters(plan.parameters) for plan in seen}) == len(seen) >= 24
    assert len(seen) <= planner.SEARCHES["best"] + 1
    for plan in seen:
        again = planner.proposed(way[2], CONV, DEVICE, frozen_parameters(plan.parameters))
        assert not isinstance(again, str)
        assert again.predicted_cycles == plan.predicted_cycles
    assert found.measured == min(Dice(1)(plan) or 0 for plan in seen)


def test_fast_with_a_judge_judges_the_models_plan_alone() -> None:
    measurer = Dice(3)
    found = find(Planner(measurer, "fast"), DIRECT)
    assert measurer.asked == 1
    assert found.measured == found.fast
    assert found.plan.parameters == find(Planner(), DIRECT).plan.parameters


def test_the_simulators_choice_is_simulated_to_be_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(planner.SEARCHES, "best", 6)
    measurer = SimulatorMeasurer()
    decision = choose(CONV, device=DEVICE, pricing=Pricing(planner=Planner(measurer, "best")))
    fast = choose(CONV, device=DEVICE)
    assert decision.plan is not None
    assert fast.plan is not None
    first = decision.candidates[0]
    assert first.measured
    assert first.run_cycles == measurer(decision.plan) <= (measurer(fast.plan) or 0)
    assert first.cost == first.run_cycles + first.host_cycles
    assert not fast.candidates[0].measured


def test_a_type_that_stays_on_the_cpu_is_not_judged() -> None:
    measurer = Dice(0)
    problem = conv2d(1, 30, 30, 64, 64, 3, 3, dtype="f32")
    assert (
        choose(problem, device=DEVICE, pricing=Pricing(planner=Planner(measurer, "best"))).plan
        is None
    )
    assert measurer.asked == 0


def test_other_timing_constants_are_another_question() -> None:
    machine = default_machine()
    slow = replace(machine, host=replace(machine.host, issue=machine.host.issue * 50))
    version, fast = plans_version(), find(Planner(), DIRECT).plan
    with use_machine(slow):
        assert find(Planner(), DIRECT).plan.predicted_cycles > fast.predicted_cycles
        assert plans_version() != version
    assert find(Planner(), DIRECT).plan.predicted_cycles == fast.predicted_cycles
    assert plans_version() == version


# -- the database ---------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ROUTES)
def test_a_database_gives_the_same_text_without_a_search(
    way: tuple[str, str, str], tmp_path: Path
) -> None:
    measurer = Dice(5)
    found = find(Planner(measurer, "best"), way)
    path = tmp_path / "plans.json"
    path.write_bytes(Database([entry_of(found, way)], "v").text())
    asked = measurer.asked
    again = find(Planner(measurer, "best", known=[read_database(path, "v")]), way)
    assert measurer.asked == asked
    assert again.plan.emit() == found.plan.emit()
    assert (again.measured, again.fast) == (found.measured, found.fast)


def test_a_database_serves_every_network_of_the_same_form() -> None:
    """Other shifts are the same form, and come out in the program; other strides are another form."""
    found = find(Planner(Dice(5), "best"), DIRECT)
    known = Database([entry_of(found, DIRECT)], "v")
    other = find(Planner(known=[known]), DIRECT, shifted(6))
    assert other.measured == found.measured
    assert other.plan.emit() != found.plan.emit()
    # The result is the second byte of sums that are moved up by 8 less the shift.
    assert other.plan.emit() == found.plan.emit().replace("constant dense<1>", "constant dense<2>")
    wider = replace(CONV, lhs=replace(CONV.lhs, shape=(1, 10, 11, 16)))
    assert find(Planner(known=[known]), DIRECT, wider).measured is None


def test_plans_of_another_version_are_planned_anew() -> None:
    found = find(Planner(Dice(5), "best"), DIRECT)
    known = Database([entry_of(found, DIRECT, "older")], "v")
    again = find(Planner(known=[known]), DIRECT)
    assert again.measured is None
    assert again.plan.parameters == find(Planner(), DIRECT).plan.parameters
    assert not known.usable(known.entries[0])


def test_a_plan_that_does_not_fit_is_planned_anew_and_noted() -> None:
    entry = entry_of(find(Planner(Dice(5), "best"), DIRECT), DIRECT)
    wrong = replace(entry, parameters=tuple((n, v * 1000) for n, v in entry.parameters))
    known = Database([wrong], "v")
    again = find(Planner(known=[known]), DIRECT)
    assert again.plan.parameters == find(Planner(), DIRECT).plan.parameters
    (why,) = known.misfits
    assert why.startswith(f"{CONV.describe()}: direct: ")


def entries(version: str = "v") -> st.SearchStrategy[Entry]:
    cycles = st.integers(1, 3)
    return st.builds(
        Entry,
        problem=st.just("conv"),
        key=st.sampled_from("ab"),
        device=st.sampled_from(["npu1_4col", "npu4"]),
        route=st.just("direct"),
        style=st.sampled_from(["vector", "scalar"]),
        parameters=st.tuples(st.tuples(st.just("n"), st.integers(1, 3))),
        predicted_cycles=cycles,
        judged_cycles=cycles,
        fast_cycles=cycles,
        search=st.sampled_from(["fast", "best"]),
        version=st.sampled_from([version, "older", "oldest"]),
    )


@given(*[st.lists(entries(), max_size=5)] * 3)
def test_merging_is_commutative_associative_and_idempotent(
    a: list[Entry], b: list[Entry], c: list[Entry]
) -> None:
    def merged(*parts: list[Entry]) -> bytes:
        return Database([entry for part in parts for entry in part], "v").text()

    ab = Database([*a, *b], "v").entries
    assert merged(a, b) == merged(b, a)
    assert merged(ab, c) == merged(a, Database([*b, *c], "v").entries)
    assert merged(a, a) == merged(a)
    assert merged(ab, b, a) == merged(ab)


@given(st.lists(entries(), max_size=6))
def test_merging_keeps_the_faster_plan_of_this_version(given_: list[Entry]) -> None:
    made = Database(given_, "v")
    for kept in made.entries:
        rivals = [e for e in given_ if e.place == kept.place]
        usable = [e for e in rivals if e.version == "v"]
        assert kept in rivals
        assert made.usable(kept) == bool(usable)
        assert kept.judged_cycles == min(e.judged_cycles for e in usable or rivals)


@given(st.lists(entries(), max_size=6))
def test_a_conflict_is_two_plans_for_one_place(given_: list[Entry]) -> None:
    made = Database((), "v")
    for entry in given_:
        before = {e.place: e for e in made.entries}.get(entry.place)
        conflict = made.add(entry)
        differ = before is not None and before.parameters != entry.parameters
        assert (conflict is not None) == differ
        if conflict is not None:
            assert {conflict.kept, conflict.dropped} == {before, entry}
            assert "\n" not in conflict.line()


@given(st.lists(entries(), max_size=6))
def test_what_is_written_is_read_back(tmp_path_factory: Any, given_: list[Entry]) -> None:
    made = Database(given_, "v")
    path = tmp_path_factory.mktemp("db") / "plans.json"
    path.write_bytes(made.text())
    assert read_database(path, "v").entries == made.entries
    assert read_database(path, "v").text() == made.text()


def spoilt(**changes: Any) -> str:
    entry = entry_of(Found(find(Planner(), DIRECT).plan, 5, 5), DIRECT).as_json() | changes
    return json.dumps({"format": FORMAT, "schema": SCHEMA, "plans": [entry]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[1]", "no database of plans"),
        ('{"dispatches": []}', "no database of plans"),
        (json.dumps({"format": FORMAT, "schema": SCHEMA}), "no database of plans"),
        (json.dumps({"format": FORMAT, "schema": 2, "plans": []}), "of schema 2: only 1 is read"),
        (json.dumps({"format": FORMAT, "schema": SCHEMA, "plans": [3]}), "plans[0]: an object"),
        (spoilt(device=4), "device: a string"),
        (spoilt(judged_cycles=0), "judged_cycles: a whole number above 0"),
        (spoilt(judged_cycles=True), "judged_cycles: a whole number above 0"),
        (spoilt(predicted_cycles=None), "predicted_cycles: a whole number above 0"),
        (spoilt(parameters={"n": "8"}), "parameters: an object of whole numbers"),
        (spoilt(parameters={}), "parameters: an object of whole numbers"),
    ],
)
def test_a_broken_database_is_refused_in_a_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "plans.json"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_database(path, "v")
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_place_named_twice_is_refused(tmp_path: Path) -> None:
    data = json.loads(spoilt())
    (tmp_path / "plans.json").write_text(json.dumps(data | {"plans": data["plans"] * 2}))
    with pytest.raises(UsageError, match=r"plans\[1\].*named twice"):
        read_database(tmp_path / "plans.json", "v")


def test_a_missing_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_database(tmp_path / "none.json", "v")


# -- the cache ------------------------------------------------------------------------------------
QUESTION = Question(*DIRECT, CONV, DEVICE, "model")
ANSWERS = [Known((("n", 8), ("resident", True)), 5, 6), Known((("n", 8),)), "no tiling"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_cache_says_what_it_was_told(tmp_path: Path, answer: Known | str) -> None:
    cache = PlanCache(tmp_path / "deep" / "plans", "v")
    assert cache.recall(QUESTION) is None
    cache.remember(QUESTION, answer)
    assert cache.recall(QUESTION) == answer
    assert PlanCache(tmp_path / "deep" / "plans", "v").recall(QUESTION) == answer


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, problem=shifted(8)),
        replace(QUESTION, device="npu4"),
        replace(QUESTION, how="best 1"),
        replace(QUESTION, style="scalar"),
    ],
)
def test_the_cache_knows_nothing_else(tmp_path: Path, other: Question) -> None:
    PlanCache(tmp_path, "v").remember(QUESTION, ANSWERS[0])
    assert PlanCache(tmp_path, "v").recall(other) is None
    assert PlanCache(tmp_path, "w").recall(QUESTION) is None


@pytest.mark.parametrize("way", ROUTES)
def test_a_warm_cache_gives_what_a_cold_one_gave(
    tmp_path: Path, way: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measurer = Dice(2)
    store = PlanCache(tmp_path, "v")
    for search, made in (("fast", None), ("best", measurer)):
        cold = find(Planner(made, search, store=store), way)
        asked = measurer.asked
        with monkeypatch.context() as patch:
            # Without a search: only what the parameters say.
            patch.setattr("aie_conv.mapping.search._look_up", None)
            warm = find(Planner(made, search, store=store), way)
        assert measurer.asked == asked
        assert warm.plan.emit() == cold.plan.emit()
        assert warm.plan.predicted_cycles == cold.plan.predicted_cycles
        assert (warm.measured, warm.fast) == (cold.measured, cold.fast)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"parameters": {"n": "x"}, "judged": 1, "fast": 1}']
)
def test_a_spoilt_file_of_the_cache_counts_as_none(tmp_path: Path, text: str) -> None:
    cache = PlanCache(tmp_path, "v")
    cache.remember(QUESTION, ANSWERS[0])
    (path,) = tmp_path.iterdir()
    path.write_text(text)
    assert cache.recall(QUESTION) is None
    cache.remember(QUESTION, ANSWERS[1])
    assert cache.recall(QUESTION) == ANSWERS[1]


def test_a_cached_plan_that_does_not_fit_is_searched_for(tmp_path: Path) -> None:
    store = PlanCache(tmp_path, "v")
    store.remember(QUESTION, Known((("n", 7),)))
    found = find(Planner(store=store), DIRECT)
    assert found.plan.parameters == find(Planner(), DIRECT).plan.parameters
    assert store.recall(QUESTION) == Known(frozen_parameters(found.plan.parameters))


def test_the_cache_stays_small(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path, "v", most=20)
    for size in range(60):
        cache.remember(replace(QUESTION, how=str(size)), "no tiling")
        assert len(list(tmp_path.iterdir())) <= 20
    assert cache.recall(replace(QUESTION, how="59")) == "no tiling"


def test_a_cache_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = PlanCache(tmp_path / "file" / "plans", "v")
    cache.remember(QUESTION, "no tiling")
    assert cache.recall(QUESTION) is None


def hammer(folder: str) -> int:
    """Write and read one small cache from several processes; the answers that were not what was written."""
    cache = PlanCache(Path(folder), "v", most=8)
    wrong = 0
    for turn in range(60):
        number = turn % 12 + 1
        question = replace(QUESTION, how=str(number))
        cache.remember(question, Known((("n", number),)))
        wrong += cache.recall(question) not in (None, Known((("n", number),)))
    return wrong


def test_processes_share_the_cache(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(hammer, [str(tmp_path)] * 2) == [0, 0]
    # Each may have written one file more than it saw room for.
    assert len(list(tmp_path.iterdir())) <= 10
