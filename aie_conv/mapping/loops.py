"""The loops over output pixels as buffers see them, and the epilogue's operands along them."""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.operands import Residual, read_residual, read_vector
from aie_conv.problem import BLOCK_FLOAT, Arithmetic, ConvProblem

_KERNEL_DTYPE = {
    ("i8", "i8", "i32"): "i8",
    ("i16", "i16", "i32"): "i16",
    ("bf16", "bf16", "f32"): "bf16",
    ("f32", "f32", "f32"): "bf16",
    ("f16", "f16", "f32"): "bf16",
}

_BY_BF16: dict[str, tuple[Arithmetic, ...]] = {
    "f32": ("bf16", "bf16x3", "bfp16"),
    "f16": ("bf16x3",),
}
"""How the types that are multiplied as bf16 may be computed."""


@dataclass(frozen=True)
class MLoop:
    """A loop over output pixels: its size and element strides in input, output and residual."""

    size: int
    lhs: int
    out: int
    residual: int


def merge(m: list[MLoop]) -> tuple[MLoop, ...]:
    """Merge neighbours that walk every buffer as one loop would."""
    out: list[MLoop] = []
    for loop in m:
        if out:
            up = out[-1]
            inner = (loop.lhs, loop.out, loop.residual)
            if (up.lhs, up.out, up.residual) == tuple(loop.size * s for s in inner):
                out[-1] = MLoop(up.size * loop.size, *inner)
                continue
        out.append(loop)
    return tuple(out) or (MLoop(1, 0, 0, 0),)


def matrix_dtype(problem: ConvProblem) -> str:
    """The type that the matrix instructions multiply; Unsupported if there is none."""
    types = (problem.lhs.dtype, problem.rhs.dtype, problem.accumulator)
    able = _BY_BF16.get(types[0], (problem.arithmetic,))
    if types not in _KERNEL_DTYPE or problem.arithmetic not in able:
        raise Unsupported(f"{types[0]} x {types[1]} -> {types[2]} has no matrix instruction")
    return _KERNEL_DTYPE[types]


def matrix_unit(problem: ConvProblem, arch: Arch) -> str:
    """What the matrix unit multiplies: operands as they are, or as bfp16; Unsupported if there is none."""
    dtype = matrix_dtype(problem)
    if problem.arithmetic != BLOCK_FLOAT:
        return dtype
    if BLOCK_FLOAT not in arch.matmul:
        raise Unsupported(f"{arch.name} multiplies no {BLOCK_FLOAT}")
    return BLOCK_FLOAT


@dataclass(frozen=True)
class Fused:
    """The epilogue's operands."""

    vectors: tuple[tuple[int, str, str], ...]
    residual: Residual | None
    strides: dict[int, int]
    copies: tuple[HostCopy, ...]


def fuse(problem: ConvProblem, n_padded: int, groups: int = 1) -> Fused:
    """Sort the epilogue's operands into per-channel vectors and at most one residual.

    Args:
        problem: whose epilogue.
        n_padded: output channels, those that are padded included.
        groups: equal parts of the channels, each padded at its end.
    """
    vectors: list[tuple[int, str, str]] = []
    copies: list[HostCopy] = []
    residual: Residual | None = None
    strides: dict[int, int] = {}
    for index, input_ in enumerate(problem.epilogue.inputs):
        pairs = zip(problem.loops, input_.strides, strict=True)
        walked = {loop.role for loop, stride in pairs if stride}
        if walked <= {"n"}:
            name, operand_copies = read_vector(problem, index, input_, n_padded, groups)
            vectors.append((index, input_.operand.dtype, name))
        elif "k" not in walked and residual is None:
            residual, strides, operand_copies = read_residual(
                problem, index, input_, n_padded, groups
            )
        else:
            raise Unsupported(f"operand {index} of the epilogue is neither bias nor residual")
        copies += operand_copies
    return Fused(tuple(vectors), residual, strides, tuple(copies))
