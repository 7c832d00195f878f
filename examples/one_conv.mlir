// One convolution with its bias and ReLU, as docs/walkthrough.md takes it from a file to the array:
// 1x30x30x64 * 3x3x64x64 -> 1x28x28x64, bf16 with sums in f32, channels last.
#all = affine_map<(n, h, w, c) -> (n, h, w, c)>
#channel = affine_map<(n, h, w, c) -> (c)>

func.func @main(%x: tensor<1x30x30x64xbf16>, %filter: tensor<3x3x64x64xbf16>,
                %bias: tensor<64xf32>) -> tensor<1x28x28x64xbf16> {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0.0 : bf16
  %empty = tensor.empty() : tensor<1x28x28x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32>
  %sums = linalg.conv_2d_nhwc_hwcf
      ins(%x, %filter : tensor<1x30x30x64xbf16>, tensor<3x3x64x64xbf16>)
      outs(%start : tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32>
  %result = tensor.empty() : tensor<1x28x28x64xbf16>
  %y = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sums, %bias : tensor<1x28x28x64xf32>, tensor<64xf32>)
      outs(%result : tensor<1x28x28x64xbf16>) {
  ^bb0(%sum: f32, %b: f32, %old: bf16):
    %biased = arith.addf %sum, %b : f32
    %rounded = arith.truncf %biased : f32 to bf16
    %relu = arith.maximumf %rounded, %none : bf16
    linalg.yield %relu : bf16
  } -> tensor<1x28x28x64xbf16>
  return %y : tensor<1x28x28x64xbf16>
}
