"""A module in, a module with its NPU dispatches routed out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iree.compiler import ir

from aie_conv.bridge.compiler import (
    Compilation,
    check_process_flags,
    read_source,
    split_flags,
)
from aie_conv.bridge.flags import session_flags
from aie_conv.bridge.recognise import Recognised, recognise
from aie_conv.bridge.requantised import requantised
from aie_conv.bridge.rewrite import Rewriter, constant_operands
from aie_conv.bridge.signature import declare
from aie_conv.bridge.tensors import walk
from aie_conv.errors import UsageError
from aie_conv.plan import Decision, Plan
from aie_conv.problem import ConvProblem

Choose = Callable[[str, ConvProblem, frozenset[str]], Decision]
Pack = Callable[[str, Plan], bytes]
Settle = Callable[[Sequence["Dispatch"]], Sequence["Dispatch"]]


@dataclass(frozen=True)
class Dispatch:
    """One dispatch call and where it went, in program order.

    Attributes:
        name: the dispatch's exported name, with a number from its second call on.
        problem: the convolution or matmul, None if it is neither or not recognised.
        contraction: whether it is a convolution or matmul at all.
        decision: its route.
    """

    name: str
    problem: ConvProblem | None
    contraction: bool
    decision: Decision


def _calls(module: ir.Operation) -> list[ir.Operation]:
    """Every dispatch call of the module's functions, in order; initializers are left alone."""
    out: list[ir.Operation] = []
    for view in module.regions[0].blocks[0].operations:
        if view.operation.name == "util.func":
            out += [op for op in walk(view.operation) if op.name == "flow.dispatch"]
    return out


_ENTRY = re.compile(r'@(?:"([^"]+)"|([\w$.]+))::@(?:"([^"]+)"|([\w$.]+))')


class _Executables:
    """The executables of a module by name, each recognised once."""

    def __init__(self, module: ir.Operation) -> None:
        self._operations: dict[str, ir.Operation] = {}
        self._found: dict[str, Recognised] = {}
        for view in module.regions[0].blocks[0].operations:
            op = view.operation
            if op.name == "flow.executable":
                self._operations[ir.StringAttr(op.attributes["sym_name"]).value] = op

    def recognise(self, call: ir.Operation) -> tuple[str, Recognised]:
        """The exported name of a call's entry point, and what it computes."""
        points = str(call.attributes["entry_points"])
        match = _ENTRY.search(points)
        executable = (match[1] or match[2]) if match else ""
        name = (match[3] or match[4]) if match else points
        if executable not in self._operations:
            return name, Recognised(None, "no code of its own", contraction=False)
        if executable not in self._found:
            self._found[executable] = recognise(self._operations[executable])
        return name, self._found[executable]


def _examine(
    call: ir.Operation, executables: _Executables, choose: Choose, names: dict[str, int]
) -> tuple[Dispatch, Recognised]:
    symbol, found = executables.recognise(call)
    symbol = symbol.replace("$async", "")
    names[symbol] = names.get(symbol, 0) + 1
    name = symbol if names[symbol] == 1 else f"{symbol}.{names[symbol]}"
    if found.problem is None or found.refusal is not None:
        decision = Decision("cpu", found.refusal or "no contraction")
        return Dispatch(name, found.problem, found.contraction, decision), found
    if len(call.results) != 1:
        refused = Decision("cpu", f"dispatch has {len(call.results)} results")
        return Dispatch(name, found.problem, True, refused), found
    found, note = requantised(call, found)
    found = replace(found, note=note)
    problem = found.problem
    assert problem is not None
    decision = choose(name, problem, constant_operands(call, found))
    return Dispatch(name, problem, True, decision), found


@dataclass(frozen=True)
class Compiled:
    """The result: a VM flatbuffer, and every dispatch with its decision."""

    vmfb: bytes
    dispatches: tuple[Dispatch, ...]


def compile_module(
    source: Path | bytes,
    *,
    route: str,
    user_flags: Sequence[str],
    choose: Choose,
    pack: Pack,
    settle: Settle = tuple,
    progress: Callable[[str], None] = lambda _: None,
) -> Compiled:
    """Compile MLIR with every dispatch routed.

    Args:
        source: a file, or a buffer of MLIR text or bytecode.
        route: "cpu" where the user wants everything on the CPU, and the best form for it.
        user_flags: flags of iree-compile, which win over the defaults.
        choose: decides where a dispatch goes, of its name, its problem, and the names of the
            operands that are equal at every call.
        pack: makes the executable of a dispatch name and a plan.
        settle: given all dispatches before any program is made; says them again, with the plans to use.
        progress: told what is being done.

    Raises:
        UsageError: IREE refused the module; the message is IREE's.
    """
    name = source.name if isinstance(source, Path) else "module"
    text = read_source(source) if isinstance(source, Path) else source
    routed = route_module(
        text,
        name,
        route=route,
        user_flags=user_flags,
        choose=choose,
        pack=pack,
        settle=settle,
        progress=progress,
    )
    declare(routed.module)
    progress("generating code for the CPU's dispatches")
    return Compiled(routed.compilation.to_vmfb(routed.module, name), routed.dispatches)


@dataclass(frozen=True)
class Routed:
    """A module at `flow` with every dispatch routed.

    Attributes:
        compilation: what the module lives in.
        module: its calls of the NPU in place of dispatches.
        dispatches: every dispatch and its decision, in the form that was decided on.
        form: the form that the module is in: "auto", or "cpu" or "none" where nothing goes to the
            NPU and it was brought to `flow` again (:mod:`aie_conv.bridge.flags`).
    """

    compilation: Compilation
    module: ir.Operation
    dispatches: tuple[Dispatch, ...]
    form: str


def route_module(
    text: bytes,
    name: str,
    *,
    route: str,
    user_flags: Sequence[str],
    choose: Choose,
    pack: Pack,
    settle: Settle = tuple,
    progress: Callable[[str], None] = lambda _: None,
    formed: Callable[[ir.Operation], None] = lambda _: None,
) -> Routed:
    """The part of :func:`compile_module` up to code generation.

    Args:
        text: MLIR text or bytecode.
        name: what messages call it.
        route, user_flags, choose, pack, settle, progress: see there.
        formed: told of the module with its dispatches, before any is decided on.

    Raises:
        UsageError: IREE refused the module; the message is IREE's.
    """
    progress("importing and forming dispatches")
    compilation, module = _to_flow(text, name, "auto", user_flags)
    formed(module)
    dispatches = _route(module, choose, pack, settle, progress)
    form = "auto"
    routed = any(d.decision.plan is not None for d in dispatches)
    if not routed and any(d.contraction for d in dispatches):
        # The NPU's layouts are slow on the CPU, and nobody needs them here.
        form = "cpu" if route == "cpu" else "none"
        compilation, module = _to_flow(text, name, form, user_flags)
    return Routed(compilation, module, dispatches, form)


def examine_module(
    source: bytes, *, choose: Choose, user_flags: Sequence[str] = ()
) -> tuple[Dispatch, ...]:
    """A module's dispatches, each decided on, where no code is wanted; see :func:`compile_module`."""
    # The operations live as long as their compilation.
    compilation, module = _to_flow(source, "module", "auto", user_flags)
    dispatches = tuple(dispatch for _, dispatch, _ in _examined(module, choose))
    del compilation
    return dispatches


def _to_flow(
    text: bytes, name: str, route: str, user_flags: Sequence[str]
) -> tuple[Compilation, ir.Operation]:
    """The module at `flow`, with the first of the route's flags that IREE can compile it with."""
    *better, last = session_flags(route, user_flags)
    for flags in better:
        compilation = _compilation(flags, user_flags)
        try:
            return compilation, compilation.to_flow(text, name)
        except UsageError:
            continue
    compilation = _compilation(last, user_flags)
    return compilation, compilation.to_flow(text, name)


def _compilation(flags: Sequence[str], user_flags: Sequence[str]) -> Compilation:
    session, process = split_flags(flags)
    if set(process) & set(user_flags):
        check_process_flags(process)
    return Compilation(session, process)


def _examined(
    module: ir.Operation, choose: Choose, progress: Callable[[str], None] = lambda _: None
) -> list[tuple[ir.Operation, Dispatch, Recognised]]:
    """Every dispatch call of a module, decided on, and what it computes."""
    executables = _Executables(module)
    calls = _calls(module)
    names: dict[str, int] = {}
    found: list[tuple[ir.Operation, Dispatch, Recognised]] = []
    for number, call in enumerate(calls):
        progress(f"choosing for dispatch {number + 1} of {len(calls)}")
        found.append((call, *_examine(call, executables, choose, names)))
    return found


def _noted(dispatch: Dispatch, note: str) -> Dispatch:
    """A dispatch whose reason also says how it was read, where it goes to the NPU."""
    decision = dispatch.decision
    if not note or decision.plan is None:
        return dispatch
    return replace(dispatch, decision=replace(decision, reason=f"{decision.reason}; {note}"))


def _route(
    module: ir.Operation,
    choose: Choose,
    pack: Pack,
    settle: Settle,
    progress: Callable[[str], None],
) -> tuple[Dispatch, ...]:
    """Decide on every dispatch call of a module, and rewrite those that go to the NPU."""
    examined = _examined(module, choose, progress)
    settled = settle([dispatch for _, dispatch, _ in examined])
    notes = [found.note for _, _, found in examined]
    dispatches = tuple(map(_noted, settled, notes))
    rewriter = Rewriter(module)
    for (call, _, found), dispatch in zip(examined, dispatches, strict=True):
        plan = dispatch.decision.plan
        if plan is not None:
            progress(f"emitting {dispatch.name}")
            rewriter.replace(call, dispatch.name, found, plan, pack(dispatch.name, plan))
        else:
            rewriter.keep_on_cpu(call, dispatch.name, found)
    rewriter.finish()
    return dispatches
