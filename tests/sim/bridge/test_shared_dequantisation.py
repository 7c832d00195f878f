"""A DequantizeLinear that a convolution and others read: the convolutions are of bytes all the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aie_conv
from aie_conv.artifact import Artifact
from tests.support.onnx.models import runtime_results
from tests.support.onnx.shared import READERS, SharedBlock, shared_block


def _int8(artifact: Artifact) -> list[dict[str, Any]]:
    """The report's dispatches that multiply bytes on the NPU."""
    return [
        entry
        for entry in artifact.report["dispatches"]
        if entry["route"] != "cpu" and "_i8xi8xi32" in entry["name"]
    ]


def _check(block: SharedBlock, device: str) -> None:
    """All convolutions on the NPU, and onnxruntime's results but for rare single steps."""
    artifact = aie_conv.compile(block.model, device=device, route="direct")
    assert len(_int8(artifact)) == block.convolutions
    got: Any = aie_conv.load(artifact, device="sim")(*block.inputs.values())
    results = list(got) if isinstance(got, list | tuple) else [got]
    wanted = runtime_results(block.model, block.inputs)
    assert len(results) == len(wanted)
    off, total = 0, 0
    for result, want, step in zip(results, wanted, block.steps, strict=True):
        steps = np.abs(np.asarray(result, np.float64) - want) / step
        assert steps.max() < 1.001
        off += int((steps > 0.5).sum())
        total += steps.size
    assert off <= 2 + total // 1000, f"{off} of {total} elements are one step off"


@pytest.mark.parametrize("reader", ["add", "max_pool", "output", "silu"])
def test_each_reader(reader: str) -> None:
    _check(shared_block(0, [reader], c=8, size=5), "npu1_4col")


@settings(max_examples=3)
@given(
    st.integers(0, 2**16),
    st.lists(st.sampled_from(READERS), min_size=2, max_size=4, unique=True),
    st.sampled_from([8, 12, 16, 32]),
    st.integers(4, 9),
    st.sampled_from([1, 3]),
    st.sampled_from([np.uint8, np.int8]),
    st.sampled_from(["npu1_4col", "npu4"]),
)
def test_several_readers(
    seed: int,
    readers: list[str],
    c: int,
    size: int,
    kernel: int,
    dtype: type[np.integer],
    device: str,
) -> None:
    _check(shared_block(seed, readers, c, size, kernel, dtype), device)


@pytest.mark.parametrize("readers", [["add"], ["silu", "concat"]], ids=" ".join)
def test_large_convolutions_go_there_by_decision(readers: list[str]) -> None:
    block = shared_block(0, readers, 64, 28)
    artifact = aie_conv.compile(block.model, device="npu4")
    assert len(_int8(artifact)) == block.convolutions
    assert artifact.report["totals"]["npu_macs"] == artifact.report["totals"]["macs"]
