"""ConvSignature: the public form of a convolution, which also makes what it describes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aie_conv.frontends.miopen.shape import ConvShape

if TYPE_CHECKING:
    import torch

    from aie_conv.problem import ConvProblem


@dataclass(frozen=True, init=False)
class ConvSignature(ConvShape):
    """A convolution's shapes, layouts, types and direction, and what it becomes.

    The argument names are the ancestors'; :class:`ConvShape` says what they mean.

    Raises:
        UsageError: a value that no convolution can have.
    """

    def get_nn_module(self) -> "torch.nn.Module":
        """A torch module that computes this; called with :meth:`get_sample_conv_args`."""
        from aie_conv.frontends.miopen.reference import module

        return module(self)

    def get_sample_conv_args(
        self, *, seed: int = 0, splat_value: float | None = None
    ) -> "tuple[torch.Tensor, ...]":
        """Operands as torch tensors, in :attr:`argument_shapes`'s order.

        Args:
            seed: of the random values (normal; integers between -128 and 127).
            splat_value: one value for every element instead.
        """
        from aie_conv.frontends.miopen.reference import sample_arguments

        return sample_arguments(self, seed, splat_value)

    def problem(self) -> "ConvProblem":
        """The convolution on its dense, already padded (for a scatter: spread) operands.

        Raises:
            UsageError: a bias gradient, which is no convolution.
        """
        from aie_conv.frontends.miopen.contraction import problem

        return problem(self)


def generate_mlir(
    signature: ConvSignature,
    output_path: Any = None,
    import_pipeline: str | None = None,
    print_ir: bool = False,
) -> str:
    """A signature's linalg IR.

    Args:
        signature: the convolution.
        output_path: a file to write it to as well.
        import_pipeline: MLIR passes to run on it, "builtin.module(…)".
        print_ir: print it as well.

    Raises:
        UsageError: the passes are refused, or the file cannot be written.
    """
    import sys
    from pathlib import Path

    from aie_conv.frontends.miopen.linalg import module_text

    text = module_text(signature)
    if import_pipeline is not None:
        from aie_conv.bridge.passes import run_passes

        text = run_passes(text.encode(), import_pipeline, signature.name)
    if output_path is not None:
        from aie_conv.files import check_writable, write_whole

        check_writable(Path(output_path))
        write_whole(Path(output_path), text.encode())
    if print_ir:
        sys.stdout.write(text)
    return text
