"""Reads a function of the CPU's code generator: its loops, its innermost contraction and that one's size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.recognition.contraction import is_multiply_add
from aie_conv.bridge.tensors import DYNAMIC, Linear, linear, owner, walk
from aie_conv.errors import Unsupported

_LOOPS = {"scf.for", "scf.forall"}
_VECTOR_PRODUCTS = {"vector.fma", "arith.mulf", "arith.muli", "vector.contract"}
"""Operations that multiply, as the last passes leave them."""


@dataclass(frozen=True)
class CpuLoop:
    """One loop, or one dim of the workgroups' grid.

    Attributes:
        kind: "workgroup", "forall" or "for".
        upper, step: from 0, None where they are computed at run time.
    """

    kind: str
    upper: int | None
    step: int | None

    @property
    def trips(self) -> int | None:
        """How often it runs; None where that is not known."""
        if self.upper is None or not self.step:
            return None
        return -(-self.upper // self.step)


@dataclass(frozen=True)
class CpuContraction:
    """The innermost contraction of a function.

    Attributes:
        op: name of the operation; for a micro-kernel, its function.
        sizes: trip counts of its loops (mmt4d's outer and inner ones); None for a dynamic one.
        macs: their product; None where one is dynamic.
        operands: types of its operands and result.
        kind: "tensor" (a linalg op), "vector", "kernel" (a micro-kernel), or "scalar" (in the last
            form: a linalg op that nothing has vectorised, or scalar products).
        count: how many of it stand in the innermost loop.
        masked: whether a mask cuts it at the borders.
    """

    op: str
    sizes: tuple[int | None, ...]
    macs: int | None
    operands: tuple[str, ...]
    kind: str
    count: int = 1
    masked: bool = False

    @staticmethod
    def of(op: ir.Operation) -> CpuContraction:
        """A contraction as it stands."""
        name, kind = op.name, "tensor"
        if name == "iree_codegen.ukernel.generic":
            name, kind = _kernel_name(op), "kernel"
        elif name == "vector.contract":
            kind = "vector"
        parent = op.parent
        masked = parent is not None and parent.operation.name == "vector.mask"
        types = tuple(_short(value.type) for value in op.operands if _is_shaped(value.type))
        return CpuContraction(name, sizes_of(op), macs_of(op), types, kind, 1, masked)

    @staticmethod
    def lowered(function: ir.Operation) -> tuple[tuple[CpuLoop, ...], CpuContraction | None]:
        """The innermost products of the last form, and the loops around them."""
        left = innermost(function)
        if left is not None and left.name != "vector.contract":
            contraction = CpuContraction.of(left)
            kind = "kernel" if contraction.kind == "kernel" else "scalar"
            return loops_of(left), CpuContraction(
                contraction.op, contraction.sizes, contraction.macs, contraction.operands, kind
            )
        products = [op for op in walk(function) if op.name in _VECTOR_PRODUCTS]
        vectors = [op for op in products if isinstance(op.results[0].type, ir.ShapedType)]
        multiplies = vectors or products
        if not multiplies:
            return (), None
        depth = max(len(loops_of(op)) for op in multiplies)
        deepest = [op for op in multiplies if len(loops_of(op)) == depth]
        kinds = Counter((op.name, str(op.results[0].type)) for op in deepest)
        (name, shown), count = kinds.most_common(1)[0]
        sizes = tuple(_shape(deepest[0].results[0])) if vectors else (1,)
        known = [size for size in sizes if size is not None]
        return loops_of(deepest[0]), CpuContraction(
            name, sizes, count * prod(known), (shown,), "vector" if vectors else "scalar", count
        )


def _is_shaped(kind: ir.Type) -> bool:
    return isinstance(kind, ir.ShapedType)


def _short(kind: ir.Type) -> str:
    """A type without its layout and memory space."""
    shaped = ir.ShapedType(kind)
    word = str(kind).partition("<")[0]
    dims = "".join(
        f"{'?' if shaped.is_dynamic_dim(d) else shaped.get_dim_size(d)}x"
        for d in range(shaped.rank)
    )
    return f"{word}<{dims}{shaped.element_type}>"


def _kernel_name(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["u_kernel_fn_name"]).value


def innermost(function: ir.Operation) -> ir.Operation | None:
    """The contraction of a function: on vectors, in a micro-kernel or a linalg op; None without one."""
    for op in walk(function):
        if op.name == "vector.contract":
            return op
        if op.name == "iree_codegen.ukernel.generic" and "mmt4d" in _kernel_name(op):
            return op
        if op.name == "linalg.mmt4d" or is_multiply_add(op):
            return op
    return None


def deepest(function: ir.Operation) -> ir.Operation | None:
    """The first linalg operation under the most loops, for a function that multiplies nothing."""
    candidates = [op for op in walk(function) if op.name.startswith("linalg.")]
    return max(candidates, key=lambda op: (len(loops_of(op)), _maps(op) != []), default=None)


def loops_of(op: ir.Operation) -> tuple[CpuLoop, ...]:
    """The loops around an operation, outermost first."""
    loops: list[CpuLoop] = []
    parent: Any = op.parent
    while parent is not None:
        outer = parent.operation
        if outer.name in _LOOPS:
            loops = [*(_forall(outer) if outer.name == "scf.forall" else _for(outer)), *loops]
        parent = outer.parent
    return tuple(loops)


def _forall(op: ir.Operation) -> list[CpuLoop]:
    kind = "workgroup" if "workgroup" in str(op.attributes.get("mapping", "")) else "forall"
    lowers, uppers, steps = (
        list(ir.DenseI64ArrayAttr(op.attributes[name]))
        for name in ("staticLowerBound", "staticUpperBound", "staticStep")
    )
    return [
        CpuLoop(kind, None if DYNAMIC in (upper, lower) else upper - lower, _as_static(step))
        for lower, upper, step in zip(lowers, uppers, steps, strict=True)
    ]


def _as_static(value: int) -> int | None:
    return None if value == DYNAMIC else value


def _for(op: ir.Operation) -> list[CpuLoop]:
    lower, upper, step = (_constant(value) for value in list(op.operands)[:3])
    size = upper - lower if upper is not None and lower is not None else None
    return [CpuLoop("for", size, step)]


def _constant(value: ir.Value) -> int | None:
    producer = owner(value)
    if producer is None or producer.name != "arith.constant":
        return None
    return ir.IntegerAttr(producer.attributes["value"]).value


def _maps(op: ir.Operation) -> list[ir.AffineMap]:
    from iree.compiler.dialects import linalg

    if op.name == "vector.contract":
        attributes: Iterable[Any] = ir.ArrayAttr(op.attributes["indexing_maps"])
    else:
        attributes = linalg.get_indexing_maps(op) or ()
    return [ir.AffineMapAttr(attribute).value for attribute in attributes]


def sizes_of(op: ir.Operation) -> tuple[int | None, ...]:
    """Trip counts of an operation's loops; None for a dynamic one."""
    if op.name == "iree_codegen.ukernel.generic":
        lhs, rhs, *_ = [v for v in op.operands if _is_shaped(v.type)]
        (m, k, m0, k0), (n, _, n0, _) = (_shape(value) for value in (lhs, rhs))
        return (m, n, k, m0, n0, k0)
    maps = _maps(op)
    if not maps:
        return ()
    sizes: dict[int, int | None] = {}
    for value, affine in zip(op.operands, maps, strict=False):
        dims = [Linear(0, ((dim, 1),)) for dim in range(affine.n_dims)]
        for expression, size in zip(affine.results, _shape(value), strict=True):
            try:
                form = linear(expression, dims)
            except Unsupported:
                continue
            if form.variable is not None and sizes.get(form.variable) is None:
                sizes[form.variable] = size
    return tuple(sizes.get(dim) for dim in range(maps[0].n_dims))


def _shape(value: ir.Value) -> list[int | None]:
    if not _is_shaped(value.type):
        return []
    shaped = ir.ShapedType(value.type)
    return [
        None if shaped.is_dynamic_dim(d) else shaped.get_dim_size(d) for d in range(shaped.rank)
    ]


def macs_of(op: ir.Operation) -> int | None:
    """Multiply-accumulates of a contraction; None where a size is dynamic, or it is none."""
    kernels = ("vector.contract", "linalg.mmt4d", "iree_codegen.ukernel.generic")
    if op.name not in kernels and not is_multiply_add(op):
        return None
    known = [size for size in sizes_of(op) if size is not None]
    return prod(known) if known and len(known) == len(sizes_of(op)) else None
