"""What one request has written so far, and what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..tokens import Detokenizer, utf16_length
from .boxes import Box, confidence_of, exits_at, is_fallback, read_head

# A first answer comes at once. A model that has written so much without one is not asked again.
MOST_HEAD_TOKENS = 512
# Tokens in which `</think>` is looked for: it has 8 characters.
_TAIL = 16
# What a spent budget writes: the end of the thinking and the beginning of the answer.
BUDGET_TEXT = "</think>\\boxed{"


class Decision(NamedTuple):
    """`reason`: sure | unsure | fallback | empty | no-box | unknown (log-probs were lost)."""

    exited: bool
    confidence: float | None
    reason: str


@dataclass
class Follower:
    """Takes a request's tokens one by one. `decision` is set once, when the first answer is there or cannot come."""

    detokenizer: Detokenizer
    threshold: float | None
    think_budget: int | None = None
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float | None] = field(default_factory=list)
    decision: Decision | None = None
    #: Number of tokens when the thinking began.
    think_start: int | None = None
    #: Nothing more is to be done for the request.
    idle: bool = False
    #: Tokens that must be sampled next, in order.
    forced: list[int] = field(default_factory=list)

    @property
    def needs_logprobs(self) -> bool:
        return self.threshold is not None and self.decision is None and not self.idle

    def push(self, token: int, logprob: float | None) -> None:
        """One sampled token with the model's own log-probability; None when it is not known."""
        self.token_ids.append(token)
        self.logprobs.append(logprob)
        if self.forced:
            self._written(token)
        elif self.think_start is not None:
            self._think()
        elif not self.idle:
            self._look()

    def _look(self) -> None:
        decoded = self.detokenizer.decode(self.token_ids)
        head = read_head(decoded.text)
        if self.threshold is not None and self.decision is None:
            ready = head.complete or (head.boxes and not head.inside)
            if ready:
                self.decision = self._decide(decoded.text, decoded.ends, head.boxes)
        if self.decision is not None and self.decision.exited:
            self.idle = True
        elif "<think>" in decoded.text:
            self._begin_thinking()
        elif len(self.token_ids) >= MOST_HEAD_TOKENS:
            self._give_up()
        elif self.decision is not None and self.think_budget is None:
            self.idle = True

    def _decide(self, text: str, ends: list[int], boxes: list[Box]) -> Decision:
        if len(boxes) != 1:
            return Decision(False, None, "no-box")
        box = boxes[0]
        if not box.text or is_fallback(box.text):
            return Decision(False, None, "fallback" if box.text else "empty")
        places = (utf16_length(text[:at]) for at in (box.start, box.end))
        confidence = confidence_of(*places, ends, self.logprobs)
        if confidence is None:
            return Decision(False, None, "unknown")
        exited = exits_at(confidence, self.threshold or 1.0)
        return Decision(exited, confidence, "sure" if exited else "unsure")

    def _begin_thinking(self) -> None:
        self.think_start = len(self.token_ids)
        self.idle = self.think_budget is None
        if self.think_budget == 0:
            self._force_answer()

    def _think(self) -> None:
        if self.idle or self.think_budget is None:
            return
        tail = self.detokenizer.decode(self.token_ids[-_TAIL:]).text
        if "</think>" in tail:
            self.idle = True
        elif len(self.token_ids) - (self.think_start or 0) >= self.think_budget:
            self._force_answer()

    def _force_answer(self) -> None:
        self.forced = self.detokenizer.tokenizer.encode(BUDGET_TEXT, add_special_tokens=False)

    def _written(self, token: int) -> None:
        # Another token than the forced one: something else decides what is sampled, and forcing is given up.
        self.forced = self.forced[1:] if token == self.forced[0] else []
        self.idle = not self.forced

    def _give_up(self) -> None:
        if self.threshold is not None and self.decision is None:
            self.decision = Decision(False, None, "no-box")
        self.idle = True
