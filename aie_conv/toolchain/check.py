"""What mlir-aie's tools say of a module without a device compiler: instruction words and LLVM IR."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aie_conv.arch import arch_of
from aie_conv.errors import UsageError, VerifyError
from aie_conv.isolate import temporary_folder
from aie_conv.runtime.wordcheck import check_words
from aie_conv.toolchain.discover import MLIR_AIE, find

_SECONDS = 600.0
_RESOURCES = (
    "builtin.module(convert-vector-to-aievec{{aie-target={target} target-backend=llvmir}},lower-affine,"
    "aie-canonicalize-device,aie.device(aie-assign-lock-ids,aie-register-objectFifos,"
    "aie-objectFifo-stateful-transform,aie-assign-bd-ids,aie-assign-tile-controller-ids,"
    "aie-assign-buffer-addresses,aie-assign-core-link-files),convert-scf-to-cf)"
)
_ROUTING = "builtin.module(aie.device(aie-create-pathfinder-flows))"
_WORDS = (
    "builtin.module(aie-materialize-runtime-sequences,aie.device(aie-materialize-bd-chains,"
    "aie-substitute-shim-dma-allocations,aie-assign-runtime-sequence-bd-ids,aie-dma-tasks-to-npu,"
    "aie-dma-to-npu,aie-lower-set-lock))"
)
_CORE = (
    "builtin.module(aie.device(aie-localize-locks,aie-normalize-address-spaces),"
    "aie-standard-lowering{{tilecol={column} tilerow={row}}},aiex-standard-lowering,"
    "convert-aievec-to-llvm{{aie-target={target}}},canonicalize,cse,expand-strided-metadata,"
    "lower-affine,arith-expand,finalize-memref-to-llvm,"
    "convert-func-to-llvm{{use-bare-ptr-memref-call-conv=1}},convert-to-llvm{{dynamic=1}},"
    "convert-vector-to-llvm,convert-ub-to-llvm,canonicalize,cse)"
)
_SEQUENCE = ("--aie-npu-to-binary", "--aie-output-binary=false", "--aie-sequence-name=sequence")
"""Pipelines as aiecc of March 2026 runs them (mlir-aie 1e400306, tools/aiecc/aiecc.cpp)."""


@dataclass(frozen=True)
class Checked:
    """What the tools made: 32-bit instruction words, and cores lowered to LLVM IR."""

    words: tuple[int, ...]
    cores: int


def open_checker(folder: str | None = None) -> "Checker | None":
    """The checker of this machine's mlir-aie; None where aie-opt and aie-translate are not installed."""
    location = find(MLIR_AIE, folder)
    if location is None or not {"aie-opt", "aie-translate"} <= set(location.programs):
        return None
    return Checker(location.programs["aie-opt"], location.programs["aie-translate"])


class Checker:
    """Runs a module through aie-opt and aie-translate."""

    def __init__(self, aie_opt: Path, aie_translate: Path) -> None:
        self._opt = aie_opt
        self._translate = aie_translate

    def check(self, name: str, text: str) -> Checked:
        """Lower a module; its words must say what its text says.

        Raises:
            UsageError: a tool refuses it; the message is the tool's.
            VerifyError: the words differ from the text.
        """
        device = re.search(r"aie\.device\((npu[12])", text)
        if device is None:
            raise UsageError(f"{name}: no aie.device of an NPU")
        target = arch_of(device[1]).llvm_target
        with temporary_folder() as work:
            folder = Path(work)
            source = folder / "module.mlir"
            source.write_text(text)
            placed = self._lower(name, source, _RESOURCES.format(target=target))
            routed = self._lower(name, placed, _ROUTING)
            npu = self._lower(name, routed, _WORDS)
            words = self._run(name, [str(self._translate), *_SEQUENCE, str(npu)])
            numbers = tuple(int(word, 16) for word in words.split())
            cores = _cores(routed.read_text())
            for column, row in cores:
                pipeline = _CORE.format(target=target, column=column, row=row)
                lowered = self._lower(name, placed, pipeline)
                self._run(name, [str(self._translate), "--mlir-to-llvmir", str(lowered)])
        try:
            check_words(text, numbers)
        except VerifyError as error:
            raise VerifyError(f"{name}: {error}") from None
        return Checked(numbers, len(cores))

    def _lower(self, name: str, source: Path, pipeline: str) -> Path:
        target = source.with_suffix(f".{len(list(source.parent.iterdir()))}.mlir")
        command = [str(self._opt), str(source), f"--pass-pipeline={pipeline}", "-o", str(target)]
        self._run(name, command)
        return target

    def _run(self, name: str, command: Sequence[str]) -> str:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"{name}: {Path(command[0]).name}: no end in {_SECONDS:.0f} s"
            ) from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            why = lines[0] if lines else f"exit status {done.returncode}"
            raise UsageError(f"{name}: {Path(command[0]).name}: {why}")
        return done.stdout


def _cores(text: str) -> list[tuple[int, int]]:
    """Columns and rows of the tiles that have programs."""
    tiles = {
        value: (int(column), int(row))
        for value, column, row in re.findall(r"(%\w+) = aie\.tile\((\d+), (\d+)\)", text)
    }
    return sorted({tiles[value] for value in re.findall(r"aie\.core\((%\w+)\)", text)})
