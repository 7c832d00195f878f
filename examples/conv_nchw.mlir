// 1x32x12x12 * 64x32x3x3 -> 1x64x10x10, f32, channels first: the example of docs/explain.md.
func.func @main(%x: tensor<1x32x12x12xf32>, %filter: tensor<64x32x3x3xf32>)
    -> tensor<1x64x10x10xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x64x10x10xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x64x10x10xf32>)
      -> tensor<1x64x10x10xf32>
  %y = linalg.conv_2d_nchw_fchw
      ins(%x, %filter : tensor<1x32x12x12xf32>, tensor<64x32x3x3xf32>)
      outs(%start : tensor<1x64x10x10xf32>) -> tensor<1x64x10x10xf32>
  return %y : tensor<1x64x10x10xf32>
}
