"""TRL's reward function: asks TypeScript, which grades; TRL sees only numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from .errors import NoAnswer

THINK_MARKS = ("<think>", "</think>")
# Of the names that TypeScript's numbers have among TRL's.
PREFIX = "vauto/"


class Asking(Protocol):
    """The part of `Host` that rewards need."""

    def emit(self, name: str, payload: dict[str, Any]) -> None: ...

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]: ...


class RewardClient:
    """Called by TRL with one entry per completion, in order; None for a completion that could not be graded.

    TRL leaves a None out of its group's mean and gives it advantage 0. `part`: where several processes train, the place
    of this one's first completion in the round; a group may begin in one process and end in the next.
    """

    __name__ = "reward"

    def __init__(self, host: Asking, tokenizer: Any, group_size: int, part: int | None = None):
        self.host = host
        self.tokenizer = tokenizer
        #: Tokens that end a completion.
        self.end_ids: frozenset[int] = frozenset()
        self.group_size = group_size
        self.part = part
        #: Adds up over the processes.
        self.total: Callable[[int], int] = lambda count: count
        self.hidden = hidden_tokens(tokenizer)
        self.seconds = 0.0
        self.ungraded = 0

    def __call__(
        self,
        prompts: list[str],
        completion_ids: list[list[int]],
        trainer_state: Any,
        log_metric: Callable[[str, float], None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        started = time.perf_counter()
        completions = [
            # TRL keeps groups together, whatever was put in the place of a prompt.
            self.completion(prompt_id, place % self.group_size, list(ids))
            for place, (prompt_id, ids) in enumerate(zip(prompts, completion_ids, strict=True), self.part or 0)
        ]
        # The step under way; TRL counts it when it is done.
        step = trainer_state.global_step + 1
        question = {"step": step, "completions": completions}
        rewards, metrics = self.answer(question if self.part is None else question | {"part": self.part})
        self.ungraded = self.total(sum(reward is None for reward in rewards))
        if log_metric is not None:
            # Through TRL, which means them over the processes and hands them to its trackers.
            for name, value in metrics.items():
                log_metric(PREFIX + name, value)
        self.seconds += time.perf_counter() - started
        return rewards

    def answer(self, question: dict[str, Any]) -> tuple[list[float | None], dict[str, float]]:
        """Rewards, and numbers of their step. What does not come in time is None, never 0: nobody has said that these
        completions are bad.
        """
        count = len(question["completions"])
        try:
            answer = self.host.ask("reward", question)
        except NoAnswer as fault:
            message = f"step {question['step']}: {count} completions have no reward and teach nothing: {fault}"
            self.host.emit("warning", {"message": message})
            return [None] * count, {}
        rewards = answer["rewards"]
        if len(rewards) != count:
            raise RuntimeError(f"{count} completions went out for grading, {len(rewards)} rewards came back")
        return rewards, answer.get("metrics", {})

    def completion(self, prompt_id: str, index: int, ids: list[int]) -> dict[str, Any]:
        """One entry of the question `reward` (bridge protocol)."""
        return {
            "prompt_id": prompt_id,
            "index": index,
            "text": self.text(ids),
            "token_ids": ids,
            "truncated": not ids or ids[-1] not in self.end_ids,
        }

    def text(self, ids: list[int]) -> str:
        """Text without special tokens, like the engine's, but with the think marks even where they are special."""
        kept = [token for token in ids if token not in self.hidden]
        return self.tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def hidden_tokens(tokenizer: Any) -> frozenset[int]:
    marks = {tokenizer.convert_tokens_to_ids(mark) for mark in THINK_MARKS}
    return frozenset(tokenizer.all_special_ids) - marks
