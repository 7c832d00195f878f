"""What a device is to an artifact that is loaded on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from aie_conv.runtime.executable import Executable

Array = NDArray[Any]


class Constant(np.ndarray[Any, Any]):
    """An operand that is equal at every call of its dispatch.

    It is the same object each time, so that a device which remembers it copies it once.
    """


class Scratch(Constant):
    """A buffer that a program writes and reads for itself: like a constant it is copied to a device once."""


class RuntimeDevice(Protocol):
    """Runs programs on flat, contiguous arrays; the last of them are the results.

    An array is as long as its argument without its slack, which is the device's to add; a result has its
    own behind it. Artifacts that share a device may call it from several threads at once. What the host has
    in an array that is a :class:`Constant` will not change.
    """

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    def run(self, executable: Executable, buffers: Sequence[Array]) -> dict[str, Any]:
        """Execute in place; returns figures for the statistics.

        Raises:
            DeviceError: it cannot, with the reason.
        """
        ...


@runtime_checkable
class PreparedDevice(Protocol):
    """A device that makes ready what it can when an artifact is loaded, before any call."""

    def load(self, executable: Executable, kept: Collection[int]) -> None:
        """Make ready a program and the buffers of its calls.

        Args:
            executable: the program.
            kept: the numbers of arguments that are :class:`Constant` at every call.

        Raises:
            DeviceError: it cannot, with the reason.
        """
        ...

    def prepare(self, device: str, binaries: Mapping[str, bytes]) -> None:
        """Make ready the configurations of an artifact.

        Args:
            device: the NPU that they are for, as the user names it.
            binaries: by the digests of their configurations.

        Raises:
            DeviceError: it cannot, with the reason.
        """
        ...
