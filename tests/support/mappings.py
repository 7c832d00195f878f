"""Mappings of a test's choice, and others that differ from one in some parameters."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from aie_conv.arch import get_device
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.emit import array_text
from aie_conv.mapping.mapping import Mapping, Parameters
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import make_mapping
from aie_conv.problem import ConvProblem


def remade(route: ArrayRoute, plan: ArrayPlan, **parameters: Any) -> ArrayPlan:
    """The plan with other parameters; ConfigRefused where they do not fit."""
    scheme = route.scheme(plan.problem, plan.mapping.device)
    mapping = make_mapping(scheme, replace(plan.mapping.parameters, **parameters))
    return replace(plan, mapping=mapping)


def candidates(
    route: ArrayRoute, problem: ConvProblem, device: str, *, common: bool = False
) -> Iterator[Parameters]:
    """The parameters of a route's candidates, fitting or not; or of those that problems may share."""
    found = route.common if common else route.space
    space = found(problem, get_device(device))
    if space is not None:
        yield from map(space.parameters, range(len(space)))


def plans_of(
    route: ArrayRoute,
    problem: ConvProblem,
    device: str,
    wanted: Callable[[Mapping], bool] = lambda _: True,
    *,
    common: bool = False,
) -> Iterator[ArrayPlan]:
    """Plans of the candidates that fit and are as wanted."""
    scheme = route.scheme(problem, get_device(device))
    for parameters in candidates(route, problem, device, common=common):
        with suppress(ConfigRefused):
            mapping = make_mapping(scheme, parameters)
            if wanted(mapping):
                yield ArrayPlan(route.name, route.style, mapping, mapping.cost.cycles)


def emit_anew(plan: ArrayPlan) -> str:
    """A plan's program, nothing of it taken from another's."""
    array_text.cache_clear()
    return plan.emit()
