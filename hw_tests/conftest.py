"""Where the hardware tests run: `--device fake` (the default), `sim`, `xrt` or `hrx`.

fake is the device class of a real NPU on a driver that keeps its rules and simulates the instruction words;
sim is the simulator on the modules' text.
"""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aie_conv
from aie_conv.arch import get_device
from aie_conv.arch.machine import current
from aie_conv.artifact import Artifact
from aie_conv.runtime.driver import family
from aie_conv.runtime.program import LoadedFunction, Program
from hw_tests.report import Results
from tests.support.runtime.fake_tools import install_npu, install_tools
from tests.support.runtime.fake_xrt import Npu

NPUS = {"npu1_4col": "NPU Phoenix", "npu4": "NPU Strix"}
"""Those that programs are compiled for here, and what a driver calls them."""
TIMED = 20
"""Calls of each program on a real NPU; the fastest counts."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device",
        choices=("fake", "sim", "xrt", "hrx"),
        default="fake",
        help="what runs the NPU programs",
    )
    parser.addoption("--hw-report", metavar="FILE.json", help="write the report of the run")


_RESULTS = pytest.StashKey[Results]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RESULTS] = Results(str(config.getoption("--device")))


class Collector:
    """Takes the results of the tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        late = report.when == "call" or (report.when == "setup" and not report.passed)
        if not late or "hw_tests" not in report.nodeid:
            return
        timings = [value for key, value in report.user_properties if key == "timing"]
        reason = "" if report.passed else _reason(report)
        name = report.nodeid.rpartition("::")[2]
        results = self._config.stash[_RESULTS]
        results.add(name, report.outcome, reason, [t for t in timings if isinstance(t, dict)])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        path = self._config.getoption("--hw-report")
        if path is None:
            return
        results = self._config.stash[_RESULTS]
        terminalreporter.section("the hardware tests")
        for line in results.table():
            terminalreporter.line(line)
        results.save(Path(str(path)))
        terminalreporter.line(f"{path}: attach it to a report of a problem")


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if not config.pluginmanager.has_plugin("hw_tests collector"):
        config.pluginmanager.register(Collector(config), "hw_tests collector")


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)


def _missing(name: str) -> str | None:
    """Why no NPU can be used on this machine; None where one can."""
    if name == "xrt" and importlib.util.find_spec("pyxrt") is None:
        return "--device xrt: pyxrt is not installed"
    if name in ("xrt", "hrx") and not any(Path("/dev/accel").glob("accel*")):
        return f"--device {name}: no NPU under /dev/accel"
    return None


def _present() -> str | None:
    """The family of the NPU that pyxrt reaches."""
    import pyxrt  # noqa: TID251  # pyright: ignore[reportMissingImports]

    return family(pyxrt.device(0).get_info(pyxrt.xrt_info_device.name))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the fake toolchain keeps what it makes."""
    return tmp_path_factory.mktemp("cache")


class Runner:
    """Compiles for an NPU and runs on the device of the command line.

    Attributes:
        npu: the NPU's name.
        device: what runs the programs.
        timings: what was said of each program's times.
    """

    def __init__(self, npu: str, device: str, request: pytest.FixtureRequest) -> None:
        self.npu = npu
        self.device = device
        self.timings: list[dict[str, Any]] = []
        self._node = request.node

    def compile(self, source: Any, **options: Any) -> Artifact:
        """Compile; on an NPU, real or fake, with binaries."""
        binaries = "off" if self.device == "sim" else "require"
        return aie_conv.compile(source, device=self.npu, binaries=binaries, **options)

    def run(self, artifact: Artifact, *inputs: Any) -> np.ndarray:
        """The one result of a call of the only function."""
        ((result,),) = self.run_each(artifact, [inputs])
        return result

    def run_each(
        self, artifact: Artifact, calls: Sequence[Sequence[Any]]
    ) -> list[tuple[np.ndarray, ...]]:
        """The results of calls of one loaded artifact, one after the other; the last is timed."""
        name = "xrt" if self.device == "fake" else self.device
        program = aie_conv.load(artifact, device=name)
        function = program["main"]
        results = [function.invoke(list(inputs)) for inputs in calls]
        records = list(program.records)
        assert records, "nothing ran on the NPU"
        self._time(artifact, program, function, calls[-1], records)
        return [tuple(np.asarray(result) for result in each) for each in results]

    def _time(
        self,
        artifact: Artifact,
        program: Program,
        function: LoadedFunction,
        inputs: Sequence[Any],
        records: Any,
    ) -> None:
        runs = [records]
        if self.device in ("xrt", "hrx"):
            for _ in range(TIMED):
                function.invoke(list(inputs))
                runs.append(list(program.records))
        facts = get_device(self.npu)
        for place in zip(*runs, strict=True):
            entries = _entries(artifact, place[0]["name"])
            times = [record["device_seconds"] for record in place if "device_seconds" in record]
            cycles = sum(entry["predicted_cycles"] for entry in entries)
            first, several = entries[0], f"{len(entries)} dispatches, "
            timing = {
                "npu": self.npu,
                "dispatch": place[0]["name"],
                "problem": f"{several * (len(entries) > 1)}{first['problem']['text']}",
                "route": first["route"],
                "style": first["style"],
                "cores": first["cores"],
                "predicted_cycles": cycles,
                "predicted_seconds": cycles / facts.arch.clock_hz + current().host.launch,
                "measured_seconds": min(times, default=None),
                "runs": len(times),
            }
            self.timings.append(timing)
            self._node.user_properties.append(("timing", timing))


def _entries(artifact: Artifact, name: str) -> list[dict[str, Any]]:
    """What the report says of a program's dispatches: of one, or of all of its region's."""
    dispatches = [e for e in artifact.report["dispatches"] if e["route"] != "cpu"]
    regions = {r["name"]: r["dispatches"] for r in artifact.report.get("regions", ())}
    names = regions.get(name, [name])
    return [e for e in dispatches if e["name"] in names] or dispatches


@pytest.fixture(params=NPUS)
def runner(
    request: pytest.FixtureRequest, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runner]:
    """Compiles for an NPU and runs; skips where the device is not there, or another NPU."""
    npu = str(request.param)
    device = str(request.config.getoption("--device"))
    reason = _missing(device)
    if reason is not None:
        pytest.skip(reason)
    if device == "xrt" and (present := _present()) != npu.partition("_")[0]:
        pytest.skip(f"this NPU is {present}")
    if device == "hrx" and npu != "npu4":
        pytest.skip("HRX drives npu4 alone")
    if device == "fake":
        install_tools(monkeypatch, cache)
        install_npu(monkeypatch, Npu(NPUS[npu]))
    yield Runner(npu, device, request)
    if device == "fake":
        sys.modules.pop("pyxrt", None)
