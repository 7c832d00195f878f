"""A region's program: what must wait waits, its words are counted, several functions have regions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.errors import UsageError, VerifyError
from aie_conv.mapping import schedule
from aie_conv.runtime.executable import unpack
from aie_conv.sim import Simulator
from aie_conv.sim.functional.commands import Start, TaskChain, Transfer, Wait, transfers
from tests.sim.regions.test_graphs import check, compiled, image_of
from tests.support.regions.graphs import Network, Step, module_text, reference

CHAIN = Network(
    (16, 16, 64),
    (Step(0, -1, 64, 1, 1, 0), Step(1, -1, 64, 3, 1, -128), Step(2, -1, 64, 1, 1, 0)),
    (3,),
    5,
)


def test_a_chain_is_one_call() -> None:
    artifact = compiled(CHAIN, "auto")
    assert check(CHAIN, artifact) == 1
    (region,) = artifact.report["regions"]
    assert region["name"] == "region_1"
    assert region["dispatches"] == [e["name"] for e in artifact.report["dispatches"]]
    assert region["results"] == region["dispatches"][-1:]
    # Input, weights, arena, result; the arena holds the padded input of the second.
    assert region["buffers"] == 4
    assert region["arena_bytes"] >= 18 * 18 * 64
    assert artifact.report["totals"]["time"]["launches"] == 1


def test_a_record_has_its_operations() -> None:
    program = aie_conv.load(compiled(CHAIN, "auto"), device="sim")
    program.main(image_of(CHAIN, 1))
    (record,) = program.records
    each = record["operations"]
    assert len(each) == 3
    assert sum(operation["shim_bytes"] for operation in each) == record["shim_bytes"]
    # Behind the last byte come only tokens.
    assert (
        0.8 * record["cycles"] < sum(operation["cycles"] for operation in each) <= record["cycles"]
    )


def test_tasks_that_do_not_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "may_meet", lambda one, other: False)
    with pytest.raises(
        VerifyError, match=r"race: it (reads|writes) bytes .* wait for its token first"
    ):
        compiled(CHAIN, "large")


def test_filters_come_before_the_operation_in_front_has_ended() -> None:
    (text,) = compiled(CHAIN, "auto").modules.values()
    commands = Simulator(text).commands
    moved = {t.op.line for t in transfers(commands) if t.memref.elements > 36_000 and not t.writes}
    assert moved
    writes = [i for i, c in enumerate(commands) if isinstance(c, Transfer) and c.writes]
    waits = [i for i, c in enumerate(commands) if getattr(c, "channel", "") == "@c_l3_0"]
    filters = [
        i
        for i, c in enumerate(commands)
        if isinstance(c, Transfer) and c.end.name.startswith("b_l3")
    ]
    # Between the first operation's last output and its token lie pushes of the second one's filter.
    assert any(writes[0] < i < waits[0] and i > filters[3] for i in filters[4:])


def test_descriptors_of_what_waits_are_written_before_its_token() -> None:
    (text,) = compiled(CHAIN, "auto").modules.values()
    commands = Simulator(text).commands
    written = {c: i for i, c in enumerate(commands) if isinstance(c, TaskChain)}
    starts = {c.chain: i for i, c in enumerate(commands) if isinstance(c, Start)}
    waits = [i for i, c in enumerate(commands) if isinstance(c, Wait) and c.channel[:6] == "@c_l3_"]
    inputs = [c for c in written if c.end.name.startswith("a_l3")]
    # Behind the tokens of the first operation's outputs are only the second one's starts.
    assert any(written[c] < i < starts[c] for c in inputs for i in waits)


def test_what_an_arena_holds_does_not_matter() -> None:
    """Whatever lies in it from a call before, but for its borders."""
    network = Network(CHAIN.size, (*CHAIN.steps, Step(3, -1, 128, 3, 1, 0)), (4, 2), 9)
    program = aie_conv.load(compiled(network, "auto"), device="sim")
    image = image_of(network, 3)
    wanted = reference(network, image)
    program.main(image_of(network, 4))
    assert len(program._state.scratch) == 1
    for poison in (0x00, 0x7F, 0x80):
        for data, array in program._state.scratch.items():
            scratch = unpack(data, "d").scratch
            assert scratch is not None
            array.view(np.uint8)[:] = poison
            for first, elements, value in scratch.fills:
                array[first : first + elements] = value
        for got, expected in zip(program.main(image), wanted, strict=True):
            np.testing.assert_array_equal(got, expected)


def test_several_functions_have_regions_of_their_own() -> None:
    other = Network((16, 16, 64), CHAIN.steps[:2], (2,), 6)
    one, two = module_text(CHAIN, "first"), module_text(other, "second")
    text = one.rsplit("}", 1)[0] + two.removeprefix("module {")
    artifact = aie_conv.compile(text, route="direct", direct="parametric")
    assert [r["name"] for r in artifact.report["regions"]] == ["region_1", "region_2"]
    assert artifact.report["regions"][1]["border"] == ""
    program = aie_conv.load(artifact, device="sim")
    for network, function in (
        (CHAIN, program.first),
        (other, program.second),
        (CHAIN, program.first),
    ):
        image = image_of(network, 2)
        np.testing.assert_array_equal(function(image), reference(network, image)[0])
        assert len(program.records) == 1


def pinned(path: Path, report: Any) -> Artifact:
    path.write_text(json.dumps(report))
    return aie_conv.compile(module_text(CHAIN), device="npu1_4col", route_file=path)


def test_a_report_pins_its_regions(tmp_path: Path) -> None:
    """Those of --amd-aie-regions=single, where one call is cheaper; and others that are written in."""
    report = compiled(CHAIN, "single").report
    again = pinned(tmp_path / "single.json", report)
    calls = [region["dispatches"] for region in again.report["regions"]]
    assert calls == [region["dispatches"] for region in report["regions"]]
    assert [len(call) for call in calls] == [1, 1, 1]
    assert [r["border"] for r in again.report["regions"]] == [
        "", *["pinned by the route file"] * 2,
    ]  # fmt: skip
    first, second, third = (call[0] for call in calls)
    joined = {**report, "regions": [{"dispatches": [first]}, {"dispatches": [second, third]}]}
    artifact = pinned(tmp_path / "two.json", joined)
    assert [len(r["dispatches"]) for r in artifact.report["regions"]] == [1, 2]
    assert check(CHAIN, artifact) == 2


def test_pinned_regions_that_are_no_longer_there_are_one_line(tmp_path: Path) -> None:
    report = compiled(CHAIN, "auto").report
    file = tmp_path / "pins.json"
    name = report["dispatches"][1]["name"]
    report["dispatches"][1]["route"] = "cpu"
    with pytest.raises(
        UsageError, match=rf"regions\[0\]: {name.replace('$', '.')} and .* not both"
    ):
        pinned(file, report)
    report["regions"] = [{"dispatches": ["nobody"]}]
    with pytest.raises(UsageError, match=r"regions\[0\]: nobody: no such dispatch: correct or"):
        pinned(file, report)
    # Where its only dispatch has gone to the CPU there is no call to form.
    report["regions"] = [{"dispatches": [name]}]
    calls = [region["dispatches"] for region in pinned(file, report).report["regions"]]
    assert len(calls) == 2
    assert all(name not in call for call in calls)
