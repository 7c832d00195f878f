"""What a driver of an NPU must do: a small interface, behind which pyxrt and HRX are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aie_conv.errors import AieConvError

MODELS = (
    ("npu1", "npu1"), ("Phoenix", "npu1"),
    ("npu4", "npu4"), ("npu5", "npu4"), ("npu6", "npu4"),
    ("Strix", "npu4"), ("Krackan", "npu4"), ("Gorgon Point", "npu4"),
)  # fmt: skip
"""Parts of the names that drivers report, and the NPU's family (mlir-aie, xrtruntime/hostruntime.py)."""


ELF_MAGIC = b"\x7fELF"
"""What a binary begins with that holds its programs' instruction words as well."""


class DriverError(AieConvError):
    """The driver refused or failed.

    Attributes:
        busy: there is no room for another context beside those that exist.
    """

    def __init__(self, message: str, *, busy: bool = False) -> None:
        super().__init__(message)
        self.busy = busy


class Memory(Protocol):
    """A buffer that host and device see."""

    @property
    def bytes(self) -> NDArray[np.uint8]:
        """The host's view; the device's changes are in it after :meth:`from_device`."""
        ...

    def to_device(self, size: int) -> None:
        """Let the device see what the host wrote to the first ``size`` bytes."""
        ...

    def from_device(self, size: int) -> None:
        """Let the host see what the device wrote there."""
        ...


class Driver(Protocol):
    """One NPU. Handles are the driver's own; every method may raise DriverError."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def model(self) -> str:
        """The NPU's family: "npu1" or "npu4", or what it is called where it is neither."""
        ...

    def load(self, binary: bytes) -> Any:
        """A configuration of the array, ready to run: the handle of its context."""
        ...

    def program(self, configuration: Any, code: bytes) -> Any:
        """A program of a configuration, ready to run: the handle of it.

        Args:
            configuration: what :meth:`load` gave.
            code: its instruction words, which are put into device memory; of a configuration that is an ELF,
                the name of its kernel.
        """
        ...

    def place(self, configuration: Any, number: int) -> Hashable:
        """Where a configuration wants argument ``number``; memory may be shared between equal places."""
        ...

    def allocate(self, place: Hashable, size: int) -> Memory:
        """Memory of zeros, of ``size`` bytes, for arguments of a place."""
        ...

    def submit(self, runs: Sequence[tuple[Any, Sequence[Memory]]]) -> None:
        """Run programs on their arguments one after the other, and wait for the last."""
        ...


def family(model: str) -> str:
    """The family of a device by the name that its driver reports; the name itself where it is unknown."""
    return next((npu for part, npu in MODELS if part in model), model)


def failure(who: str, error: BaseException, doing: str) -> DriverError:
    """A driver's exception as one line; what the kernel says tells a busy device from a lost one."""
    text = " ".join(str(error).split()) or type(error).__name__
    if any(word in text for word in ("resource busy", "err=-16", "No space left", "err=-28")):
        return DriverError(
            f"{who}: the NPU is busy with other contexts ({text}): end other programs that use it",
            busy=True,
        )
    if any(word in text for word in ("No such device", "err=-19", "err=-5", "Input/output error")):
        return DriverError(
            f"{who}: the NPU is lost while {doing} ({text}): dmesg tells why;"
            " sudo modprobe -r amdxdna && sudo modprobe amdxdna brings it back"
        )
    return DriverError(f"{who}: {doing} failed: {text}")
