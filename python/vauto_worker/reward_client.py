"""TRL's reward function: asks TypeScript, which grades; TRL sees only numbers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

THINK_MARKS = ("<think>", "</think>")
# Of the names that TypeScript's numbers have among TRL's.
PREFIX = "vauto/"


class Asking(Protocol):
    """The part of `Host` that rewards need."""

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]: ...


class RewardClient:
    """Called by TRL with one entry per completion, in order; None for a completion that could not be graded.

    TRL leaves a None out of its group's mean and gives it advantage 0. `rank_offset` keeps indices apart when several
    processes hold parts of one step.
    """

    __name__ = "reward"

    def __init__(self, host: Asking, tokenizer: Any, end_ids: list[int], rank_offset: int = 0):
        self.host = host
        self.tokenizer = tokenizer
        self.end_ids = frozenset(end_ids)
        self.hidden = hidden_tokens(tokenizer)
        self.rank_offset = rank_offset
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
        seen: Counter[str] = Counter()
        completions = []
        for prompt_id, ids in zip(prompts, completion_ids, strict=True):
            completions.append(self.completion(prompt_id, self.rank_offset + seen[prompt_id], list(ids)))
            seen[prompt_id] += 1
        # The step under way; TRL counts it when it is done.
        answer = self.host.ask("reward", {"step": trainer_state.global_step + 1, "completions": completions})
        rewards = answer["rewards"]
        if len(rewards) != len(completions):
            raise RuntimeError(f"{len(completions)} completions went out for grading, {len(rewards)} rewards came back")
        self.ungraded = sum(reward is None for reward in rewards)
        if log_metric is not None:
            # Through TRL, which means them over the processes and hands them to its trackers.
            for name, value in answer.get("metrics", {}).items():
                log_metric(PREFIX + name, value)
        self.seconds += time.perf_counter() - started
        return rewards

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
