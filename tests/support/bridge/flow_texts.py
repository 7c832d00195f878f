"""Modules before IREE's first phase."""

import numpy as np


def one_convolution(dtype: str) -> bytes:
    """A convolution, channels first, whose constant filter IREE puts into another order."""
    wide = "i32" if dtype == "i8" else dtype
    count = 8 * 4 * 3 * 3
    values = np.arange(count) % 100 - 50
    numbers = ", ".join(f"{v}" if dtype == "i8" else f"{v}.0" for v in values)
    image, filter_, result = f"1x4x10x10x{dtype}", f"8x4x3x3x{dtype}", f"1x8x8x8x{wide}"
    zero = "0" if dtype == "i8" else "0.0"
    return f"""
func.func @main(%x: tensor<{image}>) -> tensor<{result}> {{
  %flat = arith.constant dense<[{numbers}]> : tensor<{count}x{dtype}>
  %w = tensor.expand_shape %flat [[0, 1, 2, 3]] output_shape [8, 4, 3, 3]
    : tensor<{count}x{dtype}> into tensor<{filter_}>
  %zero = arith.constant {zero} : {wide}
  %e = tensor.empty() : tensor<{result}>
  %i = linalg.fill ins(%zero : {wide}) outs(%e : tensor<{result}>) -> tensor<{result}>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<{image}>, tensor<{filter_}>)
    outs(%i : tensor<{result}>) -> tensor<{result}>
  return %y : tensor<{result}>
}}""".encode()
