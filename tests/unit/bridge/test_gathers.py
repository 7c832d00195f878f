"""What takes elements by computed places is told from what walks the same buffer in steps."""

from iree.compiler import ir

from aie_conv.bridge.recognition.interpreter import Inside, KnownTensors
from aie_conv.bridge.recognition.recognise import function_of, recognise_call
from aie_conv.bridge.tensors import operations_of, walk
from aie_conv.problem import Gather, OperationProblem

_IMAGE = "tensor<8x16xf32>"
_BUFFER = f"!iree_tensor_ext.dispatch.tensor<readonly:{_IMAGE}>"
_RESULT = f"!iree_tensor_ext.dispatch.tensor<writeonly:{_IMAGE}>"
_REVERSED_PLUS_ONE = f"""
#wide = affine_map<(d0, d1) -> (d0, d1)>
#one = affine_map<(d0, d1) -> ()>
module {{
  flow.executable private @sum {{
    flow.executable.export public @sum
    builtin.module {{
      func.func @sum(%arg0: {_BUFFER}, %arg1: {_RESULT}) {{
        %c15 = arith.constant 15 : index
        %x = iree_tensor_ext.dispatch.tensor.load %arg0, offsets = [0, 0], sizes = [8, 16], strides = [1, 1]
          : {_BUFFER} -> {_IMAGE}
        %first = iree_tensor_ext.dispatch.tensor.load %arg0, offsets = [0, 0], sizes = [1, 1], strides = [1, 1]
          : {_BUFFER} -> tensor<f32>
        %e = tensor.empty() : {_IMAGE}
        %turned = linalg.generic {{indexing_maps = [#wide], iterator_types = ["parallel", "parallel"]}}
          outs(%e : {_IMAGE}) {{
        ^bb0(%out: f32):
          %i = linalg.index 0 : index
          %j = linalg.index 1 : index
          %k = arith.subi %c15, %j : index
          %v = tensor.extract %x[%i, %k] : {_IMAGE}
          linalg.yield %v : f32
        }} -> {_IMAGE}
        %sum = linalg.generic {{indexing_maps = [#wide, #one, #wide], iterator_types = ["parallel", "parallel"]}}
          ins(%turned, %first : {_IMAGE}, tensor<f32>) outs(%e : {_IMAGE}) {{
        ^bb0(%a: f32, %b: f32, %out: f32):
          %v = arith.addf %a, %b : f32
          linalg.yield %v : f32
        }} -> {_IMAGE}
        iree_tensor_ext.dispatch.tensor.store %sum, %arg1, offsets = [0, 0], sizes = [8, 16], strides = [1, 1]
          : {_IMAGE} -> {_RESULT}
        return
      }}
    }}
  }}
  util.func public @main(%arg0: {_IMAGE}) -> {_IMAGE} {{
    %0 = flow.dispatch @sum::@sum(%arg0) : ({_IMAGE}) -> {_IMAGE}
    util.return %0 : {_IMAGE}
  }}
}}
"""


def test_one_element_is_not_what_is_taken_in_its_place() -> None:
    with ir.Context(), ir.Location.unknown():
        module = ir.Module.parse(_REVERSED_PLUS_ONE).operation
        (call,) = (op for op in walk(module) if op.name == "flow.dispatch")
        (executable,) = (op for op in operations_of(module) if op.name == "flow.executable")
        known = KnownTensors(module, function_of)
        problem = recognise_call(executable, Inside(known, call)).problem
    assert isinstance(problem, OperationProblem)
    assert [entry.strides for entry in problem.epilogue.inputs] == [(0, 0)]
    assert problem.gathers == (Gather(0, 1, tuple(reversed(range(16)))),)
    assert problem.same_as == (0,)
