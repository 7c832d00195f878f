// Two convolutions in a row, each with its bias and ReLU:
// 1x3x32x32 * 16x3x3x3 -> 1x16x30x30, that * 32x16x3x3 -> 1x32x28x28.
// aie-conv explain --pipeline=offload examples/two_convs.mlir shows how they become two executables.
#all = affine_map<(n, c, h, w) -> (n, c, h, w)>
#channel = affine_map<(n, c, h, w) -> (c)>

func.func @two_convs(%x: tensor<1x3x32x32xf32>, %w0: tensor<16x3x3x3xf32>,
                     %w1: tensor<32x16x3x3xf32>) -> tensor<1x32x28x28xf32> {
  %zero = arith.constant 0.0 : f32
  %b0 = arith.constant dense<[-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0,
                              1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0]> : tensor<16xf32>
  %b1 = arith.constant dense<0.5> : tensor<32xf32>

  %e0 = tensor.empty() : tensor<1x16x30x30xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<1x16x30x30xf32>) -> tensor<1x16x30x30xf32>
  %c0 = linalg.conv_2d_nchw_fchw
      ins(%x, %w0 : tensor<1x3x32x32xf32>, tensor<16x3x3x3xf32>)
      outs(%z0 : tensor<1x16x30x30xf32>) -> tensor<1x16x30x30xf32>
  %y0 = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0, %b0 : tensor<1x16x30x30xf32>, tensor<16xf32>)
      outs(%e0 : tensor<1x16x30x30xf32>) {
  ^bb0(%sum: f32, %bias: f32, %old: f32):
    %biased = arith.addf %sum, %bias : f32
    %relu = arith.maximumf %biased, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<1x16x30x30xf32>

  %e1 = tensor.empty() : tensor<1x32x28x28xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32>
  %c1 = linalg.conv_2d_nchw_fchw
      ins(%y0, %w1 : tensor<1x16x30x30xf32>, tensor<32x16x3x3xf32>)
      outs(%z1 : tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32>
  %y1 = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1, %b1 : tensor<1x32x28x28xf32>, tensor<32xf32>)
      outs(%e1 : tensor<1x32x28x28xf32>) {
  ^bb0(%sum: f32, %bias: f32, %old: f32):
    %biased = arith.addf %sum, %bias : f32
    %relu = arith.maximumf %biased, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<1x32x28x28xf32>
  return %y1 : tensor<1x32x28x28xf32>
}
