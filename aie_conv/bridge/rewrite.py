"""Replaces the dispatches that go to the NPU: host copies, a call of the amd_aie module, copies back.

A copy whose sources are all constant (weights, biases) runs in an initialiser, once when the artifact
is loaded, into a global; the others run at each call.
"""

from __future__ import annotations

from typing import Any

from iree.compiler import ir

from aie_conv.bridge.build import Emitter, Module, tensor
from aie_conv.bridge.cpu_layout import FilterLayout, filter_layout, with_layout
from aie_conv.bridge.recognise import Recognised
from aie_conv.bridge.tensors import owner, walk
from aie_conv.layout.hostcopy import HostCopy, made_of
from aie_conv.plan import Plan

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


def constant_operands(call: ir.Operation, found: Recognised) -> frozenset[str]:
    """The names of a dispatch's operands that are equal at every call."""
    arguments = _arguments(call)
    return frozenset(
        name
        for name, binding in found.operands
        if not isinstance(binding, int) or _is_constant(arguments[binding])
    )


def _arguments(call: ir.Operation) -> list[ir.Value]:
    """The arguments of a flow.dispatch, without its workload."""
    workload, count, *_ = ir.DenseI32ArrayAttr(call.attributes["operandSegmentSizes"])
    return list(call.operands)[workload : workload + count]


class Rewriter:
    """Rewrites one module at the `flow` phase, in place."""

    def __init__(self, module: ir.Operation) -> None:
        self._module = module
        self._top = Module(module)
        self._programs: dict[tuple[str, bytes], ir.Value] = {}
        self._count = 0
        self._relaid: dict[str, ir.Operation | None] = {}

    def replace(
        self, call: ir.Operation, name: str, found: Recognised, plan: Plan, program: bytes
    ) -> None:
        """Replace one flow.dispatch.

        Args:
            call: the op, erased here.
            name: what statistics and messages call it.
            found: what its executable computes.
            plan: the route's plan for it.
            program: the packed executable; equal ones share a constant.
        """
        with self._module.context:
            replacement = _Replacement(self._top, call, name, found, plan, self._count)
            replacement.run(program, self._programs)
        self._count += 1

    def keep_on_cpu(self, call: ir.Operation, name: str, found: Recognised) -> None:
        """Give a convolution that stays on the CPU its constant filter in the CPU's order."""
        argument = dict(found.operands).get("rhs")
        layout = filter_layout(found.problem) if found.problem is not None else None
        if layout is None or not isinstance(argument, int):
            return
        with self._module.context:
            replacement = _Replacement(self._top, call, name, found, layout, self._count)
            if "rhs" not in replacement.constants:
                return
            entry = ir.SymbolRefAttr(ir.ArrayAttr(call.attributes["entry_points"])[0]).value
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
            replacement.bind_constant("filter", argument)
            moved = ir.SymbolRefAttr.get([symbol, *entry[1:]])
            call.attributes["entry_points"] = ir.ArrayAttr.get([moved])

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


class _Replacement:
    """One call on its way to the NPU."""

    def __init__(
        self,
        top: Module,
        call: ir.Operation,
        name: str,
        found: Recognised,
        plan: Plan | FilterLayout,
        number: int,
    ) -> None:
        self.top, self.call, self.name, self.plan, self.number = top, call, name, plan, number
        op = call
        self.emitter = Emitter(top, ir.InsertionPoint(op), op.location)
        self.values: dict[str, ir.Value] = {}
        self.constants: set[str] = set()
        arguments = _arguments(op)
        for name, binding in found.operands:
            if isinstance(binding, int):
                self.values[name] = arguments[binding]
            else:
                self.values[name] = self._hoisted(self.emitter, binding)
            if _is_constant(self.values[name]):
                self.constants.add(name)
        base = found.base
        self.base = arguments[base] if base is not None else None

    @staticmethod
    def _hoisted(emitter: Emitter, constant: Any) -> ir.Value:
        kind = str(ir.ShapedType(constant.type))
        return emitter.op("flow.tensor.constant", [], kind, value=constant).results[0]

    def bind_constant(self, dest: str, argument: int) -> None:
        """Make the constant copies alone, and pass one in the place of an argument."""
        self._constant_copies()
        first, *_ = ir.DenseI32ArrayAttr(self.call.attributes["operandSegmentSizes"])
        self.call.operands[first + argument] = self.values[dest]

    def run(self, program: bytes, programs: dict[tuple[str, bytes], ir.Value]) -> None:
        """Write the copies and the call, and give their result to the dispatch's users."""
        self._constant_copies()
        for copy in self.plan.prologue:
            if copy.dest not in self.constants:
                self._copy(self.emitter, self.values, copy)
        *inputs, result = self.plan.arguments
        views = [self.emitter.exported(self.values[argument.name]) for argument in inputs]
        whole = not self.plan.finish
        if whole and self.base is not None:
            views.append(self.emitter.exported(self.base))
        op = self.call
        name = self.emitter.bytes(self.name.encode())
        answer = self.emitter.run(self._program(program, programs), name, views)
        kind = ir.RankedTensorType(op.results[0].type)
        shape, dtype = tuple(kind.shape), str(kind.element_type)
        if whole:
            value = self.emitter.imported(answer, (result.elements,), result.dtype)
            value = self.emitter.view(value, shape, dtype)
        else:
            value = self._finish(self.emitter.imported(answer, (result.elements,), result.dtype))
            value = self.emitter.view(value, shape, dtype)
        op.results[0].replace_all_uses_with(value)
        op.erase()

    def _program(self, data: bytes, programs: dict[tuple[str, bytes], ir.Value]) -> ir.Value:
        """The program's bytes, one constant for all calls in a function."""
        function = self.call.parent
        while function.name != "util.func":
            function = function.operation.parent
        key = (_symbol(function.operation), data)
        if key not in programs:
            start = ir.InsertionPoint.at_block_begin(function.operation.regions[0].blocks[0])
            programs[key] = Emitter(self.top, start, self.emitter.location).bytes(data)
        return programs[key]

    def _copy(self, emitter: Emitter, values: dict[str, ir.Value], copy: HostCopy) -> None:
        dest = values.get(copy.dest)
        if dest is None and not copy.covers_dest:
            dest = emitter.zeros(copy.dest_shape, copy.dest_dtype)
        if copy.covers_dest:
            dest = None
        source = values[copy.source] if copy.source else emitter.literal(copy.literal)
        values[copy.dest] = emitter.copy(copy, source, dest)

    def _finish(self, result: ir.Value) -> ir.Value:
        values = {**self.values, "result": result}
        values.pop("out", None)
        if self.base is not None:
            values["out"] = self.base
        for copy in self.plan.finish:
            self._copy(self.emitter, values, copy)
        return values["out"]

    def _constant_copies(self) -> None:
        """Move the copies of constants into an initialiser; what others need becomes a global."""
        self.constants |= made_of(self.plan.prologue, self.constants)
        moved = [copy for copy in self.plan.prologue if copy.dest in self.constants]
        if not moved:
            return
        needed = {argument.name for argument in self.plan.arguments}
        needed |= {
            c.source for c in self.plan.prologue if c.dest not in self.constants and c.source
        }
        kept = {copy.dest: copy for copy in moved if copy.dest in needed}
        outer = Emitter(self.top, ir.InsertionPoint(self.top.anchor), self.emitter.location)
        # Functions may stand before the anchor; a global must stand before all its users.
        front = ir.InsertionPoint.at_block_begin(self.top.block)
        for copy in kept.values():
            self._global(Emitter(self.top, front, self.emitter.location), copy)
        self._initializer(outer, moved, kept)
        for dest, copy in kept.items():
            self.values[dest] = self._load(copy)

    def _initializer(
        self, outer: Emitter, moved: list[HostCopy], kept: dict[str, HostCopy]
    ) -> None:
        """The initialiser that makes the copies and stores those that are kept."""
        function = ir.TypeAttr.get(ir.FunctionType.get([], [], self.top.operation.context))
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
        inner = Emitter(self.top, ir.InsertionPoint(body), outer.location, once=True)
        values: dict[str, ir.Value] = {}
        for copy in moved:
            if copy.source and copy.source not in values:
                values[copy.source] = _clone(inner, self.values[copy.source])
            self._copy(inner, values, copy)
        for dest in kept:
            symbol = ir.FlatSymbolRefAttr.get(self._global_name(dest), self.top.operation.context)
            inner.op("util.global.store", [values[dest]], None, **{"global": symbol})
        inner.op("util.return", [], None)

    def _global_name(self, dest: str) -> str:
        return f"__amd_aie_{self.number}_{dest}"

    def _global(self, emitter: Emitter, copy: HostCopy) -> None:
        kind = tensor(copy.dest_shape, copy.dest_dtype)
        emitter.op(
            "util.global", [], None,
            sym_name=ir.StringAttr.get(self._global_name(copy.dest), self.top.operation.context),
            sym_visibility=ir.StringAttr.get("private", self.top.operation.context),
            type=emitter.attribute(kind),
        )  # fmt: skip

    def _load(self, copy: HostCopy) -> ir.Value:
        symbol = ir.FlatSymbolRefAttr.get(self._global_name(copy.dest), self.top.operation.context)
        immutable = ir.UnitAttr.get(self.top.operation.context)
        kind = tensor(copy.dest_shape, copy.dest_dtype)
        attributes = {"global": symbol, "is_immutable": immutable}
        return self.emitter.op("util.global.load", [], kind, **attributes).results[0]


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
