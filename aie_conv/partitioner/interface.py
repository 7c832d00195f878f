"""What a route gives the partitioner and the bridge: a plan. Routes are known only by this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.problem import ConvProblem

Parameters = Mapping[str, int]
"""The numbers and truths that fix a plan among all of its route's plans for a problem and a device."""


@dataclass(frozen=True)
class Argument:
    """One buffer of the runtime sequence, in its order.

    Attributes:
        name: "lhs", "rhs", "in0", … for an operand passed as it is, the dest of a host copy, or
            "result" for the output, which is the last argument.
        dtype: element type.
        elements: length of the flat buffer.
    """

    name: str
    dtype: str
    elements: int


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
    def problem(self) -> ConvProblem: ...
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
    def parameters(self) -> Parameters: ...
    @property
    def prologue(self) -> tuple[HostCopy, ...]: ...
    @property
    def arguments(self) -> tuple[Argument, ...]: ...
    @property
    def finish(self) -> tuple[HostCopy, ...]: ...

    def emit(self) -> str:
        """The text of the AIE module."""
        ...


class Route(Protocol):
    """A way of running a problem on the NPU; one folder and one registry line."""

    name: str

    def propose(
        self, problem: ConvProblem, device: str, parameters: Parameters | None = None
    ) -> Plan:
        """The route's best plan, or the one that ``parameters`` of an earlier plan describe.

        Raises:
            Unsupported: the route cannot take this problem; the message says why.
            ConfigRefused: no tiling of it fits the device, or the one described does not.
        """
        ...

    def finalists(self, problem: ConvProblem, device: str, count: int) -> Sequence[Plan]:
        """At most ``count`` plans that a better judge may put first, the best by prediction in front.

        Raises:
            Unsupported, ConfigRefused: as :meth:`propose`.
        """
        ...


@dataclass(frozen=True)
class Decision:
    """Where one dispatch goes.

    Attributes:
        route: "cpu" or the name of a route.
        reason: one line for the report.
        plan: the plan, None for the CPU.
        candidates: every route that was asked, with its cost or its refusal, cheapest first.
    """

    route: str
    reason: str
    plan: Plan | None = None
    candidates: tuple[dict[str, Any], ...] = field(default=())
