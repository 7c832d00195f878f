"""Random modules of the kinds that IREE's importer gets wrong, against torch."""

from typing import Any

import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from tests.support.frontends.models import Function, check, randn, with_statistics

FEW = settings(max_examples=max(settings.default.max_examples // 4, 5))
sizes = st.integers(1, 7)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[nn.Module, torch.Tensor]:
    """Every padding, with and without a batch, followed by a norm or not."""
    rank = draw(st.integers(1, 3))
    groups, cin, cout = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel = draw(st.tuples(*[st.integers(1, 4)] * rank))
    dilation = draw(st.tuples(*[st.integers(1, 2)] * rank))
    mode = draw(st.sampled_from(["zeros", "circular", "reflect", "replicate"]))
    word = draw(st.booleans())
    padding: Any = "same" if word else draw(st.tuples(*[st.integers(0, 2)] * rank))
    stride = (1,) * rank if word else draw(st.tuples(*[st.integers(1, 3)] * rank))
    shape = draw(st.tuples(*[st.integers(3, 8)] * rank))
    kind = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[rank]
    layers: list[nn.Module] = [
        kind(cin * groups, cout * groups, kernel, stride, padding, dilation, groups, True, mode)
    ]
    batched = draw(st.booleans())
    if batched and draw(st.booleans()):
        layers.append(
            {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[rank](cout * groups)
        )
    layers.append(
        draw(st.sampled_from([nn.Identity(), nn.ReLU6(), nn.PReLU(), nn.ReLU(inplace=True)]))
    )
    batch = (draw(st.integers(1, 2)),) if batched else ()
    return with_statistics(nn.Sequential(*layers)), randn(*batch, cin * groups, *shape)


@FEW
@given(convolutions())
def test_convolutions(case: tuple[nn.Module, torch.Tensor]) -> None:
    model, x = case
    try:
        with torch.no_grad():
            model(x)
    except RuntimeError:
        assume(False)  # torch itself refuses it
    check(model, x)


@FEW
@given(
    st.lists(st.tuples(st.integers(-2, 3), st.integers(-2, 3)), min_size=1, max_size=2),
    st.sampled_from(["constant", "circular", "reflect", "replicate"]),
)
def test_padding(borders: list[tuple[int, int]], mode: str) -> None:
    flat = [size for border in borders for size in border]
    model = Function(lambda x: functional.pad(x, flat, mode=mode))
    x = randn(1, 2, 5, 6) if len(borders) == 2 else randn(1, 2, 6)
    try:
        model(x)
    except RuntimeError:
        assume(False)
    check(model, x)


@FEW
@given(
    st.sampled_from([nn.BatchNorm2d, nn.InstanceNorm2d]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_norms(kind: Any, affine: bool, track: bool, dtype: torch.dtype) -> None:
    model = with_statistics(kind(6, affine=affine, track_running_stats=track))
    check(model, randn(2, 6, 4, 5).to(dtype))


@FEW
@given(
    st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(3, 7),
    st.booleans(),
)
def test_pooling(
    kind: Any, kernel: int, stride: int, padding: int, size: int, batched: bool
) -> None:
    assume(padding <= kernel // 2 and size + 2 * padding >= kernel)
    check(kind(kernel, stride, padding), randn(*((2,) if batched else ()), 3, size, size + 1))


@FEW
@given(
    st.sampled_from([torch.maximum, torch.minimum, torch.clamp_min, torch.clamp_max]),
    st.lists(st.floats(width=32), min_size=4, max_size=4),
    st.lists(st.floats(width=32), min_size=4, max_size=4),
)
def test_bounds(operation: Any, left: list[float], right: list[float]) -> None:
    check(Function(operation), torch.tensor(left), torch.tensor(right))
