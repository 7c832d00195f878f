"""Where the hardware tests run: `--device sim` (the default) or `--device xrt`."""

import importlib.util
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device", choices=("sim", "xrt"), default="sim", help="what runs the NPU programs"
    )


def _missing() -> str | None:
    """Why no NPU can be used on this machine; None where one can."""
    if importlib.util.find_spec("pyxrt") is None:
        return "--device xrt: pyxrt is not installed"
    if not any(Path("/dev/accel").glob("accel*")):
        return "--device xrt: no NPU under /dev/accel"
    return None


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """The device the test runs on; skips the test where it is not there."""
    name = str(request.config.getoption("--device"))
    reason = _missing() if name == "xrt" else None
    if reason is not None:
        pytest.skip(reason)
    return name
