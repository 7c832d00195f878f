"""mlir-aie takes a region's module, and its instruction words say what the text says, and are as many."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import aie_conv
from aie_conv.artifact import Artifact
from aie_conv.mapping.region import sequence_words
from aie_conv.operations.plan import OperationRoute
from aie_conv.runtime.wordcheck import check_words
from tests.property.operations.test_moves import transposition
from tests.sim.regions.test_gates import FORCED, quantised
from tests.sim.regions.test_graphs import compiled
from tests.sim.regions.test_programs import CHAIN
from tests.support.onnx.functions import convolution_with
from tests.support.regions.pooled import Inverted, Stem
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


def _pools(device: str) -> Artifact:
    """Products, a pool and a sum in one call."""
    torch.manual_seed(3)
    model, x = Stem().eval().to(torch.bfloat16), torch.zeros(1, 8, 56, 56, dtype=torch.bfloat16)
    options = {"route": "direct", "regions": "large", "binaries": "off"}
    return aie_conv.compile(model, example_inputs=(x,), device=device, **options)


def _depthwise(device: str) -> Artifact:
    """A depthwise convolution between products in one call."""
    torch.manual_seed(3)
    model, x = Inverted().eval().to(torch.bfloat16), torch.zeros(1, 64, 28, 28).to(torch.bfloat16)
    return aie_conv.compile(
        model, example_inputs=(x,), device=device, route="direct", binaries="off"
    )


def _table(device: str) -> Artifact:
    """A table of bytes behind a parametric product."""
    model, _ = convolution_with("silu", 0, np.int8)
    options = {"route": "direct", "direct": "parametric", "binaries": "off"}
    return aie_conv.compile(model, device=device, **options)


def _gate(device: str) -> Artifact:
    """A product with factors that are sent."""
    model, _ = quantised(np.int8)
    return aie_conv.compile(model, device=device, binaries="off", **FORCED)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize("make", [_pools, _depthwise, _table, _gate])
def test_words_of_other_operations_agree_with_their_text(
    make: Callable[[str], Artifact], device: str, tmp_path: Path
) -> None:
    target = "aie2p" if device == "npu4" else "aie2"
    for text in dict.fromkeys(make(device).modules.values()):
        check_words(text, words_of(text, target, tmp_path))


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_words_of_a_move_agree_with_its_text(device: str, tmp_path: Path) -> None:
    text = OperationRoute().propose(transposition(64, 512, "i8"), device).emit()
    check_words(text, words_of(text, "aie2p" if device == "npu4" else "aie2", tmp_path))
