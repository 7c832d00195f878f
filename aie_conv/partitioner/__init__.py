"""Where each dispatch goes: every route is asked for its plan, and the reason is kept.

Routes are known only by :mod:`aie_conv.partitioner.interface`; a new one is a folder and a line here.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

from aie_conv.errors import ConfigRefused, Unsupported, UsageError
from aie_conv.partitioner.interface import Decision, Plan, Route
from aie_conv.problem import ConvProblem

_ROUTES = {"im2col": "aie_conv.img2col.plan:Im2colRoute"}


F32_STAYS = "f32 stays on the CPU (--amd-aie-f32=bf16 lets the NPU compute it in bf16)"
"""Why an f32 problem that a route would take is not given to it."""


def route_names() -> tuple[str, ...]:
    """What ``--amd-aie-route`` takes."""
    return ("auto", "cpu", *_ROUTES)


def _route(name: str) -> Route:
    module, _, cls = _ROUTES[name].partition(":")
    return getattr(import_module(module), cls)()


@lru_cache(maxsize=512)
def _propose(route: str, problem: ConvProblem, device: str) -> Plan | str:
    """A route's plan, or why it has none; one answer a problem and device."""
    try:
        return _route(route).propose(problem, device)
    except (Unsupported, ConfigRefused) as refusal:
        return str(refusal)


def choose(problem: ConvProblem, *, device: str, route: str = "auto", f32: str = "cpu") -> Decision:
    """Decide where one problem runs.

    Args:
        problem: the dispatch's convolution or matmul.
        device: the user's name of the device, e.g. "npu1_4col".
        route: "auto", "cpu" or one route's name; a route that refuses leaves the CPU.
        f32: "cpu" keeps f32 problems off the NPU, "bf16" lets it compute them in bf16 with f32
            accumulation.

    Raises:
        UsageError: no such route or f32 mode.
    """
    if route not in route_names():
        raise UsageError(f"route '{route}': unknown: use one of {', '.join(route_names())}")
    if f32 not in ("cpu", "bf16"):
        raise UsageError(f"f32 mode '{f32}': unknown: use cpu or bf16")
    if route == "cpu":
        return Decision("cpu", "the CPU was asked for")
    withheld = problem.lhs.dtype == "f32" and f32 == "cpu"
    candidates: list[dict[str, Any]] = []
    best: Plan | None = None
    for name in _ROUTES if route == "auto" else (route,):
        plan = _propose(name, problem, device)
        if isinstance(plan, str):
            candidates.append({"route": name, "refused": plan})
            continue
        cost = {"predicted_cycles": plan.predicted_cycles, "shim_bytes": plan.shim_bytes}
        if withheld:
            candidates.append({"route": name, **cost, "refused": F32_STAYS})
            continue
        candidates.append({"route": name, **cost})
        if best is None or plan.predicted_cycles < best.predicted_cycles:
            best = plan
    if best is None:
        return Decision("cpu", candidates[-1]["refused"], None, tuple(candidates))
    why = f"{best.cores} cores, {best.predicted_cycles} cycles"
    if problem.lhs.dtype == "f32":
        why += ", computed in bf16"
    return Decision(best.route, why, best, tuple(candidates))
