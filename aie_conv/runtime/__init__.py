"""What runs an artifact: devices, the amd_aie VM module, the packed executable."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aie_conv.runtime.offloaded import load_offloaded

__all__ = ["load_offloaded"]


def __getattr__(name: str) -> Any:
    """What callers want of this package, imported when it is asked for."""
    if name == "load_offloaded":
        from aie_conv.runtime.offloaded import load_offloaded

        return load_offloaded
    raise AttributeError(f"module 'aie_conv.runtime' has no attribute '{name}'")
