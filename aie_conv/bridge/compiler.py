"""IREE's compiler in the process: source to the `flow` phase, and from there to a .vmfb."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from iree.compiler import ir
from iree.compiler.api import Invocation, Output, Session, Source, ctypes_dl
from iree.compiler.passmanager import PassManager

from aie_conv.bridge.flags import inlined_bytes
from aie_conv.bridge.input.channels_last import put_channels_last
from aie_conv.bridge.input.hoisted import FLAG, compute_hoisted
from aie_conv.bridge.input.kept_nan import is_torch, keep_nan
from aie_conv.bridge.input.kept_tails import keep_tails, release_tails
from aie_conv.bridge.input.plain_constants import write_out_constants
from aie_conv.bridge.input.quantised import use_integers
from aie_conv.bridge.input.signed_powers import keep_signs
from aie_conv.bridge.input.single_numbers import compute_single_numbers
from aie_conv.bridge.input.spread_pads import join_pads, separate_pads
from aie_conv.bridge.input.stacked import join_stacks
from aie_conv.bridge.input.transposed import split_into_phases
from aie_conv.bridge.input.wide_sums import widen_sums
from aie_conv.bridge.input.zero_points import take_out_zero_points
from aie_conv.bridge.known_faults import refuse_known_faults
from aie_conv.bridge.signature import record_signatures
from aie_conv.errors import UsageError
from aie_conv.files import reason
from aie_conv.isolate import stage
from aie_conv.seal import has_seal, seal

PHASE = b"flow"
"""Where the dispatches are read and replaced: formed, with their epilogues fused, not yet scheduled."""

OPTIMISED = b"global-optimization"
"""Where layouts are settled, and nothing is fused into dispatches yet."""

INPUT = b"input"
"""Where front ends' types and operations are linalg on tensors, and quantised values still say so."""

_ERROR = 2
_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_int, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t, ctypes.c_void_p
)


def _library() -> Any:
    """The compiler's shared library, with the calls that IREE's own binding leaves out."""
    library: Any = ctypes_dl._dylib  # pyright: ignore[reportPrivateUsage]
    for name in (
        "ireeCompilerInvocationSetCompileFromPhase",
        "ireeCompilerInvocationSetCompileToPhase",
    ):
        getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        getattr(library, name).restype = None
    callback = library.ireeCompilerInvocationEnableCallbackDiagnostics
    callback.argtypes = [ctypes.c_void_p, ctypes.c_int, _CALLBACK, ctypes.c_void_p]
    callback.restype = None
    return library


class _ProcessFlags:
    """Flags that IREE keeps for the process, not for a session; its library takes them once."""

    def __init__(self) -> None:
        self._flags: tuple[str, ...] | None = None

    def apply(self, flags: Sequence[str]) -> None:
        wanted = tuple(flags)
        if self._flags is None:
            ctypes_dl._initializeGlobalCL("iree-compile", *wanted)  # pyright: ignore[reportPrivateUsage]
            self._flags = wanted
        elif wanted != self._flags:
            flag = next(iter(set(wanted) ^ set(self._flags)))
            raise UsageError(
                f"{flag}: IREE takes it once a process, and this one has compiled with other flags:"
                " compile in a new process"
            )


_PROCESS_FLAGS = _ProcessFlags()


def split_flags(flags: Sequence[str]) -> tuple[list[str], list[str]]:
    """Flags that a session of the compiler takes, and the others (the process's, or unknown).

    Raises:
        UsageError: IREE knows the flag and refuses its value.
    """
    session, process = [], []
    with Session() as scratch:
        for flag in flags:
            try:
                scratch.set_flags(flag)
                _check_pipeline(flag, scratch.context)
            except ValueError as error:
                if "option not found" not in str(error):
                    raise UsageError(f"iree-compile: {_one_line(str(error))}") from None
                process.append(flag)
            else:
                session.append(flag)
    return session, process


_PIPELINE = "--iree-preprocessing-pass-pipeline"


def _check_pipeline(flag: str, context: ir.Context) -> None:
    """Raise UsageError for passes that IREE does not know: a session says so and goes on without."""
    name, _, text = flag.partition("=")
    if name != _PIPELINE or not text:
        return
    try:
        PassManager.parse(text, context)
    except ValueError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise UsageError(f"{_PIPELINE}: {lines[0] if lines else 'it cannot be read'}") from None


def check_process_flags(flags: Sequence[str]) -> None:
    """Let a scratch process take them first: IREE's library ends its process over an unknown flag.

    Raises:
        UsageError: IREE refuses one; the message is IREE's.
    """
    code = (
        "import sys; from iree.compiler.api import ctypes_dl;"
        "ctypes_dl._initializeGlobalCL('iree-compile', *sys.argv[1:])"
    )
    done = subprocess.run([sys.executable, "-c", code, *flags], capture_output=True, text=True)
    if done.returncode:
        raise UsageError(_one_line(done.stderr) or f"iree-compile refuses one of {' '.join(flags)}")


def _one_line(message: str) -> str:
    return " ".join(message.split())


class Compilation:
    """One module on its way through IREE's compiler.

    Args:
        session_flags, process_flags: as :func:`split_flags` parts them.
    """

    def __init__(self, session_flags: Sequence[str], process_flags: Sequence[str]) -> None:
        self._library = _library()
        _PROCESS_FLAGS.apply(process_flags)
        self._session = Session()
        self._session.set_flags(*session_flags)
        self._inlined = inlined_bytes((*session_flags, *process_flags))
        self._evaluates = not any(f.lstrip("-").startswith(FLAG) for f in session_flags)
        self.context: ir.Context = self._session.context
        self._kept: list[object] = []

    def to_flow(self, source: bytes, name: str, *, for_array: bool = False) -> ir.Operation:
        """The module's dispatches.

        Args:
            source: MLIR text or bytecode, in a form that iree-compile takes.
            name: what messages call it.
            for_array: whether dispatches may go to an NPU: then pooling is turned as convolutions are (see
                ``channels_last.py``), and products keep what stands behind them (``kept_tails.py``).

        Raises:
            UsageError: IREE refuses the module (``by_compiler``, the message is IREE's),
                or there is nothing in it, or IREE's library would die of it.
        """
        if not source.strip():
            raise UsageError(f"{name}: empty: give a module as MLIR text or bytecode")
        buffer = source if source[:4] == b"ML\xefR" else source + b"\0"
        text = Source.wrap_buffer(self._session, buffer, buffer_name=name)
        invocation, errors = self._invocation(name)
        self._library.ireeCompilerInvocationSetCompileToPhase(invocation._inv_p, INPUT)  # pyright: ignore[reportPrivateUsage]
        with stage(f"import of {name}", iree=True):
            try:
                self._run(lambda: bool(invocation.parse_source(text)), errors, name)
            except UsageError as refusal:
                # No other flags would make a module of it.
                raise UsageError(str(refusal)) from None
            module = invocation.export_module()
            refuse_known_faults(module, name)
            record_signatures(module)
            separate_pads(module)
            from_torch = is_torch(module)
            invocation.import_module(module)
            self._run(lambda: bool(invocation.execute()), errors, name)
            module = invocation.export_module()
            if from_torch:
                keep_nan(module)
                keep_signs(module)
            join_pads(module)
            join_stacks(module)
            use_integers(module)
            take_out_zero_points(module)
            widen_sums(module)
            write_out_constants(module, self._inlined)
            compute_single_numbers(module)
            if for_array:
                split_into_phases(module)
                put_channels_last(module)
        if not for_array:
            return self._between(module, INPUT, PHASE, name)
        module = self._optimise(module, name)
        held = keep_tails(module)
        module = self._between(module, OPTIMISED, PHASE, name)
        if held:
            release_tails(module)
        return module

    def _optimise(self, module: ir.Operation, name: str) -> ir.Operation:
        """A module behind IREE's global optimisation, what follows from constants alone computed."""
        if self._evaluates:
            kept = module.clone()
            self._session.set_flags(f"--{FLAG}=false")
            module = self._between(module, INPUT, OPTIMISED, name)
            self._session.set_flags(f"--{FLAG}=true")
            if compute_hoisted(module):
                return module
            module = kept.operation
        return self._between(module, INPUT, OPTIMISED, name)

    def to_vmfb(self, module: ir.Operation, name: str) -> bytes:
        """A module at `flow`, compiled to the end, sealed (:mod:`aie_conv.seal`).

        Raises:
            UsageError: IREE refuses it; the message is IREE's.
        """
        invocation, errors = self._invocation(name)
        self._library.ireeCompilerInvocationSetCompileFromPhase(invocation._inv_p, PHASE)  # pyright: ignore[reportPrivateUsage]
        with stage(f"generate of {name}", iree=True):
            invocation.import_module(module)
            self._run(lambda: bool(invocation.execute()), errors, name)
            output = Output.open_membuffer()
            try:
                invocation.output_vm_bytecode(output)
            except ValueError as error:
                self._run(lambda: False, errors or [str(error)], name)
            return seal(memoryview(output.map_memory()))

    def to_phase(self, module: ir.Operation, phase: str, name: str) -> ir.Operation:
        """A module at `flow`, compiled on to a later phase of IREE's.

        Raises:
            UsageError: IREE refuses it; the message is IREE's.
        """
        return self._between(module, PHASE, phase.encode(), name)

    def _between(self, module: ir.Operation, start: bytes, end: bytes, name: str) -> ir.Operation:
        """A module behind one phase, compiled on to another."""
        invocation, errors = self._invocation(name)
        pointer: Any = invocation._inv_p  # pyright: ignore[reportPrivateUsage]
        self._library.ireeCompilerInvocationSetCompileFromPhase(pointer, start)
        self._library.ireeCompilerInvocationSetCompileToPhase(pointer, end)
        with stage(f"{end.decode()} of {name}", iree=True):
            invocation.import_module(module)
            self._run(lambda: bool(invocation.execute()), errors, name)
        return invocation.export_module()

    def _invocation(self, name: str) -> tuple[Invocation, list[str]]:
        errors: list[str] = []

        def report(severity: int, message: Any, size: int, _data: object) -> None:
            if severity == _ERROR:
                errors.append(ctypes.string_at(message, size).decode(errors="replace"))

        callback = _CALLBACK(report)
        invocation = self._session.invocation()
        self._library.ireeCompilerInvocationEnableCallbackDiagnostics(
            invocation._inv_p,  # pyright: ignore[reportPrivateUsage]
            0,
            callback,
            None,
        )
        # IREE keeps only pointers to them.
        self._kept += [callback, invocation]
        return invocation, errors

    @staticmethod
    def _run(step: Callable[[], bool], errors: list[str], name: str) -> None:
        if step():
            return
        lines = errors[0].splitlines() if errors else []
        first = next((line.strip() for line in lines if line.strip()), "the module was refused")
        raise UsageError(first if name in first else f"{name}: {first}", by_compiler=True)


def read_source(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        UsageError: it cannot be read, or is an artifact.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {reason(error)}: give a .onnx, .mlir or .mlirbc file") from None
    if has_seal(data):
        raise UsageError(f"{path}: compiled already: run it with aie-conv run --module={path}")
    return data
