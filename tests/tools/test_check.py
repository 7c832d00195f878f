"""--amd-aie-check=tools asks mlir-aie's own tools, where they are installed."""

import os
from pathlib import Path

import pytest

import aie_conv
from aie_conv.errors import UsageError
from aie_conv.toolchain.check import open_checker
from tests.support.bridge import modules
from tests.support.bridge.modules import Conv
from tests.tools.test_conformance import OPT
from tests.tools.test_words import pytestmark as tools

pytestmark = tools


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{Path(str(OPT)).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
def test_a_compilation_is_checked(device: str) -> None:
    text = modules.plain(Conv(c=32, oc=32, dtype="i8"))
    artifact = aie_conv.compile(text, route="im2col", check="tools", device=device, binaries="off")
    said = artifact.report["toolchain"]["check"]
    assert "1 programs checked" in said
    assert " instruction words as their text says" in said


def test_a_module_that_is_none_is_the_tools_own_line() -> None:
    with pytest.raises(UsageError, match=r"^conv: aie-opt: .*error: .*\(the module is kept as "):
        open_checker().check("conv", "module { aie.device(npu1) { aie.nothing } }")
