"""`aie-conv driver` and `aie-conv generate` as a user types them."""

from __future__ import annotations

import csv
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

import aie_conv
from aie_conv.cli.main import main
from aie_conv.frontends.miopen.command import OPTIONS, parse, read_commands
from aie_conv.frontends.miopen.execute import Settings, cache_key
from aie_conv.frontends.miopen.jobs import Failure, run_all
from aie_conv.frontends.miopen.signature import ConvSignature
from tests.support.miopen.handlers import double

COMMANDS = Path(__file__).parents[2] / "support" / "miopen" / "commands.txt"
NHWC = ["-I", "NHWC", "-f", "NHWC", "-O", "NHWC"]
SMALL = ["convbfp16", "-n", "2", "-c", "16", "-k", "16", "-H", "6", "-W", "6", *NHWC]
Capture = pytest.CaptureFixture[str]


def lines_of(capsys: Capture) -> list[str]:
    return capsys.readouterr().out.splitlines()


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text().splitlines()))


# -- driver ---------------------------------------------------------------------------------------
def test_a_command_is_run_timed_and_verified(capsys: Capture) -> None:
    assert main(["driver", *SMALL, "-t", "1", "-V", "1", "--route=im2col"]) == 0
    echo, route, tensor, times, numerics = lines_of(capsys)
    assert echo == " ".join([*SMALL, "-t", "1", "-V", "1"])
    assert route.startswith(">>> route im2col: im2col: ")
    assert re.fullmatch(
        r">>> tensor\(\[.*, \.\.\., .*\], device='sim', size=\(2, 4, 4, 16\), dtype=torch.bfloat16\)",
        tensor,
    )
    figures = (
        r">>> min=([\d.]+)us max=\1us mean=\1us stddev=0.00us \(simulated npu1_4col at .* GHz\)"
    )
    found = re.fullmatch(figures, times)
    assert found is not None
    assert float(found[1]) > 0
    assert numerics.endswith("of the tolerance (torch f64): ok")


def test_backends_are_compared_and_tabled(tmp_path: Path, capsys: Capture) -> None:
    table = tmp_path / "t.csv"
    given = ["--device=cpu", "--backend=amd-aie,iree-cpu", "--backend", "torch", f"--csv={table}"]
    assert main(["driver", *given, "conv", "-n", "1", "-F", "6", "-t1", "--iter", "3", "-V1"]) == 0
    out = lines_of(capsys)
    assert [line for line in out if " on " in line] == [
        f">>> {mode} on {b}" for mode in ("bwd", "wrw") for b in ("amd-aie", "iree-cpu", "torch")
    ]
    assert sum("(host)" in line for line in out) == 6
    rows = rows_of(table)
    assert [(r["mode"], r["backend"]) for r in rows[:3]] == [
        ("bwd", "amd-aie"), ("bwd", "iree-cpu"), ("bwd", "torch"),
    ]  # fmt: skip
    for row in rows:
        assert row["status"] == "ok"
        assert float(row["min_us"]) <= float(row["mean_us"]) <= float(row["max_us"])
        assert float(row["max_abs"]) < 1e-2


def test_a_splat_has_a_known_result(capsys: Capture) -> None:
    given = ["--device=cpu", "--no-verbose", "--splat-input-value=2"]
    assert main(["driver", *given, "convint8", "-n", "1", "-H", "3", "-W", "3", "-k", "1"]) == 0
    (_, tensor) = lines_of(capsys)
    assert tensor == ">>> tensor([108], device='cpu', size=(1, 1, 1, 1), dtype=torch.int32)"


def test_f16_says_how_it_is_computed(capsys: Capture) -> None:
    assert main(["driver", "--device=cpu", "convfp16", "-n", "1", "-H", "4", "-W", "4"]) == 0
    assert ">>> f16: computed in f32, the result rounded once to f16" in lines_of(capsys)


def test_a_large_problem_is_not_simulated_unasked(capsys: Capture) -> None:
    large = ["convbfp16", "-n", "8", "-c", "128", "-k", "256", "-H", "58", "-W", "58", *NHWC]
    given = ["--route=im2col", "--sim-batch-limit", "1"]
    assert main(["driver", "--route=im2col", *large]) == 2
    assert (
        "use --sim-batch-limit N for N images, --device=cpu, or --force" in capsys.readouterr().err
    )
    assert main(["driver", "--route=im2col", "--compile-only", *large]) == 0
    capsys.readouterr()
    assert main(["driver", *given, *large]) == 0
    out = lines_of(capsys)
    assert ">>> the first 1 of 8 images (--sim-batch-limit)" in out
    assert "size=(1, 56, 56, 256)" in out[-1]


MISTAKES = [
    (["gemm", "-m", "3"], "'gemm': not a convolution"),
    (["conv", "-z", "3"], "-z: unknown option"),
    (["conv", "--colour=red"], "--colour=red: unknown option"),
    (["--device=gpu", "conv"], "--device=gpu: unknown: use one of sim, cpu, xrt"),
    (["--backend=tvm", "conv"], "--backend=tvm: unknown: use one of amd-aie, iree-cpu, torch"),
    (["--route=fast", "conv"], "=fast: unknown: use one of auto, cpu"),
    (["--amd-aie-device=npu9", "conv"], "device 'npu9': unknown"),
    (["--seed=x", "conv"], "--seed=x: give a whole number of at least 0"),
    (["--jobs=0", "conv"], "--jobs=0: give a whole number of at least 1"),
    (["--rtol=big", "conv"], "--rtol=big: no number"),
    (["--force=1", "conv"], "--force: takes no value"),
    (["conv", "--csv"], "--csv: needs a value"),
    (["--csv=/nowhere/t.csv", "conv"], "cannot be written"),
    (["--cache-dir=/dev/null/x", "conv", "-n", "1"], "cannot be made"),
    (["--commands-file=/nowhere"], "/nowhere: cannot be read"),
    (["--commands-file", str(COMMANDS), "-n", "1"], "only --time, --iter and --verify"),
    (["--numerics-reference-dtype=i4", "conv"], "use one of f64, f32"),
    (["--force"], "no command"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_driver_says_what_is_wrong(arguments: list[str], message: str, capsys: Capture) -> None:
    assert main(["driver", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("aie-conv driver: ")
    assert message in err
    assert err.count("\n") == 1


def test_a_failing_command_stops_no_other(tmp_path: Path, capsys: Capture) -> None:
    file, table = tmp_path / "c.txt", tmp_path / "c.csv"
    file.write_text(
        "# a comment\n\nconv -n 1 -H 5 -W 5\ngemm -m 2\n\nconv -n 1 -H 1\nconvint8 -n 1 -H 4 -W 4\n"
    )
    given = ["--commands-file", str(file), "--jobs=2", "--device=cpu", f"--csv={table}", "-t", "1"]
    assert main(["driver", *given]) == 1
    out, err = capsys.readouterr()
    assert out.count(">>> tensor(") == 2
    assert out.count(">>> min=") == 2
    assert out.index("conv -n 1 -H 5") < out.index("gemm") < out.index("convint8")
    assert "4 commands: 2 ok, 2 failed (2 on cpu); " in out
    assert "compiling " in out.splitlines()[-1]
    assert "line 4: gemm -m 2: 'gemm': not a convolution" in err
    assert "4 of 4 commands, 2 failed" in err
    statuses = [row["status"] for row in rows_of(table)]
    assert statuses == ["ok", "failed", "failed", "ok"]


def test_workers_survive_what_kills_one() -> None:
    told: list[int] = []
    found = run_all(
        double, list(range(10)), jobs=2, timeout=5, done=lambda index, _result: told.append(index)
    )
    assert sorted(told) == list(range(10))
    good = [0, 1, 2, 4, 6, 8]
    assert [found[n] for n in good] == [2 * n for n in good]
    assert found[3] == Failure("three: too few: give four")
    assert found[5] == Failure("internal error: KeyError: 'five'")
    assert found[7] == Failure("its process ended with signal SIGKILL")
    assert found[9] == Failure("stopped after 5 s (--timeout)")


# -- the cache ------------------------------------------------------------------------------------
def test_an_artifact_is_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("AIE_CONV_CACHE_DIR", str(tmp_path / "cache"))
    given = ["driver", "--device=cpu", "conv", "-n", "1", "-H", "4", "-W", "4"]
    assert main(given) == 0
    first = lines_of(capsys)
    assert main(given) == 0
    second = lines_of(capsys)
    assert "compiled in" in first[1]
    assert second[1].endswith("; from the cache")
    assert first[2] == second[2]
    assert len(list((tmp_path / "cache").glob("*.vmfb"))) == 1


def test_the_cache_key_covers_what_an_artifact_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def signature(line: str) -> ConvSignature:
        return parse(line).signatures[0]

    base, settings = signature("conv -n 2"), Settings()
    signatures = [base, *(signature(f"conv -n 2 {extra}") for extra in (
        "-I NHWC", "-f NHWC", "-O NHWC", "-F 2", "-F 4", "-b 1", "-u 2", "-p 1", "-l 2", "-n 2 -c 4", "-m trans",
    )), signature("convbfp16 -n 2"), signature("conv -n 2 -k 33 -g 3")]  # fmt: skip
    keys = {cache_key(s, "amd-aie", settings) for s in signatures}
    for other in (
        replace(settings, route="im2col"), replace(settings, route="cpu"), replace(settings, npu="npu4"),
        replace(settings, f32="bf16"), replace(settings, direct="scalar"), replace(settings, device="xrt"),
    ):  # fmt: skip
        keys.add(cache_key(base, "amd-aie", other))
    keys.add(cache_key(base, "iree-cpu", settings))
    monkeypatch.setattr(aie_conv, "__version__", "9.9.9")
    keys.add(cache_key(base, "amd-aie", settings))
    assert len(keys) == len(signatures) + 6 + 2
    assert cache_key(base, "amd-aie", replace(settings, seed=5)) in keys


# -- generate -------------------------------------------------------------------------------------
def test_generate_prints_or_writes_one(tmp_path: Path, capsys: Capture) -> None:
    line = " ".join(SMALL)
    assert main(["generate", "-c", line]) == 0
    text = capsys.readouterr().out
    (s,) = parse(line).signatures
    assert text == aie_conv.generate_mlir(s)
    assert main(["generate", "-c", line, "-o", str(tmp_path / "one.mlir")]) == 0
    assert (tmp_path / "one.mlir").read_text() == text
    assert main(["generate", f"--command={line}", "-o", str(tmp_path)]) == 0
    assert (tmp_path / f"{s.name}.mlir").read_text() == text
    path = tmp_path / "library.mlir"
    assert aie_conv.generate_mlir(s, path, "builtin.module(canonicalize)", print_ir=True) != text
    assert "linalg.generic" in path.read_text()


@pytest.mark.parametrize(
    ("level", "word"),
    [("torch", "torch.aten.convolution"), ("flow", "flow.dispatch"), ("aie", "aie.device(npu1)")],
)
def test_generate_reaches_every_level(level: str, word: str, capsys: Capture) -> None:
    assert main(["generate", "-c", " ".join(SMALL), f"--level={level}"]) == 0
    assert word in capsys.readouterr().out


def test_generate_runs_passes_and_filters(capsys: Capture) -> None:
    given = ["generate", "-c", " ".join([*SMALL, "-F", "0"])]
    assert main([*given, "-F", "wrw"]) == 0
    plain = capsys.readouterr().out
    assert plain.count("func.func") == 1
    assert "_wrw_" in plain
    assert (
        main([*given, "-F=wrw", "--pipeline", "builtin.module(linalg-generalize-named-ops)"]) == 0
    )
    assert "linalg.fill" in plain
    assert "linalg.fill" not in capsys.readouterr().out
    assert main([*given, "-F", "bwd,fwd", "-N", "2"]) == 0
    assert capsys.readouterr().out.count("func.func") == 2


GENERATE_MISTAKES = [
    ([], "give one of -c COMMAND and -f FILE"),
    (["-c", "conv", "-f", "x"], "give one of"),
    (["-c", "conv", "--level=gpu"], "--level=gpu: unknown: use one of torch, linalg"),
    (["-c", "conv", "--frob"], "--frob: unknown option"),
    (["-c", "softmax -n 1"], "not a convolution"),
    (["-c", "conv -n 1", "-F", "back"], "--forw=back: unknown: use one of fwd, bwd, wrw"),
    (["-c", "conv -n 1", "-N", "4"], "--num-spatial-dims=4: unknown"),
    (["-c", "conv -n 1", "-N", "3"], "leave nothing of this command"),
    (["-c", "conv -n 1", "--pipeline", "builtin.module(nothing)"], "--pipeline: "),
    (["-c", "conv -n 1", "--pipeline", "x", "--level=flow"], "runs on imported IR"),
    (["-c", "conv -n 1", "--level=aie", "--route=cpu"], "no AIE module: the CPU was asked for"),
    (["-c", "conv -n 1", "-o", "/nowhere/x.mlir"], "cannot be written"),
    (["-f", str(COMMANDS)], "no output: add -o DIR"),
    (["-c"], "--command: needs a value"),
]


@pytest.mark.parametrize(("arguments", "message"), GENERATE_MISTAKES)
def test_generate_says_what_is_wrong(arguments: list[str], message: str, capsys: Capture) -> None:
    assert main(["generate", *(arguments or ["-N", "2"])]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_generate_logs_what_fails_and_writes_the_rest(tmp_path: Path, capsys: Capture) -> None:
    file, folder = tmp_path / "c.txt", tmp_path / "out"
    file.write_text("conv -n 1 -F 0\n\ngemm -m 3\n# no\nconvint8 -n 1 -F 0\nconv -_ 3 -n 1\n")
    for jobs in ("1", "2"):
        assert main(["generate", "-f", str(file), "-o", str(folder), "--jobs", jobs]) == 1
        assert "4 files of 4 commands, 2 failed" in capsys.readouterr().out
        log = (folder / "failed.log").read_text().splitlines()
        assert [line.split(": ")[0] for line in log] == [f"{file}:3", f"{file}:5"]
    assert len(list(folder.glob("*.mlir"))) == 4
    assert main(["generate", "-f", str(file), "-o", str(tmp_path / "three"), "-N", "3"]) == 1
    assert len(list((tmp_path / "three").glob("*.mlir"))) == 1


# -- the file of commands -------------------------------------------------------------------------
def test_the_commands_cover_every_option_and_class() -> None:
    lines = [line for _, line in read_commands(COMMANDS.read_text())]
    signatures = [s for line in lines for s in parse(line).signatures]
    assert len(lines) >= 60
    short = {w[:2] for line in lines for w in line.split() if re.match(r"-\D", w) and w[1] != "-"}
    long = {w.partition("=")[0] for line in lines for w in line.split() if w.startswith("--")}
    for name, key, _ in OPTIONS:
        assert f"-{key}" in short or f"--{name}" in long, name
    for rank in (1, 2, 3):
        for mode in ("fwd", "bwd", "wrw"):
            some = [s for s in signatures if s.rank == rank and s.mode == mode]
            assert any(s.groups > 1 for s in some)
            assert any(s.groups == 1 for s in some)
            assert any(s.transposed for s in some)
            assert any(max(s.dilation) > 1 for s in some)
            assert any(max(s.stride) > 1 for s in some)
            assert any(s.input_layout.endswith("C") for s in some)
            assert any(not s.input_layout.endswith("C") for s in some)
            assert {"f32", "bf16", "f16"} >= {s.dtype for s in some} - {"i8"} >= {"bf16"}
    assert {s.dtype for s in signatures} == {"f32", "bf16", "f16", "i8"}
    assert any(s.groups == s.input_dims["C"] > 1 for s in signatures)


def verified(lines: list[str], tmp_path: Path, *arguments: str) -> None:
    """Run commands on the simulator, and compare every result with torch's."""
    file, table = tmp_path / "c.txt", tmp_path / "c.csv"
    file.write_text("\n".join(lines))
    given = ["--commands-file", str(file), "--verify-numerics", f"--csv={table}", *arguments]
    assert main(["driver", *given]) == 0
    for row in rows_of(table):
        assert float(row["tolerance_share"]) <= 1


def test_some_commands_agree_with_torch_on_the_simulated_npu(tmp_path: Path) -> None:
    lines = [line for _, line in read_commands(COMMANDS.read_text())]
    verified(lines[::9], tmp_path, "--route=im2col")


@pytest.mark.slow
@pytest.mark.parametrize("route", ["auto", "im2col"])
def test_all_commands_agree_with_torch(tmp_path: Path, route: str) -> None:
    lines = [line for _, line in read_commands(COMMANDS.read_text())]
    verified(lines, tmp_path, f"--route={route}", "--jobs=2")


def test_four_hundred_commands_are_generated_in_seconds(tmp_path: Path) -> None:
    lines = [line for _, line in read_commands(COMMANDS.read_text())]
    many = [
        re.sub(r"-n \d+|--batchsize[ =]\d+", f"-n {n}", line) for n in range(1, 7) for line in lines
    ]
    (tmp_path / "many.txt").write_text("\n".join(many[:400]))
    start = time.perf_counter()
    given = ["-f", f"{tmp_path}/many.txt", "-o", f"{tmp_path}/out", "--level=linalg", "--jobs=2"]
    assert main(["generate", *given]) == 0
    assert time.perf_counter() - start < 30
    assert len(list((tmp_path / "out").iterdir())) > 400


@pytest.mark.parametrize("command", ["driver", "generate"])
def test_help_lists_every_option(command: str, capsys: Capture) -> None:
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    for long, short, _ in OPTIONS:
        assert re.search(rf"--{long} +-{re.escape(short)} ", out)
    assert main([command]) == 2
