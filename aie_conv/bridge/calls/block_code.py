"""The CPU's code that converts rows of bf16 to bfp16, as text (:mod:`aie_conv.layout.block_float`)."""

from __future__ import annotations

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.problem import BLOCK

_EXPONENT = """
            %bits = arith.bitcast %a : bf16 to i16
            %wide = arith.extsi %bits : i16 to i32
            %shifted = arith.shrui %wide, %seven : i32
            %exponent = arith.andi %shifted, %byte : i32"""

_CONSTANTS = """
        %zero = arith.constant 0 : i32
        %one = arith.constant 1 : i32
        %seven = arith.constant 7 : i32
        %byte = arith.constant 255 : i32
        %fraction = arith.constant 127 : i32
        %implied = arith.constant 128 : i32
        %most_places = arith.constant 31 : i32
        %most = arith.constant 127 : i32"""

_MANTISSA = """
            %low = arith.andi %wide, %fraction : i32
            %is_normal = arith.cmpi ne, %exponent, %zero : i32
            %leading = arith.select %is_normal, %implied, %zero : i32
            %size = arith.ori %low, %leading : i32
            %is_negative = arith.cmpi slt, %wide, %zero : i32
            %minus = arith.subi %zero, %size : i32
            %value = arith.select %is_negative, %minus, %size : i32
            %shared_at = arith.maxsi %e, %one : i32
            %own_at = arith.maxsi %exponent, %one : i32
            %apart = arith.subi %shared_at, %own_at : i32
            %all_places = arith.addi %apart, %one : i32
            %places = arith.minsi %all_places, %most_places : i32
            %whole = arith.shli %one, %places : i32
            %half = arith.shrui %whole, %one : i32
            %kept = arith.shrsi %value, %places : i32
            %odd = arith.andi %kept, %one : i32
            %below = arith.subi %half, %one : i32
            %more = arith.addi %below, %odd : i32
            %sum = arith.addi %value, %more : i32
            %rounded = arith.shrsi %sum, %places : i32
            %bounded = arith.minsi %rounded, %most : i32
            %mantissa = arith.trunci %bounded : i32 to i8"""


def _types(copy: HostCopy, *, fresh: bool) -> tuple[str, str]:
    """The types of the source and of the dest as a dispatch takes them."""
    shape = "x".join(map(str, (*copy.view, copy.view_dtype)))
    dest = "x".join(map(str, (*copy.dest_shape, copy.dest_dtype)))
    access = "writeonly" if fresh else "readwrite"
    return (
        f"!iree_tensor_ext.dispatch.tensor<readonly:tensor<{shape}>>",
        f"!iree_tensor_ext.dispatch.tensor<{access}:tensor<{dest}>>",
    )


def _bytes(copy: HostCopy, rows: int, blocks: int) -> str:
    """What makes %bytes of %shared, and of %grouped where it takes mantissas."""
    if copy.part == "exponents":
        kind = f"tensor<{rows}x{blocks}xi8>"
        return f"""
        %empty = tensor.empty() : {kind}
        %bytes = linalg.generic {{
            indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
            iterator_types = ["parallel", "parallel"]}}
            ins(%shared : tensor<{rows}x{blocks}xi32>) outs(%empty : {kind}) {{
          ^bb0(%e: i32, %old: i8):
            %short = arith.trunci %e : i32 to i8
            linalg.yield %short : i8
        }} -> {kind}"""
    kind = f"tensor<{rows}x{blocks}x{BLOCK}xi8>"
    same = "affine_map<(d0, d1, d2) -> (d0, d1, d2)>"
    return f"""
        %empty = tensor.empty() : {kind}
        %blocks = linalg.generic {{indexing_maps = [{same}, affine_map<(d0, d1, d2) -> (d0, d1)>, {same}],
            iterator_types = ["parallel", "parallel", "parallel"]}}
            ins(%grouped, %shared : tensor<{rows}x{blocks}x{BLOCK}xbf16>, tensor<{rows}x{blocks}xi32>)
            outs(%empty : {kind}) {{
          ^bb0(%a: bf16, %e: i32, %old: i8):{_EXPONENT}{_MANTISSA}
            linalg.yield %mantissa : i8
        }} -> {kind}
        %bytes = tensor.collapse_shape %blocks [[0], [1, 2]]
          : {kind} into tensor<{rows}x{blocks * BLOCK}xi8>"""


def blocks_executable(copy: HostCopy, name: str, *, fresh: bool) -> str:
    """The executable of one part of bfp16.

    Args:
        copy: of whole rows of bf16 to bytes.
        name: of the executable.
        fresh: it writes a dest that had no value before.
    """
    rows, columns = copy.view
    blocks = columns // BLOCK
    source, dest = _types(copy, fresh=fresh)
    grouped, shared = f"tensor<{rows}x{blocks}x{BLOCK}xbf16>", f"tensor<{rows}x{blocks}xi32>"
    written = "x".join(map(str, (*copy.written, "i8")))
    offsets, sizes = (list(numbers) for numbers in (copy.dest_offsets, copy.written))
    return f"""
  flow.executable private @{name} {{
    flow.executable.export public @{name} workgroups() -> (index, index, index) {{
      %x, %y, %z = iree_tensor_ext.dispatch.workgroup_count_from_slice()
      flow.return %x, %y, %z : index, index, index
    }}
    builtin.module {{
      func.func @{name}(%source: {source}, %dest: {dest}) {{{_CONSTANTS}
        %read = iree_tensor_ext.dispatch.tensor.load %source, offsets = [0, 0],
          sizes = [{rows}, {columns}], strides = [1, 1] : {source} -> tensor<{rows}x{columns}xbf16>
        %grouped = tensor.expand_shape %read [[0], [1, 2]] output_shape [{rows}, {blocks}, {BLOCK}]
          : tensor<{rows}x{columns}xbf16> into {grouped}
        %none = tensor.empty() : {shared}
        %least = linalg.fill ins(%zero : i32) outs(%none : {shared}) -> {shared}
        %shared = linalg.generic {{indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>,
              affine_map<(d0, d1, d2) -> (d0, d1)>],
            iterator_types = ["parallel", "parallel", "reduction"]}}
            ins(%grouped : {grouped}) outs(%least : {shared}) {{
          ^bb0(%a: bf16, %before: i32):{_EXPONENT}
            %larger = arith.maxsi %before, %exponent : i32
            linalg.yield %larger : i32
        }} -> {shared}{_bytes(copy, rows, blocks)}
        iree_tensor_ext.dispatch.tensor.store %bytes, %dest, offsets = {offsets},
          sizes = {sizes}, strides = [1, 1] : tensor<{written}> -> {dest}
        return
      }}
    }}
  }}
"""
