"""Wire methods `rollout.load`, `.generate`, `.swap`, `.inspect` and `.sleep`: completions by vLLM.

Nothing here may import torch or vLLM before the engine is up, not even a call that comes too early: the number of their
threads is read from the environment once, and `start_engine` sets it.
"""

from __future__ import annotations

from typing import Any

from .engine import Engine, start_engine
from .errors import UserFault
from .host import Host


class NotLoaded(RuntimeError):
    """No engine in this process: it is new, or a swap failed. The caller loads and tries again."""


# One engine a process: a second would share the device's memory with the first.
_current: Engine | None = None


def load(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """Brings the engine up; with the same parameters again the running one is kept."""
    global _current
    if _current is not None and _current.parameters == params:
        return _current.info()
    close()
    _current = start_engine(params)
    return _current.info()


def generate(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """Completions of `requests`, streamed as `rollout` and `failed` events with `progress` in between."""
    engine, requests = awake(), params["requests"]
    from .generation import Generation

    return Generation(engine, host, len(requests), following=params.get("following", [])).run(requests)


def swap(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """New weights of the same architecture into the running engine. A failed swap leaves no engine behind."""
    global _current
    engine = running()
    try:
        engine.swap(params["model"])
    except UserFault:
        raise
    except Exception:
        # Half of the weights may be new: such an engine must not answer.
        _current = None
        raise
    return engine.info()


def inspect(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """Prompt ids, patch grids and the engine's log-probs of given completions (parity gate)."""
    engine = awake()
    from .inspection import inspect_samples

    return {"items": inspect_samples(engine, params["samples"], host)}


def sleep(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """Gives the device's memory away until the next call that needs the engine."""
    running().sleep()
    return {}


def close() -> None:
    """Ends the engine of this process."""
    global _current
    if _current is not None:
        _current.close()
        _current = None


def running() -> Engine:
    if _current is None:
        raise NotLoaded("rollout.load has to come first")
    return _current


def awake() -> Engine:
    engine = running()
    engine.wake()
    return engine
