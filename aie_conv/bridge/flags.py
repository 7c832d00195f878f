"""The flags that a session starts from; a user's flag of the same name takes their place."""

from collections.abc import Sequence

_LAYOUT = (
    "--iree-preprocessing-pass-pipeline="
    "builtin.module(iree-preprocessing-transpose-convolution-pipeline)"
)

_INLINED = "--iree-flow-inline-constants-max-byte-length"
_IREE_INLINES = 256
"""Bytes of the longest constant that IREE inlines where no flag says so (3.13)."""

BASE = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    # The CPU dispatches of a mixed module meet constants of types that fold only as operands: with
    # them inlined, IREE 3.13 refuses a bf16 bias next to an f32 sum on llvm-cpu.
    f"{_INLINED}=4",
    "--iree-llvmcpu-target-cpu=host",
)

NPU = (_LAYOUT,)
"""Channels last, which is what the DMA can address.

No data tiling: it makes packed tensors of products before dispatches are formed, and the NPU would have none.
What stays on the CPU is put into its order and tiles afterwards (``calls/cpu_layout.py``, ``cpu_tiles.py``).
"""

CPU = (
    "--iree-global-opt-use-im2col-for-convs",
    "--iree-opt-data-tiling",
    "--iree-llvmcpu-enable-ukernels=all",
)
"""The best of IREE's CPU forms for whole networks (ResNet-50 f32: 58 ms against 241 ms plain)."""

CPU_FAST = (
    "--iree-global-opt-use-im2col-for-convs",
    "--iree-llvmcpu-enable-ukernels=all",
)
"""Without data tiling: a tenth slower to run, a quarter of the time to compile (ResNet-50 f32)."""

PLAIN = ()
"""IREE's defaults: where it cannot do im2col itself (3.13: bf16 with an f32 sum and a batch)."""

_FORMS: dict[str, tuple[tuple[str, ...], ...]] = {"cpu": (CPU, PLAIN), "none": (CPU_FAST, PLAIN)}

_HOST = "--iree-llvmcpu-target-cpu"
_STOCK = (
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    f"{_HOST}=host",
)
"""What a compilation with IREE's own defaults still needs: somewhere to run."""


def session_flags(route: str, user: Sequence[str]) -> list[list[str]]:
    """Default flags of a route, without those that the user gives: several sets, best first.

    Args:
        route: "cpu", "none" (the NPU was asked and takes nothing), "stock" (IREE's own defaults), or an NPU
            route.
        user: flags of iree-compile.
    """
    named = {flag.partition("=")[0].lstrip("-") for flag in user}
    if any(name.startswith("iree-llvmcpu-target-") for name in named):
        # The processor of this machine is none of another architecture.
        named.add(_HOST.lstrip("-"))
    forms = ((),) if route == "stock" else _FORMS.get(route, (NPU,))
    base = _STOCK if route == "stock" else BASE
    return [
        [flag for flag in (*base, *form) if flag.partition("=")[0].lstrip("-") not in named]
        + list(user)
        for form in forms
    ]


def inlined_bytes(flags: Sequence[str]) -> int:
    """Bytes of the longest constant that IREE puts into a dispatch with these flags."""
    name = _INLINED.lstrip("-")
    values = [flag.partition("=")[2] for flag in flags if flag.lstrip("-").startswith(f"{name}=")]
    return int(values[-1]) if values and values[-1].isdecimal() else _IREE_INLINES
