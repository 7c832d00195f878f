"""Models from torch: what folding keeps and refuses, and what the importer is given."""

import pytest
import torch
from torch import nn

from aie_conv.errors import UsageError
from aie_conv.frontends.torch import fold_batch_norm, import_model


def measured(*layers: torch.nn.Module) -> torch.nn.Module:
    """Layers in evaluation mode whose batch norms have seen data."""
    torch.manual_seed(3)
    model = nn.Sequential(*layers)
    for _ in range(3):
        model(2 * torch.randn(2, 3, 8, 8) + 1)
    return model.eval()


def norms(model: torch.nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def test_folding_keeps_the_function_and_the_names() -> None:
    model = measured(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    folded = fold_batch_norm(model)
    x = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(folded(x), model(x))
    assert norms(folded) == 0
    assert set(folded.state_dict()) == {"0.weight", "0.bias"}


def test_folding_leaves_the_given_model_alone() -> None:
    model = measured(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fold_batch_norm(model).to(torch.bfloat16)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_a_convolution_that_others_read_is_not_folded() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.norm = nn.BatchNorm2d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return self.norm(y) + y

    model = measured(Shared())
    folded = fold_batch_norm(model)
    x = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(folded(x), model(x))
    assert norms(folded) == 1


def test_a_convolution_called_twice_is_not_folded() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.norm = nn.BatchNorm2d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(self.norm(self.conv(x)))

    model = measured(Twice())
    x = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(fold_batch_norm(model)(x), model(x))


def test_training_mode_is_refused() -> None:
    with pytest.raises(UsageError, match=r"training mode: call model\.eval"):
        fold_batch_norm(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))


def test_import_gives_bytecode_with_the_function() -> None:
    model = measured(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    code = import_model(model, (torch.zeros(1, 3, 8, 8),), function_name="forward")
    assert code.startswith(b"ML\xefR")
    assert b"forward" in code
    assert b"batch_norm" not in code
