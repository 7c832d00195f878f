"""Good inputs that the fuzzer damages: small modules in every form that the compiler takes, and texts."""

from tests.support.regions.graphs import Network, Step, module_text

LINALG_I8 = """\
func.func @main(%x: tensor<1x10x10x16xi8>, %w: tensor<3x3x16x32xi8>) -> tensor<1x8x8x32xi32> {
  %c0 = arith.constant 0 : i32
  %e = tensor.empty() : tensor<1x8x8x32xi32>
  %z = linalg.fill ins(%c0 : i32) outs(%e : tensor<1x8x8x32xi32>) -> tensor<1x8x8x32xi32>
  %r = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w : tensor<1x10x10x16xi8>, tensor<3x3x16x32xi8>)
    outs(%z : tensor<1x8x8x32xi32>) -> tensor<1x8x8x32xi32>
  return %r : tensor<1x8x8x32xi32>
}
"""

LINALG_BF16 = """\
func.func @main(%x: tensor<1x8x16x16xbf16>, %w: tensor<16x8x3x3xbf16>, %s: tensor<16xf32>) -> tensor<1x16x16x16xbf16> {
  %c = arith.constant 0.0 : bf16
  %c0 = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %d: index, %f: index):
    tensor.yield %c : bf16
  } : tensor<1x8x16x16xbf16> to tensor<1x8x18x18xbf16>
  %e = tensor.empty() : tensor<1x16x16x16xf32>
  %z = linalg.broadcast ins(%s : tensor<16xf32>) outs(%e : tensor<1x16x16x16xf32>) dimensions = [0, 2, 3]
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%p, %w : tensor<1x8x18x18xbf16>, tensor<16x8x3x3xbf16>)
    outs(%z : tensor<1x16x16x16xf32>) -> tensor<1x16x16x16xf32>
  %o = tensor.empty() : tensor<1x16x16x16xbf16>
  %y = linalg.generic {
    indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>],
    iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%r : tensor<1x16x16x16xf32>) outs(%o : tensor<1x16x16x16xbf16>) {
  ^bb0(%i: f32, %j: bf16):
    %m = arith.maximumf %i, %c0 : f32
    %t = arith.truncf %m : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<1x16x16x16xbf16>
  return %y : tensor<1x16x16x16xbf16>
}
"""

STABLEHLO = """\
func.func @main(%a: tensor<1x8x8x8xf32>, %b: tensor<3x3x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = stablehlo.convolution(%a, %b) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f],
    window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1]}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64}
    : (tensor<1x8x8x8xf32>, tensor<3x3x8x16xf32>) -> tensor<1x8x8x16xf32>
  %1 = stablehlo.tanh %0 : tensor<1x8x8x16xf32>
  return %1 : tensor<1x8x8x16xf32>
}
"""

TOSA = """\
func.func @main(%x: tensor<1x8x8x8xf32>, %w: tensor<16x3x3x8xf32>, %b: tensor<16xf32>) -> tensor<1x8x8x16xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = "tosa.conv2d"(%x, %w, %b, %z, %z) <{acc_type = f32, dilation = array<i64: 1, 1>,
    pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>}>
    : (tensor<1x8x8x8xf32>, tensor<16x3x3x8xf32>, tensor<16xf32>, tensor<1xf32>, tensor<1xf32>)
    -> tensor<1x8x8x16xf32>
  return %0 : tensor<1x8x8x16xf32>
}
"""

TORCH = """\
func.func @main(%x: !torch.vtensor<[1,8,8,8],f32>, %w: !torch.vtensor<[16,8,3,3],f32>,
    %b: !torch.vtensor<[16],f32>) -> !torch.vtensor<[1,16,8,8],f32> {
  %one = torch.constant.int 1
  %zero = torch.constant.int 0
  %false = torch.constant.bool false
  %s = torch.prim.ListConstruct %one, %one : (!torch.int, !torch.int) -> !torch.list<int>
  %z = torch.prim.ListConstruct %zero, %zero : (!torch.int, !torch.int) -> !torch.list<int>
  %0 = torch.aten.convolution %x, %w, %b, %s, %s, %s, %false, %z, %one
    : !torch.vtensor<[1,8,8,8],f32>, !torch.vtensor<[16,8,3,3],f32>, !torch.vtensor<[16],f32>,
      !torch.list<int>, !torch.list<int>, !torch.list<int>, !torch.bool, !torch.list<int>, !torch.int
    -> !torch.vtensor<[1,16,8,8],f32>
  %1 = torch.aten.relu %0 : !torch.vtensor<[1,16,8,8],f32> -> !torch.vtensor<[1,16,8,8],f32>
  return %1 : !torch.vtensor<[1,16,8,8],f32>
}
"""

MATMUL = """\
func.func @main(%a: tensor<16x32xi8>, %b: tensor<32x64xi8>) -> (tensor<16x64xi32>, tensor<16x32xi8>) {
  %c0 = arith.constant 0 : i32
  %e = tensor.empty() : tensor<16x64xi32>
  %z = linalg.fill ins(%c0 : i32) outs(%e : tensor<16x64xi32>) -> tensor<16x64xi32>
  %r = linalg.matmul ins(%a, %b : tensor<16x32xi8>, tensor<32x64xi8>)
    outs(%z : tensor<16x64xi32>) -> tensor<16x64xi32>
  return %r, %a : tensor<16x64xi32>, tensor<16x32xi8>
}
"""

_STEPS = tuple(Step(source, -1, 64, window=3, stride=1, low=0) for source in (0, 1))
TWO_CONVS = module_text(Network((16, 16, 64), _STEPS, (2,), 0))
"""Two convolutions that one call of the NPU can do."""

HARDWARE_REPORT = """\
{"version": 1, "device": "xrt", "doctor": {"findings": [{"name": "NPU", "state": "ok", "detail": "npu4"}]},
 "tests": [
  {"name": "test_a", "outcome": "passed", "seconds": 1.5, "timings": [
   {"npu": "npu4", "problem": "matmul m64 n64 k64 i8xi8->i32", "route": "im2col", "style": "vector",
    "predicted_seconds": 0.0001, "measured_seconds": 0.0002},
   {"npu": "npu4", "problem": "conv oh8 ow8 oc8 kh3 kw3 ic8 i8xi8->i32", "route": "direct", "style": "scalar",
    "predicted_seconds": 0.0003, "measured_seconds": null}]},
  {"name": "test_b", "outcome": "failed", "seconds": 0.1, "timings": []}]}
"""

CALIBRATION = """\
source,device,dtype,kind,M,N,K,cores,tile,measured_value,unit,notes,conv_shape
a,XDNA (npu1),i8->i32,kernel,48,48,280,1,48x280x48 (mxkxn),192.0,MAC/cycle/core,xchesscc,
b,XDNA2 (npu4),bf16->bf16,gemm,4096,4096,4096,32,,20.0,TFLOPS,,
c,XDNA (npu1),i8->i8,conv,,,,1,,30,us,,1x32x32x64 3x3
"""

MODULES = {
    "linalg_i8": LINALG_I8,
    "linalg_bf16": LINALG_BF16,
    "stablehlo": STABLEHLO,
    "tosa": TOSA,
    "torch": TORCH,
    "matmul": MATMUL,
}

COMMANDS = (
    "convbfp16 -n 1 -c 8 -H 8 -W 8 -k 16 -y 3 -x 3 -p 1 -q 1 -F 1",
    "convint8 -n 1 -c 16 -H 8 -W 8 -k 16 -y 1 -x 1 -F 1 -I NHWC -f NHWC -O NHWC",
    "conv -n 1 -c 4 -H 9 -W 7 -k 8 -y 3 -x 3 -u 2 -v 2 -F 4",
    "convbfp16 -_ 3 -n 1 -c 4 -! 4 -H 5 -W 5 -k 4 -@ 3 -y 3 -x 3 -F 1",
)
