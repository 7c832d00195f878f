"""The table of timing constants, a user's own numbers, and the memory that channels share."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch.machine import current, default_machine, load_machine, rows, use_machine
from aie_conv.arch.rates import burst_bytes
from aie_conv.cli.main import main
from aie_conv.errors import UsageError
from aie_conv.sim import Simulator
from aie_conv.sim.timing.hostmemory import WINDOW, HostMemory
from tests.support.sim.programs import GEMM, relay

MACHINE = default_machine()


def written(folder: Path, content: object) -> Path:
    path = folder / "machine.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_every_constant_has_a_unit_and_a_source() -> None:
    assert len(rows()) > 80
    assert all(unit and len(source) > 5 for _, _, unit, source in rows())


def test_given_numbers_replace_those_of_the_table(tmp_path: Path) -> None:
    content = {"shim": {"read_start": 700, "read_word": 1}, "core": {"aie2": {"load_latency": 8}}}
    machine = load_machine(written(tmp_path, content))
    assert (machine.shim.read_start, machine.shim.read_word) == (700, 1.0)
    assert machine.core["aie2"].load_latency == 8
    assert machine.core["aie2p"] == MACHINE.core["aie2p"]
    assert load_machine(written(tmp_path, {})) == MACHINE


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"shim": {"read_strat": 1}}, r"shim\.read_strat: unknown name: use one of read_start"),
        ({"cores": {}}, "cores: unknown name"),
        ({"shim": 3}, "shim: an object"),
        ([], "the file: an object"),
        ({"shim": {"read_start": "7"}}, r'shim\.read_start: "7": a number'),
        ({"shim": {"read_start": True}}, r"shim\.read_start: true: a number"),
        ({"shim": {"read_start": 7.5}}, r"shim\.read_start: 7\.5: a whole number"),
        ({"host": {"issue": -1}}, r"host\.issue: -1: a number from 0"),
        ({"profile": {"chess-like": {"pipelined": 1}}}, "pipelined: 1: true or false"),
        ("{", "not JSON"),
    ],
)
def test_what_does_not_fit_the_table_is_refused(tmp_path: Path, content: object, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        load_machine(written(tmp_path, content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_machine(tmp_path / "none.json")


def test_results_do_not_depend_on_time(tmp_path: Path) -> None:
    slow = {
        "core": {"aie2": {"load_latency": 30, "mac_int_latency": 20}},
        "shim": {"read_start": 9000},
        "control": {"lock": 50},
    }
    outputs: list[np.ndarray] = []
    times: list[int] = []
    random = np.random.default_rng(0)
    a, b = (random.integers(-99, 99, n).astype(np.int8) for n in (6144, 1024))
    for machine in (MACHINE, load_machine(written(tmp_path, slow))):
        out = np.zeros(1536, np.int32)
        times.append(Simulator(GEMM, machine).run([a.copy(), b.copy(), out]).cycles)
        outputs.append(out)
    assert (outputs[0] == outputs[1]).all()
    assert times[1] > times[0] + 8000


def test_the_current_machine_times_what_is_simulated(tmp_path: Path) -> None:
    def cycles() -> int:
        arrays = [np.zeros(2048, np.int8) for _ in range(2)]
        return Simulator(relay(1024, "i8")).run(arrays).cycles

    usual = cycles()
    with use_machine(load_machine(written(tmp_path, {"host": {"issue": 50000}}))):
        assert cycles() > usual + 50000
    assert cycles() == usual
    assert current() == MACHINE


def test_the_command_line_takes_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIE_CONV_MACHINE", raising=False)
    points = tmp_path / "points.csv"
    points.write_text(
        "kind,device,dtype,M,N,K,tile,unit\nkernel,npu1,i8->i8,32,32,32,32x32x32,cycles\n"
    )

    def predicted(*flags: str) -> float:
        assert main(["timing", "predict", str(points), *flags]) == 0
        return float(capsys.readouterr().out.splitlines()[1].split(",")[13])

    usual = predicted()
    slow = written(tmp_path, {"core": {"aie2": {"load_latency": 40}}})
    assert predicted("--machine", str(slow)) > usual
    assert predicted(f"--machine={slow}") > usual
    assert predicted() == usual
    assert main(["timing", "table", "--machine"]) == 2
    assert main(["timing", "table", "--machine", str(written(tmp_path, {"no": 1}))]) == 2
    assert "no: unknown name" in capsys.readouterr().err


# -- memory ---------------------------------------------------------------------------------------
Moves = list[tuple[float, int, bool]]


@given(
    st.lists(
        st.tuples(st.floats(0, 20000), st.integers(1, 200000), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_channels_never_get_more_than_the_memory_has(moves: Moves) -> None:
    memory = HostMemory(MACHINE, "aie2", 1.8e9)
    ends = [memory.move(start, size, size / 4, reads=reads) for start, size, reads in moves]
    for (start, size, _), end in zip(moves, ends, strict=True):
        assert end >= start + size / 4 - 1e-6
    for read, write, both in memory.used.values():
        assert read <= memory.limits[0] + 1e-6
        assert write <= memory.limits[1] + 1e-6
        assert both <= memory.total + 1e-6
    moved = sum(read + write for read, write, _ in memory.used.values())
    assert moved == pytest.approx(sum(size for _, size, _ in moves))


def test_many_channels_share_the_bandwidth() -> None:
    memory = HostMemory(MACHINE, "aie2", 1.8e9)
    size, cycles = 40 * WINDOW, 10 * WINDOW
    ends = [memory.move(0.0, size, cycles, reads=True) for _ in range(8)]
    assert ends[0] == cycles
    assert max(ends) == pytest.approx(8 * size / memory.limits[0] * WINDOW, rel=0.1)


@given(st.integers(4, 4096), st.integers(4, 65536))
def test_short_runs_cost_more_than_their_bytes(run: int, pitch: int) -> None:
    timing = MACHINE.memory["npu1"]
    cost = burst_bytes(run, run, pitch, timing, MACHINE.page_cost)
    assert cost >= run
    assert cost <= burst_bytes(run, run, pitch + 4096, timing, MACHINE.page_cost)
    assert HostMemory(MACHINE, "aie2", 1.8e9).factor([(run, 1)]) == 1
