"""A toolchain without tools: what a device class needs of one, made in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from aie_conv.runtime.executable import configuration_digest
from aie_conv.toolchain import build
from aie_conv.toolchain.generations import GENERATIONS
from tests.support.runtime.fake_xrt import Npu
from tests.support.runtime.words import assemble, make_elf, make_xclbin

PLACE = Path("nowhere")


def _run(text: str, toolchain: build.Toolchain, arguments: tuple[str, ...], output: str) -> bytes:
    generation = toolchain.generation
    make = {generation.binary_file: make_xclbin, generation.elf_file: make_elf}.get(
        output, assemble
    )
    return make(text)


def install_tools(patch: pytest.MonkeyPatch, cache: Path) -> None:
    """Let compilations make binaries for the fake pyxrt; what they make is kept in ``cache``."""
    toolchain = build.Toolchain(PLACE, PLACE, GENERATIONS[0], "fake")

    def open_toolchain(mode: str, *folders: str | None) -> build.Toolchain | None:
        return None if mode == "off" else toolchain

    patch.setattr(build, "open_toolchain", open_toolchain)
    patch.setattr(build, "_run", _run)
    patch.setenv("XDG_CACHE_HOME", str(cache))


def install_npu(patch: pytest.MonkeyPatch, npu: Npu) -> Npu:
    """Put a machine's pyxrt where it is imported from."""
    patch.setitem(__import__("sys").modules, "pyxrt", npu.module())
    return npu


def blobs(text: str) -> Mapping[str, bytes]:
    """What a loaded executable of a module holds."""
    assert configuration_digest(text)
    return {"binary": make_xclbin(text), "instructions": assemble(text)}
