"""What a toolchain makes of a module: the configuration's binary and the program's instruction words.

Programs of one configuration differ in their runtime sequences alone, so that a binary is made once a
configuration and kept in the user's cache by a digest of its text and of the tools; words are quick, and made
for every program. What a tool refuses is kept beside the cache, and the message names it.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from aie_conv.errors import UsageError
from aie_conv.files import user_cache, write_whole
from aie_conv.isolate import temporary_folder
from aie_conv.runtime.executable import configuration_digest
from aie_conv.toolchain.discover import MLIR_AIE, PEANO, Location, find
from aie_conv.toolchain.generations import Generation, generation_of
from aie_conv.toolchain.tool import refusal, run_tool, workers

_SECONDS = 3600.0
_DEVICE = re.compile(r"aie\.device\((\w+)\)")


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
) -> Toolchain | None:
    """The toolchain of this machine; None where it is off, or a part of it is missing.

    Args:
        mode: "auto", "off", or "require" to refuse where a part is missing.
        mlir_aie, peano: folders that the user named.

    Raises:
        UsageError: a named folder without the tools, or a part is missing and required.
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
    version = f"{_stamp(tools)} {_stamp(compiler)}"
    return Toolchain(aiecc, compiler.folder, generation_of(aiecc), version)


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
        words: instruction words by the text of their module, as bytes.
    """

    binaries: Mapping[str, bytes]
    words: Mapping[str, bytes]


def build_all(
    texts: Sequence[str], toolchain: Toolchain, progress: Callable[[str], None] = lambda _: None
) -> Built:
    """The binaries of programs, in parallel: one a configuration, and instruction words for each.

    Args:
        texts: AIE modules.
        toolchain: what makes them.
        progress: told how many are made; a configuration takes minutes on a core, words a second.

    Raises:
        UsageError: a tool refuses a module; the message is the tool's, with where the module is kept.
    """
    firsts = {configuration_digest(text): text for text in reversed(texts)}
    with workers() as pool:
        jobs = {pool.submit(_binary, text, toolchain): digest for digest, text in firsts.items()}
        words = {text: pool.submit(_words, text, toolchain) for text in texts}
        try:
            for number, _ in enumerate(as_completed([*jobs, *words.values()])):
                binaries = sum(job.done() for job in jobs)
                progress(
                    f"NPU binaries: {binaries} of {len(jobs)} configurations,"
                    f" {number + 1 - binaries} of {len(words)} programs' words"
                )
            return Built(
                {digest: job.result() for job, digest in jobs.items()},
                {text: job.result() for text, job in words.items()},
            )
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _binary(text: str, toolchain: Toolchain) -> bytes:
    generation = toolchain.generation
    # The driver makes words too; those of this program alone would be right.
    arguments = (*generation.words, *generation.binary)
    return _kept(configuration_digest(text), text, toolchain, arguments, generation.binary_file)


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
    if path.is_file():
        return path.read_bytes()
    data = _run(text, toolchain, arguments, output)
    path.parent.mkdir(parents=True, exist_ok=True)
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
        if not file.is_file():
            raise refusal(text, toolchain.aiecc.name, f"it made no {file.name}")
        return file.read_bytes()
