"""Replaces the dispatches that go to the NPU: host copies, a call of the amd_aie module, copies back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from iree.compiler import ir

from aie_conv.bridge.calls.build import TopLevel
from aie_conv.bridge.calls.cpu_layout import filter_layout, is_row, with_layout
from aie_conv.bridge.calls.cpu_tiles import compiled_by_llvm, set_row_tiles
from aie_conv.bridge.calls.host import bind, bind_plan
from aie_conv.bridge.calls.host_values import (
    HostValues,
    NpuProgram,
    NpuRegion,
    clone,
    open_initializer,
    program_bytes,
)
from aie_conv.bridge.calls.rewrite_region import RegionReplacement
from aie_conv.bridge.dispatch import call_arguments, entry_of, symbol_of
from aie_conv.bridge.dispatch_call import DispatchCall
from aie_conv.bridge.splits.cut import Follower, follow, follower_name, free_export
from aie_conv.bridge.tensors import walk
from aie_conv.errors import Unsupported
from aie_conv.plan import Plan
from aie_conv.problem import ConvProblem


class Rewriter:
    """Rewrites one module at the `flow` phase, in place."""

    def __init__(self, module: ir.Operation) -> None:
        self._module = module
        self._top = TopLevel(module)
        self._programs: dict[tuple[str, bytes], ir.Value] = {}
        self._count = 0
        self._relaid: dict[str, ir.Operation | None] = {}
        self._followers: dict[tuple[str, int, int], tuple[str, str]] = {}

    def replace(self, call: DispatchCall, program: NpuProgram) -> None:
        """Replace one call, whose operation is erased; equal executables share a constant."""
        with self._module.context:
            host = bind_plan(program.plan, [name for name, _ in call.recognised.operands])
            values = HostValues(self._top, call, host, self._count)
            _Replacement(values, call, program.plan, self._followers).write(
                program.packed, self._programs
            )
        self._count += 1

    def replace_region(self, calls: Sequence[DispatchCall], region: NpuRegion) -> None:
        """Replace the calls of a region by one, before the last of them; their operations are erased."""
        with self._module.context:
            replacement = RegionReplacement(self._top, calls, region, self._count)
            replacement.write(self._programs)
        self._count += len(calls)

    def keep_on_cpu(self, call: DispatchCall) -> None:
        """Give what stays on the CPU its constant filter in the CPU's order, and one row its tile sizes."""
        problem = call.recognised.problem
        if not isinstance(problem, ConvProblem):
            return
        with self._module.context:
            self._move_filter(call, problem)
            if is_row(problem) and self._by_llvm:
                set_row_tiles(self._executable(entry_of(call.operation)[0]))

    @cached_property
    def _by_llvm(self) -> bool:
        return compiled_by_llvm(self._module)

    def _executable(self, symbol: str) -> ir.Operation:
        operations = (view.operation for view in self._top.block.operations)
        executables = (op for op in operations if op.name == "flow.executable")
        return next(op for op in executables if symbol_of(op) == symbol)

    def _move_filter(self, call: DispatchCall, problem: ConvProblem) -> None:
        """Let a call read its constant filter with the dim innermost over which the CPU's code vectorises."""
        argument = dict(call.recognised.operands).get("rhs")
        layout = filter_layout(problem)
        if layout is None or not isinstance(argument, int):
            return
        operands = [name for name, _ in call.recognised.operands]
        host = bind(operands, layout.prologue, [layout.argument.name])
        values = HostValues(self._top, call, host, self._count)
        (relaid,) = host.inputs
        if relaid not in values.constants:
            return
        op = call.operation
        called, name = entry_of(op)
        symbol = f"{called}_cpu"
        if symbol not in self._relaid:
            original = self._executable(called)
            self._relaid[symbol] = with_layout(original, symbol, argument, layout.perm)
        if self._relaid[symbol] is None:
            return
        self._count += 1
        values.copy_constants()
        first, *_ = ir.DenseI32ArrayAttr(op.attributes["operandSegmentSizes"])
        op.operands[first + argument] = values[relaid]
        moved = ir.SymbolRefAttr.get([symbol, name])
        op.attributes["entry_points"] = ir.ArrayAttr.get([moved])

    def finish(self) -> None:
        """Add what the calls need at the module's top; drop executables that nothing calls."""
        with self._module.context:
            self._load_programs()
            self._top.flush()
        _drop_unused(self._module)

    def _load_programs(self) -> None:
        """Make the programs ready when the artifact is loaded."""
        if not self._top.calls:
            return
        location = ir.Location.unknown(self._module.context)
        try:
            inner = open_initializer(self._top, location)
        except Unsupported:
            # Initialisers come behind functions: the programs are made ready by their first calls.
            return
        programs: dict[ir.Attribute, ir.Value] = {}
        for program, name, bits in self._top.calls:
            content = program.owner.attributes["value"]
            if content not in programs:
                programs[content] = clone(inner, program)
            inner.load(programs[content], clone(inner, name), bits)
        inner.op("util.return", [], None)


def _drop_unused(module: ir.Operation) -> None:
    """Erase executables that nothing calls any more, so that the CPU's compiler does not see them."""
    used: set[str] = set()
    for op in walk(module):
        if op.name == "flow.dispatch":
            for entry in ir.ArrayAttr(op.attributes["entry_points"]):
                used.add(ir.SymbolRefAttr(entry).value[0])
    for view in list(module.regions[0].blocks[0].operations):
        if view.operation.name == "flow.executable" and symbol_of(view.operation) not in used:
            view.operation.erase()


class _Replacement:
    """One call on its way to the NPU."""

    def __init__(
        self,
        values: HostValues,
        call: DispatchCall,
        plan: Plan,
        followers: dict[tuple[str, int, int], tuple[str, str]],
    ) -> None:
        self._values, self._host, self._call, self._plan = values, values.host, call, plan
        self._followers = followers
        self._emitter = values.emitter
        base = call.recognised.base
        self._base = call_arguments(call.operation)[base] if base is not None else None

    def write(self, packed: bytes, programs: dict[tuple[str, bytes], ir.Value]) -> None:
        """Write the copies and the call, and give their result to the dispatch's users."""
        values, emitter, op = self._values, self._emitter, self._call.operation
        values.copy_constants()
        for bound in self._host.prologue:
            if bound.dest not in values.constants:
                values.copy(bound)
        views = [emitter.export_tensor(values[value]) for value in self._host.inputs]
        if not self._host.finish and self._base is not None:
            views.append(emitter.export_tensor(self._base))
        name = emitter.bytes(self._call.name.encode())
        constants = [n for n, value in enumerate(self._host.inputs) if value in values.constants]
        program = program_bytes(emitter, op, packed, programs)
        (answer,) = emitter.run(program, name, views, constants)
        result = self._plan.arguments[-1]
        values[self._host.result] = emitter.import_tensor(answer, (result.elements,), result.dtype)
        if self._host.finish:
            self._copy_back()
        follower = self._call.follower
        kind = ir.RankedTensorType(op.results[0].type) if follower is None else follower.cut.tensor
        value = emitter.view(values[self._host.out], tuple(kind.shape), str(kind.element_type))
        results = [value] if follower is None else self._follow(follower, value)
        for old, new in zip(list(op.results), results, strict=True):
            old.replace_all_uses_with(new)
        op.erase()

    def _follow(self, follower: Follower, value: ir.Value) -> list[ir.Value]:
        """Dispatch what follows the first part; equal code is one executable."""
        key = follower.cut.key
        if key not in self._followers:
            symbol = f"{symbol_of(follower.cut.executable)}_rest"
            ordinal = sum(name.startswith(symbol) for name, _ in self._followers.values())
            name = follower_name(symbol_of(follower.cut.function))
            name = free_export(follower.cut.executable, name)
            self._followers[key] = (f"{symbol}_{ordinal}" if ordinal else symbol, name)
            follower.build(*self._followers[key])
        operation = self._call.operation
        return follow(operation, follower, self._followers[key], value, call_arguments(operation))

    def _copy_back(self) -> None:
        """The copies behind the call, into what the dispatch's result starts from."""
        if self._base is not None:
            self._values[self._host.out] = self._base
        for bound in self._host.finish:
            self._values.copy(bound)
