"""Inputs and outputs of `aie-conv run`: what cannot be is one line, before any memory is asked for."""

import io
import random
from contextlib import suppress
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from aie_conv.cli.bind import function_name
from aie_conv.cli.run import _contents  # pyright: ignore[reportPrivateUsage]
from aie_conv.cli.values import load_npy, parse_input
from aie_conv.errors import UsageError
from tests.support.fuzz.damage import damage_bytes


@pytest.mark.parametrize(
    "text",
    [
        "99999999999999xi8=1",
        "9999999999x9999999999x9999999999xf32",
        f"{'9' * 5000}xi8=1",
        f"{'1x' * 70}i8=1",
        "2xi8=1,2,3",
        "4xi8=300",
        "4xui64=-1",
        "x",
        "@nowhere.npy",
        f"@{'n' * 300}.npy",
        "4xi8=@nowhere.bin",
        "4xq8=1",
    ],
)
def test_what_cannot_be_an_input_is_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]+$"):
        parse_input(text)


def test_beyond_a_type_s_largest_is_infinity() -> None:
    assert parse_input("1xf32=1e300")[0] == np.inf


def test_a_damaged_array_is_an_array_or_one_line(tmp_path: Path) -> None:
    out, path = io.BytesIO(), tmp_path / "x.npy"
    np.save(out, np.ones((1, 10, 10, 16), np.int8))
    draw = random.Random(1)
    for _ in range(600):
        data = damage_bytes(draw, out.getvalue()[: 128 + draw.choice((0, 1600))])
        path.write_bytes(data)
        # Any other exception ends the test.
        with suppress(UsageError):
            assert isinstance(load_npy(str(path)), np.ndarray)


def test_an_output_is_raw_unless_it_is_named_npy() -> None:
    array = np.array([[1, 2]], ml_dtypes.bfloat16)
    assert _contents(Path("y.bin"), array) == array.tobytes()
    assert _contents(Path("y"), array) == array.tobytes()
    assert np.load(io.BytesIO(_contents(Path("y.npy"), array))).tobytes() == array.tobytes()


def test_the_only_function_is_meant_and_none_is_said() -> None:
    assert function_name(["f"], None) == "f"
    assert function_name(["f"], "module.g") == "g"
    with pytest.raises(UsageError, match=r"^--function: name one of f, g$"):
        function_name(["f", "g"], None)
    with pytest.raises(UsageError, match=r"^the module has no functions: compile one that has$"):
        function_name([], None)
