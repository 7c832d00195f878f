"""A module of one convolution whose plan is known: IREE's part is the border and the host copies."""

from __future__ import annotations

from collections.abc import Sequence

from iree.compiler import ir

from aie_conv.bridge.calls.copy_code import tensor
from aie_conv.bridge.dispatch_call import DispatchCall
from aie_conv.bridge.flow import FlowModule
from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.tensors import walk
from aie_conv.plan import Plan
from aie_conv.problem import contraction_of


def call_text(plan: Plan, name: str, shape: Sequence[int], low: Sequence[int]) -> str:
    """A function of input and filter, with a call of an executable that the NPU's takes the place of.

    Args:
        plan: of a problem without operands in its epilogue.
        name: the function's.
        shape: the input's, without its border.
        low: the border before the first element of each dimension; the problem's input says the rest.
    """
    problem = contraction_of(plan.problem)
    lhs, rhs, out = problem.lhs, problem.rhs, problem.out
    bare, padded = tensor(shape, lhs.dtype), tensor(lhs.shape, lhs.dtype)
    kinds = f"({padded}, {tensor(rhs.shape, rhs.dtype)}) -> {tensor(out.shape, out.dtype)}"
    high = [p - s - before for p, s, before in zip(lhs.shape, shape, low, strict=True)]
    zero = "0" if lhs.dtype[0] == "i" else "0.0"
    indices = ", ".join(f"%i{d}: index" for d in range(len(shape)))
    pad = f"""
    %zero = arith.constant {zero} : {lhs.dtype}
    %lhs = tensor.pad %x low{list(low)} high{high} {{
    ^bb0({indices}):
      tensor.yield %zero : {lhs.dtype}
    }} : {bare} to {padded}"""
    lhs_value = "%lhs" if any((*low, *high)) else "%x"
    buffers = [
        f"%{letter}: !iree_tensor_ext.dispatch.tensor<{access}:{tensor(o.shape, o.dtype)}>"
        for letter, access, o in (
            ("a", "readonly", lhs),
            ("b", "readonly", rhs),
            ("c", "writeonly", out),
        )
    ]
    return f"""
  flow.executable private @npu {{
    flow.executable.export public @npu workgroups() -> (index, index, index) {{
      %one = arith.constant 1 : index
      flow.return %one, %one, %one : index, index, index
    }}
    builtin.module {{
      func.func @npu({", ".join(buffers)}) {{
        return
      }}
    }}
  }}
  func.func @{name}(%x: {bare}, %w: {tensor(rhs.shape, rhs.dtype)})
      -> {tensor(out.shape, out.dtype)} {{{pad if lhs_value == "%lhs" else ""}
    %y = flow.dispatch @npu::@npu({lhs_value}, %w) : {kinds}
    return %y : {tensor(out.shape, out.dtype)}
  }}
"""


def bind_call(module: FlowModule, plan: Plan, name: str) -> DispatchCall:
    """The call in a module of :func:`call_text`, which computes a plan's problem.

    Args:
        module: the module at `flow`.
        plan: of a problem without operands in its epilogue.
        name: what statistics and messages call it.
    """
    (call,) = [op for op in walk(module.operation) if _is_npu(op)]
    recognised = Recognised(plan.problem, None, (("lhs", 0), ("rhs", 1)))
    return DispatchCall(name, call, recognised, module.compilation)


def _is_npu(op: ir.Operation) -> bool:
    return op.name == "flow.dispatch" and str(op.attributes["entry_points"]) == "[@npu::@npu]"
