"""mlir-aie's own instruction words of emitted modules say what the modules' text says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import aie_conv
from aie_conv.runtime.executable import join_programs
from aie_conv.runtime.wordcheck import check_words
from tests.golden.test_golden import DESIGNS
from tests.support.regions import graphs
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


def words_of(text: str, target: str, folder: Path, sequence: str = "sequence") -> list[int]:
    """The instruction words that the tools make of a module's runtime sequence for an architecture."""
    resources = RESOURCES.format(target=target).replace(
        "aie-assign-bd-ids,", "aie-assign-bd-ids,aie-assign-tile-controller-ids,"
    )
    routed = run(run(text, resources, folder), ROUTING, folder)
    file = folder / "npu.mlir"
    file.write_text(run(routed, WORDS, folder))
    flags = ("--aie-npu-to-binary", "--aie-output-binary=false", f"--aie-sequence-name={sequence}")
    done = subprocess.run(
        [str(TRANSLATE), *flags, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [int(word, 16) for word in done.stdout.split()]


@pytest.mark.parametrize("device", ["npu1", "npu2"])
def test_words_of_mem_tiles_agree_with_their_text(device: str, tmp_path: Path) -> None:
    text = THROUGH_CORE.replace("npu1", device)
    check_words(text, words_of(text, "aie2" if device == "npu1" else "aie2p", tmp_path))


def test_joined_programs_have_the_words_that_they_have_alone(tmp_path: Path) -> None:
    """What an ELF holds: one module with the runtime sequences of a configuration's programs."""
    artifact = aie_conv.compile(
        graphs.module_text(graphs.random_network(1, steps=4)), route="direct", direct="parametric",
        regions="single", binaries="off",
    )  # fmt: skip
    texts = list(dict.fromkeys(artifact.modules.values()))
    assert len(texts) > 1
    joined, names = join_programs(texts)
    for text, name in zip(texts, names, strict=True):
        assert words_of(joined, "aie2", tmp_path, name) == words_of(text, "aie2", tmp_path)


@pytest.mark.parametrize("name", DESIGNS)
def test_words_agree_with_their_text(name: str, tmp_path: Path) -> None:
    route, device, problem = DESIGNS[name]
    text = route.propose(problem, device).emit()
    check_words(text, words_of(text, "aie2p" if device == "npu4" else "aie2", tmp_path))
