"""What an epilogue computes where its inputs are known: as MLIR defines it, or not at all."""

from typing import Any, cast

import numpy as np
import pytest

from aie_conv.bridge.requantisation.epilogue_model import EpilogueModel, apply_step
from aie_conv.bridge.requantisation.known_inputs import KnownInputs
from aie_conv.problem import Epilogue, EpilogueInput, Operand, Step

_NAN = np.float32(np.nan)


class _Unknown:
    """Inputs of which none is known."""

    def of(self, _: int) -> None:
        return None


def model_of(*steps: Step, inputs: tuple[EpilogueInput, ...] = ()) -> EpilogueModel:
    epilogue = Epilogue(inputs, steps, len(inputs) + len(steps))
    return EpilogueModel(epilogue, cast("KnownInputs", _Unknown()), 1)


@pytest.mark.parametrize(
    ("step", "args", "value"),
    [
        # A bit that is set is -1 with a sign, and 1 without.
        (Step("arith.extsi", (0,), "i32"), [np.array([True])], -1),
        (Step("arith.sitofp", (0,), "f32"), [np.array([True])], -1),
        (Step("arith.extui", (0,), "i32"), [np.array([True])], 1),
        (Step("arith.extui", (0,), "i32"), [np.array([-1], np.int8)], 255),
        # Not ordered, a NaN compares; ordered, it does not.
        (Step("arith.cmpf", (0, 1), "i1", "ugt"), [np.array([_NAN]), np.array([1], np.float32)], 1),
        (Step("arith.cmpf", (0, 1), "i1", "ult"), [np.array([_NAN]), np.array([1], np.float32)], 1),
        (Step("arith.cmpf", (0, 1), "i1", "ogt"), [np.array([_NAN]), np.array([1], np.float32)], 0),
        (
            Step("arith.cmpf", (0, 1), "i1", "ugt"),
            [np.array([1], np.float32), np.array([1], np.float32)],
            0,
        ),
        (
            Step("arith.shrui", (0, 1), "i32"),
            [np.array([-1], np.int32), np.array([24], np.int32)],
            255,
        ),
        (
            Step("arith.shrui", (0, 1), "i32"),
            [np.array([-1], np.int32), np.array([0], np.int32)],
            -1,
        ),
    ],
)
def test_a_step_is_mlirs(step: Step, args: list[Any], value: int) -> None:
    assert apply_step(step, args).tolist() == [value]


@pytest.mark.parametrize(
    "step",
    [
        # Bytes have a sign in numpy's arrays.
        Step("arith.cmpi", (0, 0), "i1", "ult"),
        Step("arith.cmpi", (0, 0), "i1", "ugt"),
        # The sum of two bits that are set is 0, and numpy's is True; a number's last bit may be 0.
        Step("arith.addi", (0, 0), "i1"),
        Step("arith.trunci", (0,), "i1"),
    ],
)
def test_what_numpy_computes_otherwise_is_not_taken(step: Step) -> None:
    assert not EpilogueModel.takes(step)


def test_a_choice_by_an_input_is_no_staircase() -> None:
    """The first input's number is no step's."""
    flag = EpilogueInput(Operand("i1", (1,)), ())
    model = model_of(
        Step("arith.constant", (), "f32", 1.0),
        Step("arith.sitofp", (0,), "f32"),
        Step("arith.mulf", (3, 2), "f32"),
        Step("arith.select", (1, 4, 2), "f32"),
        Step("arith.fptosi", (5,), "i8"),
        # With a negative number the flag would be this one.
        Step("arith.cmpf", (4, 2), "i1", "ogt"),
        inputs=(flag,),
    )
    assert model.staircase() is None
