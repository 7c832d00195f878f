"""A signature's IR at each level, from the torch dialect to the AIE module."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.linalg import module_text
from aie_conv.frontends.miopen.signature import ConvSignature
from aie_conv.frontends.torch_package import require_torch
from aie_conv.plan import Decision
from aie_conv.problem import ConvProblem

if TYPE_CHECKING:
    from aie_conv.artifact import Artifact
    from aie_conv.options import Options
    from aie_conv.plan import Decision, Plan
    from aie_conv.problem import ConvProblem


def _linalg(s: ConvSignature, options: Options | None) -> str:
    return module_text(s)


def compile_best(
    s: ConvSignature, options: Options, warn: Callable[[str], None] = warnings.warn
) -> Artifact:
    """A signature's artifact; where the CPU was asked for, from the form that is fastest there.

    Args:
        s: the signature.
        options: the backend's options.
        warn: told of what a user should know though it is no error.

    Raises:
        UsageError: the compiler refuses every form.
    """
    from aie_conv.compiler import compile_source

    if options.route == "cpu":
        try:
            return compile_source(module_text(s, for_cpu=True).encode(), options, warn=warn)
        except UsageError:
            # IREE's CPU backend refuses code whose buffers exceed its limit for the stack; the plain
            # form, one operation, it tiles otherwise.
            pass
    return compile_source(module_text(s).encode(), options, warn=warn)


def _torch(s: ConvSignature, options: Options | None) -> str:
    from aie_conv.bridge.passes import run_passes
    from aie_conv.frontends.torch import import_model

    require_torch("--level=torch")
    arguments = s.get_sample_conv_args(splat_value=0)
    module = import_model(s.get_nn_module(), arguments, function_name=s.name)
    return run_passes(module, None, s.name)


def _flow(s: ConvSignature, options: Options | None) -> str:
    from aie_conv.bridge.passes import flow_text

    return flow_text(module_text(s).encode(), s.name)


def _plans(s: ConvSignature, options: Options) -> list[Plan]:
    """The NPU plans of a signature's module; UsageError if there is none."""
    from aie_conv.pipeline import CompileState, decide_each, import_module, recognise, run, start

    def choose_on_npu(state: CompileState) -> None:
        decide_each(
            state,
            lambda asked: (
                best_on_npu(asked.problem, asked.constants, options)
                if isinstance(asked.problem, ConvProblem)
                else Decision("cpu", "no contraction")
            ),
        )

    state = run(start(module_text(s).encode()), [import_module, recognise, choose_on_npu])
    contractions = [d for d in state.dispatches if d.contraction]
    plans = list(state.plans.values())
    if not plans:
        reason = contractions[0].decision.reason if contractions else "it holds no convolution"
        raise UsageError(f"{s.name}: no AIE module: {reason}")
    return plans


def _note(plan: Plan, text: str) -> str:
    """A plan's module behind a line that names it."""
    what = f"{plan.problem.describe()}: {plan.route} on {plan.device}, {plan.cores} cores"
    return f"// {what}\n{text}"


def _aie(s: ConvSignature, options: Options | None) -> str:
    """The AIE module of the route that was asked for; with "auto", of the cheapest NPU route."""
    from aie_conv.options import Options
    from aie_conv.sim import verify

    texts: list[str] = []
    for plan in _plans(s, options or Options()):
        text = plan.emit()
        verify(text)
        texts.append(_note(plan, text))
    return "\n".join(texts)


def best_on_npu(problem: ConvProblem, constants: frozenset[str], options: Options) -> Decision:
    """The decision of the route that is asked for; with "auto", of the NPU route that costs least."""
    from aie_conv import partitioner

    names = [name for name in partitioner.route_names() if name not in ("auto", "cpu")]
    routes = names if options.route == "auto" else [options.route]
    decisions = [
        partitioner.choose(
            problem,
            device=options.device,
            route=route,
            permission=options.permission,
            direct=options.direct,
            constants=constants,
        )
        for route in routes
    ]
    able = [d for d in decisions if d.plan is not None]
    if able:
        return min(able, key=lambda d: d.candidates[0].cost)
    return replace(decisions[0], reason="; ".join(d.reason for d in decisions))


def _air(s: ConvSignature, options: Options | None) -> str:
    """The module for mlir-air, which takes the direct route's scalar code."""
    from aie_conv.artifact import air_text
    from aie_conv.options import Options

    wanted = replace(options or Options(), route="direct", direct="scalar")
    return "\n".join(_note(plan, air_text(s.name, plan)) for plan in _plans(s, wanted))


LEVELS: dict[str, Callable[[ConvSignature, Options | None], str]] = {
    "torch": _torch,
    "linalg": _linalg,
    "flow": _flow,
    "aie": _aie,
    "air": _air,
}
"""Level -> what makes the IR, of a signature and the backend's options."""


def generate(
    s: ConvSignature, level: str, pipeline: str | None = None, options: Options | None = None
) -> str:
    """A signature's IR as text.

    Args:
        s: the signature.
        level: one of :data:`LEVELS`.
        pipeline: passes to run on the module that is imported (torch or linalg), "builtin.module(…)".
        options: device, route and the like, for "aie".

    Raises:
        UsageError: a level that there is none of, or that this signature has none of.
    """
    if level not in LEVELS:
        raise UsageError(f"--level={level}: unknown: use one of {', '.join(LEVELS)}")
    if pipeline is not None and level not in ("torch", "linalg"):
        raise UsageError(
            f"--pipeline: runs on imported IR: use --level=linalg or torch, not {level}"
        )
    text = LEVELS[level](s, options)
    if pipeline is None:
        return text
    from aie_conv.bridge.passes import run_passes

    return run_passes(text.encode(), pipeline, s.name)


def wanted(
    signatures: Sequence[ConvSignature], dims: Sequence[int], modes: Sequence[str]
) -> list[ConvSignature]:
    """The signatures of some numbers of dims and some modes; no filter takes all."""
    return [
        s for s in signatures if (not dims or s.rank in dims) and (not modes or s.mode in modes)
    ]
