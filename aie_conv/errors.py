"""The errors of aie_conv: a refusal is not a bug, and a user's mistake is neither.

Every message is one line of the form "who: what: what to do".
"""


class AieConvError(Exception):
    """Base of all errors that are shown to a user as one line."""


class Unsupported(AieConvError):
    """No NPU route takes this problem at all; the CPU runs it."""


class ConfigRefused(AieConvError):
    """This plan breaks a hardware limit; another plan of the same problem may not.

    Attributes:
        limit: the name of the limit that was broken.
    """

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit

    def __reduce__(self) -> tuple[type["ConfigRefused"], tuple[str, str]]:
        # Exceptions are sent between processes; Python's own way knows of the message alone.
        return type(self), (self.limit, str(self))


class VerifyError(AieConvError):
    """An AIE module is malformed or over a limit of the hardware."""


class DeviceError(AieConvError):
    """A device, simulated or real, could not run a program."""


class UsageError(AieConvError):
    """A flag, file, shape or type that the user gave cannot be used.

    Attributes:
        by_compiler: IREE's compiler refuses a module; the message is its own.
    """

    def __init__(self, message: str, *, by_compiler: bool = False) -> None:
        super().__init__(message)
        self.by_compiler = by_compiler


class ProcessDied(AieConvError):
    """The process that worked for this one ended without a result, of a signal for one."""
