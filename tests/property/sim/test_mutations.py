"""Single changes of emitted modules: each is refused, reported, or changes the result, or is known to do nothing."""

from collections import Counter
from pathlib import Path

import pytest

from aie_conv.sim import Simulator
from tests.support.sim.emitted import CASES, emitted
from tests.support.sim.mutations import EXCUSES, changes, code, excuse, outcome, reached, results


def tally(name: str, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """What became of so many changes, by class; those that pass without a reason."""
    text, data = emitted(name)
    simulator = Simulator(text)
    wanted = results(simulator, data)
    run, lines = reached(simulator), code(simulator)
    found: Counter[str] = Counter()
    holes: list[str] = []
    for change in changes(text, count, seed):
        made = outcome(change.text, data, wanted)
        assert "\n" not in made.message
        if made.what != "passes":
            found[made.what] += 1
            continue
        reason = excuse(change, text, run, lines)
        if reason is None:
            holes.append(str(change))
        else:
            found[reason] += 1
    return found, holes


@pytest.mark.parametrize("name", CASES)
def test_a_few_changes_are_noticed(name: str) -> None:
    found, holes = tally(name, 14, 7)
    assert not holes, "\n".join(holes)
    assert set(found) <= {"refused", "reported", "differs", *EXCUSES}
    assert found["refused"] + found["reported"] + found["differs"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_changes_are_noticed(name: str) -> None:
    """More than 2,000 over all programs; the share that passes is what its classes explain."""
    found, holes = tally(name, 200, 0)
    assert not holes, f"{dict(found)}\n" + "\n".join(holes)
    noticed = found["refused"] + found["reported"] + found["differs"]
    assert noticed >= 0.75 * found.total()
    assert found["reported"] > 0
    assert found["differs"] > 0


def test_the_classes_are_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text()
    for name, reason in EXCUSES.items():
        assert f"| {name} | {reason} |" in page
