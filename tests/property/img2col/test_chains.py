"""Programs whose shim channels run chains of descriptors: simulate(emit(p)) equals torch."""

from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.img2col.plan import Im2colRoute
from aie_conv.layout.chain import Chain, Part
from aie_conv.layout.pattern import Task
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.schedule import AwaitChain, StartChain, schedule
from aie_conv.mapping.streams import Channel, channels
from aie_conv.mapping.task_count import count_tasks
from tests.property.img2col.test_simulated import assert_equal, simulate
from tests.support.img2col.strategies import Case
from tests.support.mappings import plans_of, remade

DEVICES = ("npu1_1col", "npu1_4col", "npu4")
ARCH = get_device("npu4").arch


def case_of(channels: int, outputs: int, dtype: str, taps: int = 1) -> Case:
    """A convolution over a long image, with a residual."""
    dims = (1, 33, 16, channels, outputs, taps, taps)
    return Case(dims, (1, 1), (1, 1), dtype, "nhwc", "oyxc", "npqo", (0, 0, 0), "residual")


def longest(mapping: Mapping) -> int:
    """Descriptors of the longest chain."""
    return max(len(chain) for channel in channels(mapping) for _, chain in channel.chains)


def check_schedule(made: list[Channel]) -> None:
    """What a push needs is there: a place in its queue, and descriptors that nobody else has."""
    queued: dict[str, list[StartChain]] = {channel.symbol: [] for channel in made}
    pushed: dict[str, list[Chain]] = {channel.symbol: [] for channel in made}
    for command in schedule(made, ARCH.shim_queue_depth):
        if isinstance(command, AwaitChain):
            assert queued[command.push.symbol].pop(0) is command.push
            continue
        column = command.symbol.rpartition("_")[2]
        beside = [pushes for s, pushes in queued.items() if s.rpartition("_")[2] == column]
        taken = {i for pushes in beside for push in pushes for i in push.ids}
        assert not taken & set(command.ids)
        assert len(set(command.ids)) == len(command.chain)
        assert max(command.ids) < ARCH.shim_bds
        queued[command.symbol].append(command)
        pushed[command.symbol].append(command.chain)
        assert len(queued[command.symbol]) <= ARCH.shim_queue_depth
    assert not any(queued.values())
    assert pushed == {c.symbol: [chain for _, chain in c.chains] for c in made}


@given(st.lists(st.tuples(st.integers(4, 8), st.lists(st.integers(1, 4))), max_size=2))
def test_a_descriptor_is_written_when_it_is_free(drawn: list[tuple[int, list[int]]]) -> None:
    part = Part("lhs", "i8", Task(0, (3, 1, 1, 64), (64, 0, 0, 1)))
    made = [
        Channel(
            f"{'ac'[number]}_l3_0",
            tuple(range(8 * number, 8 * number + ids)),
            tuple((step, (part,) * size) for step, size in enumerate(sizes)),
        )
        for number, (ids, sizes) in enumerate(drawn)
    ]
    check_schedule(made)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["i8", "bf16"])
def test_input_and_residual_in_turn(device: str, dtype: str) -> None:
    """Several tiles a column of one row of pixels each."""
    case = case_of(32, 32, dtype)
    plan = Im2colRoute().propose(case.problem(), device)
    rows = plan.mapping.grid.rows
    wide = {
        "tile_n": 32 // (rows if 32 // rows >= 8 else 1),
        "tile_k": 32,
        "tile_h": 1,
        "tile_w": 16,
    }
    plan = remade(Im2colRoute(), plan, **wide, pixel_repeats=1, resident=True, filter_buffers=1)
    mapping = plan.mapping
    assert longest(mapping) >= 2
    check_schedule(channels(mapping))
    written = sum(len(channel.parts) for channel in channels(mapping))
    assert abs(count_tasks(mapping) - written) <= mapping.grid.columns
    text = plan.emit()
    assert "aiex.dma_configure_task_for @a_l3_0" in text
    got, arrays = simulate(case, plan, text)
    assert_equal(case, got, arrays)


@pytest.mark.parametrize("device", ["npu1_4col", "npu4"])
@pytest.mark.parametrize("idle", [True, False])
def test_tasks_are_counted_where_filters_come_through_other_columns(
    device: str, idle: bool
) -> None:
    """More columns bring filters than compute, or fewer."""

    def wanted(mapping: Mapping) -> bool:
        ahead = mapping.grid.filter_columns - mapping.grid.columns
        return ahead > 0 if idle else ahead < 0

    side, depth, outputs = (2, 64, 256) if idle else (16, 32, 32)
    dims = (1, side, side, depth, outputs, 1, 1)
    case = Case(dims, (1, 1), (1, 1), "i8", "nhwc", "oyxc", "npqo", (0, 0, 0), "residual")
    plans = list(islice(plans_of(Im2colRoute(), case.problem(), device, wanted), 5))
    assert plans
    for plan in plans:
        written = sum(len(channel.parts) for channel in channels(plan.mapping))
        assert count_tasks(plan.mapping) == written


@settings(max_examples=settings.default.max_examples // 3)
@given(
    st.sampled_from([(16, 16), (32, 64), (64, 32)]),
    st.sampled_from([1, 3]),
    st.sampled_from(["i8", "bf16"]),
    st.sampled_from(DEVICES),
    st.data(),
)
def test_any_tile_with_chains(
    sizes: tuple[int, int], taps: int, dtype: str, device: str, data: st.DataObject
) -> None:
    case = case_of(*sizes, dtype, taps)

    def small(mapping: Mapping) -> bool:
        return mapping.grid.column_tiles > 3 and sizes[1] % mapping.parameters.tile_k == 0

    found = list(plans_of(Im2colRoute(), case.problem(), device, small))
    assume(found)
    plan = data.draw(st.sampled_from(found))
    check_schedule(channels(plan.mapping))
    assume(longest(plan.mapping) > 1)
    got, arrays = simulate(case, plan, plan.emit())
    assert_equal(case, got, arrays)
