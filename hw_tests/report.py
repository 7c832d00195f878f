"""What a run of the hardware tests found: a table for people, and a file to attach to an issue.

The file holds what `aie-conv doctor` says, versions, outcomes and times; no inputs and no results. The user's
folder, the checkout's and Python's have other names in it, and of other paths the last part is left.
"""

import json
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from aie_conv import __version__
from aie_conv.files import write_whole
from aie_conv.toolchain.doctor import as_json, examine

VERSION = 1
_PACKAGES = ("iree-base-compiler", "iree-base-runtime", "numpy", "ml_dtypes", "llvmlite", "torch")

_FOLDER = re.compile(
    r"(?<![\w/:.~…])/(?!dev/|sys/|proc/|usr/|lib|bin/|etc/|opt/xilinx/)(?:[\w.@+~-]+/)+"
)
"""Folders of a path that are somebody's own; addresses of the net are none."""


class Results:
    """Outcomes and times of tests, in the order of their running."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.tests: list[dict[str, Any]] = []

    def add(self, name: str, outcome: str, reason: str, timings: list[dict[str, Any]]) -> None:
        """One test's outcome: "passed", "failed" or "skipped"."""
        first = without_folders(" ".join(reason.splitlines()[:1]))
        self.tests.append(
            {"name": name, "outcome": outcome, "reason": first, "timings": timings}
        )  # fmt: skip

    def table(self) -> list[str]:
        """A line a test, with its time on the device beside the predicted one."""
        lines = [f"{'test':<58} {'outcome':<8} {'predicted':>10} {'measured':>10}"]
        for test in self.tests:
            timings = test["timings"]
            predicted = _microseconds(sum(t["predicted_seconds"] for t in timings))
            known = [t["measured_seconds"] for t in timings if t["measured_seconds"] is not None]
            measured = _microseconds(sum(known)) if known else "-"
            lines.append(
                f"{test['name'][:58]:<58} {test['outcome']:<8} {predicted:>10} {measured:>10}"
            )
            if test["outcome"] == "failed":
                lines.append(f"    {test['reason'][:110]}")
        counts = {o: sum(t["outcome"] == o for t in self.tests) for o in ("passed", "failed")}
        lines.append(f"device {self.device}: {counts['passed']} passed, {counts['failed']} failed")
        return lines

    def save(self, path: Path) -> None:
        """Write the report."""
        report = {
            "version": VERSION,
            "device": self.device,
            "aie_conv": __version__,
            "python": platform.python_version(),
            "packages": {name: metadata.version(name) for name in _PACKAGES},
            "doctor": as_json(examine()),
            "tests": self.tests,
        }
        text = without_folders(json.dumps(report, indent=1, ensure_ascii=False))
        write_whole(path, text.encode() + b"\n")


def without_folders(text: str) -> str:
    """A text in which nothing tells where on the user's machine something lies.

    Folders that are the same on every machine stay; of others the last part of the path does.
    """
    for folder, name in (
        (sys.prefix, "PYTHON"),
        (str(Path.cwd()), "CHECKOUT"),
        (str(Path.home()), "~"),
    ):
        text = text.replace(folder, name) if len(folder) > 1 else text
    return _FOLDER.sub("…/", text)


def _microseconds(seconds: float) -> str:
    return f"{1e6 * seconds:.0f} us"
