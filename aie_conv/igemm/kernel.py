"""The kernel that :func:`aie_conv.get_igemm_conv2d` returns, and its symbols."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from aie_conv.arch import Device
from aie_conv.errors import UsageError
from aie_conv.igemm.blocks import Blocks, mapping_of
from aie_conv.igemm.geometry import OP, ConvGeometry
from aie_conv.igemm.maps import IndexMaps, make_maps
from aie_conv.img2col.view import GemmView, make_view
from aie_conv.mapping.operands import k_order, read_input
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.problem import Arithmetic

if TYPE_CHECKING:
    from aie_conv.img2col.scheme import GemmParameters
    from aie_conv.pipeline import CompileState
    from aie_conv.plan import Plan
    from aie_conv.runtime.program import Program

NAME = "igemm_conv2d"


class IgemmKernel:
    """An implicit-GEMM convolution, planned; called with arrays, it runs.

    Attributes:
        geometry: the convolution.
        plan: the plan: mapping, host copies, predicted cycles.
        maps: where the elements of the GEMM's matrices lie.
    """

    def __init__(
        self,
        geometry: ConvGeometry,
        blocks: Blocks,
        device: Device,
        arithmetic: Arithmetic,
        run_on: str | None,
    ) -> None:
        view = make_view(geometry.problem(arithmetic))
        self._mapping, cycles = mapping_of(view, device, blocks)
        self._run_on = run_on
        self.geometry = geometry
        # The type checker does not take a cached property for a property.
        self.plan = cast("Plan", ArrayPlan("im2col", "vector", self._mapping, cycles))
        self.maps: IndexMaps = make_maps(geometry, _stream_order(view))

    @cached_property
    def _emitted(self) -> CompileState:
        """The compiler's state with the plan as its decision, and the program of it."""
        from aie_conv.bridge.calls.one_call import call_text
        from aie_conv.pipeline import emit, run, start
        from aie_conv.plan import Decision, Dispatch

        g = self.geometry
        before = {"h": g.padding[0][0], "w": g.padding[1][0]}
        low = [before.get(letter, 0) for letter in g.input_sizes]
        text = call_text(self.plan, NAME, tuple(g.input_sizes.values()), low)
        state = start(text.encode(), name=NAME)
        decision = Decision(self.plan.route, "the blocks were chosen", self.plan)
        state.dispatches = (Dispatch(NAME, self.plan.problem, True, decision),)
        return run(state, [emit])

    @property
    def ir(self) -> str:
        """Text of the AIE module that runs."""
        return self._emitted.programs[NAME].executable.text

    @cached_property
    def vmfb(self) -> bytes:
        """The artifact: one function of input and filter; ``aie_conv.load`` takes it."""
        from aie_conv.bridge.calls.one_call import bind_call
        from aie_conv.pipeline import generate, import_module, rewrite, run

        def bind(state: CompileState) -> None:
            """IREE folds 1x1 windows and unit dimensions: what it makes of the call is not asked."""
            state.calls = (bind_call(state.module, self.plan, NAME),)

        return run(self._emitted, [import_module, bind, rewrite, generate]).vmfb

    @cached_property
    def program(self) -> Program:
        """The artifact, loaded; ``program.records`` has the figures of the last call."""
        from aie_conv.runtime.program import load_program

        return load_program(self.vmfb, self._run_on)

    def __call__(self, input: Any, filter: Any, out: Any = None) -> Any:
        """Run it.

        Args:
            input, filter: numpy arrays or torch tensors, in the layout's orders.
            out: an array or tensor of the result's shape and type to fill; None for a new one.

        Returns:
            The result: ``out`` if it is given, else as ``input`` is an array or a tensor.

        Raises:
            UsageError: an array of another shape or type.
            DeviceError: the device cannot run it.
        """
        from aie_conv.runtime.program import as_array

        dest = as_array(out) if out is not None else None
        result: Any = None
        if dest is not None:
            self._check(dest)
        result = self.program[NAME](input, filter)
        if dest is None:
            return _like(input, result)
        dest[...] = result
        return out

    def _check(self, dest: Any) -> None:
        """Raise UsageError for a destination that cannot be filled."""
        from aie_conv.runtime.vm_module import DTYPES

        shape = tuple(self.geometry.output_sizes.values())
        kind = DTYPES[self.geometry.output_dtype]
        if dest.shape != shape or dest.dtype != kind:
            shown = "x".join([*map(str, dest.shape), str(dest.dtype)])
            wanted = "x".join([*map(str, shape), str(kind)])
            raise UsageError(f"{OP}: out: {shown} given, the result is {wanted}")

    def __repr__(self) -> str:
        """What it computes, and how."""
        p = self._mapping.parameters
        blocks = f"{self._mapping.tile.pixels}x{p.tile_n}x{p.tile_k}"
        where = f"{self.plan.cores} cores of {self.plan.device}"
        return f"<igemm {self.plan.problem.describe()}: blocks {blocks}, {where}>"

    def symbols(self) -> dict[str, int]:
        """The symbol table: the convolution's sizes, the GEMM's, and the mapping's."""
        g, grid = self.geometry, self._mapping.grid
        high, wide = g.out_hw
        p = cast("GemmParameters", self._mapping.parameters)
        return {
            "N": g.n, "C": g.c, "H": g.h, "W": g.w,
            "HF": g.hf, "WF": g.wf, "NF": g.nf, "H_OUT": high, "W_OUT": wide,
            "STRIDE_H": g.stride[0], "STRIDE_W": g.stride[1],
            "PAD_TOP": g.padding[0][0], "PAD_BOTTOM": g.padding[0][1],
            "PAD_LEFT": g.padding[1][0], "PAD_RIGHT": g.padding[1][1],
            "DILATION_H": g.dilation[0], "DILATION_W": g.dilation[1],
            "M": g.m, "K": g.k, "K_STREAM": self._mapping.view.k, "NF_STREAM": self._mapping.view.n,
            "BLOCK_M": self._mapping.tile.pixels, "BLOCK_N": p.tile_n, "BLOCK_K": p.tile_k,
            "TILE_H": p.tile_h, "TILE_W": p.tile_w, "REPEAT": p.pixel_repeats,
            "TILES": grid.tiles, "SLICES": grid.n_tiles, "CHUNKS": self._mapping.tile.k_steps,
            "ROWS": grid.rows, "COLUMNS": grid.columns,
            "RESIDENT": int(p.resident), "FILTER_BUFFERS": p.filter_buffers,
        }  # fmt: skip


def _stream_order(view: GemmView) -> tuple[tuple[str, int], ...]:
    """The loops of the cores' stream of K with their padded sizes, outermost first."""
    loops = view.problem.loops
    inp, _, _ = read_input(view.problem, view.dtype)
    order = [(loops[i].name, inp.sizes.get(i, loops[i].size)) for i in k_order(loops, inp.strides)]
    known = 1
    for _, size in order:
        known *= size
    # One channel has no loop; it is padded like any other number of them.
    return (*order, ("ic", view.k // known)) if known < view.k else tuple(order)


def _like(example: Any, result: Any) -> Any:
    """The result as a torch tensor where the input is one."""
    if type(example).__module__.partition(".")[0] != "torch":
        return result
    import torch

    if result.dtype.name == "bfloat16":
        return torch.from_numpy(result.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(result)
