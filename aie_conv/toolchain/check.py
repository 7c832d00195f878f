"""What mlir-aie's tools say of a module without a device compiler: instruction words and LLVM IR."""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from aie_conv.arch import arch_of
from aie_conv.errors import UsageError, VerifyError
from aie_conv.isolate import temporary_folder
from aie_conv.runtime.wordcheck import check_words
from aie_conv.toolchain.discover import MLIR_AIE, find
from aie_conv.toolchain.tool import keep_module, run_tool, workers

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


def open_checker(folder: str | None = None) -> "Checker":
    """The checker of this machine's mlir-aie.

    Raises:
        UsageError: aie-opt or aie-translate is not installed, or not in the folder that is named.
    """
    location = find(MLIR_AIE, folder)
    missing = [
        name for name in ("aie-opt", "aie-translate")
        if location is None or name not in location.programs
    ]  # fmt: skip
    if location is None or missing:
        raise UsageError(
            f"--amd-aie-check=tools: no {' and no '.join(missing)} found: {MLIR_AIE.install}"
            f" (or name the folder: {MLIR_AIE.flag}=DIR)"
        )
    programs = location.programs
    return Checker(programs["aie-opt"], programs["aie-translate"], f"mlir-aie ({location.source})")


def check_all(
    texts: Mapping[str, str], checker: "Checker", progress: Callable[[str], None] = lambda _: None
) -> list[Checked]:
    """Check modules by their names, in parallel; the results in their order.

    Raises:
        UsageError: a tool refuses one; the message is the tool's, with where the module is kept.
        VerifyError: a module's instruction words differ from its text.
    """
    with workers() as pool:
        jobs = [pool.submit(checker.check, name, text) for name, text in texts.items()]
        try:
            for number, _ in enumerate(as_completed(jobs)):
                progress(f"mlir-aie checks program {number + 1} of {len(jobs)}")
            return [job.result() for job in jobs]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class Checker:
    """Runs a module through aie-opt and aie-translate."""

    def __init__(self, aie_opt: Path, aie_translate: Path, version: str = "mlir-aie") -> None:
        self._opt = aie_opt
        self._translate = aie_translate
        self.version = version

    def check(self, name: str, text: str) -> Checked:
        """Lower a module; its words must say what its text says.

        Raises:
            UsageError: a tool refuses it; the message is the tool's.
            VerifyError: the words differ from the text.
        """
        device = re.search(r"aie\.device\((npu[12])", text)
        if device is None:
            raise UsageError(f"{name}: no aie.device of an NPU")
        with temporary_folder() as work:
            lowering = _Lowering(self._opt, self._translate, name, text, Path(work))
            checked = lowering.run(arch_of(device[1]).llvm_target)
        try:
            check_words(text, checked.words)
        except VerifyError as error:
            raise VerifyError(f"{name}: {error} ({keep_module(text)})") from None
        return checked


@dataclass(frozen=True)
class _Lowering:
    """One module on its way through the tools, in a folder of its own."""

    opt: Path
    translate: Path
    name: str
    text: str
    folder: Path

    def run(self, target: str) -> Checked:
        """Everything up to instruction words and each core's LLVM IR."""
        source = self.folder / "module.mlir"
        source.write_text(self.text)
        placed = self._lower(source, _RESOURCES.format(target=target))
        routed = self._lower(placed, _ROUTING)
        npu = self._lower(routed, _WORDS)
        words = self._run([str(self.translate), *_SEQUENCE, str(npu)])
        cores = _cores(routed.read_text())
        for column, row in cores:
            pipeline = _CORE.format(target=target, column=column, row=row)
            lowered = self._lower(placed, pipeline)
            self._run([str(self.translate), "--mlir-to-llvmir", str(lowered)])
        return Checked(tuple(int(word, 16) for word in words.split()), len(cores))

    def _lower(self, source: Path, pipeline: str) -> Path:
        target = self.folder / f"{len(list(self.folder.iterdir()))}.mlir"
        command = [str(self.opt), str(source), f"--pass-pipeline={pipeline}", "-o", str(target)]
        self._run(command)
        return target

    def _run(self, command: Sequence[str]) -> str:
        return run_tool(command, self.text, _SECONDS, self.folder, self.name)


def _cores(text: str) -> list[tuple[int, int]]:
    """Columns and rows of the tiles that have programs."""
    tiles = {
        value: (int(column), int(row))
        for value, column, row in re.findall(r"(%\w+) = aie\.tile\((\d+), (\d+)\)", text)
    }
    return sorted({tiles[value] for value in re.findall(r"aie\.core\((%\w+)\)", text)})
