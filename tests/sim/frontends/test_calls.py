"""Programs called as their models are: nests, names, numbers, tensors and arrays, each answered in kind."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

import aie_conv
from aie_conv.errors import UsageError
from aie_conv.runtime.program import Program
from tests.support.frontends.models import assert_equal, check, load, randn


class Pair(NamedTuple):
    mean: torch.Tensor
    count: int


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("scale", torch.full((1,), 2.0), persistent=False)

    def forward(self, x: Any, y: Any, *, mask: Any = None, times: int = 2) -> Any:
        z = self.conv(x) * times * self.scale + y["u"][0]
        z = z if mask is None else z * mask
        return {"z": z, "pair": Pair(z.mean(), 3), "rest": [z.sum(), None]}


X, Y, MASK = randn(1, 3, 5, 5), {"u": [randn(1)]}, randn(1)


@pytest.fixture(scope="module")
def nested() -> tuple[nn.Module, Program]:
    model = Nested().eval()
    return model, load(model, X, Y, example_kwargs={"mask": MASK})


def test_nests_and_names(nested: tuple[nn.Module, Program]) -> None:
    model, program = nested
    result = program(X, Y, mask=MASK)
    assert_equal(result, model(X, Y, mask=MASK))
    assert (result["pair"].count, result["rest"][1]) == (3, None)


def test_arrays_are_answered_by_arrays(nested: tuple[nn.Module, Program]) -> None:
    _, program = nested
    arrays = [X.numpy(), Y["u"][0].numpy(), MASK.numpy()]
    result = program(arrays[0], {"u": [arrays[1]]}, mask=arrays[2])
    assert isinstance(result["z"], np.ndarray)
    # one by one, as a command line gives them
    np.testing.assert_array_equal(program(*arrays)["z"], result["z"])


def test_another_form_is_refused(nested: tuple[nn.Module, Program]) -> None:
    with pytest.raises(
        UsageError, match=r"main: inputs by name: \['mask'\] are wanted, \[\] given"
    ):
        nested[1](X, Y)


def test_bf16_tensors_by_name() -> None:
    model = nn.Conv2d(3, 4, 3).eval().to(torch.bfloat16)
    x = X.to(torch.bfloat16)
    program = check(model, x)
    assert program(input=x).dtype == torch.bfloat16
    assert program.main(x).dtype.name == "bfloat16"


def test_functions_and_exported_programs() -> None:
    check(lambda a, b: (a @ b,), randn(2, 3), randn(3, 4))
    exported = torch.export.export(nn.Linear(3, 4).eval(), (randn(2, 3),))
    program = aie_conv.load(aie_conv.compile(exported, route="cpu"), device="null")
    assert_equal(program(randn(2, 3)), exported.module()(randn(2, 3)))


def test_several_functions_are_called_by_name() -> None:
    text = "\n".join(
        f"func.func @{name}(%x: tensor<2xf32>) -> tensor<2xf32> {{\n return %x : tensor<2xf32>\n}}"
        for name in ("f", "g")
    )
    program = aie_conv.load(aie_conv.compile(text), device="null")
    with pytest.raises(UsageError, match="several functions: call one of f, g by its name"):
        program(np.zeros(2, np.float32))
