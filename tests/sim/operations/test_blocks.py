"""Blocks of networks with every operation on the array, against torch."""

import copy

import pytest
import torch

import aie_conv
from aie_conv.errors import UsageError
from tests.support.operations.blocks import BF16, BLOCKS, build


@pytest.mark.parametrize("name", BLOCKS)
def test_no_operation_of_a_block_stays_on_the_cpu(name: str) -> None:
    model, inputs = build(name), BLOCKS[name][1]
    artifact = aie_conv.compile(
        model, example_inputs=tuple(inputs), device="npu1_4col", route="direct", only=True
    )
    assert {entry["route"] for entry in artifact.report["dispatches"]} == {"direct"}
    got = aie_conv.load(artifact, device="sim")(*inputs).double()
    want = copy.deepcopy(model).double()(*(x.double() for x in inputs))
    # bf16 has 8 bits: every value between two operations is rounded, a few times one behind the other.
    assert ((got - want).abs() <= 2.0**-5 * (want.abs() + want.std())).all()
    # torch in bf16 is off by about as much.
    torch_error = (model(*inputs).double() - want).abs().mean()
    assert (got - want).abs().mean() <= 2 * torch_error + 2.0**-10 * want.abs().mean()


def test_what_stays_is_named() -> None:
    class Sorted(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cumsum(x, 1)

    inputs = (torch.ones(4, 8, dtype=BF16),)
    with pytest.raises(UsageError, match=r"--amd-aie-only: .*dispatch_0\S* stays on the CPU: .+"):
        aie_conv.compile(Sorted().eval(), example_inputs=inputs, route="direct", only=True)
