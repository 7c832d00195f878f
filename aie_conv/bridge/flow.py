"""A module at IREE's `flow` phase: brought there, its dispatches found, replaced, and compiled to the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from iree.compiler import ir

from aie_conv.bridge.calls.host_values import NpuProgram, NpuRegion
from aie_conv.bridge.calls.rewrite import Rewriter
from aie_conv.bridge.compiler import Compilation, check_process_flags, split_flags
from aie_conv.bridge.dispatch import entry_of, symbol_of
from aie_conv.bridge.dispatch_call import DispatchCall, constant_operands
from aie_conv.bridge.flags import session_flags
from aie_conv.bridge.recognition.interpreter import Inside, KnownTensors
from aie_conv.bridge.recognition.recognise import Recognised, function_of, recognise, recognise_call
from aie_conv.bridge.requantisation.known_numbers import with_known_numbers
from aie_conv.bridge.requantisation.requantised import in_integers
from aie_conv.bridge.signature import declare
from aie_conv.bridge.splits.results import separate_results
from aie_conv.bridge.splits.slices import fold_slices
from aie_conv.bridge.tensors import walk
from aie_conv.errors import UsageError


@dataclass(frozen=True)
class FlowModule:
    """A module at `flow`.

    Attributes:
        operation: the module.
        compilation: what it lives in.
        name: what messages call it.
        form: what it was brought there for: "auto", or "cpu" or "none" where nothing goes to the NPU
            (:mod:`aie_conv.bridge.flags`).
    """

    operation: ir.Operation
    compilation: Compilation
    name: str
    form: str


def to_flow(source: bytes, name: str, form: str, user_flags: Sequence[str]) -> FlowModule:
    """Bring a module to `flow`, with the first of the form's flags that IREE can compile it with.

    Args:
        source: MLIR text or bytecode.
        name: what messages call it.
        form: see :class:`FlowModule`.
        user_flags: flags of iree-compile, which win over the form's.

    Raises:
        UsageError: IREE refused the module; the message is IREE's.
    """
    *better, last = session_flags(form, user_flags)
    for flags in better:
        compilation = _open(flags, user_flags)
        try:
            return _brought(compilation, source, name, form)
        except UsageError as refusal:
            if not refusal.by_compiler:
                raise
    compilation = _open(last, user_flags)
    return _brought(compilation, source, name, form)


def _brought(compilation: Compilation, source: bytes, name: str, form: str) -> FlowModule:
    operation = compilation.to_flow(source, name, for_array=form == "auto")
    if form == "auto":
        separate_results(operation)
        fold_slices(operation)
    return FlowModule(operation, compilation, name, form)


def _open(flags: Sequence[str], user_flags: Sequence[str]) -> Compilation:
    session, process = split_flags(flags)
    if set(process) & set(user_flags):
        check_process_flags(process)
    return Compilation(session, process)


def find_dispatches(module: FlowModule) -> tuple[DispatchCall, ...]:
    """Every dispatch call of the module's functions, in order, and what it computes."""
    executables = _Executables(module.operation)
    counts: dict[str, int] = {}
    calls: list[DispatchCall] = []
    for operation in _list_calls(module.operation):
        symbol, recognised = executables.recognise(operation)
        symbol = symbol.replace("$async", "")
        counts[symbol] = counts.get(symbol, 0) + 1
        name = symbol if counts[symbol] == 1 else f"{symbol}.{counts[symbol]}"
        refusal = recognised.refusal or ("" if recognised.problem is not None else "no contraction")
        if not refusal and len(operation.results) != 1:
            refusal = f"dispatch has {len(operation.results)} results"
        constants, note = frozenset[str](), ""
        if not refusal:
            recognised, note = in_integers(operation, with_known_numbers(operation, recognised))
            constants = constant_operands(operation, recognised)
        calls.append(
            DispatchCall(name, operation, recognised, module.compilation, constants, refusal, note)
        )
    return tuple(calls)


def replace(
    module: FlowModule,
    calls: Iterable[DispatchCall],
    programs: Mapping[str, NpuProgram],
    regions: Mapping[tuple[str, ...], NpuRegion] = MappingProxyType({}),
) -> None:
    """Let calls of the amd_aie module take the place of the dispatches that have a program, by name.

    The others stay; their constant filters are put into the CPU's order.

    Args:
        module: changed in place.
        calls: all dispatches, in program order.
        programs: of each dispatch that is a call of its own.
        regions: what several dispatches become together, by their names in program order.
    """
    rewriter = Rewriter(module.operation)
    known = list(calls)
    by_name = {call.name: call for call in known}
    last = {names[-1]: names for names in regions}
    joined = {name for names in regions for name in names}
    for call in known:
        if call.name in joined:
            names = last.get(call.name)
            if names is not None:
                rewriter.replace_region([by_name[name] for name in names], regions[names])
            continue
        program = programs.get(call.name)
        if program is not None:
            rewriter.replace(call, program)
        else:
            rewriter.keep_on_cpu(call)
    rewriter.finish()


def to_vmfb(module: FlowModule) -> bytes:
    """Compile a module to the end: a VM flatbuffer.

    Raises:
        UsageError: IREE refused it; the message is IREE's.
    """
    declare(module.operation)
    return module.compilation.to_vmfb(module.operation, module.name)


def _list_calls(module: ir.Operation) -> list[ir.Operation]:
    """Every dispatch call of the module's functions, in order; initializers are left alone."""
    calls: list[ir.Operation] = []
    for view in module.regions[0].blocks[0].operations:
        if view.operation.name == "util.func":
            calls += [op for op in walk(view.operation) if op.name == "flow.dispatch"]
    return calls


class _Executables:
    """The executables of a module by name, each recognised once."""

    def __init__(self, module: ir.Operation) -> None:
        self._operations: dict[str, ir.Operation] = {}
        self._recognised: dict[str, Recognised] = {}
        self._known = KnownTensors(module, function_of)
        for view in module.regions[0].blocks[0].operations:
            op = view.operation
            if op.name == "flow.executable":
                self._operations[symbol_of(op)] = op

    def recognise(self, call: ir.Operation) -> tuple[str, Recognised]:
        """The exported name of a call's entry point, and what it computes."""
        executable, name = entry_of(call)
        if executable not in self._operations:
            return name, Recognised(None, "no code of its own", contraction=False)
        if executable not in self._recognised:
            self._recognised[executable] = recognise(self._operations[executable])
        recognised = self._recognised[executable]
        if recognised.problem is None and not recognised.contraction:
            # Places of elements may be arguments, which each call has of its own.
            inside = Inside(self._known, call)
            recognised = recognise_call(self._operations[executable], inside)
        return name, recognised
