"""In which order an operation by rows computes: passes over a row's elements, and what stands between them.

A value is *wide* where it has an element for each of a row's, and *narrow* where it has one for the row. A
pass computes wide values and combines some of them; every narrow value is computed once a row, in front of
the first pass that needs it. Reductions that do not need each other share a pass.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aie_conv.codegen.epilogue_blocks import COMPARE
from aie_conv.problem import REDUCE, OperationProblem, Step


@dataclass(frozen=True)
class RowPass:
    """A walk over a row; the last one stores, and has no reductions.

    Attributes:
        narrow: values that are computed in front of it, in order.
        wide: values that are computed of each element, in order.
        reduced: REDUCE values that it ends with.
        divisors: narrow values by which wide ones are divided: their reciprocals are taken once.
    """

    narrow: tuple[int, ...]
    wide: tuple[int, ...]
    reduced: tuple[int, ...]
    divisors: tuple[int, ...]


class RowPasses:
    """The passes of a problem.

    Attributes:
        passes: in order; the last one computes the result, of each element where that is wide.
        wide: whether each value has an element for each of a row's.
    """

    def __init__(self, problem: OperationProblem) -> None:
        self._problem = problem
        self._first = 1 + len(problem.epilogue.inputs)
        self.wide = self._widths()
        self.passes = self._passes()

    def step(self, value: int) -> Step | None:
        """The step that computes a value; None of an input."""
        number = value - self._first
        return self._problem.epilogue.steps[number] if number >= 0 else None

    def _widths(self) -> list[bool]:
        problem = self._problem
        along = [i for i, loop in enumerate(problem.loops) if loop.role == "k"]
        walks = [tuple(loop.lhs for loop in problem.loops)]
        walks += [entry.strides for entry in problem.epilogue.inputs]
        wide = [any(strides[i] for i in along) for strides in walks]
        for step in problem.epilogue.steps:
            wide.append(step.op != REDUCE and any(wide[arg] for arg in step.args))
        return wide

    def _passes(self) -> tuple[RowPass, ...]:
        result = self._problem.epilogue.result
        reductions = [n for n in self._ordered([result], set()) if self._is_reduction(n)]
        level: dict[int, int] = {}
        for number in reductions:
            inner = self._ordered(self._arguments(number), set())
            level[number] = 1 + max((level[n] for n in inner if n in level), default=0)
        known, passes = set[int](), list[RowPass]()
        for depth in range(1, max(level.values(), default=0) + 1):
            reduced = tuple(n for n in reductions if level[n] == depth)
            needs = [arg for n in reduced for arg in self._arguments(n)]
            passes.append(self._pass(needs, reduced, known))
            known |= {*reduced, *passes[-1].narrow}
        return (*passes, self._pass([result], (), known))

    def _pass(self, needs: Iterable[int], reduced: tuple[int, ...], known: set[int]) -> RowPass:
        numbers = [n for n in self._ordered(needs, known) if not self._is_comparison(n)]
        wide = tuple(n for n in numbers if self.wide[n])
        divisors = {self._arguments(n)[1] for n in wide if self.divides_by_row(n)}
        narrow = tuple(n for n in numbers if not self.wide[n])
        return RowPass(narrow, wide, reduced, tuple(sorted(divisors)))

    def _ordered(self, needs: Iterable[int], known: set[int]) -> list[int]:
        """What must be computed for values, in order."""
        reached, waiting = set[int](), list(needs)
        while waiting:
            number = waiting.pop()
            if number not in known and number not in reached:
                reached.add(number)
                waiting += self._arguments(number)
        return sorted(reached)

    def _arguments(self, value: int) -> Sequence[int]:
        step = self.step(value)
        return step.args if step is not None else ()

    def _is_reduction(self, value: int) -> bool:
        step = self.step(value)
        return step is not None and step.op == REDUCE

    def _is_comparison(self, value: int) -> bool:
        step = self.step(value)
        return step is not None and step.op in COMPARE

    def divides_by_row(self, value: int) -> bool:
        """Whether a wide value is a quotient by a narrow one that is computed."""
        step = self.step(value)
        if step is None or step.op != "arith.divf" or self.wide[step.args[1]]:
            return False
        divisor = self.step(step.args[1])
        return divisor is None or divisor.op != "arith.constant"
