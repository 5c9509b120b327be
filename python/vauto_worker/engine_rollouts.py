"""Rollouts of a training by vauto's engine: TypeScript gets the weights and gives completions back."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol


class Asking(Protocol):
    """The part of `Host` that rollouts need."""

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]: ...


class EngineRollouts:
    """Completions from the policy as it is now. `export(folder)` writes its weights as an ordinary model folder.

    The engine holds one state of the weights: before the first rollouts of a step, and whenever the trainer has stepped
    since, it is given the new ones.
    """

    def __init__(self, host: Asking, folder: Path, export: Callable[[Path], None], end_id: int):
        self.host = host
        self.folder = folder
        self.export = export
        self.end_id = end_id
        self.given: int | None = None

    def __call__(self, prompt_ids: Sequence[str], step: int) -> tuple[list[list[int]], list[list[float]]]:
        """Token ids and log-probs of one completion for each entry; `step`: optimiser steps taken so far.

        A completion that the engine could not make is the end token alone; its reward is None, so it teaches nothing.
        """
        if self.given != step:
            self.hand_over(step)
        seen: Counter[str] = Counter()
        asked = []
        for prompt_id in prompt_ids:
            asked.append({"prompt_id": prompt_id, "index": seen[prompt_id]})
            seen[prompt_id] += 1
        answer = self.host.ask("rollouts", {"step": step + 1, "rollouts": asked})["rollouts"]
        if len(answer) != len(asked):
            raise RuntimeError(f"{len(asked)} completions were asked for, {len(answer)} came")
        ids = [entry["token_ids"] or [self.end_id] for entry in answer]
        logprobs = [entry["logprobs"] or [0.0] for entry in answer]
        return ids, logprobs

    def hand_over(self, step: int) -> None:
        """New weights to the engine. Their folder has a name of its own, and those before it are gone."""
        target = self.folder / f"weights-{step}"
        self.export(target)
        self.host.ask("weights", {"step": step, "folder": str(target)})
        self.given = step
        for old in self.folder.glob("weights-*"):
            if old != target:
                shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        """Nothing of the rounds is left behind."""
        shutil.rmtree(self.folder, ignore_errors=True)
