"""The maps say where the GEMM's elements lie: in the operands, and in what the emitted program reads."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import aie_conv
from aie_conv.igemm.kernel import IgemmKernel
from aie_conv.layout.hostcopy import apply
from tests.support.igemm.strategies import arguments, convolved, operands


def planned(**given: Any) -> IgemmKernel:
    return aie_conv.get_igemm_conv2d(**given)[0]


@given(arguments())
def test_the_gemm_of_the_mapped_elements_is_the_convolution(given: dict[str, Any]) -> None:
    """gather(input) @ gather(filter), put where the output's map says, equals torch."""
    kernel = planned(**given)
    g = kernel.geometry
    x, w = operands(g)
    product = kernel.maps.input.gather(x.astype(np.float64)) @ kernel.maps.filter.gather(
        w.astype(np.float64)
    )
    out = np.full(kernel.maps.output.shape, np.nan)
    out.reshape(-1)[kernel.maps.output.flat()] = product
    np.testing.assert_allclose(out, convolved(g, x, w), rtol=1e-12, atol=1e-12)


@given(arguments())
def test_a_map_of_numbers_is_the_map_of_arrays(given: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    for index_map in planned(**given).maps:
        flat = index_map.flat()
        for _ in range(20):
            row, column = (int(rng.integers(size)) for size in flat.shape)
            index = index_map(row, column)
            found = -1 if index is None else int(np.ravel_multi_index(index, index_map.shape))
            assert found == flat[row, column]


def streamed(kernel: IgemmKernel, x: np.ndarray) -> dict[int, list[np.ndarray]]:
    """What the program's DMA reads for each output pixel: the stream of K, by the pixel's number.

    From the mapping's address patterns, which are what the emitted text's transfers are made of, and the
    host copies before and behind the call.
    """
    g, mapping = kernel.geometry, kernel.plan.mapping  # pyright: ignore[reportAttributeAccessIssue]
    addresses, view, p = mapping.addresses, mapping.view, mapping.parameters
    order = list(g.input_sizes)
    border = {"h": g.padding[0], "w": g.padding[1]}
    padded = np.pad(x, [border.get(letter, (0, 0)) for letter in order])
    assert padded.shape == kernel.plan.problem.lhs.shape
    buffer = np.ravel(apply(kernel.plan.prologue, {"lhs": padded, "rhs": operands(g)[1]})[
        view.lhs.name
    ])  # fmt: skip
    # The number of each output element, as the program writes it and as the user reads it.
    numbers = np.arange(int(np.prod(list(g.output_sizes.values()))))
    pixel = np.full(numbers.size, -1)
    pixel[kernel.maps.output.flat()] = np.arange(g.m)[:, None]
    written = np.repeat(np.arange(g.m), view.n) if kernel.plan.finish else pixel
    found: dict[int, list[np.ndarray]] = {}
    for tile in range(mapping.grid.tiles):
        (name, pattern), *_ = addresses.input_patterns(tile, [0])
        assert name == view.lhs.name
        read = buffer[np.fromiter(pattern.addresses(), int)]
        pixels, steps = mapping.tile.pixels, mapping.tile.k_steps // p.k_chunks
        rows = read.reshape(steps, pixels, p.k_chunks * p.tile_k).transpose(1, 0, 2)
        (out,) = addresses.output_patterns(tile, [0])
        # A pixel's first channel alone.
        first = list(out.addresses())[:: p.tile_n]
        for row, address in zip(rows.reshape(pixels, -1), first, strict=True):
            found.setdefault(int(written[address]), []).append(row)
    return found


@given(arguments())
def test_the_program_reads_what_the_maps_say(given: dict[str, Any]) -> None:
    """Every pixel's stream of K has the mapped elements in the mapped places."""
    kernel = planned(**{**given, "input_dtype": "i8", "output_dtype": "i32"})
    x, _ = operands(kernel.geometry)
    wanted = kernel.maps.input.gather(x)
    places = kernel.maps.stream.places()
    found = streamed(kernel, x)
    assert sorted(found) == list(range(kernel.geometry.m))
    for pixel, rows in found.items():
        for row in rows:
            assert row.size == kernel.maps.stream.length
            np.testing.assert_array_equal(row[places], wanted[pixel])


def test_maps_are_readable() -> None:
    kernel = planned(
        n=2, c=8, h=9, w=11, hf=3, wf=2, nf=16, stride=(2, 1), padding=((1, 0), (2, 1))
    )
    assert (
        str(kernel.maps)
        == """\
input[n, c, h, w] of (m < 104, k < 48)
  n = m // 52
  c = k % 8
  h = (m // 13 % 4) * 2 + k // 16 - 1   (padding unless 0 <= h < 9)
  w = m % 13 + k // 8 % 2 - 2   (padding unless 0 <= w < 11)
filter[f, c, h, w] of (k < 48, f < 16)
  f = f
  c = k % 8
  h = k // 16
  w = k // 8 % 2
output[n, c, h, w] of (m < 104, f < 16)
  n = m // 52
  c = f
  h = m // 13 % 4
  w = m % 13
stream of 48 from (k < 48): k % 8 + (k // 16) * 16 + (k // 8 % 2) * 8"""
    )
    assert kernel.maps.input(0, 0) is None
    assert kernel.maps.input(15, 16) == (0, 0, 2, 0)


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (104, 0), (0, 48)])
def test_there_is_no_element_outside(row: int, column: int) -> None:
    kernel = planned(
        n=2, c=8, h=9, w=11, hf=3, wf=2, nf=16, stride=(2, 1), padding=((1, 0), (2, 1))
    )
    with pytest.raises(IndexError, match="input: [mk]=-?[0-9]+ of"):
        kernel.maps.input(row, column)
