"""A training's way back to TypeScript over HTTP, for processes that the bridge does not reach."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

from .errors import NoAnswer
from .wire import encode

# Seconds without any answer after which a question is given up.
DEADLINE = 600.0
# The server holds a question for 20 s, then says that it is still at work.
READ_SECONDS = 40.0
# A warning is not worth more waiting.
WARNING_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
# How often the first process hears whether to go on, between events.
BEAT_SECONDS = 0.5


class HttpHost:
    """What `vauto_worker.host.Host` offers, from process `rank`; all but warnings is told by the first one alone.

    A request whose answer was lost is sent again with the same id, which the server (training/ask-server.ts) carries
    out once. `deadline`: seconds.
    """

    def __init__(self, url: str, token: str, rank: int = 0, deadline: float = DEADLINE):
        place = urlsplit(url)
        self.address = (place.hostname or "", place.port or 80)
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self.rank = rank
        self.deadline = deadline
        self._cancelled = False
        self._closed = threading.Event()
        if rank == 0:
            threading.Thread(target=self._beat, name="vauto-beat", daemon=True).start()

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        """One-way event, in order; NoAnswer when nobody took it in time, RuntimeError when it failed there.

        A warning that nobody takes ends no training: it is printed.
        """
        if name == "warning":
            try:
                answer = self._deliver(f"/event/{name}", payload, min(self.deadline, WARNING_SECONDS))
            except NoAnswer as lost:
                print(f"warning: {payload.get('message')} ({lost})", file=sys.stderr)
                return
        elif self.rank == 0:
            answer = self._deliver(f"/event/{name}", payload, self.deadline)
        else:
            return
        self._cancelled = self._cancelled or bool(answer.get("cancelled"))
        if "error" in answer:
            raise RuntimeError(f"{name} failed in TypeScript: {answer['error']}")

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Blocks until answered. RuntimeError when it failed or was refused, NoAnswer when none came in time.

        For rollouts there is no such time as long as somebody is at work on them; a reward that takes as long is none.
        """
        answer = self._deliver(f"/ask/{name}", payload, self.deadline, patient=name != "reward")
        if "error" in answer:
            raise RuntimeError(f"{name} failed in TypeScript: {answer['error']}")
        return answer["value"]

    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more, as far as this process has heard."""
        return self._cancelled

    def close(self) -> None:
        self._closed.set()

    def _deliver(self, path: str, payload: Any, deadline: float, *, patient: bool = False) -> dict[str, Any]:
        body = encode({"id": uuid.uuid4().hex, "payload": payload}).encode()
        end, pause = time.monotonic() + deadline, FIRST_PAUSE
        while True:
            left = end - time.monotonic()
            try:
                status, answer = self._send(path, body, max(0.01, min(READ_SECONDS, left)))
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
            else:
                if status == 200:
                    return answer
                if status < 500 and status != 202:
                    raise RuntimeError(
                        f"{path} was refused with status {status}: {answer.get('error', '')}".rstrip(": ")
                    )
                reason = "the answer is still being made" if status == 202 else f"status {status}"
                if status == 202:
                    pause = FIRST_PAUSE
                    end = time.monotonic() + deadline if patient else end
            if time.monotonic() + pause >= end:
                raise NoAnswer(f"{path}: no answer within {deadline:g} s ({reason})")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _send(self, path: str, body: bytes, timeout: float) -> tuple[int, dict[str, Any]]:
        # Not urllib, which would go through a proxy that the environment names. A connection each time: none is stale.
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            connection.request("POST", path, body, self.headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        try:
            answer = json.loads(text) if text else {}
        except ValueError as error:
            raise http.client.HTTPException(f"status {response.status} with an answer that is no JSON") from error
        return response.status, answer

    def _beat(self) -> None:
        while not self._closed.wait(BEAT_SECONDS):
            try:
                _, answer = self._send("/event/beat", b"", BEAT_SECONDS)
            except (OSError, http.client.HTTPException):
                continue
            if answer.get("cancelled"):
                self._cancelled = True
