"""Fake wheels of mlir-aie and Peano: scripts that record their arguments and refuse unknown flags."""

import json
import stat
import sys
from pathlib import Path

import pytest

from aie_conv.toolchain.discover import MLIR_AIE, PEANO
from aie_conv.toolchain.generations import Generation

_AIECC = """#!{python}
import json, pathlib, sys
FLAGS, VALUED, FILES, LOG, FAIL, ROOT = json.loads({settings!r})
arguments = sys.argv[1:]
if arguments == ["--help"]:
    print("OPTIONS:")
    print("\\n".join(f"  {{flag}} - what it does" for flag in FLAGS + VALUED))
    sys.exit(0)
with open(LOG, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
given = {{}}
while arguments:
    word = arguments.pop(0)
    name, equals, value = word.partition("=")
    if name in VALUED:
        given[name] = value if equals else arguments.pop(0)
    elif word in FLAGS:
        given[word] = ""
    elif word.startswith("-"):
        sys.exit(f"aiecc: Unknown command line argument '{{word}}'")
    else:
        text = pathlib.Path(word).read_text()
if FAIL:
    print(f"program.mlir:3:1: error: {{FAIL}}", file=sys.stderr)
    sys.exit(1)
device = text.partition("aie.device(")[2].partition(")")[0]
for flag, file in FILES.items():
    if flag in given:
        name = given.get(file[1:], file) if file.startswith("?") else file
        content = f"{{flag}} of {{len(text)}}".encode()
        if ROOT:
            sys.path.insert(0, ROOT)
            from tests.support.runtime.words import assemble, make_elf, make_xclbin
            make = make_elf if "elf" in flag else make_xclbin if "xclbin" in flag else assemble
            content = make(text)
        pathlib.Path(name.replace("DEVICE", device)).write_bytes(content)
"""


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def _settings(generation: Generation, log: Path, fail: str, root: str) -> str:
    if generation.marker == "--get-npu-insts":
        flags, valued = (
            ["--get-npu-insts", "--get-xclbin", "--get-pdi", "--get-full-elf"],
            ["--peano"],
        )
        files = {
            "--get-npu-insts": "insts_DEVICE_sequence.bin",
            "--get-xclbin": "aie.xclbin",
            "--get-full-elf": "aie.elf",
        }
    else:
        flags = ["--no-xchesscc", "--no-xbridge", "--no-compile-host", "--aie-generate-xclbin",
                 "--aie-generate-npu-insts"]  # fmt: skip
        valued = ["--peano", "--xclbin-name", "--npu-insts-name"]
        files = {
            "--aie-generate-npu-insts": "?--npu-insts-name",
            "--aie-generate-xclbin": "?--xclbin-name",
        }
    return json.dumps([flags, valued, files, str(log), fail, root])


def install(site: Path, generation: Generation, fail: str = "", *, works: bool = False) -> Path:
    """Install both wheels into a folder that stands for site-packages.

    Args:
        site: the folder, to be put on sys.path.
        generation: whose flags the fake aiecc takes.
        fail: the error with which it refuses every module; "" for none.
        works: whether what it makes runs on the fake driver (:mod:`tests.support.runtime.fake_xrt`).

    Returns:
        The file to which each call's arguments are added, a JSON list a line.
    """
    log = site / "calls.jsonl"
    root = str(Path(__file__).parents[3]) if works else ""
    aiecc = _AIECC.format(settings=_settings(generation, log, fail, root), python=sys.executable)
    _script(site / "mlir_aie" / "bin" / "aiecc", aiecc)
    _script(site / "llvm-aie" / "bin" / "clang", "#!/bin/sh\nexit 0\n")
    for name, version in (("mlir_aie", "0.0.1.2026"), ("llvm-aie", "21.0.0.2026")):
        facts = site / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
        facts.parent.mkdir(parents=True, exist_ok=True)
        facts.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return log


def calls(log: Path) -> list[list[str]]:
    """The arguments of every call so far."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def remove_tools(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """A machine without tools, and a cache of its own."""
    for kit in (MLIR_AIE, PEANO):
        monkeypatch.delenv(kit.variable, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
