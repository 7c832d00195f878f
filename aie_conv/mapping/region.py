"""The AIE module of several operations that one call does, one after the other, in one configuration.

The array is that of any of them. The runtime sequence is their tasks behind one another: a core begins an
operation with the run-time parameters in front of its filter, as it begins a call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aie_conv.layout.chain import Chain, Part
from aie_conv.mapping.emit import emit_module
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.schedule import StartChain, schedule_operations
from aie_conv.mapping.streams import Channel, channels
from aie_conv.plan import Argument

TASK_WORDS, START_WORDS, TOKEN_WORDS = 12 + 12, 7 + 6, 4
"""Instruction words to write a descriptor with its buffer's address, to start a task (who gets its token,
its first descriptor), and to wait for a token [AIETargetNPU.cpp; :mod:`aie_conv.runtime.transactions`]."""

HEADER_WORDS = 4
"""In front of a program's instruction words."""


@dataclass(frozen=True)
class BufferPlace:
    """Where a buffer of an operation lies: in an argument of the region's sequence, from an element on."""

    argument: str
    offset: int = 0


@dataclass(frozen=True)
class RegionOperation:
    """An operation of a region.

    Attributes:
        plan: what it is alone.
        places: of each of its plan's arguments, by its name.
    """

    plan: ArrayPlan
    places: Mapping[str, BufferPlace]


@dataclass(frozen=True)
class RegionText:
    """A region's module.

    Attributes:
        text: the module.
        tasks: how many tasks of the sequence each operation has, in its order.
    """

    text: str
    tasks: tuple[int, ...]


def _placed(channel: Channel, places: Mapping[str, BufferPlace]) -> Channel:
    """A channel whose tasks walk the region's buffers."""

    def move(part: Part) -> Part:
        place = places[part.name]
        task = replace(part.task, offset=part.task.offset + place.offset)
        return replace(part, name=place.argument, task=task)

    def moved(chain: Chain) -> Chain:
        return tuple(map(move, chain))

    return replace(channel, chains=tuple((step, moved(chain)) for step, chain in channel.chains))


def sequence_words(text: str) -> int:
    """How many 32-bit instruction words the runtime sequence of an emitted module becomes."""
    single, chains = text.count("aiex.npu.dma_memcpy_nd"), text.count("aiex.dma_start_task")
    descriptors = single + text.count("aie.dma_bd(")
    tokens = text.count("aiex.npu.dma_wait") + text.count("aiex.dma_await_task")
    starts = START_WORDS * (single + chains)
    return HEADER_WORDS + starts + TASK_WORDS * descriptors + TOKEN_WORDS * tokens


def emit_region(operations: Sequence[RegionOperation], arguments: Sequence[Argument]) -> RegionText:
    """The module of operations that share a configuration.

    Args:
        operations: in their order.
        arguments: of the runtime sequence, which the operations' places name.
    """
    first = operations[0].plan
    streams = [
        [_placed(channel, each.places) for channel in channels(each.plan.mapping)]
        for each in operations
    ]
    commands = schedule_operations(streams, first.mapping.device.arch.shim_queue_depth)
    flat = [command for each in commands for command in each]
    text = emit_module(first.mapping, arguments, first.epilogues, flat)
    tasks = tuple(sum(isinstance(c, StartChain) for c in each) for each in commands)
    return RegionText(text, tasks)
