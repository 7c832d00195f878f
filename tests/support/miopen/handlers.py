"""What worker processes are given in the tests; a process imports it by name."""

import os
import signal
import time

from aie_conv.errors import UsageError


def double(number: int) -> int:
    """Twice a number; 3 is a user's mistake, 5 a bug, 7 a crash, and 9 takes too long."""
    if number == 3:
        raise UsageError("three: too few: give four")
    if number == 5:
        raise KeyError("five")
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 9:
        time.sleep(60)
    return 2 * number
