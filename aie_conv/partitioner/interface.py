"""What a route gives the partitioner and the bridge: a plan. Routes are known only by this."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.problem import ConvProblem


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

    ``finish`` is empty where the program writes the problem's own output buffer; otherwise the
    copies take "result" to "out".
    """

    @property
    def route(self) -> str: ...
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

    def propose(self, problem: ConvProblem, device: str) -> Plan:
        """The route's best plan.

        Raises:
            Unsupported: the route cannot take this problem; the message says why.
            ConfigRefused: no tiling of it fits the device.
        """
        ...


@dataclass(frozen=True)
class Decision:
    """Where one dispatch goes.

    Attributes:
        route: "cpu" or the name of a route.
        reason: one line for the report.
        plan: the plan, None for the CPU.
        candidates: every route that was asked, with its cost or its refusal.
    """

    route: str
    reason: str
    plan: Plan | None = None
    candidates: tuple[dict[str, Any], ...] = field(default=())
