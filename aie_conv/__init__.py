"""aie_conv: the convolution backend for AMD AIE NPUs behind one IREE target backend, amd-aie.

Example:
    >>> artifact = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col")
    >>> program = aie_conv.load(artifact, device="sim")
    >>> y = program(x)
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aie_conv.artifact import Artifact
    from aie_conv.frontends.miopen.library import conv
    from aie_conv.frontends.miopen.signature import ConvSignature, generate_mlir
    from aie_conv.igemm import get_igemm_conv2d
    from aie_conv.runtime.interface import RuntimeDevice
    from aie_conv.runtime.program import Program
    from aie_conv.session import Session

__version__ = "0.1.0"

__all__ = [
    "ConvSignature",
    "Session",
    "compile",
    "conv",
    "generate_mlir",
    "get_igemm_conv2d",
    "load",
]


_FOUND_IN = {
    "ConvSignature": "aie_conv.frontends.miopen.signature",
    "Session": "aie_conv.session",
    "conv": "aie_conv.frontends.miopen.library",
    "generate_mlir": "aie_conv.frontends.miopen.signature",
    "get_igemm_conv2d": "aie_conv.igemm",
}


def __getattr__(name: str) -> Any:
    """The names that need more of the package, imported when they are asked for."""
    if name in _FOUND_IN:
        return getattr(import_module(_FOUND_IN[name]), name)
    raise AttributeError(f"module 'aie_conv' has no attribute '{name}'")


def compile(
    module_or_model: Any,
    *,
    example_inputs: Any = None,
    example_kwargs: Mapping[str, Any] | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    device: str = "npu1_4col",
    route: str = "auto",
    f32: str = "cpu",
    f16: str = "cpu",
    bf16: str = "exact",
    direct: str = "auto",
    cpu_cost: str = "fixed",
    route_file: str | PathLike[str] | None = None,
    emit: str | PathLike[str] | None = None,
    emit_level: str = "aie",
    air_version: str = "august",
    search: str = "fast",
    plan_db: str | PathLike[str] | None = None,
    plan_cache: bool = True,
    configurations: str = "few",
    only: bool = False,
    regions: str = "auto",
    report: str | PathLike[str] | None = None,
    html: str | PathLike[str] | None = None,
    trace: str | PathLike[str] | None = None,
    trace_dispatch: str = "",
    binaries: str = "auto",
    binary_format: str = "xclbin",
    check: str = "off",
    mlir_aie_dir: str | PathLike[str] | None = None,
    peano_dir: str | PathLike[str] | None = None,
    flags: Sequence[str] = (),
    isolate: bool = False,
) -> "Artifact":
    """Compile a program with its convolutions routed to the NPU or the CPU.

    Args:
        module_or_model: a path to MLIR or an ONNX model, MLIR text or bytecode, an ``onnx.ModelProto``
            or its bytes; a ``torch.nn.Module`` in evaluation mode, a function of tensors, or an
            ``ExportedProgram``, which are left as they were.
        example_inputs: a tuple of tensors or arrays that fix a torch model's shapes and types, nests of
            them included; one alone stands for itself.
        example_kwargs: the same for what a torch model takes by name.
        input_shapes: sizes of an ONNX model's inputs by name, for those that it leaves open.
        device: "npu1_1col" … "npu1_4col" or "npu4".
        route: "auto", "cpu" or a route's name.
        f32: "cpu", or "bf16" or "bf16x3" to let the NPU compute f32 convolutions as one or three
            bf16 products with f32 sums.
        f16: "cpu", or "bf16x3" to let the NPU compute f16 convolutions as three bf16 products with f32 sums.
        bf16: "exact", or "bfp16" to let npu4 multiply bf16, and f32 that is computed in bf16, as blocks of
            eight values that share an exponent: eight times as fast, off by 2^-6 of a block's largest value.
        direct: "auto", "scalar", "vector", "sliding" or "parametric" code of the direct route.
        cpu_cost: "fixed", or "measured" for what `aie-conv cpu-cost measure` stored.
        route_file: file of pinned choices, such as a report.
        emit: folder for the emitted modules.
        emit_level: "aie", or "air" for what mlir-air takes (scalar direct code alone).
        air_version: "march" or "august", the version of mlir-air (2026) that it is for.
        search: "fast" takes plans by the cost model, "best" by the simulator, which takes longer.
        plan_db: database of plans that `aie-conv tune` made.
        plan_cache: whether plans are kept in the user's cache folder.
        configurations: "few" lets dispatches take plans that share configurations of the array; "each" gives
            every dispatch its own best plan.
        only: an operation that stays on the CPU is an error.
        regions: "auto" lets calls of the NPU do several dispatches where that is cheaper, "large" as many as
            can be, "single" one each.
        report: file for the JSON report.
        html: file for the page of pictures (docs/pictures.md).
        trace: file for the simulated timelines in Chrome's trace format.
        trace_dispatch: names, patterns or numbers of the dispatches in it; all if empty.
        binaries: "auto" makes NPU binaries where mlir-aie and Peano are installed, "off" does not, "require"
            refuses where they are not (docs/hardware.md).
        binary_format: "xclbin", or "elf" for ELFs, which mlir-aie of August 2026 makes and later XRTs load.
        check: "tools" has mlir-aie's aie-opt and aie-translate lower every program; "off" does not.
        mlir_aie_dir, peano_dir: where these are, to be used in place of what is installed.
        flags: more flags of iree-compile.
        isolate: compile in a process of its own, which costs half a second: a signal out of IREE's library
            ends that one and is a :class:`~aie_conv.errors.ProcessDied` here.

    Raises:
        UsageError: an argument that cannot be used.
        ProcessDied: with ``isolate``, the compiler's process ended of a signal.
        AieConvError: IREE refused the program.
    """
    from pathlib import Path

    from aie_conv.compiler import compile_any
    from aie_conv.options import Options

    options = Options(
        device=device,
        route=route,
        f32=f32,
        f16=f16,
        bf16=bf16,
        direct=direct,
        cpu_cost=cpu_cost,
        route_file=None if route_file is None else Path(route_file),
        emit=None if emit is None else Path(emit),
        emit_level=emit_level,
        air_version=air_version,
        search=search,
        plan_db=None if plan_db is None else Path(plan_db),
        plan_cache="on" if plan_cache else "off",
        configurations=configurations,
        only=only,
        regions=regions,
        report=None if report is None else Path(report),
        html=None if html is None else Path(html),
        trace=None if trace is None else Path(trace),
        trace_dispatch=trace_dispatch,
        binaries=binaries,
        binary_format=binary_format,
        check=check,
        mlir_aie_dir=None if mlir_aie_dir is None else str(mlir_aie_dir),
        peano_dir=None if peano_dir is None else str(peano_dir),
        iree_flags=tuple(flags),
    )
    return compile_any(
        module_or_model, options, example_inputs, input_shapes, example_kwargs, isolate=isolate
    )


def load(
    artifact: "Artifact | bytes | str | PathLike[str]",
    *,
    device: "str | RuntimeDevice | None" = None,
    progress: "Callable[[str, dict[str, Any]], None] | None" = None,
) -> "Program":
    """Load a compiled program.

    Args:
        artifact: what :func:`compile` gave, a .vmfb's bytes, or its path.
        device: "sim", "xrt", "cpu" (no NPU) or "null"; None for xrt where an NPU is found, else sim.
        progress: called after each NPU dispatch with its name and figures (cycles, seconds, …).

    Returns:
        A program. Called, it runs its one function (or "main") and answers in kind: torch tensors for
        torch tensors (bf16 too), numpy arrays for arrays. Its functions are attributes as well, which
        take either and return numpy arrays; inputs may be given by their names in the model.

    Raises:
        UsageError: no such file or device.
        DeviceError: the device or the program cannot be used.
    """
    from aie_conv.runtime.program import load_program

    return load_program(artifact, device, progress)
