"""Rollouts of a training by vauto's engine: TypeScript gets the weights and gives completions back."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

# Tokens of a completion by which a hand-over is checked.
CHECKED_TOKENS = 24


class Asking(Protocol):
    """The part of `Host` that rollouts need."""

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]: ...


class Policy(Protocol):
    """The part of the trainer that rollouts need."""

    def export(self, folder: Path) -> None:
        """Writes the weights as they are now as an ordinary model folder."""

    def upcoming(self, step: int) -> list[str]:
        """Prompt ids of the round after the one that begins at `step`, one entry a rollout; [] after the last."""

    def make_room(self) -> None:
        """Gives device memory that it does not hold anything in back to the device."""

    def completion_logps(self, prompt_ids: Sequence[str], completions: Sequence[list[int]]) -> list[list[float]]: ...


@dataclass(frozen=True)
class Round:
    """One round's rollouts, in the order in which they were asked for.

    `rows`: prompt ids; a group without difference may have been replaced by one of another prompt. `forced`:
    tokens that each completion was made to begin with; their log-probs are those of the choice, not the engine's.
    """

    rows: list[str]
    ids: list[list[int]]
    logprobs: list[list[float]]
    forced: list[int]

    def part(self, own: Callable[[list[Any]], list[Any]]) -> Round:
        """What one process takes of it."""
        return Round(own(self.rows), own(self.ids), own(self.logprobs), own(self.forced))


class EngineRollouts:
    """Completions of a round from the policy as it is when the round begins or, `ahead`, one round earlier.

    The engine holds one state of the weights. `lag` is how many optimiser steps older than the trainer's they may be;
    an answer from older ones is refused. Where several processes train, each makes the same calls with all prompts of a
    round, and one asks for all (`ranks.LeadHost`).
    """

    def __init__(self, host: Asking, folder: Path, policy: Policy, end_id: int, lag: int = 0, checked: int = 0):
        self.host = host
        self.folder = folder
        self.policy = policy
        self.end_id = end_id
        self.lag = lag
        self.checked = checked
        self.given: int | None = None
        self.last: Round | None = None

    def __call__(self, prompt_ids: Sequence[str], step: int) -> Round:
        """The round that begins after `step` optimiser steps.

        A completion that the engine could not make is the end token alone; its reward is None, so it teaches nothing.
        """
        if self.given is None or not self.lag:
            self.hand_over(step, self.parity_check(self.last))
        answer = self.host.ask("rollouts", {"step": step + 1, "rollouts": indexed(prompt_ids)})
        made = self.last = self.checked_round(answer, prompt_ids, step)
        following = self.policy.upcoming(step) if self.lag else []
        if following:
            self.hand_over(step, self.parity_check(made))
            self.host.ask("ahead", {"step": step + self.lag + 1, "rollouts": indexed(following)})
        return made

    def checked_round(self, answer: dict[str, Any], prompt_ids: Sequence[str], step: int) -> Round:
        entries = answer["rollouts"]
        if len(entries) != len(prompt_ids):
            raise RuntimeError(f"{len(prompt_ids)} completions were asked for, {len(entries)} came")
        age = step - answer["weights_step"]
        if not 0 <= age <= self.lag:
            raise RuntimeError(f"rollouts for the policy after step {step} came from one {age} steps old")
        return Round(
            [entry["prompt_id"] for entry in entries],
            [entry["token_ids"] or [self.end_id] for entry in entries],
            [entry["logprobs"] or [0.0] for entry in entries],
            [entry.get("forced", 0) for entry in entries],
        )

    def hand_over(self, step: int, check: list[dict[str, Any]] | None = None) -> None:
        """New weights to the engine. Their folder has a name of its own, and those before it are gone."""
        if self.given == step:
            return
        target = self.folder / f"weights-{step}"
        self.policy.export(target)
        # An engine that slept through the training wakes with these weights, in the memory that the steps before used.
        self.policy.make_room()
        self.host.ask("weights", {"step": step, "folder": str(target), "check": check or []})
        self.given = step
        for old in self.folder.glob("weights-*"):
            if old != target:
                shutil.rmtree(old, ignore_errors=True)

    def parity_check(self, made: Round | None) -> list[dict[str, Any]]:
        """A few completions as the trainer scores them now: what the engine must say of them with the same weights.

        They begin completions of the last round, each of another prompt: its media are what a cache could have kept.
        """
        if made is None:
            return []
        first = {row: ids for row, ids in zip(reversed(made.rows), reversed(made.ids), strict=True) if len(ids) > 1}
        rows = [row for row in dict.fromkeys(made.rows) if row in first][: self.checked]
        ids = [first[row][:CHECKED_TOKENS] for row in rows]
        scores = self.policy.completion_logps(rows, ids)
        return [
            {"prompt_id": row, "token_ids": tokens, "logprobs": score}
            for row, tokens, score in zip(rows, ids, scores, strict=True)
        ]

    def settle(self) -> None:
        """Waits until rollouts made ahead are kept: a training taken up again after a checkpoint goes on with them."""
        if self.lag:
            self.host.ask("settle", {})

    def close(self) -> None:
        """Nothing of the rounds is left behind."""
        shutil.rmtree(self.folder, ignore_errors=True)


def indexed(prompt_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Each rollout by its prompt and its place within the prompt's group."""
    seen: Counter[str] = Counter()
    asked = []
    for prompt_id in prompt_ids:
        asked.append({"prompt_id": prompt_id, "index": seen[prompt_id]})
        seen[prompt_id] += 1
    return asked
