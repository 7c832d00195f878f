"""Runs a signature through a backend: compiled or taken from the cache, run, timed and compared."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aie_conv.errors import DeviceError, UsageError
from aie_conv.files import code_digest
from aie_conv.frontends.miopen.linalg import module_text
from aie_conv.frontends.miopen.signature import ConvSignature
from aie_conv.frontends.torch_package import has_torch, require_torch
from aie_conv.seal import check_seal

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from aie_conv.frontends.miopen.numerics import Numerics
    from aie_conv.options import Options

BACKENDS = ("amd-aie", "iree-cpu", "torch")
"""This package; IREE's CPU backend with its defaults; torch's eager CPU."""

DEVICES = ("sim", "cpu", "xrt")

SIM_LIMIT_MACS = 4_000_000_000
SIM_LIMIT_CYCLES = 100_000_000
"""What is simulated without --force: on a machine of two cores the simulator ran 0.7 to 4.5 GMAC a second
of bf16 on the im2col route, and about 10 million predicted cycles a second, so ten seconds at most."""


@dataclass(frozen=True)
class Settings:
    """How commands are run; see ``aie-conv driver --help``."""

    device: str = "sim"
    npu: str = "npu1_4col"
    route: str = "auto"
    f32: str = "cpu"
    bf16: str = "exact"
    direct: str = "auto"
    time: bool = False
    iterations: int = 0
    verify: bool = False
    reference_dtype: str = "f64"
    rtol: float | None = None
    atol: float | None = None
    splat: float | None = None
    seed: int = 0
    cache: Path | None = None
    force: bool = False
    batch_limit: int = 0
    compile_only: bool = False
    search: str = "fast"
    plan_db: Path | None = None
    plan_cache: str = "on"

    def options(self) -> Options:
        """The backend's, for what they say of it."""
        from aie_conv.options import Options

        return Options(
            device=self.npu,
            route="cpu" if self.device == "cpu" else self.route,
            f32=self.f32,
            bf16=self.bf16,
            direct=self.direct,
            search=self.search,
            plan_db=self.plan_db,
            plan_cache=self.plan_cache,
        )


@dataclass(frozen=True)
class Compiled:
    """An artifact and what there is to say about it.

    Attributes:
        vmfb: the artifact; empty for torch.
        route: "cpu" or an NPU route.
        reason: why.
        arithmetic: how its products are computed.
        npu_macs, npu_cycles: multiply-accumulates on the NPU, and cycles predicted for them.
        cached: whether it was taken from the cache.
        seconds: what compiling took.
    """

    vmfb: bytes
    route: str
    reason: str
    arithmetic: str = "native"
    npu_macs: int = 0
    npu_cycles: int = 0
    cached: bool = False
    seconds: float = 0.0


@dataclass
class Outcome:
    """One signature on one backend.

    Attributes:
        signature: what was run, its batch perhaps limited.
        backend: which.
        compiled: the artifact's facts; None for torch.
        result: the result in its layout; None where it was compiled only.
        times: microseconds of each run.
        clock: what they are times of.
        numerics: the comparison, where it was asked for.
    """

    signature: ConvSignature
    backend: str
    device: str
    compiled: Compiled | None = None
    result: NDArray[Any] | None = None
    times: list[float] = field(default_factory=list[float])
    clock: str = ""
    numerics: Numerics | None = None


# -- compiling --------------------------------------------------------------------------------------
def _compile(s: ConvSignature, backend: str, settings: Settings) -> Compiled:
    start = time.perf_counter()
    if backend == "iree-cpu":
        from aie_conv.bridge.passes import stock_cpu

        vmfb = stock_cpu(module_text(s).encode(), s.name)
        return Compiled(vmfb, "cpu", "IREE's defaults", seconds=time.perf_counter() - start)
    from aie_conv.frontends.miopen.levels import compile_best

    # A commands file would be told of its database again and again; the command line tells of it once.
    artifact = compile_best(s, settings.options(), warn=lambda _: None)
    entries = [e for e in artifact.report["dispatches"] if e["contraction"]]
    npu = [e for e in entries if e["route"] != "cpu"]
    shown = (
        npu or entries or [{"route": "cpu", "reason": "no convolution", "arithmetic": "native"}]
    )[0]
    return Compiled(
        artifact.vmfb,
        shown["route"],
        shown["reason"],
        shown["arithmetic"],
        sum(e["macs"] for e in npu),
        sum(e["predicted_cycles"] for e in npu),
        seconds=time.perf_counter() - start,
    )


@cache
def _processor() -> str:
    """What code for this machine's CPU may use."""
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()} {flags}"


def cache_key(s: ConvSignature, backend: str, settings: Settings) -> str:
    """The name of an artifact in the cache: everything that it depends on.

    That is the signature (its name holds shapes, layouts, type and mode), the backend, route, device and
    ways to compute, this machine's CPU, the versions of aie_conv and IREE, and aie_conv's own files.
    """
    from importlib.metadata import PackageNotFoundError, version

    from aie_conv import __version__

    try:
        iree = version("iree-base-compiler")
    except PackageNotFoundError:
        iree = "unknown"
    facts: dict[str, str] = {
        "signature": s.name,
        "backend": backend,
        "cpu": _processor(),
        "iree": iree,
        "aie_conv": __version__,
        "code": code_digest(),
    }
    if backend == "amd-aie":
        facts |= {
            "npu": settings.npu,
            "route": "cpu" if settings.device == "cpu" else settings.route,
            "f32": settings.f32,
            "bf16": settings.bf16,
            "direct": settings.direct,
            "search": settings.search,
            "plans": hashlib.sha256(settings.plan_db.read_bytes()).hexdigest()
            if settings.plan_db is not None
            else "",
            "xrt": str(settings.device == "xrt"),
        }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


_FACTS = ("route", "reason", "arithmetic", "npu_macs", "npu_cycles")


def compiled(s: ConvSignature, backend: str, settings: Settings) -> Compiled:
    """An artifact, from the cache where it is there.

    Raises:
        UsageError: the compiler refuses the module, or the cache cannot be written.
    """
    if settings.cache is None:
        return _compile(s, backend, settings)
    from aie_conv.files import make_folder, write_all

    make_folder(settings.cache)
    stem = cache_key(s, backend, settings)
    artifact, facts = settings.cache / f"{stem}.vmfb", settings.cache / f"{stem}.json"
    if (known := _read_cache(artifact, facts)) is not None:
        return known
    fresh = _compile(s, backend, settings)
    described = json.dumps({name: getattr(fresh, name) for name in _FACTS}).encode()
    write_all({artifact: fresh.vmfb, facts: described})
    return fresh


def _read_cache(artifact: Path, facts: Path) -> Compiled | None:
    """What an earlier run has left; None for nothing, or files that were damaged since."""
    try:
        data = artifact.read_bytes()
        check_seal(data, str(artifact))
        known = json.loads(facts.read_bytes())
        return Compiled(data, **{name: known[name] for name in _FACTS}, cached=True)
    except (OSError, ValueError, KeyError, TypeError, DeviceError):
        return None


# -- running ----------------------------------------------------------------------------------------
def _check_size(s: ConvSignature, artifact: Compiled, settings: Settings) -> None:
    if settings.force or settings.device != "sim":
        return
    macs, cycles = artifact.npu_macs, artifact.npu_cycles
    if macs <= SIM_LIMIT_MACS and cycles <= SIM_LIMIT_CYCLES:
        return
    raise UsageError(
        f"{macs / 1e9:.1f} GMAC in {cycles / 1e6:.0f} million cycles: more than is simulated unasked"
        f" ({SIM_LIMIT_MACS / 1e9:.0f} GMAC, {SIM_LIMIT_CYCLES / 1e6:.0f} million cycles):"
        " use --sim-batch-limit N for N images, --device=cpu, or --force"
    )


def _time(run: Callable[[], object], count: int) -> list[float]:
    times: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e6)
    return times


def _run_torch(s: ConvSignature, arguments: tuple[Tensor, ...], settings: Settings) -> Outcome:
    import warnings

    import torch

    from aie_conv.runtime.program import as_array

    module = s.get_nn_module()
    outcome = Outcome(s, "torch", "cpu", clock="host")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        outcome.result = as_array(module(*arguments))
        if settings.time:
            outcome.times = _time(lambda: module(*arguments), settings.iterations or 10)
    return outcome


def _run_program(
    outcome: Outcome, artifact: Compiled, arguments: tuple[Any, ...], settings: Settings
) -> None:
    import numpy as np

    from aie_conv.arch import get_device
    from aie_conv.runtime.program import as_array, load_program

    # An artifact without NPU programs asks its device for nothing.
    program = load_program(artifact.vmfb, "null" if outcome.device == "cpu" else outcome.device)
    function = program[outcome.signature.name]
    arrays = [as_array(a) for a in arguments]
    outcome.result = np.asarray(function(*arrays))
    on_npu = bool(program.records)
    if not settings.time:
        return
    if outcome.device == "sim" and on_npu:
        clock = get_device(settings.npu).arch.clock_hz
        outcome.clock = f"simulated {settings.npu} at {clock / 1e9:g} GHz"
        for number in range(settings.iterations or 1):
            if number:
                function(*arrays)
            cycles = sum(record["cycles"] for record in program.records)
            outcome.times.append(cycles / clock * 1e6)
        return
    outcome.clock = "host" if on_npu or outcome.device == "cpu" else "host, not on the NPU"
    outcome.times = _time(lambda: function(*arrays), settings.iterations or 10)


def run(s: ConvSignature, backend: str, settings: Settings) -> Outcome:
    """Compile a signature, and run it unless it is compiled only.

    Raises:
        UsageError: it cannot be compiled, or is too large for the simulator.
        DeviceError: the device cannot run it.
    """
    if settings.device == "sim" and settings.batch_limit:
        s = s.with_batch(settings.batch_limit)
    device = settings.device if backend == "amd-aie" else "cpu"
    outcome = Outcome(s, backend, device, clock="host")
    if backend == "torch" or (settings.verify and not settings.compile_only):
        require_torch("--backend=torch" if backend == "torch" else "--verify-numerics")
    arguments: tuple[Any, ...] | None = None
    if backend != "torch":
        artifact = outcome.compiled = compiled(s, backend, settings)
        if settings.compile_only:
            return outcome
        if backend == "amd-aie":
            _check_size(s, artifact, settings)
        arguments = _sample(s, settings)
        _run_program(outcome, artifact, arguments, settings)
    elif not settings.compile_only:
        arguments = _sample(s, settings)
        outcome = _run_torch(s, arguments, settings)
    if settings.verify and arguments is not None:
        outcome.numerics = _verify(outcome, arguments, settings)
    return outcome


def _sample(s: ConvSignature, settings: Settings) -> tuple[Any, ...]:
    """Operands to compute of: torch's where it is installed, as a reference takes them."""
    from aie_conv.frontends.miopen.reference import sample_arrays

    if has_torch():
        return s.get_sample_conv_args(seed=settings.seed, splat_value=settings.splat)
    return sample_arrays(s, settings.seed, settings.splat)


def _verify(outcome: Outcome, arguments: tuple[Tensor, ...], settings: Settings) -> Numerics:
    from aie_conv.frontends.miopen.numerics import compare
    from aie_conv.frontends.miopen.reference import reference

    s = outcome.signature
    exact, magnitudes = reference(s, arguments, settings.reference_dtype)
    assert outcome.result is not None
    return compare(
        s,
        outcome.result,
        (exact.numpy(), magnitudes.numpy()),
        reference_dtype=settings.reference_dtype,
        arithmetic=outcome.compiled.arithmetic if outcome.compiled else "native",
        largest=prod(float(value.abs().max()) for value in arguments[:2]),
        rtol=settings.rtol,
        atol=settings.atol,
    )


# -- what is printed --------------------------------------------------------------------------------
_TORCH_NAMES = {"f32": "float32", "bf16": "bfloat16", "f16": "float16", "i32": "int32"}


def tensor_line(outcome: Outcome) -> str:
    """The result as torch names it, its first and last elements."""
    assert outcome.result is not None
    flat = outcome.result.reshape(-1)
    ends = [f"{float(v):.5g}" for v in (flat[:3] if flat.size > 6 else flat)]
    if flat.size > 6:
        ends += ["...", *(f"{float(v):.5g}" for v in flat[-3:])]
    size = ", ".join(map(str, outcome.result.shape))
    return (
        f"tensor([{', '.join(ends)}], device='{outcome.device}', size=({size}),"
        f" dtype=torch.{_TORCH_NAMES[outcome.signature.result_dtype]})"
    )


def time_figures(times: list[float]) -> dict[str, float]:
    """Least, largest and mean time, and the standard deviation."""
    return {
        "min": min(times),
        "max": max(times),
        "mean": statistics.fmean(times),
        "stddev": statistics.pstdev(times),
    }


def time_line(outcome: Outcome) -> str:
    """The times in one line, and what they are times of."""
    figures = " ".join(f"{name}={us:.2f}us" for name, us in time_figures(outcome.times).items())
    return f"{figures} ({outcome.clock})"
