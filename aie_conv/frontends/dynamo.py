"""``torch.compile(model, backend="amd-aie")``: each graph that torch finds, compiled and run.

torch gives a backend one graph for each stretch of a model between graph breaks, with parameters and buffers
among its inputs. What happens to them:

* A graph is compiled at its first call, for the shapes of that call, and again for others.
* Parameters and buffers become constants, so that the NPU's copies are packed once, before any call. A
  parameter is a constant of the first program that reads it and an input of every later one, so that no
  two programs hold it; ``options={"constants": "every"}`` bakes it into each for speed.
* A parameter that has changed since (training, ``load_state_dict``) makes its programs be compiled again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    from aie_conv.options import Options
    from aie_conv.runtime.program import Program

_OTHERS = ("run_on", "constants")
_FILES = (
    "route_file",
    "report",
    "emit",
    "emit_level",
    "air_version",
    "trace",
    "trace_dispatch",
    "html",
    "plan_db",
)
"""Options of a compilation that name files: one file for many graphs means nothing."""


def amd_aie(
    graph_module: torch.fx.GraphModule,
    example_inputs: Sequence[Any],
    *,
    options: Mapping[str, Any] | None = None,
    **_: Any,
) -> Callable[..., Any]:
    """The backend, as ``torch.compile`` calls it.

    Args:
        graph_module: one graph.
        example_inputs: of the first call; the shapes are taken at the call.
        options: those of :func:`aie_conv.compile` that name no files (``device``, ``route``, ``f32``, …);
            ``run_on``: "sim" or "xrt"; ``constants``: "once" or "every" (see above).

    Returns:
        What runs the graph. It raises UsageError, in one line, for what cannot be compiled: raised here,
        torch would wrap it in pages of its own.
    """
    return _Graph(graph_module, dict(options or {}))


@dataclass(frozen=True)
class _Settings:
    """The options, read."""

    options: Options
    run_on: str | None
    every: bool


def _read(flags: Mapping[str, Any]) -> _Settings:
    from aie_conv.options import Options

    known = [f.name for f in fields(Options) if f.name not in _FILES]
    unknown = [name for name in flags if name not in (*known, *_OTHERS)]
    if unknown:
        raise UsageError(
            f"amd-aie: option '{unknown[0]}': unknown: use one of {', '.join([*known, *_OTHERS])}"
        )
    constants = flags.get("constants", "once")
    if constants not in ("once", "every"):
        raise UsageError(f"amd-aie: constants={constants!r}: use 'once' or 'every'")
    options = Options(**{name: value for name, value in flags.items() if name not in _OTHERS})
    return _Settings(options, flags.get("run_on"), constants == "every")


@dataclass(frozen=True)
class _Loaded:
    """A program for inputs of some shapes.

    Attributes:
        program: what runs.
        inputs: the numbers of the graph's inputs that it takes.
        constants: number of each input that is a constant of it -> the tensor and its version when baked.
        results: what the graph gives: the type of a tensor, or another value.
    """

    program: Program
    inputs: tuple[int, ...]
    constants: dict[int, tuple[Any, int]]
    results: tuple[Any, ...]

    def is_current(self, arguments: Sequence[Any]) -> bool:
        """Whether the constants are what they were."""
        return all(
            arguments[number] is tensor and tensor._version == version
            for number, (tensor, version) in self.constants.items()
        )


class _Baked:
    """Which parameters are constants of a program that still lives."""

    def __init__(self) -> None:
        self._holders: dict[int, tuple[weakref.ref[Any], weakref.ref[Any]]] = {}

    def is_free(self, tensor: Any) -> bool:
        """Whether no program holds it."""
        entry = self._holders.get(id(tensor))
        return entry is None or entry[0]() is not tensor or entry[1]() is None

    def hold(self, tensor: Any, program: Any) -> None:
        """A program has a tensor as a constant from now on."""
        self._holders[id(tensor)] = (weakref.ref(tensor), weakref.ref(program))


_BAKED = _Baked()


class _Graph:
    """One graph of torch's, compiled for the shapes that it is called with."""

    def __init__(self, graph_module: torch.fx.GraphModule, options: Mapping[str, Any]) -> None:
        self._graph_module = graph_module
        self._options = options
        self._loaded: dict[Any, _Loaded] = {}

    def __call__(self, *arguments: Any) -> Any:
        from aie_conv.runtime.tensors import as_tensor

        key = tuple(map(_kind, arguments))
        loaded = self._loaded.get(key)
        if loaded is None or not loaded.is_current(arguments):
            self._loaded.pop(key, None)
            loaded = self._loaded[key] = self._compile(arguments)
        inputs = [arguments[number] for number in loaded.inputs]
        outputs = iter(loaded.program["main"].invoke(inputs))
        results = [
            as_tensor(next(outputs)).to(result.dtype) if isinstance(result, _Type) else result
            for result in loaded.results
        ]
        return _without_gradient(results, arguments)

    def _compile(self, arguments: Sequence[Any]) -> _Loaded:
        import torch

        from aie_conv.bridge.torch_import import import_graph
        from aie_conv.compiler import compile_source
        from aie_conv.frontends.export import export
        from aie_conv.frontends.torch import lower
        from aie_conv.runtime.program import load_program

        settings = _read(self._options)
        constants = {
            number: argument
            for number, argument in enumerate(arguments)
            if _is_state(argument) and (settings.every or _BAKED.is_free(argument))
        }
        varying = tuple(n for n in range(len(arguments)) if n not in constants)
        with torch.no_grad():
            example_inputs = tuple(arguments[number] for number in varying)
            program = export(
                _freeze_inputs(self._graph_module, arguments, constants), (example_inputs, {})
            )
        _refuse_training(program)
        graph_module = lower(program)
        if graph_module.meta["mutates"]:
            raise UsageError(
                f"amd-aie: the model changes {', '.join(graph_module.meta['mutates'])} in place: compute new"
                " values instead"
            )
        artifact = compile_source(import_graph(graph_module, "main"), settings.options)
        runner = load_program(artifact, settings.run_on)
        for tensor in constants.values():
            _BAKED.hold(tensor, runner)
        versions = {number: (tensor, tensor._version) for number, tensor in constants.items()}
        inputs = tuple(n for n in varying if isinstance(arguments[n], torch.Tensor))
        return _Loaded(runner, inputs, versions, _results(program))


def _freeze_inputs(
    graph_module: Any, arguments: Sequence[Any], constants: Mapping[int, Any]
) -> torch.nn.Module:
    """A graph whose constant inputs are its state."""
    import torch

    graph_module = _enter_autocast(graph_module)

    class FrozenModule(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.graph = graph_module
            for number, tensor in constants.items():
                self.register_buffer(f"input{number}", tensor.detach())

        def forward(self, *varying: Any) -> Any:
            rest = iter(varying)
            return self.graph(
                *(
                    getattr(self, f"input{number}") if number in constants else next(rest)
                    for number in range(len(arguments))
                )
            )

    return FrozenModule().eval()


def _enter_autocast(graph_module: Any) -> Any:
    """A graph whose stretches under autocast are traced so: torch's own call only notes that they are."""
    import torch
    from torch.amp import autocast_mode

    modes: Any = autocast_mode

    def enter(*values: Any) -> Any:
        context = torch.autocast(*values)
        context.__enter__()
        return context

    def leave(context: Any) -> None:
        context.__exit__(None, None, None)

    instead = {modes._enter_autocast: enter, modes._exit_autocast: leave}
    if not any(node.target in instead for node in graph_module.graph.nodes):
        return graph_module
    graph = torch.fx.Graph()
    graph.output(graph.graph_copy(graph_module.graph, {}))
    for node in graph.nodes:
        node.target = instead.get(node.target, node.target)
    return torch.fx.GraphModule(graph_module, graph)


@dataclass(frozen=True)
class _Type:
    """A result that is a tensor."""

    dtype: Any


def _results(program: ExportedProgram) -> tuple[Any, ...]:
    from torch.export.graph_signature import ConstantArgument, OutputKind

    types = {
        n.name: n.meta["val"].dtype
        for n in program.graph.nodes
        if hasattr(n.meta.get("val"), "dtype")
    }
    return tuple(
        spec.arg.value if isinstance(spec.arg, ConstantArgument) else _Type(types[spec.arg.name])
        for spec in program.graph_signature.output_specs
        if spec.kind == OutputKind.USER_OUTPUT
    )


def _kind(argument: Any) -> Any:
    """What a program depends on: a tensor's shape and type, a number's value."""
    import torch

    if isinstance(argument, torch.Tensor):
        return tuple(argument.shape), argument.dtype
    return argument


def _is_state(argument: Any) -> bool:
    """Whether an input is a parameter or a buffer of a module; torch marks those that it has taken apart."""
    import torch

    if not isinstance(argument, torch.Tensor):
        return False
    return isinstance(argument, torch.nn.Parameter) or hasattr(
        argument, "_dynamo_static_input_type"
    )


_TRAINING = "amd-aie: inference only: {}: call model.eval() first"


def _refuse_training(program: ExportedProgram) -> None:
    """Refuse dropout that drops, and batch norms that learn."""
    import torch

    aten = torch.ops.aten
    for node in program.graph.nodes:
        if node.target is aten.dropout.default and node.args[2]:
            raise UsageError(_TRAINING.format("the model drops values, as in training"))
        if node.target is aten.batch_norm.default and node.args[5] and node.args[3] is not None:
            raise UsageError(_TRAINING.format("a batch norm is in training mode"))


def _without_gradient(results: list[Any], arguments: Sequence[Any]) -> tuple[Any, ...]:
    """The results; where the caller records gradients, with a line for who asks for them."""
    import torch

    wanted = torch.is_grad_enabled() and any(
        isinstance(a, torch.Tensor) and a.requires_grad for a in arguments
    )
    if not wanted:
        return tuple(results)

    class NoGradient(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, anchor: Any, value: Any) -> Any:
            return value.view_as(value)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            raise UsageError(
                "amd-aie: inference only: it computes no gradients: train without the backend"
            )

    anchor = torch.zeros((), requires_grad=True)
    return tuple(
        NoGradient.apply(anchor, r) if isinstance(r, torch.Tensor) and r.is_floating_point() else r
        for r in results
    )
