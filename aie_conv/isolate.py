"""Work in a child process: a signal out of IREE's library ends the child, and its parent gets an error.

Parent and child share a socket. The parent sends at most a call, and then nothing: where the socket
ends, the parent has gone or waits no longer, and the child stops. The child sends pickled pairs: ("stage",
what it does), ("temporary", a file or folder that goes again), ("settled", it went), whatever else it is
asked to tell, and last ("result", …) or ("error", …).

:func:`fork` splits a command line off before anything is imported, which costs a millisecond; :func:`call`
starts an interpreter of its own, which works beside threads, in notebooks and under test runners.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import Any, BinaryIO, NoReturn, Protocol, cast

from aie_conv.errors import AieConvError, ProcessDied

GRACE_SECONDS = 3.0
"""What a child gets to end in good order before it is killed."""

Told = Callable[[str, str], None]
"""Called with the kind of a message, such as "progress", and its text."""

_IREE = "IREE: "
"""How the stages begin in which IREE's library runs."""

_BOOT = (
    "import sys; sys.path[:] = sys.argv[2:];"
    "from aie_conv.isolate import serve; serve(int(sys.argv[1]))"
)


# -- the child's side -----------------------------------------------------------------------------
class _Voice:
    """What this process says to its parent; nothing where it has none."""

    def __init__(self) -> None:
        self._stream: BinaryIO | None = None
        self._lock = threading.Lock()
        self.stage = "start"

    def listen(self, link: socket.socket) -> BinaryIO:
        """Speak to the parent from now on, and stop when it goes."""
        stream = cast(BinaryIO, link.makefile("rwb"))
        self._stream = stream
        return stream

    def say(self, kind: str, value: Any) -> None:
        """Send a message."""
        if self._stream is None:
            return
        # A parent that has gone is noticed by the thread that waits for it.
        with self._lock, suppress(OSError):
            pickle.dump((kind, value), self._stream, pickle.HIGHEST_PROTOCOL)
            self._stream.flush()


_VOICE = _Voice()


def tell(kind: str, text: str) -> None:
    """Send a text to the parent of an isolated process; nothing in any other."""
    _VOICE.say(kind, text)


@contextmanager
def temporary_folder() -> Generator[str]:
    """A folder that goes again, even if this process dies, where it has a parent."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        tell("temporary", folder)
        try:
            yield folder
        finally:
            tell("settled", folder)


@contextmanager
def stage(name: str, *, iree: bool = False) -> Generator[None]:
    """Say what is being done, for the line that is written should the process die meanwhile.

    Args:
        name: the stage and what of, such as "import of model.mlir".
        iree: whether IREE's library does it.
    """
    before = _VOICE.stage
    _VOICE.stage = f"{_IREE * iree}{name}"
    _VOICE.say("stage", _VOICE.stage)
    try:
        yield
    finally:
        _VOICE.stage = before
        _VOICE.say("stage", before)


def _await_end(link: socket.socket) -> None:
    """Interrupt this process when its parent sends no more; kill it if it goes on."""
    import time

    with suppress(OSError):
        while link.recv(1):
            pass
    # The main thread itself gets it: a system call that it waits in ends.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _join(link: socket.socket) -> BinaryIO:
    """Be the child at this end of a link."""
    link.set_inheritable(False)
    stream = _VOICE.listen(link)
    signal.signal(signal.SIGINT, _interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    return stream


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, and be silent: an extension that is imported may make it another error."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
    signal.default_int_handler(number, frame)


def _watch(link: socket.socket) -> None:
    threading.Thread(target=_await_end, args=(link,), daemon=True).start()


def serve(descriptor: int) -> NoReturn:
    """The child of :func:`call`: answer one call, and end."""
    status = 0
    try:
        link = socket.socket(fileno=descriptor)
        function, arguments, told = pickle.load(_join(link))
        _watch(link)
        module, _, name = function.partition(":")
        keywords = {kind: (lambda text, kind=kind: tell(kind, text)) for kind in told}
        _VOICE.say("result", getattr(import_module(module), name)(*arguments, **keywords))
    except AieConvError as error:
        _VOICE.say("error", error)
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


# -- the parent's side ----------------------------------------------------------------------------
class _Process(Protocol):
    def wait(self) -> int: ...

    def kill(self) -> None: ...


class _Forked:
    """A forked child, with what is used of :class:`subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def wait(self) -> int:
        """Its exit status; below zero for a signal."""
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def kill(self) -> None:
        """End it; it must not have been waited for."""
        os.kill(self._pid, signal.SIGKILL)


@contextmanager
def _without_interrupts() -> Generator[None]:
    """Interrupts come later: a child that is started here begins with them held back."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Parent:
    """A child, followed to its end."""

    def __init__(self, process: _Process, link: socket.socket, told: Told) -> None:
        self._process = process
        self._link = link
        self._told = told
        self._temporary: set[str] = set()
        self._stage = "start"
        self._outcome: tuple[str, Any] | None = None

    def follow(self, request: object = None) -> Any:
        """The child's result.

        Raises:
            AieConvError: as the child raised it.
            ProcessDied: it ended without a result.
            KeyboardInterrupt: it, or this process, was interrupted.
        """
        ended = False
        try:
            with self._link.makefile("rwb") as stream:
                if request is not None:
                    # A child that died before it read the call is told of below.
                    with suppress(BrokenPipeError, ConnectionResetError):
                        pickle.dump(request, stream, pickle.HIGHEST_PROTOCOL)
                        stream.flush()
                while (message := _receive(cast(BinaryIO, stream))) is not None:
                    self._take(*message)
            ended = True
        finally:
            if not ended:
                self._stop()
            status = self._process.wait()
            for name in self._temporary:
                _remove(name)
        return self._result(status)

    def _take(self, kind: str, value: Any) -> None:
        if kind == "stage":
            self._stage = value
        elif kind == "temporary":
            self._temporary.add(value)
        elif kind == "settled":
            self._temporary.discard(value)
        elif kind in ("result", "error"):
            self._outcome = kind, value
        else:
            self._told(kind, value)

    def _stop(self) -> None:
        """Ask the child to end, and see to it; a second interrupt sees to it at once."""
        try:
            self._link.shutdown(socket.SHUT_WR)
            self._link.settimeout(GRACE_SECONDS)
            while self._link.recv(1 << 16):
                pass
        except OSError:
            pass
        finally:
            self._process.kill()

    def _result(self, status: int) -> Any:
        if self._outcome is not None:
            kind, value = self._outcome
            if kind == "error":
                raise value
            return value
        if status == 130 or status == -signal.SIGINT:
            raise KeyboardInterrupt
        raise ProcessDied(describe_death(status, self._stage))


def _remove(name: str) -> None:
    """Remove a file or folder that a child has left."""
    if os.path.isdir(name):
        import shutil

        shutil.rmtree(name, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(name)


def _receive(stream: BinaryIO) -> tuple[str, Any] | None:
    """The next message; None where there is none, or but its beginning."""
    try:
        return pickle.load(stream)
    except (EOFError, pickle.UnpicklingError, ConnectionResetError):
        return None


def describe_death(status: int, where: str) -> str:
    """One line on a process that ended without a result.

    Args:
        status: as :class:`subprocess.Popen` gives it: below zero for a signal.
        where: the stage, as :func:`stage` wrote it.
    """
    how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended itself ({status})"
    if -status == signal.SIGKILL:
        return f"the process {how} in stage {where.removeprefix(_IREE)}: was the memory too small?"
    if where.startswith(_IREE):
        from tempfile import gettempdir

        # LLVM ends its process so where a file cannot be written, its linker's objects among them.
        space = f", or {gettempdir()} has no space left" if status == 1 else ""
        return (
            f"IREE {how} in stage {where.removeprefix(_IREE)}: a fault of IREE's library{space}: leave out"
            " or rewrite what is unusual in the module, and report it to IREE"
        )
    return f"the process {how} in stage {where}: report it with the command and its files"


def fork() -> Callable[[], int] | None:
    """Split this process, which must have one thread: the child goes on, the parent waits for it.

    Returns:
        None in the child. In the parent, a function that waits for the child, and returns the status that
        the child gave :func:`finish`; it raises as :func:`call` does.
    """
    here, there = socket.socketpair()
    with _without_interrupts():
        pid = os.fork()
        if pid:
            there.close()
            parent = _Parent(_Forked(pid), here, lambda _kind, _text: None)
            return lambda: int(parent.follow())
        here.close()
    _join(there)
    _watch(there)
    return None


def finish(status: int) -> int:
    """Give the parent of a forked process its status: what happens from here on counts no more."""
    _VOICE.say("result", status)
    return status


def call(function: str, arguments: Sequence[Any], told: dict[str, Callable[[str], None]]) -> Any:
    """Call a function in a new interpreter.

    Args:
        function: "module:name".
        arguments: positional arguments; they and the result must be picklable.
        told: keyword arguments that are callbacks of one text each; they are called in this process.

    Raises:
        AieConvError: as the function raised it.
        ProcessDied: the process ended without a result, of a signal for one.
        KeyboardInterrupt: this process was interrupted; the other has ended.
    """
    import subprocess

    here, there = socket.socketpair()
    with here:
        with there, _without_interrupts():
            words = ["-c", _BOOT, str(there.fileno()), *sys.path]
            process = subprocess.Popen(
                [sys.executable, *words], stdin=subprocess.DEVNULL, pass_fds=[there.fileno()]
            )
        parent = _Parent(process, here, lambda kind, text: told[kind](text))
        return parent.follow((function, tuple(arguments), tuple(told)))
