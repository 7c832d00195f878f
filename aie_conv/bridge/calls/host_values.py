"""A dispatch call's values on the host: what copies make of its operands, and which of that is made once.

What a copy makes whose sources are all constant (weights, biases) is a global: of numbers that are computed
when the module is compiled, or, where a source is known on loading alone, by an initialiser; other copies run
at each call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.calls.build import Emitter, TopLevel
from aie_conv.bridge.calls.constant_numbers import FlatNumbers, dense
from aie_conv.bridge.calls.copy_code import tensor
from aie_conv.bridge.calls.host import BoundCopy, HostProgram, HostValue
from aie_conv.bridge.dispatch import call_arguments, symbol_of
from aie_conv.bridge.dispatch_call import DispatchCall, is_constant
from aie_conv.bridge.tensors import owner
from aie_conv.layout.hostcopy import apply
from aie_conv.plan import Plan


@dataclass(frozen=True)
class NpuProgram:
    """What a dispatch becomes: a route's plan, and its packed executable."""

    plan: Plan
    packed: bytes


@dataclass(frozen=True)
class NpuBuffer:
    """A flat buffer of a region's call."""

    dtype: str
    elements: int


@dataclass(frozen=True)
class NpuValue:
    """A value that enters or leaves a region.

    Attributes:
        member: number of the dispatch that reads or writes it.
        argument: of its plan; empty for its result.
        buffer: number of the buffer that it lies in, among those that enter, or that leave.
        offset: its first element there.
    """

    member: int
    argument: str
    buffer: int
    offset: int


@dataclass(frozen=True)
class NpuRegion:
    """What several dispatches become.

    Attributes:
        name: the region's.
        plans: of each dispatch, in their order.
        inputs: what the host gives.
        entering: the buffers that inputs lie in.
        weights: the packed weights of all.
        offsets: where in them each dispatch's begin.
        results: what leaves it.
        leaving: the buffers that results lie in.
        packed: the executable.
    """

    name: str
    plans: tuple[Plan, ...]
    inputs: tuple[NpuValue, ...]
    entering: tuple[NpuBuffer, ...]
    weights: NpuBuffer
    offsets: tuple[int, ...]
    results: tuple[NpuValue, ...]
    leaving: tuple[NpuBuffer, ...]
    packed: bytes


class HostValues:
    """The tensors of a call's host values, and which of these are constant.

    Attributes:
        host: the values and the copies between them.
        emitter: makes operations before the call, or before another operation that all of it precedes.
        constants: the values that are equal at every call.
    """

    def __init__(
        self,
        top: TopLevel,
        call: DispatchCall,
        host: HostProgram,
        number: int,
        before: ir.Operation | None = None,
    ) -> None:
        self.host = host
        place = call.operation if before is None else before
        self.emitter = Emitter(top, ir.InsertionPoint(place), call.operation.location)
        self._top = top
        self._number = number
        self._tensors: dict[HostValue, ir.Value] = {}
        arguments = call_arguments(call.operation)
        for value, (_, binding) in zip(host.operands, call.recognised.operands, strict=True):
            self._tensors[value] = (
                arguments[binding] if isinstance(binding, int) else self._hoist(binding)
            )
        operands = {value for value, operand in self._tensors.items() if is_constant(operand)}
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
        make_copy(self.emitter, self._tensors, bound)

    def constant_copies(self) -> list[BoundCopy]:
        """The copies that are made once, before any call."""
        return [bound for bound in self.host.prologue if bound.dest in self.constants]

    def copy_constants(self) -> None:
        """Make what others need of the copies of constants globals: of numbers, or by an initialiser."""
        moved = self.constant_copies()
        if not moved:
            return
        numbers = self.compute_constants()
        needed = set(self.host.inputs)
        needed |= {
            bound.source
            for bound in self.host.prologue
            if bound.dest not in self.constants and bound.source is not None
        }
        kept = {bound.dest: bound for bound in moved if bound.dest in needed}
        for bound in kept.values():
            copy = bound.copy
            declare_global(
                self._top,
                self._global_name(bound.dest),
                tensor(copy.dest_shape, copy.dest_dtype),
                self.emitter.location,
                self._attribute(bound, numbers),
            )
        if numbers is None:
            self._initialise(list(kept))
        for value, bound in kept.items():
            copy = bound.copy
            kind = tensor(copy.dest_shape, copy.dest_dtype)
            self._tensors[value] = load_global(self.emitter, self._global_name(value), kind)

    def _attribute(
        self, bound: BoundCopy, numbers: dict[HostValue, FlatNumbers] | None
    ) -> ir.Attribute | None:
        if numbers is None:
            return None
        copy, context = bound.copy, self._top.operation.context
        return dense(numbers[bound.dest], copy.dest_dtype, copy.dest_shape, context)

    def _initialise(self, needed: Sequence[HostValue]) -> None:
        inner = open_initializer(self._top, self.emitter.location)
        tensors = self.make_constants(inner)
        for value in needed:
            store_global(inner, self._global_name(value), tensors[value])
        inner.op("util.return", [], None)

    def compute_constants(self) -> dict[HostValue, FlatNumbers] | None:
        """What the copies of constants make, as numbers; None where a source is known on loading alone."""
        copies = self.constant_copies()
        copied: set[HostValue] = set()
        known: dict[str, FlatNumbers] = {}
        for bound in copies:
            source = bound.source
            copied.add(bound.dest)
            if source is None or source in copied or source.name in known:
                continue
            numbers = self._top.numbers.of(self._tensors[source])
            if numbers is None:
                return None
            known[source.name] = numbers
        values = apply([bound.copy for bound in copies], known)
        return {bound.dest: values[bound.dest.name] for bound in copies}

    def make_constants(self, inner: Emitter) -> dict[HostValue, ir.Value]:
        """The copies of constants, made in an initialiser; what they are and are made of."""
        tensors: dict[HostValue, ir.Value] = {}
        for bound in self.constant_copies():
            if bound.source is not None and bound.source not in tensors:
                tensors[bound.source] = clone(inner, self._tensors[bound.source])
            make_copy(inner, tensors, bound)
        return tensors

    def _global_name(self, value: HostValue) -> str:
        return f"__amd_aie_{self._number}_{value.name}"


def declare_global(
    top: TopLevel, name: str, kind: str, location: ir.Location, numbers: ir.Attribute | None = None
) -> None:
    """A global of the module; one must stand before all its users, and functions may before the anchor.

    Args:
        top: the module.
        name, kind: of the global.
        location: of what it is for.
        numbers: what it holds; None where an initialiser stores that.
    """
    initial = {} if numbers is None else {"initial_value": numbers}
    emitter = Emitter(top, ir.InsertionPoint.at_block_begin(top.block), location)
    context = top.operation.context
    emitter.op(
        "util.global", [], None,
        sym_name=ir.StringAttr.get(name, context),
        sym_visibility=ir.StringAttr.get("private", context),
        type=emitter.attribute(kind),
        **initial,
    )  # fmt: skip


def open_initializer(top: TopLevel, location: ir.Location) -> Emitter:
    """Makes operations in a new initialiser, which the caller ends with util.return."""
    function = ir.TypeAttr.get(ir.FunctionType.get([], [], top.operation.context))
    initializer = ir.Operation.create(
        "util.initializer",
        [],
        [],
        {"function_type": function},
        regions=1,
        loc=location,
        ip=ir.InsertionPoint(top.anchor),
    )
    body = initializer.regions[0].blocks.append()
    return Emitter(top, ir.InsertionPoint(body), location, once=True)


def store_global(inner: Emitter, name: str, value: ir.Value) -> None:
    """Store a global in its initialiser."""
    symbol = ir.FlatSymbolRefAttr.get(name, inner.module.operation.context)
    inner.op("util.global.store", [value], None, **{"global": symbol})


def load_global(emitter: Emitter, name: str, kind: str) -> ir.Value:
    """A global's value where it is used."""
    context = emitter.module.operation.context
    symbol = ir.FlatSymbolRefAttr.get(name, context)
    attributes = {"global": symbol, "is_immutable": ir.UnitAttr.get(context)}
    return emitter.op("util.global.load", [], kind, **attributes).results[0]


def program_bytes(
    emitter: Emitter, call: ir.Operation, packed: bytes, programs: dict[tuple[str, bytes], ir.Value]
) -> ir.Value:
    """A program's bytes, one constant for all calls in a function."""
    function = call.parent
    while function.name != "util.func":
        function = function.operation.parent
    key = (symbol_of(function.operation), packed)
    if key not in programs:
        start = ir.InsertionPoint.at_block_begin(function.operation.regions[0].blocks[0])
        programs[key] = Emitter(emitter.module, start, emitter.location).bytes(packed)
    return programs[key]


def make_copy(emitter: Emitter, tensors: dict[HostValue, ir.Value], bound: BoundCopy) -> None:
    """Make a copy; the tensor of its dest is the new one from here on."""
    copy, dest = bound.copy, tensors.get(bound.dest)
    if copy.covers_dest:
        dest = None
    elif dest is None:
        dest = emitter.zeros(copy.dest_shape, copy.dest_dtype)
    source = tensors[bound.source] if bound.source is not None else emitter.literal(copy.literal)
    tensors[bound.dest] = emitter.copy(copy, source, dest)


def clone(emitter: Emitter, value: ir.Value) -> ir.Value:
    """A constant value made again at the emitter's place."""
    op = owner(value)
    assert op is not None
    operands = [clone(emitter, operand) for operand in op.operands]
    copy = op.clone(ip=emitter.place).operation
    for number, operand in enumerate(operands):
        copy.operands[number] = operand
    return copy.results[ir.OpResult(value).result_number]
