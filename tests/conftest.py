"""Settings of the whole suite: reproducible property tests, and more of them on demand."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=25,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("ci"), max_examples=500)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the suite."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The time of each tier: the folder below tests that a test lies in."""
    seconds: defaultdict[str, float] = defaultdict(float)
    counts: defaultdict[str, int] = defaultdict(int)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                parts = PurePosixPath(report.nodeid.partition("::")[0]).parts
                tier = parts[1] if parts[0] == "tests" else parts[0]
                seconds[tier] += report.duration
                counts[tier] += report.when == "call"
    if seconds:
        terminalreporter.section("time of each tier")
    for tier in sorted(seconds):
        terminalreporter.line(f"{tier:12} {counts[tier]:6} tests {seconds[tier]:8.1f} s")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither use nor fill the user's cache folder; worker processes inherit this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written."""
    return bool(request.config.getoption("--update-golden"))
