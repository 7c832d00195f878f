"""The glossary has every name that a plan's parameters have, and every word that was replaced."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from aie_conv.direct.depthwise import DepthwiseParameters
from aie_conv.direct.geometry import DirectParameters
from aie_conv.direct.parametric.layout import ParametricParameters
from aie_conv.direct.sliding import SlidingParameters
from aie_conv.img2col.scheme import GemmParameters
from aie_conv.mapping.mapping import Parameters
from aie_conv.options import Options
from aie_conv.partitioner.words import PARAMETERS, STYLES, current_parameters

ROOT = Path(__file__).parents[3]
KINDS: list[type[Parameters]] = [
    GemmParameters, DirectParameters, DepthwiseParameters, SlidingParameters, ParametricParameters,
]  # fmt: skip


def words_of(section: str) -> set[str]:
    """What stands in code form in a section of the glossary."""
    page = (ROOT / "docs" / "glossary.md").read_text()
    return set(re.findall(r"`([^`]+)`", page.split(f"## {section}")[1].split("\n## ")[0]))


def test_every_parameter_is_explained() -> None:
    names = {field.name for kind in KINDS for field in fields(kind)}
    assert names == words_of("Parameters of plans")


def test_every_old_word_has_its_new_one() -> None:
    said = words_of("Words that were replaced")
    assert {*PARAMETERS, *PARAMETERS.values(), *STYLES, *STYLES.values()} <= said
    names = {field.name for kind in KINDS for field in fields(kind)}
    # No old word means something else now.
    assert set(PARAMETERS.values()) <= names
    assert not names & set(PARAMETERS)
    replay = json.loads((ROOT / "tests" / "support" / "replay_words.json").read_text())
    assert replay == {"parameters": PARAMETERS, "styles": STYLES}


def test_old_words_are_understood() -> None:
    assert current_parameters({"n": 8, "width": 4}) == {"tile_n": 8, "width": 4}
    with pytest.warns(FutureWarning, match="'steered' is called 'parametric' now"):
        assert Options(direct="steered").direct == "parametric"
