"""What a training asks of the engine that makes its rollouts, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from vauto_worker import export
from vauto_worker.engine_rollouts import EngineRollouts


class Played:
    """Trainer and TypeScript, with a common log."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.given = 0

    def export(self, folder: Path) -> None:
        self.log.append(f"export {folder.name}")

    def make_room(self) -> None:
        self.log.append("room")

    def upcoming(self, step: int) -> list[str]:
        return []

    def completion_logps(self, prompt_ids: Sequence[str], completions: Sequence[list[int]]) -> list[list[float]]:
        self.log.append("score")
        return [[-1.0] * len(ids) for ids in completions]

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.log.append(f"ask {name}")
        if name == "weights":
            self.given = payload["step"]
            return {}
        made = [
            {"prompt_id": each["prompt_id"], "token_ids": [5, 6], "logprobs": [-1.0, -1.0]}
            for each in payload["rollouts"]
        ]
        return {"weights_step": self.given, "rollouts": made}


def test_room_is_made_before_the_engine_wakes(tmp_path: Path) -> None:
    played = Played()
    rollouts = EngineRollouts(played, tmp_path, played, end_id=2, checked=1)
    for step in (0, 1):
        rollouts(["p1", "p1"], step)
    first = ["export weights-0", "room", "ask weights", "ask rollouts"]
    # The trainer scores for the check before it makes room, not after.
    assert played.log == [*first, "score", "export weights-1", "room", "ask weights", "ask rollouts"]


@pytest.mark.parametrize(("params", "cleared"), [({}, []), ({"sleep": True}, [True])])
def test_room_is_made_only_for_an_engine_that_sleeps(
    params: dict[str, Any], cleared: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(export, "clear_device_cache", lambda garbage_collection: calls.append(garbage_collection))
    policy = object.__new__(export.EnginePolicy)
    policy.params = params
    policy.make_room()
    assert calls == cleared
