"""Random element-wise code behind a convolution, as MLIR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.bridge.modules import Conv, conv_op, tensor

_UNARY: dict[str, tuple[str, ...]] = {
    "f32": ("math.exp", "math.tanh", "math.erf", "math.absf", "arith.negf"),
    "bf16": ("math.absf", "arith.negf"),
    "i32": ("math.absi",),
}
_BINARY: dict[str, tuple[str, ...]] = {
    "f32": ("arith.addf", "arith.subf", "arith.mulf", "arith.maximumf", "arith.minimumf"),
    "bf16": ("arith.addf", "arith.mulf", "arith.maximumf"),
    "i32": ("arith.addi", "arith.subi", "arith.muli", "arith.maxsi", "arith.shli", "arith.xori"),
}


@dataclass(frozen=True)
class Line:
    """One operation: its name, the numbers of its arguments, and the type of its result."""

    op: str
    args: tuple[int, ...]
    dtype: str
    source: str


@dataclass(frozen=True)
class Body:
    """A convolution and what stands behind it.

    Attributes:
        conv: the convolution.
        inputs: types of the other operands; an odd one has an element for each channel.
        lines: the operations; value 0 is the sum, then come the inputs.
        results: numbers of the values that are stored.
        turned: whether a result is stored channels first behind a convolution with channels last, or
            the other way around.
        stride: between the stored pixels; 1 is dense.
        order: which loop of the code behind the convolution walks each of its dims.
    """

    conv: Conv
    inputs: tuple[str, ...]
    lines: tuple[Line, ...]
    results: tuple[int, ...]
    turned: tuple[bool, ...]
    stride: int
    order: tuple[int, ...] = (0, 1, 2, 3)

    def types(self) -> list[str]:
        """The type of each value."""
        first = "i32" if self.conv.dtype == "i8" else "f32"
        return [first, *self.inputs, *(line.dtype for line in self.lines)]

    def text(self) -> str:
        """The module."""
        _, wide, filters, out = self.conv.shapes()
        channel = 1 if self.conv.layout == "nchw_fchw" else 3
        types, code = self.types(), conv_op("acc", self.conv, "x", "f")
        arguments = [
            ("x", tensor(*wide, self.conv.dtype)),
            ("f", tensor(*filters, self.conv.dtype)),
        ]
        read, maps = ["%acc"], ["(d0, d1, d2, d3)"]
        for number, dtype in enumerate(self.inputs):
            narrow = number % 2
            kind = tensor(self.conv.oc, dtype) if narrow else tensor(*out, dtype)
            arguments.append((f"in{number}", kind))
            read.append(f"%in{number}")
            maps.append(f"(d{channel})" if narrow else "(d0, d1, d2, d3)")
        kinds = [tensor(*out, types[0]), *(kind for _, kind in arguments[2:])]
        turn = (0, 2, 3, 1) if channel == 1 else (0, 3, 1, 2)
        shapes = [[out[d] for d in turn] if turned else out for turned in self.turned]
        results = [tensor(*shape, types[r]) for shape, r in zip(shapes, self.results, strict=True)]
        around = ", ".join(f"d{d}" for d in turn)
        maps += [f"({around})" if turned else "(d0, d1, d2, d3)" for turned in self.turned]
        renamed = str.maketrans("0123", "".join(map(str, self.order)))
        affine = ", ".join(f"affine_map<(d0, d1, d2, d3) -> {m.translate(renamed)}>" for m in maps)
        for i, kind in enumerate(results):
            code += f"\n    %o{i} = tensor.empty() : {kind}"
        names = [f"%v{i}" for i in range(len(types))]
        outs = ", ".join(f"%o{i}" for i in range(len(results)))
        head = [f"{n}: {t}" for n, t in zip(names, types[: len(read)], strict=False)]
        head += [f"%out{i}: {types[r]}" for i, r in enumerate(self.results)]
        body = "".join(
            f"\n      {name} = {self._line(line, names)}"
            for name, line in zip(names[len(read) :], self.lines, strict=True)
        )
        stored = ", ".join(names[r] for r in self.results)
        count = f":{len(results)}" if len(results) > 1 else ""
        whole = ", ".join(results)
        code += f"""
    %y{count} = linalg.generic {{indexing_maps = [{affine}],
        iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}
      ins({", ".join(read)} : {", ".join(kinds)}) outs({outs} : {whole}) {{
    ^bb0({", ".join(head)}):{body}
      linalg.yield {stored} : {", ".join(types[r] for r in self.results)}
    }} -> ({whole})"""
        values = ["%y"] if not count else [f"%y#{i}" for i in range(len(results))]
        if self.stride > 1:
            code, values[0], results[0] = self._spread(code, values[0], shapes[0], results[0])
        given = ", ".join(f"%{name}: {kind}" for name, kind in arguments)
        listed = ", ".join(results)
        return (
            f"func.func @main({given}) -> ({listed}) {{{code}\n"
            f"    return {', '.join(values)} : {listed}\n}}\n"
        )

    def _spread(self, code: str, value: str, shape: list[int], kind: str) -> tuple[str, str, str]:
        """A result stored with steps into a tensor of zeros."""
        wide = [shape[0], *(size * self.stride + 1 for size in shape[1:])]
        dtype = self.types()[self.results[0]]
        target = tensor(*wide, dtype)
        zero = f"0.0 : {dtype}" if dtype[0] in "bf" else f"0 : {dtype}"
        sizes, steps = ", ".join(map(str, shape)), ", ".join(["1"] + [str(self.stride)] * 3)
        code += f"""
    %blank_zero = arith.constant {zero}
    %blank_empty = tensor.empty() : {target}
    %blank = linalg.fill ins(%blank_zero : {dtype}) outs(%blank_empty : {target}) -> {target}
    %spread = tensor.insert_slice {value} into %blank[0, 1, 1, 1] [{sizes}] [{steps}] : {kind} into {target}"""
        return code, "%spread", target

    @staticmethod
    def _line(line: Line, names: list[str]) -> str:
        args = ", ".join(names[a] for a in line.args)
        if line.source != line.dtype:
            return f"{line.op} {args} : {line.source} to {line.dtype}"
        return f"{line.op} {args} : {line.dtype}"


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """Convolutions with up to eight operations behind them, on up to three operands."""
    dtype = draw(st.sampled_from(["bf16", "i8"]))
    conv = Conv(
        h=draw(st.integers(3, 5)), w=draw(st.integers(3, 6)), c=draw(st.integers(1, 4)),
        oc=draw(st.sampled_from([1, 3, 8])), kh=draw(st.integers(1, 3)), dtype=dtype,
        layout=draw(st.sampled_from(["nhwc_hwcf", "nchw_fchw"])),
    )  # fmt: skip
    first = "i32" if dtype == "i8" else "f32"
    inputs = tuple(draw(st.lists(st.just(first), max_size=3)))
    types, lines = [first, *inputs], list[Line]()
    for _ in range(draw(st.integers(1, 8))):
        lines.append(draw(_lines(types)))
        types.append(lines[-1].dtype)
    values = range(1 + len(inputs), len(types))
    # The last value, which may or may not come from the sum, and perhaps another one.
    results = (len(types) - 1, *draw(st.lists(st.sampled_from(values), max_size=1)))
    turned = tuple(draw(st.booleans()) for _ in results)
    stride, order = draw(st.sampled_from([1, 1, 2])), draw(st.permutations(range(4)))
    return Body(conv, inputs, tuple(lines), results, turned, stride, tuple(order))


def _lines(types: list[str]) -> st.SearchStrategy[Line]:
    """An operation on values of these types, the later ones more often."""
    numbers = st.sampled_from([*range(len(types)), len(types) - 1, len(types) - 1])

    @st.composite
    def line(draw: st.DrawFn) -> Line:
        value = draw(numbers)
        dtype = types[value]
        kind = draw(st.sampled_from(["unary", "binary", "binary", "convert"]))
        if kind == "unary":
            return Line(draw(st.sampled_from(_UNARY[dtype])), (value,), dtype, dtype)
        if kind == "convert":
            op, target = _converted(dtype)
            return Line(op, (value,), target, dtype)
        alike = [n for n, other in enumerate(types) if other == dtype]
        pair = (value, draw(st.sampled_from(alike)))
        return Line(draw(st.sampled_from(_BINARY[dtype])), pair, dtype, dtype)

    return line()


def _converted(dtype: str) -> tuple[str, str]:
    table: dict[str, Any] = {
        "f32": ("arith.truncf", "bf16"),
        "bf16": ("arith.extf", "f32"),
        "i32": ("arith.sitofp", "f32"),
    }
    return table[dtype]


def turned_dispatch(m: int, n: int, k: int) -> str:
    """A dispatch of a matmul whose epilogue has its loops in another order, as a module at `flow`."""
    kinds = [f"{m}x{k}xi8", f"{k}x{n}xi8", f"{n}xi32"]
    buffers = ", ".join(
        f"%b{i}: !iree_tensor_ext.dispatch.tensor<readonly:tensor<{kind}>>"
        for i, kind in enumerate(kinds)
    )
    loads = ""
    for i, kind in enumerate(kinds):
        sizes = kind.split("x")[:-1]
        zeros, ones = (", ".join([digit] * len(sizes)) for digit in "01")
        loads += f"""
        %l{i} = iree_tensor_ext.dispatch.tensor.load %b{i}, offsets = [{zeros}], sizes = [{", ".join(sizes)}],
          strides = [{ones}] : !iree_tensor_ext.dispatch.tensor<readonly:tensor<{kind}>> -> tensor<{kind}>"""
    out, types = f"tensor<{n}x{m}xi32>", ", ".join(f"tensor<{kind}>" for kind in kinds)
    return f"""
  flow.executable private @turned {{
    flow.executable.export public @turned workgroups() -> (index, index, index) {{
      %x, %y, %z = iree_tensor_ext.dispatch.workgroup_count_from_slice()
      flow.return %x, %y, %z : index, index, index
    }}
    builtin.module {{
      func.func @turned({buffers}, %b3: !iree_tensor_ext.dispatch.tensor<writeonly:{out}>) {{{loads}
        %zero = arith.constant 0 : i32
        %empty = tensor.empty() : tensor<{m}x{n}xi32>
        %init = linalg.fill ins(%zero : i32) outs(%empty : tensor<{m}x{n}xi32>) -> tensor<{m}x{n}xi32>
        %acc = linalg.matmul ins(%l0, %l1 : tensor<{m}x{k}xi8>, tensor<{k}x{n}xi8>)
          outs(%init : tensor<{m}x{n}xi32>) -> tensor<{m}x{n}xi32>
        %o = tensor.empty() : {out}
        %y = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>,
            affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
            iterator_types = ["parallel", "parallel"]}}
          ins(%acc, %l2 : tensor<{m}x{n}xi32>, tensor<{n}xi32>) outs(%o : {out}) {{
        ^bb0(%a: i32, %b: i32, %c: i32):
          %s = arith.addi %a, %b : i32
          %t = arith.muli %s, %s : i32
          linalg.yield %t : i32
        }} -> {out}
        iree_tensor_ext.dispatch.tensor.store %y, %b3, offsets = [0, 0], sizes = [{n}, {m}],
          strides = [1, 1] : {out} -> !iree_tensor_ext.dispatch.tensor<writeonly:{out}>
        return
      }}
    }}
  }}
  func.func @main(%a: tensor<{kinds[0]}>, %b: tensor<{kinds[1]}>, %c: tensor<{kinds[2]}>) -> {out} {{
    %y = flow.dispatch @turned::@turned(%a, %b, %c) : ({types}) -> {out}
    return %y : {out}
  }}
"""


def numbered(m: int, n: int, k: int) -> str:
    """A matmul whose epilogue reads numbers that are no tensors: a dispatch has them as arguments."""
    out = f"tensor<{m}x{n}xi32>"
    same = "affine_map<(d0, d1) -> (d0, d1)>"
    return f"""
func.func @main(%a: tensor<{m}x{k}xi8>, %b: tensor<{k}x{n}xi8>, %p: tensor<i32>, %q: tensor<i32>) -> {out} {{
  %first = tensor.extract %p[] : tensor<i32>
  %second = tensor.extract %q[] : tensor<i32>
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : {out}
  %init = linalg.fill ins(%zero : i32) outs(%empty : {out}) -> {out}
  %acc = linalg.matmul ins(%a, %b : tensor<{m}x{k}xi8>, tensor<{k}x{n}xi8>) outs(%init : {out}) -> {out}
  %y = linalg.generic {{indexing_maps = [{same}, {same}], iterator_types = ["parallel", "parallel"]}}
    ins(%acc : {out}) outs(%empty : {out}) {{
  ^bb0(%s: i32, %old: i32):
    %t = arith.muli %s, %first : i32
    %u = arith.addi %t, %second : i32
    %v = arith.muli %u, %s : i32
    linalg.yield %v : i32
  }} -> {out}
  return %y : {out}
}}
"""
