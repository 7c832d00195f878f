"""Tools are found where users install them, called as their generation wants, and asked once."""

from pathlib import Path

import pytest

from aie_conv.errors import UsageError
from aie_conv.runtime.executable import join_programs
from aie_conv.toolchain.build import Toolchain, build_all, open_toolchain
from aie_conv.toolchain.discover import MLIR_AIE, PEANO, find
from aie_conv.toolchain.generations import GENERATIONS, Generation, generation_of
from tests.support.toolchain.wheels import calls, install, remove_tools

SEQUENCE = "    aie.runtime_sequence @sequence(%a: memref<{n}xi8>) {{\n    }}\n"
MODULE = "module {{\n  aie.device({device}) {{\n    %t = aie.tile(0, 2)\n" + SEQUENCE + "  }}\n}}\n"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    remove_tools(monkeypatch, tmp_path / "cache")


def opened() -> Toolchain:
    toolchain = open_toolchain("require")
    assert toolchain is not None
    return toolchain


def test_nothing_is_found_on_a_bare_machine() -> None:
    assert find(MLIR_AIE) is None
    assert open_toolchain() is None
    with pytest.raises(UsageError, match=r"mlir-aie and Peano not found: pip install .*-dir=DIR"):
        open_toolchain("require")


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda each: each.name)
def test_installed_wheels_are_found_and_called_in_their_words(
    generation: Generation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = install(tmp_path / "site", generation)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    toolchain = opened()
    assert toolchain.generation is generation
    assert toolchain.peano == tmp_path / "site" / "llvm-aie"
    texts = [MODULE.format(device="npu1", n=n) for n in (4, 8)]
    built = build_all(texts, toolchain)
    assert len(built.binaries) == 1
    assert set(built.programs) == set(texts)
    # One call for the configuration that both share, one for each program's words.
    assert len(calls(log)) == 3
    said: list[str] = []
    assert build_all(texts, toolchain, said.append) == built
    assert said[-1] == "NPU binaries: 1 of 1 configurations, 2 of 2 programs' words"
    assert len(calls(log)) == 3, "what was made is kept"


def test_an_elf_holds_the_programs_of_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = install(tmp_path / "site", GENERATIONS[0])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    toolchain = open_toolchain("require", binary_format="elf")
    assert toolchain is not None
    texts = [MODULE.format(device=d, n=n) for d, n in (("npu1", 4), ("npu2", 4), ("npu1", 8))]
    said: list[str] = []
    built = build_all(texts, toolchain, said.append, binary_format="elf")
    assert said[-1] == "NPU binaries: 2 of 2 configurations"
    assert (
        sorted(calls(log))
        == [["--peano", str(toolchain.peano), "--get-full-elf", "program.mlir"]] * 2
    )
    assert len(built.binaries) == 2
    kernels = [built.programs[text]["kernel"] for text in texts]
    assert kernels == [b"main:sequence_0", b"main:sequence_0", b"main:sequence_1"]
    assert build_all(texts, toolchain, binary_format="elf") == built
    assert len(calls(log)) == 2, "what was made is kept"


def test_joined_programs_keep_their_order_and_their_configuration() -> None:
    texts = [MODULE.format(device="npu1", n=n) for n in (4, 8)]
    joined, names = join_programs(texts)
    assert names == ("sequence_0", "sequence_1")
    assert joined.index("@sequence_0(%a: memref<4xi8>)") < joined.index("@sequence_1(%a: memref<8x")
    assert joined.count("aie.tile") == 1


def test_march_makes_no_elf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", GENERATIONS[1])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(UsageError, match=r"--amd-aie-binary-format=elf: mlir-aie of March 2026"):
        open_toolchain(binary_format="elf")


def test_a_changed_tool_makes_everything_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    log = install(site, GENERATIONS[0])
    monkeypatch.syspath_prepend(str(site))
    text = MODULE.format(device="npu2", n=4)
    build_all([text], opened())
    before = len(calls(log))
    with (site / "mlir_aie" / "bin" / "aiecc").open("a") as program:
        program.write("# another version\n")
    build_all([text], opened())
    assert len(calls(log)) == 2 * before


def test_a_refusal_is_the_tools_own_line_with_the_module_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", GENERATIONS[1], fail="no such operation")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    text = MODULE.format(device="npu1", n=4)
    with pytest.raises(UsageError, match="aiecc: .*error: no such operation") as refused:
        build_all([text], opened())
    kept = Path(str(refused.value).rpartition("kept as ")[2].rstrip(")"))
    assert kept.read_text() == text


def behave(site: Path, *lines: str) -> None:
    """Let the driver do this in place of its work; it still answers --help."""
    aiecc = site / "mlir_aie" / "bin" / "aiecc"
    aiecc.rename(aiecc.with_name("answers"))
    script = [
        "#!/bin/sh",
        'case "$1" in --help) exec "$(dirname "$0")/answers" --help;; esac',
        *lines,
    ]
    aiecc.write_text("\n".join(script) + "\n")
    aiecc.chmod(0o755)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("kill -SEGV $$",), "aiecc: ended by signal 11 "),
        (("printf 'error: \\377\\376 bytes\\n' >&2", "exit 3"), "aiecc: error: \ufffd\ufffd bytes "),
        (("exit 3",), "aiecc: exit status 3 "),
        (("exit 0",), "aiecc: it made no "),
        ((": > program.bin", ": > program.xclbin"), "aiecc: it made an empty "),
    ],
)  # fmt: skip
def test_a_driver_that_fails_in_another_way_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], said: str
) -> None:
    install(tmp_path / "site", GENERATIONS[1])
    behave(tmp_path / "site", *lines)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(UsageError) as refused:
        build_all([MODULE.format(device="npu1", n=4)], opened())
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
    assert not list((tmp_path / "cache").rglob("binaries/*"))


def test_a_cache_that_cannot_be_written_costs_neither_binaries_nor_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", GENERATIONS[1])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    text = MODULE.format(device="npu1", n=4)
    assert all(build_all([text], opened()).binaries.values())
    behave(tmp_path / "site", "echo 'error: no such operation' >&2", "exit 1")
    with pytest.raises(UsageError, match="no such operation .the module is not kept: "):
        build_all([text], opened())


def test_an_empty_file_in_the_cache_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", GENERATIONS[0])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    text = MODULE.format(device="npu1", n=4)
    wanted = build_all([text], opened())
    for path in (tmp_path / "cache").rglob("binaries/*"):
        path.write_bytes(b"")
    assert build_all([text], opened()) == wanted


def test_what_the_user_names_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("wheel", "variable", "flag"):
        install(tmp_path / name, GENERATIONS[0])
    monkeypatch.syspath_prepend(str(tmp_path / "wheel"))
    location = find(MLIR_AIE)
    assert location is not None
    assert location.source == "wheel mlir_aie 0.0.1.2026"
    monkeypatch.setenv("MLIR_AIE_INSTALL_DIR", str(tmp_path / "variable" / "mlir_aie"))
    location = find(MLIR_AIE)
    assert location is not None
    assert location.folder == tmp_path / "variable" / "mlir_aie"
    location = find(MLIR_AIE, tmp_path / "flag" / "mlir_aie")
    assert location is not None
    assert location.folder == tmp_path / "flag" / "mlir_aie"


def test_a_named_folder_without_the_tools_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--amd-aie-peano-dir=.*: no bin/clang there"):
        find(PEANO, tmp_path)


def test_a_tool_of_no_known_generation_is_refused(tmp_path: Path) -> None:
    tool = tmp_path / "aiecc"
    tool.write_text("#!/bin/sh\necho --something\n")
    tool.chmod(0o755)
    with pytest.raises(UsageError, match="of no generation that this project knows"):
        generation_of(tool)
    tool.chmod(0o644)
    with pytest.raises(UsageError, match="cannot be run with --help: Permission denied"):
        generation_of(tool)
