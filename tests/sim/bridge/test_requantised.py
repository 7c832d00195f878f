"""Quantised convolutions on the simulated NPU equal an integer reference, on every architecture."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.bridge.requantisation import requantised
from tests.support.bridge.quantised import QuantisedConv

CONVS = {
    "signed": QuantisedConv(out=(0.75, -3), c=16),
    "unsigned with saturation": QuantisedConv(out=(0.125, 40), c=16, unsigned=True, zero=115),
    "depthwise": QuantisedConv(
        out=(0.05, -128), c=16, depthwise=True, zero=-128, per_channel=False
    ),
}


@pytest.mark.parametrize("device", ["npu1_1col", "npu4"])
@pytest.mark.parametrize("name", CONVS)
def test_requantisation_is_the_models(name: str, device: str) -> None:
    conv = CONVS[name]
    artifact = aie_conv.compile(conv.text().encode(), route="direct", device=device)
    (entry,) = [d for d in artifact.report["dispatches"] if d["macs"]]
    assert entry["route"] == "direct"
    assert "requantised in integers" in entry["reason"]
    x = conv.bytes_in()
    got = np.asarray(aie_conv.load(artifact, device="sim").main(x))
    want = conv.expected(x)
    if "equal for every sum" in entry["reason"]:
        np.testing.assert_array_equal(got, want)
    else:
        assert (got != want).mean() <= 1e-3
        assert np.abs(got.astype(int) - want).max() <= 1
    assert len(np.unique(got)) > 20


@pytest.mark.parametrize(("differing", "note"), [(7, "one step off for 7"), (8, "equal for every")])
def test_the_form_that_programs_share_may_miss_a_sum_in_100000(
    monkeypatch: pytest.MonkeyPatch, differing: int, note: str
) -> None:
    """Of 789,495 sums; the other form gives all."""
    fit = requantised.fit_scaled

    def fit_but_some(*arguments: Any) -> Any:
        form = fit(*arguments)
        return form and replace(form, differing=differing)

    monkeypatch.setattr(requantised, "fit_scaled", fit_but_some)
    conv = QuantisedConv(out=(0.04293404892086983, -35), c=16)
    artifact = aie_conv.compile(conv.text().encode(), route="direct", device="npu4")
    (entry,) = [d for d in artifact.report["dispatches"] if d["macs"]]
    assert f"requantised in integers, {note}" in entry["reason"]
