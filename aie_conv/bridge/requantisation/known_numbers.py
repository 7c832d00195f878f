"""Inputs of an epilogue that are one number, known when a module is compiled, as constants of it.

A quantised constant of a graph (the 1 and the root of 2 of a GELU) is a tensor that dispatches load; no
route has a place for an operand that is neither for the channels nor for every element.
"""

from dataclasses import replace

from iree.compiler import ir

from aie_conv.bridge.recognition.recognise import Recognised
from aie_conv.bridge.requantisation.known_inputs import KnownInputs
from aie_conv.problem import ConvProblem, Epilogue, Step


def with_known_numbers(call: ir.Operation, recognised: Recognised) -> Recognised:
    """A dispatch whose epilogue has numbers in the place of inputs that are known to be one."""
    problem = recognised.problem
    if not isinstance(problem, ConvProblem) or recognised.refusal is not None:
        return recognised
    known, numbers = KnownInputs(call, recognised, problem), dict[int, Step]()
    for number, entry in enumerate(problem.epilogue.inputs):
        values = known.of(number) if not any(entry.strides) else None
        if values is not None:
            number_ = values.reshape(-1)[0].item()
            numbers[number] = Step("arith.constant", (), entry.operand.dtype, number_)
    if not numbers:
        return recognised
    epilogue, kept = _with_constants(problem.epilogue, numbers)
    sources = dict(recognised.operands)
    operands = [(name, source) for name, source in recognised.operands if name in ("lhs", "rhs")]
    operands += [(f"in{place}", sources[f"in{number}"]) for place, number in enumerate(kept)]
    changed = replace(problem, epilogue=epilogue)
    return replace(recognised, problem=changed, operands=tuple(operands))


def _with_constants(
    epilogue: Epilogue, numbers: dict[int, Step]
) -> tuple[Epilogue, tuple[int, ...]]:
    """An epilogue with constants in the place of inputs, and the numbers of the inputs that are left."""
    kept = tuple(i for i in range(len(epilogue.inputs)) if i not in numbers)
    places = {0: 0, **{1 + number: 1 + place for place, number in enumerate(kept)}}
    first = 1 + len(kept)
    places |= {1 + number: first + place for place, number in enumerate(numbers)}
    shift = first + len(numbers) - 1 - len(epilogue.inputs)

    def moved(value: int) -> int:
        return places[value] if value <= len(epilogue.inputs) else value + shift

    steps = [replace(step, args=tuple(map(moved, step.args))) for step in epilogue.steps]
    inputs = tuple(epilogue.inputs[i] for i in kept)
    return Epilogue(inputs, (*numbers.values(), *steps), moved(epilogue.result)), kept
