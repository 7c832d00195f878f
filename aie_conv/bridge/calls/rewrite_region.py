"""Replaces the dispatches of a region by one call of the amd_aie module.

The weights of all of them are packed, one behind the other, in a global. What the CPU computes between
them, of what they write, is moved behind the call; it gives nothing back to them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from iree.compiler import ir

from aie_conv.bridge.calls.build import TopLevel
from aie_conv.bridge.calls.constant_numbers import dense
from aie_conv.bridge.calls.copy_code import tensor
from aie_conv.bridge.calls.host import HostValue, bind_plan
from aie_conv.bridge.calls.host_values import (
    HostValues,
    NpuBuffer,
    NpuRegion,
    NpuValue,
    declare_global,
    load_global,
    open_initializer,
    program_bytes,
    store_global,
)
from aie_conv.bridge.dispatch import call_arguments
from aie_conv.bridge.dispatch_call import DispatchCall
from aie_conv.bridge.tensors import owner, walk
from aie_conv.layout.hostcopy import NUMPY_DTYPE

_WEIGHTS = "weights"


class RegionReplacement:
    """A region's calls on their way to the NPU.

    Args:
        top: the module.
        calls: the dispatches, in program order, of one block.
        region: what they become.
        number: the first of the numbers that their globals may have.
    """

    def __init__(
        self, top: TopLevel, calls: Sequence[DispatchCall], region: NpuRegion, number: int
    ) -> None:
        self._top, self._calls, self._region, self._number = top, calls, region, number
        self._last = calls[-1].operation
        self._moved = self._move_readers()
        self._values: list[HostValues] = []
        for k, (call, plan) in enumerate(zip(calls, region.plans, strict=True)):
            host = bind_plan(plan, [name for name, _ in call.recognised.operands])
            self._values.append(HostValues(top, call, host, number + k, self._last))
        self._emitter = self._values[-1].emitter

    def _move_readers(self) -> list[ir.Operation]:
        """Move what reads a result between the calls behind the last of them, in its order."""
        members = [call.operation.operation for call in self._calls]
        written = {result for member in members for result in member.results}
        moved: list[ir.Operation] = []
        started = False
        for view in list(self._last.operation.block.operations):
            op = view.operation
            started = started or op == members[0]
            if op == members[-1]:
                break
            if not started or op in members:
                continue
            inner = [operand for each in walk(op) for operand in each.operands]
            if any(value in written for value in (*op.operands, *inner)):
                written.update(op.results)
                moved.append(op)
        behind = members[-1]
        for op in moved:
            op.move_after(behind)
            behind = op
        return moved

    def write(self, programs: dict[tuple[str, bytes], ir.Value]) -> None:
        """Write the copies and the call, and give their results to those who read them."""
        region, emitter = self._region, self._emitter
        inputs = self._inputs()
        weights = self._weights()
        views = [emitter.export_tensor(value) for value in (*inputs, weights, *self._starts())]
        name = emitter.bytes(region.name.encode())
        program = program_bytes(emitter, self._last.operation, region.packed, programs)
        constants = [*self._constants(), len(region.entering)]
        answers = emitter.run(program, name, views, constants, len(region.leaving))
        filled = [
            emitter.import_tensor(answer, (buffer.elements,), buffer.dtype)
            for answer, buffer in zip(answers, region.leaving, strict=True)
        ]
        for each in region.results:
            elements = region.plans[each.member].arguments[-1].elements
            self._give(each.member, emitter.part(filled[each.buffer], each.offset, elements))
        self._erase()

    def _starts(self) -> list[ir.Value]:
        """What the buffers of results start from, where one is written in place."""
        region = self._region
        bases = [self._base(each.member) for each in region.results]
        if all(base is None for base in bases):
            return []
        places = zip(region.results, bases, strict=True)
        return self._buffers(region.leaving, [(v, base) for v, base in places if base is not None])

    def _buffers(
        self, buffers: Sequence[NpuBuffer], values: Sequence[tuple[NpuValue, ir.Value]]
    ) -> list[ir.Value]:
        """Buffers with the values that lie in them."""
        return [
            self._fill(buffer, [pair for pair in values if pair[0].buffer == number])
            for number, buffer in enumerate(buffers)
        ]

    def _fill(self, buffer: NpuBuffer, values: Sequence[tuple[NpuValue, ir.Value]]) -> ir.Value:
        """A buffer with values in their places, and zeros around them."""
        emitter = self._emitter
        if len(values) == 1:
            ((_, value),) = values
            if _product(ir.RankedTensorType(value.type).shape) == buffer.elements:
                return value
        filled = emitter.zeros((buffer.elements,), buffer.dtype)
        for place, value in values:
            count = _product(ir.RankedTensorType(value.type).shape)
            flat = emitter.view(value, (count,), buffer.dtype)
            filled = emitter.update(filled, place.offset, flat)
        return filled

    def _inputs(self) -> list[ir.Value]:
        """What the host gives, copied where a plan has it so."""
        region = self._region
        wanted = [(each.member, each.argument) for each in region.inputs]
        for k in dict.fromkeys(k for k, _ in wanted):
            values = self._values[k]
            needed = {arg for member, arg in wanted if member == k}
            made = {value for value in values.host.inputs if value.name in needed}
            for bound in reversed(values.host.prologue):
                if bound.dest in made and bound.source is not None:
                    made.add(bound.source)
            for bound in values.host.prologue:
                if bound.dest in made:
                    values.copy(bound)
        entering: list[tuple[NpuValue, ir.Value]] = []
        for each in region.inputs:
            values = self._values[each.member]
            (value,) = {v for v in values.host.inputs if v.name == each.argument}
            entering.append((each, values[value]))
        return self._buffers(region.entering, entering)

    def _constants(self) -> list[int]:
        """The buffers of inputs all of which are equal at every call."""
        changing: set[int] = set()
        for each in self._region.inputs:
            known = {value.name for value in self._values[each.member].constants}
            if each.argument not in known:
                changing.add(each.buffer)
        return [n for n in range(len(self._region.entering)) if n not in changing]

    def _weights(self) -> ir.Value:
        """The weights of all dispatches, packed when they are compiled, or when the artifact is loaded."""
        dtype, elements = self._region.weights.dtype, self._region.weights.elements
        kind, name = tensor((elements,), dtype), f"__amd_aie_{self._number}_region"
        numbers = self._known_weights()
        declare_global(self._top, name, kind, self._emitter.location, numbers)
        if numbers is not None:
            return load_global(self._emitter, name, kind)
        inner = open_initializer(self._top, self._emitter.location)
        packed = inner.zeros((elements,), dtype)
        for values, offset in zip(self._values, self._region.offsets, strict=True):
            tensors = values.make_constants(inner)
            own = tensors[_weights_of(values)]
            count = ir.RankedTensorType(own.type).shape
            flat = inner.view(own, (_product(count),), dtype)
            packed = inner.update(packed, offset, flat)
        store_global(inner, name, packed)
        inner.op("util.return", [], None)
        return load_global(self._emitter, name, kind)

    def _known_weights(self) -> ir.Attribute | None:
        """The numbers of the weights; None where some are known on loading alone."""
        dtype, elements = self._region.weights.dtype, self._region.weights.elements
        packed = np.zeros(elements, NUMPY_DTYPE[dtype])
        for values, offset in zip(self._values, self._region.offsets, strict=True):
            numbers = values.compute_constants()
            if numbers is None:
                return None
            flat = numbers[_weights_of(values)].reshape(-1).view(packed.dtype)
            packed[offset : offset + len(flat)] = flat
        return dense(packed, dtype, (elements,), self._top.operation.context)

    def _base(self, k: int) -> ir.Value | None:
        """What a result starts from, where the program writes it in place."""
        call, plan = self._calls[k], self._region.plans[k]
        if call.recognised.base is None or plan.finish:
            return None
        # A chain of results in one buffer starts from what its first one starts from.
        known = {each.operation.operation: each for each in self._calls}
        while True:
            base = call.recognised.base
            if base is None:
                raise RuntimeError(f"{call.name}: what it adds to is no slice of a buffer")
            value = call_arguments(call.operation)[base]
            source = owner(value)
            while source is not None and source.name == "flow.tensor.reshape":
                source = owner(source.operands[0])
            if source is None or source not in known:
                return value
            call = known[source]

    def _give(self, k: int, answer: ir.Value) -> None:
        """Give a result, a flat tensor, to those who read it."""
        call, plan, values = self._calls[k], self._region.plans[k], self._values[k]
        result, host, emitter = plan.arguments[-1], values.host, self._emitter
        values[host.result] = emitter.view(answer, (result.elements,), result.dtype)
        base = call.recognised.base
        if host.finish and base is not None:
            values[host.out] = call_arguments(call.operation)[base]
        for bound in host.finish:
            values.copy(bound)
        op = call.operation.operation
        kind = ir.RankedTensorType(op.results[0].type)
        value = emitter.view(values[host.out], tuple(kind.shape), str(kind.element_type))
        op.results[0].replace_all_uses_with(value)

    def _erase(self) -> None:
        """Erase the calls, and reshapes of what only they read."""
        later = [call.operation.operation for call in self._calls]
        later += [op for op in self._moved if op.name == "flow.tensor.reshape"]
        while idle := [op for op in later if _is_unused(op)]:
            later = [op for op in later if not _is_unused(op)]
            for op in idle:
                op.erase()


def _weights_of(values: HostValues) -> HostValue:
    return next(value for value in values.host.inputs if value.name == _WEIGHTS)


def _product(sizes: Sequence[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _is_unused(op: ir.Operation) -> bool:
    return all(next(iter(result.uses), None) is None for result in op.results)
