"""Runs many commands in worker processes: one that fails, or kills its process, stops no other."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, cast

from aie_conv.errors import AieConvError

Handler = Callable[[Any], Any]
"""A function of a module's top level, so that a worker can be told of it by name."""


@dataclass(frozen=True)
class Failure:
    """An item that has no result: its message, one line."""

    message: str


_MEMORY = "its tensors need more memory than there is: give it smaller ones"


def _serve(handler: Handler, pipe: Connection) -> None:
    """A worker: items in, results out, until the pipe ends."""
    # An interrupt is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        pipe.send(guarded(handler, item))


def guarded(handler: Handler, item: Any) -> Any:
    """The handler's result, or a failure with the message of what it raised."""
    try:
        return handler(item)
    except AieConvError as error:
        return Failure(" ".join(str(error).split()))
    except MemoryError:
        return Failure(_MEMORY)
    except Exception as error:  # noqa: BLE001  a bug in one command is no reason to lose the others
        text = " ".join(str(error).split())
        if isinstance(error, RuntimeError) and "allocate memory" in text:
            # This is how torch says it.
            return Failure(_MEMORY)
        return Failure(f"internal error: {type(error).__name__}: {text}")


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    index: int | None = None
    started: float = 0.0


class _Pool:
    def __init__(self, handler: Handler, timeout: float | None) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._handler = handler
        self._timeout = timeout
        self.workers: list[_Worker] = []

    def start(self) -> _Worker:
        here, there = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(self._handler, there), daemon=True)
        process.start()
        there.close()
        worker = _Worker(process, cast(Connection, here))
        self.workers.append(worker)
        return worker

    def drop(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()
        self.workers.remove(worker)

    def ready(self) -> list[tuple[int, Any]]:
        """Wait until an item is done; its index and its result."""
        busy = {worker.pipe: worker for worker in self.workers if worker.index is not None}
        patience = None
        if self._timeout is not None:
            oldest = min(worker.started for worker in busy.values())
            patience = max(0.0, oldest + self._timeout - time.monotonic())
        done: list[tuple[int, Any]] = []
        for pipe in wait(list(busy), patience):
            worker = busy[pipe]  # pyright: ignore[reportArgumentType]
            index = worker.index
            assert index is not None
            try:
                done.append((index, worker.pipe.recv()))
                worker.index = None
            except (EOFError, ConnectionResetError):
                worker.process.join()
                code = worker.process.exitcode
                done.append((index, Failure(f"its process ended with {_ending(code)}")))
                self.drop(worker)
        return done or self._late(list(busy.values()))

    def _late(self, busy: list[_Worker]) -> list[tuple[int, Any]]:
        done: list[tuple[int, Any]] = []
        for worker in busy:
            limit = self._timeout
            if limit is not None and time.monotonic() - worker.started >= limit:
                assert worker.index is not None
                done.append((worker.index, Failure(f"stopped after {limit:g} s (--timeout)")))
                self.drop(worker)
        return done


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"status {code}"


def run_all(
    handler: Handler,
    items: Sequence[Any],
    *,
    jobs: int,
    timeout: float | None = None,
    done: Callable[[int, Any], None] = lambda _index, _result: None,
) -> list[Any]:
    """The handler's result for each item, or a :class:`Failure`.

    Args:
        handler: a function of a module's top level.
        items: what it is called with; each must be picklable.
        jobs: how many processes.
        timeout: seconds after which an item's process is ended; None for never.
        done: told of each item's index and result as it ends.
    """
    results: list[Any] = [None] * len(items)
    pool = _Pool(handler, timeout)
    waiting = list(reversed(range(len(items))))
    open_items = len(items)
    try:
        while open_items:
            while waiting and sum(w.index is not None for w in pool.workers) < jobs:
                worker = next((w for w in pool.workers if w.index is None), None) or pool.start()
                worker.index, worker.started = waiting.pop(), time.monotonic()
                worker.pipe.send(items[worker.index])
            for index, result in pool.ready():
                results[index] = result
                open_items -= 1
                done(index, result)
    finally:
        for worker in list(pool.workers):
            pool.drop(worker)
    return results
