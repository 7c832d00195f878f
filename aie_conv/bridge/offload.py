"""A function of several convolutions as calls of named executables, one stage after the other.

Each stage is a module that MLIR parses and verifies: regions in functions of their own, calls of named
executables, destinations, buffers, results as arguments. MLIR's own passes do what they can
(inlining, one-shot bufferization, results as arguments, deallocation by ownership); outlining and
destinations are made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from iree.compiler import ir

from aie_conv.bridge.dispatch import symbol_of
from aie_conv.bridge.outline import OutlinedRegion, cut_regions
from aie_conv.bridge.tensors import owner, walk
from aie_conv.errors import Unsupported, UsageError

# IREE's own stubs leave these two out.
_ERROR: type[Exception] = cast(Any, ir).MLIRError
_PASS_MANAGER: Any = import_module("iree.compiler.passmanager").PassManager

_FROM_TORCH = (
    "torchdynamo-export-to-torch-backend-pipeline,"
    "torch-backend-to-linalg-on-tensors-backend-pipeline"
)
_BUFFERIZE = (
    "one-shot-bufferize{bufferize-function-boundaries"
    " function-boundary-type-conversion=identity-layout-map}"
)
_RESULTS_AS_ARGUMENTS = (
    "buffer-results-to-out-params{modify-public-functions=true add-result-attr=true}"
)
_DEALLOCATE = (
    "ownership-based-buffer-deallocation,canonicalize,buffer-deallocation-simplification,"
    "bufferization-lower-deallocations,canonicalize,func.func(optimize-allocation-liveness)"
)

EXECUTABLE = "aie_conv.executable"
"""The attribute of a declaration that names its executable; its digest and place stand beside it."""


_ELEMENTS = ("i1", "i8", "i16", "i32", "i64", "bf16", "f16", "f32", "f64")
"""Element types of tensors between executables: those that numpy has."""


class _Refused(Exception):
    """What cannot be offloaded, without the module's name."""


@dataclass(frozen=True)
class ModuleText:
    """A module as text.

    Attributes:
        full: everything.
        short: the same with long constants left out; MLIR parses it, nothing computes from it.
    """

    full: str
    short: str


@dataclass(frozen=True)
class Outlined:
    """A module whose functions only call regions.

    Attributes:
        text: the module.
        sources: each region as a module of its own, one public function of the region's name.
    """

    text: ModuleText
    sources: Mapping[str, str]


class OffloadModule:
    """A module on its way through the stages; each method takes it one stage further.

    Args:
        source: MLIR text or bytecode: linalg on tensors, or the torch dialect as torch exports it.
        name: what messages call it.

    Raises:
        UsageError: MLIR refuses the module, or it holds what cannot be offloaded.
    """

    def __init__(self, source: bytes, name: str) -> None:
        self._name = name
        self._context: Any = ir.Context()
        try:
            self._module: Any = ir.Module.parse(source, self._context)
        except _ERROR as error:
            raise UsageError(f"{name}: {_first(error)}") from None
        if any("!torch." in str(op.attributes["function_type"]) for op in self._functions()):
            self._run(_FROM_TORCH)
        self._run("inline")

    def _run(self, pipeline: str) -> None:
        manager = _PASS_MANAGER.parse(f"builtin.module({pipeline})", self._context)
        try:
            manager.run(self._module.operation)
        except _ERROR as error:
            raise UsageError(f"{self._name}: {_first(error)}") from None

    def _functions(self) -> list[ir.Operation]:
        operations = [view.operation for view in self._module.body.operations]
        return [op for op in operations if op.name == "func.func"]

    def text(self) -> ModuleText:
        """The module as it is now, verified."""
        operation = self._module.operation
        assert operation.verify()
        short = operation.get_asm(large_elements_limit=16, large_resource_limit=64)
        return ModuleText(operation.get_asm(), short)

    # -- stages -----------------------------------------------------------------------------------
    def outline(self) -> Outlined:
        """Put each convolution, with what belongs to it, into a function of its own.

        What is no convolution goes into regions as well, so that the functions only call.

        Raises:
            UsageError: no convolution, or an operation, a type or a shape that no region can have.
        """
        try:
            self._check()
            taken = {symbol_of(op) for op in self._functions()}
            regions = [r for f in self._functions() for r in self._outline(f, taken)]
        except _Refused as refused:
            raise UsageError(f"{self._name}: offload: {refused}") from None
        if not any(region.contraction for region in regions):
            raise UsageError(f"{self._name}: offload: no convolution in it: use aie-conv compile")
        functions = {symbol_of(op): op for op in self._functions()}
        sources = {r.name: self._alone(functions[r.name]) for r in regions}
        return Outlined(self.text(), sources)

    def name_executables(self, facts: Mapping[str, Mapping[str, str | int]]) -> ModuleText:
        """Drop the regions' bodies; ``facts`` has each region's attributes, all of them in `aie_conv.`."""
        for function in self._functions():
            name = symbol_of(function)
            if name not in facts:
                continue
            with self._context:
                for key, value in facts[name].items():
                    attribute: Any = (
                        ir.StringAttr.get(value)
                        if isinstance(value, str)
                        else ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)
                    )
                    function.attributes[f"aie_conv.{key}"] = attribute
            _declaration(function, function.attributes["function_type"])
        return self.text()

    def pass_destinations(self) -> ModuleText:
        """Give every executable a destination for each of its results, at first a new tensor."""
        for declaration in self._declarations():
            kind = ir.FunctionType(ir.TypeAttr(declaration.attributes["function_type"]).value)
            inputs, results = list(kind.inputs), list(kind.results)
            access = ["read"] * len(inputs) + ["write"] * len(results)
            with self._context:
                wide = ir.TypeAttr.get(ir.FunctionType.get([*inputs, *results], results))
                widened = _declaration(declaration, wide)
                entries = [
                    ir.DictAttr.get({"bufferization.access": ir.StringAttr.get(word)})
                    for word in access
                ]
                widened.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)
            for call in self._calls(symbol_of(widened)):
                place = ir.InsertionPoint(call)
                empties = [
                    ir.Operation.create("tensor.empty", [t], loc=call.location, ip=place).results[0]
                    for t in results
                ]
                fresh = ir.Operation.create(
                    "func.call",
                    results,
                    [*call.operands, *empties],
                    {"callee": call.attributes["callee"]},
                    loc=call.location,
                    ip=place,
                )
                _replace(call, list(fresh.results))
        return self.text()

    def bufferize(self) -> ModuleText:
        """Tensors become buffers; what goes from executable to executable is allocated and freed inside."""
        self._run(_BUFFERIZE)
        for declaration in self._declarations():
            kind = ir.FunctionType(ir.TypeAttr(declaration.attributes["function_type"]).value)
            inputs, count = list(kind.inputs), len(kind.results)
            with self._context:
                narrowed = _declaration(
                    declaration, ir.TypeAttr.get(ir.FunctionType.get(inputs, [])), results=False
                )
            for call in self._calls(symbol_of(narrowed)):
                # An executable's results are its destinations, the last of its arguments.
                operands = list(call.operands)
                ir.Operation.create(
                    "func.call",
                    [],
                    operands,
                    {"callee": call.attributes["callee"]},
                    loc=call.location,
                    ip=ir.InsertionPoint(call),
                )
                _replace(call, operands[len(operands) - count :])
        self._run(_DEALLOCATE)
        return self.text()

    def take_results(self) -> ModuleText:
        """The functions' results become arguments, and are written where they are made."""
        self._run(_RESULTS_AS_ARGUMENTS)
        for function in self._functions():
            if len(function.regions[0].blocks):
                _write_in_place(function)
        return self.text()

    # -- parts --------------------------------------------------------------------------------------
    def _declarations(self) -> list[ir.Operation]:
        return [op for op in self._functions() if not len(op.regions[0].blocks)]

    def _calls(self, name: str) -> list[ir.Operation]:
        return [
            op
            for op in walk(self._module.operation)
            if op.name == "func.call"
            and ir.FlatSymbolRefAttr(op.attributes["callee"]).value == name
        ]

    def _alone(self, function: ir.Operation) -> str:
        """A module of one function, which it makes public."""
        module: Any = ir.Module.create(ir.Location.unknown(self._context))
        copy = function.clone(ip=ir.InsertionPoint(module.body)).operation
        del copy.attributes["sym_visibility"]
        return str(module)

    def _check(self) -> None:
        """Raise _Refused for what no stage takes."""
        for view in self._module.body.operations:
            op = view.operation
            if op.name != "func.func":
                name = f" @{symbol_of(op)}" if "sym_name" in op.attributes else ""
                raise _Refused(f"{op.name}{name} at the top level: only func.func is taken")
            blocks = len(op.regions[0].blocks)
            if blocks != 1:
                what = f"has {blocks} blocks" if blocks else "has no body"
                raise _Refused(f"@{symbol_of(op)} {what}: one block of tensor operations is taken")
            kind = ir.FunctionType(ir.TypeAttr(op.attributes["function_type"]).value)
            for t in (*kind.inputs, *kind.results):
                _check_type(t, f"@{symbol_of(op)}")

    def _outline(self, function: ir.Operation, taken: set[str]) -> list[OutlinedRegion]:
        _drop_dead(function)
        try:
            regions = cut_regions(function, taken)
        except Unsupported as refusal:
            raise _Refused(str(refusal)) from None
        for region in regions:
            taken.add(region.name)
            for value in (*region.inputs, *region.results):
                _check_type(value.type, f"@{region.name}")
        results: dict[Any, Any] = {}
        for region in regions:
            self._cut(region)
            call = ir.Operation.create(
                "func.call",
                [v.type for v in region.results],
                [results.get(v, v) for v in region.inputs],
                {"callee": ir.FlatSymbolRefAttr.get(region.name, self._context)},
                loc=region.last.location,
                ip=ir.InsertionPoint(region.last),
            )
            results.update(zip(region.results, call.results, strict=True))
        block: Any = function.regions[0].blocks[0]
        operations = [view.operation for view in block.operations]
        for number, value in enumerate(operations[-1].operands):
            operations[-1].operands[number] = results.get(value, value)
        for op in reversed(operations[:-1]):
            if op.name != "func.call":
                op.erase()
        return regions

    def _cut(self, region: OutlinedRegion) -> None:
        """Copy a region into a function of its own."""
        inputs, results = [v.type for v in region.inputs], [v.type for v in region.results]
        here = ir.Location.unknown(self._context)
        with self._context:
            function = ir.Operation.create(
                "func.func",
                attributes={
                    "sym_name": ir.StringAttr.get(region.name),
                    "sym_visibility": ir.StringAttr.get("private"),
                    "function_type": ir.TypeAttr.get(ir.FunctionType.get(inputs, results)),
                },
                regions=1,
                loc=here,
                ip=ir.InsertionPoint(self._module.body),
            )
        block: Any = function.regions[0].blocks.append(*inputs, arg_locs=[here] * len(inputs))
        values: dict[Any, Any] = dict(zip(region.inputs, block.arguments, strict=True))
        place = ir.InsertionPoint(block)
        for op in region.operations:
            copy = op.clone(ip=place).operation
            for inner in (copy, *walk(copy)):
                for number, operand in enumerate(inner.operands):
                    if operand in values:
                        inner.operands[number] = values[operand]
            values.update(zip(op.results, copy.results, strict=True))
        ir.Operation.create(
            "func.return", [], [values[v] for v in region.results], loc=here, ip=place
        )


def _drop_dead(function: ir.Operation) -> None:
    """Erase what computes tensors and numbers that nothing reads."""
    for view in reversed(list(function.regions[0].blocks[0].operations)):
        op = view.operation
        if op.name.split(".")[0] in ("arith", "linalg", "math", "tensor") and not any(
            len(list(result.uses)) for result in op.results
        ):
            op.erase()


def _check_type(kind: ir.Type, where: str) -> None:
    """Raise _Refused for what no executable takes or gives."""
    if not isinstance(kind, ir.RankedTensorType):
        raise _Refused(f"{where} has a value of type {kind}: only tensors go between regions")
    if not kind.has_static_shape:
        raise _Refused(f"{where} has a value of type {kind}: give every dimension a size")
    if str(kind.element_type) not in _ELEMENTS:
        raise _Refused(
            f"{where} has a value of type {kind}: use elements of {', '.join(_ELEMENTS)}"
        )


def _declaration(
    function: ir.Operation, kind: ir.Attribute, *, results: bool = True
) -> ir.Operation:
    """Put a declaration of a type in a function's place."""
    attributes = {key: function.attributes[key] for key in function.attributes}
    attributes["function_type"] = kind
    if not results:
        attributes.pop("res_attrs", None)
    declaration = ir.Operation.create(
        "func.func",
        attributes=attributes,
        regions=1,
        loc=function.location,
        ip=ir.InsertionPoint(function),
    )
    function.erase()
    return declaration


def _replace(op: ir.Operation, values: Sequence[ir.Value]) -> None:
    for result, value in zip(op.results, values, strict=True):
        result.replace_all_uses_with(value)
    op.erase()


def _write_in_place(function: ir.Operation) -> None:
    """Let what is copied into an argument at the end be computed there, or copied from where it lies."""
    block: Any = function.regions[0].blocks[0]
    operations = [view.operation for view in block.operations]
    for copy in operations:
        if copy.name != "memref.copy":
            continue
        source, dest = copy.operands
        maker = owner(source)
        if maker is None or maker.name not in ("memref.alloc", "bufferization.clone"):
            continue
        if maker.name == "memref.alloc":
            copy.erase()
        # Before its copy a clone has no other readers: nothing is returned as a buffer any more.
        instead = dest if maker.name == "memref.alloc" else maker.operands[0]
        for use in list(source.uses):
            if use.owner.operation.name == "memref.dealloc":
                use.owner.operation.erase()
        source.replace_all_uses_with(instead)
        maker.erase()


def _first(error: Exception) -> str:
    """MLIR's message in one line: its first error with its place, without the operation's text."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if line.startswith("error:")), lines[0] if lines else "?")
