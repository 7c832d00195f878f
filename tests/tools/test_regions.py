"""mlir-aie takes a region's module, and its instruction words say what the text says, and are as many."""

from pathlib import Path

import pytest

from aie_conv.mapping.region import sequence_words
from aie_conv.runtime.wordcheck import check_words
from tests.sim.regions.test_graphs import compiled
from tests.sim.regions.test_programs import CHAIN
from tests.tools.test_words import pytestmark as needs_tools
from tests.tools.test_words import words_of

pytestmark = needs_tools


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_regions_words_agree_with_its_text(device: str, tmp_path: Path) -> None:
    artifact = compiled(CHAIN, "large", device)
    text = artifact.modules["region_1"]
    words = words_of(text, "aie2p" if device == "npu4" else "aie2", tmp_path)
    check_words(text, words)
    assert len(words) == sequence_words(text) == artifact.report["regions"][0]["sequence_words"]
