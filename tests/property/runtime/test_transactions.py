"""Instruction words say what their module's runtime sequence says, and a change of them is noticed."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_arch
from aie_conv.errors import VerifyError
from aie_conv.runtime.transactions import (
    ControllerCommand,
    Descriptor,
    QueuePush,
    decode,
    read_commands,
)
from aie_conv.runtime.wordcheck import check_words

TESTS = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (TESTS / "support" / "words").glob("*.txt"))


def module_text(name: str) -> str:
    return (TESTS / "golden" / f"{name}.mlir").read_text()


def recorded(name: str) -> list[int]:
    lines = (TESTS / "support" / "words" / f"{name}.txt").read_text().split()
    return [int(line, 16) for line in lines]


def addresses(descriptor: Descriptor, run: int) -> list[int]:
    """Every byte that a run of a descriptor touches, in order."""
    start = descriptor.offset + run % descriptor.iterations * descriptor.iteration_stride
    steps = (range(0, size * stride, stride) for size, stride in descriptor.dims)
    return [start + sum(each) for each in product(*steps)][: descriptor.length]


def meaning(command: ControllerCommand) -> object:
    """What a command does to the channel and the host's memory, without how it is written."""
    if not isinstance(command, QueuePush):
        return command
    walks = [
        (descriptor.argument, addresses(descriptor, run))
        for run in range(command.runs)
        for descriptor in command.descriptors
    ]
    place = (command.column, command.direction, command.channel, command.issues_token)
    return place, command.ids, walks


@pytest.mark.parametrize("name", NAMES)
def test_recorded_words_agree_with_their_text(name: str) -> None:
    check_words(module_text(name), recorded(name))


def test_words_of_another_program_are_refused() -> None:
    text = module_text(NAMES[0])
    with pytest.raises(VerifyError, match="another array"):
        check_words(text, recorded(NAMES[1]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[1, 1, 1, 640]", "[1, 1, 1, 636]"),
        ("%lhs[0, 0, 0, 0]", "%lhs[0, 0, 0, 4]"),
        ("[256, 8, 16, 1]", "[256, 8, 32, 1]"),
        ("{id = 4 : i64", "{id = 5 : i64"),
        ("dma_wait {symbol = @a_l3_0}", "dma_wait {symbol = @b_l3_0}"),
    ],
)
def test_a_text_that_says_something_else_is_refused(old: str, new: str) -> None:
    name = "pointwise-i8-npu1_1col"
    assert old in module_text(name)
    with pytest.raises(VerifyError, match="instruction words: command"):
        check_words(module_text(name).replace(old, new, 1), recorded(name))


@given(st.data())
def test_a_changed_bit_is_refused_or_means_the_same(data: st.DataObject) -> None:
    name = "pointwise-i8-npu1_1col"
    words = recorded(name)
    at = data.draw(st.integers(0, len(words) - 1))
    changed = list(words)
    changed[at] ^= 1 << data.draw(st.integers(0, 31))
    try:
        check_words(module_text(name), changed)
    except VerifyError:
        return
    before, after = (
        [meaning(command) for command in read_commands(decode(each), get_arch("aie2"))]
        for each in (words, changed)
    )
    assert before == after


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_words_that_are_no_program_are_refused(words: list[int]) -> None:
    with pytest.raises(VerifyError, match="^instruction words: "):
        decode(words)
