"""PyTorch models as MLIR of the torch dialect, ready for IREE.

torch comes with the "torch" extra; this module imports it inside the functions only, so that the rest of
the package runs without it. Names with a capital F in comments are torch.nn.functional's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aie_conv.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import GraphModule


def import_model(
    model: Any,
    example_inputs: Any = (),
    *,
    example_kwargs: Mapping[str, Any] | None = None,
    function_name: str = "main",
) -> bytes:
    """A torch model as MLIR bytecode of the torch dialect, weights inside.

    The model is left as it was: its state, its hooks, its mode.

    Args:
        model: a module in evaluation mode, a function of tensors, or an ExportedProgram.
        example_inputs: tensors or arrays of the shapes and types that the compiled function will take,
            in a tuple; nests (lists, tuples, dicts) and numbers as the model takes them.
        example_kwargs: the same for what the model takes by name.
        function_name: name of the compiled function.

    Raises:
        UsageError: the model cannot be exported, or has an operation or a dynamic dim that cannot be
            compiled; one line, with the operation's or the input's name.
    """
    from aie_conv.bridge.torch_import import import_graph
    from aie_conv.frontends.calls import describe_call
    from aie_conv.frontends.export import export, read_inputs

    program = export(model, read_inputs(example_inputs, example_kwargs))
    return import_graph(lower(program), function_name, describe_call(program))


def lower(program: ExportedProgram) -> GraphModule:
    """An exported program as a graph that IREE's importer takes, with its batch norms folded.

    The program is left as it is.

    Raises:
        UsageError: it cannot be compiled; one line, with the operation's or the input's name.
    """
    from aie_conv.frontends.fold import fold_batch_norms
    from aie_conv.frontends.frozen import check_stateless, freeze, plain_forms
    from aie_conv.frontends.repairs import CONVOLUTIONS, repair
    from aie_conv.frontends.scalars import round_scalars

    graph_module = freeze(program)
    plain_forms(graph_module)
    repair(graph_module, CONVOLUTIONS)
    fold_batch_norms(graph_module)
    repair(graph_module)
    _refuse_complex(graph_module)
    _decompose_refused(graph_module)
    round_scalars(graph_module)
    check_stateless(graph_module)
    graph_module.graph.lint()
    graph_module.recompile()
    return graph_module


def _decompose_refused(graph_module: GraphModule) -> None:
    """Replace operations that IREE does not take by what torch makes of them.

    Raises:
        UsageError: torch has nothing simpler for one.
    """
    from aie_conv.frontends.probe import refused_operations
    from aie_conv.frontends.repairs import repair
    from aie_conv.frontends.repairs.missing import decompositions
    from aie_conv.frontends.splice import rewrite

    asked: set[Any] = set()
    while refused := refused_operations(graph_module):
        # What the model itself holds is named, not what it was decomposed to.
        asked = asked or refused
        rules = {op: rules for op in refused if (rules := decompositions(op))}
        if not rewrite(graph_module, rules):
            names = ", ".join(sorted(str(op).removesuffix(".default") for op in asked))
            raise UsageError(f"{names}: IREE cannot lower it, and torch has no simpler form of it")
        repair(graph_module)


_REAL = ("convolution", "mm", "bmm", "addmm", "matmul", "linear")


def _refuse_complex(graph_module: GraphModule) -> None:
    """Refuse sums of complex products by name: IREE's library ends its process over them."""
    import torch

    for node in graph_module.graph.nodes:
        value = node.meta.get("val")
        name = str(node.target).removeprefix("aten.").partition(".")[0]
        if name in _REAL and isinstance(value, torch.Tensor) and value.is_complex():
            raise UsageError(
                f"{name} of {str(value.dtype).removeprefix('torch.')}: only real ones can be compiled:"
                " compute with real and imaginary parts"
            )


def fold_batch_norm(model: torch.nn.Module, example_inputs: Any = None) -> torch.nn.Module:
    """The model with batch norms folded into the convolutions that they alone read.

    Where every use of a value is visible is the exported graph, which needs inputs: without them the model
    comes back as it is, and :func:`import_model` folds.

    Args:
        model: a module in evaluation mode; it is left as it was.
        example_inputs: as for :func:`import_model`.

    Returns:
        A module that computes the same of inputs of these shapes.
    """
    if example_inputs is None:
        return model
    import torch

    from aie_conv.frontends.calls import read_call
    from aie_conv.frontends.export import export, read_inputs
    from aie_conv.frontends.fold import fold_batch_norms
    from aie_conv.frontends.frozen import freeze, plain_forms
    from aie_conv.frontends.repairs import CONVOLUTIONS, repair
    from aie_conv.structure import build

    program = export(model, read_inputs(example_inputs))
    call, graph_module = read_call(program), freeze(program)
    plain_forms(graph_module)
    repair(graph_module, CONVOLUTIONS)
    fold_batch_norms(graph_module)
    graph_module.recompile()

    class Folded(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.graph_module = graph_module

        def forward(self, *arguments: Any, **options: Any) -> Any:
            tensors = call.arguments(arguments, options, "forward")
            return build(call.result, self.graph_module(*tensors))

    return Folded().eval()
