"""What commands say on stderr beside their results: warnings, and the progress of long work."""

from __future__ import annotations

import sys
import time

_EVERY = 10.0
"""Seconds between lines of progress where nobody watches a terminal."""


class Stderr:
    """Lines of one command.

    A terminal shows the progress in one line that changes; a file gets a line now and then.

    Args:
        who: the command, in front of each line.
        quiet: show warnings alone.
    """

    def __init__(self, who: str, *, quiet: bool = False) -> None:
        self._who = who
        self._quiet = quiet
        self._shown = 0
        self._last = time.monotonic()

    def warn(self, message: str) -> None:
        """Something that a user should know."""
        self.end()
        print(f"{self._who}: warning: {' '.join(message.split())}", file=sys.stderr, flush=True)

    def line(self, message: str) -> None:
        """A line that stays."""
        self.end()
        print(f"{self._who}: {message}", file=sys.stderr, flush=True)

    def progress(self, message: str) -> None:
        """What is being done."""
        if self._quiet:
            return
        if sys.stderr.isatty():
            text = f"{self._who}: {message}"[:110]
            print(f"\r{text:<{self._shown}}", end="", file=sys.stderr, flush=True)
            self._shown = len(text)
        elif time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            print(f"{self._who}: {message}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """End the line that changes, so that what follows has its own."""
        if self._shown:
            print("\r" + " " * self._shown + "\r", end="", file=sys.stderr, flush=True)
            self._shown = 0
