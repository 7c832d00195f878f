"""The device side's dialects in xDSL: aie, aiex, aievec, and what xDSL 0.74 lacks in others.

Property names are those of mlir-aie at commit 1e400306 (March 2026), so that its aie-opt reads what
is printed here. ``parse_module`` is the way in.

They are a second opinion: nothing that compiles or runs a program imports them. Tests read with them what
:mod:`aie_conv.ir` prints, and `aie-conv-opt` is xDSL's driver with them. Needs the extra ``xdsl``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aie_conv.ir.xdsl.universe import get_context, parse_module, print_module

__all__ = ["get_context", "parse_module", "print_module"]


def __getattr__(name: str) -> Any:
    """Load xDSL when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aie_conv.ir.xdsl import universe

    return getattr(universe, name)
