"""What mlir-aie makes of a link whose FIFO out is larger, where its tools are installed."""

import re
from pathlib import Path

import pytest

from tests.aie_opt.test_conformance import RESOURCES, run
from tests.aie_opt.test_conformance import pytestmark as tools
from tests.sim.programs import relay
from tests.sim.test_links import WINDOWS, ZEROS, pad_text, stream_text

pytestmark = tools


@pytest.mark.parametrize(
    ("attributes", "received"), [(ZEROS, 112), (pad_text([(1, 0), (4, 4)]), 8 * 24)]
)
def test_descriptors_have_the_lengths_that_the_simulator_takes(
    attributes: str, received: int, tmp_path: Path
) -> None:
    text = relay(64, "i8", to_stream=stream_text(WINDOWS), attributes=attributes, received=received)
    placed = run(text, RESOURCES.format(target="aie2"), tmp_path)
    memory = placed[placed.index("aie.memtile_dma(") :].split("\n    }")[0]
    assert re.findall(r"memref<(\d+)xi8>, 0, (\d+)", memory) == [
        *[("64", "64")] * 2,
        *[("64", str(received))] * 2,
    ]
