"""mlir-aie and Peano, found where users install them; without them an artifact runs on the simulator."""

from collections.abc import Mapping

from aie_conv.toolchain.build import build_all, open_toolchain

__all__ = ["build"]


def build(text: str) -> Mapping[str, bytes]:
    """The NPU's binaries of an AIE module: "xclbin" and "instructions"; {} without a toolchain.

    Raises:
        UsageError: the toolchain is there and refuses the module.
    """
    toolchain = open_toolchain()
    return build_all([text], toolchain)[0] if toolchain is not None else {}
