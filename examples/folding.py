"""The example networks without their batch norms, whose modules keep their names."""

import warnings

from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from torch.fx.experimental.optimization import fuse


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """A copy in which every batch norm has gone into the convolution before it.

    torch's own tool, which traces the model by its Python code: right for these networks, not for any.
    `aie_conv.compile` needs no such step; the quantiser looks at the folded filters.
    """
    return fuse(model)
