"""mlir-aie's own instruction words of emitted modules say what the modules' text says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from aie_conv.runtime.wordcheck import check_words
from tests.golden.test_golden import DESIGNS
from tests.support.sim.resident import THROUGH_CORE
from tests.tools.test_conformance import OPT, RESOURCES, ROUTING, run

TRANSLATE = shutil.which("aie-translate", path=os.environ.get("AIE_TOOLS"))
WORDS = (
    "builtin.module(aie-materialize-runtime-sequences,aie.device(aie-materialize-bd-chains,"
    "aie-substitute-shim-dma-allocations,aie-assign-runtime-sequence-bd-ids,aie-dma-tasks-to-npu,"
    "aie-dma-to-npu,aie-lower-set-lock))"
)

pytestmark = [
    pytest.mark.aie_opt,
    pytest.mark.skipif(
        OPT is None or TRANSLATE is None,
        reason="mlir-aie's tools are not installed (set AIE_TOOLS)",
    ),
]


def words_of(text: str, target: str, folder: Path) -> list[int]:
    """The instruction words that the tools make of a module for an architecture."""
    resources = RESOURCES.format(target=target).replace(
        "aie-assign-bd-ids,", "aie-assign-bd-ids,aie-assign-tile-controller-ids,"
    )
    routed = run(run(text, resources, folder), ROUTING, folder)
    file = folder / "npu.mlir"
    file.write_text(run(routed, WORDS, folder))
    flags = ("--aie-npu-to-binary", "--aie-output-binary=false", "--aie-sequence-name=sequence")
    done = subprocess.run(
        [str(TRANSLATE), *flags, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [int(word, 16) for word in done.stdout.split()]


@pytest.mark.parametrize("device", ["npu1", "npu2"])
def test_words_of_mem_tiles_agree_with_their_text(device: str, tmp_path: Path) -> None:
    text = THROUGH_CORE.replace("npu1", device)
    check_words(text, words_of(text, "aie2" if device == "npu1" else "aie2p", tmp_path))


@pytest.mark.parametrize("name", DESIGNS)
def test_words_agree_with_their_text(name: str, tmp_path: Path) -> None:
    route, device, problem = DESIGNS[name]
    text = route.propose(problem, device).emit()
    check_words(text, words_of(text, "aie2p" if device == "npu4" else "aie2", tmp_path))
