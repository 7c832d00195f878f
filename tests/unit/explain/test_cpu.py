"""What is said of the CPU's route, against IREE's own executables."""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

import pytest

import aie_conv
from aie_conv.bridge.cpu import stages as cpu_stages
from aie_conv.errors import UsageError
from aie_conv.options import Options
from aie_conv.pipeline import choose, import_module, recognise, rewrite, run, start
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.support.explain.runs import (
    CHANNELS_LAST,
    PLAIN,
    ZEN4,
    StageReport,
    explained,
    figure,
    rows,
)

NOTE = modules.named("conv_2d_nchw_fchw", [1, 32, 12, 12], [64, 32, 3, 3], [1, 64, 10, 10], "f32")
"""The example of IREE's note on how it lowers a convolution for the CPU."""


@pytest.fixture(scope="module")
def note() -> dict[str, StageReport]:
    return explained(NOTE, (*PLAIN, *ZEN4))


def trips(text: str) -> int:
    """The product of all loops of an outline."""
    grid = re.search(r"^([\dx]+) workgroups", text, re.MULTILINE)
    counts = [int(n) for n in (grid[1].split("x") if grid else [])]
    return prod([*counts, *(int(n) for n in re.findall(r"loop of (\d+) ", text))])


def test_the_note_has_its_five_stages(note: dict[str, StageReport]) -> None:
    assert list(note)[4:] == [
        "cpu-form", "cpu-tiles", "cpu-workgroups", "cpu-parallel", "cpu-reduction",
        "cpu-decomposed", "cpu-vector", "cpu-final",
    ]  # fmt: skip


def test_the_notes_figures(note: dict[str, StageReport]) -> None:
    tiles = dict(row for row in rows(note["cpu-tiles"].text, "tile sizes"))
    assert tiles == {
        "distribution": "[0, 8, 5, 10, 0, 0, 0]",
        "vector_common_parallel": "[1, 8, 1, 5, 0, 0, 0]",
        "vector_reduction": "[0, 0, 0, 0, 8, 1, 1]",
    }
    assert "8x2 = 16 workgroups" in note["cpu-tiles"].text
    vector = note["cpu-vector"].text
    assert (
        "vector.contract vector<1x8x5xf32>, vector<8x8xf32> -> vector<1x8x5xf32>: 320 MACs"
        in vector
    )


@pytest.mark.parametrize(
    "name", ["cpu-workgroups", "cpu-parallel", "cpu-reduction", "cpu-decomposed", "cpu-vector",
             "cpu-final"],
)  # fmt: skip
def test_every_step_does_all_products(note: dict[str, StageReport], name: str) -> None:
    text = note[name].text
    whole = 64 * 10 * 10 * 32 * 3 * 3
    inner = figure(text, ": ", " MACs")
    assert trips(text) * inner == figure(text, "the innermost = ", " MACs") == whole


def intermediates(text: str, flags: tuple[str, ...], folder: Path) -> str:
    """The LLVM IR that IREE makes of a module's dispatches when it is compiled to the end."""
    folder.mkdir()
    dump = f"--iree-hal-dump-executable-intermediates-to={folder}"
    aie_conv.compile(text, route="cpu", flags=[*flags, dump])
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.codegen.ll")))


IREE_FLAGS = (*PLAIN[1:], *ZEN4)


def test_the_final_vectors_are_those_of_the_compiled_code(
    note: dict[str, StageReport], tmp_path: Path
) -> None:
    code = intermediates(NOTE, IREE_FLAGS, tmp_path / "dump")
    count = len(re.findall(r"call <5 x float> @llvm\.fmuladd\.v5f32|@llvm\.fma\.v5f32\(<5 x", code))
    assert f"{count} x vector.fma of vector<5xf32>" in note["cpu-final"].text
    assert count == 64
    assert not re.findall(r"= fmul \w* ?float", code)


AVX2 = "--iree-llvmcpu-target-cpu=skylake"


@pytest.mark.parametrize("flag", [CHANNELS_LAST, AVX2])
def test_what_is_not_vectorised_is_called_so(flag: str, tmp_path: Path) -> None:
    target = () if flag == AVX2 else (ZEN4[0],)
    flags = (*PLAIN[1:], *target, ZEN4[1], flag)
    stages = explained(NOTE, (PLAIN[0], *flags))
    assert stages["cpu-final"].sentence.startswith("Not vectorised: linalg.generic")
    assert "cpu-vector" not in stages
    code = intermediates(NOTE, flags, tmp_path / "dump")
    assert re.findall(r"= fmul \w* ?float", code)
    assert not re.findall(r"@llvm\.fm\w+\.v\d+f32|fmul (?:\w+ )*<\d+ x float>", code)
    assert ("does not divide" in stages["cpu-final"].sentence) == (flag == AVX2)


def test_the_grid_is_that_of_the_executable(note: dict[str, StageReport]) -> None:
    """IREE's own count of workgroups, where its code is ready; it counts them in one dimension."""
    state = start(NOTE.encode(), Options(route="cpu", iree_flags=IREE_FLAGS))
    module = run(state, [import_module, recognise, choose, rewrite]).module
    ready = str(module.compilation.to_phase(module.operation, "executable-targets", "note"))
    count = re.search(r"hal\.return %c(\d+)\w*, %c(\d+)\w*, %c(\d+)", ready)
    assert count is not None
    grid = re.search(r"grid +([\dx]+) = (\d+) workgroups", note["cpu-tiles"].text)
    assert grid is not None
    assert prod(map(int, count.groups())) == int(grid[2]) == prod(map(int, grid[1].split("x")))


def test_the_default_form_multiplies_in_a_micro_kernel() -> None:
    stages = explained(NOTE, ("--amd-aie-route=cpu", *ZEN4))
    assert "iree_uk_mmt4d" in stages["cpu-final"].sentence
    text = stages["cpu-kernel"].text
    assert trips(text) * figure(text, ": ", " MACs") == figure(text, "innermost = ", " MACs")
    # 100 pixels fill 7 blocks of 16.
    assert figure(text, "innermost = ", " MACs") == 64 * 7 * 16 * 288
    assert "im2col" in stages["cpu-form"].text


def test_a_dispatch_without_products_is_shown_as_it_is() -> None:
    stages = explained(NOTE, ("--amd-aie-route=cpu", *ZEN4), "dispatch_0_generic_32x3x3x10x10_f32")
    assert list(stages)[:2] == ["imported", "dispatches"]
    assert "problem" not in stages
    assert "no products" in stages["cpu-parallel"].text
    assert stages["cpu-final"].sentence == "The last form before LLVM; it has no products."


def test_a_convolution_on_the_cpu_beside_the_npu_is_explained() -> None:
    two = modules.plain(Conv(c=16, oc=16)).replace("@main", "@first")
    other = modules.plain(Conv(c=8, oc=8, dtype="f32")).replace("@main", "@second")
    stages = explained(f"{two}\n{other}", ("--amd-aie-route=im2col", *ZEN4), None)
    assert "plan" in stages
    name = next(
        row[0] for row in rows(stages["dispatches"].text, "MACs  route") if row[-1] == "cpu"
    )
    cpu = explained(f"{two}\n{other}", ("--amd-aie-route=im2col", *ZEN4), name)
    assert "cpu-form" not in cpu
    assert figure(cpu["cpu-tiles"].text, " = ", " MACs") == 4 * 5 * 8 * 8 * 9
    assert "f32" in cpu["candidates"].text


def test_lines_fit_a_terminal(note: dict[str, StageReport]) -> None:
    default = explained(NOTE, ("--amd-aie-route=cpu", *ZEN4))
    for stage in (*note.values(), *default.values()):
        long = [line for line in stage.text.splitlines() if len(line) > 100]
        assert not long, f"{stage.name}: {long[0]}"


def test_dynamic_shapes_are_shown_as_unknown() -> None:
    text = modules.matmul("matmul", [5, 12], [12, 9], [5, 9], "f32").replace("5x", "?x")
    text = text.replace("tensor.empty()", "tensor.empty(%n)").replace(
        "%zero =",
        "%c0 = arith.constant 0 : index\n"
        "    %n = tensor.dim %a, %c0 : tensor<?x12xf32>\n    %zero =",
    )
    stages = explained(text, ZEN4)
    assert "dynamic shape" in stages["problem"].text
    assert "linalg.matmul over loops of ?x9x12\n" in stages["cpu-tiles"].text
    assert "MACs" not in stages["cpu-workgroups"].text
    assert stages["cpu-reduction"].sentence.endswith("so that no loop is added.")


def test_an_unknown_version_of_iree_uses_the_newest_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_stages, "iree_version", lambda: "99.1.0")
    assert cpu_stages.steps_table() == cpu_stages.STEPS["3.13"]


def test_every_name_of_the_table_is_a_pass_of_iree() -> None:
    from aie_conv.bridge.passes import run_passes

    for name, _ in cpu_stages.steps_table().values():
        with pytest.raises(UsageError) as caught:
            run_passes(b"module {}", f"builtin.module({name}{{no-such-option=1}})", "x")
        assert "does not refer to a registered pass" not in str(caught.value), name
