"""What several tests share: a real vLLM on the tiny model, brought up once a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TINY = Path(__file__).resolve().parents[2] / "recipes" / "tiny"
BUDGET = {"fps": 2, "max_frames": 256, "min_pixels": 784, "max_pixels": 3136, "total_pixels": 4096 * 784}
LOAD = {"model": str(TINY / "model"), "trust_remote_code": False, "engine_args": {}, "video_budget": BUDGET, "seed": 7}
SUFFIX = "Put your final answer in \\boxed{}."


class RecordingHost:
    """Stands at the caller's end of a call and keeps what it hears."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.cancel_after = cancel_after

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        self.events.append((name, payload))

    def cancelled(self) -> bool:
        return self.cancel_after is not None and len(self.of("rollout")) >= self.cancel_after

    def of(self, name: str) -> list[dict[str, Any]]:
        return [payload for heard, payload in self.events if heard == name]


def tiny_rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TINY / "data" / f"{name}.jsonl").read_text().splitlines()]


def messages_of(question: str, kinds: list[str]) -> list[dict[str, Any]]:
    system = {"type": "text", "text": (TINY / "system.txt").read_text().strip()}
    content = [*({"type": kind} for kind in kinds), {"type": "text", "text": f"{question}\n{SUFFIX}"}]
    return [{"role": "system", "content": [system]}, {"role": "user", "content": content}]


def request_of(identity: int, row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A wire request for a manifest row."""
    video = row.get("video")
    path = str(TINY / "data" / video) if video else ""
    return {
        "id": identity,
        "messages": messages_of(row["question"], ["video"] if video else []),
        "media": [{"kind": "video", "path": path, "sha256": path}] if video else [],
        "seed": identity,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "max_tokens": 64,
        "stop": [],
        **changes,
    }


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """The module `rollout` with the tiny model loaded."""
    from vauto_worker import rollout

    rollout.load(LOAD, RecordingHost())
    yield rollout
    rollout.close()
