"""Runs command lines, each in a process of its own, and says what is wrong with how they ended."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.fuzz.forms import BACKEND, Built, Case, W, X
from tests.support.fuzz.seeds import LINALG_I8, MODULES, TWO_CONVS

LIMIT_SECONDS = 60
"""Of the processor: a run that takes longer hangs."""

_LINE_BYTES = 1000
"""Of files that can hold what a run says of itself."""

_WALL_SECONDS = 240
_MEMORY_BYTES = 12 << 30
"""Of addresses: a run that asks for more shall not take the machine's memory from others."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        case: what ran.
        status: its exit status; below zero for a signal.
        output, errors: what it printed.
        faults: what is wrong with it, a line each; nothing for a good ending.
        seconds: how long it took.
        iree_died: a signal out of IREE's library became a line.
    """

    case: Case
    status: int
    output: str
    errors: str
    faults: tuple[str, ...]
    seconds: float
    iree_died: bool = False


def preload() -> None:
    """Import what every run needs, once: a forked run begins with it. Starts no thread."""
    import aie_conv.bridge.flow
    import aie_conv.cli.main
    import aie_conv.frontends.onnx.prepare
    import aie_conv.pipeline
    import aie_conv.runtime.program
    import aie_conv.sim

    del aie_conv


def _become(case: Case, folder: Path, aside: Path) -> None:
    """In the child: the folder, streams and limits of a run."""
    os.setpgid(0, 0)
    os.chdir(folder)
    os.environ["TMPDIR"] = str(aside / "tmp")
    tempfile.tempdir = None
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        mode = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(aside / name, mode), number)
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if case.disk is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (case.disk, case.disk))


def _child(case: Case, folder: Path, aside: Path) -> None:
    from aie_conv.cli.main import main

    status = 1
    try:
        _become(case, folder, aside)
        sys.argv = ["aie-conv", *case.arguments]
        status = main()
        sys.stdout.flush()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  what Python itself would print and end with
        traceback.print_exc()
    finally:
        os._exit(status & 0xFF)


def _wait(pid: int) -> tuple[int, bool]:
    """The exit status, and whether it had to be ended."""
    patience = time.monotonic() + _WALL_SECONDS
    while time.monotonic() < patience:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), False
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), True


def perform(case: Case, top: Path) -> Ending:
    """Run a case in a new folder below ``top``, and judge it."""
    folder, aside = top / "run", top / "aside"
    for each in (folder, aside / "tmp"):
        each.mkdir(parents=True)
    for name in case.folders:
        (folder / name).mkdir()
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    (aside / "stdin").write_bytes(case.stdin)
    before = _everything(folder)
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(case, folder, aside)
    status, ended = _wait(pid)
    seconds = time.monotonic() - start
    output, errors = ((aside / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    after = _everything(folder)
    made = (folder / "y.bin").read_bytes() if (folder / "y.bin").is_file() else None
    # torch keeps a folder of its own there.
    left = [p.name for p in (aside / "tmp").iterdir() if not p.name.startswith("torchinductor")]
    shutil.rmtree(top)
    ending = Ending(case, status, output, errors, (), seconds, "IREE died of" in errors)
    faults = _faults(ending, before, after, made)
    if ended or "died of SIGXCPU" in errors:
        faults.append(f"hangs: more than {LIMIT_SECONDS} s")
    if left:
        faults.append(f"left in the folder for temporary files: {', '.join(left)}")
    return replace(ending, faults=tuple(faults))


def _everything(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def _faults(
    ending: Ending,
    before: dict[str, bytes | None],
    after: dict[str, bytes | None],
    made: bytes | None,
) -> list[str]:
    faults: list[str] = []
    status, errors = ending.status, ending.errors
    if status < 0:
        faults.append(f"ended of signal {signal.Signals(-status).name}")
    elif status not in (0, 1, 2):
        faults.append(f"status {status}")
    if "Traceback" in errors + ending.output:
        faults.append("a traceback")
    if "internal error" in errors + ending.output:
        faults.append("an internal error")
    helped = ending.output.startswith("usage:")
    # Streams are files here: where a file cannot get longer, a line has no place either.
    full = ending.case.disk is not None and ending.case.disk < _LINE_BYTES
    if (
        status == 2
        and not helped
        and not full
        and not errors.rstrip("\n").rpartition("\n")[2].startswith("aie-conv")
    ):
        faults.append("refused without a line that says who")
    if status == 0 and ending.case.good is not None and made != ending.case.good:
        faults.append("a wrong result")
    if "differs from torch" in errors:
        faults.append("a wrong result")
    if status == 2 and after != before:
        changed = {
            name
            for name in after.keys() | before.keys()
            if after.get(name, 0) != before.get(name, 0)
        }
        faults.append(f"refused, and left {', '.join(sorted(changed))[:200]}")
    faults += [f"left {name}" for name in after if ".aie-conv-" in name]
    return faults


def build(top: Path) -> Built:
    """Make what good runs make, in processes of their own.

    Raises:
        RuntimeError: a good run failed.
    """

    def run(
        arguments: tuple[str, ...], files: dict[str, bytes], results: tuple[str, ...]
    ) -> list[bytes]:
        here = top / "build"
        shutil.rmtree(here, ignore_errors=True)
        aside = here / "aside"
        (aside / "tmp").mkdir(parents=True)
        (aside / "stdin").write_bytes(b"")
        for name, data in files.items():
            (here / name).write_bytes(data)
        pid = os.fork()
        if pid == 0:
            _child(Case("build", arguments), here, aside)
        if _wait(pid)[0]:
            raise RuntimeError((aside / "stderr").read_text())
        made = [(here / name).read_bytes() for name in results]
        shutil.rmtree(here)
        return made

    module = {"m.mlir": LINALG_I8.encode()}
    base = ("compile", "m.mlir", "-o", "m.vmfb", BACKEND)
    npu, report = run(
        (*base, "--amd-aie-route=direct", "--amd-aie-report=r.json"), module, ("m.vmfb", "r.json")
    )
    several = (
        "--amd-aie-route=direct",
        "--amd-aie-regions=large",
        "--amd-aie-report=r.json",
    )
    (regions,) = run((*base, *several), {"m.mlir": TWO_CONVS.encode()}, ("r.json",))
    if len(json.loads(regions)["regions"]) != 1:
        raise RuntimeError("two convolutions are no region")
    (cpu,) = run((*base, "--amd-aie-route=cpu"), module, ("m.vmfb",))
    (database,) = run(("tune", "m.mlir", "-o", "p.json", "--search=fast"), module, ("p.json",))
    inputs = ("run", "--module=m.vmfb", f"--input={X}=1", f"--input={W}=1")
    (result,) = run((*inputs, "--output=@y.bin"), {"m.vmfb": cpu}, ("y.bin",))
    (again,) = run((*inputs, "--output=@y.bin"), {"m.vmfb": npu}, ("y.bin",))
    if again != result:
        raise RuntimeError("the NPU's result is not the CPU's")
    return Built((npu, cpu), _bytecode(top), report, regions, database, _onnx(), _npy(), result)


def _onnx() -> bytes:
    """A convolution in int8 between scales, and a ReLU."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    arrays: dict[str, object] = {
        "s": np.float32(0.05),
        "z": np.int8(0),
        "w": np.arange(-72, 72, dtype=np.int8).reshape(4, 4, 3, 3),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wd"]),
        helper.make_node("Conv", ["xd", "wd"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "s", "z"], ["y"]),
    ]
    shape = ["batch", 4, 8, 8]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.INT8, shape)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _npy() -> bytes:
    import io

    import numpy as np

    out = io.BytesIO()
    np.save(out, np.ones((1, 10, 10, 16), np.int8))
    return out.getvalue()


def _bytecode(top: Path) -> tuple[bytes, ...]:
    """The modules as bytecode, written in a process of its own: IREE's library starts threads."""
    pid = os.fork()
    if pid == 0:
        try:
            from iree.compiler import ir

            for name, text in MODULES.items():
                with ir.Context(), (top / f"{name}.mlirbc").open("wb") as file:
                    ir.Module.parse(text).operation.write_bytecode(file)
            os._exit(0)
        except BaseException:  # noqa: BLE001  the parent says that it failed
            traceback.print_exc()
            os._exit(1)
    if _wait(pid)[0]:
        raise RuntimeError("no bytecode was written")
    return tuple((top / f"{name}.mlirbc").read_bytes() for name in sorted(MODULES))
