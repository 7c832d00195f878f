"""`aie-conv-opt` reads, verifies and prints; without xDSL it says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from aie_conv.cli.opt import main
from aie_conv.ir.text import read_module

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.mlir"))


def test_it_prints_what_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(GOLDEN[0])]) == 0
    printed = capsys.readouterr().out
    assert [op.name for op in read_module(printed).blocks[0].ops] == ["aie.device"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("aie.tile(0, 1)", "aie.tile(0)", "Expected"),
        ("aie.end", "aie.mystery", "aie.mystery"),
    ],
)
def test_what_is_broken_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    file = tmp_path / "broken.mlir"
    file.write_text(GOLDEN[0].read_text().replace(old, new))
    assert main([str(file)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("aie-conv-opt: ")
    assert message in error
    assert error.count("\n") == 1


def test_without_xdsl_it_names_the_extra() -> None:
    code = "import sys; sys.modules['xdsl'] = None\nfrom aie_conv.cli.opt import main\nsys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "aie-conv-opt: xDSL is not installed: pip install 'aie_conv[xdsl]'\n"


def test_the_published_universe_has_no_name_of_xdsls_own() -> None:
    from xdsl.universe import XDSL_UNIVERSE

    from aie_conv.ir.xdsl.plugin import UNIVERSE

    assert set(UNIVERSE.all_dialects) == {"aie", "aiex", "aievec"}
    assert not set(UNIVERSE.all_dialects) & set(XDSL_UNIVERSE.all_dialects)
    assert {name: make().name for name, make in UNIVERSE.all_dialects.items()} == {
        name: name for name in UNIVERSE.all_dialects
    }
