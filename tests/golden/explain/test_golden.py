"""The text of three small explanations, for people to read and for changes to show.

`pytest tests/explain --update-golden` writes the files anew; look at the difference before keeping it.
What the figures say is tested beside it; here only their form is, and cycles are left out.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from aie_conv.report.explain.write import shown
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.explain.runs import PLAIN, ZEN4, explained
from tests.unit.explain.test_cpu import NOTE

HERE = Path(__file__).parent / "golden"

RUNS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "im2col-i8-npu1_1col": (
        modules.plain(Conv(h=8, w=8, c=16, oc=16, kh=1, kw=1, dtype="i8")),
        ("--amd-aie-route=im2col", "--amd-aie-device=npu1_1col"),
        (),
    ),
    "direct-fused-bf16-npu4": (
        modules.fused(Conv(h=9, w=8, c=8, oc=8, stride=2, padding=1)),
        ("--amd-aie-route=direct", "--amd-aie-device=npu4"),
        ("problem", "plan", "index-maps"),
    ),
    "cpu-f32-zen4": (
        NOTE,
        (*PLAIN, *ZEN4),
        ("cpu-tiles", "cpu-workgroups", "cpu-reduction", "cpu-vector", "cpu-final"),
    ),
}
"""Name -> module, flags, and the stages that are kept (all where none is named)."""


def without_cycles(text: str) -> str:
    """A stage without its cycles and their ratios, which change with every calibration."""
    title, _, body = text.partition("\n")
    head, mark, tail = body.partition("\nresource")
    if ". candidates " in title:
        head, mark, tail = "", "", body
    tail = re.sub(r"(?<=\s)\d[\d .]*(?=[\s,]|$)", "#", tail)
    return f"{title}\n{head}{mark}{re.sub(r'(?<=[#:a-z])  +', '  ', tail)}"


@pytest.mark.parametrize("name", RUNS)
def test_printed_text(name: str, update_golden: bool) -> None:
    module, flags, kept = RUNS[name]
    stages = explained(module, flags)
    wanted = [stages[stage] for stage in kept or stages]
    text = "\n".join(
        without_cycles(shown(number, stage, full=False)) for number, stage in enumerate(wanted, 1)
    )
    file = HERE / f"{name}.txt"
    if update_golden:
        assert "CI" not in os.environ, "golden files are not updated in CI"
        file.write_text(text)
    assert text == file.read_text()


def test_every_golden_file_is_read() -> None:
    assert {file.stem for file in HERE.glob("*.txt")} == set(RUNS)
