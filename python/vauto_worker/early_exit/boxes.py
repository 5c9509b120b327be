"""Boxes of a growing text and the confidence of the first: the rules of orchestrator/answer, token by token.

test/fixtures/grading.jsonl holds the cases that both sides must read alike.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

FALLBACK = "Let's analyze the problem step by step."
TAGS = ("<think>", "</think>")
_OPENER = re.compile(r"\\boxed\s*\{")
# Steps of a log-probability: equal to a millionth is equal.
_LOG_STEPS = 1e6


class Box(NamedTuple):
    """Trimmed content of a closed box; `start` and `end` are indexes into the text."""

    text: str
    start: int
    end: int
    outer_start: int
    outer_end: int


class Head(NamedTuple):
    """What stands before the first think tag, as far as it is there."""

    boxes: list[Box]
    #: A box is open that a closed one may still turn out to lie in.
    inside: bool
    #: The first think tag is there: nothing can be added any more.
    complete: bool


def read_head(text: str) -> Head:
    tags = [at for at in (text.find(tag) for tag in TAGS) if at >= 0]
    boxes, inside = find_boxes(text, min(tags, default=len(text)))
    return Head(boxes, inside, bool(tags))


def find_boxes(text: str, end: int) -> tuple[list[Box], bool]:
    """Closed boxes before `end` that stand in no other closed one, and whether a further one is open."""
    opened: list[tuple[int, int]] = []
    closed: list[Box] = []
    at = 0
    while at < end:
        char = text[at]
        if char == "\\":
            opener = _OPENER.match(text, at, end)
            if opener:
                opened.append((at, opener.end()))
            at = opener.end() if opener else at + 2
            continue
        if char == "{":
            opened.append((-1, at + 1))
        elif char == "}" and opened:
            outer, content = opened.pop()
            if outer >= 0:
                _close(text, closed, outer, content, at)
        at += 1
    return closed, any(outer >= 0 for outer, _ in opened)


def _close(text: str, closed: list[Box], outer: int, content: int, end: int) -> None:
    inner = None
    while closed and closed[-1].outer_start >= content:
        inner = closed.pop()
    raw = text[content:end]
    start = content + len(raw) - len(raw.lstrip())
    stop = max(start, content + len(raw.rstrip()))
    if inner and (inner.outer_start, inner.outer_end) == (start, stop):
        closed.append(inner._replace(outer_start=outer, outer_end=end + 1))
    else:
        closed.append(Box(text[start:stop], start, stop, outer, end + 1))


def confidence_of(start: int, end: int, ends: Sequence[int], logprobs: Sequence[float | None]) -> float | None:
    """exp(mean log-prob) of the tokens that hold a character of [start, end); `ends`: where each token ends.

    None without tokens, or when a log-probability is not known.
    """
    if start >= end:
        return None
    before = bisect_left(ends, start)
    first = before + 1 if start > 0 and before < len(ends) and ends[before] == start else before
    last = min(bisect_left(ends, end) + 1, len(ends))
    inside = logprobs[first:last]
    if not inside or any(value is None for value in inside):
        return None
    mean = sum(inside) / len(inside)
    return None if math.isnan(mean) else math.exp(mean)


def exits_at(confidence: float | None, threshold: float) -> bool:
    """The gate: confidence ≥ τ, compared as logarithms in whole millionths."""
    return confidence is not None and confidence > 0 and _comparable(confidence) >= _comparable(threshold)


def _comparable(confidence: float) -> int:
    return math.floor(math.log(confidence) * _LOG_STEPS + 0.5)


def is_fallback(text: str) -> bool:
    return text.strip().replace("’", "'") in (FALLBACK, FALLBACK[:-1])
