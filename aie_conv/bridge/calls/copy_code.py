"""The CPU's code of host copies: executables at `flow`, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from aie_conv.bridge.calls.block_code import blocks_executable
from aie_conv.layout.hostcopy import BLOCK_PARTS, HostCopy
from aie_conv.problem import DTYPE_BYTES

FLOATS = {"bf16", "f16", "f32"}
"""Types of real numbers."""


def tensor(shape: Sequence[int | str], dtype: str) -> str:
    """The text of a tensor type."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{dtype}>"


def _convert(source: str, dest: str) -> str:
    """The op that converts one element."""
    wider = DTYPE_BYTES[dest] > DTYPE_BYTES[source]
    if source in FLOATS and dest in FLOATS:
        return "arith.extf" if wider else "arith.truncf"
    if source in FLOATS or dest in FLOATS:
        return "arith.fptosi" if source in FLOATS else "arith.sitofp"
    return "arith.extsi" if wider else "arith.trunci"


def print_vector(values: Sequence[int]) -> str:
    """Numbers as MLIR writes them in an attribute."""
    return "[" + ", ".join(map(str, values)) + "]"


def _round(name: str, value: str) -> str:
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


def _is_widened(copy: HostCopy) -> bool:
    """Whether elements go through f32: neither of f16 and bf16 holds the other."""
    return {copy.view_dtype, copy.dest_dtype} == {"f16", "bf16"}


def _argument(copy: HostCopy) -> str:
    """What the body calls the element that is read."""
    return "narrow" if _is_widened(copy) else "a"


def _element(copy: HostCopy) -> str:
    """The body that makes one element of the dest from %a; see ``aie_conv.layout.hostcopy``."""
    source, dest = copy.view_dtype, copy.dest_dtype
    if source == dest:
        return f"            linalg.yield %a : {source}"
    wide = ""
    if _is_widened(copy):
        wide, source = f"            %a = arith.extf %narrow : {source} to f32\n", "f32"
    if copy.part == "whole":
        text = f"{wide}            %whole = {_convert(source, dest)} %a : {source} to {dest}"
        return f"{text}\n            linalg.yield %whole : {dest}"
    text = f"""{wide}{_CONSTANTS}{_round("hi", "%a")}{_NORMAL}
            %hi = arith.select %normal, %hi_b, %zero : bf16"""
    if copy.part == "lo":
        text += f"""{_REST}{_round("lo", "%rest")}
            %lo = arith.select %both_normal, %lo_b, %zero : bf16"""
    return f"{text}\n            linalg.yield %{copy.part} : bf16"


def copy_executable(copy: HostCopy, name: str, *, fresh: bool) -> str:
    """The executable of one host copy; ``fresh`` writes a dest that had no value before."""
    if copy.part in BLOCK_PARTS:
        return blocks_executable(copy, name, fresh=fresh)
    source, dest = tensor(copy.view, copy.view_dtype), tensor(copy.dest_shape, copy.dest_dtype)
    read = tensor(copy.sizes, copy.view_dtype)
    out_sizes = list(copy.written)
    moved = tensor(out_sizes, copy.dest_dtype)
    rank = len(copy.perm)
    dims = [f"d{i}" for i in range(rank)]
    place = [""] * rank
    for i, p in enumerate(copy.perm):
        place[p] = "0" if copy.repeats and copy.repeats[i] > 1 else dims[i]
    every = ", ".join(dims)
    maps = f"affine_map<({every}) -> ({', '.join(place)})>, affine_map<({every}) -> ({every})>"
    iterators = ", ".join(['"parallel"'] * rank)
    ones = print_vector([1] * rank)
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
        %read = iree_tensor_ext.dispatch.tensor.load %source, offsets = {print_vector(copy.offsets)},
          sizes = {print_vector(copy.sizes)}, strides = {ones} : {in_type} -> {read}
        %empty = tensor.empty() : {moved}
        %moved = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{iterators}]}}
            ins(%read : {read}) outs(%empty : {moved}) {{
          ^bb0(%{_argument(copy)}: {copy.view_dtype}, %old: {copy.dest_dtype}):
{_element(copy)}
        }} -> {moved}
        iree_tensor_ext.dispatch.tensor.store %moved, %dest, offsets = {print_vector(copy.dest_offsets)},
          sizes = {print_vector(out_sizes)}, strides = {ones} : {moved} -> {out_type}
        return
      }}
    }}
  }}
"""


def as_rows(copy: HostCopy) -> HostCopy | None:
    """The same copy as one of a matrix's rows into a matrix; None where it moves them otherwise."""
    if copy.part in BLOCK_PARTS or copy.repeats:
        return None
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
          ^bb0(%{_argument(copy)}: {copy.view_dtype}, %old: {copy.dest_dtype}):
{_element(copy)}
        }} -> {moved}
        iree_tensor_ext.dispatch.tensor.store %moved, %dest, offsets = [%first_row, %first_column],
          sizes = [%rows, %columns], strides = [1, 1] : {moved} -> {dest}{{%dest_rows, %dest_columns}}
        return
      }}
    }}
  }}
"""
