"""What one step of an epilogue costs on the core, for estimates."""

from aie_conv.problem import Step

ROUNDED = frozenset(f"arith.{n}" for n in ("addf", "subf", "mulf", "divf"))
"""Float operations whose results in bf16 are rounded from f32."""

_WORK = {
    "arith.constant": 0,
    "arith.truncf": 8,
    "arith.shrsi": 4,
    "arith.muli": 4,
    "arith.mulf": 3,
    "arith.divf": 32,
}
"""Vector operations that one step becomes, where not one."""


def step_work(step: Step) -> int:
    """Vector operations that a step becomes, for a vector of sums: of 64 bytes."""
    rounds = step.dtype == "bf16" and step.op in ROUNDED
    return _WORK.get(step.op, 1) + (_WORK["arith.truncf"] if rounds else 0)
