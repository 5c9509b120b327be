"""The wire's `math.verify`: pairs of answers to a pool of killable processes, each pair once.

Imports are absolute: inside this package the name math_verify still means the library. No torch here: the grader starts
in a second.
"""

from __future__ import annotations

import threading
from typing import Any

from .math_pool import MathPool

_MEMORY = 100_000
_decided: dict[tuple[str, str], dict[str, Any]] = {}
_pool: MathPool | None = None
_lock = threading.Lock()


def verify(params: dict[str, Any], host: Any) -> dict[str, Any]:
    """`{items: [{gold, answer}], timeout_seconds}` → `{results: [{equal, state, normalised}]}`, in order.

    States: graded; unparsed (the answer cannot be read: not equal); timeout and error (`equal` is None: the grader
    cannot tell, among them a gold answer that cannot be read, and an answer that ended the process). The time of an
    item counts from when a process begins with it. What was decided is kept for the life of this worker, timeouts too:
    an answer that stalls costs its deadline once. Works in any thread.
    """
    pairs = [(item["gold"], item["answer"]) for item in params["items"]]
    results = {pair: _decided[pair] for pair in set(pairs) if pair in _decided}
    open_pairs = list(dict.fromkeys(pair for pair in pairs if pair not in results))
    if open_pairs:
        fresh = dict(zip(open_pairs, _workers().compare(open_pairs, float(params["timeout_seconds"])), strict=True))
        results |= fresh
        if len(_decided) + len(fresh) > _MEMORY:
            _decided.clear()
        _decided.update(fresh)
    return {"results": [results[pair] for pair in pairs]}


def _workers() -> MathPool:
    global _pool
    with _lock:
        if _pool is None:
            _pool = MathPool()
        return _pool
