"""Replaces the dispatches that go to the NPU: host copies, a call of the amd_aie module, copies back.

A copy whose sources are all constant (weights, biases) runs in an initialiser, once when the artifact
is loaded, into a global; the others run at each call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.build import Emitter, TopLevel
from aie_conv.bridge.compiler import Compilation
from aie_conv.bridge.copy_code import tensor
from aie_conv.bridge.cpu_layout import filter_layout, with_layout
from aie_conv.bridge.host import BoundCopy, HostProgram, HostValue, bind, bind_plan
from aie_conv.bridge.recognise import Recognised
from aie_conv.bridge.tensors import owner, walk
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem

_CONSTANT_OPS = {
    "util.global.load",
    "flow.tensor.constant",
    "flow.tensor.reshape",
    "flow.tensor.bitcast",
    "flow.tensor.splat",
    "arith.constant",
}


def _symbol(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["sym_name"]).value


def constant_operands(call: ir.Operation, recognised: Recognised) -> frozenset[str]:
    """The names of a dispatch's operands that are equal at every call."""
    arguments = _arguments(call)
    return frozenset(
        name
        for name, binding in recognised.operands
        if not isinstance(binding, int) or _is_constant(arguments[binding])
    )


def _arguments(call: ir.Operation) -> list[ir.Value]:
    """The arguments of a flow.dispatch, without its workload."""
    workload, count, *_ = ir.DenseI32ArrayAttr(call.attributes["operandSegmentSizes"])
    return list(call.operands)[workload : workload + count]


@dataclass(frozen=True)
class DispatchCall:
    """One call of a dispatch at `flow`.

    Attributes:
        name: the dispatch's exported name, with a number from its second call on.
        operation: the call.
        recognised: what its executable computes.
        owner: what the operation lives in, and must not outlive.
        constants: the names of its operands that are equal at every call.
        refusal: why no route can take it; empty where one may.
        note: what a user should know of how it is computed on the NPU; mostly empty.
    """

    name: str
    operation: ir.Operation
    recognised: Recognised
    owner: Compilation
    constants: frozenset[str] = frozenset()
    refusal: str = ""
    note: str = ""


@dataclass(frozen=True)
class NpuProgram:
    """What a dispatch becomes: a route's plan, and its packed executable."""

    plan: Plan
    packed: bytes


class Rewriter:
    """Rewrites one module at the `flow` phase, in place."""

    def __init__(self, module: ir.Operation) -> None:
        self._module = module
        self._top = TopLevel(module)
        self._programs: dict[tuple[str, bytes], ir.Value] = {}
        self._count = 0
        self._relaid: dict[str, ir.Operation | None] = {}

    def replace(self, call: DispatchCall, program: NpuProgram) -> None:
        """Replace one call, whose operation is erased; equal executables share a constant."""
        with self._module.context:
            host = bind_plan(program.plan, [name for name, _ in call.recognised.operands])
            values = _HostValues(self._top, call, host, self._count)
            _Replacement(values, call, program.plan).write(program.packed, self._programs)
        self._count += 1

    def keep_on_cpu(self, call: DispatchCall) -> None:
        """Give a convolution that stays on the CPU its constant filter in the CPU's order."""
        problem = call.recognised.problem
        argument = dict(call.recognised.operands).get("rhs")
        layout = filter_layout(problem) if isinstance(problem, ConvProblem) else None
        if layout is None or not isinstance(argument, int):
            return
        with self._module.context:
            operands = [name for name, _ in call.recognised.operands]
            host = bind(operands, layout.prologue, [layout.argument.name])
            values = _HostValues(self._top, call, host, self._count)
            (relaid,) = host.inputs
            if relaid not in values.constants:
                return
            op = call.operation
            entry = ir.SymbolRefAttr(ir.ArrayAttr(op.attributes["entry_points"])[0]).value
            symbol = f"{entry[0]}_cpu"
            if symbol not in self._relaid:
                original = next(
                    view.operation
                    for view in self._top.block.operations
                    if view.operation.name == "flow.executable"
                    and _symbol(view.operation) == entry[0]
                )
                self._relaid[symbol] = with_layout(original, symbol, argument, layout.perm)
            if self._relaid[symbol] is None:
                return
            self._count += 1
            values.copy_constants()
            first, *_ = ir.DenseI32ArrayAttr(op.attributes["operandSegmentSizes"])
            op.operands[first + argument] = values[relaid]
            moved = ir.SymbolRefAttr.get([symbol, *entry[1:]])
            op.attributes["entry_points"] = ir.ArrayAttr.get([moved])

    def finish(self) -> None:
        """Add what the calls need at the module's top; drop executables that nothing calls."""
        with self._module.context:
            self._top.flush()
        _drop_unused(self._module)


def _drop_unused(module: ir.Operation) -> None:
    """Erase executables that nothing calls any more, so that the CPU's compiler does not see them."""
    used: set[str] = set()
    for op in walk(module):
        if op.name == "flow.dispatch":
            for entry in ir.ArrayAttr(op.attributes["entry_points"]):
                used.add(ir.SymbolRefAttr(entry).value[0])
    for view in list(module.regions[0].blocks[0].operations):
        if view.operation.name == "flow.executable" and _symbol(view.operation) not in used:
            view.operation.erase()


class _HostValues:
    """The tensors of a call's host values, and which of these are constant.

    Attributes:
        host: the values and the copies between them.
        emitter: makes operations before the call.
        constants: the values that are equal at every call.
    """

    def __init__(self, top: TopLevel, call: DispatchCall, host: HostProgram, number: int) -> None:
        self.host = host
        self.emitter = Emitter(top, ir.InsertionPoint(call.operation), call.operation.location)
        self._top = top
        self._number = number
        self._tensors: dict[HostValue, ir.Value] = {}
        arguments = _arguments(call.operation)
        for value, (_, binding) in zip(host.operands, call.recognised.operands, strict=True):
            self._tensors[value] = (
                arguments[binding] if isinstance(binding, int) else self._hoist(binding)
            )
        operands = {value for value, operand in self._tensors.items() if _is_constant(operand)}
        self.constants = host.constants(operands)

    def __getitem__(self, value: HostValue) -> ir.Value:
        return self._tensors[value]

    def __setitem__(self, value: HostValue, computed: ir.Value) -> None:
        self._tensors[value] = computed

    def _hoist(self, constant: Any) -> ir.Value:
        kind = str(ir.ShapedType(constant.type))
        return self.emitter.op("flow.tensor.constant", [], kind, value=constant).results[0]

    def copy(self, bound: BoundCopy) -> None:
        """Make a copy before the call."""
        _copy(self.emitter, self._tensors, bound)

    def copy_constants(self) -> None:
        """Move the copies of constants into an initialiser; what others need becomes a global."""
        moved = [bound for bound in self.host.prologue if bound.dest in self.constants]
        if not moved:
            return
        needed = set(self.host.inputs)
        needed |= {
            bound.source
            for bound in self.host.prologue
            if bound.dest not in self.constants and bound.source is not None
        }
        kept = {bound.dest: bound for bound in moved if bound.dest in needed}
        location = self.emitter.location
        outer = Emitter(self._top, ir.InsertionPoint(self._top.anchor), location)
        # Functions may stand before the anchor; a global must stand before all its users.
        front = ir.InsertionPoint.at_block_begin(self._top.block)
        for bound in kept.values():
            self._declare(Emitter(self._top, front, location), bound)
        self._initialize(outer, moved, list(kept))
        for value, bound in kept.items():
            self._tensors[value] = self._load(bound)

    def _initialize(self, outer: Emitter, moved: list[BoundCopy], kept: list[HostValue]) -> None:
        """Make the copies in an initialiser and store those that are kept."""
        function = ir.TypeAttr.get(ir.FunctionType.get([], [], self._top.operation.context))
        initializer = ir.Operation.create(
            "util.initializer",
            [],
            [],
            {"function_type": function},
            regions=1,
            loc=outer.location,
            ip=outer.place,
        )
        body = initializer.regions[0].blocks.append()
        inner = Emitter(self._top, ir.InsertionPoint(body), outer.location, once=True)
        tensors: dict[HostValue, ir.Value] = {}
        for bound in moved:
            if bound.source is not None and bound.source not in tensors:
                tensors[bound.source] = _clone(inner, self._tensors[bound.source])
            _copy(inner, tensors, bound)
        for value in kept:
            symbol = ir.FlatSymbolRefAttr.get(self._global_name(value), self._top.operation.context)
            inner.op("util.global.store", [tensors[value]], None, **{"global": symbol})
        inner.op("util.return", [], None)

    def _global_name(self, value: HostValue) -> str:
        return f"__amd_aie_{self._number}_{value.name}"

    def _declare(self, emitter: Emitter, bound: BoundCopy) -> None:
        context = self._top.operation.context
        kind = tensor(bound.copy.dest_shape, bound.copy.dest_dtype)
        emitter.op(
            "util.global", [], None,
            sym_name=ir.StringAttr.get(self._global_name(bound.dest), context),
            sym_visibility=ir.StringAttr.get("private", context),
            type=emitter.attribute(kind),
        )  # fmt: skip

    def _load(self, bound: BoundCopy) -> ir.Value:
        context = self._top.operation.context
        symbol = ir.FlatSymbolRefAttr.get(self._global_name(bound.dest), context)
        kind = tensor(bound.copy.dest_shape, bound.copy.dest_dtype)
        attributes = {"global": symbol, "is_immutable": ir.UnitAttr.get(context)}
        return self.emitter.op("util.global.load", [], kind, **attributes).results[0]


class _Replacement:
    """One call on its way to the NPU."""

    def __init__(self, values: _HostValues, call: DispatchCall, plan: Plan) -> None:
        self._values, self._host, self._call, self._plan = values, values.host, call, plan
        self._emitter = values.emitter
        base = call.recognised.base
        self._base = _arguments(call.operation)[base] if base is not None else None

    def write(self, packed: bytes, programs: dict[tuple[str, bytes], ir.Value]) -> None:
        """Write the copies and the call, and give their result to the dispatch's users."""
        values, emitter, op = self._values, self._emitter, self._call.operation
        values.copy_constants()
        for bound in self._host.prologue:
            if bound.dest not in values.constants:
                values.copy(bound)
        views = [emitter.exported(values[value]) for value in self._host.inputs]
        if not self._host.finish and self._base is not None:
            views.append(emitter.exported(self._base))
        name = emitter.bytes(self._call.name.encode())
        answer = emitter.run(self._program(packed, programs), name, views)
        kind = ir.RankedTensorType(op.results[0].type)
        result = self._plan.arguments[-1]
        values[self._host.result] = emitter.imported(answer, (result.elements,), result.dtype)
        if self._host.finish:
            self._copy_back()
        value = emitter.view(values[self._host.out], tuple(kind.shape), str(kind.element_type))
        op.results[0].replace_all_uses_with(value)
        op.erase()

    def _copy_back(self) -> None:
        """The copies behind the call, into what the dispatch's result starts from."""
        if self._base is not None:
            self._values[self._host.out] = self._base
        for bound in self._host.finish:
            self._values.copy(bound)

    def _program(self, packed: bytes, programs: dict[tuple[str, bytes], ir.Value]) -> ir.Value:
        """The program's bytes, one constant for all calls in a function."""
        function = self._call.operation.parent
        while function.name != "util.func":
            function = function.operation.parent
        key = (_symbol(function.operation), packed)
        if key not in programs:
            start = ir.InsertionPoint.at_block_begin(function.operation.regions[0].blocks[0])
            outside = Emitter(self._emitter.module, start, self._emitter.location)
            programs[key] = outside.bytes(packed)
        return programs[key]


def _copy(emitter: Emitter, tensors: dict[HostValue, ir.Value], bound: BoundCopy) -> None:
    """Make a copy; the tensor of its dest is the new one from here on."""
    copy, dest = bound.copy, tensors.get(bound.dest)
    if copy.covers_dest:
        dest = None
    elif dest is None:
        dest = emitter.zeros(copy.dest_shape, copy.dest_dtype)
    source = tensors[bound.source] if bound.source is not None else emitter.literal(copy.literal)
    tensors[bound.dest] = emitter.copy(copy, source, dest)


def _is_constant(value: ir.Value) -> bool:
    """Whether a value is the same at every call, and may be made again in an initialiser."""
    op = owner(value)
    if op is None or op.name not in _CONSTANT_OPS:
        return False
    if op.name == "util.global.load" and "is_immutable" not in op.attributes:
        return False
    return all(_is_constant(operand) for operand in op.operands)


def _clone(emitter: Emitter, value: ir.Value) -> ir.Value:
    """A constant value made again at the emitter's place."""
    op = owner(value)
    assert op is not None
    operands = [_clone(emitter, operand) for operand in op.operands]
    copy = op.clone(ip=emitter.place).operation
    for number, operand in enumerate(operands):
        copy.operands[number] = operand
    return copy.results[ir.OpResult(value).result_number]
