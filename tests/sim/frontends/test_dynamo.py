"""`torch.compile(model, backend="amd-aie")`: graphs, shapes, types, constants, and no training."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from aie_conv.errors import UsageError
from aie_conv.frontends import dynamo
from aie_conv.frontends.dynamo import amd_aie
from tests.support.frontends.models import assert_equal, randn, with_statistics

ON_CPU = {"route": "cpu", "run_on": "null"}


class Net(nn.Module):
    """Two graphs, with a break between them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)
        self.second, self.drop = nn.Conv2d(8, 4, 3), nn.Dropout()

    def forward(self, x: torch.Tensor) -> Any:
        y = torch.relu(self.norm(self.first(x)))
        torch._dynamo.graph_break()
        return self.drop(self.second(y)), {"mean": y.mean()}


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch._dynamo.reset()
    torch.manual_seed(0)


def compiled(model: nn.Module, **options: Any) -> Any:
    return torch.compile(model, backend=amd_aie, options={**ON_CPU, **options})


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@torch.no_grad()
def test_graphs_and_shapes(dtype: torch.dtype) -> None:
    model = with_statistics(Net()).to(dtype)
    call = compiled(model)
    for batch in (1, 2, 3):
        x = randn(batch, 3, 8, 8).to(dtype)
        assert_equal(call(x), model(x))


def test_it_runs_on_the_simulated_npu() -> None:
    model = nn.Conv2d(16, 16, 3).eval().to(torch.bfloat16)
    x = randn(1, 16, 8, 8).to(torch.bfloat16)
    call = torch.compile(model, backend=amd_aie, options={"route": "direct", "run_on": "sim"})
    with torch.no_grad():
        assert_equal(call(x), model(x))


@torch.no_grad()
def test_changed_weights_are_seen() -> None:
    model, x = with_statistics(Net()), randn(1, 3, 8, 8)
    call = compiled(model)
    call(x)
    model.first.weight.mul_(2)
    assert_equal(call(x), model(x))


@pytest.mark.parametrize(("constants", "inputs"), [("once", 3), ("every", 1)])
@torch.no_grad()
def test_a_parameter_is_baked_once(
    constants: str, inputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs: list[Any] = []
    make = dynamo._Graph
    monkeypatch.setattr(dynamo, "_Graph", lambda *a: graphs.append(make(*a)) or graphs[-1])
    model = nn.Conv2d(3, 4, 3).eval()
    call = compiled(model, constants=constants)
    for batch in (1, 2):
        call(randn(batch, 3, 6, 6))
    taken = [len(loaded.inputs) for graph in graphs for loaded in graph._loaded.values()]
    assert taken == [1, inputs]


class Cast(nn.Module):
    """Stretches with and without conversions to bf16, and a number of f32 behind."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 3)

    def forward(self, x: torch.Tensor) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            y = self.first(x).relu()
            with torch.autocast("cpu", enabled=False):
                z = self.second(y.float())
        return y, z, self.second(y.float()) + 1


@pytest.mark.parametrize("around", [False, True])
@torch.no_grad()
def test_autocast_is_seen_inside_and_around(around: bool) -> None:
    model, x = Cast().eval(), randn(1, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16, enabled=around):
        found, wanted = compiled(model)(x), model(x)
    assert_equal(found, wanted)
    assert wanted[2].dtype == (torch.bfloat16 if around else torch.float32)


class Encoder(nn.Module):
    """Layers that torch computes at once, with masks of keys and of positions."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.other = nn.TransformerEncoderLayer(
            16, 2, 24, activation="gelu", batch_first=True, norm_first=True
        )
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> Any:
        keys = torch.arange(5) > torch.tensor([[3], [2]])
        later = torch.ones(5, 5).triu(1).bool()
        x = self.layer(x, src_key_padding_mask=keys)
        x = self.other(self.layer(x, src_mask=later))
        return self.attention(x, x, x, need_weights=False)[0]


@torch.no_grad()
def test_layers_that_torch_computes_at_once() -> None:
    model, x = Encoder().eval(), randn(2, 5, 16)
    assert_equal(compiled(model)(x), model(x))


def test_gradients_are_refused_where_they_are_asked_for() -> None:
    result = compiled(nn.Conv2d(3, 4, 3).eval())(randn(1, 3, 6, 6))
    with pytest.raises(UsageError, match=r"^amd-aie: inference only: it computes no gradients"):
        result.sum().backward()


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout()), {}, "inference only: the model drops"),
        (lambda: nn.BatchNorm2d(3), {}, "inference only: a batch norm is in training"),
        (lambda: nn.ReLU().eval(), {"devcie": "npu4"}, "option 'devcie': unknown: use one of device,"),
        (lambda: nn.ReLU().eval(), {"constants": 3}, "use 'once' or 'every'"),
        (lambda: nn.ReLU().eval(), {"route": "fpga"}, "fpga: unknown"),
        (lambda: nn.ReLU(inplace=True).eval(), {}, "in place: compute new values"),
    ],
)  # fmt: skip
def test_refusals_are_one_line(model: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refusal, torch.no_grad():
        compiled(model(), **options)(randn(1, 3, 6, 6))
    assert "\n" not in str(refusal.value)


def test_the_entry_point_leads_here() -> None:
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert "[project.entry-points.torch_dynamo_backends]" in text
    assert f'amd-aie = "{amd_aie.__module__}:{amd_aie.__name__}"' in text
