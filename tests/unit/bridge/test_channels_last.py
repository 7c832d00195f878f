"""What is turned to channels last, and what stays as it is."""

import pytest
from iree.compiler import ir

from aie_conv.bridge.input.channels_last import put_channels_last
from aie_conv.bridge.tensors import walk


def convolution(batch: str, height: str) -> str:
    """A convolution of an image with channels second."""
    images = [f"tensor<{batch}x16x{height}x10xf32>", f"tensor<{batch}x8x{height}x10xf32>"]
    return f"""
func.func @main(%x: {images[0]}, %w: tensor<8x16x1x1xf32>, %start: {images[1]}) -> {images[1]} {{
  %y = linalg.conv_2d_nchw_fchw {{dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}}
    ins(%x, %w : {images[0]}, tensor<8x16x1x1xf32>) outs(%start : {images[1]}) -> {images[1]}
  return %y : {images[1]}
}}"""


@pytest.mark.parametrize(
    ("batch", "height", "turned"), [("2", "10", 1), ("?", "10", 0), ("2", "?", 0)]
)
def test_only_known_sizes_are_turned(batch: str, height: str, turned: int) -> None:
    with ir.Context(), ir.Location.unknown():
        module = ir.Module.parse(convolution(batch, height)).operation
        assert put_channels_last(module) == turned
        assert module.verify()
        names = [op.name for op in walk(module)]
    assert ("linalg.conv_2d_nhwc_fhwc" in names) == bool(turned)


def test_a_depthwise_convolution_is_turned_with_its_filter() -> None:
    image, result, window = "tensor<1x16x12x10xi8>", "tensor<1x16x10x8xi32>", "tensor<16x3x3xi8>"
    text = f"""
func.func @main(%x: {image}, %w: {window}, %start: {result}) -> {result} {{
  %y = linalg.depthwise_conv_2d_nchw_chw {{dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}}
    ins(%x, %w : {image}, {window}) outs(%start : {result}) -> {result}
  return %y : {result}
}}"""
    with ir.Context(), ir.Location.unknown():
        module = ir.Module.parse(text).operation
        assert put_channels_last(module) == 1
        assert module.verify()
        (turned,) = (
            [str(operand.type) for operand in op.operands]
            for op in walk(module)
            if op.name == "linalg.depthwise_conv_2d_nhwc_hwc"
        )
    assert turned == ["tensor<1x12x10x16xi8>", "tensor<3x3x16xi8>", "tensor<1x10x8x16xi32>"]
