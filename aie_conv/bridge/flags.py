"""The flags that a session starts from; a user's flag of the same name takes their place."""

from collections.abc import Sequence

_LAYOUT = (
    "--iree-preprocessing-pass-pipeline="
    "builtin.module(iree-preprocessing-transpose-convolution-pipeline)"
)

BASE = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    # The CPU dispatches of a mixed module meet constants of types that fold only as operands: with
    # them inlined, IREE 3.13 refuses a bf16 bias next to an f32 sum on llvm-cpu.
    "--iree-flow-inline-constants-max-byte-length=4",
)

NPU = (_LAYOUT,)
"""Channels last, which is what the DMA can address."""

CPU = (
    "--iree-global-opt-use-im2col-for-convs",
    "--iree-opt-data-tiling",
    "--iree-llvmcpu-enable-ukernels=all",
)
"""The best of IREE's CPU forms for whole networks (ResNet-50 f32: 58 ms against 241 ms plain)."""


def session_flags(route: str, user: Sequence[str]) -> list[str]:
    """Default flags of a route, without those that the user gives."""
    given = {flag.partition("=")[0] for flag in user}
    defaults = (*BASE, *(CPU if route == "cpu" else NPU))
    if "--iree-llvmcpu-target-cpu" not in given:
        defaults = (*defaults, "--iree-llvmcpu-target-cpu=host")
    return [flag for flag in defaults if flag.partition("=")[0] not in given] + list(user)
