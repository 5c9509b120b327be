"""The Python end of the bridge: started by pythonia, it runs the method that a call names.

A method `module.function` is `function(params: dict, host: Host) -> dict` in `vauto_worker/module.py`; with more dots
the module's whole name is written out. Modules are imported when first used: math-verify never waits for torch.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import __version__
from .errors import UserFault
from .host import Host
from .torchvision_ops import activate
from .wire import encode

# A module of this package must not look like one of the standard library.
_RENAMED = {"math": "math_verify"}
_PR_SET_PDEATHSIG = 1
_ORPHAN_CHECK_SECONDS = 1.0

_post: Callable[[str], str] | None = None
_ask: Callable[[str], str] | None = None


def connect(parent: int, post: Callable[[str], str], ask: Callable[[str], str]) -> str:
    """First call of the Node process `parent`: keeps its two functions, prepares this process, answers who it is."""
    global _post, _ask
    _post, _ask = post, ask
    _die_with_parent(parent)
    _forget_bridge()
    # A hung process is asked where it hangs before it is killed: the stacks go to stderr, even when the GIL is held.
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    # The terminal's Ctrl-C is for the orchestrator, which then cancels the call.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    activate()
    version = ".".join(str(part) for part in sys.version_info[:3])
    return json.dumps({"pid": os.getpid(), "python": version, "worker": __version__})


def call(method: str, params_json: str) -> str:
    """Runs one method; what it returns or raises comes back as JSON `{ok | error, events}`, never as an exception."""
    assert _post is not None and _ask is not None, "call before connect"
    host = Host(_post, _ask)
    try:
        outcome = '"ok":' + encode(_find(method)(json.loads(params_json), host))
    except BaseException as error:
        outcome = '"error":' + encode(describe_error(error))
    events = host.close()
    return f'{{{outcome},"events":[{",".join(events)}]}}'


def describe_error(error: BaseException) -> dict[str, Any]:
    """An exception as it crosses the bridge; a UserFault keeps its code and fix."""
    described = {
        "type": type(error).__qualname__,
        "message": str(error) or type(error).__name__,
        "traceback": "".join(traceback.format_exception(error)),
    }
    if isinstance(error, UserFault):
        described |= {"user": {"code": error.code, "kind": error.kind, "fix": error.fix}}
    return described


def _find(method: str) -> Callable[[dict[str, Any], Host], dict[str, Any]]:
    module, _, function = method.rpartition(".")
    module = _RENAMED.get(module, module)
    return getattr(importlib.import_module(module if "." in module else f"vauto_worker.{module}"), function)


def _die_with_parent(parent: int) -> None:
    """No orphans, also when Node is killed while this process is deep in a call."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch_parent, args=(parent,), name="vauto-orphan", daemon=True).start()
    if os.getppid() != parent:  # it died before the signal was set
        os._exit(1)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_SECONDS)
    os._exit(1)


def _forget_bridge() -> None:
    """Processes started from here (multiprocessing, Node programs) must not take themselves for the bridge."""
    os.environ.pop("NODE_CHANNEL_FD", None)
    # multiprocessing's spawn runs the main module's file again, which would be pythonia's loop.
    main = sys.modules["__main__"]
    folder = os.path.dirname(getattr(main, "__file__", "") or "")
    if os.path.basename(folder) == "pythonia":
        del main.__file__
        # pythonia's own modules (`ws`, `proxy`, …) would shadow libraries of the same name.
        sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != os.path.realpath(folder)]
