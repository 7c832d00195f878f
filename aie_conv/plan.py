"""What routes, partitioner, bridge and reports share: plans, their prices, and where a dispatch goes.

Routes are known only by this.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from aie_conv.layout.hostcopy import HostCopy, blanks, lengthened
from aie_conv.problem import Arithmetic, ConvProblem, Problem

ParameterValues = Mapping[str, int]
"""The numbers and truths that fix a plan among all of its route's plans for a problem and a device."""


@dataclass(frozen=True)
class Argument:
    """One buffer of the runtime sequence, in its order.

    Attributes:
        name: "lhs", "rhs", "in0", … for an operand passed as it is, the dest of a host copy, or
            "result" for the output, which is the last argument.
        dtype: element type.
        elements: length of the value.
        slack: elements behind it that the program may read too, of an operand only. The runtime makes
            the buffer so much longer; what the program computes does not depend on what they hold.
    """

    name: str
    dtype: str
    elements: int
    slack: int = 0


@dataclass(frozen=True)
class Sample:
    """What one core of a program takes, in parts that programs share.

    Attributes:
        text: a module, in which functions may be declared alone.
        functions: names of these, and for each a module that has nothing but its function.
    """

    text: str
    functions: tuple[tuple[str, str], ...] = ()


class Plan(Protocol):
    """A route's answer for one problem on one device.

    ``style`` names the kind of core code where a route has several, and is empty elsewhere.
    ``bound`` says in a few words what takes the most of ``predicted_cycles``, e.g. "cores" or "input
    stream". ``parameters`` rebuild the plan (:meth:`Route.propose`). ``finish`` is empty where the
    program writes the problem's own output buffer; otherwise the copies take "result" to "out".
    """

    @property
    def route(self) -> str: ...
    @property
    def style(self) -> str: ...
    @property
    def problem(self) -> Problem: ...
    @property
    def arithmetic(self) -> Arithmetic: ...
    @property
    def device(self) -> str: ...
    @property
    def cores(self) -> int: ...
    @property
    def predicted_cycles(self) -> int: ...
    @property
    def shim_bytes(self) -> int: ...
    @property
    def bound(self) -> str: ...
    @property
    def parameters(self) -> ParameterValues: ...
    @property
    def prologue(self) -> tuple[HostCopy, ...]: ...
    @property
    def arguments(self) -> tuple[Argument, ...]: ...
    @property
    def finish(self) -> tuple[HostCopy, ...]: ...
    @property
    def run_time(self) -> tuple[int, ...]:
        """Numbers that the program reads from its packed filter: they steer its loops."""
        ...

    @property
    def configuration(self) -> Hashable:
        """Equal for plans whose programs may be one, but for runtime sequence and parameters."""
        ...

    def issued(self) -> "Plan":
        """This plan, ``predicted_cycles`` with the time to issue its tasks.

        Raises:
            ConfigRefused: a task cannot be expressed.
        """
        ...

    def shared_with(self, plans: "Sequence[Plan]") -> "Plan":
        """This plan in a program that serves plans of the same configuration too; itself if it does."""
        ...

    def emit(self) -> str:
        """The text of the AIE module."""
        ...

    def emit_sample(self) -> Sample:
        """What takes as much of a core as the program does; without its transfers."""
        ...


def blank_operands(plan: Plan) -> list[NDArray[Any]]:
    """Flat operands of a plan's program, slack included, that are zeros but for what steers it."""
    arguments = plan.arguments
    zeros = blanks(plan.prologue, [(a.name, a.dtype, a.elements) for a in arguments])
    return [lengthened(flat, a.slack) for flat, a in zip(zeros, arguments, strict=True)]


class Route(Protocol):
    """A way of running a problem on the NPU; one folder and one registry line."""

    name: str
    style: str

    def propose(
        self, problem: ConvProblem, device: str, parameters: ParameterValues | None = None
    ) -> Plan:
        """The route's best plan, or the one that ``parameters`` of an earlier plan describe.

        Raises:
            Unsupported: the route cannot take this problem; the message says why.
            ConfigRefused: no tiling of it fits the device, or the one described does not.
        """
        ...

    def shareable(self, problem: ConvProblem, device: str) -> Sequence[Plan]:
        """Plans, at most one a configuration, that other problems may share their configuration with.

        They are checked, and priced without the time to issue their tasks.

        Raises:
            Unsupported: as :meth:`propose`.
        """
        ...

    def finalists(self, problem: ConvProblem, device: str, count: int) -> Sequence[Plan]:
        """At most ``count`` plans that a measurer may put first, the best by prediction in front.

        Raises:
            Unsupported, ConfigRefused: as :meth:`propose`.
        """
        ...


@dataclass(frozen=True)
class Split:
    """A dispatch of which the NPU is offered the first part; what follows it runs on the CPU.

    Attributes:
        unsplit: what the dispatch computes, as far as it could be read.
        bytes: what the rest reads and writes, the value between the parts included.
        reason: why the NPU does not do all of it.
    """

    unsplit: ConvProblem
    bytes: int
    reason: str


@dataclass(frozen=True)
class Candidate:
    """One way to run a problem: what it costs, or why it cannot. Cycles are of the array's clock.

    Attributes:
        route, style: which; "cpu" is one, without a style.
        plan: the plan, None for the CPU and where there is none.
        run_cycles: of the array, measured where a measurer was asked; or of the CPU.
        host_cycles: of the host copies and the dispatch's overhead beside it.
        bound: what takes most of ``run_cycles``.
        refused: why it is not taken though it may be the cheapest; empty where nothing hinders it.
        measured: whether ``run_cycles`` comes from a measurer.
        rest_cycles: the part of ``host_cycles`` that the rest of a split dispatch takes.
    """

    route: str
    style: str = ""
    plan: Plan | None = None
    run_cycles: int = 0
    host_cycles: int = 0
    bound: str = ""
    refused: str = ""
    measured: bool = False
    rest_cycles: int = 0

    @property
    def cost(self) -> int:
        """What is compared; 0 where there is no price."""
        return self.run_cycles + self.host_cycles

    @property
    def label(self) -> str:
        """Its name for people, e.g. "direct vector"."""
        return f"{self.route} {self.style}".rstrip()


Withheld = Literal["", "f32", "f16", "pin"]
"""What keeps a dispatch from an NPU that may be able to do it: f32 or f16 that it may not take, a pin."""


@dataclass(frozen=True)
class Decision:
    """Where one dispatch goes.

    Attributes:
        route: "cpu" or the name of a route.
        reason: one line for the report.
        plan: the plan, None for the CPU.
        candidates: every route that was asked, with its cost or its refusal, cheapest first.
        split: why the plan is of the dispatch's first part alone; empty where it is of all of it.
        withheld: what keeps it from the NPU besides its price; empty for nothing.
    """

    route: str
    reason: str
    plan: Plan | None = None
    candidates: tuple[Candidate, ...] = ()
    split: str = ""
    withheld: Withheld = ""

    @property
    def cpu_cycles(self) -> int | None:
        """What the CPU costs; None where it was not asked for its price."""
        return next((c.cost for c in self.candidates if c.route == "cpu" and c.cost), None)


@dataclass(frozen=True)
class Dispatch:
    """One dispatch call and where it goes.

    Attributes:
        name: the dispatch's exported name, with a number from its second call on.
        problem: the convolution, matmul or other operation, None where it is not recognised.
        contraction: whether it is a convolution or matmul at all.
        decision: its route.
    """

    name: str
    problem: Problem | None
    contraction: bool
    decision: Decision
