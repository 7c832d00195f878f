"""Routes with stated costs, to test the choice between them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.plan import Argument
from aie_conv.problem import Arithmetic, ConvProblem


@dataclass(frozen=True)
class FakePlan:
    """A plan that says what it was made from."""

    route: str
    problem: ConvProblem
    device: str
    predicted_cycles: int
    style: str = ""
    bound: str = "cores"
    shim_bytes: int = 0
    parameters: Mapping[str, int] = field(default_factory=dict, hash=False)
    cores: int = 16
    prologue: tuple[HostCopy, ...] = ()
    arguments: tuple[Argument, ...] = ()
    finish: tuple[HostCopy, ...] = ()
    run_time: tuple[int, ...] = ()
    configuration: Hashable = None
    sharers: int = 1
    kind: int | None = None
    """What tells it from plans that its program serves too; None for nothing else."""

    @property
    def arithmetic(self) -> Arithmetic:
        return self.problem.arithmetic

    def issued(self) -> "FakePlan":
        return self

    def shared_with(self, plans: Sequence[Any]) -> "FakePlan":
        if self.kind is not None:
            kinds = {self.kind, *(plan.kind for plan in plans)}
            return replace(self, sharers=len(kinds)) if len(kinds) > 1 else self
        return replace(self, sharers=len(plans)) if len(plans) > 1 else self

    def emit(self) -> str:
        return f"{self.route} {self.style} {dict(self.parameters)}"


class Fake:
    """A route of stated costs that offers no plan to share."""

    style = "vector"

    def shareable(self, problem: ConvProblem, device: str) -> Sequence[FakePlan]:
        return ()


class Quick(Fake):
    """900 cycles a pinned step, 41 200 as it likes."""

    name = "quick"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> FakePlan:
        steps = dict(parameters or {}).get("steps")
        if steps == 0:
            raise ConfigRefused("steps", "steps: none")
        cycles = 41200 if steps is None else 900 * steps
        made = {"steps": steps or 7}
        return FakePlan("quick", problem, device, cycles, "vector", "cores", parameters=made)


class Slow(Fake):
    """63 900 cycles, bound by a stream that carries nine times the least."""

    name = "slow"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> FakePlan:
        moved = 9 * problem.minimum_bytes
        return FakePlan("slow", problem, device, 63900, "vector", "input stream", moved)


class Vector(Fake):
    """Takes bf16 operands alone."""

    name = "direct"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> FakePlan:
        if problem.lhs.dtype != "bf16" and problem.arithmetic == "native":
            raise Unsupported(f"direct: no vector kernel for {problem.lhs.dtype}")
        return FakePlan("direct", problem, device, 5000, "vector")


class Scalar(Fake):
    """Takes everything, slowly."""

    name = "direct"
    style = "scalar"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> FakePlan:
        return FakePlan("direct", problem, device, 900000, "scalar")


class Near(Fake):
    """48 000 cycles."""

    name = "near"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> FakePlan:
        return FakePlan("near", problem, device, 48000, "vector")


class Nearer(Near):
    """46 000 cycles."""

    name = "nearer"

    def propose(
        self, problem: ConvProblem, device: str, parameters: Mapping[str, int] | None = None
    ) -> FakePlan:
        return FakePlan("nearer", problem, device, 46000, "vector")
