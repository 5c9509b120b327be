"""A running call's way back to TypeScript: events, questions, cancellation."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from .wire import encode

# An event waits at most this long for others to travel with it; a round trip over the bridge costs 1-2 ms.
BATCH_SECONDS = 0.02
# Even without events TypeScript hears this often that Python runs, and the call learns whether it was cancelled.
BEAT_SECONDS = 0.5


class Host:
    """Handed to every method. All of its functions work from any thread, as long as the call runs.

    `post(events_json) -> "go" | "cancel"` and `ask(question_json) -> answer_json` are JavaScript functions; pythonia
    allows one such call at a time in a process, which `_lock` sees to.
    """

    def __init__(self, post: Callable[[str], str], ask: Callable[[str], str]) -> None:
        self._post = post
        self._ask = ask
        self._lock = threading.Lock()
        self._wake = threading.Condition()
        self._events: list[str] = []
        self._closed = False
        self._cancelled = False
        self._pump = threading.Thread(target=self._run, name="vauto-host", daemon=True)
        self._pump.start()

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        """One-way event; returns at once, order is kept. After the end of the call events are dropped."""
        event = encode([name, payload])
        with self._wake:
            if self._closed:
                print(f"event {name} after the end of its call", file=sys.stderr)
                return
            self._events.append(event)
            if len(self._events) == 1:
                self._wake.notify()

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Question to TypeScript, after all earlier events; blocks until answered. RuntimeError when it failed."""
        question = encode([name, payload])
        with self._lock:
            if self._closed:
                raise RuntimeError(f"question {name} after the end of its call")
            self._send()
            answer = json.loads(self._ask(question))
        if "error" in answer:
            raise RuntimeError(f"{name} failed in TypeScript: {answer['error']}")
        return answer["value"]

    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more; costs nothing, known within BEAT_SECONDS."""
        return self._cancelled

    def close(self) -> list[str]:
        """Ends the traffic of the call; returns the encoded events not yet sent, which travel with its result."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._pump.join()
        with self._lock:  # a question from another thread may be under way
            return self._take()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._events and not self._closed:
                    self._wake.wait(BEAT_SECONDS)
                if self._events and not self._closed:
                    self._wake.wait(BATCH_SECONDS)
                if self._closed:
                    return
            with self._lock:
                self._send(beat=True)

    def _send(self, *, beat: bool = False) -> None:
        events = self._take()
        if (events or beat) and self._post(f"[{','.join(events)}]") == "cancel":
            self._cancelled = True

    def _take(self) -> list[str]:
        with self._wake:
            events, self._events = self._events, []
        return events
