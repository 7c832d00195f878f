"""Commands for single convolutions without torch: they work, but for what is torch's, which names the extra."""

import sys

import pytest

import aie_conv
from aie_conv.cli.main import main
from aie_conv.errors import UsageError

COMMAND = "convint8 -n 1 -c 16 -H 8 -W 8 -k 16 -y 3 -x 3 -p 1 -q 1 -F 1"
EXTRA = "the package torch is missing: pip install 'aie_conv[torch]'"


@pytest.fixture(autouse=True)
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize("route", ["cpu", "direct"])
@pytest.mark.parametrize("kind", ["convint8", "convbfp16"])
def test_the_driver_runs(kind: str, route: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = COMMAND.replace("convint8", kind).split()
    assert main(["driver", *words, "--device=sim", f"--amd-aie-route={route}"]) == 0
    output = capsys.readouterr().out
    assert f"route {route}" in output
    assert "size=(1, 16, 8, 8)" in output


def test_a_reference_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["driver", *COMMAND.split(), "--verify-numerics"]) != 0
    assert f"--verify-numerics: {EXTRA}" in capsys.readouterr().err


@pytest.mark.parametrize("level", ["linalg", "flow", "aie", "air"])
def test_every_level_but_torchs(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "-c", COMMAND, f"--level={level}"]) == 0
    assert "func.func" in capsys.readouterr().out


def test_torchs_level_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "-c", COMMAND, "--level=torch"]) == 2
    assert capsys.readouterr().err == f"aie-conv generate: --level=torch: {EXTRA}\n"


def test_explain_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", COMMAND, "--stage=plan", "--amd-aie-route=direct"]) == 0
    assert "cycles" in capsys.readouterr().out


def test_a_model_needs_it() -> None:
    with pytest.raises(UsageError, match="a model: the package torch is missing"):
        aie_conv.compile(lambda x: x, example_inputs=(1,))
