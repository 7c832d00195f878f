"""A module of one convolution whose plan is known: IREE's part is the border and the host copies."""

from __future__ import annotations

from collections.abc import Sequence

from iree.compiler import ir

from aie_conv.bridge.build import tensor
from aie_conv.bridge.compiler import Compilation, split_flags
from aie_conv.bridge.flags import session_flags
from aie_conv.bridge.recognise import Recognised
from aie_conv.bridge.rewrite import Rewriter
from aie_conv.bridge.tensors import walk
from aie_conv.plan import Plan


def _text(plan: Plan, name: str, shape: Sequence[int], low: Sequence[int]) -> str:
    """The function, with a call of an executable that the NPU's takes the place of."""
    problem = plan.problem
    lhs, rhs, out = problem.lhs, problem.rhs, problem.out
    given, padded = tensor(shape, lhs.dtype), tensor(lhs.shape, lhs.dtype)
    kinds = f"({padded}, {tensor(rhs.shape, rhs.dtype)}) -> {tensor(out.shape, out.dtype)}"
    high = [p - s - before for p, s, before in zip(lhs.shape, shape, low, strict=True)]
    zero = "0" if lhs.dtype[0] == "i" else "0.0"
    indices = ", ".join(f"%i{d}: index" for d in range(len(shape)))
    pad = f"""
    %zero = arith.constant {zero} : {lhs.dtype}
    %lhs = tensor.pad %x low{list(low)} high{high} {{
    ^bb0({indices}):
      tensor.yield %zero : {lhs.dtype}
    }} : {given} to {padded}"""
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
  func.func @{name}(%x: {given}, %w: {tensor(rhs.shape, rhs.dtype)})
      -> {tensor(out.shape, out.dtype)} {{{pad if lhs_value == "%lhs" else ""}
    %y = flow.dispatch @npu::@npu({lhs_value}, %w) : {kinds}
    return %y : {tensor(out.shape, out.dtype)}
  }}
"""


def compile_call(
    plan: Plan, program: bytes, name: str, shape: Sequence[int], low: Sequence[int]
) -> bytes:
    """A .vmfb of one function of input and filter that runs one NPU program.

    Args:
        plan: of a problem without operands in its epilogue.
        program: the packed executable.
        name: the function's.
        shape: the input's, without its border.
        low: the border before the first element of each dimension; the problem's input says the rest.
    """
    *_, flags = session_flags("auto", ())
    compilation = Compilation(*split_flags(flags))
    module = compilation.to_flow(_text(plan, name, shape, low).encode(), name)
    rewriter = Rewriter(module)
    found = Recognised(plan.problem, None, (("lhs", 0), ("rhs", 1)))
    (call,) = [op for op in walk(module) if _is_npu(op)]
    rewriter.replace(call, name, found, plan, program)
    rewriter.finish()
    return compilation.to_vmfb(module, name)


def _is_npu(op: ir.Operation) -> bool:
    return op.name == "flow.dispatch" and str(op.attributes["entry_points"]) == "[@npu::@npu]"
