"""The dialects as an xDSL universe, which `xdsl-opt` finds by the entry point ``xdsl.universe``.

``arith``, ``vector`` and ``memref`` are not among them: xDSL has its own, without what
:mod:`aie_conv.ir.xdsl.compat` adds, and names may not clash. `aie-conv-opt` has ours.
"""

from xdsl.ir import Dialect
from xdsl.universe import Universe


def _aie() -> Dialect:
    from aie_conv.ir.xdsl.aie import AIE

    return AIE


def _aiex() -> Dialect:
    from aie_conv.ir.xdsl.aiex import AIEX

    return AIEX


def _aievec() -> Dialect:
    from aie_conv.ir.xdsl.aievec import AIEVec

    return AIEVec


UNIVERSE = Universe(all_dialects={"aie": _aie, "aiex": _aiex, "aievec": _aievec})
