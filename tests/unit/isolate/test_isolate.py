"""Work in a child process: results, messages, errors and every way to die, in threads too."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from aie_conv import isolate
from aie_conv.errors import ConfigRefused, ProcessDied, UsageError

WORK = """
import os, signal, time
from pathlib import Path
from aie_conv import isolate
from aie_conv.errors import ConfigRefused, UsageError

def add(a, b):
    return a + b

def talk(progress, warn):
    progress("one"); warn("two"); progress("three")
    return "done"

def refuse():
    raise UsageError("model: refused: do something")

def refuse_plan():
    raise ConfigRefused("l1", "too full")

def die(number):
    with isolate.stage("import of m.mlir", iree=True):
        os.kill(os.getpid(), number)
        time.sleep(60)

def die_in_the_middle(path):
    isolate.tell("temporary", path)
    Path(path).write_text("half")
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(60)

def leave():
    os._exit(3)

def sleep(path):
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)

def big(data):
    return data[::-1]
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "isolated_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)


def call(name: str, *arguments: Any, **told: Any) -> Any:
    return isolate.call(f"isolated_work:{name}", arguments, told)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_result_comes_back() -> None:
    assert call("add", 1, 2) == 3


def test_megabytes_go_both_ways() -> None:
    data = os.urandom(20_000_000)
    assert call("big", data) == data[::-1]


def test_texts_come_in_order_while_it_works() -> None:
    heard: list[str] = []
    assert call("talk", progress=heard.append, warn=heard.append) == "done"
    assert heard == ["one", "two", "three"]


def test_errors_keep_their_kind() -> None:
    with pytest.raises(UsageError, match=r"^model: refused: do something$"):
        call("refuse")
    with pytest.raises(ConfigRefused, match="too full") as caught:
        call("refuse_plan")
    assert caught.value.limit == "l1"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL])
def test_a_signal_is_one_line_that_names_the_stage(number: signal.Signals) -> None:
    line = rf"^IREE died of {number.name} in stage import of m\.mlir: [^\n]*report it to IREE$"
    with pytest.raises(ProcessDied, match=line):
        call("die", number)


def test_being_killed_is_not_blamed_on_iree() -> None:
    with pytest.raises(
        ProcessDied, match=r"^the process died of SIGKILL in stage import of m\.mlir"
    ):
        call("die", signal.SIGKILL)


def test_an_exit_without_result_is_told() -> None:
    with pytest.raises(ProcessDied, match=r"ended itself \(3\) in stage start"):
        call("leave")


def test_what_it_was_writing_is_removed(tmp_path: Path) -> None:
    with pytest.raises(ProcessDied):
        call("die_in_the_middle", str(tmp_path / "half"))
    assert not (tmp_path / "half").exists()


def test_several_threads_call_at_once() -> None:
    results: list[Any] = [None] * 4

    def one(number: int) -> None:
        try:
            results[number] = call("add", number, 1) if number % 2 else call("die", signal.SIGSEGV)
        except ProcessDied as error:
            results[number] = str(error)[:9]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == ["IREE died", 2, "IREE died", 4]


def in_another_python(code: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    text = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + textwrap.dedent(code)
    return subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE)


def wait_for(path: Path) -> int:
    for _ in range(400):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise TimeoutError(path)


CALLS = """
    from aie_conv import isolate
    try:
        isolate.call("isolated_work:sleep", ({!r},), {{}})
    except KeyboardInterrupt:
        sys.exit(99)
"""


def test_an_interrupt_ends_both_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    process = in_another_python(CALLS.format(str(path)), tmp_path)
    child = wait_for(path)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (99, b"")
    assert not is_alive(child)


def test_a_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    process = in_another_python(CALLS.format(str(path)), tmp_path)
    child = wait_for(path)
    process.kill()
    process.communicate(timeout=20)
    for _ in range(100):
        if not is_alive(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child lives on")
