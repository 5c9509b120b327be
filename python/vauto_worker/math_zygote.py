"""The process that loads math-verify once and forks the ones that compare: `python -m vauto_worker.math_zygote FD`.

It has one thread, so forking is safe. Over FD come memory limits, each with a socket; back go process ids. A child
reads `[gold, answer]` lines from its socket and writes verdicts. Everything ends when the parent does.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .math_compare import compare, memory_is_short

_PR_SET_PDEATHSIG = 1
# Deep nesting must not look like an answer that cannot be read.
_DEPTH = 20_000


def main(compare: Callable[[str, str], dict[str, Any]] = compare) -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    # Children are reaped by the kernel.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Ctrl-C in the terminal reaches all processes of the group; the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setrecursionlimit(_DEPTH)
    compare(r"\frac{1}{2}", "0.5")
    compare("x^2+2x+1", "(x+1)^2")
    control.sendall(b"ready\n")
    while True:
        request, (line, *_), *_ = receive(control)
        pid = os.fork()
        if pid == 0:
            control.close()
            serve(socket.socket(fileno=line), int(request), compare)
        os.close(line)
        control.sendall(f"{pid}\n".encode())


def receive(control: socket.socket) -> tuple[bytes, list[int]]:
    request, fds, *_ = socket.recv_fds(control, 64, 1)
    if not request:
        sys.exit(0)
    return request, fds


def serve(line: socket.socket, memory_bytes: int, compare: Callable[[str, str], dict[str, Any]]) -> None:
    """Compares until the parent closes the line, or kills."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limit = used_bytes() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with line.makefile("rwb") as lines:
        for request in lines:
            verdict = compare(*json.loads(request))
            lines.write(json.dumps(verdict | {"spent": memory_is_short()}).encode() + b"\n")
            lines.flush()
    os._exit(0)


def used_bytes() -> int:
    """Size of this process's address space."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
