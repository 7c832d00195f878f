"""Makes IREE's operations at `flow`: reshapes, copies as dispatches, calls of the amd_aie module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

from iree.compiler import ir

from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.problem import DTYPE_BYTES

_FLOATS = {"bf16", "f16", "f32"}


def tensor(shape: Sequence[int | str], dtype: str) -> str:
    """The text of a tensor type."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{dtype}>"


def _convert(source: str, dest: str) -> str:
    """The op that converts one element."""
    wider = DTYPE_BYTES[dest] > DTYPE_BYTES[source]
    if source in _FLOATS and dest in _FLOATS:
        return "arith.extf" if wider else "arith.truncf"
    if source in _FLOATS or dest in _FLOATS:
        return "arith.fptosi" if source in _FLOATS else "arith.sitofp"
    return "arith.extsi" if wider else "arith.trunci"


def _vector(values: Sequence[int]) -> str:
    return "[" + ", ".join(map(str, values)) + "]"


def _rounded(name: str, value: str) -> str:
    """``name_b`` is a normal f32 ``value`` rounded to bf16, ``name_wide`` that as f32.

    In integers, since IREE takes arith.extf of arith.truncf for nothing.
    """
    return f"""
            %{name}_bits = arith.bitcast {value} : f32 to i32
            %{name}_half = arith.shrui %{name}_bits, %sixteen : i32
            %{name}_odd = arith.andi %{name}_half, %one : i32
            %{name}_up = arith.addi %{name}_odd, %below_half : i32
            %{name}_sum = arith.addi %{name}_bits, %{name}_up : i32
            %{name}_top = arith.shrui %{name}_sum, %sixteen : i32
            %{name}_short = arith.trunci %{name}_top : i32 to i16
            %{name}_b = arith.bitcast %{name}_short : i16 to bf16
            %{name}_wide_bits = arith.shli %{name}_top, %sixteen : i32
            %{name}_wide = arith.bitcast %{name}_wide_bits : i32 to f32"""


_CONSTANTS = """
            %one = arith.constant 1 : i32
            %sixteen = arith.constant 16 : i32
            %below_half = arith.constant 0x7FFF : i32
            %tiny = arith.constant 0x00800000 : f32
            %infinity = arith.constant 0x7F800000 : f32
            %zero = arith.constant 0.0 : bf16"""
_NORMAL = """
            %size = math.absf %a : f32
            %hi_size = math.absf %hi_wide : f32
            %above = arith.cmpf oge, %size, %tiny : f32
            %finite = arith.cmpf olt, %hi_size, %infinity : f32
            %normal = arith.andi %above, %finite : i1"""
_REST = """
            %rest = arith.subf %a, %hi_wide : f32
            %rest_size = math.absf %rest : f32
            %rest_above = arith.cmpf oge, %rest_size, %tiny : f32
            %both_normal = arith.andi %normal, %rest_above : i1"""


def _element(copy: HostCopy) -> str:
    """The body that makes one element of the dest from %a; see ``aie_conv.layout.hostcopy``."""
    source, dest = copy.view_dtype, copy.dest_dtype
    if source == dest:
        return f"            linalg.yield %a : {source}"
    if copy.part == "whole":
        text = f"            %whole = {_convert(source, dest)} %a : {source} to {dest}"
        return f"{text}\n            linalg.yield %whole : {dest}"
    text = f"""{_CONSTANTS}{_rounded("hi", "%a")}{_NORMAL}
            %hi = arith.select %normal, %hi_b, %zero : bf16"""
    if copy.part == "lo":
        text += f"""{_REST}{_rounded("lo", "%rest")}
            %lo = arith.select %both_normal, %lo_b, %zero : bf16"""
    return f"{text}\n            linalg.yield %{copy.part} : bf16"


def copy_executable(copy: HostCopy, name: str, *, fresh: bool) -> str:
    """The executable of one host copy; ``fresh`` writes a dest that had no value before."""
    source, dest = tensor(copy.view, copy.view_dtype), tensor(copy.dest_shape, copy.dest_dtype)
    read = tensor(copy.sizes, copy.view_dtype)
    out_sizes = [copy.sizes[p] for p in copy.perm]
    moved = tensor(out_sizes, copy.dest_dtype)
    rank = len(copy.perm)
    dims = [f"d{i}" for i in range(rank)]
    place = [""] * rank
    for i, p in enumerate(copy.perm):
        place[p] = dims[i]
    every = ", ".join(dims)
    maps = f"affine_map<({every}) -> ({', '.join(place)})>, affine_map<({every}) -> ({every})>"
    iterators = ", ".join(['"parallel"'] * rank)
    ones = _vector([1] * rank)
    access = "writeonly" if fresh else "readwrite"
    out_type = f"!iree_tensor_ext.dispatch.tensor<{access}:{dest}>"
    in_type = f"!iree_tensor_ext.dispatch.tensor<readonly:{source}>"
    return f"""
  flow.executable private @{name} {{
    flow.executable.export public @{name} workgroups() -> (index, index, index) {{
      %x, %y, %z = iree_tensor_ext.dispatch.workgroup_count_from_slice()
      flow.return %x, %y, %z : index, index, index
    }}
    builtin.module {{
      func.func @{name}(%source: {in_type}, %dest: {out_type}) {{
        %read = iree_tensor_ext.dispatch.tensor.load %source, offsets = {_vector(copy.offsets)},
          sizes = {_vector(copy.sizes)}, strides = {ones} : {in_type} -> {read}
        %empty = tensor.empty() : {moved}
        %moved = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{iterators}]}}
            ins(%read : {read}) outs(%empty : {moved}) {{
          ^bb0(%a: {copy.view_dtype}, %old: {copy.dest_dtype}):
{_element(copy)}
        }} -> {moved}
        iree_tensor_ext.dispatch.tensor.store %moved, %dest, offsets = {_vector(copy.dest_offsets)},
          sizes = {_vector(out_sizes)}, strides = {ones} : {moved} -> {out_type}
        return
      }}
    }}
  }}
"""


def as_rows(copy: HostCopy) -> HostCopy | None:
    """The same copy as one of a matrix's rows into a matrix; None where it moves them otherwise."""
    complete = copy.sizes == copy.view and not any(copy.offsets)
    if not complete or copy.perm != tuple(range(len(copy.perm))) or not copy.perm:
        return None
    if copy.covers_dest:
        flat = (prod(copy.view[:-1]), copy.view[-1])
        return replace(
            copy, view=flat, offsets=(0, 0), sizes=flat, perm=(0, 1), dest_shape=flat, dest_offsets=(0, 0)
        )  # fmt: skip
    return copy if len(copy.perm) == 2 else None


_SIZES = ("rows", "columns", "dest_rows", "dest_columns", "first_row", "first_column")
"""What :func:`rows_executable` takes behind its buffers."""


def rows_executable(copy: HostCopy, name: str, *, fresh: bool) -> str:
    """The executable of all copies of rows that treat an element as this one; sizes are arguments.

    IREE takes tens of milliseconds for each executable, and a network has a hundred such copies.
    """
    sizes = ", ".join(f"%{size}_given: index" for size in _SIZES)
    names = ", ".join(f"%{size}_given" for size in _SIZES)
    ordinals = "\n".join(
        f"        %{size} = iree_tensor_ext.dispatch.workload.ordinal %{size}_given, {i} : index"
        for i, size in enumerate(_SIZES)
    )
    read, moved = (tensor(("?", "?"), dtype) for dtype in (copy.view_dtype, copy.dest_dtype))
    source = f"!iree_tensor_ext.dispatch.tensor<readonly:{read}>"
    dest = f"!iree_tensor_ext.dispatch.tensor<{'writeonly' if fresh else 'readwrite'}:{moved}>"
    in_order = (f"%dest_given: {dest}", sizes) if not fresh else (sizes, f"%dest_given: {dest}")
    same = "affine_map<(d0, d1) -> (d0, d1)>"
    return f"""
  flow.executable private @{name} {{
    flow.executable.export public @{name} workgroups({sizes}) -> (index, index, index) {{
      %x, %y, %z = iree_tensor_ext.dispatch.workgroup_count_from_slice({names})
      flow.return %x, %y, %z : index, index, index
    }}
    builtin.module {{
      func.func @{name}(%source_given: {source}, {", ".join(in_order)}) {{
{ordinals}
        %source = flow.dispatch.tie_shape %source_given : {source}{{%rows, %columns}}
        %dest = flow.dispatch.tie_shape %dest_given : {dest}{{%dest_rows, %dest_columns}}
        %read = iree_tensor_ext.dispatch.tensor.load %source, offsets = [0, 0],
          sizes = [%rows, %columns], strides = [1, 1] : {source}{{%rows, %columns}} -> {read}
        %empty = tensor.empty(%rows, %columns) : {moved}
        %moved = linalg.generic {{indexing_maps = [{same}, {same}],
            iterator_types = ["parallel", "parallel"]}}
            ins(%read : {read}) outs(%empty : {moved}) {{
          ^bb0(%a: {copy.view_dtype}, %old: {copy.dest_dtype}):
{_element(copy)}
        }} -> {moved}
        iree_tensor_ext.dispatch.tensor.store %moved, %dest, offsets = [%first_row, %first_column],
          sizes = [%rows, %columns], strides = [1, 1] : {moved} -> {dest}{{%dest_rows, %dest_columns}}
        return
      }}
    }}
  }}
"""


@dataclass
class TopLevel:
    """What the rewriting adds to a module at its top level.

    Attributes:
        operation: the module.
        executables: name of each copy's executable.
        row_executables: name of each executable that serves copies of several sizes.
        text: the new top-level ops that are text until :meth:`flush`.
    """

    operation: ir.Operation
    executables: dict[tuple[HostCopy, bool], str] = field(default_factory=dict)
    row_executables: dict[tuple[str, ...], str] = field(default_factory=dict)
    imports: set[int] = field(default_factory=set)
    text: list[str] = field(default_factory=list)

    @property
    def block(self) -> ir.Block:
        """The module's body."""
        return self.operation.regions[0].blocks[0]

    @cached_property
    def anchor(self) -> ir.Operation:
        """The function before which new globals and initialisers go.

        Initialisers run in the module's order, so the new ones follow all that they may read from;
        IREE wants a global before its users.
        """
        anchor: ir.Operation | None = None
        for view in self.block.operations:
            if view.operation.name in ("util.global", "util.initializer"):
                anchor = None
            elif view.operation.name == "util.func" and anchor is None:
                anchor = view.operation
        if anchor is None:
            raise Unsupported("the module's initialisers come behind its functions")
        return anchor

    def copy(self, copy: HostCopy, *, fresh: bool) -> str:
        """The executable that makes a copy; the same one for equal copies."""
        plain = HostCopy(
            "", copy.view, copy.view_dtype, copy.offsets, copy.sizes, copy.perm, "",
            copy.dest_shape, copy.dest_dtype, copy.dest_offsets, copy.part,
        )  # fmt: skip
        key = (plain, fresh)
        if key not in self.executables:
            self.executables[key] = f"amd_aie_copy_{len(self.executables)}"
            self.text.append(copy_executable(plain, self.executables[key], fresh=fresh))
        return self.executables[key]

    def rows(self, copy: HostCopy, *, fresh: bool) -> str:
        """The executable that makes a copy of rows, of any size."""
        key = (copy.view_dtype, copy.dest_dtype, copy.part, str(fresh))
        if key not in self.row_executables:
            self.row_executables[key] = f"amd_aie_rows_{len(self.row_executables)}"
            self.text.append(rows_executable(copy, self.row_executables[key], fresh=fresh))
        return self.row_executables[key]

    def runner(self, count: int) -> str:
        """The name of the imported function that runs a program on ``count`` buffer views."""
        name = f"amd_aie.run.{count}"
        if count not in self.imports:
            self.imports.add(count)
            views = "".join(f", %a{i}: !hal.buffer_view" for i in range(count))
            self.text.append(
                f"util.func private @{name}(%program: !util.buffer, %name: !util.buffer{views})"
                " -> !hal.buffer_view\n"
            )
        return name

    def flush(self) -> None:
        """Parse what is still text into the front of the module, where every user may name it."""
        parsed = ir.Module.parse("module {\n" + "".join(self.text) + "}\n", self.operation.context)
        self.text.clear()
        first = self.block.operations[0]
        for view in list(parsed.body.operations):
            view.operation.move_before(first.operation)


@dataclass
class Emitter:
    """Makes ops at one place of the module.

    Attributes:
        module: the module.
        place: the place.
        location: the ops' source location.
        once: whether what is made there runs once a load, so that its code may be small rather than fast.
    """

    module: TopLevel
    place: ir.InsertionPoint
    location: ir.Location
    once: bool = False

    def op(
        self,
        name: str,
        operands: Sequence[ir.Value],
        result: str | None,
        **attributes: ir.Attribute,
    ) -> ir.Operation:
        """Any op with at most one result."""
        context = self.module.operation.context
        types = [ir.Type.parse(result, context)] if result is not None else []
        return ir.Operation.create(
            name, types, list(operands), attributes, loc=self.location, ip=self.place
        )

    def attribute(self, text: str) -> ir.Attribute:
        """An attribute from its text."""
        return ir.Attribute.parse(text, self.module.operation.context)

    def view(self, value: ir.Value, shape: Sequence[int], dtype: str) -> ir.Value:
        """A tensor seen in another shape and, with the same bytes, another type."""
        wanted = tensor(shape, dtype)
        if str(value.type) == wanted:
            return value
        same = str(ir.RankedTensorType(value.type).element_type) == dtype
        name = "flow.tensor.reshape" if same else "flow.tensor.bitcast"
        segments = self.attribute("array<i32: 1, 0, 0>")
        return self.op(name, [value], wanted, operandSegmentSizes=segments).results[0]

    def zeros(self, shape: Sequence[int], dtype: str) -> ir.Value:
        """A tensor of zeros."""
        text = f"0.0 : {dtype}" if dtype in _FLOATS else f"0 : {dtype}"
        zero = self.op("arith.constant", [], dtype, value=self.attribute(text)).results[0]
        return self.op("flow.tensor.splat", [zero], tensor(shape, dtype)).results[0]

    def literal(self, values: Sequence[int]) -> ir.Value:
        """A tensor of i32 constants."""
        text = f"dense<{_vector(values)}> : {tensor((len(values),), 'i32')}"
        value = self.attribute(text)
        return self.op(
            "flow.tensor.constant", [], tensor((len(values),), "i32"), value=value
        ).results[0]

    def copy(self, copy: HostCopy, source: ir.Value, dest: ir.Value | None) -> ir.Value:
        """The dest after a host copy; ``dest`` is what it was before, None where all is written."""
        rows = as_rows(copy) if self.once else None
        if rows is not None:
            moved = self._rows(rows, source, dest)
            return self.view(moved, copy.dest_shape, copy.dest_dtype)
        name = self.module.copy(copy, fresh=dest is None)
        operands = [self.view(source, copy.view, copy.view_dtype)]
        tied = -1
        if dest is not None:
            operands.append(self.view(dest, copy.dest_shape, copy.dest_dtype))
            tied = 1
        return self.op(
            "flow.dispatch",
            operands,
            tensor(copy.dest_shape, copy.dest_dtype),
            entry_points=self.attribute(f"[@{name}::@{name}]"),
            operandSegmentSizes=self.attribute(f"array<i32: 0, {len(operands)}, 0, 0>"),
            tied_operands=self.attribute(f"[{tied} : index]"),
        ).results[0]

    def _rows(self, copy: HostCopy, source: ir.Value, dest: ir.Value | None) -> ir.Value:
        name = self.module.rows(copy, fresh=dest is None)
        sizes = [
            self.op("arith.constant", [], "index", value=self.attribute(f"{size} : index")).results[
                0
            ]
            for size in (*copy.view, *copy.dest_shape, *copy.dest_offsets)
        ]
        buffers, tied = [self.view(source, copy.view, copy.view_dtype)], -1
        if dest is not None:
            buffers.append(self.view(dest, copy.dest_shape, copy.dest_dtype))
            tied = 1
        count = len(buffers) + len(sizes)
        return self.op(
            "flow.dispatch",
            [*sizes, *buffers, *sizes],
            tensor(copy.dest_shape, copy.dest_dtype),
            entry_points=self.attribute(f"[@{name}::@{name}]"),
            operandSegmentSizes=self.attribute(f"array<i32: {len(sizes)}, {count}, 0, 0>"),
            tied_operands=self.attribute(f"[{tied} : index]"),
        ).results[0]

    def exported(self, value: ir.Value) -> ir.Value:
        """A tensor as a buffer view, which waits until the tensor is computed."""
        encoding = ir.TypeAttr.get(value.type)
        return self.op(
            "hal.tensor.export", [value], "!hal.buffer_view", source_encoding=encoding
        ).results[0]

    def imported(self, value: ir.Value, shape: Sequence[int], dtype: str) -> ir.Value:
        """A buffer view as a tensor."""
        wanted = tensor(shape, dtype)
        return self.op(
            "hal.tensor.import",
            [value],
            wanted,
            target_encoding=self.attribute(wanted),
            operandSegmentSizes=self.attribute("array<i32: 1, 0, 0, 0>"),
        ).results[0]

    def bytes(self, data: bytes) -> ir.Value:
        """Read-only bytes in the artifact."""
        words = ir.DenseElementsAttr.get(
            memoryview(data), type=ir.IntegerType.get_signless(8, self.module.operation.context),
            shape=[len(data)], context=self.module.operation.context,
        )  # fmt: skip
        return self.op("util.buffer.constant", [], "!util.buffer", value=words).results[0]

    def run(self, program: ir.Value, name: ir.Value, views: Sequence[ir.Value]) -> ir.Value:
        """The call that runs a program; the result's buffer view."""
        function = self.module.runner(len(views))
        return self.op(
            "util.call",
            [program, name, *views],
            "!hal.buffer_view",
            callee=ir.FlatSymbolRefAttr.get(function, self.module.operation.context),
        ).results[0]
