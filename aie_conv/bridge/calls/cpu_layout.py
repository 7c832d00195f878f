"""A product that stays on the CPU of a mixed module gets its filter in the CPU's order.

The NPU wants filters as they come channels-last (output channels outermost); IREE's CPU code for
that form is about ten times slower than with output channels innermost, over which it vectorises.
Of matmuls those of one row are moved.
"""

from __future__ import annotations

from dataclasses import dataclass

from iree.compiler import ir

from aie_conv.bridge.dispatch import LOAD
from aie_conv.bridge.tensors import walk
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.plan import Argument
from aie_conv.problem import ConvProblem


@dataclass(frozen=True)
class FilterLayout:
    """The copy that moves a filter's output channels (or depthwise channels) innermost."""

    prologue: tuple[HostCopy, ...]
    argument: Argument

    @property
    def perm(self) -> tuple[int, ...]:
        """Dimension i of the new filter is dimension perm[i] of the old one."""
        return self.prologue[0].perm


def is_row(problem: ConvProblem) -> bool:
    """Whether a problem is a matmul of one row, as a classifier of one image is."""
    return problem.kind == "matmul" and {loop.role for loop in problem.loops} == {"n", "k"}


def filter_layout(problem: ConvProblem) -> FilterLayout | None:
    """The better layout of a filter, None where it has it or no layout is known."""
    vector = problem.of_role("n") if not problem.of_role("g") else problem.of_role("g")
    moves = problem.kind == "conv" or is_row(problem)
    if not moves or len(vector) != 1 or problem.rhs.offset:
        return None
    if problem.of_role("g") and problem.of_role("n"):
        return None
    shape, stride = problem.rhs.shape, 1
    strides: list[int] = []
    for size in reversed(shape):
        strides.insert(0, stride)
        stride *= size
    dims = [d for d, s in enumerate(strides) if s == vector[0].rhs and shape[d] == vector[0].size]
    if len(dims) != 1 or dims[0] == len(shape) - 1:
        return None
    perm = (*(d for d in range(len(shape)) if d != dims[0]), dims[0])
    zeros, dtype = (0,) * len(shape), problem.rhs.dtype
    moved = tuple(shape[d] for d in perm)
    copy = HostCopy("rhs", shape, dtype, zeros, shape, perm, "filter", moved, dtype, zeros)
    return FilterLayout((copy,), Argument("filter", dtype, stride))


def with_layout(
    executable: ir.Operation, name: str, argument: int, perm: tuple[int, ...]
) -> ir.Operation | None:
    """A copy of an executable that reads one argument's dimensions in another order.

    Returns:
        The copy, behind the original; None where the argument is not read whole by one operation that
        says in which order it reads it.
    """
    if _reader(executable, argument) is None:
        return None
    with executable.context, executable.location:
        relaid = executable.clone(ip=ir.InsertionPoint(executable)).operation
        relaid.attributes["sym_name"] = ir.StringAttr.get(name)
        reading = _reader(relaid, argument)
        assert reading is not None
        function, load, reader = reading
        block = function.regions[0].blocks[0]
        old = ir.RankedTensorType(load.results[0].type)
        shape = [old.shape[d] for d in perm]
        tensor = ir.RankedTensorType.get(shape, old.element_type)
        block.arguments[argument].set_type(
            ir.Type.parse(f"!iree_tensor_ext.dispatch.tensor<readonly:{tensor}>")
        )
        kinds = [a.type for a in block.arguments]
        function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(kinds, []))
        attributes = {key: load.attributes[key] for key in load.attributes}
        attributes["static_sizes"] = ir.DenseI64ArrayAttr.get(shape)
        fresh = ir.Operation.create(
            LOAD,
            [tensor],
            list(load.operands),
            attributes,
            loc=load.location,
            ip=ir.InsertionPoint(load),
        )
        place = list(reader.operands).index(load.results[0])
        load.results[0].replace_all_uses_with(fresh.results[0])
        load.erase()
        maps = list(ir.ArrayAttr(reader.attributes["indexing_maps"]))
        before = ir.AffineMapAttr(maps[place]).value
        results = [before.results[d] for d in perm]
        maps[place] = ir.AffineMapAttr.get(ir.AffineMap.get(before.n_dims, 0, results))
        reader.attributes["indexing_maps"] = ir.ArrayAttr.get(maps)
    return relaid


def _reader(
    executable: ir.Operation, argument: int
) -> tuple[ir.Operation, ir.Operation, ir.Operation] | None:
    """The function, the whole load of an argument, and the one linalg operation that reads it, by maps."""
    inside = list(walk(executable))
    function = next((op for op in inside if op.name == "func.func"), None)
    if function is None:
        return None
    block_argument = function.regions[0].blocks[0].arguments[argument]
    users = [op for op in inside if block_argument in list(op.operands)]
    if len(users) != 1 or users[0].name != LOAD:
        return None
    load = users[0]
    readers = [op for op in inside if load.results[0] in list(op.operands)]
    if len(readers) != 1 or "indexing_maps" not in readers[0].attributes:
        return None
    complete = f"readonly:{load.results[0].type}>" in str(block_argument.type)
    return (function, load, readers[0]) if complete else None
