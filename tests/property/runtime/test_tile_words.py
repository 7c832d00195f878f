"""Instruction words that write a mem tile's descriptors: they say what the text says, and changes are noticed."""

from itertools import product

import pytest

from aie_conv.arch import get_arch
from aie_conv.errors import VerifyError
from aie_conv.runtime.tile_words import LockStep, TilePush
from aie_conv.runtime.transactions import decode, read_commands
from aie_conv.runtime.wordcheck import check_words
from tests.support.sim.resident import FILL, FROM, TO, WAIT, descriptor, module, task

DIMS = "<size = 2, stride = 512>, <size = 4, stride = 100>, <size = 4, stride = 40>, <size = 16, stride = 1>"
READ = descriptor(4, 8, 256, ("full", "empty"), DIMS, "tail")
TEXT = module(
    task("fill", "S2MM, 0", descriptor(0, 0, 1024, FILL))
    + task(
        "read",
        "MM2S, 2",
        f"{READ}      ^tail:\n{descriptor(5, 2048, 256, None)}",
        "repeat_count = 1 : i32",
    )
    + TO
    + FROM
    + WAIT
)

RECORDED = """
06030100 00000104 00000010 00000240 00000001 00000000 001A0000 00000030 00000100 00000000
00000000 00000000 00000000 00000000 00000000 8141FF40 00000003 00000000 001A0004 00000000
00000000 0007FFFF 0000001C 00000000 00000000 001A0604 00000000 00000000 00000018 00000001
00000000 001A0080 00000030 00000040 00580008 00080000 00080009 00000018 00000000 0002007F
8140FF41 00000003 00000000 001A0084 00000000 00000002 0007FFFF 0000001C 00000001 00000000
001A00A0 00000030 00000040 00000800 00000000 00000000 00000000 00000000 00000000 80000000
00000003 00000000 001A00A4 00000000 00000200 0007FFFF 0000001C 00000000 00000000 001A0644
00000000 00010004 00000018 00000001 00000000 0001D020 00000030 00000100 00000000 00000000
00000000 80000000 02000000 00000000 02000000 00000081 00000030 00000000 00000000 00000000
00000000 0001D024 00000000 00000001 00000000 00000000 00000000 00000003 00000000 0001D200
00000000 00000F00 00001F00 0000001C 00000000 00000000 0001D204 00000000 80000001 00000018
00000001 00000000 0001D000 00000030 00000100 00000000 00000000 00000000 80000000 02000000
00000000 02000000 00000081 00000030 00000000 00000000 00000000 00000000 0001D004 00000000
00000000 00000000 00000000 00000000 00000000 00000000 0001D214 00000000 00000000 00000018
00000080 00000010 00000000 00010100
"""
"""What aie-translate (mlir-aie 1e400306) makes of it."""


TILES = (0x1A0000, 0x1A0080, 0x1A00A0)
"""Where its descriptors of the mem tile lie."""


def recorded() -> list[int]:
    return [int(word, 16) for word in RECORDED.split()]


def test_recorded_words_agree_with_their_text() -> None:
    check_words(TEXT, recorded())


def test_a_task_is_read_back_with_its_locks() -> None:
    commands = read_commands(decode(recorded()), get_arch("aie2"))
    fill, read = (command for command in commands if isinstance(command, TilePush))
    assert (fill.row, fill.direction, fill.channel, fill.ids, fill.runs) == (1, 0, 0, (0,), 1)
    assert fill.descriptors[0].acquire == LockStep(0, 1)
    assert fill.descriptors[0].release == LockStep(1, 1)
    assert (read.direction, read.channel, read.ids, read.runs) == (1, 2, (4, 5), 2)
    first, second = read.descriptors
    assert (first.address, first.length, first.iterations, first.iteration_stride) == (
        8,
        256,
        2,
        512,
    )
    assert first.dims == ((4, 100), (4, 40), (4, 4), (4, 1))
    assert (second.address, second.length, second.acquire, second.release) == (
        2048,
        256,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stride = 100", "stride = 104"),
        ("stride = 512", "stride = 516"),
        (", 8, 256,", ", 12, 256,"),
        (", 2048, 256)", ", 2052, 256)"),
        ("bd_id = 5", "bd_id = 6"),
        ("(%full, AcquireGreaterEqual, 1)", "(%full, AcquireGreaterEqual, 2)"),
        ("(%empty, Release, 1)", "(%full, Release, 1)"),
        ("(%mem, S2MM, 0) {", "(%mem, S2MM, 2) {"),
        ("      aiex.dma_await_task(%to)\n", ""),
    ],
)
def test_a_text_that_says_something_else_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(VerifyError, match="instruction words: command"):
        check_words(TEXT.replace(old, new, 1), recorded())


def test_every_change_of_a_word_of_the_mem_tile_is_noticed() -> None:
    """Two bits of each word from the first descriptor up to the shim's, but for the addresses in descriptors,

    which the mask write behind them replaces.
    """
    words = recorded()
    last = words.index(0x1D020) - 2
    replaced = {i + 3 for i in range(4, last) if words[i : i + 2] in ([base, 48] for base in TILES)}
    assert len(replaced) == 3
    for place, bit in product(range(4, last), (0, 20)):
        if place in replaced and bit == 0:
            continue
        other = [*words]
        other[place] ^= 1 << bit
        with pytest.raises(VerifyError, match="instruction words"):
            check_words(TEXT, other)
