"""What is said of regions, against the report of the compilation."""

import pytest

from tests.sim.regions.test_graphs import compiled
from tests.sim.regions.test_programs import CHAIN
from tests.support.explain.runs import explained, number, rows
from tests.support.regions.graphs import module_text

FLAGS = ("--amd-aie-route=direct", "--amd-aie-direct=parametric")


@pytest.mark.parametrize("mode", ["auto", "single"])
def test_the_calls_and_their_borders_are_the_reports(mode: str) -> None:
    report = compiled(CHAIN, mode).report
    flags = (*FLAGS, "--amd-aie-device=npu1_4col", f"--amd-aie-regions={mode}")
    stages = explained(module_text(CHAIN), flags)
    assert list(stages)[-1] == "regions"
    found = [row[-4:] for row in rows(stages["regions"].text, "border")]
    wanted = [(len(r["dispatches"]), r["predicted_cycles"], r["border"]) for r in report["regions"]]
    assert [
        (int(count), number(cycles), border.replace("(first of its function)", ""))
        for _, count, cycles, border in found
    ] == wanted
    assert len(found) == {"auto": 1, "single": 3}[mode]
    if mode == "auto":
        members = rows(stages["regions"].text, "result")
        names = [row[-3] for row in members]
        assert all(
            full.endswith(name)
            for full, name in zip(report["regions"][0]["dispatches"], names, strict=True)
        )
        assert [row[-1] for row in members] == ["stays in the arena"] * 2 + ["leaves the call"]
