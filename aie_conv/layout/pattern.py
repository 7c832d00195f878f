"""Address patterns of the shim DMA: n-D strided streams, and their split into hardware tasks.

A :class:`Pattern` says in which order a DMA walks a flat buffer. Routes state one pattern per tile,
as long as they like; :func:`coalesce` folds runs of equal patterns into an outer dimension and
:func:`split` cuts what is left into tasks that the buffer descriptors' fields can hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from aie_conv.arch import Arch, get_arch
from aie_conv.errors import ConfigRefused
from aie_conv.layout.footprint import Footprint
from aie_conv.lazy import cached_property

Dims = tuple[tuple[int, int], ...]
"""(size, stride) pairs, outermost first."""


@dataclass(frozen=True)
class Pattern:
    """``offset + sum(i_d * stride_d)`` for i over the sizes, outermost first; all in elements.

    Attributes:
        offset: first element.
        dims: (size, stride) pairs, outermost first.
    """

    offset: int
    dims: Dims

    @property
    def elements(self) -> int:
        """How many elements the pattern moves."""
        return prod(size for size, _ in self.dims)

    def runs(self, itemsize: int) -> tuple[int, int]:
        """Bytes of a contiguous run, and from one to the next; equal if there is one only."""
        dims = simplify(self.dims) or ((1, 1),)
        if dims[-1][1] != 1:
            dims = (*dims, (1, 1))
        run = dims[-1][0] * itemsize
        return run, abs(dims[-2][1]) * itemsize if len(dims) > 1 else run

    def addresses(self) -> Iterator[int]:
        """Every element index, in stream order."""

        def walk(offset: int, dims: Dims) -> Iterator[int]:
            if not dims:
                yield offset
                return
            size, stride = dims[0]
            for i in range(size):
                yield from walk(offset + i * stride, dims[1:])

        return walk(self.offset, self.dims)


@lru_cache(maxsize=4096)
def simplify(dims: Dims) -> Dims:
    """The same walk with unit dimensions dropped and contiguous neighbours merged."""
    out: list[tuple[int, int]] = []
    for size, stride in dims:
        if size == 1:
            continue
        if out and out[-1][1] == size * stride and stride != 0:
            out[-1] = (out[-1][0] * size, stride)
        else:
            out.append((size, stride))
    return tuple(out)


def _fold(patterns: Sequence[Pattern]) -> list[Pattern]:
    """One round of folding arithmetic runs of equal patterns into an outer dimension."""
    out: list[Pattern] = []
    i = 0
    while i < len(patterns):
        first = patterns[i]
        j = i + 1
        if j < len(patterns) and patterns[j].dims == first.dims:
            delta = patterns[j].offset - first.offset
            while (
                delta >= 0
                and j < len(patterns)
                and patterns[j].dims == first.dims
                and patterns[j].offset - patterns[j - 1].offset == delta
            ):
                j += 1
            dims = simplify(((j - i, delta), *first.dims))
            if delta >= 0 and _foldable(dims):
                out.append(Pattern(first.offset, dims))
                i = j
                continue
            if delta >= 0:
                # Nor is any later part of this run: the last of it may begin another.
                out.extend(patterns[i : j - 1])
                i = j - 1
                continue
        out.append(first)
        i += 1
    return out


def _foldable(dims: Dims) -> bool:
    """At most four dimensions, and a repeat (stride 0) only outermost."""
    return len(dims) <= 4 and all(stride for _, stride in dims[1:])


def coalesce(patterns: Sequence[Pattern]) -> list[Pattern]:
    """The same stream in as few patterns as repeated folding finds; order is kept."""
    current = [Pattern(p.offset, simplify(p.dims)) for p in patterns]
    while True:
        folded = _fold(current)
        if len(folded) == len(current):
            return folded
        current = folded


@dataclass(frozen=True)
class Task:
    """One shim DMA task: sizes and strides [d3, d2, d1, d0] in elements, as dma_memcpy_nd takes."""

    offset: int
    sizes: tuple[int, int, int, int]
    strides: tuple[int, int, int, int]

    @property
    def elements(self) -> int:
        """How many elements the task moves."""
        return prod(self.sizes)

    @cached_property
    def extent(self) -> range:
        """The elements of its buffer from the first to the last that it walks."""
        steps = sum((n - 1) * step for n, step in zip(self.sizes, self.strides, strict=True))
        return range(self.offset, self.offset + steps + 1)

    @cached_property
    def footprint(self) -> Footprint:
        """The elements that it walks."""
        walked = zip(self.sizes, self.strides, strict=True)
        return Footprint(self.offset, tuple((n, step) for n, step in walked if n > 1 and step))


def _cut_run(dims: Dims, limit: int, quantum: int) -> Dims:
    """Write a too long contiguous run as two dimensions, the inner one within ``limit``."""
    size, stride = dims[-1]
    for inner in range(min(limit, size), 0, -1):
        if size % inner == 0 and inner % quantum == 0:
            return (*dims[:-1], (size // inner, inner * stride), (inner, stride))
    raise ConfigRefused(
        "shim wrap", f"shim DMA: a run of {size} elements cannot be cut: use others"
    )


def split(pattern: Pattern, itemsize: int, arch: Arch) -> list[Task]:
    """The tasks that move a pattern, within the shim's fields.

    Args:
        pattern: what to move.
        itemsize: bytes an element, 1, 2 or 4.
        arch: whose limits.

    Raises:
        ConfigRefused: an address is not on 4 bytes, which no task can express.
    """
    words = 4 // itemsize if itemsize < 4 else 1
    dims = simplify(pattern.dims) or ((1, 1),)
    if dims[-1][1] != 1:
        dims = (*dims, (1, 1))
    if pattern.offset % words or dims[-1][0] % words or any(s % words for _, s in dims[:-1]):
        raise ConfigRefused(
            "4-byte granularity",
            f"shim DMA: offset {pattern.offset}, dims {dims} of {itemsize}-byte elements are not "
            "on 4 bytes: reorder the operand",
        )
    # A stream's patterns are many, and differ in their offsets alone.
    start = pattern.offset
    cut = _cut(dims, words, arch.name)
    return [Task(start + task.offset, task.sizes, task.strides) for task in cut]


@lru_cache(maxsize=1024)
def _cut(dims: Dims, words: int, arch: str) -> tuple[Task, ...]:
    """The tasks of a simplified pattern that begins at 0, for an architecture."""
    return tuple(_tasks(0, dims, words, get_arch(arch)))


def _tasks(offset: int, dims: Dims, words: int, arch: Arch) -> Iterator[Task]:
    """Cut a simplified pattern (innermost stride 1) into tasks, unrolling what no field holds."""
    wrap = (1 << arch.shim_wrap_bits) - 1
    iterations = 1 << arch.shim_iteration_bits
    (first, first_stride), (run, _) = dims[0], dims[-1]
    far = any(stride > words << arch.shim_step_bits for _, stride in dims[:-1])
    repeats_inside = any(stride == 0 for _, stride in dims[1:])
    linear = len(dims) == 1 or (
        len(dims) == 2 and (first <= iterations or first_stride == 0 or run > wrap * words)
    )
    if not linear and not far and run > wrap * words:
        dims = _cut_run(dims, wrap * words, words)
        run = dims[-1][0]
    if far or repeats_inside or len(dims) > 4:
        for i in range(first):
            yield from _tasks(offset + i * first_stride, dims[1:], words, arch)
        return
    outer = list(dims[:-1])
    if linear or outer[0][1] == 0:
        # Only the iteration dimension repeats, and only it may stand beside an unbounded run.
        rows = ((outer[0] if outer else (1, 0)), *((1, 0),) * (3 - max(len(outer), 1)), *outer[1:])
    elif len(outer) == 1 and outer[0][0] > wrap:
        rows = ((1, 0), outer[0], (1, 0))
    else:
        rows = (*((1, 0),) * (3 - len(outer)), *outer)
    if rows[2][0] > wrap:
        raise ConfigRefused(
            "shim wrap", f"shim DMA: {rows[2][0]} rows in one task: use smaller tiles"
        )
    sizes = tuple(size for size, _ in rows)
    strides = (rows[0][1], rows[1][1], rows[2][1], 1)
    for start in range(0, sizes[0], iterations):
        count = min(iterations, sizes[0] - start)
        task_offset = offset + start * strides[0]
        yield Task(task_offset, (count, sizes[1], sizes[2], run), strides)
