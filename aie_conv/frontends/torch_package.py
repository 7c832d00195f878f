"""Whether torch is installed; it comes with an extra."""

from importlib.util import find_spec

from aie_conv.errors import UsageError


def has_torch() -> bool:
    """Whether torch can be imported."""
    return find_spec("torch") is not None


def require_torch(who: str) -> None:
    """Raise UsageError, in the name of what needs it, where torch is missing."""
    if not has_torch():
        raise UsageError(f"{who}: the package torch is missing: pip install 'aie_conv[torch]'")
