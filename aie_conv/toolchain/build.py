"""What a toolchain makes of a module: the configuration's binary and the program's instruction words.

Programs of one configuration differ in their runtime sequences alone, so that a binary is made once a
configuration and kept in the user's cache by a digest of its text and of the tools; words are quick, and made
for every program. What a tool refuses is kept beside the cache, and the message names it.

An ELF holds a configuration and the words of all its programs: its module has a runtime sequence for each.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aie_conv.errors import UsageError
from aie_conv.files import user_cache, write_whole
from aie_conv.isolate import temporary_folder
from aie_conv.runtime.executable import configuration_digest, join_programs
from aie_conv.toolchain.discover import MLIR_AIE, PEANO, Location, find
from aie_conv.toolchain.generations import Generation, generation_of
from aie_conv.toolchain.tool import refusal, run_tool, workers

_SECONDS = 3600.0
_DEVICE = re.compile(r"aie\.device\((\w+)\)")
_ELF_DEVICE = "main"
"""What mlir-aie calls a device without a name; kernels of an ELF are "<device>:<sequence>"."""


@dataclass(frozen=True)
class Toolchain:
    """Tools that make NPU binaries.

    Attributes:
        aiecc: the compiler driver.
        peano: the folder of the AIE compiler.
        generation: how the driver is called.
        version: of both, for the cache.
    """

    aiecc: Path
    peano: Path
    generation: Generation
    version: str


def open_toolchain(
    mode: str = "auto",
    mlir_aie: str | os.PathLike[str] | None = None,
    peano: str | os.PathLike[str] | None = None,
    binary_format: str = "xclbin",
) -> Toolchain | None:
    """The toolchain of this machine; None where it is off, or a part of it is missing.

    Args:
        mode: "auto", "off", or "require" to refuse where a part is missing.
        mlir_aie, peano: folders that the user named.
        binary_format: "xclbin" or "elf", which it must be able to make.

    Raises:
        UsageError: a named folder without the tools, or a part is missing and required, or the tools are of a
            generation that does not make the format.
    """
    if mode == "off":
        return None
    locations = (find(MLIR_AIE, mlir_aie), find(PEANO, peano))
    missing = [
        kit for kit, location in zip((MLIR_AIE, PEANO), locations, strict=True)
        if location is None or kit.programs[0] not in location.programs
    ]  # fmt: skip
    if missing and mode == "require":
        names = " and ".join(kit.name for kit in missing)
        raise UsageError(
            f"--amd-aie-binaries=require: {names} not found: {missing[0].install}"
            f" (or name the folder: {missing[0].flag}=DIR)"
        )
    tools, compiler = locations
    if missing or tools is None or compiler is None or compiler.folder is None:
        return None
    aiecc = tools.programs["aiecc"]
    generation = generation_of(aiecc)
    if binary_format == "elf" and not generation.elf:
        raise UsageError(
            f"--amd-aie-binary-format=elf: mlir-aie of {generation.name} makes no ELF for any number of"
            f" buffers: {MLIR_AIE.install}, or use --amd-aie-binary-format=xclbin"
        )
    version = f"{_stamp(tools)} {_stamp(compiler)}"
    return Toolchain(aiecc, compiler.folder, generation, version)


def _stamp(location: Location) -> str:
    """What tells one installation of a kit from another: its wheel, or its program's size and time."""
    program = location.programs[location.kit.programs[0]]
    facts = program.stat()
    return f"{location.source} {program} {facts.st_size} {facts.st_mtime_ns}"


@dataclass(frozen=True)
class Built:
    """What a toolchain made.

    Attributes:
        binaries: the array's configurations as a device loads them, by their digest.
        programs: what a program's executable holds, by the text of its module: its instruction words, or its
            kernel's name in the ELF of its configuration.
    """

    binaries: Mapping[str, bytes]
    programs: Mapping[str, Mapping[str, bytes]]


def build_all(
    texts: Sequence[str],
    toolchain: Toolchain,
    progress: Callable[[str], None] = lambda _: None,
    binary_format: str = "xclbin",
) -> Built:
    """The binaries of programs, in parallel: one a configuration, and instruction words for each.

    Args:
        texts: AIE modules.
        toolchain: what makes them.
        progress: told how many are made; a configuration takes minutes on a core, words a second.
        binary_format: "xclbin" or "elf"; an ELF holds the words of its configuration's programs.

    Raises:
        UsageError: a tool refuses a module; the message is the tool's, with where the module is kept.
    """
    shared: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        shared.setdefault(configuration_digest(text), []).append(text)
    elf = binary_format == "elf"
    joined = {digest: join_programs(each) for digest, each in shared.items()} if elf else {}
    with workers() as pool:
        if elf:
            jobs = {pool.submit(_elf, text, toolchain): key for key, (text, _) in joined.items()}
        else:
            jobs = {pool.submit(_binary, each[0], toolchain): key for key, each in shared.items()}
        words = {} if elf else {text: pool.submit(_words, text, toolchain) for text in texts}
        try:
            for _ in as_completed([*jobs, *words.values()]):
                said = (
                    f"NPU binaries: {sum(job.done() for job in jobs)} of {len(jobs)} configurations"
                )
                if words:
                    count = sum(job.done() for job in words.values())
                    said += f", {count} of {len(words)} programs' words"
                progress(said)
            programs = {text: {"instructions": job.result()} for text, job in words.items()}
            for digest, (_, names) in joined.items():
                for text, name in zip(shared[digest], names, strict=True):
                    programs[text] = {"kernel": f"{_ELF_DEVICE}:{name}".encode()}
            return Built({digest: job.result() for job, digest in jobs.items()}, programs)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _binary(text: str, toolchain: Toolchain) -> bytes:
    generation = toolchain.generation
    # The driver makes words too; those of this program alone would be right.
    arguments = (*generation.words, *generation.binary)
    return _kept(configuration_digest(text), text, toolchain, arguments, generation.binary_file)


def _elf(text: str, toolchain: Toolchain) -> bytes:
    """The ELF of a module with the runtime sequences of all its configuration's programs."""
    generation = toolchain.generation
    digest = hashlib.sha256(text.encode()).hexdigest()
    return _kept(digest, text, toolchain, generation.elf, generation.elf_file)


def _words(text: str, toolchain: Toolchain) -> bytes:
    generation = toolchain.generation
    digest = hashlib.sha256(text.encode()).hexdigest()
    return _kept(digest, text, toolchain, generation.words, generation.words_file)


def _kept(
    digest: str, text: str, toolchain: Toolchain, arguments: Sequence[str], output: str
) -> bytes:
    """An output of the driver, from the cache where it was made before."""
    key = hashlib.sha256(f"{digest} {toolchain.version} {arguments}".encode()).hexdigest()
    path = user_cache() / "binaries" / key
    with suppress(OSError):
        known = path.read_bytes()
        if known:
            return known
    data = _run(text, toolchain, arguments, output)
    # What took minutes is used also where it cannot be kept.
    with suppress(UsageError):
        write_whole(path, data)
    return data


def _run(text: str, toolchain: Toolchain, arguments: Sequence[str], output: str) -> bytes:
    device = _DEVICE.search(text)
    names = {"peano": str(toolchain.peano), "device": device[1] if device else "device"}
    with temporary_folder() as name:
        work = Path(name)
        (work / "program.mlir").write_text(text)
        common = [argument.format(**names) for argument in toolchain.generation.common]
        command = [str(toolchain.aiecc), *common, *arguments, "program.mlir"]
        run_tool(command, text, _SECONDS, work)
        file = work / output.format(**names)
        data = file.read_bytes() if file.is_file() else b""
        if not data:
            said = "an empty" if file.is_file() else "no"
            raise refusal(text, toolchain.aiecc.name, f"it made {said} {file.name}")
        return data
