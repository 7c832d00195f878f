"""The module for mlir-air: it parses, and run operation by operation it gives torch's result.

The interpreter below knows only what the operations are defined to do: a channel's put and get are orders of
addresses at either end of a queue of elements, linalg.generic is its maps and its body.
"""

import itertools
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects import arith, builtin, func, linalg, math, memref, scf
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr
from xdsl.parser import Parser

from aie_conv.arch import device_names
from aie_conv.direct.air.module import VERSIONS, air_arguments, air_module
from aie_conv.direct.vector import VectorRoute
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import NUMPY_DTYPE, apply
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.partitioner import routes
from aie_conv.plan import Route
from tests.support.air.modules import host_buffers
from tests.support.direct.strategies import Case, cases

DYNAMIC = -(2**63)

DTYPES = ("i8", "i16", "i32", "bf16", "f32")


def scalar_route() -> Route:
    """The direct route's scalar style, whichever class it is."""
    return next(r for r in routes() if (r.name, r.style) == ("direct", "scalar"))


def parse(text: str) -> ModuleOp:
    context = Context(allow_unregistered=True)
    for dialect in (
        arith.Arith, builtin.Builtin, func.Func, linalg.Linalg, math.Math, memref.MemRef, scf.Scf,
    ):  # fmt: skip
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


@dataclass
class Buffer:
    """A memref: its flat data, first element, and sizes and strides."""

    data: NDArray[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @classmethod
    def dense(cls, data: NDArray[Any], shape: tuple[int, ...]) -> "Buffer":
        strides = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
        return cls(data, 0, shape, strides)

    def at(self, index: tuple[Any, ...]) -> Any:
        """Flat addresses of indices, which must be inside."""
        for i, size in zip(index, self.shape, strict=True):
            assert np.min(i) >= 0
            assert np.max(i) < size
        return self.offset + sum(i * s for i, s in zip(index, self.strides, strict=True))


def name_of(op: Operation) -> str:
    return op.op_name.data if isinstance(op, builtin.UnregisteredOp) else op.name


def attribute(op: Operation, name: str) -> Any:
    return op.properties[name] if name in op.properties else op.attributes[name]


def numbers(op: Operation, name: str) -> list[int]:
    return [int(v) for v in attribute(op, name).get_values()]


class Machine:
    """Runs a module; ``herds`` collects the grids of cores it met, ``queues`` what is in its channels."""

    def __init__(self) -> None:
        self.env: dict[SSAValue, Any] = {}
        self.herds: set[tuple[int, ...]] = set()
        self.bundles: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self.queues: dict[tuple[str, tuple[int, ...]], list[NDArray[Any]]] = {}

    def block(self, block: Block) -> None:
        for op in block.ops:
            self.run(op)

    def run(self, op: Operation) -> None:
        kind = name_of(op)
        if kind.startswith("air."):
            self.air(op, kind)
        elif kind == "scf.for":
            low, high, step = (self.env[v] for v in op.operands[:3])
            for i in range(low, high, step):
                self.env[op.regions[0].block.args[0]] = i
                self.block(op.regions[0].block)
        elif kind == "memref.alloc":
            ty = op.results[0].type
            shape = tuple(ty.get_shape())
            dtype = NUMPY_DTYPE[str(ty.element_type)]
            # What nobody wrote must not pass for a result.
            data = np.full(int(np.prod(shape)), 77, dtype)
            self.env[op.results[0]] = Buffer.dense(data, shape)
        elif kind == "memref.subview":
            self.env[op.results[0]] = self.subview(op)
        elif kind == "linalg.fill":
            target = self.env[op.operands[1]]
            grid = np.meshgrid(*(np.arange(s) for s in target.shape), indexing="ij")
            target.data[target.at(tuple(grid))] = self.env[op.operands[0]]
        elif kind == "linalg.generic":
            self.generic(op)
        elif op.results:
            self.env[op.results[0]] = self.scalar(op, [self.env[v] for v in op.operands])

    def air(self, op: Operation, kind: str) -> None:
        if kind in ("air.launch", "air.segment", "air.herd"):
            self.region(op, kind)
        elif kind == "air.channel":
            self.channel(op)
        elif kind in ("air.channel.put", "air.channel.get"):
            self.transfer(op, kind)

    def region(self, op: Operation, kind: str) -> None:
        _, sizes, _ = numbers(op, "operandSegmentSizes")
        extents = [self.env[v] for v in op.operands[:sizes]]
        block = op.regions[0].block
        if kind == "air.herd":
            self.herds.add(tuple(extents))
        for ids in itertools.product(*(range(e) for e in extents)):
            values = (*ids, *extents, *(self.env[v] for v in op.operands[sizes:]))
            self.env.update(zip(block.args, values, strict=True))
            self.block(block)

    def channel(self, op: Operation) -> None:
        sizes = [tuple(int(n.value.data) for n in attribute(op, "size"))]
        if "broadcast_shape" in {**op.properties, **op.attributes}:
            sizes.append(tuple(int(n.value.data) for n in attribute(op, "broadcast_shape")))
        self.bundles[attribute(op, "sym_name").data] = (sizes[0], sizes[-1])

    def transfer(self, op: Operation, kind: str) -> None:
        """Offsets count in their own strides; without any the memref is moved as a whole.

        Read as mlir-air's version does: August's by its attributes, which say what the operands are for,
        March's by the counts of its operands.
        """
        counts = numbers(op, "operandSegmentSizes")
        operands = [self.env[v] for v in op.operands]
        index, buffer = tuple(operands[: counts[1]]), operands[counts[1]]
        rest = operands[counts[1] + 1 :]
        side = "src" if kind == "air.channel.put" else "dst"
        august = f"static_{side}_sizes" in {**op.properties, **op.attributes}
        assert len(counts) == (7 if august and side == "src" else 6)
        lists: dict[str, list[int]] = {}
        for what, count in zip(("offsets", "sizes", "strides"), counts[3:6], strict=True):
            static = numbers(op, f"static_{side}_{what}") if august else [DYNAMIC] * count
            assert static.count(DYNAMIC) == count
            lists[what] = [rest.pop(0) if v == DYNAMIC else v for v in static]
        assert not rest
        where: Any = np.arange(buffer.data.size)
        if lists["sizes"]:
            where = np.zeros((), np.int64)
            for offset, size, stride in zip(*lists.values(), strict=True):
                where = where[..., None] + (offset + np.arange(size)) * stride
            where = where.reshape(-1)
        assert where.min() >= 0
        assert where.max() < buffer.data.size
        name = attribute(op, "chan_name").root_reference.data
        if side == "src":
            self.send(name, index, buffer.data[where])
        else:
            buffer.data[where] = self.receive(name, index, len(where))

    def send(self, name: str, index: tuple[int, ...], data: NDArray[Any]) -> None:
        """To all receivers of a stream: where the bundle has one of a dimension, to each of that."""
        sizes, receivers = self.bundles[name]
        assert all(0 <= i < size for i, size in zip(index, sizes, strict=True))
        for end in itertools.product(*(range(n) for n in receivers)):
            if all(size == 1 or i == j for i, j, size in zip(index, end, sizes, strict=True)):
                self.queues.setdefault((name, end), []).append(data)

    def receive(self, name: str, index: tuple[int, ...], count: int) -> NDArray[Any]:
        """So many elements of a stream, which may be of several puts; no put is of two types."""
        queue = self.queues[name, index]
        while len(queue[0]) < count:
            queue[:2] = [np.concatenate(queue[:2])]
        data = queue.pop(0)
        if len(data) > count:
            queue.insert(0, data[count:])
        return data[:count]

    def subview(self, op: Operation) -> Buffer:
        source, *offsets = (self.env[v] for v in op.operands)
        at = [offsets.pop(0) if v == DYNAMIC else v for v in numbers(op, "static_offsets")]
        sizes = numbers(op, "static_sizes")
        shape = op.results[0].type.get_shape()
        assert tuple(sizes[2:]) == tuple(shape)
        return Buffer(source.data, int(source.at(tuple(at))), tuple(shape), source.strides[2:])

    def generic(self, op: Operation) -> None:
        maps = [m.data for m in attribute(op, "indexing_maps")]
        kinds = [str(k.data) for k in attribute(op, "iterator_types")]
        buffers = [self.env[v] for v in op.operands]
        extents = self.extents(maps, buffers)
        parallel = [i for i, k in enumerate(kinds) if "parallel" in k]
        grid = np.meshgrid(*(np.arange(extents[i]) for i in parallel), indexing="ij")
        rest = [i for i in range(len(kinds)) if i not in parallel]
        block = op.regions[0].block
        for point in itertools.product(*(range(extents[i]) for i in rest)):
            index: list[Any] = [0] * len(kinds)
            for i, values in zip(parallel, grid, strict=True):
                index[i] = values
            for i, value in zip(rest, point, strict=True):
                index[i] = value
            places = [
                b.at(tuple(r.eval(index, []) for r in m.results))
                for m, b in zip(maps, buffers, strict=True)
            ]
            for arg, buffer, place in zip(block.args, buffers, places, strict=True):
                self.env[arg] = buffer.data[place]
            for inner in block.ops:
                if name_of(inner) == "linalg.yield":
                    buffers[-1].data[places[-1]] = self.env[inner.operands[0]]
                else:
                    self.run(inner)

    @staticmethod
    def extents(maps: list[Any], buffers: list[Buffer]) -> list[int]:
        """Sizes of the loops: each must be alone in some dimension of some operand."""
        count = maps[0].num_dims
        found: dict[int, int] = {}
        for m, buffer in zip(maps, buffers, strict=True):
            for result, size in zip(m.results, buffer.shape, strict=True):
                if isinstance(result, AffineDimExpr):
                    assert found.setdefault(result.position, size) == size
        return [found[i] for i in range(count)]

    def scalar(self, op: Operation, args: list[Any]) -> Any:
        kind, ty = name_of(op), str(op.results[0].type)
        if kind == "arith.constant":
            value = attribute(op, "value").value.data
            return int(value) if ty == "index" else np.asarray(value, NUMPY_DTYPE.get(ty, bool))
        if kind in ("arith.cmpf", "arith.cmpi"):
            number = int(attribute(op, "predicate").value.data)
            floating = kind == "arith.cmpf"
            names = arith.CMPF_COMPARISON_OPERATIONS if floating else arith.CMPI_COMPARISON_OPERATIONS  # fmt: skip
            compare = {"gt": np.greater, "lt": np.less, "eq": np.equal}
            return compare[names[number][-2:]](*args)
        plain: dict[str, Any] = {
            "addi": np.add, "addf": np.add, "subi": np.subtract, "muli": np.multiply,
            "mulf": np.multiply, "maxsi": np.maximum, "minsi": np.minimum,
            "shrsi": np.right_shift, "divui": np.floor_divide, "remui": np.remainder,
            "select": np.where,
        }  # fmt: skip
        what = kind.removeprefix("arith.")
        if what in plain:
            with np.errstate(over="ignore"):
                made = plain[what](*args)
            return int(made) if ty == "index" else np.asarray(made, NUMPY_DTYPE[ty])
        assert what in ("extsi", "extf", "truncf", "trunci"), kind
        return np.asarray(args[0]).astype(NUMPY_DTYPE[ty])


def run(
    case: Case, plan: ArrayPlan, version: str
) -> tuple[NDArray[Any], dict[str, NDArray[Any]], Machine]:
    """The output buffer after running the plan's module."""
    mapping = plan.mapping
    arrays = case.operands()
    buffers = host_buffers(plan, arrays)
    machine = Machine()
    module = parse(air_module(plan, version))
    function = next(op for op in module.walk() if isinstance(op, func.FuncOp))
    assert function.sym_name == StringAttr("conv")
    arguments = air_arguments(mapping)
    for value, argument in zip(function.body.block.args, arguments, strict=True):
        data = np.ascontiguousarray(buffers[argument.name]).reshape(-1)
        assert data.size == argument.elements == value.type.get_shape()[0]
        machine.env[value] = Buffer.dense(data, (data.size,))
    machine.block(module.body.block)
    machine.block(function.body.block)
    assert not any(machine.queues.values())
    result = machine.env[function.body.block.args[-1]].data
    if not plan.finish:
        return result.reshape(arrays["out"].shape), arrays, machine
    done = apply(plan.finish, {"result": result, "out": arrays["out"].copy()})
    return done["out"].reshape(arrays["out"].shape), arrays, machine


SMALL = cases(DTYPES).filter(lambda case: case.problem().macs <= 10_000)
"""The interpreter takes about half a second for these."""


@settings(max_examples=max(10, settings.default.max_examples // 5))
@given(SMALL, st.sampled_from(device_names()), st.sampled_from(sorted(VERSIONS)))
def test_the_module_computes_the_convolution(case: Case, device: str, version: str) -> None:
    plan = scalar_route().propose(case.problem(), device)
    assert isinstance(plan, ArrayPlan)
    try:
        got, arrays, machine = run(case, plan, version)
    except Unsupported as refusal:
        assert version == "march"
        assert "a shim queues 4" in str(refusal)  # noqa: PT017 - the other version has no such limit
        return
    case.check(got, arrays)
    (herd,) = machine.herds
    assert sorted(herd) == sorted((plan.mapping.grid.columns, plan.mapping.grid.rows))


def plain_case(dtype: str = "i8", groups: int = 1) -> Case:
    channels = 1 if groups > 1 else 8
    last = (0, 2, 3, 1)
    return Case(
        1, groups, channels, channels, (9, 9), (3, 3), (1, 1), (1, 1), dtype, last, last, last, 0, "bias"
    )  # fmt: skip


@pytest.mark.parametrize("groups", [1, 24])
def test_buffers_lie_in_their_memory_spaces(groups: int) -> None:
    """Every DMA goes between neighbouring levels, and cores compute on their own memory only."""
    plan = scalar_route().propose(plain_case(groups=groups).problem(), "npu1_4col")
    assert isinstance(plan, ArrayPlan)

    def space(value: SSAValue) -> int:
        assert isinstance(value.type, memref.MemRefType)
        given = value.type.memory_space
        return 0 if isinstance(given, builtin.NoneAttr) else int(str(given).split(":")[0])

    ends: dict[str, dict[str, set[int]]] = {}
    for op in parse(air_module(plan)).walk():
        memrefs = [v for v in op.operands if isinstance(v.type, memref.MemRefType)]
        if name_of(op) in ("air.channel.put", "air.channel.get"):
            channel = ends.setdefault(attribute(op, "chan_name").root_reference.data, {})
            channel.setdefault(name_of(op)[-3:], set()).update(map(space, memrefs))
        if name_of(op) == "linalg.generic":
            assert {space(v) for v in memrefs} == {2}
    levels = {name: (next(iter(e["put"])), next(iter(e["get"]))) for name, e in ends.items()}
    assert levels == {
        "host_inputs": (0, 1), "host_filters": (0, 1), "inputs": (1, 2), "filters": (1, 2),
        "results": (2, 1), "host_results": (1, 0),
    }  # fmt: skip
    assert all(len(spaces) == 1 for e in ends.values() for spaces in e.values())


def test_a_plan_without_scalar_loops_is_refused() -> None:
    plan = VectorRoute().propose(plain_case().problem(), "npu1_4col")
    with pytest.raises(Unsupported, match=r"air: .*--amd-aie-direct=scalar"):
        air_module(plan)


@pytest.mark.parametrize("dtype", ["i8", "f32"])
@pytest.mark.parametrize("outputs", [1, 4])
def test_a_residual_comes_to_a_row_that_is_alone(dtype: str, outputs: int) -> None:
    case = replace(plain_case(dtype), outputs=outputs, spatial=(4, 4), epilogue="residual")
    plan = scalar_route().propose(case.problem(), "npu1_1col")
    assert isinstance(plan, ArrayPlan)
    assert plan.mapping.grid.rows == 1
    result, arrays, _ = run(case, plan, "august")
    case.check(result, arrays)


def test_march_is_refused_where_its_tools_would_overrun_a_queue() -> None:
    """Its passes wait for no transfer before a launch's last one; a residual comes in pieces."""
    case = replace(plain_case(), outputs=16, spatial=(10, 10), epilogue="residual")
    plan = scalar_route().propose(case.problem(), "npu1_4col")
    assert isinstance(plan, ArrayPlan)
    with pytest.raises(
        Unsupported, match="transfers through a channel of @host_inputs: .*a shim queues 4"
    ):
        air_module(plan, "march")
    air_module(plan, "august")


def test_each_version_refuses_the_others_form() -> None:
    """The groups of a put's operands are six in March and seven in August; otherwise the texts are equal."""
    plan = scalar_route().propose(plain_case().problem(), "npu1_4col")
    assert isinstance(plan, ArrayPlan)
    march, august = (air_module(plan, version) for version in ("march", "august"))
    assert march.splitlines()[0] == f"// for mlir-air of {VERSIONS['march']}"
    assert august.splitlines()[0] == f"// for mlir-air of {VERSIONS['august']}"
    assert "static_" not in march
    bare = re.sub(r", static_(?:dst|src)_\w+ = array<i64[^>]*>", "", august)
    bare = re.sub(r'("air.channel.put".*array<i32: \d+(?:, \d+){5}), 0>', r"\1>", bare)
    assert bare.partition("\n")[2] == march.partition("\n")[2]
    for text, groups in ((march, 6), (august, 7)):
        puts = [op for op in parse(text).walk() if name_of(op) == "air.channel.put"]
        assert puts
        assert {len(numbers(op, "operandSegmentSizes")) for op in puts} == {groups}
