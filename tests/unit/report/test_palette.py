"""Colours: readable on the page's background, and told apart by people who see fewer of them."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from aie_conv.report.html import palette
from aie_conv.report.html.palette import contrast, luminance, on
from aie_conv.sim.timing.timeline import State

# Machado, Oliveira and Fernandes 2009, severity 1: linear RGB as each deficiency sees it.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB under D65."""
    matrix = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    ratio = np.clip(matrix @ rgb, 0, None) / [0.95047, 1.0, 1.08883]
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, matrix: np.ndarray) -> float:
    seen = [lab(np.clip(matrix @ linear(colour), 0, 1)) for colour in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert luminance("#ffffff") == pytest.approx(1)


@pytest.mark.parametrize("paper", [palette.PAPER, palette.PANEL, palette.MARK])
@pytest.mark.parametrize("text", [palette.INK, palette.MUTED, palette.LINK])
def test_text_can_be_read(text: str, paper: str) -> None:
    assert contrast(text, paper) >= 4.5


@pytest.mark.parametrize("fill", [*palette.ROUTES.values(), *palette.STATES.values()])
def test_text_on_a_fill_can_be_read(fill: str) -> None:
    assert contrast(on(fill), fill) >= 4.5


@pytest.mark.parametrize("colour", [*palette.ROUTES.values(), *palette.ROLES.values()])
@pytest.mark.parametrize("paper", [palette.PAPER, palette.PANEL])
def test_lines_and_marks_can_be_seen(colour: str, paper: str) -> None:
    assert contrast(colour, paper) >= 3


@pytest.mark.parametrize("state", [state for state in State if palette.HATCHES[state]])
def test_hatches_can_be_seen(state: State) -> None:
    assert contrast(palette.INK, palette.STATES[state]) >= 3


def test_states_without_a_hatch_differ_in_light() -> None:
    plain = [palette.STATES[state] for state in State if not palette.HATCHES[state]]
    assert all(contrast(a, b) >= 3 for a, b in pairwise(plain))
    hatched = [hatch for hatch in palette.HATCHES.values() if hatch]
    assert len(set(hatched)) == len(hatched) == len(State) - len(plain)


@pytest.mark.parametrize("who", DEFICIENCIES)
@pytest.mark.parametrize("family", ["ROUTES", "STATES"])
def test_colours_are_told_apart(family: str, who: str) -> None:
    """A difference of 2.3 is just noticeable; 10 is seen at a glance."""
    matrix = np.array(DEFICIENCIES[who])
    for one, other in combinations(getattr(palette, family).values(), 2):
        assert distance(one, other, matrix) > 10, (one, other)


def test_streams_differ_without_colour() -> None:
    assert len(set(palette.DASHES.values())) == len(palette.DASHES)
