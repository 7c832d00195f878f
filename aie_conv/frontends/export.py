"""A model of torch's as an exported program, and the model as it was afterwards."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any, cast

from aie_conv.errors import UsageError
from aie_conv.frontends.quantised_modules import INSTEAD, refuse_quantised
from aie_conv.frontends.torch_package import require_torch

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.export import ExportedProgram

Inputs = tuple[tuple[Any, ...], dict[str, Any]]

SINGLE = "give a tuple, (x,) for one input"


def read_inputs(example_inputs: Any, example_kwargs: Mapping[str, Any] | None = None) -> Inputs:
    """Positional and keyword inputs with numpy's arrays as tensors.

    Args:
        example_inputs: a tuple or list of tensors, arrays, numbers and nests of them; one tensor or array
            stands for itself alone, a mapping for keyword inputs.
        example_kwargs: keyword inputs.

    Raises:
        UsageError: anything else.
    """
    require_torch("a model")
    import torch

    if isinstance(example_inputs, Mapping):
        keywords = {**cast("Mapping[str, Any]", example_inputs), **(example_kwargs or {})}
        return (), {str(name): _tensors(value, str(name)) for name, value in keywords.items()}
    if isinstance(example_inputs, torch.Tensor) or type(example_inputs).__name__ == "ndarray":
        example_inputs = (example_inputs,)
    if not isinstance(example_inputs, Sequence) or isinstance(example_inputs, str):
        raise UsageError(f"example_inputs: {type(example_inputs).__name__} given: {SINGLE}")
    values: Sequence[Any] = example_inputs
    positional = tuple(_tensors(value, str(number)) for number, value in enumerate(values))
    keywords = example_kwargs or {}
    return positional, {name: _tensors(value, name) for name, value in keywords.items()}


def _tensors(value: Any, where: str) -> Any:
    """A nest of inputs with numpy's arrays as tensors."""
    import numpy as np
    import torch
    from torch.utils._pytree import tree_flatten, tree_unflatten

    leaves, spec = tree_flatten(value)
    for number, leaf in enumerate(leaves):
        if isinstance(leaf, np.ndarray | np.generic):
            leaves[number] = _tensor(np.asarray(leaf), where)
        elif isinstance(leaf, torch.Tensor) and leaf.is_quantized:
            raise UsageError(f"example input {where}: a quantised tensor: {INSTEAD}")
        elif not isinstance(leaf, torch.Tensor | int | float | str | None):
            kind = type(leaf).__name__
            raise UsageError(f"example input {where}: {kind} given: use tensors or numpy arrays")
    return tree_unflatten(leaves, spec)


def _tensor(array: Any, where: str) -> torch.Tensor:
    import numpy as np
    import torch

    if array.dtype.name == "bfloat16":
        return torch.from_numpy(np.array(array).view(np.int16)).view(torch.bfloat16)
    try:
        return torch.from_numpy(np.array(array))
    except TypeError:
        raise UsageError(
            f"example input {where}: an array of {array.dtype}: torch has no such type"
        ) from None


def export(model: Any, inputs: Inputs) -> ExportedProgram:
    """Export a module, a function, or a program that is exported already.

    Raises:
        UsageError: a module in training mode, or what torch.export refuses, in one line.
    """
    import torch
    from torch import nn

    if isinstance(model, torch.export.ExportedProgram):
        return model
    module = _as_module(model)
    refuse_quantised(module)
    # A graph of torch's own has its mode inside; the flag says nothing.
    if module.training and not isinstance(module, torch.fx.GraphModule):
        raise UsageError("the model is in training mode: call model.eval() first")
    name = (
        type(model).__name__
        if isinstance(model, nn.Module)
        else getattr(model, "__name__", "function")
    )
    with _as_before(module), torch.no_grad(), warnings.catch_warnings():
        # torch's own, about what it deprecates and what it cannot see
        warnings.simplefilter("ignore")
        try:
            with _quiet():
                return torch.export.export(module, *inputs)
        except Exception as error:
            # The model's own code runs there, and may raise anything.
            reason = next(iter(str(error).strip().splitlines()), "")
            raise UsageError(
                f"{name}: torch.export cannot take it: {type(error).__name__}: {reason}"
            ) from error


@contextmanager
def _quiet() -> Generator[None]:
    """Keep off stderr what torch logs and prints there where it refuses: its error says it too.

    What the model's own code prints there stays.
    """
    handlers = [
        handler
        for name, logger in logging.root.manager.loggerDict.items()
        if name.partition(".")[0] == "torch" and isinstance(logger, logging.Logger)
        for handler in logger.handlers
    ]
    printed, graph = io.StringIO(), ""
    for handler in handlers:
        handler.addFilter(_drop)
    try:
        with redirect_stderr(printed):
            yield
    except Exception as error:
        # torch prints it once or more.
        if hasattr(error, "partial_fx_graph"):
            graph = f"{error.partial_fx_graph}\n"
        raise
    finally:
        for handler in handlers:
            handler.removeFilter(_drop)
        text = printed.getvalue().replace(graph, "") if graph else printed.getvalue()
        if text:
            sys.stderr.write(text)


def _drop(record: logging.LogRecord) -> bool:
    """A filter that lets nothing through."""
    return False


def _as_module(model: Any) -> nn.Module:
    from torch import nn

    if isinstance(model, nn.Module):
        return model
    if not callable(model):
        raise UsageError(
            f"{type(model).__name__}: no model: give a torch.nn.Module, a function or an ExportedProgram"
        )
    function: Callable[..., Any] = model

    class FunctionModule(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            owner = getattr(function, "__self__", None)
            if isinstance(owner, nn.Module):
                self.owner = owner

        def forward(self, *arguments: Any, **options: Any) -> Any:
            return function(*arguments, **options)

    return FunctionModule().eval()


_TABLES = ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks")


@contextmanager
def _as_before(model: nn.Module) -> Generator[None]:
    """Give every module its attributes back: tracing runs forward and hooks, which may set some."""
    before = [
        (module, dict(module.__dict__), {name: dict(module.__dict__[name]) for name in _TABLES})
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for module, attributes, tables in before:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            for name, entries in tables.items():
                if dict(module.__dict__[name]) != entries:
                    module.__dict__[name].clear()
                    module.__dict__[name].update(entries)
