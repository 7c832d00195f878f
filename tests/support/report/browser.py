"""A browser without a window, if the machine has one."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)


def browse(page: Path, fragment: str, *flags: str) -> str:
    """Open a page and run its script; returns what the flags print."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={profile}",
            *flags,
            f"{page.as_uri()}#{fragment}",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=120,
            env={**os.environ, "HOME": profile},
            check=True,
        )
    return done.stdout.decode()


def dump(page: Path, fragment: str = "") -> str:
    """The document as it stands when its script has run."""
    return browse(page, fragment, "--window-size=1280,1400", "--dump-dom")


def screenshot(page: Path, fragment: str, picture: Path) -> bytes:
    """The first 1000 by 320 pixels as a PNG."""
    # On a busy machine the picture would be taken before the page is drawn.
    flags = "--window-size=1000,320", "--virtual-time-budget=10000", f"--screenshot={picture}"
    browse(page, fragment, *flags)
    return picture.read_bytes()
