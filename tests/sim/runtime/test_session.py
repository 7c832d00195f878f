"""A session as ONNX Runtime's users know it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.errors import UsageError
from tests.support.onnx.models import one_node, runtime_results

onnx = pytest.importorskip("onnx")

X = np.random.default_rng(3).integers(-127, 127, (1, 16, 12, 12), np.int8)
W = np.random.default_rng(4).integers(-127, 127, (32, 16, 3, 3), np.int8)


@pytest.fixture(scope="module")
def model() -> Any:
    return one_node("ConvInteger", {"x": X}, {"w": W}, opset=17)


@pytest.fixture(scope="module")
def session(model: Any) -> aie_conv.Session:
    return aie_conv.Session(model, device="sim", compile_options={"route": "direct"})


def test_it_runs_on_the_npu_and_agrees(session: aie_conv.Session, model: Any) -> None:
    (y,) = session.run(None, {"x": X})
    (want,) = _reference(model)
    np.testing.assert_array_equal(y, want)
    np.testing.assert_array_equal(session.run(["y0"], {"x": X})[0], want)
    assert session.report["totals"]["npu"] == 1


def _reference(model: Any) -> list[np.ndarray]:
    # onnxruntime has no ConvInteger of signed inputs on the CPU.
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {"x": X})


def test_inputs_and_outputs_are_described_as_onnxruntime_does(
    session: aie_conv.Session, model: Any
) -> None:
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape, taken.type) == ("x", [1, 16, 12, 12], "tensor(int8)")
    assert (given.name, given.shape, given.type) == ("y0", [1, 32, 10, 10], "tensor(int32)")


def test_its_types_are_onnxruntimes() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    for dtype in (np.float32, np.uint8, np.bool_, np.int64, np.float16):
        x = np.zeros(3, dtype)
        model = one_node("Identity", {"x": x})
        theirs = onnxruntime.InferenceSession(model.SerializeToString()).get_inputs()[0]
        ours = aie_conv.Session(model, device="sim").get_inputs()[0]
        assert (ours.name, ours.shape, ours.type) == (theirs.name, theirs.shape, theirs.type)
        np.testing.assert_array_equal(runtime_results(model, {"x": x})[0], x)


def test_it_shows_routes_and_times(session: aie_conv.Session) -> None:
    text = repr(session)
    assert "direct" in text
    assert "1 of 1 convolutions and matmuls on the NPU" in text
    assert "<table>" in session._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert "<td>direct" in session._repr_html_()  # pyright: ignore[reportPrivateUsage]


def test_a_file_keeps_its_report(model: Any, tmp_path: Path) -> None:
    artifact = aie_conv.compile(model)
    artifact.save(tmp_path / "m.vmfb")
    assert "\n" not in repr(artifact)
    assert len(repr(artifact)) < 200
    lasting = {key: value for key, value in artifact.report.items() if key != "seconds"}
    assert aie_conv.Session(tmp_path / "m.vmfb", device="sim").report == lasting


def test_mistakes_are_one_line(session: aie_conv.Session) -> None:
    with pytest.raises(UsageError, match=r"no output 'y': there are y0"):
        session.run(["y"], {"x": X})
    with pytest.raises(UsageError, match="no input 'z': there are x"):
        session.run(None, {"x": X, "z": X})
    with pytest.raises(UsageError, match="no array for input x"):
        session.run(None, {})
    with pytest.raises(
        UsageError, match=r"1x16x12x12xui8 given, the function takes 1x16x12x12xsi8"
    ):
        session.run(None, {"x": X.view(np.uint8)})
    with pytest.raises(UsageError, match="for ONNX models alone"):
        aie_conv.Session(b"", compile_options={"device": "npu4"})
