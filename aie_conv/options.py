"""The options of the amd-aie target backend, frozen."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aie_conv.arch import canonical_device, get_device
from aie_conv.errors import UsageError
from aie_conv.foreign_flags import library_flags, take
from aie_conv.partitioner import (
    BF16_MODES,
    DIRECT_STYLES,
    F16_MODES,
    F32_MODES,
    Permission,
    route_names,
)
from aie_conv.partitioner.configurations import MODES
from aie_conv.partitioner.planner import SEARCHES
from aie_conv.partitioner.regions import MODES as REGION_MODES
from aie_conv.partitioner.words import current_style
from aie_conv.problem import BLOCK_FLOAT
from aie_conv.suggest import closest

CPU_COSTS = ("fixed", "measured")
EMIT_LEVELS = ("aie", "air")
AIR_VERSIONS = ("march", "august")
BINARIES = ("auto", "off", "require")
BINARY_FORMATS = ("xclbin", "elf")
CHECKS = ("off", "tools")
BACKEND = "amd-aie"
_SWITCHES = frozenset(("only",))
"""Flags without a value."""
_BACKEND_FLAG = "--iree-hal-target-backends"


@dataclass(frozen=True)
class Options:
    """What ``--amd-aie-*`` flags say, and the flags that go to IREE.

    Attributes:
        device: the NPU's name, as XRT and iree-amd-aie name it.
        route: "auto", "cpu" or one route's name.
        f32: "cpu", or "bf16" or "bf16x3" to let the NPU compute f32 convolutions so.
        f16: "cpu", or "bf16x3" to let the NPU compute f16 convolutions so.
        bf16: "exact", or "bfp16" to let an NPU that can multiply bf16 as blocks with shared exponents.
        direct: "auto", "scalar", "vector", "sliding" or "parametric" code of the direct route.
        cpu_cost: "fixed", or "measured" for this machine's stored measurement.
        route_file: file of pinned choices, None for none.
        search: "fast" takes each route's plan by its cost model, "best" by the simulator.
        plan_db: database of plans that `aie-conv tune` made, None for none.
        plan_cache: "on" keeps plans in the user's cache folder; or "off".
        configurations: "few" chooses plans together, so that calls share configurations of the array;
            "each" gives every dispatch its own best plan.
        only: whether it is an error that an operation stays on the CPU.
        regions: "auto" lets calls of the NPU do several dispatches where that is cheaper, "large" as many as
            can be, "single" one each.
        report: file of the JSON report, None for none.
        emit: folder of the emitted modules, None for none.
        trace: file of the simulated timelines, None for none.
        trace_dispatch: names, patterns or numbers of the dispatches in it, by commas; all if empty.
        html: file of the page that shows the compilation, None for none.
        emit_level: "aie", or "air" for the modules that mlir-air takes (scalar direct code alone).
        air_version: of mlir-air, 2026's "march" or "august", that modules of that level are for.
        binaries: "auto" makes NPU binaries where mlir-aie and Peano are installed, "off" does not, "require"
            refuses where they are not.
        binary_format: what a configuration's binary is: "xclbin", or "elf" with its programs' instruction
            words in it (mlir-aie of August 2026).
        check: "off", or "tools" to have mlir-aie's aie-opt and aie-translate lower every program and compare
            the instruction words with it.
        mlir_aie_dir: folder of mlir-aie, None to look for it.
        peano_dir: folder of the AIE compiler, None to look for it.
        iree_flags: everything else, as iree-compile takes it.
    """

    device: str = "npu1_4col"
    route: str = "auto"
    f32: str = "cpu"
    f16: str = "cpu"
    bf16: str = "exact"
    direct: str = "auto"
    cpu_cost: str = "fixed"
    route_file: Path | None = None
    report: Path | None = None
    emit: Path | None = None
    emit_level: str = "aie"
    air_version: str = "august"
    search: str = "fast"
    plan_db: Path | None = None
    plan_cache: str = "on"
    configurations: str = "few"
    only: bool = False
    regions: str = "auto"
    trace: Path | None = None
    trace_dispatch: str = ""
    html: Path | None = None
    binaries: str = "auto"
    binary_format: str = "xclbin"
    check: str = "off"
    mlir_aie_dir: str | None = None
    peano_dir: str | None = None
    iree_flags: tuple[str, ...] = ()

    @property
    def permission(self) -> Permission:
        """What the NPU may do that changes results."""
        return Permission(self.f32, self.bf16, self.f16)

    def __post_init__(self) -> None:
        """Check every value; raises UsageError with what may stand there."""
        object.__setattr__(self, "device", canonical_device(self.device))
        object.__setattr__(self, "direct", current_style(self.direct))
        object.__setattr__(self, "iree_flags", library_flags(self.iree_flags))
        for flag, value, known in (
            ("route", self.route, route_names()),
            ("f32", self.f32, F32_MODES),
            ("f16", self.f16, F16_MODES),
            ("bf16", self.bf16, BF16_MODES),
            ("direct", self.direct, DIRECT_STYLES),
            ("cpu-cost", self.cpu_cost, CPU_COSTS),
            ("emit-level", self.emit_level, EMIT_LEVELS),
            ("air-version", self.air_version, AIR_VERSIONS),
            ("search", self.search, tuple(SEARCHES)),
            ("plan-cache", self.plan_cache, ("on", "off")),
            ("configurations", self.configurations, MODES),
            ("regions", self.regions, REGION_MODES),
            ("binaries", self.binaries, BINARIES),
            ("binary-format", self.binary_format, BINARY_FORMATS),
            ("check", self.check, CHECKS),
        ):
            if value not in known:
                hint = closest(value, known)
                raise UsageError(
                    f"--amd-aie-{flag}={value}: unknown{hint}: use one of {', '.join(known)}"
                )
        if self.bf16 == BLOCK_FLOAT and BLOCK_FLOAT not in get_device(self.device).arch.matmul:
            raise UsageError(
                f"--amd-aie-bf16={self.bf16}: {self.device} multiplies no {BLOCK_FLOAT}: use"
                " --amd-aie-device=npu4, or --amd-aie-bf16=exact"
            )
        if self.emit_level != "aie" and self.emit is None:
            raise UsageError(
                f"--amd-aie-emit-level={self.emit_level}: nowhere to write: add --amd-aie-emit=DIR"
            )
        if self.trace_dispatch and self.trace is None:
            raise UsageError(
                f"--amd-aie-trace-dispatch={self.trace_dispatch}: no trace: add"
                " --amd-aie-trace=FILE.json"
            )


def _switch(name: str, value: str, *, has_value: bool) -> bool:
    """What a flag says that needs no value."""
    if has_value and value not in ("true", "false"):
        raise UsageError(f"{name}={value}: write {name}, or nothing")
    return value != "false"


def _next(name: str, waiting: list[str]) -> str:
    """A flag's value, the next word."""
    if not waiting:
        raise UsageError(f"{name}: needs a value: write {name}=VALUE")
    return waiting.pop(0)


def parse_flags(flags: list[str]) -> Options:
    """Options from command-line flags ``--name=value``; what is not ours goes to IREE.

    Raises:
        UsageError: an unknown ``--amd-aie-`` flag, or a target backend other than amd-aie.
    """
    known = {field.name for field in fields(Options)} - {"iree_flags"}
    foreign = take(flags)
    named = {
        "device": foreign.device,
        "peano_dir": foreign.peano,
        "mlir_aie_dir": foreign.install,
    }
    ours: dict[str, Any] = {key: value for key, value in named.items() if value is not None}
    others: list[str] = []
    waiting = list(foreign.others)
    while waiting:
        flag = waiting.pop(0)
        name, has_value, value = flag.partition("=")
        if name.startswith("--amd-aie-"):
            key = name.removeprefix("--amd-aie-").replace("-", "_")
            if key not in known:
                names = ", ".join(f"--amd-aie-{k.replace('_', '-')}" for k in sorted(known))
                hint = closest(name, names.split(", "))
                raise UsageError(f"{name}: unknown flag{hint}: use one of {names}")
            if key in _SWITCHES:
                ours[key] = _switch(name, value, has_value=bool(has_value))
                continue
            value = value if has_value else _next(name, waiting)
            ours[key] = value
        elif name == _BACKEND_FLAG:
            if not has_value:
                value = waiting.pop(0) if waiting else ""
            if value != BACKEND:
                raise UsageError(
                    f"{name}={value}: not this compiler's: use {BACKEND}, or iree-compile"
                )
        else:
            others.append(flag)
    paths = ("report", "emit", "route_file", "plan_db", "trace", "html")
    files = {key: Path(ours.pop(key)) for key in paths if key in ours}
    return Options(
        iree_flags=tuple(others),
        report=files.get("report"),
        emit=files.get("emit"),
        route_file=files.get("route_file"),
        plan_db=files.get("plan_db"),
        trace=files.get("trace"),
        html=files.get("html"),
        **ours,
    )
