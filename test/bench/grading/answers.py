"""Layout, boxes and format point of a completion."""

from __future__ import annotations

import re
from typing import NamedTuple

OPEN, CLOSE = "<think>", "</think>"
TURN_ENDS = ("<|im_end|>", "<|endoftext|>")
OPENER = re.compile(r"\\boxed\s*\{")
FALLBACK = "Let's analyze the problem step by step."


class Layout(NamedTuple):
    text: str
    well_formed: bool
    head_end: int
    tail_start: int | None
    think: str | None


class Box(NamedTuple):
    text: str
    start: int
    end: int
    outer_start: int
    outer_end: int


def layout(completion: str) -> Layout:
    text = completion.rstrip()
    while text.endswith(TURN_ENDS):
        text = next(text.removesuffix(token) for token in TURN_ENDS if text.endswith(token)).rstrip()
    start, end = text.find(OPEN), text.rfind(CLOSE)
    first_end = text.find(CLOSE)
    closed = 0 <= start < end
    return Layout(
        text=text,
        well_formed=closed and first_end == end and text.rfind(OPEN) == start,
        head_end=min([len(text), *(at for at in (start, first_end) if at >= 0)]),
        tail_start=end + len(CLOSE) if end >= 0 else None,
        think=text[start + len(OPEN) : end] if closed else None,
    )


def boxes(text: str, start: int, end: int) -> list[Box]:
    """Closed boxes that stand in no other one; braces of any depth."""
    opened: list[tuple[int, int]] = []
    closed: list[Box] = []
    at = start
    while at < end:
        char = text[at]
        if char == "\\":
            opener = OPENER.match(text, at, end)
            if opener:
                opened.append((at, opener.end()))
                at = opener.end()
                continue
            at += 1
        elif char == "{":
            opened.append((-1, at + 1))
        elif char == "}" and opened:
            outer, content = opened.pop()
            if outer >= 0:
                close(text, closed, outer, content, at)
        at += 1
    return closed


def close(text: str, closed: list[Box], outer: int, content: int, end: int) -> None:
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


def format_point(parts: Layout, first: Box | None, second: Box | None) -> int:
    if first is None or second is None or not first.text or not second.text:
        return 0
    if not parts.well_formed or not parts.think or not parts.think.strip():
        return 0
    around = (
        parts.text[: first.outer_start],
        parts.text[first.outer_end : parts.head_end],
        parts.text[parts.tail_start : second.outer_start],
        parts.text[second.outer_end :],
    )
    return int(not any(text.strip() for text in around))


def is_fallback(text: str) -> bool:
    return text.strip().replace("’", "'") == FALLBACK
