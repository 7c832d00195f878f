"""The words that stand for aie-translate's in tests say what their module says, and equal recorded ones."""

import numpy as np
import pytest

from aie_conv.ir.text import read_module
from aie_conv.runtime.transactions import QueuePush, decode, read_commands
from aie_conv.runtime.wordcheck import check_words
from aie_conv.sim.model.module import build_model
from tests.golden.test_golden import DESIGNS
from tests.property.runtime.test_transactions import NAMES, meaning, module_text, recorded
from tests.support.runtime.words import assemble, channels, reach, read_words


@pytest.mark.parametrize("name", DESIGNS)
def test_assembled_words_agree_with_their_text(name: str) -> None:
    route, device, problem = DESIGNS[name]
    text = route.propose(problem, device).emit()
    words = np.frombuffer(assemble(text), np.uint32).tolist()
    check_words(text, words)
    model = build_model(read_module(text))
    commands = read_words(words, model, channels(model))
    assert all(end > 0 for end in reach(commands).values())


@pytest.mark.parametrize("name", NAMES)
def test_they_mean_what_recorded_words_mean(name: str) -> None:
    """Up to the channels, which are the router's choice."""
    text = module_text(name)
    arch = build_model(read_module(text)).arch
    ours, theirs = (
        [meaning(command) for command in read_commands(decode(words), arch)
         if isinstance(command, QueuePush)]
        for words in (np.frombuffer(assemble(text), np.uint32).tolist(), recorded(name))
    )  # fmt: skip
    assert [part[1:] for part in ours] == [part[1:] for part in theirs]
