"""Small modules that are explained, and the figures that an explanation shows of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aie_conv.options import parse_flags
from aie_conv.report.explain import StageReport, explain

ZEN4 = (
    "--iree-llvmcpu-target-cpu=znver4",
    "--iree-llvmcpu-target-triple=x86_64-unknown-linux-gnu",
)
"""A processor by name, so that what IREE chooses does not depend on the machine."""

PLAIN = (
    "--amd-aie-route=cpu",
    "--iree-global-opt-use-im2col-for-convs=false",
    "--iree-opt-data-tiling=false",
    "--iree-llvmcpu-enable-ukernels=none",
)
"""IREE's own code for convolutions, without the forms that are fast on the CPU."""

CHANNELS_LAST = (
    "--iree-preprocessing-pass-pipeline="
    "builtin.module(iree-preprocessing-transpose-convolution-pipeline)"
)


def explained(
    text: str, flags: Sequence[str], dispatch: str | None = None
) -> dict[str, StageReport]:
    """The stages of a module by name."""
    stages = explain(text.encode(), "module", parse_flags(list(flags)), dispatch=dispatch)
    return {stage.name: stage for stage in stages}


def number(text: str) -> int:
    """A number as it is shown, its digits in groups of three."""
    return int(text.replace(" ", ""))


def figure(text: str, before: str, after: str = "") -> int:
    """The number between two pieces of text."""
    found = re.search(rf"{re.escape(before)}(\d[\d ]*\d|\d){re.escape(after)}", text)
    assert found is not None, f"{before}… in\n{text}"
    return number(found[1])


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of a table, of which one heading is given; two spaces part them."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if heading in line)
    found: list[list[str]] = []
    for line in lines[first + 1 :]:
        if not line.strip() or "  " not in line.strip():
            break
        found.append(re.split(r"\s{2,}", line.strip()))
    return found
