"""Models from torch: what folding keeps and refuses, what the importer is given, and the model afterwards."""

import copy
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from aie_conv.bridge.passes import run_passes
from aie_conv.errors import UsageError
from aie_conv.frontends.export import export, read_inputs
from aie_conv.frontends.source import read_source
from aie_conv.frontends.torch import fold_batch_norm, import_model, lower
from tests.support.frontends.models import Function, randn, with_statistics

X = randn(2, 4, 8, 8)


class Net(nn.Module):
    """A convolution and its norm; kinds of networks that read more of them."""

    def __init__(self, forward: Callable[..., Any] | None = None) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.call = forward or (lambda net, x: net.norm(net.conv(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.call(self, x)


SHARED: dict[str, Callable[[Net, torch.Tensor], torch.Tensor]] = {
    "the filter in another convolution": lambda n, x: (
        n.norm(n.conv(x)).relu() + functional.conv2d(x, n.conv.weight, padding=1)
    ),
    "the filter as a number": lambda n, x: n.norm(n.conv(x)) + n.conv.weight.sum(),
    "the result": lambda n, x: n.norm(y := n.conv(x)) + y,
    "the convolution twice": lambda n, x: n.conv(n.norm(n.conv(x))),
    "a branch on the type": lambda n, x: n.norm(n.conv(x)) if isinstance(x, torch.Tensor) else x,
    "a lookup by shape": lambda n, x: n.norm(n.conv(x)) * {4: 2.0}.get(x.shape[1], 0.0),
    "a length": lambda n, x: n.norm(n.conv(x)).view(len(x), -1),
}


def convolved(model: nn.Module, x: torch.Tensor = X) -> str:
    """The operations of a model as the importer gets them."""
    graph = lower(export(model, ((x,), {}))).graph
    return " ".join(str(node.target) for node in graph.nodes if node.op == "call_function")


@pytest.mark.parametrize("kind", SHARED)
def test_folding_changes_nothing(kind: str) -> None:
    model = with_statistics(Net(SHARED[kind]))
    torch.testing.assert_close(fold_batch_norm(model)(X), model(X))
    torch.testing.assert_close(fold_batch_norm(model, (X,))(X), model(X), rtol=1e-5, atol=1e-5)


def test_a_norm_goes_into_its_convolution() -> None:
    assert convolved(with_statistics(Net())) == "aten.convolution.default"


@pytest.mark.parametrize("kind", list(SHARED)[:4])
def test_a_norm_stays_where_something_else_reads(kind: str) -> None:
    operations = convolved(with_statistics(Net(SHARED[kind])))
    assert "aten.mul.Tensor aten.add.Tensor" in operations
    assert "batch_norm" not in operations


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_takes_its_norm_too(groups: int) -> None:
    model = with_statistics(
        nn.Sequential(nn.ConvTranspose2d(4, 6, 3, groups=groups), nn.BatchNorm2d(6))
    )
    assert convolved(model) == "aten.convolution.default"
    torch.testing.assert_close(fold_batch_norm(model, (X,))(X), model(X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("variance", [0.0, 1e-30, 1e30])
def test_extreme_statistics_are_not_folded(variance: float) -> None:
    model = with_statistics(nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4, eps=0.0)))
    model[1].running_var.fill_(variance)  # pyright: ignore
    assert convolved(model) != "aten.convolution.default"


def test_integer_filters_stay_integers() -> None:
    class Quantised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("w", torch.randint(-127, 128, (4, 4, 3, 3), dtype=torch.int8))
            self.norm = nn.BatchNorm2d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(functional.conv2d(x, self.w.float() * 0.01))  # pyright: ignore

    text = run_passes(import_model(with_statistics(Quantised()), (X,)), None, "main")
    assert re.search(r"vtensor.literal.*\[4,4,3,3\],si8", text)
    assert not re.search(r"vtensor.literal.*\[4,4,3,3\],f32", text)


def hooked() -> nn.Module:
    model = Net()
    model.conv.register_forward_hook(lambda module, inputs, output: output * 2)
    return with_statistics(model)


def half_trained() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(4, 8, 3), nn.BatchNorm2d(8)).eval()
    model[1].train()
    return model


def old_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.utils.weight_norm(nn.Conv2d(4, 8, 3))  # pyright: ignore


PARAMETRISED: dict[str, Callable[[], nn.Module]] = {
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 8, 3)),
    "spectral_norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 8, 3)),
    "old weight_norm": old_weight_norm,
    "no statistics": lambda: nn.BatchNorm2d(4, track_running_stats=False),
    "half trained": half_trained,
    "hooks": hooked,
}


def state_of(model: nn.Module) -> list[Any]:
    """Everything of a model that its owner could look at."""
    modules = [{k: v for k, v in vars(m).items() if not k.startswith("_")} for m in model.modules()]
    hooks = [list(m._forward_hooks) + list(m._forward_pre_hooks) for m in model.modules()]
    tensors = {name: (id(t), t._version) for name, t in model.state_dict(keep_vars=True).items()}
    names = [list(vars(m)) for m in model.modules()]
    return [copy.copy(modules), hooks, tensors, names]


@pytest.mark.parametrize("kind", PARAMETRISED)
def test_a_model_is_left_as_it_was(kind: str) -> None:
    model = PARAMETRISED[kind]().eval() if kind != "half trained" else half_trained()
    before, expected = state_of(model), model(X)
    before = state_of(model)
    import_model(model, (X,))
    fold_batch_norm(model, (X,))
    after = state_of(model)
    assert str(before) == str(after)
    torch.testing.assert_close(model(X), expected)


def test_an_exported_program_is_left_as_it_was() -> None:
    program = torch.export.export(with_statistics(Net()), (X,))
    before = str(program)
    first = import_model(program)
    assert str(program) == before
    assert import_model(program) == first


def dynamic() -> Any:
    return torch.export.export(
        nn.Conv2d(4, 4, 3).eval(), (X,), dynamic_shapes=({2: torch.export.Dim.AUTO},)
    )


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count.add_(1)  # pyright: ignore
        return x + self.count  # pyright: ignore


REFUSED: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "training": (lambda: nn.Conv2d(4, 4, 3), (X,), r"training mode: call model\.eval"),
    "no inputs": (lambda: nn.Conv2d(4, 4, 3).eval(), None, r"needs example_inputs=\(tensor, …\)"),
    "no model": (lambda: 42, (X,), "int: no model"),
    "an object": (lambda: nn.Conv2d(4, 4, 3).eval(), (object(),), "example input 0: object given"),
    "too few": (lambda: Function(torch.maximum).eval(), (X,), "Function: torch.export cannot take it"),
    "wrong shape": (lambda: nn.Conv2d(3, 4, 3).eval(), (X,), "Conv2d: torch.export cannot take it"),
    "dynamic": (dynamic, None, r"input 'input': its dim 2 is dynamic"),
    "complex": (
        lambda: Function(lambda x, w: functional.conv2d(x, w)).eval(),
        (X.to(torch.complex64), randn(2, 4, 3, 3).to(torch.complex64)),
        "convolution of complex64: only real ones",
    ),
    "an operation": (
        lambda: Function(torch.linalg.eigvalsh).eval(), (randn(3, 3),), r"aten\.linalg_eigvalsh: IREE cannot",
    ),
    "float64": (lambda: nn.ReLU().eval(), (X.double(),), "input 'input': float64, which IREE"),
    "state": (lambda: Counter().eval(), (X,), "buffer 'count': the model changes it"),
    "sizes by values": (
        lambda: Function(lambda x: x.nonzero()).eval(), (X,), "depends on values",
    ),
    "a branch by values": (
        lambda: Function(lambda x: x * 2 if x.sum() > 0 else x).eval(), (X,), "GuardOnDataDependent",
    ),
    "a text with inputs": (lambda: "func.func @f() {}", (X,), "only torch models take them"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_refusals_are_one_line(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    make, inputs, message = REFUSED[kind]
    with pytest.raises(UsageError, match=message) as refusal:
        read_source(make(), inputs)
    assert "\n" not in str(refusal.value)
    assert capfd.readouterr().err == "", "torch's own words on it"


def _autocast(x: torch.Tensor) -> Any:
    with torch.autocast("cpu", torch.bfloat16):
        y = functional.conv2d(x, torch.ones(4, 4, 3, 3))
        with torch.autocast("cpu", enabled=False):
            z = functional.conv2d(x, torch.ones(4, 4, 3, 3))
    with torch.no_grad():
        return y, z, y.float().mean()


WRAPPED: dict[str, tuple[Callable[[torch.Tensor], Any], str]] = {
    "autocast": (_autocast, "aten._to_copy.default aten.conv"),
    "vmap": (torch.vmap(lambda t: t @ t.mT), "aten.matmul.default"),
}
"""Functions of which torch.export keeps what stands around their operations, and operations that they come to."""


@pytest.mark.parametrize("kind", WRAPPED)
def test_what_stands_around_operations_is_written_out(kind: str) -> None:
    call, names = WRAPPED[kind]
    model = Function(call).eval()
    graph_module = lower(export(model, ((X,), {})))
    targets = [n.target for n in graph_module.graph.nodes if n.op == "call_function"]
    assert all(hasattr(target, "_schema") for target in targets)
    assert names in " ".join(map(str, targets))
    results, wanted = graph_module(X), model(X)
    torch.testing.assert_close(results, wanted if isinstance(wanted, tuple) else (wanted,))


def test_what_a_model_prints_stays(capsys: pytest.CaptureFixture[str]) -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        sys.stderr.write("one\n")
        return x * 2 if x.sum() > 0 else x

    with pytest.raises(UsageError, match="GuardOnDataDependent"):
        read_source(Function(forward).eval(), (X,))
    assert set(capsys.readouterr().err.splitlines()) == {"one"}


def test_arrays_and_single_tensors_are_inputs() -> None:
    array = np.ones((2, 3), ml_dtypes.bfloat16)
    (tensor,), _ = read_inputs(array)
    assert tensor.dtype == torch.bfloat16
    assert float(tensor.sum()) == 6
    (single,), _ = read_inputs(X)
    assert single is X
    positional, named = read_inputs({"mask": X})
    assert positional == ()
    assert named["mask"] is X
    with pytest.raises(UsageError, match=r"give a tuple, \(x,\)"):
        read_inputs(3)


def test_a_path_may_have_any_name(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "{func}.mlir").write_text("module {}")
    assert read_source("{func}.mlir") == tmp_path.joinpath("{func}.mlir").relative_to(tmp_path)
    assert str(read_source("my_func.mlir")) == "my_func.mlir"
    assert read_source("module {}") == b"module {}"


def test_import_gives_bytecode_with_the_function() -> None:
    code = import_model(with_statistics(Net()), (X,), function_name="forward")
    assert code.startswith(b"ML\xefR")
    assert b"forward" in code
    assert b"batch_norm" not in code
