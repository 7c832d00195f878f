"""A compilation with tools installed: one binary a configuration in the artifact, and what fails is one line."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

import aie_conv
from aie_conv.cli.main import main
from aie_conv.errors import UsageError
from aie_conv.runtime.embedded import read_binaries
from aie_conv.runtime.executable import MAGIC, Executable, unpack
from aie_conv.toolchain.generations import GENERATIONS, Generation
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.regions import graphs
from tests.support.runtime.fake_tools import install_npu
from tests.support.runtime.fake_xrt import Npu
from tests.support.toolchain.wheels import calls, install, remove_tools

TWO = modules.plain(Conv(c=8, oc=16))


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    remove_tools(monkeypatch, tmp_path / "cache")


def flags(site: Path) -> dict[str, Path]:
    return {"mlir_aie_dir": site / "mlir_aie", "peano_dir": site / "llvm-aie"}


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda each: each.name)
def test_an_artifact_holds_one_binary_a_configuration(
    generation: Generation, tmp_path: Path
) -> None:
    log = install(tmp_path, generation)
    artifact = aie_conv.compile(TWO, route="im2col", **flags(tmp_path))
    binaries = read_binaries(artifact.vmfb)
    assert artifact.report["toolchain"]["binaries"] == len(binaries) == 1
    assert len(calls(log)) == len(binaries) + len(artifact.modules)
    executable = packed(artifact.vmfb)
    assert executable.blobs.keys() == {"instructions"}
    assert executable.configuration in binaries
    again = aie_conv.compile(TWO, route="im2col", **flags(tmp_path))
    assert again.vmfb == artifact.vmfb
    assert len(calls(log)) == len(binaries) + len(artifact.modules), "what was made is kept"


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda each: each.name)
def test_what_the_tools_make_runs(
    generation: Generation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From installed wheels over the driver's command line and the artifact to the device's result."""
    install(tmp_path, generation, works=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    conv = Conv(c=16, oc=16, dtype="i8")
    artifact = aie_conv.compile(modules.plain(conv), route="im2col", binaries="require")
    npu = install_npu(monkeypatch, Npu())
    image, _, filters, _ = conv.shapes()
    x, f = (np.ones(shape, np.int8) for shape in (image, filters))
    result = aie_conv.load(artifact, device="xrt").main(x, f)
    assert np.all(result == 9 * 16)
    assert npu.counts["runs"] == 1


def test_an_elf_of_several_programs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of one configuration: one ELF, a kernel for each in it, buffers alone as their arguments."""
    install(tmp_path, GENERATIONS[0], works=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    network = graphs.random_network(1, steps=4)
    artifact = aie_conv.compile(
        graphs.module_text(network), route="direct", direct="parametric", regions="single",
        binaries="require", binary_format="elf",
    )  # fmt: skip
    (binary,) = read_binaries(artifact.vmfb).values()
    assert binary.startswith(b"\x7fELF")
    assert packed(artifact.vmfb).blobs.keys() == {"kernel"}
    assert len(set(artifact.modules.values())) > 1
    npu = install_npu(monkeypatch, Npu())
    image = np.random.default_rng(0).integers(-128, 128, (1, *network.size), np.int8)
    results = aie_conv.load(artifact, device="xrt")["main"].invoke([image])
    for result, wanted in zip(results, graphs.reference(network, image), strict=True):
        np.testing.assert_array_equal(np.asarray(result), wanted)
    assert npu.counts["runs"] == artifact.report["totals"]["npu"] > 1
    assert npu.counts["contexts"] == 1
    assert npu.counts["xclbins"] == 0


def packed(vmfb: bytes) -> Executable:
    """The executable in an artifact."""
    at = vmfb.index(MAGIC)
    header, payload = (
        int.from_bytes(vmfb[at + 12 : at + 16], "little"),
        int.from_bytes(vmfb[at + 16 : at + 24], "little"),
    )
    return unpack(vmfb[at : at + 24 + header + payload + 32], "d")


def test_off_asks_no_tool_and_require_wants_them(tmp_path: Path) -> None:
    log = install(tmp_path, GENERATIONS[0])
    artifact = aie_conv.compile(TWO, route="im2col", binaries="off", **flags(tmp_path))
    assert read_binaries(artifact.vmfb) == {}
    assert calls(log) == []
    with pytest.raises(UsageError, match=r"^--amd-aie-binaries=require: .* not found: pip install"):
        aie_conv.compile(TWO, route="im2col", binaries="require")
    with pytest.raises(UsageError, match="^--amd-aie-binaries=require: "):
        aie_conv.compile("module {\n  none\n}", binaries="require")
    with pytest.raises(UsageError, match=r"^--amd-aie-peano-dir=.*no bin/clang there"):
        aie_conv.compile("module {\n  none\n}", peano_dir=tmp_path / "nowhere")
    with pytest.raises(UsageError, match="--amd-aie-binaries=on: unknown"):
        aie_conv.compile(TWO, binaries="on")


def test_a_refusal_is_one_line_of_the_command_with_the_module_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, GENERATIONS[0], fail="'aie.core' op is too large")
    source = tmp_path / "m.mlir"
    source.write_text(TWO)
    arguments = [
        "compile", str(source), "-o", str(tmp_path / "m.vmfb"), "--amd-aie-route=im2col",
        f"--amd-aie-mlir-aie-dir={tmp_path / 'mlir_aie'}",
        "--amd-aie-peano-dir", str(tmp_path / "llvm-aie"),
    ]  # fmt: skip
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "aiecc: program.mlir:3:1: error: 'aie.core' op is too large" in said[-1]
    kept = Path(said[-1].rpartition("kept as ")[2].rstrip(")"))
    assert "aie.device(npu1)" in kept.read_text()
    assert not (tmp_path / "m.vmfb").exists()


def test_checking_wants_the_tools_and_shows_what_they_say(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--amd-aie-check=tools: no aie-opt and no aie-translate"):
        aie_conv.compile(TWO, route="im2col", check="tools")
    install(tmp_path, GENERATIONS[1])
    for name in ("aie-opt", "aie-translate"):
        tool = tmp_path / "mlir_aie" / "bin" / name
        tool.write_text("#!/bin/sh\necho 'module.mlir:7:5: error: no such thing' >&2\nexit 1\n")
        tool.chmod(0o755)
    with pytest.raises(UsageError, match=r": aie-opt: module.mlir:7:5: error: no .*kept as ") as no:
        aie_conv.compile(TWO, route="im2col", check="tools", **flags(tmp_path))
    assert Path(str(no.value).rpartition("kept as ")[2].rstrip(")")).is_file()


def test_binaries_need_the_archive(tmp_path: Path) -> None:
    install(tmp_path, GENERATIONS[0])
    plain = ("--iree-vm-emit-polyglot-zip=false",)
    with pytest.raises(UsageError, match="leave out --iree-vm-emit-polyglot-zip=false"):
        aie_conv.compile(TWO, route="im2col", flags=plain, **flags(tmp_path))
    artifact = aie_conv.compile(TWO, route="im2col", flags=plain)
    assert not zipfile.is_zipfile(io.BytesIO(artifact.vmfb))
