"""What mlir-aie makes of a link whose FIFO out is larger, where its tools are installed."""

import re
from pathlib import Path

import pytest

from tests.property.sim.test_links import WINDOWS, ZEROS, pad_text, stream_text
from tests.support.sim.programs import relay
from tests.tools.test_conformance import RESOURCES, run
from tests.tools.test_conformance import pytestmark as tools

pytestmark = tools


@pytest.mark.parametrize(("depth", "repeat"), [(2, 1), (1, 3), (2, 3)])
def test_larger_objects_are_kept_and_sent_again(depth: int, repeat: int, tmp_path: Path) -> None:
    """One descriptor for each time; filling waits until an object was sent as often as it is to be."""
    dims = stream_text([(16, 8), (4, 128), (8, 1)])
    again = f"{{repeat_count = {repeat} : i32}}"
    text = relay(
        512, "i8", to_stream=dims, attributes=again, received=64, sent=8 * repeat, depth=depth
    )
    placed = run(text, RESOURCES.format(target="aie2"), tmp_path)
    memory = placed[placed.index("aie.memtile_dma(") :].split("\n    }")[0]
    buffers = re.findall(r"a3_cons_buff_(\d) : memref<512xi8>, 0, 512", memory)
    assert buffers == [*"01"[:depth], *("0" * repeat + "1" * repeat)[: depth * repeat]]
    taken = re.findall(r"use_lock\(%a3_cons_prod_lock_0, AcquireGreaterEqual, (\d)\)", memory)
    given = re.findall(r"use_lock\(%a3_cons_prod_lock_0, Release, (\d)\)", memory)
    assert (taken, given) == ([str(repeat)] * depth, ["1"] * depth * repeat)
    assert f'init = {depth * repeat} : i32, sym_name = "a3_cons_prod_lock_0"' in placed
    core = placed[placed.index("aie.mem(") :].split("\n    }")[0]
    assert (
        re.findall(r"a1_cons_buff_\d : memref<(\d+)xi8>, 0, (\d+)", core) == [("64", "64")] * depth
    )


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
