"""A pool of warm, killable math-verify processes, one deadline for each answer.

One process imports math-verify and then only forks (math_zygote.py): a replacement is there within milliseconds. What
an answer can do to its process - loop for ever, take all memory, crash it - costs that answer its verdict and no other.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from .math_compare import result

_MOST_WORKERS = 4
# A child holds about 100 MB that it shares with the others; this is what an answer may take on top.
_MEMORY_BYTES = 256 * 2**20
_LONGEST_LINE = 1 << 16


class MathPool:
    """`workers` processes (default: the cores, at most 4), each limited to `memory_bytes` beyond its start."""

    def __init__(
        self,
        workers: int | None = None,
        memory_bytes: int = _MEMORY_BYTES,
        zygote: str = "vauto_worker.math_zygote",
    ):
        self.module = zygote
        self.size = workers or min(_MOST_WORKERS, len(os.sched_getaffinity(0)))
        self.memory_bytes = memory_bytes
        self._zygote: _Zygote | None = None
        self._lock = threading.Lock()
        self._idle: queue.SimpleQueue[_Child | None] = queue.SimpleQueue()
        for _ in range(self.size):
            self._idle.put(None)  # started with their first item
        self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="math")

    def compare(self, pairs: Sequence[tuple[str, str]], seconds: float) -> list[dict[str, Any]]:
        """Verdicts of (gold, answer) pairs, in order; `seconds` is the deadline of each."""
        return list(self._threads.map(lambda pair: self._compare_one(pair, seconds), pairs))

    def close(self) -> None:
        """Ends all processes; a call under way loses its answers."""
        self._threads.shutdown(cancel_futures=True)
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def _compare_one(self, pair: tuple[str, str], seconds: float) -> dict[str, Any]:
        child = self._idle.get()
        try:
            if child is None:
                child = self._start()
            answer = child.ask(pair, seconds)
            if not child.alive:
                child = None
            return answer
        finally:
            self._idle.put(child)

    def _start(self) -> _Child:
        with self._lock:
            if self._zygote is None or not self._zygote.alive:
                self._zygote = _Zygote(self.module)
            return self._zygote.fork(self.memory_bytes)


class _Zygote:
    """The process that forks the children. It ends, and they with it, when this end of its socket closes."""

    def __init__(self, module: str) -> None:
        self.control, theirs = socket.socketpair()
        command = [sys.executable, "-m", module, str(theirs.fileno())]
        path = os.pathsep.join(entry for entry in sys.path if entry)
        with theirs:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=os.environ | {"PYTHONPATH": path},
            )
        if self._line() != b"ready":
            raise RuntimeError("the math-verify process did not start; its error stands in the log")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def fork(self, memory_bytes: int) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [f"{memory_bytes}\n".encode()], [theirs.fileno()])
        return _Child(ours, int(self._line()))

    def close(self) -> None:
        self.control.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            part = self.control.recv(1)
            if not part:
                raise RuntimeError("the math-verify process ended; its error stands in the log")
            line += part
        return line.strip()


class _Child:
    """One process that compares; dead after a deadline, a crash or memory that ran out."""

    def __init__(self, line: socket.socket, pid: int):
        self.line, self.pid, self.alive = line, pid, True

    def ask(self, pair: tuple[str, str], seconds: float) -> dict[str, Any]:
        self.line.settimeout(seconds)
        try:
            self.line.sendall(json.dumps(pair).encode() + b"\n")
            reply = self._reply()
        except TimeoutError:
            self._kill()
            return result(None, "timeout", None)
        except OSError:
            reply = b""
        if not reply:
            self._kill()
            return result(None, "error", "the answer ended the process that compares")
        answer = json.loads(reply)
        if answer.pop("spent"):
            # Memory that ran out once is in pieces.
            self._kill()
        return answer

    def _reply(self) -> bytes:
        reply = b""
        while not reply.endswith(b"\n"):
            part = self.line.recv(_LONGEST_LINE)
            if not part:
                return b""
            reply += part
        return reply

    def _kill(self) -> None:
        self.alive = False
        # The zygote reaps at once, so the number may be another's by now, unless the line is still held open.
        if _is_open(self.line):
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.line.close()


def _is_open(line: socket.socket) -> bool:
    """Whether the other end still exists."""
    line.setblocking(False)
    try:
        return line.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
