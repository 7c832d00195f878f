"""The native code of a core's steps."""

from collections.abc import Hashable

from aie_conv.ir.core import Op
from aie_conv.sim.functional.lower import ControlRegisters, Target
from aie_conv.sim.functional.native import Leaf, compile_leaf
from aie_conv.sim.model.coreplan import LeafStep
from aie_conv.sim.model.placement import Place


class CoreCode:
    """The native code of one core's steps; each is compiled once, and once for all cores with the same code.

    Attributes:
        compiled: for each step, with the registers it begins with and whether arithmetic is exact, its code.
    """

    def __init__(self, functions: dict[str, Op], shared: dict[Hashable, Leaf]) -> None:
        self._functions = functions
        self._shared = shared
        self.compiled: dict[tuple[LeafStep, ControlRegisters, bool], Leaf] = {}

    def compile(
        self,
        step: LeafStep,
        registers: ControlRegisters,
        target: Target,
        places: tuple[Place | None, ...],
    ) -> Leaf:
        """Compile a step.

        Args:
            step: the operations.
            registers: as they are when it begins.
            target: the machine, and how exact.
            places: where the memory behind each of its inputs lies.
        """
        key = (step.signature(), registers, target.exact, places)
        leaf = self._shared.get(key)
        if leaf is None:
            leaf = compile_leaf(
                step.ops,
                "its program",
                step.inputs,
                (step.spill_in, step.spill_out),
                self._functions,
                target,
                registers,
                places,
            )
            self._shared[key] = leaf
        self.compiled[step, registers, target.exact] = leaf
        return leaf
