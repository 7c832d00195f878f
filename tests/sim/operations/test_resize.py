"""Resizes and what else takes elements by places, compiled from torch: on the array as on the CPU, to the bit."""

from collections.abc import Callable, Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import aie_conv
from tests.support.operations.blocks import floats


class Of(torch.nn.Module):
    """A model of one function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _resized(mode: str, size: Sequence[int], *, corners: bool | None = None) -> Of:
    return Of(lambda x: F.interpolate(x, size=list(size), mode=mode, align_corners=corners))


CASES: dict[str, tuple[Of, Tensor]] = {
    "nearest, twice as large": (_resized("nearest", (12, 12)), floats(1, 16, 6, 6)),
    "nearest, 13x11": (_resized("nearest", (13, 11)), floats(1, 8, 8, 8)),
    "bilinear": (_resized("bilinear", (8, 8), corners=False), floats(1, 32, 4, 4)),
    "bilinear, corners": (_resized("bilinear", (7, 9), corners=True), floats(1, 32, 4, 5)),
    "bilinear f32": (_resized("bilinear", (8, 8), corners=False), floats(1, 16, 4, 4).float()),
    "of one pixel": (_resized("bilinear", (6, 6), corners=False), floats(1, 32, 1, 1)),
    "reversed": (Of(lambda x: x.flip(3)), floats(1, 8, 8, 8)),
    # Elements that the DMA brings each by itself.
    "one column": (Of(lambda x: x[..., 3]), floats(4, 8, 8, 16).float()),
    "a diagonal": (Of(lambda x: x.diagonal(0, 2, 3)), floats(2, 8, 8, 8).float()),
    "one column, reversed": (Of(lambda x: x.flip(2)[..., 0]), floats(4, 8, 8, 16).float()),
    "pixels to channels": (Of(lambda x: F.pixel_unshuffle(x, 2)), floats(1, 8, 8, 8)),
    "channels to pixels": (Of(lambda x: F.pixel_shuffle(x, 2)), floats(1, 8, 8, 8)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_taken_by_places_is_as_the_cpu_has_it(name: str) -> None:
    model, x = CASES[name]
    direct = aie_conv.compile(
        model.eval(), example_inputs=(x,), device="npu1_4col", route="direct", only=True
    )
    got, want = aie_conv.load(direct, device="sim")(x), model(x)
    if "bilinear" not in name:
        assert torch.equal(got, want)
        return
    cpu = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col", route="cpu")
    assert torch.equal(got, aie_conv.load(cpu, device="sim")(x))
    # Places and weights are of f32: off by 2^-20 of a pixel at most, and once rounded to the model's type.
    bound = 2.0**-8 * want.abs().double() + 2.0**-18 * x.abs().max().double()
    assert ((got.double() - want.double()).abs() <= bound).all()
