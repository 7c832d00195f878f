"""Runs a tool on a module; what it refuses is kept for a report, and the message names the file."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aie_conv.errors import UsageError
from aie_conv.files import user_cache, write_whole


def run_tool(
    command: Sequence[str], text: str, seconds: float, folder: Path, name: str = ""
) -> str:
    """What a tool prints.

    Args:
        command: the tool's path and its arguments.
        text: the module that it works on, for a refusal.
        seconds: how long it may take.
        folder: where it runs.
        name: of the program, for messages.

    Raises:
        UsageError: it cannot be run, refuses the module, or does not end; the message is the tool's own
            first line, with where the module is kept.
    """
    tool = Path(command[0]).name
    try:
        done = subprocess.run(
            list(command), cwd=folder, capture_output=True, text=True, errors="replace",
            timeout=seconds, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"{command[0]}: cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise refusal(text, tool, f"no end in {seconds:.0f} s", name) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        others = [line for line in done.stderr.splitlines() if line.strip()]
        code = done.returncode
        silent = f"ended by signal {-code}" if code < 0 else f"exit status {code}"
        why = (lines or others or [silent])[0].strip()
        raise refusal(text, tool, why, name)
    return done.stdout


def refusal(text: str, tool: str, why: str, name: str = "") -> UsageError:
    """The error of a tool that refuses a module, which is kept for a report of it."""
    who = f"{name}: {tool}" if name else tool
    return UsageError(f"{who}: {why} ({keep_module(text)})")


def keep_module(text: str) -> str:
    """Keep a module for a report of what is wrong with it; says where."""
    path = user_cache() / "refused" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.mlir"
    try:
        write_whole(path, text.encode())
    except UsageError as error:  # what the tool said matters more
        return f"the module is not kept: {error}"
    return f"the module is kept as {path}"


def workers() -> ThreadPoolExecutor:
    """As many threads as there are processors; each waits for a tool."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
