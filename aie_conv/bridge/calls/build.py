"""Makes IREE's operations at `flow`: reshapes, copies as dispatches, calls of the amd_aie module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from iree.compiler import ir

from aie_conv.bridge.calls.constant_numbers import ConstantNumbers
from aie_conv.bridge.calls.copy_code import (
    FLOATS,
    as_rows,
    copy_executable,
    print_vector,
    rows_executable,
    tensor,
)
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy


@dataclass
class TopLevel:
    """What the rewriting adds to a module at its top level.

    Attributes:
        operation: the module.
        executables: name of each copy's executable.
        row_executables: name of each executable that serves copies of several sizes.
        text: the new top-level ops that are text until :meth:`flush`.
        calls: program, name and constants of each call of the NPU, as they stand in front of it.
    """

    operation: ir.Operation
    executables: dict[tuple[HostCopy, bool], str] = field(default_factory=dict)
    row_executables: dict[tuple[str, ...], str] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set[str])
    text: list[str] = field(default_factory=list)
    calls: list[tuple[ir.Value, ir.Value, int]] = field(
        default_factory=list[tuple[ir.Value, ir.Value, int]]
    )

    @property
    def block(self) -> ir.Block:
        """The module's body."""
        return self.operation.regions[0].blocks[0]

    @cached_property
    def numbers(self) -> ConstantNumbers:
        """Of its constants, as they are before anything is added."""
        return ConstantNumbers(self.operation)

    @cached_property
    def anchor(self) -> ir.Operation:
        """The function before which new globals and initialisers go.

        Initialisers run in the module's order, so the new ones follow all that they may read from;
        IREE wants a global before its users.
        """
        anchor: ir.Operation | None = None
        for view in self.block.operations:
            if view.operation.name in ("util.global", "util.initializer"):
                anchor = None
            elif view.operation.name == "util.func" and anchor is None:
                anchor = view.operation
        if anchor is None:
            raise Unsupported("the module's initialisers come behind its functions")
        return anchor

    def copy(self, copy: HostCopy, *, fresh: bool) -> str:
        """The executable that makes a copy; the same one for equal copies."""
        plain = replace(copy, source="", dest="", literal=())
        key = (plain, fresh)
        if key not in self.executables:
            self.executables[key] = f"amd_aie_copy_{len(self.executables)}"
            self.text.append(copy_executable(plain, self.executables[key], fresh=fresh))
        return self.executables[key]

    def rows(self, copy: HostCopy, *, fresh: bool) -> str:
        """The executable that makes a copy of rows, of any size."""
        key = (copy.view_dtype, copy.dest_dtype, copy.part, str(fresh))
        if key not in self.row_executables:
            self.row_executables[key] = f"amd_aie_rows_{len(self.row_executables)}"
            self.text.append(rows_executable(copy, self.row_executables[key], fresh=fresh))
        return self.row_executables[key]

    def runner(self, count: int, results: int = 1) -> str:
        """The name of the imported function that runs a program on ``count`` buffer views."""
        name = f"amd_aie.run.{count}" if results == 1 else f"amd_aie.run.{count}.{results}"
        if name not in self.imports:
            self.imports.add(name)
            views = "".join(f", %a{i}: !hal.buffer_view" for i in range(count))
            self.text.append(
                f"util.func private @{name}(%program: !util.buffer, %name: !util.buffer,"
                f" %constants: i64{views}) -> ({', '.join(['!hal.buffer_view'] * results)})\n"
            )
        return name

    def loader(self) -> str:
        """The name of the imported function that makes a program ready for its calls."""
        name = "amd_aie.load"
        if name not in self.imports:
            self.imports.add(name)
            self.text.append(
                f"util.func private @{name}(%program: !util.buffer, %name: !util.buffer,"
                " %constants: i64)\n"
            )
        return name

    def flush(self) -> None:
        """Parse what is still text into the front of the module, where every user may name it."""
        parsed = ir.Module.parse("module {\n" + "".join(self.text) + "}\n", self.operation.context)
        self.text.clear()
        first = self.block.operations[0]
        for view in list(parsed.body.operations):
            view.operation.move_before(first.operation)


@dataclass
class Emitter:
    """Makes ops at one place of the module.

    Attributes:
        module: the module.
        place: the place.
        location: the ops' source location.
        once: whether what is made there runs once a load, so that its code may be small rather than fast.
    """

    module: TopLevel
    place: ir.InsertionPoint
    location: ir.Location
    once: bool = False

    def op(
        self,
        name: str,
        operands: Sequence[ir.Value],
        result: str | None,
        **attributes: ir.Attribute,
    ) -> ir.Operation:
        """Any op with at most one result."""
        context = self.module.operation.context
        types = [ir.Type.parse(result, context)] if result is not None else []
        return ir.Operation.create(
            name, types, list(operands), attributes, loc=self.location, ip=self.place
        )

    def attribute(self, text: str) -> ir.Attribute:
        """An attribute from its text."""
        return ir.Attribute.parse(text, self.module.operation.context)

    def view(self, value: ir.Value, shape: Sequence[int], dtype: str) -> ir.Value:
        """A tensor seen in another shape and, with the same bytes, another type."""
        wanted = tensor(shape, dtype)
        if str(value.type) == wanted:
            return value
        same = str(ir.RankedTensorType(value.type).element_type) == dtype
        name = "flow.tensor.reshape" if same else "flow.tensor.bitcast"
        segments = self.attribute("array<i32: 1, 0, 0>")
        return self.op(name, [value], wanted, operandSegmentSizes=segments).results[0]

    def zeros(self, shape: Sequence[int], dtype: str) -> ir.Value:
        """A tensor of zeros."""
        text = f"0.0 : {dtype}" if dtype in FLOATS else f"0 : {dtype}"
        zero = self.op("arith.constant", [], dtype, value=self.attribute(text)).results[0]
        return self.op("flow.tensor.splat", [zero], tensor(shape, dtype)).results[0]

    def literal(self, values: Sequence[int]) -> ir.Value:
        """A tensor of i32 constants."""
        text = f"dense<{print_vector(values)}> : {tensor((len(values),), 'i32')}"
        value = self.attribute(text)
        return self.op(
            "flow.tensor.constant", [], tensor((len(values),), "i32"), value=value
        ).results[0]

    def copy(self, copy: HostCopy, source: ir.Value, dest: ir.Value | None) -> ir.Value:
        """The dest after a host copy; ``dest`` is what it was before, None where all is written."""
        rows = as_rows(copy) if self.once else None
        if rows is not None:
            moved = self._rows(rows, source, dest)
            return self.view(moved, copy.dest_shape, copy.dest_dtype)
        name = self.module.copy(copy, fresh=dest is None)
        operands = [self.view(source, copy.view, copy.view_dtype)]
        tied = -1
        if dest is not None:
            operands.append(self.view(dest, copy.dest_shape, copy.dest_dtype))
            tied = 1
        return self.op(
            "flow.dispatch",
            operands,
            tensor(copy.dest_shape, copy.dest_dtype),
            entry_points=self.attribute(f"[@{name}::@{name}]"),
            operandSegmentSizes=self.attribute(f"array<i32: 0, {len(operands)}, 0, 0>"),
            tied_operands=self.attribute(f"[{tied} : index]"),
        ).results[0]

    def _rows(self, copy: HostCopy, source: ir.Value, dest: ir.Value | None) -> ir.Value:
        name = self.module.rows(copy, fresh=dest is None)
        sizes = [
            self.op("arith.constant", [], "index", value=self.attribute(f"{size} : index")).results[
                0
            ]
            for size in (*copy.view, *copy.dest_shape, *copy.dest_offsets)
        ]
        buffers, tied = [self.view(source, copy.view, copy.view_dtype)], -1
        if dest is not None:
            buffers.append(self.view(dest, copy.dest_shape, copy.dest_dtype))
            tied = 1
        count = len(buffers) + len(sizes)
        return self.op(
            "flow.dispatch",
            [*sizes, *buffers, *sizes],
            tensor(copy.dest_shape, copy.dest_dtype),
            entry_points=self.attribute(f"[@{name}::@{name}]"),
            operandSegmentSizes=self.attribute(f"array<i32: {len(sizes)}, {count}, 0, 0>"),
            tied_operands=self.attribute(f"[{tied} : index]"),
        ).results[0]

    def export_tensor(self, value: ir.Value) -> ir.Value:
        """A tensor as a buffer view, which waits until the tensor is computed."""
        encoding = ir.TypeAttr.get(value.type)
        return self.op(
            "hal.tensor.export", [value], "!hal.buffer_view", source_encoding=encoding
        ).results[0]

    def import_tensor(self, value: ir.Value, shape: Sequence[int], dtype: str) -> ir.Value:
        """A buffer view as a tensor."""
        wanted = tensor(shape, dtype)
        return self.op(
            "hal.tensor.import",
            [value],
            wanted,
            target_encoding=self.attribute(wanted),
            operandSegmentSizes=self.attribute("array<i32: 1, 0, 0, 0>"),
        ).results[0]

    def bytes(self, data: bytes) -> ir.Value:
        """Read-only bytes in the artifact."""
        words = ir.DenseElementsAttr.get(
            memoryview(data), type=ir.IntegerType.get_signless(8, self.module.operation.context),
            shape=[len(data)], context=self.module.operation.context,
        )  # fmt: skip
        return self.op("util.buffer.constant", [], "!util.buffer", value=words).results[0]

    def update(self, target: ir.Value, at: int, part: ir.Value) -> ir.Value:
        """A flat tensor with another in it from an element on."""
        index = self.op("arith.constant", [], "index", value=self.attribute(f"{at} : index"))
        return self.op(
            "flow.tensor.update",
            [target, index.results[0], part],
            str(target.type),
            operandSegmentSizes=self.attribute("array<i32: 1, 0, 1, 1, 0>"),
            tied_operands=self.attribute("[0 : index]"),
        ).results[0]

    def part(self, source: ir.Value, at: int, elements: int) -> ir.Value:
        """Elements of a flat tensor from one on."""
        kind = ir.RankedTensorType(source.type)
        if kind.shape == [elements]:
            return source
        start, length = (
            self.op("arith.constant", [], "index", value=self.attribute(f"{n} : index")).results[0]
            for n in (at, elements)
        )
        return self.op(
            "flow.tensor.slice",
            [source, start, length],
            tensor((elements,), str(kind.element_type)),
            operandSegmentSizes=self.attribute("array<i32: 1, 0, 1, 1, 0>"),
        ).results[0]

    def load(self, program: ir.Value, name: ir.Value, bits: int) -> None:
        """The call that makes a program ready; operands whose bits are set are equal at every call."""
        context = self.module.operation.context
        mask = self.op("arith.constant", [], "i64", value=self.attribute(f"{bits} : i64"))
        callee = ir.FlatSymbolRefAttr.get(self.module.loader(), context)
        self.op("util.call", [program, name, mask.results[0]], None, callee=callee)

    def run(
        self,
        program: ir.Value,
        name: ir.Value,
        views: Sequence[ir.Value],
        constants: Sequence[int],
        results: int = 1,
    ) -> list[ir.Value]:
        """The call that runs a program; the results' buffer views.

        Args:
            program: its bytes.
            name: the dispatch's, or the region's.
            views: its operands.
            constants: the numbers of those that are equal at every call, which devices keep.
            results: how many.
        """
        function, context = self.module.runner(len(views), results), self.module.operation.context
        bits = sum(1 << number for number in constants)
        self.module.calls.append((program, name, bits))
        mask = self.op("arith.constant", [], "i64", value=self.attribute(f"{bits} : i64"))
        view = ir.Type.parse("!hal.buffer_view", context)
        callee = ir.FlatSymbolRefAttr.get(function, context)
        call = ir.Operation.create(
            "util.call",
            [view] * results,
            [program, name, mask.results[0], *views],
            {"callee": callee},
            loc=self.location,
            ip=self.place,
        )
        return list(call.results)
