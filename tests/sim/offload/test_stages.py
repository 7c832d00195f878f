"""Each stage is a module that MLIR parses, and says what it claims."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import aie_conv
from aie_conv.bridge.offload import OffloadModule
from aie_conv.bridge.passes import run_passes
from aie_conv.errors import UsageError
from aie_conv.offload import PIPELINE, Offloaded, offload, stages
from aie_conv.runtime import load_offloaded
from aie_conv.runtime.bundle import digest
from aie_conv.runtime.embedded import MEMBER

EXAMPLE = Path(__file__).parents[3] / "examples" / "two_convs.mlir"
NAMES = ["two_convs_conv_0", "two_convs_conv_1"]


@pytest.fixture(scope="module")
def made() -> Offloaded:
    """The example with one convolution's work on the NPU."""
    return offload(EXAMPLE, route="im2col", f32="bf16x3")


def body(text: str, name: str = "two_convs") -> list[str]:
    """The lines of a function."""
    found = re.search(rf"func\.func (private )?@{name}\(", text)
    assert found is not None
    inside = text[found.start() :]
    return [line.strip() for line in inside.split("{\n", 1)[1].split("\n  }")[0].splitlines()]


def operations(lines: list[str]) -> list[str]:
    return [re.sub(r"^%[\w, %]+ = ", "", line).split()[0].removesuffix("()") for line in lines]


def test_the_stages_have_the_pipelines_names(made: Offloaded) -> None:
    assert [(s.name, s.sentence) for s in made.stages] == [(s.name, s.sentence) for s in PIPELINE]
    assert all(re.fullmatch("[a-z-]+", stage.name) for stage in made.stages)


@pytest.mark.parametrize("number", range(5))
def test_every_stage_parses_and_is_what_mlir_prints(made: Offloaded, number: int) -> None:
    stage = made.stages[number]
    for text in (stage.text, stage.full):
        assert run_passes(text.encode(), None, stage.name).strip() == text.strip()


def test_outlined_regions_are_self_contained(made: Offloaded) -> None:
    """Calls alone in the function; each region's module is its function, made public."""
    text = made.stages[0].full
    lines = body(text)
    assert operations(lines) == ["call", "call", "return"]
    assert list(made.sources) == NAMES
    for name, source in made.sources.items():
        alone = run_passes(source.encode(), None, name)
        assert body(alone, name) == body(text, name)
        assert f"func.func @{name}(" in source
        assert f"func.func private @{name}(" in text
        assert operations(body(text, name)).count("linalg.conv_2d_nchw_fchw") == 1
        assert "arith.addf" in source
        assert "arith.maximumf" in source
    # The constants lie where they are used.
    assert "dense<[-7.5" in made.sources[NAMES[0]]
    assert "tensor<32xf32>" not in made.sources[NAMES[0]]
    assert "dense<5.000000e-01> : tensor<32xf32>" in made.sources[NAMES[1]]


def members(vmfb: bytes) -> dict[str, bytes]:
    """What lies in an artifact, the report of its compilation left out."""
    with zipfile.ZipFile(io.BytesIO(vmfb)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != MEMBER}


def test_an_executable_is_what_its_region_compiles_to(made: Offloaded) -> None:
    """The declaration's digest is of the bytes that run, and these come of the region alone."""
    text = made.stages[1].full
    for name, source in made.sources.items():
        again = aie_conv.compile(source, route="im2col", f32="bf16x3")
        executable = made.bundle.executables[name]
        assert members(executable) == members(again.vmfb)
        declared = f'aie_conv.digest = "{digest(executable)}", aie_conv.executable = "{name}"'
        assert declared in text
        assert again.report["totals"]["npu"] == 1
    assert text.count('aie_conv.where = "im2col vector on npu1_4col"') == 2
    assert "linalg" not in text


def test_each_call_has_a_destination(made: Offloaded) -> None:
    text = made.stages[2].full
    lines = body(text)
    assert operations(lines) == ["tensor.empty", "call", "tensor.empty", "call", "return"]
    for empty, call in zip(lines[::2], lines[1::2], strict=False):
        value, kind = empty.split(" = ")[0], empty.split(" : ")[1]
        assert f", {value}) : " in call
        assert call.endswith(f"-> {kind}")
    access = re.findall(r'bufferization.access = "(\w+)"', text)
    assert access == ["read", "read", "write"] * 2


def test_the_intermediate_is_allocated_and_freed_inside(made: Offloaded) -> None:
    lines = body(made.stages[3].full)
    assert operations(lines) == [
        "memref.alloc", "call", "memref.alloc", "call", "memref.dealloc", "return",
    ]  # fmt: skip
    intermediate = lines[0].split(" = ")[0]
    assert f", {intermediate}) : " in lines[1]
    assert f"({intermediate}, " in lines[3]
    assert lines[4].startswith(f"memref.dealloc {intermediate} ")
    assert "tensor<" not in made.stages[3].full


def test_the_caller_provides_the_result(made: Offloaded) -> None:
    text = made.stages[4].full
    assert operations(body(text)) == ["memref.alloc", "call", "call", "memref.dealloc", "return"]
    assert "%arg3: memref<1x32x28x28xf32> {bufferize.result}) {" in text
    assert "%arg3) : " in body(text)[2]
    assert made.bundle.final == text
    # What two executables read is not copied for either.
    assert "memref.copy" not in text


def torch_answer(x: np.ndarray, w0: np.ndarray, w1: np.ndarray) -> np.ndarray:
    image, first, second = (torch.from_numpy(a).double() for a in (x, w0, w1))
    b0 = torch.arange(-3, 13).double() / 4
    y = torch.relu(functional.conv2d(image, first, b0))
    return torch.relu(functional.conv2d(y, second, torch.full((32,), 0.5).double())).numpy()


def whole_numbers() -> tuple[np.ndarray, ...]:
    """Operands whose sums are exact in f32 and in parts of bf16."""
    rng = np.random.default_rng(0)
    shapes = ((1, 3, 32, 32), (16, 3, 3, 3), (32, 16, 3, 3))
    return tuple(rng.integers(-3, 4, shape).astype(np.float32) for shape in shapes)


def test_the_example_equals_torch(made: Offloaded) -> None:
    operands = whole_numbers()
    wanted = torch_answer(*operands)
    y = np.full(wanted.shape, np.nan, np.float32)
    program = load_offloaded(made.bundle, "sim")
    program.two_convs(*operands, y)
    np.testing.assert_array_equal(y, wanted)
    assert [r["executable"] for r in program.records] == NAMES
    assert program.internal_bytes == 16 * 30 * 30 * 4
    plain = load_offloaded(offload(EXAMPLE.read_text(), route="cpu").bundle, "cpu")
    y[:] = np.nan
    plain.two_convs(*operands, y)
    np.testing.assert_array_equal(y, wanted)


def test_long_constants_are_left_out_of_the_short_text() -> None:
    numbers = str([[[[float(i)] * 3] * 3] * 8 for i in range(8)])
    text = f"""
func.func @f(%x: tensor<1x8x6x6xf32>) -> tensor<1x8x4x4xf32> {{
  %w = arith.constant dense<{numbers}> : tensor<8x8x3x3xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x8x4x4xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x8x6x6xf32>, tensor<8x8x3x3xf32>)
      outs(%i : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}}"""
    outlined = OffloadModule(text.encode(), "f").outline()
    # MLIR prints them as their bytes: 7.0 is 0x40E00000.
    assert outlined.text.full.count("0000E040" * 72) == 1
    assert "elided" in outlined.text.short
    assert len(outlined.text.short) < 1500
    run_passes(outlined.text.short.encode(), None, "short")


CONV = """
  %e = tensor.empty() : tensor<1x4x4x8xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  %y = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x6x6x8xf32>, tensor<3x3x8x8xf32>)
      outs(%i : tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>"""
HEAD = "func.func @f(%x: tensor<1x6x6x8xf32>, %w: tensor<3x3x8x8xf32>"
ZERO = "  %z = arith.constant 0.0 : f32"


def regions(text: str) -> dict[str, str]:
    return dict(OffloadModule(text.encode(), "f").outline().sources)


def test_what_is_no_convolution_gets_regions_of_its_own() -> None:
    """Around one convolution: what it reads, what follows it, and what is returned as it came."""
    found = regions(f"""{HEAD}) -> (tensor<1x4x4x8xf32>, tensor<1x6x6x8xf32>, tensor<8xf32>) {{
  {ZERO}
  %c = arith.constant dense<2.0> : tensor<8xf32>
  %xe = tensor.empty() : tensor<1x6x6x8xf32>
  %t = linalg.map {{ math.exp }} ins(%x : tensor<1x6x6x8xf32>) outs(%xe : tensor<1x6x6x8xf32>)
  {CONV.replace("%x,", "%t,")}
  %s = linalg.map {{ math.tanh }} ins(%y : tensor<1x4x4x8xf32>) outs(%e : tensor<1x4x4x8xf32>)
  return %s, %x, %c : tensor<1x4x4x8xf32>, tensor<1x6x6x8xf32>, tensor<8xf32>
}}""")
    assert list(found) == ["f_rest_0", "f_conv_0"]
    assert "dense<2.0" in found["f_rest_0"]
    assert "math.exp" in found["f_rest_0"]
    assert "linalg.conv_2d_nhwc_hwcf" in found["f_conv_0"]
    assert "math.tanh" in found["f_conv_0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }",
            "f: offload: no convolution in it: use aie-conv compile",
        ),
        (
            f"{HEAD.replace('1x6x6x8', '?x6x6x8')}) -> tensor<?x6x6x8xf32> {{\n"
            "  return %x : tensor<?x6x6x8xf32> }",
            r"f: offload: @f has a value of type tensor<\?x6x6x8xf32>: give every dimension a size",
        ),
        (
            f"{HEAD}, %z: f32) -> tensor<1x4x4x8xf32> {{{CONV}\n  return %y : tensor<1x4x4x8xf32> }}",
            "f: offload: @f has a value of type f32: only tensors go between regions",
        ),
        (
            f"util.global private @g : tensor<4xf32>\n{HEAD}) -> tensor<1x4x4x8xf32> {{\n{ZERO}{CONV}\n"
            "  return %y : tensor<1x4x4x8xf32> }",
            "f: offload: util.global @g at the top level: only func.func is taken",
        ),
        (
            "func.func private @g(tensor<4xf32>) -> tensor<4xf32>",
            "f: offload: @g has no body: one block of tensor operations is taken",
        ),
        (
            f"""{HEAD}, %b: tensor<i1>) -> tensor<1x4x4x8xf32> {{
  {ZERO}
  %p = tensor.extract %b[] : tensor<i1>
  %r = scf.if %p -> tensor<1x4x4x8xf32> {{{CONV}
    scf.yield %y : tensor<1x4x4x8xf32>
  }} else {{
    %n = tensor.empty() : tensor<1x4x4x8xf32>
    scf.yield %n : tensor<1x4x4x8xf32>
  }}
  return %r : tensor<1x4x4x8xf32> }}""",
            "f: offload: a convolution inside scf.if: unroll or inline it first",
        ),
        (
            f"func.func private @g(%x: tensor<4xf32>) {{ return }}\n{HEAD}) -> tensor<1x4x4x8xindex> {{\n"
            "  %n = tensor.empty() : tensor<1x4x4x8xindex>\n  return %n : tensor<1x4x4x8xindex> }",
            "f: offload: @f has a value of type tensor<1x4x4x8xindex>: use elements of i1, i8",
        ),
        (
            "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
            "  %y = call @f(%x) : (tensor<4xf32>) -> tensor<4xf32>\n  return %y : tensor<4xf32> }",
            "f: offload: a call of @f that cannot be inlined",
        ),
        ("func.func @f(", "f: error: .*:1:13: "),
    ],
)
def test_what_cannot_be_offloaded_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        OffloadModule(text.encode(), "f").outline()
    assert "\n" not in str(refused.value)


def test_what_nothing_reads_is_dropped() -> None:
    found = regions(f"""{HEAD}) -> tensor<1x4x4x8xf32> {{
  {ZERO}
  %xe = tensor.empty() : tensor<1x6x6x8xf32>
  %t = linalg.map {{ math.exp }} ins(%x : tensor<1x6x6x8xf32>) outs(%xe : tensor<1x6x6x8xf32>)
  {CONV}
  return %y : tensor<1x4x4x8xf32>
}}""")
    assert list(found) == ["f_conv_0"]
    assert "math.exp" not in found["f_conv_0"]


def test_a_buffer_is_freed_behind_its_last_reader() -> None:
    lines = "".join(
        f"""
  %y{i} = linalg.conv_2d_nhwc_hwcf ins(%{f"y{i - 1}" if i else "x"}, %w : tensor<1x6x6x8xf32>,
      tensor<1x1x8x8xf32>) outs(%i : tensor<1x6x6x8xf32>) -> tensor<1x6x6x8xf32>"""
        for i in range(3)
    )
    module = OffloadModule(
        f"""
func.func @f(%x: tensor<1x6x6x8xf32>, %w: tensor<1x1x8x8xf32>) -> tensor<1x6x6x8xf32> {{
  {ZERO}
  %e = tensor.empty() : tensor<1x6x6x8xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<1x6x6x8xf32>) -> tensor<1x6x6x8xf32>{lines}
  return %y2 : tensor<1x6x6x8xf32>
}}""".encode(),
        "f",
    )
    names = list(module.outline().sources)
    module.name_executables({name: {"executable": name} for name in names})
    module.pass_destinations()
    lines = body(module.bufferize().full, "f")
    assert operations(lines) == [
        "memref.alloc", "call", "memref.alloc", "call", "memref.dealloc",
        "memref.alloc", "call", "memref.dealloc", "return",
    ]  # fmt: skip
    assert operations(body(module.take_results().full, "f")) == [
        "memref.alloc", "call", "memref.alloc", "call", "memref.dealloc", "call", "memref.dealloc",
        "return",
    ]  # fmt: skip


def test_functions_are_inlined_first() -> None:
    """Two calls of one function are two regions, each with what the function does."""
    found = regions(f"""
{HEAD.replace("@f", "private @g")}) -> tensor<1x4x4x8xf32> {{
  {ZERO}
  {CONV}
  return %y : tensor<1x4x4x8xf32>
}}
{HEAD}) -> (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) {{
  %a = call @g(%x, %w) : (tensor<1x6x6x8xf32>, tensor<3x3x8x8xf32>) -> tensor<1x4x4x8xf32>
  %b = call @g(%x, %w) : (tensor<1x6x6x8xf32>, tensor<3x3x8x8xf32>) -> tensor<1x4x4x8xf32>
  return %a, %b : tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>
}}""")
    assert list(found) == ["f_conv_0", "f_conv_1"]


def test_files_of_one_compilation_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="offload: report=.*: is of one compilation"):
        offload(EXAMPLE, report=tmp_path / "report.json")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.mlir: No such file"):
        stages("nowhere.mlir")
