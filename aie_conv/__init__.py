"""aie_conv: the convolution backend for AMD AIE NPUs behind one IREE target backend, amd-aie.

Example:
    >>> artifact = aie_conv.compile(model, example_inputs=(x,), device="npu1_4col")
    >>> program = aie_conv.load(artifact, device="sim")
    >>> y = program.main(x.numpy())
"""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aie_conv.frontends.signature import ConvSignature, generate_mlir
    from aie_conv.igemm.kernel import IgemmKernel
    from aie_conv.runtime.devices import Device
    from aie_conv.runtime.program import Program
    from aie_conv.target.backend import Artifact

__version__ = "0.1.0"

__all__ = ["ConvSignature", "compile", "conv", "generate_mlir", "get_igemm_conv2d", "load"]


def __getattr__(name: str) -> Any:
    """The signature's names, imported when they are asked for."""
    if name in ("ConvSignature", "generate_mlir"):
        from aie_conv.frontends import signature

        return getattr(signature, name)
    raise AttributeError(f"module 'aie_conv' has no attribute '{name}'")


def compile(
    module_or_model: Any,
    *,
    example_inputs: Sequence[Any] | None = None,
    device: str = "npu1_4col",
    route: str = "auto",
    f32: str = "cpu",
    direct: str = "auto",
    cpu_cost: str = "fixed",
    route_file: str | PathLike[str] | None = None,
    emit: str | PathLike[str] | None = None,
    emit_level: str = "aie",
    search: str = "fast",
    plan_db: str | PathLike[str] | None = None,
    plan_cache: bool = True,
    report: str | PathLike[str] | None = None,
    html: str | PathLike[str] | None = None,
    trace: str | PathLike[str] | None = None,
    trace_dispatch: str = "",
    flags: Sequence[str] = (),
) -> "Artifact":
    """Compile a program with its convolutions routed to the NPU or the CPU.

    Args:
        module_or_model: a path to MLIR, MLIR text or bytecode, or a ``torch.nn.Module``.
        example_inputs: tensors that fix a torch model's shapes and types.
        device: "npu1_1col" … "npu1_4col" or "npu4".
        route: "auto", "cpu" or a route's name.
        f32: "cpu", or "bf16" or "bf16x3" to let the NPU compute f32 convolutions as one or three
            bf16 products with f32 sums.
        direct: "auto", "scalar", "vector" or "sliding" code of the direct route.
        cpu_cost: "fixed", or "measured" for what `aie-conv cpu-cost measure` stored.
        route_file: file of pinned choices, such as a report.
        emit: folder for the emitted modules.
        emit_level: "aie", or "air" for what mlir-air takes (scalar direct code alone).
        search: "fast" takes plans by the cost model, "best" by the simulator, which takes longer.
        plan_db: database of plans that `aie-conv tune` made.
        plan_cache: whether plans are kept in the user's cache folder.
        report: file for the JSON report.
        html: file for the page of pictures (docs/pictures.md).
        trace: file for the simulated timelines in Chrome's trace format.
        trace_dispatch: names, patterns or numbers of the dispatches in it; all if empty.
        flags: more flags of iree-compile.

    Raises:
        UsageError: an argument that cannot be used.
        AieConvError: IREE refused the program.
    """
    from pathlib import Path

    from aie_conv.target.backend import compile_any
    from aie_conv.target.options import Options

    options = Options(
        device=device,
        route=route,
        f32=f32,
        direct=direct,
        cpu_cost=cpu_cost,
        route_file=None if route_file is None else Path(route_file),
        emit=None if emit is None else Path(emit),
        emit_level=emit_level,
        search=search,
        plan_db=None if plan_db is None else Path(plan_db),
        plan_cache="on" if plan_cache else "off",
        report=None if report is None else Path(report),
        html=None if html is None else Path(html),
        trace=None if trace is None else Path(trace),
        trace_dispatch=trace_dispatch,
        iree_flags=tuple(flags),
    )
    return compile_any(module_or_model, options, example_inputs)


def load(
    artifact: "Artifact | bytes | str | PathLike[str]",
    *,
    device: "str | Device | None" = None,
    progress: "Callable[[str, dict[str, Any]], None] | None" = None,
) -> "Program":
    """Load a compiled program.

    Args:
        artifact: what :func:`compile` gave, a .vmfb's bytes, or its path.
        device: "sim", "xrt" or "null"; None for xrt where an NPU is found, else sim.
        progress: called after each NPU dispatch with its name and figures (cycles, seconds, …).

    Returns:
        A program whose functions are attributes, taking and returning numpy arrays.

    Raises:
        UsageError: no such file or device.
        DeviceError: the device or the program cannot be used.
    """
    from aie_conv.runtime.program import load_program

    return load_program(artifact, device, progress)


def conv(
    x: Any,
    w: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    transposed: bool = False,
    output_padding: int | Sequence[int] = 0,
    layout: str | None = None,
    input_layout: str | None = None,
    kernel_layout: str | None = None,
    output_layout: str | None = None,
    device: str | None = None,
    npu: str = "npu1_4col",
    route: str = "auto",
    f32: str = "cpu",
    direct: str = "auto",
) -> Any:
    """Run one convolution, as ``torch.nn.functional.conv1d`` to ``conv3d`` compute it.

    The first call with given shapes and options compiles; later ones run what it compiled.

    Args:
        x: numpy array or torch tensor of 3 to 5 dims, f32, bf16, f16 or int8.
        w: the filter, of the same type: (out, in / groups, ...), transposed (in, out / groups, ...).
        bias: (out,), in the result's type; None for none.
        stride, dilation, output_padding: a number, or one for each spatial dim.
        padding: the same, or "valid" or "same" (stride 1).
        groups: number of groups.
        transposed: a transposed convolution.
        layout: of all three tensors, e.g. "NHWC"; default "NCHW" and its kin.
        input_layout, kernel_layout, output_layout: of one of them.
        device: "sim", "xrt" or "cpu"; None for xrt where an NPU is found, else sim.
        npu, route, f32, direct: as in :func:`compile`.

    Returns:
        The result, as x is a numpy array or torch tensor: x's type, i32 for int8.

    Raises:
        UsageError: shapes, types or options that no convolution has.
        DeviceError: the device cannot run it.

    Example:
        >>> y = aie_conv.conv(x, w, bias, stride=2, padding=1, layout="NHWC", device="sim")
    """
    from aie_conv.frontends.driver.library import convolve

    return convolve(
        x,
        w,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        transposed=transposed,
        output_padding=output_padding,
        layout=layout,
        input_layout=input_layout,
        kernel_layout=kernel_layout,
        output_layout=output_layout,
        device=device,
        npu=npu,
        route=route,
        f32=f32,
        direct=direct,
    )


def get_igemm_conv2d(
    n: int,
    c: int,
    h: int,
    w: int,
    hf: int,
    wf: int,
    nf: int,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | Sequence[Sequence[int]] = 0,
    dilation: int | Sequence[int] = 1,
    layout: str = "nchw_fchw",
    input_dtype: Any = "bf16",
    output_dtype: Any = None,
    block_m: int | None = None,
    block_n: int | None = None,
    block_k: int | None = None,
    *,
    tile: tuple[int, int] | None = None,
    resident: bool | None = None,
    f32: str = "cpu",
    device: str = "npu1_4col",
    run_on: str | None = None,
) -> "tuple[IgemmKernel, dict[str, int]]":
    """Plan a 2-D convolution as an implicit GEMM of M = n·h_out·w_out by K = hf·wf·c by nf.

    Args:
        n, c, h, w: the input's batch, channels, height and width.
        hf, wf, nf: the filter's height and width, and the number of filters.
        stride, dilation: a number, or (vertical, horizontal).
        padding: the same, or ((top, bottom), (left, right)).
        layout: "nchw_fchw", "nhwc_hwcf" or "nhwc_fhwc"; "nchw" and "nhwc" for the first two.
        input_dtype: "bf16", "i8", or "f32" with ``f32="bf16"``; numpy's and torch's types do as well.
        output_dtype: "f32" or "bf16" of bf16; "i32", or "i8" (saturated) of i8; None for the first.
        block_m: output pixels that a core computes at a time.
        block_n: filters that it computes at a time.
        block_k: elements of the sums that it is brought at a time; a part of a contiguous run of K.
        tile: rows and columns of the output pixels that make block_m.
        resident: whether a core keeps its filters while it walks the pixels.
        f32: "bf16" to let products of bf16 stand for those of f32.
        device: "npu1_1col" … "npu1_4col" or "npu4".
        run_on: "sim", "xrt" or "null"; None for xrt where an NPU is found, else sim.

    None for a block is the planner's choice; what is given is used as it is, or refused.

    Returns:
        The kernel, called as ``kernel(input, filter)`` or ``kernel(input, filter, out)``, with ``.ir`` (the
        AIE module that runs), ``.maps`` (where the GEMM's elements lie) and ``.plan``; and its symbols by
        name: N, C, H, W, HF, WF, NF, H_OUT, W_OUT, M, K, BLOCK_M, BLOCK_N, BLOCK_K, ….

    Raises:
        UsageError: a size, layout or type that there is none of.
        Unsupported: the device has no instructions for it.
        ConfigRefused: the blocks do not fit the device; the message and ``limit`` name the limit.

    Example:
        >>> kernel, symbols = aie_conv.get_igemm_conv2d(1, 16, 12, 20, 3, 3, 32, padding=1, block_k=16)
        >>> y = kernel(x, filter)
    """
    from aie_conv import igemm

    return igemm.get_igemm_conv2d(
        n,
        c,
        h,
        w,
        hf,
        wf,
        nf,
        stride,
        padding,
        dilation,
        layout,
        input_dtype,
        output_dtype,
        block_m,
        block_n,
        block_k,
        tile=tile,
        resident=resident,
        f32=f32,
        device=device,
        run_on=run_on,
    )
