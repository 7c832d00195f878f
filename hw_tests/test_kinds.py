"""Every route, style, type and kind of operation, on whole numbers whose sums are exact in any order."""

from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from aie_conv import ConvSignature, generate_mlir
from hw_tests.conftest import Runner
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.regions import graphs


@dataclass(frozen=True)
class Case:
    """A convolution of rank 1 to 3 and how it is to be computed.

    Attributes:
        shape: batch, channels and sizes of the input.
        filters: output channels, input channels of a group, and the window.
        options: of the compilation.
        npus: where there is such code.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    filters: tuple[int, ...]
    options: dict[str, str]
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    transposed: bool = False
    npus: tuple[str, ...] = ("npu1_4col", "npu4")
    layouts: dict[str, str] = field(default_factory=lambda: dict[str, str]())

    def __str__(self) -> str:
        return self.name

    def signature(self) -> ConvSignature:
        return ConvSignature(
            input_shape=self.shape,
            kernel_shape=self.filters,
            dtype=self.dtype,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            transposed=self.transposed,
            shared_layout=None,
            input_layout="",
            kernel_layout="",
            output_layout="",
            bias=False,
        )

    def expected(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        rank = len(self.shape) - 2
        name = f"conv_transpose{rank}d" if self.transposed else f"conv{rank}d"
        convolve = getattr(torch.nn.functional, name)
        left, right = (torch.from_numpy(a.astype(np.float64)) for a in (x, w))
        settings = {
            "stride": self.stride, "padding": self.padding, "dilation": self.dilation,
            "groups": self.groups,
        }  # fmt: skip
        return convolve(left, right, **settings).numpy()


IM2COL = {"route": "im2col"}


def direct(style: str) -> dict[str, str]:
    return {"route": "direct", "direct": style}


CASES = (
    Case("vector-1d-i8", "int8", (1, 16, 40), (16, 16, 3), direct("vector")),
    Case("vector-3d-i8", "int8", (1, 8, 4, 6, 6), (16, 8, 3, 3, 3), direct("vector"), padding=1),
    Case("vector-grouped-i8", "int8", (1, 32, 8, 8), (32, 16, 3, 3), direct("vector"), groups=2),
    Case("vector-depthwise-i8", "int8", (1, 32, 8, 8), (32, 1, 3, 3), direct("vector"), groups=32),
    Case("vector-bf16-dilated", "bfloat16", (1, 16, 10, 10), (16, 16, 3, 3), direct("vector"),
         dilation=2),
    Case("vector-depthwise-bf16", "bfloat16", (1, 16, 8, 8), (16, 1, 3, 3), direct("vector"),
         groups=16),
    Case("sliding-i8", "int8", (1, 8, 12, 40), (8, 1, 3, 3), direct("sliding"), groups=8,
         npus=("npu1_4col",)),
    Case("scalar-i8", "int8", (1, 4, 6, 6), (4, 4, 3, 3), direct("scalar")),
    Case("scalar-f32", "float32", (1, 4, 6, 6), (4, 4, 3, 3), direct("scalar")),
    Case("parametric-i8", "int8", (1, 32, 8, 8), (32, 32, 3, 3), direct("parametric"), padding=1),
    Case("im2col-transposed-bf16", "bfloat16", (1, 16, 5, 5), (16, 16, 2, 2), IM2COL, stride=2,
         transposed=True),
    Case("im2col-f32-as-bf16x3", "float32", (1, 16, 8, 8), (16, 16, 3, 3),
         {**IM2COL, "f32": "bf16x3"}),
)  # fmt: skip


def whole_numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype)
    return np.random.default_rng(len(shape)).integers(-4, 5, shape).astype(kind)


def route(artifact: Any) -> list[tuple[str, str]]:
    entries = [e for e in artifact.report["dispatches"] if e["contraction"]]
    return [(entry["route"], entry["style"]) for entry in entries]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_kind_of_operation_is_exact(case: Case, runner: Runner) -> None:
    if runner.npu not in case.npus:
        pytest.skip(f"no such code on {runner.npu}")
    x, w = (whole_numbers(shape, case.dtype) for shape in (case.shape, case.filters))
    signature = case.signature()
    artifact = runner.compile(
        generate_mlir(signature).replace(f"@{signature.name}", "@main"), **case.options
    )
    ((where, style),) = set(route(artifact))
    assert where == case.options["route"]
    assert style.startswith(case.options.get("direct", ""))
    found = runner.run(artifact, x, w)
    # A sum may have more digits than a bf16 result.
    wanted = case.expected(x, w).astype(found.dtype)
    np.testing.assert_array_equal(found.astype(np.float64), wanted.astype(np.float64))


@pytest.mark.parametrize("dtype", ["i16", "i32"])
def test_wide_integers_are_exact(dtype: str, runner: Runner) -> None:
    conv = Conv(h=6, w=6, c=8, oc=8, dtype=dtype)
    options = IM2COL if dtype == "i16" else direct("scalar")
    artifact = runner.compile(modules.plain(conv), **options)
    image, _, filters, _ = (tuple(shape) for shape in conv.shapes())
    kind = f"int{dtype[1:]}"
    x, w = whole_numbers(image, kind), whole_numbers(filters, kind)
    to_torch = [torch.from_numpy(a.astype(np.float64)) for a in (x, w)]
    wanted = torch.nn.functional.conv2d(
        to_torch[0].permute(0, 3, 1, 2), to_torch[1].permute(3, 2, 0, 1)
    )
    found = runner.run(artifact, x, w)
    np.testing.assert_array_equal(found, wanted.permute(0, 2, 3, 1).numpy())


def test_a_matmul_is_exact(runner: Runner) -> None:
    text = """func.func @main(%a: tensor<64x64xi8>, %b: tensor<64x32xi8>) -> tensor<64x32xi32> {
      %zero = arith.constant 0 : i32
      %empty = tensor.empty() : tensor<64x32xi32>
      %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<64x32xi32>) -> tensor<64x32xi32>
      %c = linalg.matmul ins(%a, %b : tensor<64x64xi8>, tensor<64x32xi8>)
        outs(%init : tensor<64x32xi32>) -> tensor<64x32xi32>
      return %c : tensor<64x32xi32>
    }"""
    a, b = whole_numbers((64, 64), "int8"), whole_numbers((64, 32), "int8")
    found = runner.run(runner.compile(text, route="im2col"), a, b)
    np.testing.assert_array_equal(found, a.astype(np.int32) @ b.astype(np.int32))


def test_a_region_keeps_its_weights_and_borders_between_calls(runner: Runner) -> None:
    network = graphs.random_network(1, steps=4)
    text = graphs.module_text(network)
    artifact = runner.compile(text, regions="large", route="direct", direct="parametric")
    rng = np.random.default_rng(0)
    images = [rng.integers(-128, 128, (1, *network.size), np.int8) for _ in range(2)]
    images.append(images[0])
    found = runner.run_each(artifact, [[image] for image in images])
    assert len(runner.timings) < artifact.report["totals"]["npu"], "several dispatches are one call"
    for image, results in zip(images, found, strict=True):
        for got, wanted in zip(results, graphs.reference(network, image), strict=True):
            np.testing.assert_array_equal(got, wanted)


class Network(torch.nn.Module):
    """Convolutions with their activations between a pooling and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(16, 32, 3, padding=1)
        self.second = torch.nn.Conv2d(32, 32, 3, padding=1)
        self.third = torch.nn.Conv2d(32, 16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        x = torch.max_pool2d(torch.relu(self.second(x)) + x, 2)
        return self.third(x)


def test_a_network_with_constant_weights(runner: Runner) -> None:
    torch.manual_seed(3)
    model = Network().eval().to(torch.bfloat16)
    x = torch.randn(1, 16, 12, 12).to(torch.bfloat16)
    with torch.no_grad():
        wanted = model(x).float().numpy()
    artifact = runner.compile(model, example_inputs=(x,), route="im2col")
    assert len(route(artifact)) == 3
    found = runner.run(artifact, x).astype(np.float32)
    np.testing.assert_allclose(found, wanted, rtol=2**-5, atol=2**-5)
